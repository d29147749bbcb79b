#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "xgrad/operation.hpp"
#include "xgrad/tensor.hpp"

#include "graph/order.hpp"

/// A graph computed again, operation by operation, with what isn't finite in it.
namespace xgrad::check {

/// Whether elements of this dtype can be other than finite, and one of these is.
[[nodiscard]] bool any_nonfinite(const void* data, std::int64_t count, DType dtype) noexcept;
/// The indices of all elements that aren't finite, in order.
[[nodiscard]] std::vector<std::int64_t> nonfinite_elements(const void* data, std::int64_t count, DType dtype);

/// The nodes behind some roots, leaves among them, by index: inputs before users, inputs from left to right. After
/// run() the values that made a root other than finite are still there: those of each node that isn't finite on a path
/// of such nodes to the root, and those of its inputs.
class Replay {
 public:
  /// The tensors are to live as long as this.
  explicit Replay(std::span<const Tensor> roots);

  /// The roots' values are given; others that are kept are taken as they are. What is behind those that are finite
  /// isn't computed.
  void run(std::span<const Tensor> root_values);

  [[nodiscard]] std::size_t size() const noexcept { return order_.nodes.size(); }
  [[nodiscard]] const graph::Node& node(std::size_t index) const noexcept { return *order_.nodes[index]; }
  [[nodiscard]] std::span<const std::uint32_t> inputs(std::size_t index) const noexcept { return order_.inputs(index); }
  /// The index of the i-th root.
  [[nodiscard]] std::uint32_t root(std::size_t i) const noexcept { return order_.found[i]; }
  [[nodiscard]] bool finite(std::size_t index) const noexcept { return nonfinite_[index] == 0; }
  [[nodiscard]] ConstArray value(std::size_t index) const noexcept;

 private:
  void take_known(std::span<const Tensor> root_values);
  void look_at(std::size_t index) noexcept;
  void compute(std::size_t index);
  void release(std::uint32_t index);

  graph::Order order_;  // leaves are nodes of it, too
  std::vector<char> needed_;
  std::vector<char> nonfinite_;
  std::vector<std::uint32_t> uses_;  // by roots, by users to come, and by those that came and aren't finite
  std::vector<Tensor> memory_;       // a tensor with the value's memory, perhaps of another shape
  std::vector<std::uint32_t> dropped_;
};

}  // namespace xgrad::check
