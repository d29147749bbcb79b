#include <cstdint>
#include <doctest/doctest.h>
#include <numeric>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <vector>

#include "xgrad/data.hpp"
#include "xgrad/error.hpp"

#include "support/idx_bytes.hpp"
#include "support/message_of.hpp"
#include "support/temporary_folder.hpp"

namespace xg = xgrad;

namespace {

std::string read_error(const std::filesystem::path& file) {
  return message_of<xg::IoError>([&] { return xg::data::read_idx(file); });
}

std::vector<std::int64_t> values_of(const std::string& bytes) {
  std::vector<std::int64_t> values;
  for (const char byte : bytes) {
    values.push_back(static_cast<unsigned char>(byte));
  }
  return values;
}

std::int64_t peak_memory_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

const std::string all_bytes = [] {
  std::string bytes(256, '\0');
  std::iota(bytes.begin(), bytes.end(), '\0');
  return bytes;
}();

}  // namespace

TEST_CASE("read_idx: every byte value comes back as that int64, in the header's shape") {
  const TemporaryFolder folder;
  const xg::Tensor tensor = xg::data::read_idx(folder.write("a", idx_header({4, 8, 8}) + all_bytes));
  CHECK(tensor.dtype() == xg::int64);
  CHECK(tensor.shape() == xg::Shape{4, 8, 8});
  const auto values = tensor.to_vector<std::int64_t>();
  REQUIRE(values.size() == 256);
  for (std::int64_t i = 0; i < 256; ++i) {
    CHECK(values[static_cast<std::size_t>(i)] == i);
  }
}

TEST_CASE("read_idx: lengths are big-endian and ranks 1 to 8 are read") {
  const TemporaryFolder folder;
  const std::string raw{"\0\0\x08\x02\0\0\x01\x2c\0\0\0\x02", 12};
  CHECK(xg::data::read_idx(folder.write("long", raw + std::string(600, 'x'))).shape() == xg::Shape{300, 2});
  CHECK(xg::data::read_idx(folder.write("one", idx_header({3}) + "abc")).shape() == xg::Shape{3});
  CHECK(xg::data::read_idx(folder.write("eight", idx_header({1, 1, 2, 1, 1, 1, 3, 1}) + "abcdef")).shape() ==
        xg::Shape{1, 1, 2, 1, 1, 1, 3, 1});
}

TEST_CASE("read_idx: a length of 0 gives an empty tensor of that shape") {
  const TemporaryFolder folder;
  CHECK(xg::data::read_idx(folder.write("a", idx_header({5, 0, 7}))).shape() == xg::Shape{5, 0, 7});
  CHECK(xg::data::read_idx(folder.write("b.gz", gzip(idx_header({0})))).shape() == xg::Shape{0});
}

TEST_CASE("read_idx: gzipped and plain files give the same, over several chunks") {
  const TemporaryFolder folder;
  const std::string noise = noise_bytes(std::size_t{1500} * 2003);
  const std::string file = idx_header({1500, 2003}) + noise;
  const xg::Tensor plain = xg::data::read_idx(folder.write("a", file));
  const xg::Tensor packed = xg::data::read_idx(folder.write("a.gz", gzip(file)));
  CHECK(packed.shape() == xg::Shape{1500, 2003});
  const auto expected = values_of(noise);
  CHECK(plain.to_vector<std::int64_t>() == expected);
  CHECK(packed.to_vector<std::int64_t>() == expected);
}

TEST_CASE("read_idx: gzip is told by content, and its members are one stream") {
  const TemporaryFolder folder;
  const std::string file = idx_header({16, 16}) + all_bytes;
  const auto expected = values_of(all_bytes);
  CHECK(xg::data::read_idx(folder.write("no-suffix", gzip(file))).to_vector<std::int64_t>() == expected);
  const std::string members = gzip(file.substr(0, 7)) + gzip("") + gzip(file.substr(7, 100)) + gzip(file.substr(107));
  CHECK(xg::data::read_idx(folder.write("members.gz", members)).to_vector<std::int64_t>() == expected);
}

TEST_CASE("read_idx: a malformed file is an IoError that names the file and the fault, plain and gzipped") {
  struct Case {
    const char* name;
    std::string bytes;
    const char* fault;
  };
  const std::uint32_t most = 0xffffffffU;
  const std::vector<Case> cases = {
      {"empty", "", "is empty"},
      {"three-bytes", std::string(3, '\0'), "truncated: 3 bytes"},
      {"text", "hello, world, hello, world", "wrong magic number 0x68656c6c"},
      {"second-byte", std::string{"\0\1\x08\1\0\0\0\0", 8}, "wrong magic number 0x00010801"},
      {"signed-byte", idx_header({2}, 0x09) + "ab", "element type 0x09: expected 0x08"},
      {"float", idx_header({1}, 0x0d) + "abcd", "element type 0x0d: expected 0x08"},
      {"no-axes", idx_header({}) + "a", "0 axes: expected 1 to 8"},
      {"nine-axes", idx_header({1, 1, 1, 1, 1, 1, 1, 1, 1}) + "a", "9 axes: expected 1 to 8"},
      {"no-lengths", idx_header({2, 3}).substr(0, 4), "truncated in the header: 4 bytes, expected 12 for 2 axes"},
      {"half-a-length", idx_header({2, 3}).substr(0, 10), "truncated in the header: 10 bytes, expected 12 for 2 axes"},
      {"no-data", idx_header({2, 3}), "truncated: the header says (2, 3), that is 6 bytes of data"},
      {"one-byte-short", idx_header({2, 3}) + "abcde", "truncated: the header says (2, 3), that is 6 bytes of data"},
      {"one-byte-long", idx_header({2, 3}) + "abcdefg", "trailing bytes: the header says (2, 3)"},
      {"bytes-after-nothing", idx_header({0}) + "a", "trailing bytes: the header says (0)"},
      {"overflow", idx_header({most, most, most}) + "a", "more elements than can be counted"},
      {"overflow-beside-0", idx_header({0, most, most, most}), "more elements than can be counted"},
      {"2^63", idx_header({0x80000000U, 0x80000000U, 2}) + "a", "more elements than can be counted"},
      {"absurd", idx_header({most, 0x7fffffffU}) + "a", "truncated: the header says (4294967295, 2147483647)"},
  };
  const TemporaryFolder folder;
  for (const Case& item : cases) {
    CAPTURE(item.name);
    for (const auto& [file, bytes] :
         {std::pair{std::string{item.name}, item.bytes}, std::pair{std::string{item.name} + ".gz", gzip(item.bytes)}}) {
      const auto path = folder.write(file, bytes);
      const std::string message = read_error(path);
      CAPTURE(message);
      CHECK(contains(message, "[read_idx] " + path.string() + ": "));
      CHECK(contains(message, item.fault));
    }
  }
}

TEST_CASE("read_idx: what isn't a regular file is an IoError that says so") {
  const TemporaryFolder folder;
  CHECK(contains(read_error(folder.path() / "absent"), "absent: no such file"));
  CHECK(contains(read_error(folder.path() / "absent" / "below"), "below: no such file"));
  CHECK(contains(read_error(folder.write("file", "x") / "below"), "below: "));
  CHECK(contains(read_error(folder.path()), "is a directory"));
  const auto pipe = folder.path() / "pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(contains(read_error(pipe), "pipe: isn't a regular file"));
}

TEST_CASE("read_idx: damaged gzip data is an IoError") {
  const TemporaryFolder folder;
  const std::string plain = idx_header({16, 16}) + all_bytes;
  const std::string whole = gzip(plain);
  CHECK(contains(read_error(folder.write("plain.gz", plain)), "isn't gzip data, in spite of its name"));
  CHECK(contains(read_error(folder.write("empty.gz", "")), "is empty"));
  CHECK(contains(read_error(folder.write("tail.gz", whole + "tail")), "trailing bytes after the end of the gzip data"));
  CHECK(contains(read_error(folder.write("zero.gz", whole + '\0')), "trailing bytes after the end of the gzip data"));
  CHECK(contains(read_error(folder.write("half.gz", whole.substr(0, whole.size() / 2))), "gzip data is truncated"));
  std::string checksum = whole;
  checksum[checksum.size() - 8] ^= 1;
  CHECK(contains(read_error(folder.write("crc.gz", checksum)), "gzip data is corrupt: incorrect data check"));
  std::string length = whole;
  length[length.size() - 4] ^= 1;
  CHECK(contains(read_error(folder.write("length.gz", length)), "gzip data is corrupt: incorrect length check"));
}

TEST_CASE("read_idx: a file cut at any byte is an IoError, plain and gzipped") {
  const TemporaryFolder folder;
  const std::string plain = idx_header({16, 16}) + all_bytes;
  for (const std::string& whole : {plain, gzip(plain)}) {
    for (std::size_t length = 0; length < whole.size(); ++length) {
      CAPTURE(length);
      CHECK_THROWS_AS(static_cast<void>(xg::data::read_idx(folder.write("cut", whole.substr(0, length)))), xg::IoError);
    }
  }
}

TEST_CASE("read_idx: gzip data with any bit flipped is an IoError or reads as if whole, never something else") {
  const TemporaryFolder folder;
  const std::string whole = gzip(idx_header({8, 8}) + all_bytes.substr(0, 64));
  const auto expected = values_of(all_bytes.substr(0, 64));
  std::size_t rejected = 0;
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    CAPTURE(bit);
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(static_cast<unsigned char>(damaged[bit / 8]) ^ 1U << bit % 8);
    const auto file = folder.write("damaged", damaged);
    try {
      const auto values = xg::data::read_idx(file).to_vector<std::int64_t>();
      CHECK(values == expected);
    } catch (const xg::IoError&) {
      ++rejected;
    }
  }
  // Harmless bits are in the ten bytes of header (time, system, …) and in deflate's padding: at most 80 and 7.
  CHECK(rejected >= whole.size() * 8 - 87);
}

TEST_CASE("read_idx: memory is not taken on the header's word") {
  const TemporaryFolder folder;
  const std::string some = noise_bytes(400'000);
  const auto plain = folder.write("plain", idx_header({4, 1000, 1000, 1000}) + some);
  const auto packed = folder.write("packed.gz", gzip(idx_header({400, 1000, 1000}) + some));
  const std::int64_t before = peak_memory_mib();
  CHECK(contains(read_error(plain), "truncated: the header says (4, 1000, 1000, 1000)"));
  CHECK(contains(read_error(packed), "truncated: the header says (400, 1000, 1000)"));
  CHECK(peak_memory_mib() - before < 40);
}

TEST_CASE("read_idx: what decompresses to more than max_bytes is refused before its elements are read") {
  const TemporaryFolder folder;
  // The header promises 600 MB, and there are none: the limit must speak first.
  const auto file = folder.write("bomb", gzip(idx_header({600, 1000, 1000})));
  const std::string error =
      message_of<xg::IoError>([&] { return xg::data::read_idx(file.string(), {.max_bytes = 4'799'999'999}); });
  CHECK(contains(error, "600000000 elements of 8 bytes in memory: expected at most 4799999999 bytes"));
  CHECK(
      contains(message_of<xg::IoError>([&] { return xg::data::read_idx(file.string(), {.max_bytes = 4'800'000'000}); }),
               "truncated"));
}
