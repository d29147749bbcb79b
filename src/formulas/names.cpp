#include "formulas/names.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>

#include "formulas/constants.hpp"
#include "formulas/expression.hpp"
#include "formulas/latex.hpp"

namespace xgrad::formulas {

namespace {

constexpr std::array<std::string_view, 10> digits{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};

// Whether a leaf is taken by a loss, or is subtracted from a prediction.
bool is_target(const graph::Node& user, const graph::Node* leaf) {
  return is_in_loss(user) || (user.operation->algebra() == Algebra::sub && user.inputs()[1] == leaf);
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
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto at = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
    const bool starts = (at(i) & 0xC0U) != 0x80U;
    // U+0300 to U+036F.
    const bool combines = at(i) == 0xCCU || (at(i) == 0xCDU && i + 1 < text.size() && at(i + 1) <= 0xAFU);
    count += starts && !combines ? 1U : 0U;
  }
  return count;
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
             const std::unordered_map<const graph::Node*, std::string>& given)
    : layers_{order} {
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
  struct Based {
    const graph::Node* node;
    std::string base;
  };
  std::vector<Based> all;
  for (const graph::Node* node : met) {
    if (node == &loss) {
      continue;
    }
    if (const auto name = given.find(node); name != given.end()) {
      all.push_back({node, name->second});
    } else if (node->name) {
      all.push_back({node, *node->name});
    } else if (is_preactivation(node)) {
      all.push_back({node, "z"});
    } else if (node->operation == nullptr) {
      const bool is_number = node->shape.rank() == 0 && !node->history && is_floating(node->dtype);
      if (is_number || (is_made_by_layer(*node) && constant_of(*node))) {
        continue;
      }
      const char* base = is_target(*user.at(node), node) ? "y" : "x";
      all.push_back({node, node->history ? "θ" : base});
    } else if (layers_.of_activation(node) != Layers::none) {
      all.push_back({node, "a"});
    }
  }
  std::map<std::string, std::size_t> count;
  for (const Based& each : all) {
    ++count[each.base];
  }
  std::string loss_name = loss.name ? *loss.name : "Loss";
  if (const auto name = given.find(&loss); name != given.end()) {
    loss_name = name->second;
  }
  set(&loss, loss_name, 0);
  std::map<std::string, std::size_t> next;
  for (const auto& [node, base] : all) {
    const std::size_t of_parameter = layers_.of_parameter(node);
    std::size_t number = 0;
    if (base == "z" && is_preactivation(node)) {
      number = layer(node);
    } else if (base == "a" && !node->name && layers_.of_activation(node) != Layers::none) {
      number = number_of(layers_.of_activation(node));
    } else if (count[base] > 1) {
      number = of_parameter == Layers::none ? ++next[base] : number_of(of_parameter);
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

}  // namespace xgrad::formulas
