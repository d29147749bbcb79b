// Writing formulas down as equations.
#include <string_view>
#include <unordered_set>

#include "formulas/evaluation.hpp"
#include "formulas/formulas.hpp"
#include "formulas/printing.hpp"

namespace xgrad::formulas {

Derivation Formulas::write(const DeriveOptions& options) {
  std::vector<Line> forward = forward_lines();
  std::vector<Line> backward = backward_lines();
  name_absorbed_activations(forward, backward);
  name_terms(options, forward, backward);
  Derivation result;
  result.forward = equations(forward);
  result.backward = equations(backward);
  label(backward, result.backward);
  note(result, forward, backward);
  return result;
}

std::vector<Equation> Formulas::equations(const std::vector<Line>& lines) {
  const auto names = [this](Expr e) { return name_of(e); };
  Printer text{Dialect::text, names};
  Printer latex{Dialect::latex, names};
  Evaluation evaluation{expressions_};
  std::vector<Equation> result;
  for (const Line& line : lines) {
    // A formula that another line defines is written as that line's name.
    const auto term = terms_.find(line.right);
    const bool is_alias = term != terms_.end() && term->second.text != line.left.text;
    Equation equation;
    equation.left = line.left.text;
    equation.latex_left = line.left.latex;
    equation.right = is_alias ? term->second.text : text.of(line.right);
    equation.latex_right = is_alias ? term->second.latex : latex.of(line.right);
    equation.shape = line.right->shape;
    equation.value = evaluation.of(line.right);
    equation.uses = names_in(line.right, is_alias);
    result.push_back(std::move(equation));
  }
  return result;
}

// The names that a formula is written with, in the order of reading. Its own is among them only if it is written so.
std::vector<std::string> Formulas::names_in(Expr formula, bool by_name) const {
  const bool is_name = by_name || formula->head == Head::symbol;
  std::vector<Expr> stack{formula};
  if (!is_name) {
    stack.assign(formula->arguments.rbegin(), formula->arguments.rend());
  }
  std::vector<std::string> names;
  std::unordered_set<Expr> met;
  std::unordered_set<std::string_view> used;
  while (!stack.empty()) {
    const Expr e = stack.back();
    stack.pop_back();
    if (!met.insert(e).second || is_random_state(e)) {
      continue;
    }
    if (const Name* name = name_of(e); name == nullptr) {
      stack.insert(stack.end(), e->arguments.rbegin(), e->arguments.rend());
    } else if (used.insert(name->text).second) {
      names.push_back(name->text);
    }
  }
  return names;
}

}  // namespace xgrad::formulas
