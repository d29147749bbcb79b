#pragma once

#include <memory>
#include <string>

#include "xgrad/export.hpp"
#include "xgrad/tensor.hpp"

namespace xgrad {

namespace graph {
struct Cell;
}

/// A named cell that holds the current value of something trained. Copies share the cell, so tied weights are a copy;
/// clone() makes a new one. Converts to its current tensor wherever one is expected.
///
/// set() puts a new leaf into the cell. Nodes never change, so a graph built before goes on using the old value.
class XGRAD_API Parameter {
 public:
  /// Holds nothing; every other member throws ValueError.
  Parameter() noexcept = default;
  /// Evaluates `value`, without its history. Without a name of its own it takes the tensor's. Throws DTypeError unless
  /// it is floating.
  explicit Parameter(const Tensor& value, std::string name = {});

  [[nodiscard]] bool defined() const noexcept { return cell_ != nullptr; }
  /// The reference is to the tensor in the cell: after set() it is the new value. Copy the tensor to keep the old one.
  [[nodiscard]] const Tensor& value() const&;
  [[nodiscard]] Tensor value() const&& { return static_cast<const Parameter&>(*this).value(); }
  operator const Tensor&() const { return value(); }  // NOLINT(google-explicit-constructor)

  [[nodiscard]] const std::string& name() const&;
  [[nodiscard]] std::string name() const&& { return static_cast<const Parameter&>(*this).name(); }
  [[nodiscard]] const Shape& shape() const& { return held().shape(); }
  [[nodiscard]] Shape shape() const&& { return held().shape(); }
  [[nodiscard]] DType dtype() const { return held().dtype(); }

  /// Throws ShapeError or DTypeError if they would change. Evaluates `value` and drops its history.
  void set(const Tensor& value) const;
  /// Puts back a tensor that value() gave before, the same node: graphs built on it depend on this parameter again.
  /// Throws ValueError for a tensor that can't have been one (it isn't a leaf with history), ShapeError or DTypeError
  /// as set(). Whose value it was isn't checked.
  void restore(const Tensor& value) const;

  /// A new cell with the same value and name.
  [[nodiscard]] Parameter clone() const;
  /// Whether both are the same cell.
  [[nodiscard]] bool is(const Parameter& other) const noexcept { return cell_ == other.cell_; }

  [[nodiscard]] const std::shared_ptr<graph::Cell>& cell() const noexcept { return cell_; }

 private:
  /// The value outside of any trace: for its shape and dtype, which never change.
  [[nodiscard]] const Tensor& held() const;

  std::shared_ptr<graph::Cell> cell_;
};

/// A parameter under the name that it has in a model: "inner.W".
struct NamedParameter {
  std::string name;
  Parameter parameter;

  operator const Tensor&() const { return parameter.value(); }  // NOLINT(google-explicit-constructor)

  /// parameter.set(value), with errors that name the parameter by its name in the model: how a loaded value is put in.
  XGRAD_API void set(const Tensor& value) const;
};

/// A tensor under a name of the caller's.
struct NamedTensor {
  std::string name;
  Tensor tensor;
};

namespace detail {

/// While it lives, a trace under way on this thread (see compile.hpp) is set aside: parameters have their values.
class XGRAD_API Untraced {
 public:
  Untraced() noexcept;
  Untraced(const Untraced&) = delete;
  Untraced& operator=(const Untraced&) = delete;
  ~Untraced();

 private:
  void* trace_;
};

}  // namespace detail

}  // namespace xgrad
