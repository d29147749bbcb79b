#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "xgrad/export.hpp"
#include "xgrad/tensor.hpp"

/// Arrays in files.
namespace xgrad::data {

/// A file of more bytes is refused by its header, before memory is taken for its elements: half a megabyte of gzip may
/// hold 600 MB of bytes, which are 4.8 GB as int64. While a file is read, its elements take as much memory as in the
/// file; it is freed as they are converted.
struct ReadOptions {
  std::uint64_t max_bytes = std::numeric_limits<std::uint64_t>::max();  ///< of the tensor, of each one of several files
};

/// One IDX file of unsigned bytes as it is, plain or gzipped: int64. Throws IoError.
[[nodiscard]] XGRAD_API Tensor read_idx(const std::string& file, const ReadOptions& options = {});

/// An array as NumPy's numpy.save writes it: format 1.0 to 3.0, plain or gzipped, either byte order, C or Fortran order
/// (read into row-major memory). f4 becomes float32, f8 float64, b1 bool, and signed integers and unsigned ones below
/// 64 bits int64. Throws IoError, naming the file, for any other type, more than Shape::max_rank axes, and whatever
/// isn't one whole array and nothing more.
[[nodiscard]] XGRAD_API Tensor read_npy(const std::string& file, const ReadOptions& options = {});

/// Format 1.0, little-endian, C order. Evaluates. The file is there as a whole or not at all, also after a kill or a
/// loss of power; one that was there before passes on its permissions and, where the process may, its owner. Throws
/// IoError, and then the file is what it was before.
XGRAD_API void write_npy(const std::string& file, const Tensor& tensor);

}  // namespace xgrad::data
