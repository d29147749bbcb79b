#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "xgrad/error.hpp"

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

/// The next `count` bytes, or as many of them as there are. Memory is taken as they arrive.
[[nodiscard]] std::vector<unsigned char> read_bytes(ByteSource& source, std::uint64_t count);

}  // namespace xgrad::data
