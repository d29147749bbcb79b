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

  template <class T>
  [[nodiscard]] bool is_inside(T x) const noexcept {
    const T threshold = static_cast<T>(lambda);
    return x >= -threshold && x <= threshold;
  }
  template <class T>
  [[nodiscard]] T slope(T x) const noexcept {
    const T outside = x == x ? T{1} : x;
    return is_inside(x) ? T{0} : outside;
  }
};

/// Throws ValueError unless λ is finite and at least 0.
void require_threshold(std::string_view operation, double lambda);

}  // namespace xgrad::ops
