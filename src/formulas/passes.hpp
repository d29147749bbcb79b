#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "xgrad/derive.hpp"
#include "xgrad/parameter.hpp"

#include "graph/node.hpp"

namespace xgrad::formulas {

/// Names that come before the nodes' own.
using GivenNames = std::unordered_map<const graph::Node*, std::string>;

/// Whether y is known to depend on each x. If not, an x that y doesn't depend on is an error.
enum class Connection : bool { unknown, known };

/// A tensor of the forward pass with the gradient of y by it.
struct Differentiated {
  Tensor tensor;
  Tensor gradient;
};

/// One that the caller asked for.
struct Target : Differentiated {
  /// Its name, if simplification has replaced it by a tensor of another name; else empty.
  std::string name;
};

/// The graph that a derivation reads: a forward pass and its backward pass, simplified together, so that what is equal
/// is one node. It is a copy, without values but for those of leaves.
struct Passes {
  Tensor y;                              ///< undefined without a backward pass
  std::vector<Target> targets;           ///< in the order of the xs
  std::vector<Differentiated> interior;  ///< named tensors, targets and z of layers, in the order of computation
  std::vector<Tensor> named;             ///< tensors with a name
  std::vector<NamedTensor> outputs;      ///< empty with a backward pass
  Tensor cotangent;                      ///< of y, if it was given
  GivenNames given;                      ///< of nodes in the forward pass

  /// The results of the forward pass; y is the last, if there is one.
  [[nodiscard]] std::vector<Tensor> forward_roots() const;
};

/// Of y, and of its gradients by the xs. Throws as gradients() does.
[[nodiscard]] Passes passes_of(const Tensor& y, std::span<const Tensor> xs, const DeriveOptions& options,
                               Connection connection);
/// Of several tensors, without a backward pass.
[[nodiscard]] Passes passes_of(const std::vector<NamedTensor>& tensors, const DeriveOptions& options);

}  // namespace xgrad::formulas
