#include "check/nonfinite/formula.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <type_traits>
#include <variant>
#include <vector>

#include "check/entries/entries.hpp"
#include "ops/attributes.hpp"

namespace xgrad::check {
namespace {

/// A formula, and how tightly its outermost operation binds.
struct Formula {
  std::string text;
  int precedence = 0;
};

constexpr int atom = 100;
constexpr int shown_levels = 2;

std::string attribute_text(const Attribute& attribute) {
  return std::visit(
      [&]<class T>(const T& value) {
        if constexpr (std::is_same_v<T, std::vector<std::int64_t>>) {
          return fmt::format("{}={}", attribute.name, index_text(value));
        } else if constexpr (std::is_same_v<T, double>) {
          return fmt::format("{}={:.6g}", attribute.name, value);
        } else {
          return fmt::format("{}={}", attribute.name, value);
        }
      },
      attribute.value);
}

/// Whether a product takes its operand transposed.
bool is_transposed(const Operation& operation, std::size_t operand) {
  return operation.algebra() == Algebra::matmul &&
         xgrad::ops::flag(operation, operand == 0 ? "transpose_a" : "transpose_b");
}

std::string number_text(const graph::Node& node) {
  const void* data = node.value.data();
  switch (node.dtype) {
    case DType::float32:
      return fmt::format("{:.6g}", *static_cast<const float*>(data));
    case DType::float64:
      return fmt::format("{:.6g}", *static_cast<const double*>(data));
    case DType::int64:
      return fmt::format("{}", *static_cast<const std::int64_t*>(data));
    case DType::boolean:
      break;
  }
  return fmt::format("{}", *static_cast<const bool*>(data));
}

bool has_name(const graph::Node& node) {
  return node.name && !node.name->empty();
}

/// Whether it is a number that was written beside a tensor, or as good as.
bool is_number(const graph::Node& node) {
  return node.operation == nullptr && node.has_value() && node.shape.rank() == 0;
}

std::string enclosed(const Formula& formula, int at_least) {
  return formula.precedence < at_least ? fmt::format("({})", formula.text) : formula.text;
}

Formula compose(const Operation& operation, const std::vector<Formula>& operands) {
  const Notation notation = operation.notation();
  const int precedence = notation.precedence;
  const std::string_view symbol = notation.symbol.empty() ? operation.name() : notation.symbol;
  using Form = Notation::Form;
  if (notation.form == Form::infix && operands.size() == 2) {
    const std::string left = enclosed(operands[0], precedence);
    const std::string right = enclosed(operands[1], precedence + 1);
    return {symbol == " " ? left + " " + right : fmt::format("{} {} {}", left, symbol, right), precedence};
  }
  if (notation.form == Form::prefix && operands.size() == 1) {
    return {fmt::format("{}{}{}", symbol, precedence < 3 ? " " : "", enclosed(operands[0], precedence)), precedence};
  }
  if (notation.form == Form::postfix && operands.size() == 1) {
    return {enclosed(operands[0], precedence) + std::string{symbol}, precedence};
  }
  std::vector<std::string> arguments;
  std::transform(operands.begin(), operands.end(), std::back_inserter(arguments),
                 [](const Formula& operand) { return operand.text; });
  for (const Attribute& attribute : operation.attributes()) {
    const bool* flag = std::get_if<bool>(&attribute.value);
    if (flag == nullptr || *flag) {
      arguments.push_back(attribute_text(attribute));
    }
  }
  return {fmt::format("{}({})", symbol, fmt::join(arguments, ", ")), atom};
}

/// A node as the operand number `input` in the formula of another, with so many levels of the operations behind it.
Formula mention(const graph::Node& node, std::size_t input, int levels);

Formula call(const graph::Node& node, int levels) {
  std::vector<Formula> operands;
  for (std::size_t i = 0; i < node.inputs().size(); ++i) {
    Formula operand = mention(*node.inputs()[i], i, levels);
    if (is_transposed(*node.operation, i)) {
      constexpr int postfix = 4;
      operand = {enclosed(operand, postfix) + "ᵀ", postfix};
    }
    operands.push_back(std::move(operand));
  }
  return compose(*node.operation, operands);
}

Formula mention(const graph::Node& node, std::size_t input, int levels) {
  if (has_name(node)) {
    return {*node.name, atom};
  }
  if (is_number(node)) {
    const std::string text = number_text(node);
    return {text, text.starts_with('-') ? 0 : atom};
  }
  if (node.operation == nullptr) {
    return {fmt::format("#{}", input), atom};
  }
  return levels > 0 ? call(node, levels - 1) : Formula{fmt::format("{}(…)", node.operation->name()), atom};
}

}  // namespace

std::string formula_of(const graph::Node& node) {
  if (node.operation != nullptr) {
    return call(node, shown_levels).text;
  }
  if (has_name(node)) {
    return *node.name;
  }
  return is_number(node) ? number_text(node) : "";
}

std::string operand_name(const graph::Node& node, std::size_t operand) {
  return mention(*node.inputs()[operand], operand, shown_levels).text;
}

}  // namespace xgrad::check
