// A derivation as a LaTeX document and as a Graphviz graph.
#include <fmt/format.h>

#include "xgrad/derive.hpp"

#include "formulas/latex.hpp"

namespace xgrad {

namespace {

std::string shape_text(const Shape& shape) {
  return shape.rank() == 0 ? "scalar" : to_string(shape);
}

void append_equations(std::string& text, const std::vector<Equation>& equations) {
  text += "\\begin{align}\n";
  for (const Equation& equation : equations) {
    const std::string label = equation.label.empty() ? "" : ",\\ \\text{" + equation.label + "}";
    text += fmt::format("  {} &= {} && \\text{{{}}}{}{}\n", equation.latex_left, equation.latex_right,
                        shape_text(equation.shape), label, &equation == &equations.back() ? "" : " \\\\");
  }
  text += "\\end{align}\n";
}

std::string escaped_dot(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
    }
    result += c;
  }
  return result;
}

}  // namespace

std::string Derivation::latex() const {
  std::string text =
      "\\documentclass{article}\n\\usepackage[utf8]{inputenc}\n\\usepackage{amsmath}\n\\allowdisplaybreaks\n"
      "\\begin{document}\n";
  if (!forward.empty()) {
    text += "\\section*{Forward}\n";
    append_equations(text, forward);
  }
  if (!backward.empty()) {
    text += "\\section*{Backward}\n";
    append_equations(text, backward);
  }
  for (const std::string& note : notes) {
    text += formulas::latex_text(note) + "\n\n";
  }
  return text + "\\end{document}\n";
}

std::string Derivation::dot() const {
  std::string text = "digraph derivation {\n  rankdir=BT;\n  node [shape=box, fontname=\"monospace\"];\n";
  const auto append = [&](const std::vector<Equation>& equations, std::string_view color) {
    for (const Equation& equation : equations) {
      const std::string label = equation.label.empty() ? "" : "   " + equation.label;
      text += fmt::format("  \"{0}\" [label=\"{0} = {1}\\n{2}{3}\", color={4}];\n", escaped_dot(equation.left),
                          escaped_dot(equation.right), to_string(equation.shape), label, color);
      for (const std::string& used : equation.uses) {
        text += fmt::format("  \"{}\" -> \"{}\";\n", escaped_dot(used), escaped_dot(equation.left));
      }
    }
  };
  append(forward, "black");
  append(backward, "blue");
  return text + "}\n";
}

}  // namespace xgrad
