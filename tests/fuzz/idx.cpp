// IDX files, plain or gzipped. What is accepted is, written as the format's description has it, the input again; a
// gzipped input is first unpacked by zlib's own reader of files.
#include <algorithm>
#include <array>
#include <zlib.h>

#include "xgrad/data.hpp"

#include "fuzz.hpp"
#include "support/idx_bytes.hpp"

namespace {

constexpr std::uint64_t most_bytes = 1U << 20U;

std::string unpacked(const std::string& path) {
  gzFile file = gzopen(path.c_str(), "rb");  // reads what isn't gzip as it is
  FUZZ_CHECK(file != nullptr);
  std::string bytes;
  std::array<char, 4096> piece{};
  int count = 0;
  while ((count = gzread(file, piece.data(), piece.size())) > 0) {
    bytes.append(piece.data(), static_cast<std::size_t>(count));
  }
  gzclose(file);
  return bytes;
}

std::string written(const xgrad::Tensor& tensor) {
  std::vector<std::uint32_t> lengths;
  std::transform(tensor.shape().begin(), tensor.shape().end(), std::back_inserter(lengths),
                 [](std::int64_t length) { return static_cast<std::uint32_t>(length); });
  std::string bytes = idx_header(lengths);
  for (const std::int64_t element : tensor.data<std::int64_t>()) {
    FUZZ_CHECK(element >= 0 && element <= 255);
    bytes += static_cast<char>(element);
  }
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::File input{"input"};
  input.write(fuzz::bytes_of(data, size));
  const auto read = [] {
    return fuzz::or_refused([&] { return xgrad::data::read_idx(input.path(), {.max_bytes = most_bytes}); });
  };
  const auto found = read();
  if (!found) {
    return 0;
  }
  FUZZ_CHECK(found->dtype() == xgrad::int64);
  FUZZ_CHECK(static_cast<std::uint64_t>(found->size()) * sizeof(std::int64_t) <= most_bytes);
  const std::string bytes = written(*found);
  FUZZ_CHECK(bytes == unpacked(input.path()));
  input.write(gzip(bytes));
  const auto packed = read();
  FUZZ_CHECK(packed.has_value());
  FUZZ_CHECK(fuzz::same(*found, *packed));
  return 0;
}
