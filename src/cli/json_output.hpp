#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "files/output_file.hpp"

namespace xgrad::cli {

/// Where --json goes: nowhere, to a file, or for "-" to standard output, which then holds the JSON alone.
class JsonOutput {
 public:
  /// Tries whether the file can be written. Throws IoError.
  explicit JsonOutput(const std::optional<std::string>& option);

  [[nodiscard]] bool is_wanted() const noexcept { return file_.has_value() || is_standard_output_; }
  /// For what isn't JSON: standard output, or standard error if the JSON goes there.
  [[nodiscard]] std::ostream& text() const noexcept;
  /// Throws IoError.
  void write(const std::string& json) const;

 private:
  std::optional<files::OutputFile> file_;
  bool is_standard_output_;
};

}  // namespace xgrad::cli
