#include <algorithm>
#include <charconv>
#include <cstddef>
#include <fmt/format.h>
#include <string_view>
#include <vector>

#include "xgrad/error.hpp"

#include "data/dataset.hpp"
#include "data/embedded.hpp"
#include "graph/node.hpp"

namespace xgrad::data {
namespace {

constexpr std::size_t pixels = 64;
constexpr int largest_pixel = 16;
constexpr int classes = 10;

struct Parsed {
  std::vector<int> pixels;
  std::vector<int> labels;
};

/// Lines of 64 pixels and a label, with commas between and a line feed after each.
Parsed parse(std::string_view csv) {
  Parsed parsed;
  const char* at = csv.data();
  const char* const end = at + csv.size();
  while (at != end) {
    for (std::size_t column = 0; column <= pixels; ++column) {
      const bool is_label = column == pixels;
      int value = 0;
      const auto [stop, error] = std::from_chars(at, end, value);
      const bool in_range = value >= 0 && (is_label ? value < classes : value <= largest_pixel);
      if (error != std::errc{} || !in_range || stop == end || *stop != (is_label ? '\n' : ',')) {
        throw IoError(fmt::format("[digits] the data built into the library is damaged: line {}, column {}",
                                  parsed.labels.size() + 1, column + 1));
      }
      (is_label ? parsed.labels : parsed.pixels).push_back(value);
      at = stop + 1;
    }
  }
  return parsed;
}

template <class T>
void scale(const std::vector<int>& values, T* out) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    out[i] = static_cast<T>(values[i]) / T{largest_pixel};
  }
}

}  // namespace

TrainTest digits(const DigitsOptions& options) {
  require_floating(options.dtype, "digits");
  const Parsed parsed = parse(digits_csv());
  const auto count = static_cast<std::int64_t>(parsed.labels.size());
  const auto images = graph::make_uninitialised({count, static_cast<std::int64_t>(pixels)}, options.dtype);
  if (options.dtype == float32) {
    scale(parsed.pixels, images.array.as<float>());
  } else {
    scale(parsed.pixels, images.array.as<double>());
  }
  const auto labels = graph::make_uninitialised({count}, int64);
  std::copy(parsed.labels.begin(), parsed.labels.end(), labels.array.as<std::int64_t>());
  return split(dataset(images.tensor, labels.tensor, classes), options.test_fraction, options.seed, "digits");
}

}  // namespace xgrad::data
