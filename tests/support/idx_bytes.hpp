#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>
#include <zlib.h>

/// The header of an IDX file as the format's description has it: 0, 0, type, rank, then big-endian lengths.
inline std::string idx_header(const std::vector<std::uint32_t>& dims, unsigned char type = 0x08) {
  std::string header{'\0', '\0', static_cast<char>(type), static_cast<char>(dims.size())};
  for (const std::uint32_t length : dims) {
    for (const unsigned shift : {24U, 16U, 8U, 0U}) {
      header += static_cast<char>(length >> shift & 0xffU);
    }
  }
  return header;
}

/// `count` bytes without a pattern (a linear congruential generator's high bits), so that gzip can't shrink them.
inline std::string noise_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  std::uint64_t state = 12345;
  for (char& byte : bytes) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    byte = static_cast<char>(state >> 56U);
  }
  return bytes;
}

/// One gzip member.
inline std::string gzip(std::string bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("deflateInit2 failed");
  }
  std::string packed(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int status = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) {
    throw std::runtime_error("deflate failed");
  }
  return packed;
}
