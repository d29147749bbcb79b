#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "xgrad/error.hpp"
#include "xgrad/files.hpp"

namespace xgrad::data {

/// "[operation] file: what".
[[nodiscard]] IoError io_error(std::string_view operation, const std::filesystem::path& file, const std::string& what);

/// The content of a file from its beginning to its end, decompressed if it is gzip.
class ByteSource {
 public:
  ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  virtual ~ByteSource();

  /// Fills `out`, or as much of it as there is: fewer than out.size() bytes only at the end. The end of gzip data is
  /// reached only with its checksum right and nothing behind it. Throws IoError.
  [[nodiscard]] virtual std::size_t read(std::span<unsigned char> out) = 0;
};

/// Gzip is told by its first two bytes. Throws IoError that names `operation` and the file, if it isn't a regular file,
/// can't be read, or is called .gz and isn't gzip.
[[nodiscard]] std::unique_ptr<ByteSource> open_bytes(const std::filesystem::path& file, std::string_view operation);

/// Bytes in pieces, so that they grow without being copied and go piece by piece. Every piece but the last is a
/// multiple of 64 long.
class Bytes {
 public:
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] const std::vector<std::vector<unsigned char>>& pieces() const noexcept { return pieces_; }
  void append(std::vector<unsigned char> piece) {
    size_ += piece.size();
    pieces_.push_back(std::move(piece));
  }
  /// Calls `use(std::span<const unsigned char>)` with each piece in turn, and frees it.
  template <class Use>
  void consume(const Use& use) {
    for (std::vector<unsigned char>& piece : pieces_) {
      use(std::span<const unsigned char>{piece});
      piece = {};
    }
    pieces_.clear();
    size_ = 0;
  }

 private:
  std::vector<std::vector<unsigned char>> pieces_;
  std::uint64_t size_ = 0;
};

/// The next `count` bytes, or as many of them as there are. Memory is taken as they arrive: at most 1 MiB more than
/// twice the bytes so far.
[[nodiscard]] Bytes read_bytes(ByteSource& source, std::uint64_t count);

/// Throws IoError if an array of this many elements, at `element_bytes` each in memory, would be over the limit.
/// `promise` is the header's statement, for the error.
void require_within(const ReadOptions& options, std::uint64_t elements, std::size_t element_bytes,
                    std::string_view operation, const std::filesystem::path& file, std::string_view promise);

}  // namespace xgrad::data
