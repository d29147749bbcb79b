// pixel_shuffle: (…, C r², H, W) → (…, C, H r, W r), and back; reshape and permute.
#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/resample.hpp"

#include "graph/node.hpp"
#include "ops/pooling/window_rule.hpp"
#include "ops/rules.hpp"

namespace xgrad {

namespace {

void require_images(std::string_view operation, const Tensor& x, std::int64_t r) {
  if (ops::require_defined(operation, x).rank() < 3) {
    throw ShapeError(fmt::format("[{}] found {}; expected (…, channels, height, width)", operation, graph::label(x)));
  }
  constexpr std::int64_t most = 1 << 20;  // so that r² is a number
  if (r < 1 || r > most) {
    throw ValueError(fmt::format("[{}] found a factor of {}; expected 1 to {}", operation, r, most));
  }
}

}  // namespace

Tensor pixel_shuffle(const Tensor& x, std::int64_t r) {
  require_images("pixel_shuffle", x, r);
  const std::int64_t channels = x.dim(-3);
  const std::int64_t height = x.dim(-2);
  const std::int64_t width = x.dim(-1);
  if (channels % (r * r) != 0) {
    throw ShapeError(fmt::format("[pixel_shuffle] found {} with {} channels; expected a multiple of {}",
                                 graph::label(x), channels, r * r));
  }
  const std::int64_t planes = ops::planes_of(x.shape(), 3);
  const Tensor parts = reshape(x, {planes, channels / (r * r), r, r, height, width});
  return reshape(permute(parts, {0, 1, 4, 2, 5, 3}),
                 ops::with_spatial(x.shape(), {channels / (r * r), height * r, width * r}));
}

Tensor pixel_unshuffle(const Tensor& x, std::int64_t r) {
  require_images("pixel_unshuffle", x, r);
  const std::int64_t channels = x.dim(-3);
  const std::int64_t height = x.dim(-2);
  const std::int64_t width = x.dim(-1);
  if (height % r != 0 || width % r != 0) {
    throw ShapeError(fmt::format("[pixel_unshuffle] found {}; expected a height and a width that are multiples of {}",
                                 graph::label(x), r));
  }
  const std::int64_t planes = ops::planes_of(x.shape(), 3);
  const Tensor parts = reshape(x, {planes, channels, height / r, r, width / r, r});
  return reshape(permute(parts, {0, 1, 3, 5, 2, 4}),
                 ops::with_spatial(x.shape(), {channels * r * r, height / r, width / r}));
}

}  // namespace xgrad
