#pragma once

#include <functional>
#include <string>
#include <vector>

#include "xgrad/tensor.hpp"

/// What the rules of planning are tested with; src/planning/simplify.hpp has the rules.
namespace xgrad::test {

/// An expression that a rule replaces, what by, and its value worked out without the library.
struct Applies {
  std::string rule;
  std::string title;
  std::function<Tensor()> expression;
  std::string operations;  ///< of the result, inputs before users
  std::vector<double> value;
  bool constants_fixed = false;
};

/// An expression that looks alike.
struct NearMiss {
  std::string rule;
  std::string title;
  std::function<Tensor()> expression;
  bool constants_fixed = false;
};

[[nodiscard]] std::vector<Applies> applies();
[[nodiscard]] std::vector<NearMiss> near_misses();

}  // namespace xgrad::test
