#include "files/output_folder.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include "xgrad/error.hpp"

#include "files/descriptor.hpp"

namespace xgrad::files {
namespace {

namespace fs = std::filesystem;

constexpr mode_t folder_permissions = 0777;  ///< less what the umask takes away

std::vector<fs::directory_entry> entries_of(const fs::path& folder, std::error_code& error) {
  std::vector<fs::directory_entry> entries;
  do {
    entries.clear();
    error.clear();
    for (fs::directory_iterator entry{folder, error}, end; !error && entry != end; entry.increment(error)) {
      entries.push_back(*entry);
    }
  } while (error.value() == EINTR);
  return entries;
}

std::vector<fs::directory_entry> entries_of(const fs::path& folder, const fs::path& name) {
  std::error_code error;
  std::vector<fs::directory_entry> entries = entries_of(folder, error);
  if (error) {
    throw write_error(name, error.value());
  }
  return entries;
}

bool is_folder(const fs::directory_entry& entry) {
  std::error_code ignored;
  return fs::is_directory(entry.symlink_status(ignored));
}

/// With all that is in it, as far as it can be removed.
void remove_folder(const fs::path& folder) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : entries_of(folder, ignored)) {
    if (is_folder(entry)) {
      remove_folder(entry.path());
    } else {
      static_cast<void>(remove_file(entry.path()));
    }
  }
  uninterrupted([&folder] { return rmdir(folder.c_str()); });
}

void make_folder(const fs::path& folder, const fs::path& name) {
  if (uninterrupted([&folder] { return mkdir(folder.c_str(), folder_permissions); }) != 0) {
    throw write_error(name, errno);
  }
}

/// Gives a folder the owner and the permissions of another.
void take_over(const fs::path& folder, const fs::path& other, const fs::path& name) {
  struct stat status {};
  if (stat(other.c_str(), &status) != 0) {
    throw write_error(name, errno);
  }
  const Descriptor descriptor{folder, O_RDONLY | O_DIRECTORY, 0, name};
  descriptor.take_over(status.st_uid, status.st_gid, status.st_mode & 07777U);
  descriptor.synchronize();
}

/// A hard link; of a folder, a folder of hard links. Symbolic links stay what they are.
void link_into(const fs::directory_entry& from, const fs::path& to, const fs::path& name) {
  if (!is_folder(from)) {
    if (uninterrupted([&] { return link(from.path().c_str(), to.c_str()); }) != 0) {
      throw write_error(name, errno);
    }
    return;
  }
  make_folder(to, name);
  for (const fs::directory_entry& entry : entries_of(from.path(), name)) {
    link_into(entry, to / entry.path().filename(), name);
  }
  take_over(to, from.path(), name);
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

void require_removed(const fs::path& file, const fs::path& name) {
  if (!remove_file(file)) {
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
  fs::path folder = temporary_name(around);
  make_folder(folder, name_);
  staging_ = std::move(folder);
}

OutputFolder::~OutputFolder() {
  try {
    if (!is_half_moved_) {
      remove_folder(staging_);
    }
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): no memory; a temporary folder more
  }
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
    link_into(entry, staging_ / name, name_);
  }
}

/// False where the system can't do it.
bool OutputFolder::exchange() {
  keep_others();
  take_over(staging_, target_, name_);
  if (uninterrupted(
          [this] { return renameat2(AT_FDCWD, staging_.c_str(), AT_FDCWD, target_.c_str(), RENAME_EXCHANGE); }) == 0) {
    return true;
  }
  if (errno != EINVAL && errno != ENOSYS && errno != EBUSY) {
    throw write_error(name_, errno);
  }
  return false;
}

void OutputFolder::remove_former() {
  require_removed(target_ / kind_.marker, name_);
  synchronize_folder(target_, name_);
  for (const fs::directory_entry& entry : entries_of(target_, name_)) {
    if (kind_.is_own(entry.path().filename().string())) {
      require_removed(entry.path(), name_);
    } else if (is_temporary(entry) && entry.path() != staging_) {  // left by a kill
      if (is_folder(entry)) {
        remove_folder(entry.path());
      } else {
        static_cast<void>(remove_file(entry.path()));
      }
    }
  }
}

void OutputFolder::move_in() {
  is_half_moved_ = true;  // from here on the staging folder tells that the folder is one of the kind
  remove_former();
  for (const fs::directory_entry& entry : entries_of(staging_, name_)) {
    const fs::path name = entry.path().filename();
    if (name != kind_.marker && kind_.is_own(name.string())) {
      rename_file(entry.path(), target_ / name);
    }
  }
  synchronize_folder(target_, name_);
  rename_file(staging_ / kind_.marker, target_ / kind_.marker);
  is_half_moved_ = false;
  synchronize_folder(target_, name_);
}

}  // namespace xgrad::files
