#pragma once

#include <cerrno>
#include <filesystem>
#include <string_view>
#include <sys/types.h>

#include "xgrad/error.hpp"

namespace xgrad::files {

/// "name can't be written: " and the system's word for the error number.
[[nodiscard]] IoError write_error(const std::filesystem::path& name, int number);

/// An open file or folder, closed at the end. Interrupted system calls are taken up again. Errors name the file that
/// the user knows, which outlives this.
class Descriptor {
 public:
  /// As open(2). Throws IoError.
  Descriptor(const std::filesystem::path& file, int flags, mode_t mode, const std::filesystem::path& name);
  /// Takes over an open one.
  Descriptor(int descriptor, const std::filesystem::path& name) noexcept : descriptor_{descriptor}, name_{name} {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();

  /// Throws IoError.
  void write_all(std::string_view bytes) const;
  /// To the disk, where there is one. Throws IoError.
  void synchronize() const;
  /// Gives it the owner, as far as this process may, and the permissions of a file that was there before, as far as the
  /// file system has them. Throws IoError.
  void take_over(uid_t owner, gid_t group, mode_t permissions) const;
  /// Closes it. Throws IoError.
  void finish();

 private:
  int descriptor_;
  const std::filesystem::path& name_;
};

/// Makes files that were renamed or made in a folder survive a loss of power, if the folder can be opened. Throws
/// IoError that names `name`.
void synchronize_folder(const std::filesystem::path& folder, const std::filesystem::path& name);

/// rename(2). Throws IoError that names `to`.
void rename_file(const std::filesystem::path& from, const std::filesystem::path& to);

/// unlink(2). True if the file isn't there any more; else errno says why.
[[nodiscard]] bool remove_file(const std::filesystem::path& file) noexcept;

/// The result of a system call that isn't interrupted.
template <class Call>
auto uninterrupted(const Call& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) {
    result = call();
  }
  return result;
}

/// A name in the folder that nothing has: ".xgrad-<16 hexadecimal digits>.partial", of random digits.
[[nodiscard]] std::filesystem::path temporary_name(const std::filesystem::path& folder);
/// Whether a file's name is one that temporary_name gives.
[[nodiscard]] bool is_temporary_name(std::string_view name) noexcept;

/// Removes a file at the end, unless told to keep it.
class Removal {
 public:
  explicit Removal(const std::filesystem::path& file) noexcept : file_{file} {}
  Removal(const Removal&) = delete;
  Removal& operator=(const Removal&) = delete;
  ~Removal();
  void cancel() noexcept { is_on_ = false; }

 private:
  const std::filesystem::path& file_;
  bool is_on_ = true;
};

}  // namespace xgrad::files
