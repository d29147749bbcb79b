#include <algorithm>
#include <array>
#include <cstddef>
#include <fmt/format.h>
#include <string>
#include <system_error>

#include "data/byte_source.hpp"
#include "data/dataset.hpp"
#include "data/idx.hpp"
#include "graph/node.hpp"

namespace xgrad::data {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view operation = "mnist";
constexpr int classes = 10;
constexpr int largest_pixel = 255;

/// One file, from whichever of name and name.gz is there.
struct Part {
  fs::path file;
  IdxFile idx;
};

Part read_part(const fs::path& folder, const std::string& name, std::size_t rank) {
  std::error_code ignored;
  fs::path file = folder / name;
  if (!fs::exists(file, ignored)) {
    file += ".gz";
    if (!fs::exists(file, ignored)) {
      throw io_error(operation, folder / name, "no such file, nor with .gz");
    }
  }
  IdxFile idx = read_idx_file(file, operation);
  if (idx.dims.size() != rank) {
    throw io_error(operation, file, fmt::format("{} axes: expected {}", idx.dims.size(), rank));
  }
  return {std::move(file), std::move(idx)};
}

template <class T>
void scale(const std::vector<unsigned char>& pixels, T* out) {
  std::array<T, largest_pixel + 1> scaled{};
  for (std::size_t value = 0; value < scaled.size(); ++value) {
    scaled[value] = static_cast<T>(value) / T{largest_pixel};
  }
  std::transform(pixels.begin(), pixels.end(), out, [&scaled](unsigned char pixel) { return scaled[pixel]; });
}

Tensor read_labels(const Part& part) {
  const auto& labels = part.idx.elements;
  const auto wrong = std::find_if(labels.begin(), labels.end(), [](unsigned char label) { return label >= classes; });
  if (wrong != labels.end()) {
    throw io_error(operation, part.file,
                   fmt::format("label {} of sample {}: expected 0 to {}", *wrong, wrong - labels.begin(), classes - 1));
  }
  const auto result = graph::make_uninitialised({part.idx.dims[0]}, int64);
  std::copy(labels.begin(), labels.end(), result.array.as<std::int64_t>());
  return result.tensor;
}

/// The images and labels whose files begin with `prefix`, each image of the size `image`, if that is known already.
Dataset read_half(const fs::path& folder, const std::string& prefix, DType dtype, std::vector<std::int64_t>& image) {
  const Part labels = read_part(folder, prefix + "-labels-idx1-ubyte", 1);
  const Part images = read_part(folder, prefix + "-images-idx3-ubyte", 3);
  const auto& dims = images.idx.dims;
  if (dims[0] != labels.idx.dims[0]) {
    throw io_error(operation, images.file,
                   fmt::format("{} images, but {} labels in {}", dims[0], labels.idx.dims[0], labels.file.string()));
  }
  if (images.idx.elements.empty()) {
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

TrainTest mnist(const std::string& folder, DType dtype) {
  require_floating(dtype, operation);
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    throw io_error(operation, folder, fs::exists(folder, error) ? "isn't a folder" : "no such folder");
  }
  std::vector<std::int64_t> image;
  Dataset train = read_half(folder, "train", dtype, image);
  Dataset test = read_half(folder, "t10k", dtype, image);
  return {std::move(train), std::move(test)};
}

}  // namespace xgrad::data
