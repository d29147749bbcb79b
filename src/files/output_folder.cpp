#include "files/output_folder.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <vector>

#include "xgrad/error.hpp"

#include "files/descriptor.hpp"

namespace xgrad::files {
namespace {

namespace fs = std::filesystem;

constexpr mode_t folder_permissions = 0777;  ///< less what the umask takes away

std::vector<fs::directory_entry> entries_of(const fs::path& folder, const fs::path& name) {
  std::error_code error;
  std::vector<fs::directory_entry> entries;
  for (fs::directory_iterator entry{folder, error}, end; !error && entry != end; entry.increment(error)) {
    entries.push_back(*entry);
  }
  if (error) {
    throw write_error(name, error.value());
  }
  return entries;
}

bool is_temporary(const fs::directory_entry& entry) {
  return is_temporary_name(entry.path().filename().string());
}

/// Whether it is empty, of the kind, or one of the kind that was left while files were moved in.
bool is_replaceable(const std::vector<fs::directory_entry>& entries, const FolderKind& kind) {
  std::error_code ignored;
  return std::all_of(entries.begin(), entries.end(), is_temporary) ||
         std::any_of(entries.begin(), entries.end(), [&](const fs::directory_entry& entry) {
           return entry.path().filename() == kind.marker || (is_temporary(entry) && entry.is_directory(ignored));
         });
}

/// Whether the current folder is this one or somewhere in it.
bool is_around_here(const fs::path& folder) {
  std::error_code error;
  const fs::path here = fs::current_path(error);
  const auto [end, ignored] = std::mismatch(folder.begin(), folder.end(), here.begin(), here.end());
  return error || end == folder.end();
}

bool is_mount_point(const fs::path& folder) {
  struct stat own {};
  struct stat around {};
  return stat(folder.c_str(), &own) != 0 || stat((folder / "..").c_str(), &around) != 0 ||
         own.st_dev != around.st_dev || own.st_ino == around.st_ino;
}

void remove_file(const fs::path& file, const fs::path& name) {
  if (unlink(file.c_str()) != 0 && errno != ENOENT) {
    throw write_error(name, errno);
  }
}

}  // namespace

OutputFolder::OutputFolder(const fs::path& path, const FolderKind& kind) : name_{path}, kind_{kind} {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  is_there_ = fs::exists(status);
  if (!is_there_) {
    target_ = path.has_filename() ? path : path.parent_path();
    make_staging(target_.parent_path());
    return;
  }
  if (!fs::is_directory(status)) {
    throw IoError(fmt::format("{}: isn't a folder", path.string()));
  }
  const std::vector<fs::directory_entry> entries = entries_of(path, path);
  if (!is_replaceable(entries, kind)) {
    throw IoError(fmt::format("{}: isn't empty: expected a new or empty folder, or an earlier export with its {}",
                              path.string(), kind.marker));
  }
  for (const fs::directory_entry& entry : entries) {
    if (kind.is_own(entry.path().filename().string()) && entry.is_directory(error)) {
      throw write_error(entry.path(), EISDIR);
    }
  }
  target_ = fs::canonical(path, error);  // a symbolic link stays one
  if (error) {
    throw write_error(path, error.value());
  }
  const fs::path around = target_.parent_path();
  is_in_place_ = is_around_here(target_) || is_mount_point(target_) || access(around.c_str(), W_OK | X_OK) != 0;
  make_staging(is_in_place_ ? target_ : around);
}

void OutputFolder::make_staging(const fs::path& around) {
  staging_ = temporary_name(around);
  if (mkdir(staging_.c_str(), folder_permissions) != 0) {
    throw write_error(name_, errno);
  }
}

OutputFolder::~OutputFolder() {
  std::error_code ignored;
  fs::remove_all(staging_, ignored);
}

void OutputFolder::commit() {
  synchronize_folder(staging_, name_);
  const fs::path around = target_.parent_path();  // before the folder is there: it takes memory
  if (is_in_place_ || (is_there_ && !exchange())) {
    move_in();
    return;
  }
  if (!is_there_) {
    rename_file(staging_, target_);
  }
  synchronize_folder(around, name_);
}

/// Files of the folder that aren't of the kind, in the new one too.
void OutputFolder::keep_others() {
  for (const fs::directory_entry& entry : entries_of(target_, name_)) {
    const fs::path name = entry.path().filename();
    if (kind_.is_own(name.string()) || is_temporary(entry)) {
      continue;
    }
    constexpr auto options = fs::copy_options::recursive | fs::copy_options::copy_symlinks;
    std::error_code error;
    fs::copy(entry.path(), staging_ / name, options | fs::copy_options::create_hard_links, error);
    if (error) {
      throw write_error(name_, error.value());
    }
  }
}

/// False where the system can't do it.
bool OutputFolder::exchange() {
  struct stat former {};
  if (stat(target_.c_str(), &former) != 0) {
    throw write_error(name_, errno);
  }
  keep_others();
  const Descriptor folder{staging_, O_RDONLY | O_DIRECTORY, 0, name_};
  folder.take_over(former.st_uid, former.st_gid, former.st_mode & 07777U);
  folder.synchronize();
  if (renameat2(AT_FDCWD, staging_.c_str(), AT_FDCWD, target_.c_str(), RENAME_EXCHANGE) == 0) {
    return true;
  }
  if (errno != EINVAL && errno != ENOSYS && errno != EBUSY) {
    throw write_error(name_, errno);
  }
  return false;
}

void OutputFolder::remove_former() {
  remove_file(target_ / kind_.marker, name_);
  synchronize_folder(target_, name_);
  for (const fs::directory_entry& entry : entries_of(target_, name_)) {
    if (kind_.is_own(entry.path().filename().string())) {
      remove_file(entry.path(), name_);
    } else if (is_temporary(entry) && entry.path() != staging_) {  // left by a kill
      std::error_code ignored;
      fs::remove_all(entry.path(), ignored);
    }
  }
}

void OutputFolder::move_in() {
  remove_former();
  for (const fs::directory_entry& entry : entries_of(staging_, name_)) {
    const fs::path name = entry.path().filename();
    if (name != kind_.marker && kind_.is_own(name.string())) {
      rename_file(entry.path(), target_ / name);
    }
  }
  synchronize_folder(target_, name_);
  rename_file(staging_ / kind_.marker, target_ / kind_.marker);
  synchronize_folder(target_, name_);
}

}  // namespace xgrad::files
