#pragma once

#include <filesystem>
#include <initializer_list>
#include <string_view>

namespace xgrad::files {

/// A file that is there as a whole or not at all, also after a kill or a loss of power: written beside its target under
/// another name, brought to the disk, then renamed. A file that was there before passes on its permissions, and its
/// owner as far as this process may; a symbolic link stays one. A target that isn't a regular file (a pipe, a terminal)
/// is written to directly.
class OutputFile {
 public:
  /// Tries whether the file can be written, and leaves no trace. Throws IoError.
  explicit OutputFile(const std::filesystem::path& path);

  /// The parts, one after the other. Throws IoError; then the file is what it was before, or, if only bringing the new
  /// name to the disk failed, the new one.
  void write(std::initializer_list<std::string_view> parts) const;

 private:
  std::filesystem::path path_;
  bool is_special_ = false;  ///< not a regular file
};

}  // namespace xgrad::files
