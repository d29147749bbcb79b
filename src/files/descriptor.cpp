#include "files/descriptor.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <random>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace xgrad::files {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view temporary_prefix = ".xgrad-";
constexpr std::string_view temporary_suffix = ".partial";
constexpr std::size_t temporary_digits = 16;

}  // namespace

IoError write_error(const fs::path& name, int number) {
  return IoError(fmt::format("{} can't be written: {}", name.string(), std::generic_category().message(number)));
}

Descriptor::Descriptor(const fs::path& file, int flags, mode_t mode, const fs::path& name)
    : descriptor_{uninterrupted([&] { return open(file.c_str(), flags | O_CLOEXEC, mode); })}, name_{name} {
  if (descriptor_ < 0) {
    throw write_error(name, errno);
  }
}

Descriptor::~Descriptor() {
  if (descriptor_ >= 0) {
    close(descriptor_);
  }
}

void Descriptor::write_all(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = uninterrupted([&] { return ::write(descriptor_, bytes.data(), bytes.size()); });
    if (count < 0) {
      throw write_error(name_, errno);
    }
    if (count == 0) {  // else this would never end
      throw write_error(name_, ENOSPC);
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void Descriptor::synchronize() const {
  const int status = uninterrupted([this] { return fsync(descriptor_); });
  // A file system may have nothing to synchronise, and says so with one of these.
  if (status != 0 && errno != EINVAL && errno != EROFS && errno != ENOTSUP) {
    throw write_error(name_, errno);
  }
}

void Descriptor::take_over(uid_t owner, gid_t group, mode_t permissions) const {
  constexpr mode_t set_ids = S_ISUID | S_ISGID;
  const auto give_to = [this, group](uid_t to) {
    return uninterrupted([&] { return fchown(descriptor_, to, group); }) == 0;
  };
  const bool is_owner_kept = give_to(owner);
  if (!is_owner_kept && !give_to(static_cast<uid_t>(-1))) {
    // What the old group was allowed isn't for another group.
    permissions &= ~static_cast<mode_t>(S_IRWXG) | (permissions & S_IRWXO) << 3U;
  }
  // Set-id bits are for the owner that gave them.
  const mode_t mode = is_owner_kept ? permissions : permissions & ~set_ids;
  const int status = uninterrupted([&] { return fchmod(descriptor_, mode); });
  // A file system may have no such permissions, and says so with one of these.
  if (status != 0 && errno != EPERM && errno != ENOTSUP) {
    throw write_error(name_, errno);
  }
}

void Descriptor::finish() {
  const int status = close(std::exchange(descriptor_, -1));
  if (status != 0 && errno != EINTR) {  // Linux has closed it then
    throw write_error(name_, errno);
  }
}

void synchronize_folder(const fs::path& folder, const fs::path& name) {
  const int descriptor =
      uninterrupted([&] { return open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (descriptor < 0 && (errno == EACCES || errno == EPERM)) {
    return;
  }
  if (descriptor < 0) {
    throw write_error(name, errno);
  }
  Descriptor{descriptor, name}.synchronize();
}

void rename_file(const fs::path& from, const fs::path& to) {
  if (uninterrupted([&] { return ::rename(from.c_str(), to.c_str()); }) != 0) {
    throw write_error(to, errno);
  }
}

fs::path temporary_name(const fs::path& folder) {
  std::random_device device;
  const auto number = static_cast<unsigned long long>(device()) << 32U | device();
  return folder / fmt::format("{}{:0{}x}{}", temporary_prefix, number, temporary_digits, temporary_suffix);
}

bool is_temporary_name(std::string_view name) noexcept {
  return name.size() == temporary_prefix.size() + temporary_digits + temporary_suffix.size() &&
         name.starts_with(temporary_prefix) && name.ends_with(temporary_suffix);
}

bool remove_file(const fs::path& file) noexcept {
  return uninterrupted([&] { return unlink(file.c_str()); }) == 0 || errno == ENOENT;
}

Removal::~Removal() {
  if (is_on_) {
    static_cast<void>(remove_file(file_));
  }
}

}  // namespace xgrad::files
