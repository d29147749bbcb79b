#pragma once

#include <string_view>
#include <vector>

#include "ops/activations/activation.hpp"

namespace xgrad::ops {

/// What is 0 for |x| ≤ λ, and has the slope 1 elsewhere.
struct Shrink {
  double lambda;

  friend bool operator==(const Shrink&, const Shrink&) = default;
  [[nodiscard]] std::vector<Attribute> attributes() const { return {{"lambda", lambda}}; }

  /// `inside` for |x| ≤ λ, else `outside`.
  template <class T>
  [[nodiscard]] T choice(T x, T inside, T outside) const noexcept {
    const T threshold = static_cast<T>(lambda);
    const T at_most = x <= threshold ? inside : outside;
    return x >= -threshold ? at_most : outside;
  }
  template <class T>
  [[nodiscard]] T slope(T x) const noexcept {
    return choice(x, T{0}, x == x ? T{1} : x);
  }
};

/// Throws ValueError unless λ is finite and at least 0.
void require_threshold(std::string_view operation, double lambda);

}  // namespace xgrad::ops
