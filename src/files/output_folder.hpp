#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace xgrad::files {

/// A kind of folder that may be replaced, and how one is recognised.
struct FolderKind {
  std::string_view marker;                ///< the file by which the folder is known to be of the kind, and whole
  bool (*is_own)(std::string_view name);  ///< whether a file of this name belongs to the kind, as the marker does
};

/// A folder that is there as a whole or not at all, also after a kill or a loss of power. It is filled under another
/// name beside its target, and the two are exchanged by one system call. Files of a former folder that aren't of the
/// kind are kept, as hard links until the exchange.
///
/// Where a folder can't be exchanged (it is the current one, a mount point, or the folder around it can't be written),
/// the files are moved in one by one: the former marker goes first and the new one comes last, so that a folder with
/// its marker is whole. One that was left half-way, by an error or a kill, can be written to again: the temporary
/// folder in it tells that it is of the kind.
class OutputFolder {
 public:
  /// Throws IoError, also where the folder is there with something in it and isn't of the kind.
  OutputFolder(const std::filesystem::path& path, const FolderKind& kind);
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;
  /// Removes the files that weren't committed.
  ~OutputFolder();

  /// Where to write the files.
  [[nodiscard]] const std::filesystem::path& staging() const noexcept { return staging_; }

  /// Throws IoError; then the folder is what it was before, unless the files were moved in one by one.
  void commit();

 private:
  void make_staging(const std::filesystem::path& around);
  void keep_others();
  [[nodiscard]] bool exchange();
  void move_in();
  void remove_former();

  const std::filesystem::path& name_;
  FolderKind kind_;
  std::filesystem::path target_;
  std::filesystem::path staging_;
  bool is_there_ = false;
  bool is_in_place_ = false;  ///< the staging folder is inside of the target
  bool is_half_moved_ = false;
};

}  // namespace xgrad::files
