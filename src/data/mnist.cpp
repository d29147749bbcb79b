#include <algorithm>
#include <array>
#include <cstddef>
#include <fmt/format.h>
#include <span>
#include <string>
#include <system_error>

#include "data/dataset.hpp"
#include "files/byte_source.hpp"
#include "files/idx.hpp"
#include "graph/node.hpp"

namespace xgrad::data {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view operation = "mnist";
constexpr int classes = 10;
constexpr int largest_pixel = 255;

/// One file of the four.
struct Part {
  fs::path file;
  IdxFile idx;
};

/// The file "train-images-idx3-ubyte" or the like: with a dot before "idx", as some archives have it, with .gz, with
/// both, or as it is, in the opposite order.
fs::path find_part(const fs::path& folder, const std::string& beginning, std::size_t rank) {
  const std::string ending = fmt::format("idx{}-ubyte", rank);
  const fs::path plain = folder / fmt::format("{}-{}", beginning, ending);
  for (const fs::path& file : {plain, folder / fmt::format("{}.{}", beginning, ending)}) {
    for (const char* packed : {"", ".gz"}) {
      std::error_code ignored;
      fs::path candidate = file;
      candidate += packed;
      if (fs::exists(candidate, ignored)) {
        return candidate;
      }
    }
  }
  throw io_error(operation, plain, fmt::format("no such file, nor with .gz, nor {}.{}", beginning, ending));
}

/// Its bytes are read for elements of this many bytes.
Part read_part(const fs::path& folder, const std::string& beginning, std::size_t rank, std::size_t element_bytes,
               const ReadOptions& options) {
  fs::path file = find_part(folder, beginning, rank);
  IdxFile idx = read_idx_file(file, operation, rank, element_bytes, options);
  return {std::move(file), std::move(idx)};
}

template <class T>
void scale(Bytes& pixels, T* out) {
  std::array<T, largest_pixel + 1> scaled{};
  for (std::size_t value = 0; value < scaled.size(); ++value) {
    scaled[value] = static_cast<T>(value) / T{largest_pixel};
  }
  pixels.consume([&](std::span<const unsigned char> piece) {
    out = std::transform(piece.begin(), piece.end(), out, [&scaled](unsigned char pixel) { return scaled[pixel]; });
  });
}

Tensor read_labels(Part& part) {
  const auto result = graph::make_uninitialised({part.idx.dims[0]}, int64);
  std::int64_t* const begin = result.array.as<std::int64_t>();
  std::int64_t* end = begin;
  part.idx.elements.consume(
      [&end](std::span<const unsigned char> piece) { end = std::copy(piece.begin(), piece.end(), end); });
  const auto* const wrong = std::find_if(begin, end, [](std::int64_t label) { return label >= classes; });
  if (wrong != end) {
    throw io_error(operation, part.file,
                   fmt::format("label {} of sample {}: expected 0 to {}", *wrong, wrong - begin, classes - 1));
  }
  return result.tensor;
}

/// The images and labels whose files begin with `prefix`, each image of the size `image`, if that is known already.
Dataset read_half(const fs::path& folder, const std::string& prefix, DType dtype, const ReadOptions& options,
                  std::vector<std::int64_t>& image) {
  Part labels = read_part(folder, prefix + "-labels", 1, sizeof(std::int64_t), options);
  Part images = read_part(folder, prefix + "-images", 3, size_of(dtype), options);
  const auto& dims = images.idx.dims;
  if (dims[0] != labels.idx.dims[0]) {
    throw io_error(operation, images.file,
                   fmt::format("{} images, but {} labels in {}", dims[0], labels.idx.dims[0], labels.file.string()));
  }
  if (images.idx.elements.size() == 0) {
    throw io_error(operation, images.file,
                   fmt::format("{} images of {}×{}: expected at least one pixel", dims[0], dims[1], dims[2]));
  }
  if (image.empty()) {
    image.assign(dims.begin() + 1, dims.end());
  }
  if (dims[1] != image[0] || dims[2] != image[1]) {
    throw io_error(
        operation, images.file,
        fmt::format("images of {}×{}: expected {}×{}, as in the training part", dims[1], dims[2], image[0], image[1]));
  }
  const auto inputs = graph::make_uninitialised({dims[0], dims[1] * dims[2]}, dtype);
  if (dtype == float32) {
    scale(images.idx.elements, inputs.array.as<float>());
  } else {
    scale(images.idx.elements, inputs.array.as<double>());
  }
  return dataset(inputs.tensor, read_labels(labels), classes);
}

}  // namespace

TrainTest mnist(const std::string& folder, DType dtype, const ReadOptions& options) {
  require_floating(dtype, operation);
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    throw io_error(operation, folder, fs::exists(folder, error) ? "isn't a folder" : "no such folder");
  }
  std::vector<std::int64_t> image;
  Dataset train = read_half(folder, "train", dtype, options, image);
  Dataset test = read_half(folder, "t10k", dtype, options, image);
  return {std::move(train), std::move(test)};
}

}  // namespace xgrad::data
