#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "xgrad/files.hpp"

#include "files/byte_source.hpp"

namespace xgrad::data {

/// An IDX file of unsigned bytes: 0, 0, 0x08, the number of axes; each axis' length as a big-endian uint32; the
/// elements, row-major.
struct IdxFile {
  std::vector<std::int64_t> dims;
  Bytes elements;  ///< as many as the product of dims
};

/// Plain or gzipped. Throws IoError that names `operation` and the file for anything that isn't one whole IDX file and
/// nothing more. Memory is taken as data arrives, not as the header promises it: a byte per element. The limit is for
/// `element_bytes` per element, which the array made of the file takes; the header is checked against it before any
/// element is read. `rank` is the only number of axes allowed, or 0 for any; another is a wrong magic number.
[[nodiscard]] IdxFile read_idx_file(const std::filesystem::path& file, std::string_view operation, std::size_t rank,
                                    std::size_t element_bytes, const ReadOptions& options);

}  // namespace xgrad::data
