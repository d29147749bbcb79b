#include "files/idx.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <limits>
#include <span>

#include "xgrad/files.hpp"
#include "xgrad/shape.hpp"

#include "files/byte_source.hpp"
#include "graph/node.hpp"

namespace xgrad::data {
namespace {

constexpr unsigned char unsigned_byte = 0x08;
constexpr std::size_t magic_bytes = 4;
constexpr std::size_t length_bytes = 4;

/// A file that is being read, with all that the steps need to read on and for errors.
struct Reader {
  ByteSource& source;
  const std::filesystem::path& file;
  std::string_view operation;

  [[nodiscard]] IoError error(const std::string& what) const { return io_error(operation, file, what); }
};

/// The number of axes, from the first four bytes.
std::size_t read_magic(const Reader& reader, std::size_t rank) {
  std::array<unsigned char, magic_bytes> magic{};
  const std::size_t count = reader.source.read(magic);
  if (count == 0) {
    throw reader.error("is empty, expected an IDX header");
  }
  if (count < magic.size()) {
    throw reader.error(fmt::format("truncated: {} bytes, too few for an IDX header", count));
  }
  if (magic[0] != 0 || magic[1] != 0) {
    throw reader.error(
        fmt::format("wrong magic number 0x{:02x}: expected 0x000008 and the number of axes", fmt::join(magic, "")));
  }
  if (magic[2] != unsigned_byte) {
    throw reader.error(fmt::format("element type 0x{:02x}: expected 0x08, unsigned byte", magic[2]));
  }
  if (rank != 0 && magic[3] != rank) {
    throw reader.error(fmt::format("wrong magic number 0x{:02x}: expected 0x000008{:02x}, that of {} with {}",
                                   fmt::join(magic, ""), rank, rank == 1 ? "labels" : "images",
                                   rank == 1 ? "1 axis" : fmt::format("{} axes", rank)));
  }
  if (magic[3] == 0 || magic[3] > Shape::max_rank) {
    throw reader.error(fmt::format("{} axes: expected 1 to {}", magic[3], Shape::max_rank));
  }
  return magic[3];
}

std::vector<std::int64_t> read_dims(const Reader& reader, std::size_t rank) {
  std::array<unsigned char, Shape::max_rank * length_bytes> bytes{};
  const std::size_t count = reader.source.read(std::span{bytes}.first(rank * length_bytes));
  if (count < rank * length_bytes) {
    throw reader.error(fmt::format("truncated in the header: {} bytes, expected {} for {} axes", magic_bytes + count,
                                   magic_bytes + rank * length_bytes, rank));
  }
  std::vector<std::int64_t> dims;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    std::uint32_t length = 0;
    for (const unsigned char byte : std::span{bytes}.subspan(axis * length_bytes, length_bytes)) {
      length = length << 8U | byte;
    }
    dims.push_back(length);
  }
  return dims;
}

/// The product of the lengths. Lengths beside a 0 must not overflow either, as in Shape.
std::uint64_t element_count(const Reader& reader, const std::vector<std::int64_t>& dims) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  std::int64_t product = 1;
  bool empty = false;
  for (const std::int64_t length : dims) {
    empty = empty || length == 0;
    if (length > 0 && product > most / length) {
      throw reader.error(fmt::format("the header says ({}): more elements than can be counted", fmt::join(dims, ", ")));
    }
    product *= std::max<std::int64_t>(length, 1);
  }
  return empty ? 0 : static_cast<std::uint64_t>(product);
}

}  // namespace

IdxFile read_idx_file(const std::filesystem::path& file, std::string_view operation, std::size_t rank,
                      std::size_t element_bytes, const ReadOptions& options) {
  const auto source = open_bytes(file, operation);
  const Reader reader{*source, file, operation};
  IdxFile result;
  result.dims = read_dims(reader, read_magic(reader, rank));
  const std::uint64_t count = element_count(reader, result.dims);
  const std::string promise =
      fmt::format("the header says ({}), that is {} bytes of data", fmt::join(result.dims, ", "), count);
  require_within(options, count, element_bytes, operation, file, promise);
  result.elements = read_bytes(*source, count);
  if (result.elements.size() < count) {
    throw reader.error(fmt::format("truncated: {}, but only {} follow", promise, result.elements.size()));
  }
  std::array<unsigned char, 1> next{};
  if (source->read(next) != 0) {
    throw reader.error(fmt::format("trailing bytes: {}, but more follow", promise));
  }
  return result;
}

Tensor read_idx(const std::string& file, const ReadOptions& options) {
  IdxFile idx = read_idx_file(file, "read_idx", 0, sizeof(std::int64_t), options);
  const auto result = graph::make_uninitialised(Shape{std::span<const std::int64_t>{idx.dims}}, int64);
  std::int64_t* out = result.array.as<std::int64_t>();
  idx.elements.consume(
      [&out](std::span<const unsigned char> piece) { out = std::copy(piece.begin(), piece.end(), out); });
  return result.tensor;
}

}  // namespace xgrad::data
