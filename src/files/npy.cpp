#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "xgrad/error.hpp"
#include "xgrad/files.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/shape.hpp"

#include "files/byte_source.hpp"
#include "files/output_file.hpp"
#include "graph/node.hpp"
#include "tensor/dispatch.hpp"

// NumPy's format (numpy/lib/format.py): the magic number, a version, the header's length (little-endian, uint16 in
// version 1.0, uint32 after), the header, which is a Python dictionary literal padded with spaces, and the elements.
namespace xgrad::data {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view operation = "read_npy";
constexpr std::string_view magic = "\x93NUMPY";
constexpr std::size_t alignment = 64;  ///< of the elements in the file
/// No header of a type that is read here comes near it.
constexpr std::uint64_t max_header = std::numeric_limits<std::uint16_t>::max();

/// Writes the elements from `to` on, and gives the address behind the last.
template <class Stored, Element Held>
void* convert(std::span<const unsigned char> bytes, bool swap, void* to) {
  Held* out = static_cast<Held*>(to);
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(Stored)) {
    std::array<unsigned char, sizeof(Stored)> raw{};
    std::memcpy(raw.data(), bytes.data() + at, sizeof(Stored));
    if (swap) {
      std::reverse(raw.begin(), raw.end());
    }
    *out++ = static_cast<Held>(std::bit_cast<Stored>(raw));  // NOLINT(bugprone-signed-char-misuse)
  }
  return out;
}

/// A type of elements in a file, and the function that reads them.
struct ElementType {
  std::string_view code;  ///< as in a descr, after the byte order
  DType dtype;
  std::size_t bytes;
  void* (*convert)(std::span<const unsigned char> bytes, bool swap, void* to);
};

template <class Stored, Element Held>
constexpr ElementType element_type(std::string_view code) {
  return {.code = code, .dtype = dtype_of<Held>, .bytes = sizeof(Stored), .convert = convert<Stored, Held>};
}

constexpr std::array element_types{
    element_type<float, float>("f4"),
    element_type<double, double>("f8"),
    element_type<std::int64_t, std::int64_t>("i8"),
    element_type<std::int32_t, std::int64_t>("i4"),
    element_type<std::int16_t, std::int64_t>("i2"),
    element_type<std::int8_t, std::int64_t>("i1"),
    element_type<std::uint32_t, std::int64_t>("u4"),
    element_type<std::uint16_t, std::int64_t>("u2"),
    element_type<std::uint8_t, std::int64_t>("u1"),
    element_type<std::uint8_t, bool>("b1"),
};

struct Header {
  std::string descr;
  bool fortran_order = false;
  std::vector<std::int64_t> lengths;
};

struct Reader {
  ByteSource& source;
  const std::filesystem::path& file;

  [[nodiscard]] IoError error(const std::string& what) const { return io_error(operation, file, what); }
};

/// The dictionary {'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }, its keys in any order.
class HeaderParser {
 public:
  HeaderParser(const Reader& reader, std::string_view text) : reader_{reader}, rest_{text} {}

  [[nodiscard]] Header parse() {
    expect('{');
    while (!accept('}')) {
      entry();
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (!rest_.empty()) {
      throw error("nothing after the dictionary");
    }
    if (!descr_ || !fortran_order_ || !lengths_) {
      throw reader_.error("malformed header: expected the keys 'descr', 'fortran_order' and 'shape', one is missing");
    }
    return {*std::move(descr_), *fortran_order_, *std::move(lengths_)};
  }

 private:
  void entry() {
    const IoError misplaced = error("the keys 'descr', 'fortran_order' and 'shape', each once");
    const std::string key = text("a key in quotes");
    if (key == "descr" && !descr_) {
      expect(':');
      descr_ = text("a string such as '<f8' for 'descr'");
    } else if (key == "fortran_order" && !fortran_order_) {
      expect(':');
      fortran_order_ = truth();
    } else if (key == "shape" && !lengths_) {
      expect(':');
      lengths_ = tuple();
    } else {
      throw misplaced;
    }
  }

  [[nodiscard]] std::string text(std::string_view wanted) {
    skip_space();
    const char quote = rest_.empty() ? '\0' : rest_.front();
    const std::size_t end = quote == '\'' || quote == '"' ? rest_.find(quote, 1) : std::string_view::npos;
    if (end == std::string_view::npos) {
      throw error(wanted);
    }
    std::string result{rest_.substr(1, end - 1)};
    rest_.remove_prefix(end + 1);
    return result;
  }

  [[nodiscard]] bool truth() {
    skip_space();
    for (const auto& [word, value] : {std::pair<std::string_view, bool>{"True", true}, {"False", false}}) {
      if (rest_.starts_with(word)) {
        rest_.remove_prefix(word.size());
        return value;
      }
    }
    throw error("True or False for 'fortran_order'");
  }

  [[nodiscard]] std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> lengths;
    expect('(');
    while (!accept(')')) {
      lengths.push_back(length());
      if (lengths.size() == 1) {
        expect(',');  // (3) isn't a tuple
      } else if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return lengths;
  }

  [[nodiscard]] std::int64_t length() {
    skip_space();
    std::int64_t value = 0;
    const char* const begin = rest_.data();
    const auto [end, failure] = std::from_chars(begin, begin + rest_.size(), value);
    if (failure == std::errc::result_out_of_range) {
      throw error("a length that an int64 holds");
    }
    if (failure != std::errc{} || value < 0) {
      throw error("a length, at least 0, in the tuple of 'shape'");
    }
    rest_.remove_prefix(static_cast<std::size_t>(end - begin));
    if (rest_.starts_with('L')) {  // Python 2 wrote 3L
      rest_.remove_prefix(1);
    }
    return value;
  }

  void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }

  [[nodiscard]] bool accept(char wanted) {
    skip_space();
    const bool is_next = rest_.starts_with(wanted);
    rest_.remove_prefix(is_next ? 1 : 0);
    return is_next;
  }

  void expect(char wanted) {
    if (!accept(wanted)) {
      throw error(fmt::format("'{}'", wanted));
    }
  }

  [[nodiscard]] IoError error(std::string_view wanted) const {
    constexpr std::size_t shown = 24;
    std::string next{rest_.substr(0, shown)};
    next.resize(next.find_last_not_of(" \t\r\n") + 1);
    std::replace_if(
        next.begin(), next.end(), [](char c) { return std::isprint(static_cast<unsigned char>(c)) == 0; }, '?');
    return reader_.error(fmt::format("malformed header: {}, expected {}",
                                     next.empty() ? "it ends" : fmt::format("found \"{}\"", next), wanted));
  }

  const Reader& reader_;
  std::string_view rest_;
  std::optional<std::string> descr_;
  std::optional<bool> fortran_order_;
  std::optional<std::vector<std::int64_t>> lengths_;
};

/// The number of bytes that hold the header's length, by the version.
std::size_t read_start(const Reader& reader) {
  std::array<unsigned char, magic.size() + 2> start{};
  const std::size_t count = reader.source.read(start);
  if (count == 0) {
    throw reader.error("is empty, expected a .npy header");
  }
  if (count < start.size()) {
    throw reader.error(fmt::format("truncated: {} bytes, too few for a .npy header", count));
  }
  const std::span found = std::span{start}.first<magic.size()>();
  if (!std::equal(found.begin(), found.end(), magic.begin(),
                  [](unsigned char a, char b) { return a == static_cast<unsigned char>(b); })) {
    throw reader.error(
        fmt::format("wrong magic number 0x{:02x}: expected 0x934e554d5059, that of a .npy file", fmt::join(found, "")));
  }
  const unsigned major = start[magic.size()];
  const unsigned minor = start[magic.size() + 1];
  if (major < 1 || major > 3 || minor != 0) {
    throw reader.error(fmt::format("format version {}.{}: expected 1.0, 2.0 or 3.0", major, minor));
  }
  return major == 1 ? sizeof(std::uint16_t) : sizeof(std::uint32_t);
}

/// The next bytes, or as many as there are; for a few.
std::vector<unsigned char> read_start_bytes(const Reader& reader, std::size_t count) {
  std::vector<unsigned char> bytes(count);
  bytes.resize(reader.source.read(bytes));
  return bytes;
}

Header read_header(const Reader& reader) {
  const std::size_t width = read_start(reader);
  const std::vector<unsigned char> bytes = read_start_bytes(reader, width);
  if (bytes.size() < width) {
    throw reader.error(
        fmt::format("truncated in the header: {} bytes for its length, expected {}", bytes.size(), width));
  }
  const std::uint64_t length =
      std::accumulate(bytes.rbegin(), bytes.rend(), std::uint64_t{0},
                      [](std::uint64_t value, unsigned char byte) { return value << 8U | byte; });
  if (length > max_header) {
    throw reader.error(fmt::format("a header of {} bytes: expected at most {}", length, max_header));
  }
  const std::vector<unsigned char> text = read_start_bytes(reader, length);
  if (text.size() < length) {
    throw reader.error(fmt::format("truncated in the header: {} bytes of it, expected {}", text.size(), length));
  }
  return HeaderParser{reader, {reinterpret_cast<const char*>(text.data()), text.size()}}.parse();
}

const ElementType& element_type_of(const Reader& reader, const std::string& descr) {
  const auto* const found =
      std::find_if(element_types.begin(), element_types.end(),
                   [code = std::string_view{descr}.substr(std::min<std::size_t>(1, descr.size()))](
                       const ElementType& type) { return type.code == code; });
  const char order = descr.empty() ? '\0' : descr.front();
  if (found == element_types.end() || !(order == '<' || order == '>' || (order == '|' && found->bytes == 1))) {
    std::string codes;
    for (const ElementType& type : element_types) {
      codes += fmt::format("{}{}", codes.empty() ? "" : ", ", type.code);
    }
    throw reader.error(
        fmt::format("elements of type '{}': expected < or > (or | for single bytes) and one of {}", descr, codes));
  }
  return *found;
}

Shape shape_of(const Reader& reader, const std::vector<std::int64_t>& lengths) {
  if (lengths.size() > Shape::max_rank) {
    throw reader.error(fmt::format("{} axes: expected at most {}", lengths.size(), Shape::max_rank));
  }
  const IoError too_many =
      reader.error(fmt::format("the header says ({}): more elements than can be counted", fmt::join(lengths, ", ")));
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / std::int64_t{sizeof(double)};
  try {
    const Shape shape{std::span<const std::int64_t>{lengths}};
    if (shape.size() > most) {
      throw too_many;
    }
    return shape;
  } catch (const ShapeError&) {
    throw too_many;
  }
}

Shape reversed(const Shape& shape) {
  std::vector<std::int64_t> lengths = shape.to_vector();
  std::reverse(lengths.begin(), lengths.end());
  return Shape{std::span<const std::int64_t>{lengths}};
}

/// All axes in the opposite order.
Tensor reverse_axes(const Tensor& tensor) {
  std::vector<std::int64_t> axes(tensor.rank());
  std::iota(axes.rbegin(), axes.rend(), 0);
  return permute(tensor, axes).detach();
}

/// As NumPy writes it, up to the elements.
std::string header_text(const Tensor& tensor) {
  const auto* const type = std::find_if(element_types.begin(), element_types.end(), [&](const ElementType& candidate) {
    return candidate.dtype == tensor.dtype();
  });
  std::string dictionary = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': {}, }}",
                                       type->bytes == 1 ? '|' : '<', type->code, to_string(tensor.shape()));
  const std::size_t unpadded = magic.size() + 2 + sizeof(std::uint16_t) + dictionary.size() + 1;
  dictionary.append((alignment - unpadded % alignment) % alignment, ' ');
  dictionary += '\n';
  std::string header{magic};
  header += {'\1', '\0', static_cast<char>(dictionary.size() & 0xffU), static_cast<char>(dictionary.size() >> 8U)};
  return header + dictionary;
}

std::string_view bytes_of(const Tensor& tensor) {
  return dispatch(tensor.dtype(), [&tensor]<class T>(std::type_identity<T>) {
    const std::span<const T> elements = tensor.data<T>();
    return std::string_view{reinterpret_cast<const char*>(elements.data()), elements.size_bytes()};
  });
}

}  // namespace

Tensor read_npy(const std::string& file, const ReadOptions& options) {
  const std::filesystem::path path{file};
  const auto source = open_bytes(path, operation);
  const Reader reader{*source, path};
  const Header header = read_header(reader);
  const ElementType& type = element_type_of(reader, header.descr);
  const Shape shape = shape_of(reader, header.lengths);
  const std::uint64_t count = static_cast<std::uint64_t>(shape.size()) * type.bytes;
  const std::string promise =
      fmt::format("the header says {} of '{}', that is {} bytes of data", to_string(shape), header.descr, count);
  require_within(options, static_cast<std::uint64_t>(shape.size()), size_of(type.dtype), operation, path, promise);
  Bytes bytes = read_bytes(*source, count);
  if (bytes.size() < count) {
    throw reader.error(fmt::format("truncated: {}, but only {} follow", promise, bytes.size()));
  }
  std::array<unsigned char, 1> next{};
  if (source->read(next) != 0) {
    throw reader.error(fmt::format("trailing bytes: {}, but more follow", promise));
  }
  const auto result = graph::make_uninitialised(header.fortran_order ? reversed(shape) : shape, type.dtype);
  void* out = result.array.data;
  bytes.consume(
      [&](std::span<const unsigned char> piece) { out = type.convert(piece, header.descr.front() == '>', out); });
  return header.fortran_order ? reverse_axes(result.tensor) : result.tensor;
}

void write_npy(const std::string& file, const Tensor& tensor) {
  const std::string_view bytes = bytes_of(tensor);
  try {
    files::OutputFile{file}.write({header_text(tensor), bytes});
  } catch (const IoError& error) {
    throw IoError(fmt::format("[write_npy] {}", error.what()));
  }
}

}  // namespace xgrad::data
