#include "formulas/names.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>

#include "formulas/expression.hpp"
#include "formulas/latex.hpp"

namespace xgrad::formulas {

namespace {

constexpr std::array<std::string_view, 10> digits{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};

std::string_view innermost(const graph::Node& node) {
  return node.scope == nullptr ? std::string_view{} : std::string_view{node.scope->name};
}

bool is_loss_scope(const graph::Node& node) {
  const std::string_view scope = innermost(node);
  constexpr std::size_t none = std::string_view::npos;
  return scope.find("Loss") != none || scope.find("CrossEntropy") != none || scope == "MeanSquaredError";
}

// What a loss takes, or what is subtracted from a prediction.
bool is_target(const graph::Node& user, const graph::Node* leaf) {
  return is_loss_scope(user) || (user.operation->algebra() == Algebra::sub && user.inputs()[1] == leaf);
}

bool is_activation(const graph::Node& node) {
  const Operation& operation = *node.operation;
  return operation.algebra() == Algebra::sigmoid || operation.algebra() == Algebra::tanh ||
         operation.algebra() == Algebra::relu || operation.algebra() == Algebra::softmax;
}

bool is_product(const graph::Node& node) {
  return node.operation != nullptr && node.operation->algebra() == Algebra::matmul;
}

}  // namespace

std::string superscript(std::size_t number) {
  std::string result;
  for (const char digit : std::to_string(number)) {
    result += digits[static_cast<std::size_t>(digit - '0')];
  }
  return result;
}

std::size_t characters(std::string_view text) noexcept {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

Name make_name(std::string_view base, std::size_t number) {
  if (number == 0) {
    return {std::string{base}, latex_name(base)};
  }
  return {std::string{base} + superscript(number), fmt::format("{}^{{{}}}", latex_name(base), number)};
}

Name with_subscript(std::string_view base, const Name& below) {
  return {fmt::format("{}_{}", base, below.text), fmt::format("{}_{{{}}}", latex_name(base), below.latex)};
}

Names::Names(const graph::Order& order, const graph::Node& loss,
             const std::unordered_map<const graph::Node*, std::string>& given) {
  find_layers(order);
  // Leaves and nodes in the order in which they are met.
  std::vector<const graph::Node*> met;
  std::unordered_set<const graph::Node*> seen;
  std::unordered_map<const graph::Node*, const graph::Node*> user;  // of a leaf, the first
  for (const graph::Node* node : order.nodes) {
    for (const graph::Node* input : node->inputs()) {
      if (input->operation == nullptr && seen.insert(input).second) {
        met.push_back(input);
        user.emplace(input, node);
      }
    }
    met.push_back(node);
  }
  std::vector<std::pair<const graph::Node*, std::string>> bases;
  for (const graph::Node* node : met) {
    if (node == &loss) {
      continue;
    }
    if (const auto name = given.find(node); name != given.end()) {
      bases.emplace_back(node, name->second);
    } else if (node->name) {
      bases.emplace_back(node, *node->name);
    } else if (layer_.contains(node)) {
      bases.emplace_back(node, "z");
    } else if (node->operation == nullptr) {
      if (node->shape.rank() == 0 && !node->history && is_floating(node->dtype)) {
        continue;  // a number
      }
      const char* base = is_target(*user.at(node), node) ? "y" : "x";
      bases.emplace_back(node, node->history ? "θ" : base);
    } else if (is_activation(*node) && !is_loss_scope(*node) && layer_.contains(node->inputs()[0])) {
      bases.emplace_back(node, "a");
    }
  }
  std::map<std::string, std::size_t> count;
  for (const auto& [node, base] : bases) {
    ++count[base];
  }
  std::string loss_name = loss.name ? *loss.name : "Loss";
  if (const auto name = given.find(&loss); name != given.end()) {
    loss_name = name->second;
  }
  set(&loss, loss_name, 0);
  std::map<std::string, std::size_t> next;
  for (const auto& [node, base] : bases) {
    std::size_t number = 0;
    if (const auto layer = layer_.find(node); layer != layer_.end() && base == "z") {
      number = layer->second;
    } else if (const auto weight = weights_.find(node); weight != weights_.end() && count[base] > 1) {
      number = weight->second;
    } else if (node->operation != nullptr && base == "a" && !node->name && layer_.contains(node->inputs()[0])) {
      number = layer_.at(node->inputs()[0]);
    } else if (count[base] > 1) {
      number = ++next[base];
    }
    set(node, base, number);
  }
}

// The first number from this one on whose name is free.
void Names::set(const graph::Node* node, const std::string& base, std::size_t number) {
  Name name = make_name(base, number);
  std::unordered_map<std::size_t, std::size_t>& next = next_[base];
  std::vector<std::size_t> met;
  while (!taken_.insert(name.text).second) {
    met.push_back(number);
    const auto known = next.find(number);
    number = known == next.end() ? number + 1 : known->second;
    name = make_name(base, number);
  }
  for (const std::size_t each : met) {
    next[each] = number + 1;
  }
  names_.insert_or_assign(node, std::move(name));
}

void Names::add(const graph::Node* node, const std::string& base, std::size_t number) {
  set(node, base, number);
}

void Names::find_layers(const graph::Order& order) {
  const auto is_dense = [](const graph::Node& node) { return innermost(node) == "Dense"; };
  std::unordered_set<const graph::Node*> biased;  // products that a bias is added to
  for (const graph::Node* node : order.nodes) {
    if (is_dense(*node) && node->operation->algebra() == Algebra::add && is_product(*node->inputs()[0])) {
      biased.insert(node->inputs()[0]);
    }
  }
  for (const graph::Node* node : order.nodes) {
    if (!is_dense(*node) || biased.contains(node)) {
      continue;
    }
    const bool adds = node->operation->algebra() == Algebra::add && is_product(*node->inputs()[0]);
    if (!adds && !is_product(*node)) {
      continue;
    }
    preactivations_.push_back(node);
    const std::size_t number = preactivations_.size();
    const graph::Node* product = adds ? node->inputs()[0] : node;
    for (const graph::Node* input : product->inputs()) {
      while (input->operation != nullptr && input->operation->algebra() == Algebra::permute) {
        input = input->inputs()[0];
      }
      if (input->operation == nullptr && input->history) {
        weights_.emplace(input, number);
      }
    }
    if (adds && node->inputs()[1]->operation == nullptr) {
      weights_.emplace(node->inputs()[1], number);
    }
  }
  for (std::size_t i = 0; i < preactivations_.size(); ++i) {
    layer_.emplace(preactivations_[i], preactivations_.size() == 1 ? 0 : i + 1);
  }
  if (preactivations_.size() == 1) {
    for (auto& [node, number] : weights_) {
      number = 0;
    }
  }
}

}  // namespace xgrad::formulas
