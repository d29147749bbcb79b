#pragma once

#include <functional>
#include <span>
#include <unordered_map>

#include "xgrad/tensor.hpp"

#include "graph/node.hpp"

namespace xgrad::graph {

/// The same operations on the same leaves, without values: evaluating the copy leaves the original as it is, where a
/// tensor without a Parameter behind it would let its history go.
class Copy {
 public:
  struct Made {
    Tensor copy;
    Tensor for_users;  ///< the input of the users' copies; the copy itself if undefined
  };
  /// Copies a node, on the inputs that its inputs' copies have for their users.
  using Make = std::function<Made(const Node& node, std::span<const Tensor> inputs)>;

  explicit Copy(std::span<const Tensor> tensors, const Make& make = plain);
  /// The node's operation, in its scope and with its name.
  [[nodiscard]] static Made plain(const Node& node, std::span<const Tensor> inputs);

  /// The copy of a tensor behind those given; a leaf is its own.
  [[nodiscard]] Tensor of(const Tensor& original) const;

 private:
  std::unordered_map<const Node*, Tensor> copies_;
};

}  // namespace xgrad::graph
