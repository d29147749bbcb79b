#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "xgrad/tensor.hpp"

#include "graph/order.hpp"

namespace xgrad::autodiff {

/// The xs of a derivative, as places: an interior x has its index in the order; leaves, which an order doesn't hold,
/// get a number of their own.
class Targets {
 public:
  static constexpr std::uint32_t none = 0xFFFFFFFFU;

  Targets(std::span<const Tensor> xs, const graph::Order& order);

  /// The number of the leaf among the xs, or none.
  [[nodiscard]] std::uint32_t leaf(const graph::Node* node) const noexcept;
  [[nodiscard]] std::size_t leaf_count() const noexcept { return leaves_.size(); }
  /// Per node of the order: whether it is an x.
  [[nodiscard]] const std::vector<bool>& interior() const noexcept { return interior_; }

 private:
  const graph::Order& order_;
  std::vector<const graph::Node*> leaves_;  // as computed, sorted
  std::vector<bool> interior_;
};

/// When the first of the tensors was made: what is as old or older depends on none of them but itself.
[[nodiscard]] std::uint64_t oldest(std::span<const Tensor> tensors) noexcept;

/// A part of the xs, by their indices, and the order to differentiate them in.
struct Part {
  graph::Order order;  ///< found: the xs of the part, then the ys
  std::vector<std::size_t> indices;
  std::vector<Tensor> xs;
};

/// The graph behind the ys with its stable forms, for all xs but those that a form goes around; for these, if there are
/// any, a second part without such forms. A value doesn't depend on σ(x) where it is computed as log_sigmoid(x).
[[nodiscard]] std::vector<Part> parts(std::span<const Tensor> ys, std::span<const Tensor> xs,
                                      std::span<const Tensor> constants);

}  // namespace xgrad::autodiff
