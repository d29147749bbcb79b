// Arrays in NumPy's format, plain or gzipped. What is accepted and written again is the same array, and the same bytes
// whenever it is written; packed with gzip it is the same array too.
#include "xgrad/data.hpp"

#include "fuzz.hpp"
#include "support/idx_bytes.hpp"

namespace {

constexpr std::uint64_t most_bytes = 1U << 20U;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::File input{"input"};
  static const fuzz::File copy{"copy.npy"};
  input.write(fuzz::bytes_of(data, size));
  const auto read = [](const fuzz::File& file) {
    return fuzz::or_refused([&] { return xgrad::data::read_npy(file.path(), {.max_bytes = most_bytes}); });
  };
  const auto found = read(input);
  if (!found) {
    return 0;
  }
  FUZZ_CHECK(static_cast<std::uint64_t>(found->size()) * xgrad::size_of(found->dtype()) <= most_bytes);
  xgrad::data::write_npy(copy.path(), *found);
  const auto again = read(copy);
  FUZZ_CHECK(again.has_value());
  FUZZ_CHECK(fuzz::same(*found, *again));
  const std::string written = copy.read();
  xgrad::data::write_npy(copy.path(), *again);
  FUZZ_CHECK(copy.read() == written);
  copy.write(gzip(written));
  const auto packed = read(copy);
  FUZZ_CHECK(packed.has_value());
  FUZZ_CHECK(fuzz::same(*found, *packed));
  return 0;
}
