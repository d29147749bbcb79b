#include "check/nonfinite/replay.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "graph/order.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad::check {

bool any_nonfinite(const void* data, std::int64_t count, DType dtype) noexcept {
  return is_floating(dtype) && dispatch_floating(dtype, [&]<class T>(std::type_identity<T>) {
           const T* values = static_cast<const T*>(data);
           return !std::all_of(values, values + count, [](T value) { return std::isfinite(value); });
         });
}

std::vector<std::int64_t> nonfinite_elements(const void* data, std::int64_t count, DType dtype) {
  std::vector<std::int64_t> places;
  if (is_floating(dtype)) {
    dispatch_floating(dtype, [&]<class T>(std::type_identity<T>) {
      const T* values = static_cast<const T*>(data);
      for (std::int64_t i = 0; i < count; ++i) {
        if (!std::isfinite(values[i])) {
          places.push_back(i);
        }
      }
    });
  }
  return places;
}

Replay::Replay(std::span<const Tensor> roots) {
  std::vector<const graph::Node*> root_nodes;
  std::transform(roots.begin(), roots.end(), std::back_inserter(root_nodes),
                 [](const Tensor& root) { return root.node(); });
  const graph::Order order = graph::topological_order(root_nodes, graph::Boundary::leaves, root_nodes);
  std::unordered_map<const graph::Node*, std::uint32_t> leaves;
  std::vector<std::uint32_t> places(order.nodes.size());
  const auto leaf_place = [&](const graph::Node* leaf) {
    const auto [known, added] = leaves.try_emplace(leaf, static_cast<std::uint32_t>(nodes_.size()));
    if (added) {
      nodes_.push_back(leaf);
      first_.push_back(static_cast<std::uint32_t>(inputs_.size()));
    }
    return known->second;
  };
  std::vector<std::uint32_t> inputs;
  for (std::size_t i = 0; i < order.nodes.size(); ++i) {
    const auto links = order.inputs(i);
    inputs.clear();
    for (std::size_t j = 0; j < links.size(); ++j) {
      inputs.push_back(links[j] == graph::Order::leaf ? leaf_place(order.nodes[i]->inputs()[j]) : places[links[j]]);
    }
    places[i] = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back(order.nodes[i]);
    first_.push_back(static_cast<std::uint32_t>(inputs_.size()));
    inputs_.insert(inputs_.end(), inputs.begin(), inputs.end());
  }
  for (std::size_t i = 0; i < root_nodes.size(); ++i) {
    roots_.push_back(order.found[i] == graph::Order::leaf ? leaf_place(root_nodes[i]) : places[order.found[i]]);
  }
  first_.push_back(static_cast<std::uint32_t>(inputs_.size()));
  needed_.resize(nodes_.size(), 0);
  nonfinite_.resize(nodes_.size(), 0);
  uses_.resize(nodes_.size(), 0);
  memory_.resize(nodes_.size());
}

ConstArray Replay::value(std::size_t place) const noexcept {
  const graph::Node& node = *nodes_[place];
  return {memory_[place].node()->value.data(), node.shape, node.dtype};
}

void Replay::look_at(std::size_t place) noexcept {
  const ConstArray array = value(place);
  nonfinite_[place] = any_nonfinite(array.data, array.shape.size(), array.dtype) ? 1 : 0;
}

// From the roots back: known values, and what has to be computed.
void Replay::take_known(std::span<const Tensor> root_values) {
  for (std::size_t i = 0; i < roots_.size(); ++i) {
    needed_[roots_[i]] = 1;
    ++uses_[roots_[i]];
    memory_[roots_[i]] = root_values[i];
  }
  for (std::size_t i = nodes_.size(); i-- > 0;) {
    if (needed_[i] == 0) {
      continue;
    }
    if (!memory_[i].defined() && nodes_[i]->has_value()) {
      memory_[i] = graph::handle(nodes_[i]);
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

void Replay::compute(std::size_t place) {
  const graph::Node& node = *nodes_[place];
  const auto links = inputs(place);
  if (node.operation->aliases_input()) {
    memory_[place] = memory_[links[0]];
  } else {
    std::vector<ConstArray> arguments;
    arguments.reserve(links.size());
    std::transform(links.begin(), links.end(), std::back_inserter(arguments),
                   [&](std::uint32_t input) { return value(input); });
    const auto [tensor, array] = graph::make_uninitialised(node.shape, node.dtype);
    node.operation->evaluate(arguments, array);
    memory_[place] = tensor;
  }
  look_at(place);
}

// What isn't finite uses its inputs for as long as it is used itself.
void Replay::release(std::uint32_t place) {
  dropped_.push_back(place);
  while (!dropped_.empty()) {
    const std::uint32_t next = dropped_.back();
    dropped_.pop_back();
    if (--uses_[next] > 0) {
      continue;
    }
    memory_[next] = Tensor{};
    if (!finite(next)) {
      const auto links = inputs(next);
      dropped_.insert(dropped_.end(), links.begin(), links.end());
    }
  }
}

void Replay::run(std::span<const Tensor> root_values) {
  take_known(root_values);
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
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
