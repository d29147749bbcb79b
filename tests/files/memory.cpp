// How much memory reading bytes takes: as many bytes as there are, until they become elements of a tensor.
#include "support/sanitizers.hpp"
#if !XGRAD_SANITIZED
#include <cstdint>
#include <doctest/doctest.h>
#include <string>
#include <sys/resource.h>

#include "xgrad/data.hpp"
#include "xgrad/error.hpp"

#include "support/idx_bytes.hpp"
#include "support/message_of.hpp"
#include "support/temporary_folder.hpp"

namespace xg = xgrad;

namespace {

constexpr std::int64_t mib = 1'048'576;
constexpr std::int64_t bytes = 48 * mib;  // of data, which gzip makes 48 kB of
constexpr std::int64_t slack = 4 * mib;   // zlib's window, pieces of pages, the message

std::int64_t peak() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * 1024;
}

std::string npy_header(const std::string& description) {
  std::string text = description;
  text.append((64 - (10 + text.size() + 1) % 64) % 64, ' ');
  text += '\n';
  std::string header{"\x93NUMPY\x01\0", 8};
  header += static_cast<char>(text.size() % 256);
  header += static_cast<char>(text.size() / 256);
  return header + text;
}

std::string zeros(std::int64_t count) {
  return std::string(static_cast<std::size_t>(count), '\0');
}

/// Files that end in the wrong place, so that they are read whole, or nearly so, and never converted.
struct Files {
  TemporaryFolder folder;
  std::string idx = folder.write("long.gz", gzip(idx_header({48, 1024, 1024}) + zeros(bytes + 1))).string();
  std::string npy =
      folder
          .write("short.npy.gz",
                 gzip(npy_header("{'descr': '|u1', 'fortran_order': False, 'shape': (48, 1024, 1024), }") +
                      zeros(bytes - 1)))
          .string();
  std::string whole = folder.write("whole.gz", gzip(idx_header({48, 1024, 1024}) + zeros(bytes))).string();
};

}  // namespace

// One case, since a peak never goes down: first what takes less.
TEST_CASE("bytes take their own number in memory while they are read, and those of the tensor's elements afterwards") {
  const Files files;  // making them has its own peak, of two times the bytes
  // Fills what making the files has freed, so that the peak counts from here.
  const std::string ballast(static_cast<std::size_t>(peak()), 'x');
  const std::int64_t before = peak();
  CHECK(contains(message_of<xg::IoError>([&] { return xg::data::read_idx(files.idx); }), "trailing bytes"));
  CHECK(peak() - before <= bytes + slack);
  CHECK(contains(message_of<xg::IoError>([&] { return xg::data::read_npy(files.npy); }), "truncated"));
  CHECK(peak() - before <= bytes + slack);
  const xg::Tensor tensor = xg::data::read_idx(files.whole);
  CHECK(tensor.size() == bytes);
  // Pieces of the bytes are let go when they have been converted, the smaller ones to the allocator.
  CHECK(peak() - before <= 8 * bytes + bytes + slack);
  CHECK(peak() - before >= 7 * bytes);  // that the peak is measured
  CHECK(ballast.back() == 'x');
}
#endif
