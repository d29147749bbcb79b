#include <array>

#include "xgrad/math.hpp"

#include "planning/rules/rules.hpp"

namespace xgrad::planning::rules {

namespace {

// bind(x) = stop_gradient(x) = x, cast to x's own dtype: the value is all that counts here.
Tensor no_operation(const graph::Node& node, const Facts& /*facts*/) {
  const Algebra algebra = algebra_of(node);
  const bool plain_cast = algebra == Algebra::cast && input_node(node, 0).dtype == node.dtype;
  return algebra == Algebra::bind || algebra == Algebra::stop_gradient || plain_cast ? input(node, 0) : Tensor{};
}

// x · 1 = 1 · x = x / 1 = x
Tensor times_one(const graph::Node& node, const Facts& /*facts*/) {
  const Algebra algebra = algebra_of(node);
  if (algebra != Algebra::mul && algebra != Algebra::div) {
    return {};
  }
  if (is_number(input_node(node, 1), 1)) {
    return input(node, 0);
  }
  return algebra == Algebra::mul && is_number(input_node(node, 0), 1) ? input(node, 1) : Tensor{};
}

// x · (−1) = (−1) · x = x / (−1) = −x
Tensor times_minus_one(const graph::Node& node, const Facts& /*facts*/) {
  const Algebra algebra = algebra_of(node);
  if (algebra != Algebra::mul && algebra != Algebra::div) {
    return {};
  }
  if (is_number(input_node(node, 1), -1)) {
    return -input(node, 0);
  }
  return algebra == Algebra::mul && is_number(input_node(node, 0), -1) ? -input(node, 1) : Tensor{};
}

// x − 0 = x. (x + 0 isn't, for x = −0.)
Tensor minus_zero(const graph::Node& node, const Facts& /*facts*/) {
  return algebra_of(node) == Algebra::sub && is_number(input_node(node, 1), 0) ? input(node, 0) : Tensor{};
}

// −(−x) = x
Tensor double_negation(const graph::Node& node, const Facts& /*facts*/) {
  return algebra_of(node) == Algebra::neg && algebra_of(input_node(node, 0)) == Algebra::neg
             ? input(input_node(node, 0), 0)
             : Tensor{};
}

// a + (−b) = (−b) + a = a − b;  a − (−b) = a + b
Tensor signs_of_terms(const graph::Node& node, const Facts& /*facts*/) {
  const Algebra algebra = algebra_of(node);
  if (algebra != Algebra::add && algebra != Algebra::sub) {
    return {};
  }
  const graph::Node& a = input_node(node, 0);
  const graph::Node& b = input_node(node, 1);
  if (algebra_of(b) == Algebra::neg) {
    return algebra == Algebra::add ? input(node, 0) - input(b, 0) : input(node, 0) + input(b, 0);
  }
  return algebra == Algebra::add && algebra_of(a) == Algebra::neg ? input(node, 1) - input(a, 0) : Tensor{};
}

// (−a) (−b) = a b, and the same with /
Tensor signs_of_factors(const graph::Node& node, const Facts& /*facts*/) {
  const Algebra algebra = algebra_of(node);
  if ((algebra != Algebra::mul && algebra != Algebra::div) || algebra_of(input_node(node, 0)) != Algebra::neg ||
      algebra_of(input_node(node, 1)) != Algebra::neg) {
    return {};
  }
  const Tensor a = input(input_node(node, 0), 0);
  const Tensor b = input(input_node(node, 1), 0);
  return algebra == Algebra::mul ? a * b : a / b;
}

// c ? x : x = x
Tensor same_branches(const graph::Node& node, const Facts& /*facts*/) {
  return algebra_of(node) == Algebra::where && node.inputs()[1] == node.inputs()[2] ? input(node, 1) : Tensor{};
}

}  // namespace

std::span<const Rule> identities() {
  static constexpr std::array<Rule, 8> list{{
      {"no operation", no_operation},
      {"times one", times_one},
      {"times minus one", times_minus_one},
      {"minus zero", minus_zero},
      {"double negation", double_negation},
      {"signs of terms", signs_of_terms},
      {"signs of factors", signs_of_factors},
      {"same branches", same_branches},
  }};
  return list;
}

}  // namespace xgrad::planning::rules
