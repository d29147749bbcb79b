#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "xgrad/algebra.hpp"
#include "xgrad/dtype.hpp"
#include "xgrad/export.hpp"
#include "xgrad/kernel.hpp"
#include "xgrad/shape.hpp"
#include "xgrad/tensor.hpp"

namespace xgrad {

namespace graph {
class OperationIdentity;
}

class ElementwiseOperation;
class WorkspaceOperation;

/// The shape and dtype of an operation's result.
struct Signature {
  Shape shape;
  DType dtype = float32;
};

/// One call of an operation, as its derivative sees it.
struct Call {
  std::span<const Tensor> inputs;
  const Tensor& output;
  /// Per input: whether its cotangent is wanted. Empty means all.
  std::span<const bool> wanted = {};

  [[nodiscard]] bool wants(std::size_t input) const noexcept { return wanted.empty() || wanted[input]; }
};

/// Another way to compute a call, equal in exact arithmetic, without overflow or cancellation where the call has them:
/// log_sigmoid(x) for log(σ(x)).
struct StableForm {
  Tensor result = {};  ///< of the call's shape and dtype; undefined: there is none
  /// Tensors behind the call that the form doesn't use: σ(x). For a derivative by one of these the call itself is
  /// differentiated.
  std::vector<Tensor> around = {};
};

/// A named constant of an operation: an axis, a flag, a bound. Attributes are all that tells two instances of the same
/// class apart, for printing and for recognising equal subgraphs: an instance may run in place of any other with equal
/// attributes, so whatever its kernel or its derivative depends on must be among them.
struct Attribute {
  using Value = std::variant<bool, std::int64_t, double, std::vector<std::int64_t>>;
  std::string_view name;
  Value value;

  Attribute(std::string_view called, Value held) noexcept : name{called}, value{std::move(held)} {}
  // A variant's own copy, of libstdc++ 12, destroys a vector that isn't there if there is no memory for it.
  Attribute(const Attribute& other)
      : name{other.name}, value{std::visit([](const auto& held) { return Value{held}; }, other.value)} {}
  Attribute(Attribute&&) noexcept = default;
  Attribute& operator=(Attribute other) noexcept {
    name = other.name;
    value = std::move(other.value);
    return *this;
  }
  ~Attribute() = default;

  friend bool operator==(const Attribute&, const Attribute&) = default;
};

/// What an operation does that only chooses and arranges elements of its one input: element (i₀, i₁, …) of the result
/// is the one at starts[a] + Σ step · i along every axis a of the input, over those axes of the result that run along
/// it.
struct Arrangement {
  /// An axis of the result.
  struct Axis {
    std::size_t input = 0;  ///< the axis of the input along which it runs
    std::int64_t step = 1;  ///< negative: backwards; 0: it repeats one element
  };
  std::vector<std::int64_t> starts;  ///< per axis of the input
  std::vector<Axis> axes;            ///< per axis of the result
};

/// How a formula writes the operation.
struct Notation {
  enum class Form : std::uint8_t { function, prefix, infix, postfix };
  Form form = Form::function;
  /// Plain text: "σ", "+", "ᵀ". Empty means name().
  std::string_view symbol = {};
  /// 1 sum, 2 product, 3 prefix, 4 power and postfix; higher binds tighter.
  int precedence = 0;
  /// Of a function of one tensor, element by element: whether its derivative is written f′(z); otherwise it is written
  /// out.
  bool primed = false;
};

/// An operation: immutable, shared by every node that uses it. Derive from this to add your own, or from
/// ElementwiseOperation if each output element depends on the input elements of the same index only; see examples/.
///
/// A derivative is written with public operations on tensors, so it is itself a graph: differentiable again,
/// printable, compilable.
class XGRAD_API Operation {
 public:
  Operation() = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  virtual ~Operation();

  /// As in the public index: "matmul". Used in errors and printing.
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  /// The operation that rules of planning, derivation and diagnosis may take it for.
  [[nodiscard]] virtual Algebra algebra() const noexcept { return Algebra::opaque; }
  /// How many tensors a call takes, 0 for any number; another number is a ValueError at the call. The default knows it
  /// of an algebra, and takes any otherwise.
  [[nodiscard]] virtual unsigned input_count() const noexcept { return xgrad::input_count(algebra()); }
  /// This, if it is element-wise; else null.
  [[nodiscard]] virtual const ElementwiseOperation* elementwise() const noexcept { return nullptr; }
  /// This, if its kernel needs memory of its own; else null.
  [[nodiscard]] virtual const WorkspaceOperation* workspace_operation() const noexcept { return nullptr; }
  /// If all it does is to arrange elements of its one input, of this shape: how. A plan may then let others read them
  /// where they are, and never call evaluate(). The default has none.
  [[nodiscard]] virtual std::optional<Arrangement> arrangement(const Shape& input) const;
  /// Whatever tells two instances of the class apart. A class with members must say what they are.
  [[nodiscard]] virtual std::vector<Attribute> attributes() const { return {}; }
  [[nodiscard]] virtual Notation notation() const noexcept { return {}; }

  /// The result's shape and dtype. Throws ShapeError or DTypeError that names the operation and the inputs.
  [[nodiscard]] virtual Signature infer(std::span<const Tensor> inputs) const = 0;

  /// Asked once, when the call is made. If there is a form, values and derivatives of any order use it instead, so that
  /// both come from one formula. The default has none.
  [[nodiscard]] virtual StableForm stable_form(std::span<const Tensor> inputs) const;

  /// vjp: the cotangent of each input, of the input's shape, from the cotangent of the output. An undefined Tensor
  /// stands for zero or "not differentiable". Only cotangents that call.wants() need be built. The default throws
  /// ValueError.
  [[nodiscard]] virtual std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const;

  /// jvp: the tangent of the output from those of the inputs; an undefined tangent stands for zero. The default
  /// transposes vjp, which is linear in its cotangent, by differentiating it once.
  [[nodiscard]] virtual Tensor jvp(const Call& call, std::span<const Tensor> tangents) const;

  /// Whether gradients can flow through at all; false for comparisons, argmax and the like, whose results keep no
  /// history.
  [[nodiscard]] virtual bool differentiable() const noexcept { return true; }

  /// The kernel: writes every element of `output`. Inputs and output have the shapes and dtypes that infer() saw and
  /// said. Called from one thread at a time per output. May throw ValueError for values out of range.
  virtual void evaluate(std::span<const ConstArray> inputs, const Array& output) const = 0;

  /// Whether the result is the first input's memory under another shape; evaluate() is then never called.
  [[nodiscard]] virtual bool aliases_input() const noexcept { return false; }
  /// Whether the kernel may end in an exception, as a cast of NaN to int64 does. One that may is never part of a pass
  /// that writes over a parameter, so that an error leaves everything as it was. Say false for one that never does.
  [[nodiscard]] virtual bool may_throw() const noexcept { return true; }
  /// Whether evaluate() may be given, as output, the memory of an input of the same shape and dtype.
  [[nodiscard]] virtual bool runs_in_place() const noexcept { return false; }

 private:
  friend class graph::OperationIdentity;
  mutable std::atomic<std::uint64_t> identity_{0};
};

/// A call as a tensor: checks and infers through operation->infer(), appends the node, computes nothing.
/// @throws ValueError if the operation takes another number of inputs, or one of them is undefined
[[nodiscard]] XGRAD_API Tensor apply(std::shared_ptr<const Operation> operation, std::span<const Tensor> inputs);
[[nodiscard]] XGRAD_API Tensor apply(std::shared_ptr<const Operation> operation, std::initializer_list<Tensor> inputs);

namespace detail {
// Whether the class has members, and leaves attributes() as it is: its instances would be taken for one another.
template <class Self>
inline constexpr bool hides_members =
    sizeof(Self) > sizeof(Operation) &&
    std::is_same_v<decltype(&Self::attributes), std::vector<Attribute> (Operation::*)() const>;
}  // namespace detail

/// The same for a pointer to the operation's own class. An operation with members and without attributes() is an error
/// at compile time, since a plan runs one instance in the place of any other with equal attributes.
template <std::derived_from<Operation> Self>
[[nodiscard]] Tensor apply(std::shared_ptr<Self> operation, std::span<const Tensor> inputs) {
  static_assert(!detail::hides_members<std::remove_const_t<Self>>,
                "xgrad: this operation has members but doesn't override attributes(). Return what tells two instances "
                "apart; or {} if nothing does");
  return apply(std::shared_ptr<const Operation>{std::move(operation)}, inputs);
}
template <std::derived_from<Operation> Self>
[[nodiscard]] Tensor apply(std::shared_ptr<Self> operation, std::initializer_list<Tensor> inputs) {
  return apply(std::move(operation), std::span<const Tensor>{inputs.begin(), inputs.size()});
}

/// An operation whose output element depends only on the input elements that broadcast to the same index. Its Jacobian
/// is diagonal, so one expression, times_partial, serves vjp and jvp alike.
class XGRAD_API ElementwiseOperation : public Operation {
 public:
  /// 1, unless the algebra says otherwise: one that takes more says how many.
  [[nodiscard]] unsigned input_count() const noexcept override;
  /// The dtype of the result, given that of the inputs. The default takes any number of inputs of one floating dtype
  /// and gives that dtype; throws DTypeError otherwise.
  [[nodiscard]] virtual DType infer_dtype(std::span<const Tensor> inputs) const;

  /// t ⊙ ∂f/∂x_i. `t` has a shape that broadcasts with the output's; the result may be smaller than the output, if
  /// the partial is constant. Undefined for zero.
  [[nodiscard]] virtual Tensor times_partial(const Call& call, std::size_t i, const Tensor& t) const = 0;

  /// The kernel for these inputs and result; see tile_of for writing one from a scalar function.
  [[nodiscard]] virtual TileKernel tile(std::span<const DType> inputs, DType output) const = 0;

  [[nodiscard]] const ElementwiseOperation* elementwise() const noexcept final { return this; }
  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const final;
  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const final;
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const final;
  void evaluate(std::span<const ConstArray> inputs, const Array& output) const final;
  [[nodiscard]] bool runs_in_place() const noexcept final { return true; }
};

/// An operation whose kernel needs memory of its own while it runs. A plan has it ready, so that no run allocates any.
class XGRAD_API WorkspaceOperation : public Operation {
 public:
  /// How many bytes a call needs; may be 0.
  [[nodiscard]] virtual std::size_t workspace_bytes(std::span<const Signature> inputs,
                                                    const Signature& output) const = 0;
  /// The kernel; see evaluate(). `workspace` has that many bytes, is aligned to 64 and uninitialised.
  virtual void evaluate_in(std::span<std::byte> workspace, std::span<const ConstArray> inputs,
                           const Array& output) const = 0;

  [[nodiscard]] const WorkspaceOperation* workspace_operation() const noexcept final { return this; }
  void evaluate(std::span<const ConstArray> inputs, const Array& output) const final;
};

namespace detail {
template <class Self, class Out, class In, std::size_t... I>
void scalar_tile(const Operation& operation, const void* const* inputs, void* out, std::size_t count,
                 std::index_sequence<I...> /*unused*/) {
  const auto& self = static_cast<const Self&>(operation);
  Out* result = static_cast<Out*>(out);
  for (std::size_t k = 0; k < count; ++k) {
    result[k] = self.value(static_cast<const In*>(inputs[I])[k]...);
  }
}
}  // namespace detail

/// A tile kernel that calls `self.value(x...)` on every element, for Self with a member `Out value(In...) const`.
template <class Self, class Out, class In, std::size_t Inputs = 1>
[[nodiscard]] constexpr TileKernel tile_of() {
  return [](const Operation& operation, const void* const* inputs, void* out, std::size_t count) {
    detail::scalar_tile<Self, Out, In>(operation, inputs, out, count, std::make_index_sequence<Inputs>{});
  };
}

/// The tile kernel of a floating operation whose `value` is a template over float and double.
template <class Self, std::size_t Inputs = 1>
[[nodiscard]] TileKernel floating_tile_of(DType dtype) {
  return dtype == float32 ? tile_of<Self, float, float, Inputs>() : tile_of<Self, double, double, Inputs>();
}

}  // namespace xgrad
