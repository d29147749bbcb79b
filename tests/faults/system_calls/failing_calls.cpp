// A library to be loaded before others (LD_PRELOAD): one of the system calls that change files fails, is interrupted,
// writes less than it was asked to, is where the disk becomes full, or is the last one before a SIGKILL. Counted are
// those on paths under a folder, and on descriptors opened there. Or something is put at the path of the n-th file that
// is to be created, right before that: a file with the content "theirs", or a symbolic link to "victim" beside it. The
// environment says which:
//   XGRAD_FAULT_UNDER=/tmp/folder
//   XGRAD_FAULT=12:ENOSPC      the 12th call; or EIO, EACCES, EINTR, short, full, kill
//   XGRAD_FAULT=2:link         the 2nd file that is created; or file
//   XGRAD_FAULT_MARK=FILE      gets the call's name when it happens
// Headers that declare the functions are left out, as their declarations differ between systems.
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>

extern "C" long syscall(long number, ...) noexcept;

namespace {

constexpr int current_folder = -100;  // AT_FDCWD
constexpr int creates = 0100;         // O_CREAT
constexpr int writes = 1;             // O_WRONLY
constexpr int read_and_write = 0600;

enum class Kind { none, error, interrupted, less, full, kill, link, file };

/// How calls are looked at: whether one takes room on the disk.
enum class Need { room, no_room };

struct Plan {
  Kind kind = Kind::none;
  int error = 0;
  long n = 0;
  const char* under = "";
  std::size_t under_length = 0;
  const char* mark = nullptr;
};

Plan read_plan() {
  Plan plan;
  const char* fault = std::getenv("XGRAD_FAULT");
  const char* under = std::getenv("XGRAD_FAULT_UNDER");
  if (fault == nullptr || under == nullptr) {
    return plan;
  }
  char* word = nullptr;
  plan.n = std::strtol(fault, &word, 10);
  plan.under = under;
  plan.under_length = std::strlen(under);
  plan.mark = std::getenv("XGRAD_FAULT_MARK");
  ++word;  // behind the colon
  const auto is = [word](const char* name) { return std::strcmp(word, name) == 0; };
  plan.kind = is("EINTR")   ? Kind::interrupted
              : is("short") ? Kind::less
              : is("full")  ? Kind::full
              : is("kill")  ? Kind::kill
              : is("link")  ? Kind::link
              : is("file")  ? Kind::file
                            : Kind::error;
  plan.error = is("EIO") ? EIO : is("EACCES") ? EACCES : is("EINTR") ? EINTR : ENOSPC;
  return plan;
}

const Plan& plan() {
  static const Plan once = read_plan();
  return once;
}

std::array<bool, 1024> is_counted{};  // by descriptor
long count = 0;

bool counts(int descriptor) {
  return descriptor >= 0 && static_cast<std::size_t>(descriptor) < is_counted.size() &&
         is_counted[static_cast<std::size_t>(descriptor)];
}

bool is_under(const char* path) {
  return std::strncmp(path, plan().under, plan().under_length) == 0;
}

bool counts(int folder, const char* path) {
  if (plan().kind == Kind::none || path == nullptr) {
    return false;
  }
  if (path[0] == '/') {
    return is_under(path);
  }
  if (folder != current_folder) {
    return counts(folder);
  }
  std::array<char, 4096> here{};
  return syscall(SYS_getcwd, here.data(), here.size()) > 0 && is_under(here.data());
}

void mark(const char* name) {
  if (plan().mark != nullptr) {
    const long file = syscall(SYS_openat, current_folder, plan().mark, creates | writes, read_and_write);
    syscall(SYS_write, file, name, std::strlen(name));
    syscall(SYS_close, file);
  }
}

bool plants(const Plan& p) {
  return p.kind == Kind::link || p.kind == Kind::file;
}

/// Puts something at the path of a file that is to be created, if it is the n-th.
void plant(int folder, const char* path) {
  if (++count != plan().n) {
    return;
  }
  mark("open");
  if (plan().kind == Kind::link) {
    syscall(SYS_symlinkat, "victim", folder, path);
    return;
  }
  constexpr const char* content = "theirs";
  const long file = syscall(SYS_openat, folder, path, creates | writes, read_and_write);
  syscall(SYS_write, file, content, std::strlen(content));
  syscall(SYS_close, file);
}

/// A call that is counted or not. `less` is what it does instead if it is to do less than asked.
template <class Call, class Less>
long carry_out(const char* name, bool is_one, Need need, const Call& call, const Less& less) {
  if (!is_one) {
    return call();
  }
  const Plan& p = plan();
  if (plants(p)) {
    return call();
  }
  ++count;
  const bool is_full = p.kind == Kind::full && count >= p.n && need == Need::room;
  if (!is_full && count != p.n) {
    return call();
  }
  switch (p.kind) {
    case Kind::none:
    case Kind::link:
    case Kind::file:
      break;
    case Kind::full:
      if (!is_full) {
        break;
      }
      [[fallthrough]];
    case Kind::error:
    case Kind::interrupted:
      mark(name);
      errno = p.error;
      return -1;
    case Kind::less:
      mark(name);
      return less();
    case Kind::kill:
      call();
      mark(name);
      syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
  }
  return call();
}

template <class Call>
long carry_out(const char* name, bool is_one, Need need, const Call& call) {
  return carry_out(name, is_one, need, call, call);
}

long succeed() {
  return 0;
}

int opened(int folder, const char* path, int flags, mode_t mode) {
  const bool is_one = counts(folder, path);
  if (is_one && (flags & creates) != 0 && plants(plan())) {
    plant(folder, path);
  }
  const long descriptor = carry_out("open", is_one, (flags & creates) != 0 ? Need::room : Need::no_room,
                                    [&] { return syscall(SYS_openat, folder, path, flags, mode); });
  if (descriptor >= 0 && static_cast<std::size_t>(descriptor) < is_counted.size()) {
    is_counted[static_cast<std::size_t>(descriptor)] = is_one;
  }
  return static_cast<int>(descriptor);
}

mode_t mode_of(int flags, std::va_list list) {
  constexpr int unnamed = 020200000;  // O_TMPFILE
  return (flags & creates) != 0 || (flags & unnamed) == unnamed ? static_cast<mode_t>(va_arg(list, int)) : 0;
}

}  // namespace

#define EXPORTED extern "C" __attribute__((visibility("default")))

EXPORTED int open(const char* path, int flags, ...) {
  std::va_list list;
  va_start(list, flags);
  const mode_t mode = mode_of(flags, list);
  va_end(list);
  return opened(current_folder, path, flags, mode);
}
EXPORTED int open64(const char* path, int flags, ...) {
  std::va_list list;
  va_start(list, flags);
  const mode_t mode = mode_of(flags, list);
  va_end(list);
  return opened(current_folder, path, flags, mode);
}
EXPORTED int openat(int folder, const char* path, int flags, ...) {
  std::va_list list;
  va_start(list, flags);
  const mode_t mode = mode_of(flags, list);
  va_end(list);
  return opened(folder, path, flags, mode);
}
EXPORTED int openat64(int folder, const char* path, int flags, ...) {
  std::va_list list;
  va_start(list, flags);
  const mode_t mode = mode_of(flags, list);
  va_end(list);
  return opened(folder, path, flags, mode);
}
EXPORTED int __open_2(const char* path, int flags) {
  return opened(current_folder, path, flags, 0);
}
EXPORTED int __openat_2(int folder, const char* path, int flags) {
  return opened(folder, path, flags, 0);
}

EXPORTED ssize_t write(int descriptor, const void* bytes, std::size_t size) {
  return carry_out(
      "write", counts(descriptor), Need::room, [&] { return syscall(SYS_write, descriptor, bytes, size); },
      [&] { return syscall(SYS_write, descriptor, bytes, size / 2 + 1); });
}
EXPORTED ssize_t writev(int descriptor, const iovec* parts, int part_count) {
  return carry_out(
      "writev", counts(descriptor), Need::room, [&] { return syscall(SYS_writev, descriptor, parts, part_count); },
      [&] { return syscall(SYS_write, descriptor, parts[0].iov_base, parts[0].iov_len / 2 + 1); });
}
EXPORTED ssize_t pwrite64(int descriptor, const void* bytes, std::size_t size, off_t offset) {
  return carry_out(
      "pwrite64", counts(descriptor), Need::room,
      [&] { return syscall(SYS_pwrite64, descriptor, bytes, size, offset); },
      [&] { return syscall(SYS_pwrite64, descriptor, bytes, size / 2 + 1, offset); });
}
EXPORTED ssize_t pwrite(int descriptor, const void* bytes, std::size_t size, off_t offset) {
  return pwrite64(descriptor, bytes, size, offset);
}
// What was written outlives the process without them, and they take long.
EXPORTED int fsync(int descriptor) {
  return static_cast<int>(carry_out("fsync", counts(descriptor), Need::room, succeed));
}
EXPORTED int fdatasync(int descriptor) {
  return static_cast<int>(carry_out("fdatasync", counts(descriptor), Need::room, succeed));
}
EXPORTED int fchmod(int descriptor, mode_t mode) {
  return static_cast<int>(
      carry_out("fchmod", counts(descriptor), Need::no_room, [&] { return syscall(SYS_fchmod, descriptor, mode); }));
}
EXPORTED int fchown(int descriptor, uid_t owner, gid_t group) {
  return static_cast<int>(carry_out("fchown", counts(descriptor), Need::no_room,
                                    [&] { return syscall(SYS_fchown, descriptor, owner, group); }));
}
// Closes also where it says that it has failed, as Linux does.
EXPORTED int close(int descriptor) {
  const bool is_one = counts(descriptor);
  if (is_one) {
    is_counted[static_cast<std::size_t>(descriptor)] = false;
  }
  bool is_closed = false;
  const long result = carry_out("close", is_one, Need::no_room, [&] {
    is_closed = true;
    return syscall(SYS_close, descriptor);
  });
  if (!is_closed) {
    const int error = errno;
    syscall(SYS_close, descriptor);
    errno = error;
  }
  return static_cast<int>(result);
}

EXPORTED int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
  return static_cast<int>(carry_out("renameat2", counts(to_folder, to), Need::room,
                                    [&] { return syscall(SYS_renameat2, from_folder, from, to_folder, to, flags); }));
}
EXPORTED int rename(const char* from, const char* to) {
  return renameat2(current_folder, from, current_folder, to, 0);
}
EXPORTED int renameat(int from_folder, const char* from, int to_folder, const char* to) {
  return renameat2(from_folder, from, to_folder, to, 0);
}
EXPORTED int linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) {
  return static_cast<int>(carry_out("linkat", counts(to_folder, to), Need::room,
                                    [&] { return syscall(SYS_linkat, from_folder, from, to_folder, to, flags); }));
}
EXPORTED int link(const char* from, const char* to) {
  return linkat(current_folder, from, current_folder, to, 0);
}
EXPORTED int unlinkat(int folder, const char* path, int flags) {
  return static_cast<int>(carry_out("unlinkat", counts(folder, path), Need::no_room,
                                    [&] { return syscall(SYS_unlinkat, folder, path, flags); }));
}
EXPORTED int unlink(const char* path) {
  return unlinkat(current_folder, path, 0);
}
EXPORTED int rmdir(const char* path) {
  constexpr int folders = 0x200;  // AT_REMOVEDIR
  return unlinkat(current_folder, path, folders);
}
EXPORTED int mkdir(const char* path, mode_t mode) {
  return static_cast<int>(carry_out("mkdir", counts(current_folder, path), Need::room,
                                    [&] { return syscall(SYS_mkdirat, current_folder, path, mode); }));
}
