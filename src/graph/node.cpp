#include "graph/node.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <fmt/format.h>
#include <new>

#include "memory/thread_store.hpp"

namespace xgrad::graph {

namespace {

constinit XGRAD_STATIC_TLS thread_local std::uint64_t last_time = 0;

// Nodes of a large graph come from far away in memory: several are fetched at a time, before their counts are changed
// one after the other.
void fetch(const Node* node) noexcept {
  __builtin_prefetch(node, 1);
  __builtin_prefetch(&node->counts, 1);
}

// Gives a reference back; whether there is none left. Nobody can take another of a node whose only one is given back:
// so that needs no locked instruction.
bool is_last(Node& node, std::uint64_t reference) noexcept {
  if (node.counts.load(std::memory_order_acquire) == reference) {
    return true;
  }
  const std::uint64_t before = node.counts.fetch_sub(reference, std::memory_order_acq_rel);
  return static_cast<std::uint32_t>(before) == 1;
}

// Drops the references to the inputs and the form of `dead`; nodes without any left are put in front of `pending`.
void drop_inputs(Node& dead, Node*& pending) noexcept {
  const auto drop = [&pending](Node* input) {
    if (is_last(*input, Node::one_reference)) {
      input->waiting = pending;
      pending = input;
    }
  };
  if (dead.form != nullptr) {
    drop(dead.form->node);
    dead.form.reset();
  }
  std::for_each(dead.inputs().begin(), dead.inputs().end(), fetch);
  std::for_each(dead.inputs().begin(), dead.inputs().end(), drop);
  dead.drop_list();
}

// Frees the waiting nodes and those that lose their last reference by that. A worklist instead of recursion: a chain of
// a million nodes is freed with the default stack, and freeing allocates nothing.
void free_pending(Node* pending) noexcept {
  while (pending != nullptr) {
    Node* dead = std::exchange(pending, pending->waiting);
    drop_inputs(*dead, pending);
    delete dead;
  }
}

}  // namespace

void retain_handle(Node* node) noexcept {
  node->counts.fetch_add(Node::one_handle, std::memory_order_relaxed);
}

void release_handle(Node* node) noexcept {
  if (is_last(*node, Node::one_handle)) {
    node->waiting = nullptr;
    free_pending(node);
  }
}

std::uint64_t next_time(std::uint64_t after) noexcept {
  last_time = std::max(last_time, after) + 1;
  return last_time;
}

Tensor make_leaf(const Shape& shape, DType dtype, memory::Buffer value, bool history) {
  auto node = std::make_unique<Node>();
  node->counts.store(Node::one_handle, std::memory_order_relaxed);
  node->shape = shape;
  node->dtype = dtype;
  node->history = history;
  node->value = std::move(value);
  node->scope = current_scope();
  node->time = next_time();
  return Tensor::adopt(node.release());
}

Fresh make_uninitialised(const Shape& shape, DType dtype) {
  auto buffer = memory::Buffer::allocate(shape, dtype);
  Array array{buffer.data(), shape, dtype};
  return {make_leaf(shape, dtype, std::move(buffer)), array};
}

Tensor handle(const Node* node) noexcept {
  auto* shared = const_cast<Node*>(node);  // NOLINT: a handle never writes through it
  retain_handle(shared);
  return Tensor::adopt(shared);
}

void set_value(Node& node, memory::Buffer value) {
  node.value = std::move(value);
  if (!node.history) {
    Node* pending = nullptr;
    drop_inputs(node, pending);
    free_pending(pending);
    node.operation.reset();
    node.cut = true;
  }
}

std::string label(const Tensor& tensor) {
  if (!tensor.defined()) {
    return "undefined";
  }
  const Node& node = *tensor.node();
  return node.name ? fmt::format("'{}' {}", *node.name, to_string(node.shape)) : to_string(node.shape);
}

std::string label(std::span<const Tensor> tensors) {
  std::string text;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (i > 0) {
      text += i + 1 == tensors.size() ? " and " : ", ";
    }
    text += label(tensors[i]);
  }
  return text;
}

SharedScope& current_scope() noexcept {
  // Never destroyed: a thread may make nodes while it ends, and it has left all its scopes by then.
  alignas(SharedScope) constinit XGRAD_STATIC_TLS static thread_local std::array<std::byte, sizeof(SharedScope)>
      memory{};
  constinit XGRAD_STATIC_TLS static thread_local SharedScope* scope = nullptr;
  if (scope == nullptr) {
    scope = new (memory.data()) SharedScope;
  }
  return *scope;
}

}  // namespace xgrad::graph
