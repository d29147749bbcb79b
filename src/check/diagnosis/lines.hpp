#pragma once

#include <vector>

#include "formulas/expression.hpp"
#include "formulas/formulas.hpp"

/// A derived backward pass as a list of formulas that can be gone through in order.
namespace xgrad::check::diagnosis {

using formulas::Expr;
using Line = formulas::Formulas::Line;

/// The backward pass with the lines of the intermediate values that its formulas use: each line after those that it
/// uses, else in the order of the formulas.
/// What defines δ_h is the line of the target h too, if h is one: a line ∂Loss/∂h = δ_h isn't among them. `backward`
/// are the pass's backward_lines().
[[nodiscard]] std::vector<Line> lines_of(const formulas::Formulas& pass, const std::vector<Line>& backward);

/// Of each line: the last of those that it uses, counted from 1; 0 if it uses none. Nearer to the loss is less.
[[nodiscard]] std::vector<std::size_t> last_used_by(const std::vector<Line>& lines);

/// The symbols in a formula, in the order of their making.
[[nodiscard]] std::vector<Expr> symbols_in(Expr root);

}  // namespace xgrad::check::diagnosis
