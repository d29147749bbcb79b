#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "xgrad/derive.hpp"

/// A derivation's equations as lines of text.
namespace xgrad::test {

using Lines = std::vector<std::string>;

/// "left = right".
inline Lines lines_of(const std::vector<Equation>& equations) {
  Lines lines;
  std::transform(equations.begin(), equations.end(), std::back_inserter(lines),
                 [](const Equation& equation) { return equation.left + " = " + equation.right; });
  return lines;
}

}  // namespace xgrad::test
