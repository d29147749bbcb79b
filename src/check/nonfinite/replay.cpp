#include "check/nonfinite/replay.hpp"

#include <algorithm>
#include <cmath>

#include "graph/values.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad::check {

bool any_nonfinite(const void* data, std::int64_t count, DType dtype) noexcept {
  return is_floating(dtype) && dispatch_floating(dtype, [&]<class T>(std::type_identity<T>) {
           const T* values = static_cast<const T*>(data);
           return !std::all_of(values, values + count, [](T value) { return std::isfinite(value); });
         });
}

std::vector<std::int64_t> nonfinite_elements(const void* data, std::int64_t count, DType dtype) {
  std::vector<std::int64_t> elements;
  if (is_floating(dtype)) {
    dispatch_floating(dtype, [&]<class T>(std::type_identity<T>) {
      const T* values = static_cast<const T*>(data);
      for (std::int64_t i = 0; i < count; ++i) {
        if (!std::isfinite(values[i])) {
          elements.push_back(i);
        }
      }
    });
  }
  return elements;
}

Replay::Replay(std::span<const Tensor> roots) {
  const std::vector<const graph::Node*> nodes = graph::nodes_of(roots);
  order_ = graph::with_leaves(graph::topological_order(nodes, graph::Boundary::leaves, nodes, {.number_leaves = true}));
  needed_.resize(size(), 0);
  nonfinite_.resize(size(), 0);
  uses_.resize(size(), 0);
  memory_.resize(size());
}

ConstArray Replay::value(std::size_t index) const noexcept {
  const graph::Node& node = *order_.nodes[index];
  return {memory_[index].node()->value.data(), node.shape, node.dtype};
}

void Replay::look_at(std::size_t index) noexcept {
  const ConstArray array = value(index);
  nonfinite_[index] = any_nonfinite(array.data, array.shape.size(), array.dtype) ? 1 : 0;
}

// From the roots back: known values, and what has to be computed.
void Replay::take_known(std::span<const Tensor> root_values) {
  for (std::size_t i = 0; i < order_.found.size(); ++i) {
    needed_[root(i)] = 1;
    ++uses_[root(i)];
    memory_[root(i)] = root_values[i];
  }
  for (std::size_t i = size(); i-- > 0;) {
    if (needed_[i] == 0) {
      continue;
    }
    if (!memory_[i].defined() && order_.nodes[i]->has_value()) {
      memory_[i] = graph::handle(order_.nodes[i]);
    }
    if (memory_[i].defined()) {
      look_at(i);
      if (finite(i)) {
        continue;
      }
    }
    for (const std::uint32_t input : inputs(i)) {
      needed_[input] = 1;
      ++uses_[input];
    }
  }
}

void Replay::compute(std::size_t index) {
  const graph::Node& node = *order_.nodes[index];
  const auto operands = inputs(index);
  if (node.operation->aliases_input()) {
    memory_[index] = memory_[operands[0]];
  } else {
    std::vector<ConstArray> arguments;
    arguments.reserve(operands.size());
    std::transform(operands.begin(), operands.end(), std::back_inserter(arguments),
                   [&](std::uint32_t input) { return value(input); });
    const auto [tensor, array] = graph::make_uninitialised(node.shape, node.dtype);
    node.operation->evaluate(arguments, array);
    memory_[index] = tensor;
  }
  look_at(index);
}

// What isn't finite uses its inputs for as long as it is used itself.
void Replay::release(std::uint32_t index) {
  dropped_.push_back(index);
  while (!dropped_.empty()) {
    const std::uint32_t next = dropped_.back();
    dropped_.pop_back();
    if (--uses_[next] > 0) {
      continue;
    }
    memory_[next] = Tensor{};
    if (!finite(next)) {
      const auto operands = inputs(next);
      dropped_.insert(dropped_.end(), operands.begin(), operands.end());
    }
  }
}

void Replay::run(std::span<const Tensor> root_values) {
  take_known(root_values);
  for (std::size_t i = 0; i < size(); ++i) {
    if (needed_[i] == 0 || memory_[i].defined()) {
      continue;
    }
    compute(i);
    if (finite(i)) {
      for (const std::uint32_t input : inputs(i)) {
        release(input);
      }
    }
  }
}

}  // namespace xgrad::check
