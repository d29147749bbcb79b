#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "xgrad/operation.hpp"

#include "graph/node.hpp"

namespace xgrad::ops {

/// Reads the calls behind a tensor as they are computed, with the forms that they have themselves, and collects what a
/// form made of them goes around. A pattern that may fail is read by a copy.
class Pattern {
 public:
  using Is = bool (*)(const Operation&) noexcept;

  /// The call that computes x, if it is one of this operation; else null.
  [[nodiscard]] const graph::Node* call(const Tensor& x, Is is);
  /// Whether x is a number, as a constant of rank 0.
  [[nodiscard]] bool is_number(const Tensor& x);
  /// Whether x is this number.
  [[nodiscard]] bool is_number(const Tensor& x, double number);
  /// The argument of a call of one input; undefined if x is none.
  [[nodiscard]] Tensor argument(const Tensor& x, Is is);
  /// The other term of 1 + t or t + 1; undefined if x is neither.
  [[nodiscard]] Tensor beside_one(const Tensor& x);
  /// t of 1 − t; undefined if x isn't that.
  [[nodiscard]] Tensor taken_from_one(const Tensor& x);

  [[nodiscard]] StableForm form(Tensor result) && { return {std::move(result), std::move(around_)}; }

 private:
  std::vector<Tensor> around_;
};

/// The node that is computed for this one: itself, unless it has a form.
[[nodiscard]] inline const graph::Node* computed(const graph::Node* node) noexcept {
  while (node->form != nullptr) {
    node = node->form->node;
  }
  return node;
}

/// The number that x is, as a constant of rank 0.
[[nodiscard]] std::optional<double> number_of(const graph::Node& x);

[[nodiscard]] inline Tensor input(const graph::Node& call, std::size_t i) {
  return graph::handle(call.inputs()[i]);
}

/// Whether two tensors are computed by the same calls of the same leaves, as far as a few steps show.
[[nodiscard]] bool same(const Tensor& a, const Tensor& b);

/// Attributes of a reduction or softmax.
[[nodiscard]] std::vector<std::int64_t> axes_of(const Operation& operation);
[[nodiscard]] bool keeps_dims(const Operation& operation);

}  // namespace xgrad::ops
