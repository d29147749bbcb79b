#include <array>

#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"

#include "compile/rules/rules.hpp"

namespace xgrad::planning::rules {

namespace {

// log σ(x) without the underflow of σ.
Tensor log_of_sigmoid(const graph::Node& node, const Facts& /*facts*/) {
  return kind_of(node) == Kind::log && kind_of(input_node(node, 0)) == Kind::sigmoid
             ? log_sigmoid(input(input_node(node, 0), 0))
             : Tensor{};
}

// log(1 − σ(x)) = log σ(−x), without the cancellation of 1 − σ.
Tensor log_of_complement(const graph::Node& node, const Facts& /*facts*/) {
  if (kind_of(node) != Kind::log || kind_of(input_node(node, 0)) != Kind::sub) {
    return {};
  }
  const graph::Node& difference = input_node(node, 0);
  return is_number(input_node(difference, 0), 1) && kind_of(input_node(difference, 1)) == Kind::sigmoid
             ? log_sigmoid(-input(input_node(difference, 1), 0))
             : Tensor{};
}

// log softmax(x) without its underflow, along one axis.
Tensor log_of_softmax(const graph::Node& node, const Facts& /*facts*/) {
  if (kind_of(node) != Kind::log || kind_of(input_node(node, 0)) != Kind::softmax) {
    return {};
  }
  const graph::Node& softmax = input_node(node, 0);
  const auto axes = integers(*softmax.operation, "axes");
  return axes.size() == 1 ? log_softmax(input(softmax, 0), axes[0]) : Tensor{};
}

// log Σ e^x without its overflow.
Tensor log_of_sum_of_exponentials(const graph::Node& node, const Facts& /*facts*/) {
  if (kind_of(node) != Kind::log || kind_of(input_node(node, 0)) != Kind::sum) {
    return {};
  }
  const graph::Node& sum = input_node(node, 0);
  if (kind_of(input_node(sum, 0)) != Kind::exp) {
    return {};
  }
  const auto axes = integers(*sum.operation, "axes");
  const bool adjacent = !axes.empty() && axes.back() - axes.front() + 1 == static_cast<std::int64_t>(axes.size());
  return adjacent ? logsumexp(input(input_node(sum, 0), 0), Axes{axes}, flag(*sum.operation, "keep_dims")) : Tensor{};
}

// log(1 + x) without the rounding of 1 + x.
Tensor log_of_one_more(const graph::Node& node, const Facts& /*facts*/) {
  if (kind_of(node) != Kind::log || kind_of(input_node(node, 0)) != Kind::add) {
    return {};
  }
  const graph::Node& sum = input_node(node, 0);
  if (is_number(input_node(sum, 0), 1)) {
    return log1p(input(sum, 1));
  }
  return is_number(input_node(sum, 1), 1) ? log1p(input(sum, 0)) : Tensor{};
}

// e^x − 1 without its cancellation.
Tensor exponential_less_one(const graph::Node& node, const Facts& /*facts*/) {
  return kind_of(node) == Kind::sub && kind_of(input_node(node, 0)) == Kind::exp && is_number(input_node(node, 1), 1)
             ? expm1(input(input_node(node, 0), 0))
             : Tensor{};
}

}  // namespace

std::span<const Rule> stable_forms() {
  static constexpr std::array<Rule, 6> list{{
      {"log of sigmoid", log_of_sigmoid},
      {"log of one minus sigmoid", log_of_complement},
      {"log of softmax", log_of_softmax},
      {"log of a sum of exponentials", log_of_sum_of_exponentials},
      {"log of one plus", log_of_one_more},
      {"exponential minus one", exponential_less_one},
  }};
  return list;
}

}  // namespace xgrad::planning::rules
