#pragma once

#include <string_view>
#include <vector>

#include "ops/activations/activation.hpp"

namespace xgrad::ops {

/// min(max(x, low), high)        1 inside, 0 from the bounds on
struct Hardtanh {
  static constexpr std::string_view name = "hardtanh";
  static constexpr std::string_view slope_name = "hardtanh_slope";
  double low;
  double high;

  friend bool operator==(const Hardtanh&, const Hardtanh&) = default;
  [[nodiscard]] std::vector<Attribute> attributes() const { return {{"low", low}, {"high", high}}; }

  template <class T>
  [[nodiscard]] T value(T x) const noexcept {
    const T lowest = static_cast<T>(low);
    const T highest = static_cast<T>(high);
    const T raised = x < lowest ? lowest : x;
    return raised > highest ? highest : raised;
  }
  template <class T>
  [[nodiscard]] T slope(T x) const noexcept {
    const T outside = x == x ? T{0} : x;
    const T below_high = x < static_cast<T>(high) ? T{1} : outside;
    return x > static_cast<T>(low) ? below_high : outside;
  }
};

}  // namespace xgrad::ops
