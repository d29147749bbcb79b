#include "files/output_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "xgrad/error.hpp"

#include "files/descriptor.hpp"

namespace xgrad::files {
namespace {

namespace fs = std::filesystem;

constexpr mode_t default_permissions = 0666;  ///< less what the umask takes away
constexpr mode_t private_permissions = 0600;

std::optional<struct stat> status_of(const fs::path& file) {
  struct stat status {};
  return stat(file.c_str(), &status) == 0 ? std::optional{status} : std::nullopt;
}

/// Where symbolic links lead to, be there a file or not. Throws IoError for a circle.
fs::path target_of(fs::path path, const fs::path& name) {
  constexpr int most_links = 40;  // as Linux has it
  std::error_code error;
  for (int links = 0; fs::is_symlink(fs::symlink_status(path, error)); ++links) {
    const fs::path target = fs::read_symlink(path, error);
    if (error || links == most_links) {
      throw write_error(name, error ? error.value() : ELOOP);
    }
    path = path.parent_path() / target;  // which is the target, if that is absolute
  }
  return path;
}

/// A new file beside `path`, and its name. Another one of this name is left alone.
class TemporaryFile {
 public:
  TemporaryFile(const fs::path& path, mode_t permissions)
      : name_{temporary_name(path.parent_path())},
        descriptor_{name_, O_WRONLY | O_CREAT | O_EXCL, permissions, path},
        removal_{name_} {}

  [[nodiscard]] Descriptor& descriptor() noexcept { return descriptor_; }

  /// Under its name from now on.
  void become(const fs::path& path) {
    rename_file(name_, path);
    removal_.cancel();
  }

 private:
  fs::path name_;
  Descriptor descriptor_;
  Removal removal_;
};

void write_parts(Descriptor& file, std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts) {
    file.write_all(part);
  }
  file.synchronize();
  file.finish();
}

}  // namespace

OutputFile::OutputFile(const fs::path& path) : path_{path} {
  if (!path.has_filename()) {
    throw IoError(fmt::format("'{}' can't be written: expected the name of a file", path.string()));
  }
  if (const auto status = status_of(path)) {
    if (S_ISDIR(status->st_mode)) {
      throw write_error(path, EISDIR);
    }
    if (access(path.c_str(), W_OK) != 0) {
      throw write_error(path, errno);
    }
    if (!S_ISREG(status->st_mode)) {
      is_special_ = true;
      return;
    }
  }
  path_ = target_of(path, path);
  TemporaryFile{path_, private_permissions}.descriptor().finish();
}

void OutputFile::write(std::initializer_list<std::string_view> parts) const {
  if (is_special_) {
    Descriptor file{path_, O_WRONLY, 0, path_};
    write_parts(file, parts);
    return;
  }
  const auto old = status_of(path_);
  const fs::path folder = path_.parent_path();  // before the file is there: it takes memory
  TemporaryFile file{path_, old ? private_permissions : default_permissions};
  if (old) {
    file.descriptor().take_over(old->st_uid, old->st_gid, old->st_mode & 07777U);
  }
  write_parts(file.descriptor(), parts);
  file.become(path_);
  synchronize_folder(folder, path_);
}

}  // namespace xgrad::files
