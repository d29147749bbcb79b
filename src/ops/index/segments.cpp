#include "ops/index/segments.hpp"

#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/index.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"

namespace xgrad::ops {

void require_segments(std::string_view operation, const Tensor& x, const Tensor& segments, std::int64_t count) {
  require_dtype(operation, require_defined(operation, segments), int64);
  if (require_defined(operation, x).rank() == 0 || segments.shape() != Shape{x.shape()[0]}) {
    throw ShapeError(fmt::format("[{}] {} with segments {}; expected x (n, …) and segments (n,)", operation,
                                 graph::label(x), graph::label(segments)));
  }
  if (count < 0) {
    throw ShapeError(fmt::format("[{}] {} segments; expected 0 or more", operation, count));
  }
}

run::Segments SegmentOperation::segments_of(std::span<const ConstArray> inputs) const noexcept {
  const run::AxisView rows = run::view_along(inputs[0].shape, 0);
  return {name(), inputs[1].as<std::int64_t>(), rows.length, rows.inner, count_};
}

Tensor SegmentOperation::of_rows(const Call& call, const Tensor& s) const {
  return take(s, call.inputs[1], 0);
}

}  // namespace xgrad::ops
