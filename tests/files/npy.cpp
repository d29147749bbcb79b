#include <algorithm>
#include <array>
#include <bit>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>
#include <xtensor/xarray.hpp>
#include <xtensor/xnpy.hpp>

#include "xgrad/creation.hpp"
#include "xgrad/data.hpp"
#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/xtensor.hpp"

#include "support/idx_bytes.hpp"
#include "support/message_of.hpp"
#include "support/temporary_folder.hpp"

namespace xg = xgrad;
namespace fs = std::filesystem;

namespace {

std::string read_error(const std::filesystem::path& file) {
  return message_of<xg::IoError>([&] { return xg::data::read_npy(file); });
}

/// A file with this header, as the format's description has it, and these elements.
std::string npy(std::string dictionary, const std::string& elements = "", int major = 1) {
  const std::size_t width = major == 1 ? 2 : 4;
  while ((8 + width + dictionary.size() + 1) % 64 != 0) {
    dictionary += ' ';
  }
  dictionary += '\n';
  std::string file = "\x93NUMPY" + std::string{static_cast<char>(major), '\0'};
  for (std::size_t i = 0; i < width; ++i) {
    file += static_cast<char>(dictionary.size() >> 8 * i & 0xffU);
  }
  return file + dictionary + elements;
}

std::string header(const std::string& descr, const std::string& shape, const std::string& fortran_order = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran_order + ", 'shape': " + shape + ", }";
}

template <class T>
std::string bytes_of(const std::vector<T>& values, bool big_endian = false) {
  std::string bytes;
  for (const T value : values) {
    std::array<char, sizeof(T)> raw{};
    std::memcpy(raw.data(), &value, sizeof(T));
    bytes += big_endian ? std::string{raw.rbegin(), raw.rend()} : std::string{raw.begin(), raw.end()};
  }
  return bytes;
}

std::string content(const std::filesystem::path& file) {
  std::ifstream stream{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{stream}, std::istreambuf_iterator<char>{}};
}

template <class T>
void check_round_trip(const xg::Tensor& tensor) {
  const TemporaryFolder folder;
  const std::string file = folder.path() / "a.npy";
  xg::data::write_npy(file, tensor);
  const xg::Tensor back = xg::data::read_npy(file);
  CAPTURE(to_string(tensor.shape()));
  CHECK(back.dtype() == tensor.dtype());
  CHECK(back.shape() == tensor.shape());
  CHECK(back.to_vector<T>() == tensor.to_vector<T>());
}

const std::vector<xg::Shape> shapes{{}, {1}, {7}, {0}, {2, 3}, {0, 3}, {3, 0}, {2, 3, 4}, {1, 2, 1, 3, 1, 2, 1, 2}};

std::int64_t peak_memory_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

}  // namespace

TEST_CASE("write_npy and read_npy: every dtype and shape comes back as it was") {
  for (const xg::Shape& shape : shapes) {
    const auto count = static_cast<double>(shape.size());
    const xg::Tensor numbers = xg::reshape(xg::arange(0, count, 1, xg::float64), shape) * 1.1 - 2.0;
    check_round_trip<double>(numbers);
    check_round_trip<float>(xg::cast(numbers, xg::float32));
    check_round_trip<std::int64_t>(xg::cast(numbers * 1e15, xg::int64));
    check_round_trip<bool>(numbers > 0.0);
  }
}

TEST_CASE("write_npy and read_npy: NaN, infinities, zeros with a sign and the smallest numbers keep their bits") {
  const TemporaryFolder folder;
  const std::string file = folder.path() / "a.npy";
  const std::vector<double> values{std::numeric_limits<double>::quiet_NaN(), -std::numeric_limits<double>::infinity(),
                                   -0.0, 5e-324, std::numeric_limits<double>::max()};
  xg::data::write_npy(file, xg::from_vector(values, {5}));
  const auto back = xg::data::read_npy(file).to_vector<double>();
  REQUIRE(back.size() == values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    CHECK(std::bit_cast<std::uint64_t>(back[i]) == std::bit_cast<std::uint64_t>(values[i]));
  }
}

TEST_CASE("write_npy: the bytes are those of NumPy's format 1.0, the elements at a multiple of 64") {
  const TemporaryFolder folder;
  const std::string file = folder.path() / "a.npy";
  xg::data::write_npy(file, xg::tensor({{1, 2, 3}, {4, 5, 6}}, xg::float32));
  CHECK(content(file) == npy(header("<f4", "(2, 3)"), bytes_of<float>({1, 2, 3, 4, 5, 6})));
  xg::data::write_npy(file, xg::scalar(2.5, xg::float64));
  CHECK(content(file) == npy(header("<f8", "()"), bytes_of<double>({2.5})));
  xg::data::write_npy(file, xg::tensor({-7}, xg::int64));
  CHECK(content(file) == npy(header("<i8", "(1,)"), bytes_of<std::int64_t>({-7})));
  xg::data::write_npy(file, xg::tensor({1, 0, 1}, xg::boolean));
  CHECK(content(file) == npy(header("|b1", "(3,)"), {"\1\0\1", 3}));
  xg::data::write_npy(file, xg::zeros({0, 2}));
  CHECK(content(file) == npy(header("<f4", "(0, 2)")));
  CHECK(content(file).size() % 64 == 0);
}

TEST_CASE("write_npy: pending tensors are evaluated, parameters written as they are") {
  const TemporaryFolder folder;
  const std::string file = folder.path() / "a.npy";
  const xg::Parameter W{xg::tensor({1, 2}), "W"};
  xg::data::write_npy(file, W);
  CHECK(xg::data::read_npy(file).to_vector<float>() == std::vector<float>{1, 2});
  xg::data::write_npy(file, W * 3.0);
  CHECK(xg::data::read_npy(file).to_vector<float>() == std::vector<float>{3, 6});
  CHECK_FALSE(xg::data::read_npy(file).has_history());
  CHECK_THROWS_AS(xg::data::write_npy(file, xg::Tensor{}), xg::ValueError);
  CHECK(xg::data::read_npy(file).to_vector<float>() == std::vector<float>{3, 6});
}

TEST_CASE("write_npy: what can't be written is an IoError with the file, and leaves nothing behind") {
  const TemporaryFolder folder;
  const auto error_of = [&](const std::filesystem::path& file) {
    return message_of<xg::IoError>([&] {
      xg::data::write_npy(file, xg::ones({3}));
      return 0;
    });
  };
  const auto below = folder.path() / "absent" / "a.npy";
  CHECK(contains(error_of(below), "[write_npy] " + below.string() + " can't be written: No such file"));
  CHECK(contains(error_of(folder.path()), "can't be written: Is a directory"));
  CHECK(contains(error_of("/dev/full"), "can't be written: No space left on device"));
  xg::data::write_npy(folder.path() / "a.npy", xg::ones({3}));
  CHECK(std::distance(std::filesystem::directory_iterator{folder.path()}, {}) == 1);
}

TEST_CASE("write_npy: a limit on file sizes leaves the old file whole") {
  const TemporaryFolder folder;
  const std::string file = folder.path() / "a.npy";
  xg::data::write_npy(file, xg::ones({3}));
  const std::string before = content(file);
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit narrow{.rlim_cur = 1000, .rlim_max = old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &narrow);
  const std::string message = message_of<xg::IoError>([&] {
    xg::data::write_npy(file, xg::ones({3000}));
    return 0;
  });
  setrlimit(RLIMIT_FSIZE, &old);
  CHECK(contains(message, file + " can't be written: File too large"));
  CHECK(content(file) == before);
  CHECK(std::distance(std::filesystem::directory_iterator{folder.path()}, {}) == 1);
}

TEST_CASE("write_npy: an old file's permissions, owner and symbolic link stay; a new one has what the umask leaves") {
  const TemporaryFolder folder;
  const xg::Tensor tensor = xg::from_vector(std::vector<float>{1, 2}, {2});
  const auto status_of = [](const fs::path& file) {
    struct stat status {};
    REQUIRE(stat(file.c_str(), &status) == 0);
    return status;
  };
  const fs::path old = folder.write("old", "x");
  REQUIRE(chmod(old.c_str(), 0640) == 0);
  const bool is_root = geteuid() == 0;
  if (is_root) {
    REQUIRE(chown(old.c_str(), 1234, 4321) == 0);
  }
  const fs::path link = folder.path() / "link";
  fs::create_symlink("old", link);
  xg::data::write_npy(link.string(), tensor);
  CHECK(fs::is_symlink(link));
  CHECK((status_of(old).st_mode & 07777U) == 0640);
  if (is_root) {
    CHECK(status_of(old).st_uid == 1234);
    CHECK(status_of(old).st_gid == 4321);
  }
  CHECK(xg::data::read_npy(old.string()).shape() == xg::Shape{2});

  const mode_t before = umask(027);
  xg::data::write_npy((folder.path() / "new").string(), tensor);
  umask(before);
  CHECK((status_of(folder.path() / "new").st_mode & 07777U) == 0640);

  fs::create_symlink("to be made", folder.path() / "dangling");
  xg::data::write_npy((folder.path() / "dangling").string(), tensor);
  CHECK(fs::is_symlink(folder.path() / "dangling"));
  CHECK(fs::is_regular_file(folder.path() / "to be made"));
  fs::create_symlink("circle", folder.path() / "circle");
  CHECK(contains(message_of<xg::IoError>([&] {
                   xg::data::write_npy((folder.path() / "circle").string(), tensor);
                   return 0;
                 }),
                 "circle can't be written: Too many levels of symbolic links"));
}

TEST_CASE("write_npy: four threads on one file leave one of the four, whole, and nothing else") {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "one.npy").string();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&file, t] {
      for (int i = 0; i < 25; ++i) {
        xg::data::write_npy(file, xg::from_vector(std::vector<double>(1000, t), {1000}));
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  const xg::Tensor read = xg::data::read_npy(file);
  const auto values = read.data<double>();
  CHECK(values.size() == 1000);
  CHECK(std::count(values.begin(), values.end(), values.front()) == 1000);
  CHECK(std::distance(fs::directory_iterator{folder.path()}, fs::directory_iterator{}) == 1);
}

TEST_CASE("read_npy: max_bytes is held against the header, in the tensor's bytes") {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "a.npy").string();
  xg::data::write_npy(file, xg::from_vector(std::vector<float>(100, 1.0F), {10, 10}));
  CHECK(xg::data::read_npy(file, {.max_bytes = 400}).shape() == xg::Shape{10, 10});
  const std::string error = message_of<xg::IoError>([&] { return xg::data::read_npy(file, {.max_bytes = 399}); });
  CHECK(contains(error, "[read_npy] " + file + ": the header says (10, 10)"));
  CHECK(contains(error, "100 elements of 4 bytes in memory: expected at most 399 bytes"));
}

TEST_CASE("read_npy and write_npy: xtensor's own reader and writer agree") {
  const TemporaryFolder folder;
  const std::string file = folder.path() / "a.npy";
  const xt::xarray<double> a{{1.5, -2.5, 1e300}, {0, 4, 5}};
  xt::dump_npy(file, a);
  CHECK(xg::to_xarray<double>(xg::data::read_npy(file)) == a);
  const xt::xarray<float, xt::layout_type::column_major> columns{{1, 2}, {3, 4}, {5, 6}};
  xt::dump_npy(file, columns);
  CHECK(contains(content(file), "'fortran_order': True"));
  const xg::Tensor read = xg::data::read_npy(file);
  CHECK(read.shape() == xg::Shape{3, 2});
  CHECK(read.to_vector<float>() == std::vector<float>{1, 2, 3, 4, 5, 6});
  xg::data::write_npy(file, xg::from_xtensor(a));
  CHECK(xt::load_npy<double>(file) == a);
  xg::data::write_npy(file, xg::tensor({{1, 2}, {3, 4}}, xg::int64));
  CHECK(xt::load_npy<std::int64_t>(file) == xt::xarray<std::int64_t>{{1, 2}, {3, 4}});
}

TEST_CASE("read_npy: every type, either byte order") {
  const TemporaryFolder folder;
  const auto read = [&](const std::string& descr, const std::string& elements) {
    return xg::data::read_npy(folder.write("a.npy", npy(header(descr, "(2,)"), elements)));
  };
  for (const bool big : {false, true}) {
    const std::string order = big ? ">" : "<";
    CHECK(read(order + "f4", bytes_of<float>({1.5F, -3e30F}, big)).to_vector<float>() ==
          std::vector<float>{1.5F, -3e30F});
    CHECK(read(order + "f8", bytes_of<double>({1.5, -3e300}, big)).to_vector<double>() ==
          std::vector<double>{1.5, -3e300});
    const auto integers = [&](const std::string& code, const std::string& elements) {
      return read(order + code, elements).to_vector<std::int64_t>();
    };
    using Integers = std::vector<std::int64_t>;
    const std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
    CHECK(integers("i8", bytes_of<std::int64_t>({lowest, 258}, big)) == Integers{lowest, 258});
    CHECK(integers("i4", bytes_of<std::int32_t>({-2147483647 - 1, 258}, big)) == Integers{-2147483648, 258});
    CHECK(integers("i2", bytes_of<std::int16_t>({-32768, 258}, big)) == Integers{-32768, 258});
    CHECK(integers("u4", bytes_of<std::uint32_t>({4294967295U, 258}, big)) == Integers{4294967295, 258});
    CHECK(integers("u2", bytes_of<std::uint16_t>({65535, 258}, big)) == Integers{65535, 258});
  }
  CHECK(read("|u1", "\xff\1").to_vector<std::int64_t>() == std::vector<std::int64_t>{255, 1});
  CHECK(read("|i1", "\xff\1").to_vector<std::int64_t>() == std::vector<std::int64_t>{-1, 1});
  CHECK(read("|b1", {"\0\1", 2}).to_vector<bool>() == std::vector<bool>{false, true});
  CHECK(read("|b1", {"\0\7", 2}).to_vector<bool>() == std::vector<bool>{false, true});
}

TEST_CASE("read_npy: Fortran order is read into the same elements, also without axes or elements") {
  const TemporaryFolder folder;
  const auto read = [&](const std::string& shape, const std::vector<double>& elements) {
    return xg::data::read_npy(folder.write("a.npy", npy(header("<f8", shape, "True"), bytes_of(elements))));
  };
  const xg::Tensor matrix = read("(2, 3)", {1, 4, 2, 5, 3, 6});
  CHECK(matrix.shape() == xg::Shape{2, 3});
  CHECK(matrix.to_vector<double>() == std::vector<double>{1, 2, 3, 4, 5, 6});
  const xg::Tensor cube = read("(2, 2, 3)", {0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11});
  CHECK(cube.shape() == xg::Shape{2, 2, 3});
  CHECK(cube.to_vector<double>() == std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  CHECK(read("(3,)", {1, 2, 3}).to_vector<double>() == std::vector<double>{1, 2, 3});
  CHECK(read("()", {7}).item() == 7);
  CHECK(read("(0, 3)", {}).shape() == xg::Shape{0, 3});
}

TEST_CASE("read_npy: versions 1.0 to 3.0, gzipped too, and headers in any order, with any quotes and spaces") {
  const TemporaryFolder folder;
  const std::string elements = bytes_of<double>({1, 2, 3, 4, 5, 6});
  const std::vector<std::string> headers{
      header("<f8", "(2, 3)"),
      header("<f8", "(2L, 3L)"),
      "{'shape':(2,3),'fortran_order':False,'descr':'<f8'}",
      "  { \"fortran_order\" : False ,\n\t\"descr\" : \"<f8\" , \"shape\" : ( 2 , 3 , ) } \t",
  };
  for (const int major : {1, 2, 3}) {
    for (const std::string& text : headers) {
      CAPTURE(text);
      const std::string bytes = npy(text, elements, major);
      for (const auto& file : {folder.write("a.npy", bytes), folder.write("a.npy.gz", gzip(bytes))}) {
        const xg::Tensor tensor = xg::data::read_npy(file);
        CHECK(tensor.shape() == xg::Shape{2, 3});
        CHECK(tensor.to_vector<double>() == std::vector<double>{1, 2, 3, 4, 5, 6});
      }
    }
  }
  const std::string unpadded =
      "\x93NUMPY" + std::string{"\1\0\x33\0", 4} + "{'descr':'<f8','fortran_order':False,'shape':(6,),}" + elements;
  CHECK(xg::data::read_npy(folder.write("unpadded.npy", unpadded)).shape() == xg::Shape{6});
}

TEST_CASE("read_npy: a malformed file is an IoError that names the file and the fault") {
  struct Case {
    std::string bytes;
    std::string fault;
  };
  const auto with_header = [](const std::string& dictionary) { return npy(dictionary, std::string(64, 'x')); };
  const auto with_descr = [&](const std::string& descr) { return with_header(header(descr, "(2,)")); };
  const auto with_shape = [&](const std::string& shape) { return with_header(header("<f8", shape)); };
  const std::string whole = npy(header("<f8", "(2, 3)"), std::string(48, 'x'));
  std::string version = whole;
  version[6] = '\4';
  std::string minor = whole;
  minor[7] = '\1';
  std::string old = whole;
  old[6] = '\0';
  const std::string long_header = "\x93NUMPY" + std::string{"\2\0\xff\xff\xff\xff", 6} + "{}";
  const std::vector<Case> cases{
      {"", "is empty, expected a .npy header"},
      {whole.substr(0, 7), "truncated: 7 bytes, too few"},
      {"hello, world", "wrong magic number 0x68656c6c6f2c: expected 0x934e554d5059"},
      {"\x93NUMPX" + whole.substr(6), "wrong magic number 0x934e554d5058"},
      {version, "format version 4.0: expected 1.0, 2.0 or 3.0"},
      {minor, "format version 1.1: expected"},
      {old, "format version 0.0: expected"},
      {whole.substr(0, 9), "truncated in the header: 1 bytes for its length, expected 2"},
      {whole.substr(0, 30), "truncated in the header: 20 bytes of it, expected 118"},
      {long_header, "a header of 4294967295 bytes: expected at most 65535"},
      {with_header(""), "malformed header: it ends, expected '{'"},
      {with_header("[1, 2]"), "malformed header: found \"[1, 2]"},
      {with_header("('descr', '<f8')"), "expected '{'"},
      {with_header("{}"), "expected the keys 'descr', 'fortran_order' and 'shape', one is missing"},
      {with_header("{'descr': '<f8', 'fortran_order': False}"), "one is missing"},
      {with_header("{'descr': '<f8', 'shape': (2,)}"), "one is missing"},
      {with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)"), "it ends, expected '}'"},
      {with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)} 1"), "expected nothing after"},
      {with_header("{'descr': '<f8', 'descr': '<f8', 'shape': (2,)}"), "each once"},
      {with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), 'more': 1}"), "found \"'more'"},
      {with_header("{'descr' '<f8'}"), "expected ':'"},
      {with_header("{'descr': <f8}"), "expected a string such as '<f8'"},
      {with_header("{'descr': '<f8}"), "expected a string such as '<f8'"},
      {with_header("{'descr': [('a', '<f8'), ('b', '<i4')], 'fortran_order': False, 'shape': (2,)}"),
       "expected a string such as '<f8'"},
      {with_header("{descr: '<f8'}"), "expected a key in quotes"},
      {with_header("{'descr\xff\1': '<f8'}"), "found \"'descr"},
      {with_header(header("<f8", "(2,)", "true")), "expected True or False for 'fortran_order'"},
      {with_header(header("<f8", "(2,)", "1")), "expected True or False for 'fortran_order'"},
      {with_header(header("<f8", "(2,)", "Truest")), "found \"st,"},
      {with_descr("<c16"), "elements of type '<c16': expected < or > (or | for single bytes) and one of f4, f8, i8"},
      {with_descr("<f2"), "elements of type '<f2'"},
      {with_descr("<u8"), "elements of type '<u8'"},
      {with_descr("<f16"), "elements of type '<f16'"},
      {with_descr("|O"), "elements of type '|O'"},
      {with_descr("|S8"), "elements of type '|S8'"},
      {with_descr("<M8[ns]"), "elements of type '<M8[ns]'"},
      {with_descr("|f8"), "elements of type '|f8'"},
      {with_descr("=f8"), "elements of type '=f8'"},
      {with_descr("f8"), "elements of type 'f8'"},
      {with_descr("<"), "elements of type '<'"},
      {with_descr(""), "elements of type ''"},
      {with_shape("2"), "expected '('"},
      {with_shape("[2]"), "expected '('"},
      {with_shape("(2)"), "expected ','"},
      {with_shape("(,)"), "expected a length"},
      {with_shape("(2,,3)"), "expected a length"},
      {with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3}"), "found \"}\", expected ')'"},
      {with_shape("(-1,)"), "expected a length, at least 0"},
      {with_shape("(2.0,)"), "expected ','"},
      {with_shape("(None,)"), "expected a length"},
      {with_shape("(99999999999999999999,)"), "expected a length that an int64 holds"},
      {with_shape("(1, 1, 1, 1, 1, 1, 1, 1, 1)"), "9 axes: expected at most 8"},
      {with_shape("(4294967296, 4294967296)"), "(4294967296, 4294967296): more elements than can be counted"},
      {with_shape("(0, 4294967296, 4294967296)"), "more elements than can be counted"},
      {with_shape("(9223372036854775807,)"), "more elements than can be counted"},
      {with_shape("(1152921504606846975,)"),
       "truncated: the header says (1152921504606846975,) of '<f8', that is "
       "9223372036854775800 bytes of data, but only 64 follow"},
      {with_shape("(9,)"), "truncated: the header says (9,) of '<f8', that is 72 bytes of data, but only 64 follow"},
      {with_shape("(7,)"), "trailing bytes: the header says (7,) of '<f8', that is 56 bytes of data, but more follow"},
      {with_shape("(0, 5)"), "trailing bytes: the header says (0, 5)"},
      {whole.substr(0, whole.size() - 1), "truncated: the header says (2, 3) of '<f8', that is 48 bytes"},
      {whole + "x", "trailing bytes: the header says (2, 3)"},
  };
  const TemporaryFolder folder;
  for (const Case& item : cases) {
    CAPTURE(item.fault);
    const auto file = folder.write("a.npy", item.bytes);
    const std::string message = read_error(file);
    CAPTURE(message);
    CHECK(contains(message, "[read_npy] " + file.string() + ": "));
    CHECK(contains(message, item.fault));
  }
}

TEST_CASE("read_npy: a file cut at any byte is an IoError; with any byte of its header changed it is one, or is read") {
  const TemporaryFolder folder;
  const std::string whole = npy(header("<f8", "(2, 3)"), bytes_of<double>({1, 2, 3, 4, 5, 6}));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length);
    CHECK_THROWS_AS(static_cast<void>(xg::data::read_npy(folder.write("cut", whole.substr(0, length)))), xg::IoError);
  }
  for (std::size_t i = 0; i < 80; ++i) {
    for (const int byte : {0, 1, 0x20, 0x27, 0x28, 0x2c, 0x30, 0x39, 0x7b, 0x7d, 0x80, 0xff}) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(byte);
      CAPTURE(damaged);
      try {
        const xg::Tensor read = xg::data::read_npy(folder.write("damaged", damaged));
        CHECK(read.shape() == xg::Shape{2, 3});
      } catch (const xg::IoError& error) {
        CHECK(contains(error.what(), "damaged: "));
      }
    }
  }
}

TEST_CASE("read_npy: what isn't a regular file is an IoError that says so") {
  const TemporaryFolder folder;
  CHECK(contains(read_error(folder.path() / "absent.npy"), "absent.npy: no such file"));
  CHECK(contains(read_error(folder.path()), "is a directory"));
  const auto pipe = folder.path() / "pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(contains(read_error(pipe), "pipe: isn't a regular file"));
}

TEST_CASE("read_npy: memory is not taken on the header's word") {
  const TemporaryFolder folder;
  const auto file = folder.write("a.npy", npy(header("<f8", "(1000, 1000, 1000)"), noise_bytes(400'000)));
  const std::int64_t before = peak_memory_mib();
  CHECK(contains(read_error(file), "truncated: the header says (1000, 1000, 1000)"));
  CHECK(peak_memory_mib() - before < 40);
}
