#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>

#include "xgrad/dtype.hpp"
#include "xgrad/error.hpp"
#include "xgrad/tensor.hpp"

#include "support/temporary_folder.hpp"

/// What the fuzzed programs share. A property that doesn't hold ends the program.
namespace fuzz {

#define FUZZ_CHECK(condition) /* NOLINT(cppcoreguidelines-macro-usage) */               \
  do {                                                                                  \
    if (!(condition)) {                                                                 \
      std::fprintf(stderr, "%s:%d: %s doesn't hold\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                     \
    }                                                                                   \
  } while (false)

inline std::string_view bytes_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// A file of this process' own.
class File {
 public:
  explicit File(const std::string& name) : path_{folder_.path() / name} {}

  [[nodiscard]] std::string path() const { return path_.string(); }
  void write(std::string_view bytes) const {
    const int descriptor = open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FUZZ_CHECK(descriptor >= 0);
    while (!bytes.empty()) {
      const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
      FUZZ_CHECK(count > 0);
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    FUZZ_CHECK(close(descriptor) == 0);
  }
  [[nodiscard]] std::string read() const {
    std::ifstream stream{path_, std::ios::binary};
    return {std::istreambuf_iterator<char>{stream}, std::istreambuf_iterator<char>{}};
  }

 private:
  TemporaryFolder folder_;
  std::filesystem::path path_;
};

/// What `read` gives, or nothing if it refuses with an IoError, in one line. Any other exception ends the program.
template <class Read>
auto or_refused(const Read& read) -> std::optional<decltype(read())> {
  try {
    return read();
  } catch (const xgrad::IoError& error) {
    const std::string_view message = error.what();
    FUZZ_CHECK(!message.empty());
    return std::nullopt;
  }
}

inline bool same(const xgrad::Tensor& a, const xgrad::Tensor& b) {
  if (a.shape() != b.shape() || a.dtype() != b.dtype()) {
    return false;
  }
  const auto same_elements = [&]<class T>(T /*element*/) {
    const auto left = a.data<T>();
    const auto right = b.data<T>();
    return left.size_bytes() == 0 || std::memcmp(left.data(), right.data(), left.size_bytes()) == 0;
  };
  switch (a.dtype()) {
    case xgrad::float32:
      return same_elements(float{});
    case xgrad::float64:
      return same_elements(double{});
    case xgrad::int64:
      return same_elements(std::int64_t{});
    case xgrad::boolean:
      return same_elements(bool{});
  }
  return false;
}

}  // namespace fuzz
