#pragma once

#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "xgrad/dtype.hpp"
#include "xgrad/export.hpp"
#include "xgrad/shape.hpp"

namespace xgrad {

namespace graph {
struct Node;
XGRAD_API void retain_handle(Node* node) noexcept;
XGRAD_API void release_handle(Node* node) noexcept;
}  // namespace graph

class Index;

/// A handle to an immutable node of the graph: an operation, its inputs, a shape and a dtype. Calling an operation
/// appends a node and computes nothing; reading a value evaluates the pending nodes behind it.
///
/// A node with a handle keeps its value once evaluated. The value of a node that nobody holds may never exist in
/// memory. After evaluation, a tensor that depends on a Parameter or a variable() keeps its history, so that it can
/// still be differentiated; any other lets it go.
///
/// Copying copies the handle. Parameters, variables and evaluated tensors without history may be shared between threads
/// that don't write them. Everything else, a pending graph or one with history, belongs to one thread at a time; share
/// its detach(). Static tensors may outlive main(), but nothing may be evaluated by then.
class XGRAD_API Tensor {
 public:
  /// Holds nothing: defined() is false and every other member throws ValueError.
  Tensor() noexcept = default;
  Tensor(const Tensor& other) noexcept : node_{other.node_} {
    if (node_ != nullptr) {
      graph::retain_handle(node_);
    }
  }
  Tensor(Tensor&& other) noexcept : node_{std::exchange(other.node_, nullptr)} {}
  Tensor& operator=(const Tensor& other) noexcept {
    Tensor copy{other};
    std::swap(node_, copy.node_);
    return *this;
  }
  Tensor& operator=(Tensor&& other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~Tensor() {
    if (node_ != nullptr) {
      graph::release_handle(node_);
    }
  }

  [[nodiscard]] bool defined() const noexcept { return node_ != nullptr; }
  [[nodiscard]] const Shape& shape() const&;
  [[nodiscard]] Shape shape() const&& { return static_cast<const Tensor&>(*this).shape(); }
  [[nodiscard]] DType dtype() const;
  [[nodiscard]] std::size_t rank() const { return shape().rank(); }
  /// The number of elements.
  [[nodiscard]] std::int64_t size() const { return shape().size(); }
  /// The length of one axis, which may be negative. Throws ShapeError.
  [[nodiscard]] std::int64_t dim(std::int64_t axis) const;

  /// Gives the node a name, used in errors, printing and derivations; every handle of the node sees it.
  // NOLINTNEXTLINE(modernize-use-nodiscard)
  const Tensor& named(std::string name) const&;
  Tensor named(std::string name) && {
    static_cast<const Tensor&>(*this).named(std::move(name));
    return std::move(*this);
  }
  /// The name given, else an empty string.
  [[nodiscard]] std::string name() const;

  /// Computes the value, if that hasn't happened yet, and returns *this.
  // NOLINTNEXTLINE(modernize-use-nodiscard)
  const Tensor& eval() const&;
  Tensor eval() && {
    static_cast<const Tensor&>(*this).eval();
    return std::move(*this);
  }
  [[nodiscard]] bool evaluated() const;
  /// Whether the history survives evaluation: true behind a Parameter or a variable().
  [[nodiscard]] bool has_history() const;

  /// The only element, of any dtype, as a double. Throws ShapeError unless size() is 1.
  [[nodiscard]] double item() const;
  /// The elements in row-major order, 64-byte aligned; valid while any handle of this node lives. Evaluates. Throws
  /// DTypeError if T isn't the dtype. Not of a temporary, whose memory is used again: give it a name, or copy the
  /// elements with to_vector().
  template <Element T>
  [[nodiscard]] std::span<const T> data() const& {
    return {static_cast<const T*>(raw_data(dtype_of<T>)), static_cast<std::size_t>(size())};
  }
  template <Element T>
  std::span<const T> data() const&& = delete;
  template <Element T>
  [[nodiscard]] std::vector<T> to_vector() const {
    const auto values = data<T>();
    return {values.begin(), values.end()};
  }

  /// The same value without history: gradients don't flow through. Evaluates.
  [[nodiscard]] Tensor detach() const;
  /// A copy of the value in memory of its own, without history. Evaluates.
  [[nodiscard]] Tensor clone() const;

  /// Python-like indexing: integers, Slice{start, stop, step}, ellipsis, newaxis; see index.hpp.
  [[nodiscard]] Tensor at(std::initializer_list<Index> indices) const;

  [[nodiscard]] graph::Node* node() const noexcept { return node_; }
  /// Takes over a reference that is already counted as a handle.
  [[nodiscard]] static Tensor adopt(graph::Node* node) noexcept {
    Tensor tensor;
    tensor.node_ = node;
    return tensor;
  }

 private:
  [[nodiscard]] const void* raw_data(DType wanted) const;

  graph::Node* node_ = nullptr;
};

/// Evaluates all of them in one plan.
XGRAD_API void eval(std::span<const Tensor> tensors);
XGRAD_API void eval(std::initializer_list<Tensor> tensors);

/// A leaf with this value whose dependents keep their history, like a Parameter's. Evaluates.
[[nodiscard]] XGRAD_API Tensor variable(const Tensor& value);

/// As NumPy prints an array: "[[1. 2.]\n [3. 4.]]". Evaluates; long arrays are shortened with "...".
XGRAD_API std::ostream& operator<<(std::ostream& out, const Tensor& tensor);
[[nodiscard]] XGRAD_API std::string to_string(const Tensor& tensor);

}  // namespace xgrad
