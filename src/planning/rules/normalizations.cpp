#include <array>
#include <optional>
#include <vector>

#include "ops/reduce/normalization.hpp"
#include "planning/rules/rules.hpp"

namespace xgrad::planning::rules {

namespace {

const graph::Node* input_if(const graph::Node& node, Algebra algebra, std::size_t i) {
  return algebra_of(node) == algebra ? &input_node(node, i) : nullptr;
}

/// mean(of) along axes, which stay.
struct KeptMean {
  const graph::Node* of;
  std::vector<std::size_t> axes;
};

std::optional<KeptMean> kept_mean(const graph::Node& node) {
  const graph::Node* const of = input_if(node, Algebra::mean, 0);
  if (of == nullptr || of->shape.rank() != node.shape.rank()) {
    return std::nullopt;
  }
  const std::vector<std::int64_t> axes = ops::integers(*node.operation, "axes");
  return KeptMean{of, {axes.begin(), axes.end()}};
}

// (g − mean(g) − mean(g ⊙ n) ⊙ n) / d, or without mean(g), as one step.
Tensor adjoint_of_normalization(const graph::Node& node, const Facts& facts) {
  const graph::Node* const residual = facts.only_run ? input_if(node, Algebra::chain_div, 0) : nullptr;
  const graph::Node* const along = residual == nullptr ? nullptr : input_if(*residual, Algebra::sub, 1);
  if (along == nullptr || algebra_of(*along) != Algebra::chain_mul || along->shape != node.shape) {
    return {};
  }
  const graph::Node& n = input_node(*along, 1);
  const std::optional<KeptMean> share = kept_mean(input_node(*along, 0));
  if (!share || n.shape != node.shape || algebra_of(*share->of) != Algebra::chain_mul ||
      &input_node(*share->of, 1) != &n || input_node(node, 1).shape != input_node(*along, 0).shape) {
    return {};
  }
  const graph::Node& g = input_node(*share->of, 0);
  const graph::Node& rest = input_node(*residual, 0);
  const bool centred = &rest != &g;
  if (centred) {
    const graph::Node* const first = input_if(rest, Algebra::sub, 0);
    const std::optional<KeptMean> mean = first == &g ? kept_mean(input_node(rest, 1)) : std::nullopt;
    if (!mean || mean->of != &g || mean->axes != share->axes) {
      return {};
    }
  }
  return g.shape == node.shape
             ? ops::normalize_adjoint(graph::handle(&g), graph::handle(&n), input(node, 1), share->axes, centred)
             : Tensor{};
}

// Σ g ⊙ n with a kept axis among those that are summed over, as one step: a pass could only end in sums over rows or
// columns.
Tensor sum_of_products(const graph::Node& node, const Facts& facts) {
  const graph::Node* const product = facts.only_run ? input_if(node, Algebra::sum, 0) : nullptr;
  if (product == nullptr || algebra_of(*product) != Algebra::chain_mul || !is_floating(node.dtype)) {
    return {};
  }
  const Tensor g = input(*product, 0);
  const Tensor n = input(*product, 1);
  if (g.shape() != n.shape()) {
    return {};
  }
  const std::vector<std::int64_t> axes = ops::integers(*node.operation, "axes");
  return ops::sum_of_products(g, n, {axes.begin(), axes.end()}, node.shape.rank() == g.rank());
}

}  // namespace

std::span<const Rule> normalizations() {
  static constexpr std::array<Rule, 2> list{
      {{"adjoint of a normalisation", adjoint_of_normalization}, {"sum of products", sum_of_products}}};
  return list;
}

}  // namespace xgrad::planning::rules
