#pragma once

#include <string_view>
#include <vector>

#include "xgrad/operation.hpp"
#include "xgrad/reduce.hpp"

#include "run/reductions/normalize.hpp"

namespace xgrad::ops {

/// The base of normalisations and of their deviations: axes that make a NormalizedView, sorted; and ε.
class AlongAxes : public Operation {
 public:
  AlongAxes(std::vector<std::size_t> axes, double epsilon) : axes_{std::move(axes)}, epsilon_{epsilon} {}

  [[nodiscard]] std::vector<Attribute> attributes() const final {
    return {{"axes", signed_axes().values()}, {"epsilon", epsilon_}};
  }
  [[nodiscard]] unsigned input_count() const noexcept final { return 1; }
  [[nodiscard]] bool may_throw() const noexcept final { return false; }

 protected:
  [[nodiscard]] const std::vector<std::size_t>& axes() const noexcept { return axes_; }
  [[nodiscard]] Axes signed_axes() const { return Axes{std::vector<std::int64_t>(axes_.begin(), axes_.end())}; }
  [[nodiscard]] double epsilon() const noexcept { return epsilon_; }
  [[nodiscard]] run::NormalizedView view_of(const Shape& shape) const {
    return run::normalized_view(shape, axes_).value_or(run::NormalizedView{});
  }
  /// mean(t) along the axes, which stay; t itself if there are none.
  [[nodiscard]] Tensor mean_of(const Tensor& t) const { return axes_.empty() ? t : mean(t, signed_axes(), true); }

 private:
  std::vector<std::size_t> axes_;
  double epsilon_;
};

/// x, and the axes of it. If they are too far apart for a NormalizedView, they have been moved to the end.
struct NormalizedInput {
  Tensor x;
  std::vector<std::size_t> axes;
  std::vector<std::int64_t> order = {};  ///< axis i of x was this one; empty if none was moved
};

/// Throws ValueError, ShapeError, DTypeError.
[[nodiscard]] NormalizedInput normalized_input(std::string_view operation, const Tensor& x, const Axes& axes,
                                               double epsilon);

/// (g − mean(g) − mean(g ⊙ n) ⊙ n) / d with the means along axes (sorted), without mean(g) unless `centred`, as a node
/// of a plan: what normalize's derivative is made of, in one step. `d` has length 1 along the axes. As there a
/// cotangent of 0 stays 0. Undefined where one pass is no faster: if elements along the axes aren't neighbours.
[[nodiscard]] Tensor normalize_adjoint(const Tensor& g, const Tensor& n, const Tensor& d,
                                       const std::vector<std::size_t>& axes, bool centred);
/// Σ g ⊙ n along axes (sorted), which are dropped or stay, as a node of a plan: what a scale's derivative is, in one
/// step. g and n have one shape; a g of 0 gives 0. Undefined where one pass is no faster: if the axes are the first or
/// the last ones, or elements along them aren't neighbours.
[[nodiscard]] Tensor sum_of_products(const Tensor& g, const Tensor& n, const std::vector<std::size_t>& axes,
                                     bool keep_dims);

}  // namespace xgrad::ops
