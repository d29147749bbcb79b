#pragma once

#include <string>

#include "graph/node.hpp"

/// Formulas of single operations, with the operands under their names.
namespace xgrad::check {

/// "log(u)", "(a − y)²"; of a leaf its name, the number that it is, or nothing.
[[nodiscard]] std::string formula_of(const graph::Node& node);

/// How the formula of `node` writes its operand: by name, as the number that it is, as a formula of a few levels, or as
/// "#" and its index.
[[nodiscard]] std::string operand_name(const graph::Node& node, std::size_t operand);

}  // namespace xgrad::check
