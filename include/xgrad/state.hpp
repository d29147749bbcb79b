#pragma once

#include <memory>
#include <string>

#include "xgrad/export.hpp"
#include "xgrad/tensor.hpp"

namespace xgrad {

namespace graph {
struct Cell;
}

/// A named cell for a tensor that a model keeps and doesn't train: running statistics, counters, random streams. Of any
/// dtype. Copies share the cell; clone() makes a new one. Converts to its current tensor wherever one is expected.
///
///   State mean{zeros({10}), "mean"};
///   mean.set(0.9 * mean + 0.1 * xgrad::mean(x, 0));  // in a forward pass
///
/// A State is never differentiated: set() drops the history, and a gradient by a State's value is a ValueError.
///
/// set() doesn't evaluate. A value that is still pending is computed by the next evaluation on this thread (eval, item,
/// an optimiser's step) that computes anything the value depends on, as one more output of its plan; or when the State
/// is read, if there is none before. Until then its graph stays, and with it the tensors that it starts from. Values
/// that build on each other, none of them evaluated, are evaluated after 64.
///
/// If that evaluation ends in an exception, the State has the value that was evaluated last, as if it hadn't been set.
///
/// Inside compile() a value that is set is an output of the plan, as with a Parameter.
class XGRAD_API State {
 public:
  /// Holds nothing; every other member throws ValueError.
  State() noexcept = default;
  /// Evaluates `value`, without its history. Without a name of its own it takes the tensor's.
  explicit State(const Tensor& value, std::string name = {});

  [[nodiscard]] bool defined() const noexcept { return cell_ != nullptr; }
  /// The reference is to the tensor in the cell: after set() it is the new value. Copy the tensor to keep the old one.
  [[nodiscard]] const Tensor& value() const&;
  [[nodiscard]] Tensor value() const&& { return static_cast<const State&>(*this).value(); }
  operator const Tensor&() const { return value(); }  // NOLINT(google-explicit-constructor)

  [[nodiscard]] const std::string& name() const&;
  [[nodiscard]] std::string name() const&& { return static_cast<const State&>(*this).name(); }
  [[nodiscard]] const Shape& shape() const& { return held().shape(); }
  [[nodiscard]] Shape shape() const&& { return held().shape(); }
  [[nodiscard]] DType dtype() const { return held().dtype(); }

  /// Throws ShapeError or DTypeError if they would change.
  void set(const Tensor& value) const;

  /// A new cell with the same value and name. Evaluates.
  [[nodiscard]] State clone() const;
  /// Whether both are the same cell.
  [[nodiscard]] bool is(const State& other) const noexcept { return cell_ == other.cell_; }

  [[nodiscard]] const std::shared_ptr<graph::Cell>& cell() const noexcept { return cell_; }
  /// The State of a cell that exists.
  [[nodiscard]] static State of_cell(std::shared_ptr<graph::Cell> cell) noexcept;

 private:
  /// The value outside of any trace: for its shape and dtype, which never change.
  [[nodiscard]] const Tensor& held() const;

  std::shared_ptr<graph::Cell> cell_;
};

/// A state under the name that it has in a model: "norm.running_mean".
struct NamedState {
  std::string name;
  State state;

  operator const Tensor&() const { return state.value(); }  // NOLINT(google-explicit-constructor)

  /// state.set(value), with errors that name the state by its name in the model: how a loaded value is put in.
  XGRAD_API void set(const Tensor& value) const;
};

}  // namespace xgrad
