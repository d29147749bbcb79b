#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <ostream>

#include "xgrad/nonfinite.hpp"

#include "check/entries/entries.hpp"

namespace xgrad::check {
namespace {

// NaN without its sign, which means nothing.
std::string number_text(double value) {
  return std::isnan(value) ? "nan" : fmt::format("{:.6g}", value);
}

/// " at (1, 2)"; nothing for a scalar.
std::string at_text(const std::vector<std::int64_t>& index) {
  return index.empty() ? "" : " at " + index_text(index);
}

std::string layer_text(const std::string& layer) {
  return layer.empty() ? "" : " in " + layer;
}

std::string kind_text(DType dtype, const Shape& shape) {
  return fmt::format("{} {}", to_string(dtype), to_string(shape));
}

std::string share_text(const NonFinite& found) {
  return found.shape.size() == 1
             ? ""
             : fmt::format(", {} of {} elements aren't finite", found.nonfinite, found.shape.size());
}

std::string heading(const NonFinite& found) {
  if (found.operation == "leaf") {
    return fmt::format("{} isn't finite, because of a value that {}{}:\n", found.result,
                       found.history_gone ? "was read before its history was looked at" : "was given",
                       found.layer.empty() ? "" : fmt::format(" to {}", found.layer));
  }
  const std::string pass =
      found.derivative_of.empty() ? "" : fmt::format(", in the derivative of {}", found.derivative_of);
  return fmt::format("{} isn't finite, because of {}{}{}:\n", found.result, found.operation, layer_text(found.layer),
                     pass);
}

std::string operand_text(const Operand& operand) {
  std::string text = fmt::format("  {}: {}", operand.name, kind_text(operand.dtype, operand.shape));
  if (operand.shape.size() > 1) {
    text += fmt::format(", from {} to {}", number_text(operand.min), number_text(operand.max));
  }
  if (operand.nonfinite > 0) {
    text += fmt::format(", {} not finite", operand.nonfinite);
  }
  if (operand.element) {
    text += fmt::format(", {}{}", number_text(*operand.element), at_text(operand.index));
  } else if (operand.shape.size() == 1 && operand.finite()) {
    text += fmt::format(", {}", number_text(operand.min));
  }
  return text + '\n';
}

}  // namespace

std::string NonFinite::text() const {
  std::string text = heading(*this);
  const std::string what = formula.empty() ? "it" : formula;
  const std::string known = name.empty() || name == formula ? "" : name + " = ";
  text += fmt::format("  {}{} is {}{}; {}{}\n", known, what, number_text(value), at_text(index),
                      kind_text(dtype, shape), share_text(*this));
  std::vector<std::string> lines;  // what goes in twice, as in x / x, is one
  for (const Operand& operand : operands) {
    std::string line = operand_text(operand);
    if (std::find(lines.begin(), lines.end(), line) == lines.end()) {
      text += line;
      lines.push_back(std::move(line));
    }
  }
  if (turned_nan) {
    text += fmt::format("  the infinity became NaN in {}{}{}\n", turned_nan->formula, layer_text(turned_nan->layer),
                        at_text(turned_nan->index));
  }
  if (pass == Pass::backward && derivative_of.empty()) {
    text += "  It is masked in the forward pass, whose result is finite, but not in the derivatives.\n";
  }
  if (history_gone) {
    text +=
        "  It was computed, but let its history go when it was read: trace before that, or put a variable() behind "
        "it.\n";
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const NonFinite& found) {
  return out << found.text();
}

}  // namespace xgrad::check
