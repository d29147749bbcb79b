#include "files/output_file.hpp"

#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <fmt/format.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "xgrad/error.hpp"

namespace xgrad::files {
namespace {

namespace fs = std::filesystem;

IoError error_of(const fs::path& path, int number) {
  return IoError(fmt::format("{} can't be written: {}", path.string(), std::generic_category().message(number)));
}

/// A file open for writing, closed at the end.
class Descriptor {
 public:
  Descriptor(const fs::path& file, int flags, const fs::path& name)
      : descriptor_{open(file.c_str(), flags | O_WRONLY | O_CLOEXEC, 0666)}, name_{name} {
    if (descriptor_ < 0) {
      throw error_of(name, errno);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (descriptor_ >= 0) {
      close(descriptor_);
    }
  }

  void write_all(std::string_view text) const {
    std::size_t done = 0;
    while (done < text.size()) {
      const ssize_t count = ::write(descriptor_, text.data() + done, text.size() - done);
      if (count >= 0) {
        done += static_cast<std::size_t>(count);
      } else if (errno != EINTR) {
        throw error_of(name_, errno);
      }
    }
  }

  void finish() {
    if (close(std::exchange(descriptor_, -1)) != 0) {
      throw error_of(name_, errno);
    }
  }

 private:
  int descriptor_;
  const fs::path& name_;
};

/// Removes a file at the end, unless told to keep it.
class Removal {
 public:
  explicit Removal(const fs::path& file) : file_{file} {}
  Removal(const Removal&) = delete;
  Removal& operator=(const Removal&) = delete;
  ~Removal() {
    if (is_on_) {
      unlink(file_.c_str());
    }
  }
  void cancel() { is_on_ = false; }

 private:
  const fs::path& file_;
  bool is_on_ = true;
};

}  // namespace

OutputFile::OutputFile(const fs::path& path) : path_{path} {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) {
    throw error_of(path, EISDIR);
  }
  if (!path.has_filename()) {
    throw IoError(fmt::format("'{}' can't be written: expected the name of a file", path.string()));
  }
  if (fs::exists(status)) {
    if (access(path.c_str(), W_OK) != 0) {
      throw error_of(path, errno);
    }
    if (!fs::is_regular_file(status)) {
      return;
    }
    path_ = fs::canonical(path, error);  // a symbolic link stays one
    if (error) {
      throw error_of(path, error.value());
    }
  }
  temporary_ = path_;
  temporary_ += fmt::format(".{}.partial", getpid());
  Descriptor trial{temporary_, O_CREAT | O_EXCL, path_};
  const Removal removal{temporary_};
  trial.finish();
}

void OutputFile::write(std::initializer_list<std::string_view> parts) const {
  const auto write_to = [&](Descriptor& file) {
    for (const std::string_view part : parts) {
      file.write_all(part);
    }
    file.finish();
  };
  if (temporary_.empty()) {
    Descriptor file{path_, 0, path_};
    write_to(file);
    return;
  }
  Descriptor file{temporary_, O_CREAT | O_EXCL, path_};
  Removal removal{temporary_};
  write_to(file);
  std::error_code error;
  fs::rename(temporary_, path_, error);
  if (error) {
    throw error_of(path_, error.value());
  }
  removal.cancel();
}

}  // namespace xgrad::files
