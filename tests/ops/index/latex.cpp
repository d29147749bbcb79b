// Every operation and its gradient in LaTeX, whatever its inputs and results are called.
#include "support/latex.hpp"

#include <algorithm>
#include <array>
#include <doctest/doctest.h>
#include <set>
#include <string>

#include "xgrad/autodiff.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/derive.hpp"
#include "xgrad/error.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operations.hpp"
#include "xgrad/reduce.hpp"

#include "support/latex_grammar.hpp"
#include "support/message_of.hpp"
#include "support/op_case.hpp"

namespace xgrad::test {

namespace {

constexpr std::array names{"y",  "ŷ", "θ_1", "x^2", "日本",  "a & b", "50 %", "$x", "#1", "{x",
                           "x}", "~", "\\",  "_",   "x_y_z", "σ²",    "x'",   "^",  "",   "∂Loss"};

/// What is derived goes into one document; each piece must be well-formed.
class Collection {
 public:
  void add(const std::string& whose, const Derivation& one) {
    INFO(whose);
    for (const auto* equations : {&one.forward, &one.backward}) {
      for (const Equation& equation : *equations) {
        CHECK(LatexGrammar::fault_of_formula(equation.latex_left).empty());
        CHECK(LatexGrammar::fault_of_formula(equation.latex_right).empty());
        // Nothing on the outside may be written over the edge: W and ^T beside one another, say.
        CHECK(LatexGrammar::fault_of_formula("{" + equation.latex_left + "}^{2}").empty());
      }
    }
    all_.forward.insert(all_.forward.end(), one.forward.begin(), one.forward.end());
    all_.backward.insert(all_.backward.end(), one.backward.begin(), one.backward.end());
    all_.notes.insert(all_.notes.end(), one.notes.begin(), one.notes.end());
  }

  [[nodiscard]] const Derivation& all() const { return all_; }

 private:
  Derivation all_;
};

const char* next_name() {
  static std::size_t count = 0;
  return names.at(count++ % names.size());
}

bool has_derivative(const std::string& operation) {
  return std::ranges::any_of(
      operations(), [&](const OperationEntry& entry) { return entry.name == operation && entry.differentiable; });
}

void add_case(Collection& collection, const FormulaCase& tested) {
  Tensors inputs;
  for (const Values& values : tested.inputs) {
    inputs.push_back(variable(from_vector(values.data, values.shape)).named(next_name()));
  }
  for (const Tensor& output : tested.call(inputs)) {
    collection.add(tested.operation, formulas_of({{next_name(), output}}));
    if (has_derivative(tested.operation) && is_floating(output.dtype())) {
      collection.add(tested.operation, derive(sum(square(output)).named(next_name()), inputs));
    }
  }
}

}  // namespace

TEST_CASE("latex: every operation and its gradient are well-formed and compile, whatever tensors are called") {
  Collection collection;
  std::set<std::string> done;
  for (const FormulaCase& tested : table().formulas) {
    if (tested.kind == Kind::plain) {
      done.insert(tested.operation);
      add_case(collection, tested);
    }
  }
  for (const ExactCase& tested : table().exact) {
    if (done.insert(tested.operation).second) {
      collection.add(tested.operation, formulas_of({{next_name(), tested.call()}}));
    }
  }
  for (const OperationEntry& entry : operations()) {
    CHECK_MESSAGE(done.contains(std::string{entry.name}), entry.name);
  }
  check_compiles(collection.all().latex());
}

TEST_CASE("latex: the grammar refuses what TeX refuses") {
  for (const char* wrong : {"x^2^3",       "x_1_2",          "x^{2}'",    "x^",        "x_}",   "{x",  "x}",
                            "\\frac{1}",   "\\nothing",      "a & b",     "50%",       "#",     "$x$", "a~b",
                            "\\text{a_b}", "\\text{a",       "\\left( x", "x\\right)", "\\hat", "ŷ",   "\\\\",
                            "x^_2",        "\\text{\\alpha}"}) {
    INFO(std::string{wrong});
    CHECK_FALSE(LatexGrammar::fault_of_formula(wrong).empty());
  }
  for (const char* right :
       {"x^{2}_1", "{x^{2}}^{3}", "x''", "\\frac{1}{2} x", "\\text{a\\_b $x^2$}", "\\left( x \\right)^{2}", "\\hat{y}",
        "\\mathrm{a\\_b}", "x_{\\mathrm{out}}", "", "a\\ b", "\\sum_i^n x", "\\partial \\tfrac{a}{b}"}) {
    INFO(std::string{right});
    CHECK(LatexGrammar::fault_of_formula(right).empty());
  }
}

}  // namespace xgrad::test
