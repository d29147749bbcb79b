#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "xgrad/operation.hpp"
#include "xgrad/scope.hpp"
#include "xgrad/shape.hpp"
#include "xgrad/tensor.hpp"

#include "memory/buffer.hpp"
#include "memory/counted.hpp"

namespace xgrad::graph {

/// A chain of scopes, innermost first; shared by the nodes made inside.
///
/// A scope with a role is one call: two calls of one layer are two objects. Scopes without a role may be one.
struct ScopeName {
  std::string name;
  memory::Counted<ScopeName> outer;
  Scope::Role role = Scope::Role::none;
  bool derivative = false;  ///< of derivatives of the nodes in the outer scope; has no name
};

using SharedScope = memory::Counted<ScopeName>;
using SharedName = memory::Counted<std::string>;

struct Node;

/// Another call that a node is computed and differentiated by instead of its own; see StableForm.
struct Form {
  Node* node = nullptr;             ///< one reference of its user
  std::vector<const Node*> around;  ///< alive as long as the user has inputs; sorted
};

/// A node of the graph. Everything but the value, the name and the release of the history is fixed once built.
///
/// Two counts in one word: all references (low half: handles and users), and the handles alone (high half). A node
/// with handles keeps its value; a node without any reference is freed, without recursion.
///
/// Without an operation it is a leaf and has a value. A node with an operation has inputs, and perhaps a value.
///
/// A large graph is beyond the nearest caches, so a node is small, and what a traversal reads stands together in front.
struct Node {
  static constexpr std::uint64_t one_reference = 1;
  static constexpr std::uint64_t one_handle = (std::uint64_t{1} << 32U) + 1;
  static constexpr std::size_t inline_inputs = 3;

  std::shared_ptr<const Operation> operation;
  union {
    std::array<Node*, inline_inputs> few_inputs{};
    Node** many_inputs;  ///< of a node with more; its own
  };
  union {
    std::uint64_t time = 0;  ///< when it was made, see next_time(): later than all inputs
    Node* waiting;           ///< of a node without references: links those about to be freed
  };
  memory::Buffer value;
  mutable std::uint32_t slot = 0;  ///< 1 + index in the traversal under way; 0 outside of one
  std::uint32_t input_count = 0;
  std::atomic<std::uint64_t> counts{0};
  std::unique_ptr<const Form> form;  ///< null for almost all; goes when the inputs go
  SharedScope scope;
  SharedName name;
  DType dtype = float32;
  bool history = false;       ///< depends on a Parameter or a variable(), or is one
  bool cut = false;           ///< a leaf that was computed, and has let its history go
  bool traced : 1 = false;    ///< depends on a placeholder of a Trace: has no value and gets none
  bool of_state : 1 = false;  ///< is a State's value, which isn't differentiated
  Shape shape;

  Node() noexcept = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node() { drop_list(); }

  [[nodiscard]] std::span<Node* const> inputs() const noexcept {
    return {input_count <= inline_inputs ? few_inputs.data() : many_inputs, input_count};
  }
  /// Room for so many inputs, to be filled.
  [[nodiscard]] std::span<Node*> make_inputs(std::size_t count) {
    if (count > inline_inputs) {
      many_inputs = new Node*[count];
    }
    input_count = static_cast<std::uint32_t>(count);
    return {count > inline_inputs ? many_inputs : few_inputs.data(), count};
  }
  /// Leaves none. References to them must have been dropped.
  void drop_list() noexcept {
    if (input_count > inline_inputs) {
      delete[] many_inputs;
    }
    input_count = 0;
  }
  [[nodiscard]] bool has_value() const noexcept { return static_cast<bool>(value); }
  [[nodiscard]] bool has_handles() const noexcept { return (counts.load(std::memory_order_relaxed) >> 32U) != 0; }
  /// Whether one handle is all there is.
  [[nodiscard]] bool held_once() const noexcept { return counts.load(std::memory_order_acquire) == one_handle; }

  /// From a pool per thread.
  static void* operator new(std::size_t bytes);
  static void operator delete(void* memory) noexcept;
};

/// A logical time that is later than the one given, and than all that this thread was given before. So a node is newer
/// than all nodes behind it, whichever threads made them.
[[nodiscard]] std::uint64_t next_time(std::uint64_t after = 0) noexcept;

/// A handle to a new leaf that takes over the buffer.
[[nodiscard]] Tensor make_leaf(const Shape& shape, DType dtype, memory::Buffer value, bool history = false);

/// A leaf with uninitialised memory, and that memory, to be filled before the tensor is used.
struct Fresh {
  Tensor tensor;
  Array array;
};
[[nodiscard]] Fresh make_uninitialised(const Shape& shape, DType dtype);

/// A handle to a node that exists.
[[nodiscard]] Tensor handle(const Node* node) noexcept;

/// A call as a node without a stable form.
[[nodiscard]] Tensor apply_as_written(std::shared_ptr<const Operation> operation, std::span<const Tensor> inputs);

/// Stores a computed value; lets the history go unless it is to be kept.
void set_value(Node& node, memory::Buffer value);

/// "'W' (3, 2)", or "(3, 2)" without a name: how errors name a tensor.
[[nodiscard]] std::string label(const Tensor& tensor);
/// The same of several: "'W' (3, 2) and (5,)".
[[nodiscard]] std::string label(std::span<const Tensor> tensors);

/// The scope that new nodes get on this thread.
[[nodiscard]] SharedScope& current_scope() noexcept;

/// The scope for derivatives of the nodes in this one. Itself if it is null or such a scope already.
[[nodiscard]] SharedScope derivative_of(const SharedScope& scope);

/// Sets another scope while it lives.
class ScopeGuard {
 public:
  explicit ScopeGuard(SharedScope scope) noexcept : previous_{std::exchange(current_scope(), std::move(scope))} {}
  ScopeGuard(const ScopeGuard&) = delete;
  ScopeGuard& operator=(const ScopeGuard&) = delete;
  ~ScopeGuard() { current_scope() = std::move(previous_); }

 private:
  SharedScope previous_;
};

}  // namespace xgrad::graph
