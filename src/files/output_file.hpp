#pragma once

#include <filesystem>
#include <initializer_list>
#include <string_view>

namespace xgrad::files {

/// A file that is there as a whole or not at all: written beside its place under another name, then renamed. What
/// isn't a regular file (a pipe, a terminal) is written to directly.
class OutputFile {
 public:
  /// Tries whether the file can be written, and leaves no trace. Throws IoError.
  explicit OutputFile(const std::filesystem::path& path);

  /// The parts, one after the other. Throws IoError; then the file is what it was before.
  void write(std::initializer_list<std::string_view> parts) const;

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;  ///< empty for what isn't a regular file
};

}  // namespace xgrad::files
