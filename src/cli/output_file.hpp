#pragma once

#include <filesystem>
#include <string>

namespace xgrad::cli {

/// A file that is there as a whole or not at all: written beside its place under another name, then renamed. What
/// isn't a regular file (a pipe, a terminal) is written to directly.
class OutputFile {
 public:
  /// Tries whether the file can be written, and leaves no trace. Throws IoError.
  explicit OutputFile(const std::filesystem::path& path);

  /// Throws IoError; then the file is what it was before.
  void write(const std::string& text) const;

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;  ///< empty for what isn't a regular file
};

}  // namespace xgrad::cli
