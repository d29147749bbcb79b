#include "planning/captured.hpp"

#include <algorithm>
#include <cstddef>
#include <fmt/format.h>
#include <iterator>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>

#include "graph/node.hpp"
#include "graph/order.hpp"
#include "graph/scope_path.hpp"
#include "tensor/dispatch.hpp"
#include "tensor/number_format.hpp"

namespace xgrad::planning {

namespace {

std::string values_text(const graph::Node& node) {
  constexpr std::int64_t most = 6;
  const std::int64_t size = node.shape.size();
  std::string text;
  dispatch(node.dtype, [&]<class T>(std::type_identity<T> /*type*/) {
    const T* const values = static_cast<const T*>(node.value.data());
    for (std::int64_t i = 0; i < std::min(size, most); ++i) {
      text += i == 0 ? "" : ", ";
      if constexpr (std::is_floating_point_v<T>) {
        text += text::number(values[i]);
      } else {
        text += fmt::format("{}", values[i]);
      }
    }
  });
  if (size > most) {
    text += ", …";
  }
  return node.shape.rank() == 0 ? text : '[' + text + ']';
}

std::string line(const graph::Node& constant, const graph::Node* user) {
  std::string text = constant.name == nullptr ? "" : fmt::format("'{}' ", *constant.name);
  text += fmt::format("{} {} {}", to_string(constant.shape), to_string(constant.dtype), values_text(constant));
  if (user == nullptr) {
    return text + ", returned as it is";
  }
  text += fmt::format(", in {}", user->operation->name());
  const std::string layer = graph::path(user->scope.get());
  return layer.empty() ? text : text + " of " + layer;
}

/// Lines in the order in which they come first, with how often they do.
class Lines {
 public:
  void add(const std::string& text) {
    const auto [place, is_new] = places_.try_emplace(text, lines_.size());
    if (is_new) {
      lines_.emplace_back(text, 1);
    } else {
      ++lines_[place->second].second;
    }
  }

  [[nodiscard]] std::vector<std::string> texts() const {
    constexpr std::size_t most = 32;
    std::vector<std::string> result;
    for (std::size_t i = 0; i < std::min(lines_.size(), most); ++i) {
      const auto& [text, count] = lines_[i];
      result.push_back(count == 1 ? text : fmt::format("{} ({} times)", text, count));
    }
    if (lines_.size() > most) {
      result.push_back(fmt::format("and {} more", lines_.size() - most));
    }
    return result;
  }

 private:
  std::vector<std::pair<std::string, std::size_t>> lines_;
  std::unordered_map<std::string, std::size_t> places_;
};

}  // namespace

std::vector<std::string> captured_constants(std::span<const Tensor> outputs) {
  std::vector<const graph::Node*> roots;
  std::transform(outputs.begin(), outputs.end(), std::back_inserter(roots),
                 [](const Tensor& output) { return output.node(); });
  std::unordered_set<const graph::Node*> seen;
  Lines lines;
  const auto look_at = [&](const graph::Node* constant, const graph::Node* user) {
    if (!constant->traced && constant->has_value() && seen.insert(constant).second) {
      lines.add(line(*constant, user));
    }
  };
  for (const graph::Node* user : graph::topological_order(roots, graph::Boundary::values).nodes) {
    for (const graph::Node* input : user->inputs()) {
      look_at(input, user);
    }
  }
  for (const graph::Node* root : roots) {
    look_at(root, nullptr);
  }
  return lines.texts();
}

}  // namespace xgrad::planning
