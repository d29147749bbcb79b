#pragma once

#include <cmath>
#include <limits>
#include <string>

#include "xgrad/xgrad.hpp"

namespace xgrad::test {

inline constexpr double inf = std::numeric_limits<double>::infinity();
inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

inline Tensor named(const NestedList& values, const std::string& name, DType dtype = float32) {
  return tensor(values, dtype).named(name);
}

inline Tensor trained(const NestedList& values, const std::string& name, DType dtype = float32) {
  return variable(named(values, name, dtype));
}

inline bool same(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

}  // namespace xgrad::test
