#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "xgrad/operation.hpp"
#include "xgrad/tensor.hpp"

#include "graph/node.hpp"

/// A graph computed again, operation by operation, with what isn't finite in it.
namespace xgrad::check {

/// Whether elements of this dtype can be other than finite, and one of these is.
[[nodiscard]] bool any_nonfinite(const void* data, std::int64_t count, DType dtype) noexcept;
/// The places of all that aren't, in order.
[[nodiscard]] std::vector<std::int64_t> nonfinite_elements(const void* data, std::int64_t count, DType dtype);

/// The nodes behind some roots, leaves included, by place: inputs before users, inputs from left to right. After run()
/// those values are still there that led to a root which isn't finite: of each such node on a way of such nodes to it,
/// and of their inputs.
class Replay {
 public:
  /// The tensors are to live as long as this.
  explicit Replay(std::span<const Tensor> roots);

  /// The roots' values are given; others that are kept are taken as they are. What is behind those that are finite
  /// isn't computed.
  void run(std::span<const Tensor> root_values);

  [[nodiscard]] std::size_t size() const noexcept { return nodes_.size(); }
  [[nodiscard]] const graph::Node& node(std::size_t place) const noexcept { return *nodes_[place]; }
  [[nodiscard]] std::span<const std::uint32_t> inputs(std::size_t place) const noexcept {
    return std::span{inputs_}.subspan(first_[place], first_[place + 1] - first_[place]);
  }
  /// Of the i-th root.
  [[nodiscard]] std::uint32_t root(std::size_t i) const noexcept { return roots_[i]; }
  [[nodiscard]] bool finite(std::size_t place) const noexcept { return nonfinite_[place] == 0; }
  [[nodiscard]] ConstArray value(std::size_t place) const noexcept;

 private:
  void take_known(std::span<const Tensor> root_values);
  void look_at(std::size_t place) noexcept;
  void compute(std::size_t place);
  void release(std::uint32_t place);

  std::vector<const graph::Node*> nodes_;
  std::vector<std::uint32_t> first_;
  std::vector<std::uint32_t> inputs_;
  std::vector<std::uint32_t> roots_;
  std::vector<char> needed_;
  std::vector<char> nonfinite_;
  std::vector<std::uint32_t> uses_;  // by roots, by users to come, and by those that came and aren't finite
  std::vector<Tensor> memory_;       // a tensor with the value's memory, perhaps of another shape
  std::vector<std::uint32_t> dropped_;
};

}  // namespace xgrad::check
