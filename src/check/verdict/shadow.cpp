#include "check/verdict/shadow.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <utility>
#include <vector>

#include "xgrad/creation.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "check/entries/entries.hpp"
#include "check/verdict/agreement.hpp"
#include "check/verdict/disturbed.hpp"
#include "check/verdict/refusal.hpp"

namespace xgrad::check {

namespace {

bool is_floating_cast(const graph::Node& node) {
  return node.operation->algebra() == Algebra::cast && is_floating(node.dtype) && is_floating(node.inputs()[0]->dtype);
}

/// In a node of its own, which other users of x don't share.
Tensor cast_in_float64(const Tensor& x) {
  const Tensor any = cast(zeros({}, float32), float64);
  return graph::apply_as_written(any.node()->operation, {&x, 1});
}

Tensor call_in_float64(const graph::Node& node, std::span<const Tensor> inputs) {
  const std::string_view name = node.operation->name();
  const auto call = [&] { return graph::apply_as_written(node.operation, inputs); };
  if (node.operation->algebra() != Algebra::opaque) {
    return call();
  }
  Tensor made;
  if (const auto refusal = refusal_in([&] { made = call(); })) {
    throw NoShadow(fmt::format("{} refuses float64: {}", name, *refusal));
  }
  return made;
}

}  // namespace

Shadow::Shadow(std::span<const Tensor> tensors, Arithmetic arithmetic, Tensor seed)
    : arithmetic_{arithmetic},
      seed_{std::move(seed)},
      copy_{tensors, [this](const graph::Node& node, std::span<const Tensor> inputs) { return make(node, inputs); }} {}

Tensor Shadow::of(const Tensor& original) {
  const Tensor made = copy_.of(original);
  return made.node() == original.node() ? leaf(original) : made;
}

Tensor Shadow::leaf(const Tensor& original) {
  if (!is_floating(original.dtype())) {
    return original;
  }
  Tensor& known = leaves_[original.node()];
  if (!known.defined()) {
    known = variable(from_vector(as_doubles(original), original.shape()));
  }
  return known;
}

graph::Copy::Made Shadow::make(const graph::Node& node, std::span<const Tensor> given) {
  std::vector<Tensor> inputs;
  bool any_floating = false;
  for (std::size_t j = 0; j < given.size(); ++j) {
    const graph::Node* original = node.inputs()[j];
    Tensor input = given[j].node() == original ? leaf(given[j]) : given[j];
    if (is_floating_cast(node)) {
      return {cast_in_float64(input), {}};
    }
    if (is_floating(input.dtype())) {
      any_floating = true;
      // A disturbance decides no comparison.
      input = is_floating(node.dtype) || arithmetic_ == Arithmetic::rounded ? as_operand(input, original->dtype)
                                                                            : std::move(input);
    }
    inputs.push_back(std::move(input));
  }
  if (arithmetic_ == Arithmetic::disturbed &&
      (inputs.size() == 1 || node.operation->algebra() == Algebra::logistic_loss)) {
    inputs[0] = displaced(node, inputs[0]);
  }
  Tensor made = call_in_float64(node, inputs);
  if (arithmetic_ == Arithmetic::disturbed && node.operation->algebra() == Algebra::log_softmax) {
    // Near 0 it is log(1 + …), of which 1 leaves what is above epsilon; 0 itself can't be moved by a factor.
    const Tensor size = full(made.shape(), tolerance_of(node.dtype).epsilon, made.dtype());
    made = made + stop_gradient(disturbed(size, 0, 1));
  }
  if (made.dtype() == float32 && any_floating) {
    throw NoShadow(fmt::format("{} gives float32 of float64", node.operation->name()));
  }
  return {made, made.dtype() == float32 ? cast(made, float64) : made};
}

/// x as the operand of an operation that takes `dtype` in the original.
Tensor Shadow::as_operand(const Tensor& x, DType dtype) {
  switch (arithmetic_) {
    case Arithmetic::exact:
      break;
    case Arithmetic::rounded:
      return dtype == float32 ? cast(cast(x, float32), float64) : x;
    case Arithmetic::disturbed:
      return disturbed(x, 1, tolerance_of(dtype).epsilon);
  }
  return x;
}

Tensor Shadow::disturbed(const Tensor& x, double base, double size) {
  return apply(std::make_shared<const Disturbed>(++count_, base, size), {x, seed_});
}

/// The argument z of an activation that saturates, moved so far that the value moves by its epsilon; else z itself.
Tensor Shadow::displaced(const graph::Node& node, const Tensor& z) {
  const Operation& operation = *node.operation;
  Tensor reach;
  if (operation.algebra() == Algebra::sigmoid || operation.algebra() == Algebra::log_sigmoid ||
      operation.algebra() == Algebra::softplus || operation.algebra() == Algebra::logistic_loss) {
    reach = 1.0 + exp(z);
  } else if (operation.algebra() == Algebra::tanh) {
    reach = tanh(abs(z)) * (0.5 + 0.25 * (exp(2.0 * abs(z)) + exp(-2.0 * abs(z))));
  } else if (operation.algebra() == Algebra::softmax) {
    reach = 1.0 / abs(1.0 - graph::apply_as_written(node.operation, {&z, 1}));  // 1 − 1 may come as −0
  } else if (operation.algebra() == Algebra::log_softmax) {
    reach = 1.0 / abs(1.0 - exp(graph::apply_as_written(node.operation, {&z, 1})));
  } else if (operation.algebra() == Algebra::logsumexp) {
    const Tensor sums = graph::apply_as_written(node.operation, {&z, 1});
    const Tensor shares = operation.vjp({{&z, 1}, sums, {}}, ones(sums.shape(), float64))[0];
    reach = 1.0 / abs(1.0 - shares);
  } else {
    return z;
  }
  constexpr double lost = 4;  // by then no digit is left
  const Tensor size = minimum(tolerance_of(node.dtype).epsilon * reach, lost);
  return z + stop_gradient(disturbed(size, 0, 1));
}

}  // namespace xgrad::check
