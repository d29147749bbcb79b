#include "check/named_tensors.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <numeric>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "xgrad/error.hpp"

#include "formulas/names.hpp"
#include "graph/order.hpp"

namespace xgrad::check {

namespace {

graph::Order order_behind(const Tensor& loss) {
  const graph::Node* root = loss.node();
  return graph::topological_order({&root, 1}, graph::Boundary::leaves);
}

/// "z¹" as people can type it: "z1".
std::string typed(std::string_view name) {
  std::string result{name};
  for (std::size_t digit = 0; digit < 10; ++digit) {
    const std::string above = digit == 0 ? "⁰" : formulas::superscript(digit);
    for (std::size_t at = 0; (at = result.find(above, at)) != std::string::npos; ++at) {
      result.replace(at, above.size(), std::to_string(digit));
    }
  }
  return result;
}

}  // namespace

NamedTensors::NamedTensors(const Tensor& loss) {
  const graph::Order order = order_behind(loss);
  const formulas::Names names{order, *loss.node(), {}};
  std::unordered_set<const graph::Node*> seen{loss.node()};
  const auto add = [&](const graph::Node* node) {
    if (names.has(node) && is_floating(node->dtype) && seen.insert(node).second) {
      all_.push_back({names.of(node).text, graph::handle(node)});
    }
  };
  for (const graph::Node* node : order.nodes) {
    for (const graph::Node* input : node->inputs()) {
      add(input);
    }
    add(node);
  }
}

const NamedTensor& NamedTensors::find(std::string_view name, std::string_view caller) const {
  using Matches = bool (*)(const std::string& own, std::string_view wanted);
  const std::array<Matches, 3> ways{
      [](const std::string& own, std::string_view wanted) { return own == wanted; },
      [](const std::string& own, std::string_view wanted) { return typed(own) == wanted; },
      // Of the only layer.
      [](const std::string& own, std::string_view wanted) { return (own == "z" || own == "a") && own + '1' == wanted; },
  };
  for (const Matches matches : ways) {
    const auto found =
        std::find_if(all_.begin(), all_.end(), [&](const NamedTensor& each) { return matches(each.name, name); });
    if (found != all_.end()) {
      return *found;
    }
  }
  std::vector<std::string_view> names;
  names.reserve(all_.size());
  for (const NamedTensor& each : all_) {
    names.push_back(each.name);
  }
  throw ValueError(fmt::format("[{}] the loss isn't computed from a tensor called '{}'; it is from {}", caller, name,
                               fmt::join(names, ", ")));
}

std::vector<NamedTensor> NamedTensors::intermediates() const {
  std::vector<NamedTensor> result;
  std::copy_if(all_.begin(), all_.end(), std::back_inserter(result), [](const NamedTensor& each) {
    return each.tensor.node()->operation != nullptr && each.tensor.node()->history;
  });
  return result;
}

std::vector<std::size_t> backward_positions(const Tensor& loss, const std::vector<Tensor>& tensors) {
  const graph::Order order = order_behind(loss);
  // A leaf that is transposed, or goes through other operations of one input, is used where their result is.
  std::unordered_set<const graph::Node*> of_one_leaf;
  for (const graph::Node* node : order.nodes) {
    const std::span<graph::Node* const> inputs = node->inputs();
    if (inputs.size() == 1 && (inputs[0]->operation == nullptr || of_one_leaf.contains(inputs[0]))) {
      of_one_leaf.insert(node);
    }
  }
  std::unordered_map<const graph::Node*, std::size_t> first_use;
  for (std::size_t i = order.nodes.size(); i-- > 0;) {
    const graph::Node* node = order.nodes[i];
    const auto own = first_use.find(node);
    const std::size_t use = of_one_leaf.contains(node) && own != first_use.end() ? own->second : i + 1;
    for (const graph::Node* input : node->inputs()) {
      const auto [known, added] = first_use.try_emplace(input, use);
      known->second = std::min(known->second, use);
    }
  }
  const auto key = [&](std::size_t i) {
    const graph::Node* node = tensors[i].node();
    const auto use = first_use.find(node);
    return std::tuple{use == first_use.end() ? 0 : -static_cast<std::ptrdiff_t>(use->second),
                      node->operation != nullptr, i};
  };
  std::vector<std::size_t> sorted(tensors.size());
  std::iota(sorted.begin(), sorted.end(), std::size_t{0});
  std::sort(sorted.begin(), sorted.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  std::vector<std::size_t> positions(tensors.size());
  for (std::size_t position = 0; position < sorted.size(); ++position) {
    positions[sorted[position]] = position;
  }
  return positions;
}

}  // namespace xgrad::check
