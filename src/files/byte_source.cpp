#include "files/byte_source.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <fstream>
#include <limits>
#include <new>
#include <system_error>
#include <utility>
#include <vector>
#include <zlib.h>

namespace xgrad::data {

ByteSource::~ByteSource() = default;

IoError io_error(std::string_view operation, const std::filesystem::path& file, const std::string& what) {
  return IoError(fmt::format("[{}] {}: {}", operation, file.string(), what));
}

namespace {

constexpr std::array<unsigned char, 2> gzip_magic = {0x1f, 0x8b};

class PlainSource final : public ByteSource {
 public:
  PlainSource(std::ifstream stream, std::filesystem::path file, std::string_view operation)
      : stream_{std::move(stream)}, file_{std::move(file)}, operation_{operation} {}

  std::size_t read(std::span<unsigned char> out) override {
    stream_.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
    if (stream_.bad()) {
      throw io_error(operation_, file_, "reading failed");
    }
    return static_cast<std::size_t>(stream_.gcount());
  }

 private:
  std::ifstream stream_;
  std::filesystem::path file_;
  std::string operation_;
};

/// RFC 1952: one or more members, each a deflate stream with a CRC-32 and a length, which zlib checks.
class GzipSource final : public ByteSource {
 public:
  GzipSource(std::ifstream stream, std::filesystem::path file, std::string_view operation)
      : stream_{std::move(stream)}, file_{std::move(file)}, operation_{operation}, input_(1U << 16U) {
    if (inflateInit2(&zlib_, MAX_WBITS + 16) != Z_OK) {
      throw std::bad_alloc{};
    }
  }
  ~GzipSource() override { inflateEnd(&zlib_); }

  std::size_t read(std::span<unsigned char> out) override {
    std::size_t done = 0;
    while (done < out.size() && !ended_) {
      if (zlib_.avail_in == 0 && !refill()) {
        throw io_error(operation_, file_, "the gzip data is truncated");
      }
      const auto room = static_cast<uInt>(std::min<std::size_t>(out.size() - done, std::numeric_limits<uInt>::max()));
      zlib_.next_out = out.data() + done;
      zlib_.avail_out = room;
      const int status = inflate(&zlib_, Z_NO_FLUSH);
      done += room - zlib_.avail_out;
      if (status == Z_STREAM_END) {
        end_member();
      } else if (status == Z_MEM_ERROR) {
        throw std::bad_alloc{};
      } else if (status != Z_OK) {
        throw io_error(operation_, file_,
                       fmt::format("the gzip data is corrupt: {}", zlib_.msg != nullptr ? zlib_.msg : "no progress"));
      }
    }
    return done;
  }

 private:
  /// False at the end of the file.
  bool refill() {
    stream_.read(reinterpret_cast<char*>(input_.data()), static_cast<std::streamsize>(input_.size()));
    if (stream_.bad()) {
      throw io_error(operation_, file_, "reading failed");
    }
    zlib_.next_in = input_.data();
    zlib_.avail_in = static_cast<uInt>(stream_.gcount());
    return zlib_.avail_in != 0;
  }

  void end_member() {
    if (zlib_.avail_in == 0 && !refill()) {
      ended_ = true;
    } else if (*zlib_.next_in != gzip_magic[0]) {
      throw io_error(operation_, file_, "trailing bytes after the end of the gzip data");
    } else {
      inflateReset(&zlib_);
    }
  }

  std::ifstream stream_;
  std::filesystem::path file_;
  std::string operation_;
  std::vector<unsigned char> input_;
  z_stream zlib_{};
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> open_bytes(const std::filesystem::path& file, std::string_view operation) {
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    throw io_error(operation, file, "no such file");
  }
  if (error) {
    throw io_error(operation, file, error.message());
  }
  if (!std::filesystem::is_regular_file(status)) {
    throw io_error(operation, file,
                   std::filesystem::is_directory(status) ? "is a directory, expected a file" : "isn't a regular file");
  }
  errno = 0;
  std::ifstream stream{file, std::ios::binary};
  if (!stream) {
    throw io_error(operation, file, "can't be opened: " + std::generic_category().message(errno));
  }
  std::array<unsigned char, 2> start{};
  stream.read(reinterpret_cast<char*>(start.data()), start.size());
  const bool is_empty = stream.gcount() == 0;
  const bool is_gzip = stream.gcount() == 2 && start == gzip_magic;
  stream.clear();
  stream.seekg(0);
  if (is_gzip) {
    return std::make_unique<GzipSource>(std::move(stream), file, operation);
  }
  if (file.extension() == ".gz" && !is_empty) {
    throw io_error(operation, file, "isn't gzip data, in spite of its name");
  }
  return std::make_unique<PlainSource>(std::move(stream), file, operation);
}

Bytes read_bytes(ByteSource& source, std::uint64_t count) {
  // Pieces are as long as all before them, up to a length that allocators give back to the system at once.
  constexpr std::uint64_t first_piece = 1U << 20U;
  constexpr std::uint64_t longest_piece = 1U << 26U;
  Bytes bytes;
  while (bytes.size() < count) {
    const std::uint64_t length =
        std::min(count - bytes.size(), std::clamp<std::uint64_t>(bytes.size(), first_piece, longest_piece));
    std::vector<unsigned char> piece(static_cast<std::size_t>(length));
    const std::size_t got = source.read(piece);
    piece.resize(got);
    bytes.append(std::move(piece));
    if (got < length) {
      break;
    }
  }
  return bytes;
}

void require_within(const ReadOptions& options, std::uint64_t elements, std::size_t element_bytes,
                    std::string_view operation, const std::filesystem::path& file, std::string_view promise) {
  const bool is_limited = options.max_bytes != std::numeric_limits<std::uint64_t>::max();
  if (is_limited && elements > options.max_bytes / element_bytes) {
    throw io_error(operation, file,
                   fmt::format("{}, {} elements of {} bytes in memory: expected at most {} bytes, as max_bytes says",
                               promise, elements, element_bytes, options.max_bytes));
  }
}

}  // namespace xgrad::data
