// arange, linspace: leaves of evenly spaced numbers, each computed in float64 from its index.
#include <cmath>
#include <fmt/format.h>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"

#include "graph/node.hpp"
#include "ops/create/element.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

template <class F>
Tensor indexed(std::string_view operation, std::int64_t count, DType dtype, F value) {
  auto [result, array] = graph::make_uninitialised(Shape{count}, dtype);
  dispatch(dtype, [&, &memory = array]<class T>(std::type_identity<T>) {
    T* out = memory.template as<T>();
    for (std::int64_t i = 0; i < count; ++i) {
      out[i] = ops::element<T>(operation, value(i));
    }
  });
  return std::move(result);
}

}  // namespace

Tensor arange(double start, double stop, double step, DType dtype) {
  if (!std::isfinite(start) || !std::isfinite(stop) || !std::isfinite(step) || step == 0) {
    throw ValueError(fmt::format(
        "[arange] from {} to {} in steps of {}; expected finite numbers and a step that isn't 0", start, stop, step));
  }
  const double count = std::max(0.0, std::ceil((stop - start) / step));
  if (!(count < 0x1p53)) {
    throw ValueError(
        fmt::format("[arange] from {} to {} in steps of {} are more than 2^53 numbers", start, stop, step));
  }
  return indexed("arange", static_cast<std::int64_t>(count), dtype,
                 [=](std::int64_t i) { return start + static_cast<double>(i) * step; });
}

Tensor arange(double stop) {
  return arange(0, stop);
}

Tensor linspace(double start, double stop, std::int64_t count, DType dtype) {
  if (count < 0) {
    throw ValueError(fmt::format("[linspace] {} numbers; expected 0 or more", count));
  }
  const double last = static_cast<double>(count - 1);
  return indexed("linspace", count, dtype, [=](std::int64_t i) {
    const double position = static_cast<double>(i);
    return i + 1 == count && i > 0 ? stop : start + position * ((stop - start) / (last > 0 ? last : 1));
  });
}

}  // namespace xgrad
