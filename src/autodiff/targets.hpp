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
  std::vector<const graph::Node*> leaves_;  // sorted
  std::vector<bool> interior_;
};

[[nodiscard]] std::vector<const graph::Node*> nodes_of(std::span<const Tensor> tensors);

}  // namespace xgrad::autodiff
