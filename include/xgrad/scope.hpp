#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "xgrad/export.hpp"
#include "xgrad/tensor.hpp"

namespace xgrad {

/// While it lives, nodes made on this thread belong to the scope "outer/inner": layers open one around their call, so
/// that a graph can be seen as layers or as operations. Gradients belong to the scope of the node they differentiate.
class XGRAD_API Scope {
 public:
  explicit Scope(std::string_view name);
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope();
};

/// A node as seen from outside.
struct NodeInfo {
  std::string operation;  ///< "leaf" for a value given or computed
  std::string name;       ///< the user's, or empty
  std::string scope;      ///< "" or "0.Dense/…"
  Shape shape;
  DType dtype = float32;
  std::vector<std::size_t> inputs;  ///< indices into the same list, always smaller
};

/// All nodes behind a tensor, inputs before users.
[[nodiscard]] XGRAD_API std::vector<NodeInfo> nodes(const Tensor& tensor);

enum class View : bool { operations, layers };

/// A table of the graph behind a tensor: one line per operation, or per scope with its number of operations.
[[nodiscard]] XGRAD_API std::string describe(const Tensor& tensor, View view = View::operations);

}  // namespace xgrad
