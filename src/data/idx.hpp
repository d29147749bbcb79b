#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

namespace xgrad::data {

/// An IDX file of unsigned bytes: 0, 0, 0x08, the number of axes; each axis' length as a big-endian uint32; the
/// elements, row-major.
struct IdxFile {
  std::vector<std::int64_t> dims;
  std::vector<unsigned char> elements;  ///< as many as the product of dims
};

/// Plain or gzipped. Throws IoError that names `operation` and the file for anything that isn't one whole IDX file and
/// nothing more. Memory is taken as data arrives, not as the header promises it.
[[nodiscard]] IdxFile read_idx_file(const std::filesystem::path& file, std::string_view operation);

}  // namespace xgrad::data
