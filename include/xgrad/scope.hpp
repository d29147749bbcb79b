#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "xgrad/export.hpp"
#include "xgrad/tensor.hpp"

namespace xgrad {

/// While it lives, nodes made on this thread belong to the scope "outer/inner": layers open one around their call, so
/// that a graph can be seen as layers or as operations. Gradients belong to the scope of the node they differentiate.
///
/// A role says which part of a network the code inside is, whatever its name. derive(), the intermediates and diagnoses
/// of check, and describe() go by it: docs/derive.md says what z, a and δ of a layer are. A scope with a role stands
/// for one call.
class XGRAD_API Scope {
 public:
  enum class Role : std::uint8_t { none, layer, activation, loss };

  explicit Scope(std::string_view name, Role role = Role::none);
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope();
};

/// A node as seen from outside.
struct NodeInfo {
  std::string operation;                 ///< "leaf" for a value given or computed
  std::string name;                      ///< the user's, or empty
  std::string scope;                     ///< "" or "0/Dense"
  Scope::Role role = Scope::Role::none;  ///< of the innermost scope that has one; none for nodes of its derivative
  Shape shape;
  DType dtype = float32;
  std::vector<std::size_t> inputs;  ///< indices into the same list, always smaller
};

/// All nodes behind a tensor, inputs before users.
[[nodiscard]] XGRAD_API std::vector<NodeInfo> nodes(const Tensor& tensor);

enum class View : bool { operations, layers };

/// A table of the graph behind a tensor: one line per operation, or per scope with its number of operations. Operations
/// in scopes without a role count for the layer, activation or loss around them.
[[nodiscard]] XGRAD_API std::string describe(const Tensor& tensor, View view = View::operations);

}  // namespace xgrad
