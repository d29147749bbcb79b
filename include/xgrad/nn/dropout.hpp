#pragma once

#include <array>
#include <string_view>

#include "xgrad/export.hpp"
#include "xgrad/nn/mode.hpp"
#include "xgrad/random.hpp"
#include "xgrad/state.hpp"
#include "xgrad/tensor.hpp"

namespace xgrad::nn {

/// Dropout (Srivastava et al., JMLR 15, 2014), inverted: y = x ⊙ m / (1 − p) with each element of m being 0 with
/// probability p, else 1, so that the mean of y is x. In inference y = x. Every call draws another m, inside compile()
/// too.
class XGRAD_API Dropout {
 public:
  double p;      ///< of an element being dropped
  State random;  ///< where the masks come from; see Random::state()
  Mode mode = Mode::training;
  static constexpr std::array<std::string_view, 3> field_names{"p", "random", "mode"};

  /// Splits a generator of its own off. Throws ValueError unless 0 ≤ p ≤ 1.
  Dropout(double probability, Random& source);

  /// float32, float64.
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

}  // namespace xgrad::nn
