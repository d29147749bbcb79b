// interp: (1 − t) fᵢ + t fᵢ₊₁ between neighbouring points, t = (x − xᵢ) / (xᵢ₊₁ − xᵢ) cut to [0, 1]. An operation finds
// i, all else is take and arithmetic, whose derivatives it has.
#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>

#include "xgrad/arrays.hpp"
#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

/// Per x the i with xpᵢ ≤ x < xpᵢ₊₁; before the first point 0, from the last one on that of the last interval.
class IntervalOperation final : public Operation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "interp"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 2; }
  [[nodiscard]] bool differentiable() const noexcept override { return false; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override { return {inputs[0].shape(), int64}; }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    dispatch_floating(inputs[0].dtype, [&]<class T>(std::type_identity<T>) {
      const T* x = inputs[0].as<T>();
      const T* points = inputs[1].as<T>();
      const std::int64_t count = inputs[1].shape.size();
      require_increasing(points, count);
      // The first and the last point bound no search: what lies beyond them belongs to the outer intervals.
      std::transform(x, x + output.shape.size(), output.as<std::int64_t>(),
                     [=](T value) { return count_up_to(value, points + 1, count - 2); });
    });
  }

 private:
  // Of the sorted points those that aren't larger; none for NaN. Always as many steps, and no jump that depends on a
  // point.
  template <class T>
  static std::int64_t count_up_to(T value, const T* points, std::int64_t count) {
    std::int64_t known = 0;
    while (count > 0) {
      const std::int64_t half = count - count / 2;
      known += static_cast<std::int64_t>(points[known + half - 1] <= value) * half;
      count -= half;
    }
    return known;
  }

  template <class T>
  static void require_increasing(const T* points, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      if (!std::isfinite(points[i])) {
        throw ValueError(fmt::format("[interp] element {} of xp is {}; expected finite numbers", i, points[i]));
      }
      if (i > 0 && points[i] <= points[i - 1]) {
        throw ValueError(fmt::format("[interp] element {} of xp is {}, after {}; expected larger ones", i, points[i],
                                     points[i - 1]));
      }
    }
  }
};

}  // namespace

Tensor interp(const Tensor& x, const Tensor& xp, const Tensor& fp) {
  const std::array inputs{ops::require_defined("interp", x), ops::require_defined("interp", xp),
                          ops::require_defined("interp", fp)};
  static_cast<void>(ops::require_floating("interp", inputs));
  if (xp.rank() != 1 || xp.shape() != fp.shape() || xp.size() < 2) {
    throw ShapeError(fmt::format("[interp] points {} and {}; expected vectors of equal length, two or more",
                                 graph::label(xp), graph::label(fp)));
  }
  static const auto interval = std::make_shared<const IntervalOperation>();
  const Tensor left = apply(interval, {x, xp});
  const Tensor right = left + 1;
  const Tensor from = take(xp, left);
  const Tensor t = clip((x - from) / (take(xp, right) - from), 0, 1);
  // At a point the weight of the other one is 0, and so is its share, though it be infinite.
  return chain_mul(1 - t, take(fp, left)) + chain_mul(t, take(fp, right));
}

}  // namespace xgrad
