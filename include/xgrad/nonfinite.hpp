#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "xgrad/dtype.hpp"
#include "xgrad/export.hpp"
#include "xgrad/shape.hpp"
#include "xgrad/tensor.hpp"

/// Where a NaN or an infinity came from.
namespace xgrad::check {

/// An operand of the operation to blame.
struct Operand {
  std::string name;  ///< as the formula writes it: the user's name, else the number that it is, else "#" and its index
  Shape shape;
  DType dtype = float32;
  double min = 0;  ///< of the finite elements; NaN if there is none
  double max = 0;
  std::int64_t nonfinite = 0;  ///< elements that are NaN or infinite
  /// For an element-wise operation: the operand's element from which NonFinite::value was computed, and its index.
  std::optional<double> element = std::nullopt;
  std::vector<std::int64_t> index = {};

  [[nodiscard]] bool finite() const noexcept { return nonfinite == 0; }
};

/// The operation, between the cause and the result, in which an infinity became a NaN.
struct TurnedNaN {
  std::string operation;
  std::string formula;
  std::string layer;
  std::vector<std::int64_t> index;
};

/// The operation that made the NaN or infinity which the result's comes from; the first such, if there are several.
struct NonFinite {
  enum class Pass : std::uint8_t {
    forward,   ///< the tensor asked for isn't finite
    backward,  ///< it is, but a gradient isn't
  };
  Pass pass = Pass::forward;
  std::string result;     ///< the tensor that isn't finite: "loss", "∂loss/∂W"
  std::string operation;  ///< as in the index of operations: "log"; "leaf" for a value that was given
  std::string formula;    ///< with the operands' names: "log(u)"
  std::string name;       ///< the user's, or empty
  std::string layer;      ///< the scope: "2/Dense", or empty; of a leaf, that of its first use towards the result
  /// In the backward pass, the formula and name of the forward operation whose derivative this is part of; empty if the
  /// operation itself is part of the forward pass.
  std::string derivative_of = {};
  Shape shape;
  DType dtype = float32;
  std::vector<std::int64_t> index;  ///< of the element
  double value = 0;                 ///< NaN, inf or −inf
  std::int64_t nonfinite = 0;       ///< elements that are NaN or infinite
  std::vector<Operand> operands = {};
  std::optional<TurnedNaN> turned_nan = std::nullopt;  ///< where the infinity became the NaN of the result, if it did
  bool history_gone = false;  ///< a leaf that was computed, and let its history go when it was read

  /// A few lines for people.
  [[nodiscard]] XGRAD_API std::string text() const;
};
XGRAD_API std::ostream& operator<<(std::ostream& out, const NonFinite& found);

/// Looks behind `tensor` for the operation that made its first NaN or infinity out of finite numbers. If the tensor is
/// finite and a scalar, its gradients are looked through likewise, for all Parameters and variables behind it. Nothing
/// if all of that is finite.
///
/// Starting from the first element of the result that isn't finite, elements are followed back through those operands
/// without whose NaN or infinity the element would be finite, so that one which doesn't reach the result, masked by
/// where() for example, isn't blamed. Of several causes the first in topological order is returned: inputs before
/// users, a node's inputs from left to right. A leaf that isn't finite itself is a cause; so is, as a leaf, a tensor
/// that let its history go when it was read.
///
/// The result and the gradients are computed as they would be anyway, in a plan. Only if they aren't finite, the graph
/// behind them is computed again, operation by operation, each value for as long as it is needed; values that tensors
/// hold are taken as they are. The tensors themselves don't change. Throws ValueError for an undefined Tensor or one of
/// a compiled function's trace, and whatever an operation throws.
[[nodiscard]] XGRAD_API std::optional<NonFinite> trace_nonfinite(const Tensor& tensor);

/// The same with the xs whose gradients are looked through; a tensor that isn't a scalar is differentiated as its sum.
/// An x that it doesn't depend on has a gradient of zeros. Throws DTypeError for an x that isn't floating, and for such
/// a tensor if there are xs.
[[nodiscard]] XGRAD_API std::optional<NonFinite> trace_nonfinite(const Tensor& tensor, std::span<const Tensor> xs);

}  // namespace xgrad::check
