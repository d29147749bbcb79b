// What `xgrad derive --layer` prints of every layer, loss and function: its value is the gradient's, nothing in it is
// always zero, and every name in it is given or defined.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "cli/derive_layers/groups.hpp"
#include "formulas/evaluation.hpp"
#include "formulas/formulas.hpp"
#include "formulas/printing.hpp"
#include "support/temporary_folder.hpp"

namespace {

using namespace xgrad;  // NOLINT(google-build-using-namespace)
using cli::LayerCall;
using cli::LayerEntry;
using cli::LayerInputs;

constexpr std::uint64_t seeds = 16;

std::vector<LayerEntry> all_entries() {
  std::vector<LayerEntry> all;
  for (const cli::LayerGroup& group : cli::layer_groups()) {
    const std::span<const LayerEntry> entries = group.entries();
    all.insert(all.end(), entries.begin(), entries.end());
  }
  return all;
}

/// A call, and what it is derived by and with.
struct Problem {
  LayerCall call;
  std::vector<Tensor> xs;
  DeriveOptions options;

  Problem(const LayerEntry& entry, const LayerInputs& inputs) {
    LayerInputs own = inputs;
    call = entry.call(own);
    for (const NamedTensor& x : call.xs) {
      xs.push_back(x.tensor);
    }
    options = cli::options_of(call);
  }
};

double largest(const Tensor& x) {
  return x.size() == 0 ? 0 : max(abs(cast(x, float64))).item();
}

// NaN is no difference where both have it.
double difference(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  return largest(a - b) / std::max(largest(b), 1e-3);
}

void check_values(const LayerEntry& entry, const LayerInputs& inputs, double tolerance) {
  const Problem problem{entry, inputs};
  const Derivation derivation = cli::derivation_of(problem.call);
  INFO(derivation.text());
  const std::vector<Tensor> gradients =
      xgrad::gradients(problem.call.result.tensor, problem.xs, {.cotangent = problem.options.cotangent});
  REQUIRE(derivation.backward.size() >= problem.xs.size());
  // Names that several have are numbered in the order of the forward pass, which isn't known here: each line of such a
  // name has the gradient by one of them.
  std::map<std::string, std::size_t> count;
  for (const NamedTensor& x : problem.call.xs) {
    ++count[x.name];
  }
  for (std::size_t i = 0; i < problem.xs.size(); ++i) {
    const std::string& name = problem.call.xs[i].name;
    CAPTURE(name);
    if (count[name] == 1) {
      CHECK(difference(derivation["∂Loss/∂" + name].value, gradients[i]) < tolerance);
      continue;
    }
    const bool found =
        std::any_of(derivation.backward.begin(), derivation.backward.end(), [&](const Equation& equation) {
          return equation.left.starts_with("∂Loss/∂" + name) && equation.shape == gradients[i].shape() &&
                 difference(equation.value, gradients[i]) < tolerance;
        });
    CHECK(found);
  }
  if (!derivation.forward.empty()) {
    CHECK(difference(derivation.forward.back().value, problem.call.result.tensor) < tolerance);
  }
  for (const auto* part : {&derivation.forward, &derivation.backward}) {
    for (const Equation& equation : *part) {
      CAPTURE(equation.left);
      CHECK_FALSE(equation.right.empty());
      CHECK_FALSE(equation.latex_right.empty());
    }
  }
}

// A term of a sum in a formula.
struct Summand {
  std::string text;
  bool is_zero = false;
};

bool has_equality(formulas::Expr root) {
  std::vector<formulas::Expr> stack{root};
  while (!stack.empty()) {
    const formulas::Expr e = stack.back();
    stack.pop_back();
    if (e->head == formulas::Head::call && e->operation->algebra() == Algebra::equal) {
      return true;
    }
    stack.insert(stack.end(), e->arguments.begin(), e->arguments.end());
  }
  return false;
}

// In an order that is the same for other numbers. Those that an equality of numbers switches on are left out: it holds
// nearly nowhere.
std::vector<Summand> summands_of(const LayerEntry& entry, std::uint64_t seed) {
  const Problem problem{entry, LayerInputs{2, 3, std::nullopt, float64, seed}};
  formulas::Formulas formulas{problem.call.result.tensor, problem.xs, problem.options};
  std::vector<formulas::Formulas::Line> lines = formulas.forward_lines();
  for (const auto& more : {formulas.backward_lines(), formulas.abbreviations()}) {
    lines.insert(lines.end(), more.begin(), more.end());
  }
  formulas::Evaluation evaluation{formulas.expressions()};
  formulas::Printer printer{formulas::Dialect::text, [&](formulas::Expr e) { return formulas.name_of(e); }};
  std::vector<Summand> result;
  std::set<formulas::Expr> met;
  for (const formulas::Formulas::Line& line : lines) {
    std::vector<formulas::Expr> stack{line.right};
    while (!stack.empty()) {
      const formulas::Expr e = stack.back();
      stack.pop_back();
      if (!met.insert(e).second) {
        continue;
      }
      stack.insert(stack.end(), e->arguments.rbegin(), e->arguments.rend());
      if (e->head != formulas::Head::sum) {
        continue;
      }
      for (const formulas::Expr term : e->arguments) {
        if (!has_equality(term)) {
          result.push_back({printer.of(term), largest(evaluation.of(term)) == 0});
        }
      }
    }
  }
  return result;
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file{path};
  REQUIRE(file);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::set<std::string> declared() {
  // What others are made of, and what has no call of its own.
  const std::set<std::string> no_layers{"Layer", "Model", "Conv", "ConvTranspose", "Recurrent", "Reweighted"};
  std::set<std::string> names;
  const std::regex pattern{
      R"((?:(?:class|struct) XGRAD_API (\w+))|(?:using (\w+) = (?:Conv|ConvTranspose|Recurrent)<))"};
  for (const auto& entry :
       std::filesystem::directory_iterator{std::string{XGRAD_TEST_DATA} + "/../../include/xgrad/nn"}) {
    const std::string text = text_of(entry.path());
    for (auto it = std::sregex_iterator{text.begin(), text.end(), pattern}; it != std::sregex_iterator{}; ++it) {
      const std::string name = (*it)[1].matched ? (*it)[1] : (*it)[2];
      if (!no_layers.contains(name)) {
        names.insert(name);
      }
    }
  }
  return names;
}

}  // namespace

TEST_CASE("derive --layer: every layer and loss of the headers is in the table, once") {
  const std::vector<std::string> names = cli::layer_names();
  const std::set<std::string> in_table{names.begin(), names.end()};
  CHECK(in_table.size() == names.size());
  const std::set<std::string> expected = declared();
  CHECK(expected.size() > 100);
  for (const std::string& name : expected) {
    CAPTURE(name);
    CHECK(in_table.contains(name));
  }
  for (const char* name : {"WeightNorm", "SpectralNorm", "Residual", "attention", "cholesky", "logdet"}) {
    CAPTURE(name);
    CHECK(in_table.contains(name));
  }
  CHECK_FALSE(in_table.contains("list"));
}

TEST_CASE("derive --layer: every formula has the value of what it stands for") {
  for (const LayerEntry& entry : all_entries()) {
    CAPTURE(entry.name);
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
      check_values(entry, LayerInputs{2, 3, std::nullopt, float64, seed}, 1e-10);
    }
    check_values(entry, LayerInputs{2, 3, 5}, 1e-10);
    check_values(entry, LayerInputs{4, 2, 2}, 1e-10);
    check_values(entry, LayerInputs{3, 3, std::nullopt, float32}, 2e-3);
  }
}

TEST_CASE("derive --layer: no summand is zero for all values") {
  for (const LayerEntry& entry : all_entries()) {
    CAPTURE(entry.name);
    std::vector<Summand> always = summands_of(entry, 1);
    for (std::uint64_t seed = 2; seed <= seeds; ++seed) {
      const std::vector<Summand> again = summands_of(entry, seed);
      REQUIRE(again.size() == always.size());
      for (std::size_t i = 0; i < always.size(); ++i) {
        always[i].is_zero = always[i].is_zero && again[i].is_zero;
      }
    }
    for (const Summand& summand : always) {
      CAPTURE(summand.text);
      CHECK_FALSE(summand.is_zero);
    }
  }
}

// Where LaTeX is installed: .ci/run sees to it.
TEST_CASE("derive --layer: the LaTeX of all of them compiles") {
  if (std::system("command -v pdflatex >/dev/null 2>&1") != 0) {  // NOLINT(cert-env33-c,concurrency-mt-unsafe)
    MESSAGE("no pdflatex here");
    return;
  }
  const std::string begin = "\\begin{document}";
  const std::string end = "\\end{document}";
  std::string whole;
  for (const LayerEntry& entry : all_entries()) {
    const std::string document = cli::derivation_of(entry, LayerInputs{2, 3}).latex();
    CHECK(document.find("U+") == std::string::npos);  // a sign without a command
    const std::size_t from = document.find(begin);
    const std::size_t to = document.find(end);
    REQUIRE(to != std::string::npos);
    whole += whole.empty() ? document.substr(0, to) : document.substr(from + begin.size(), to - from - begin.size());
  }
  const TemporaryFolder folder;
  std::ofstream{(folder.path() / "all.tex").string()} << whole << end << "\n";
  const std::string command =
      "cd '" + folder.path().string() + "' && pdflatex -interaction=nonstopmode -halt-on-error all.tex >log.txt 2>&1";
  const int code = std::system(command.c_str());  // NOLINT(cert-env33-c,concurrency-mt-unsafe)
  INFO(text_of(folder.path() / "log.txt"));
  CHECK(code == 0);
}

TEST_CASE("derive --layer: every name is given, or an equation defines it") {
  for (const LayerEntry& entry : all_entries()) {
    CAPTURE(entry.name);
    const Problem problem{entry, LayerInputs{2, 3}};
    const Derivation derivation = cli::derivation_of(problem.call);
    INFO(derivation.text());
    std::set<std::string> known{"G"};
    for (const std::string& note : derivation.notes) {
      known.insert(note.substr(0, note.find(" := ")));
    }
    for (const auto* part : {&derivation.forward, &derivation.backward}) {
      for (const Equation& equation : *part) {
        // A name isn't used before its line.
        for (const std::string& name : equation.uses) {
          CAPTURE(equation.left);
          CAPTURE(name);
          const auto is_given = [&](const NamedTensor& each) { return name.starts_with(each.name); };
          const bool given = std::any_of(problem.call.xs.begin(), problem.call.xs.end(), is_given) ||
                             std::any_of(problem.call.given.begin(), problem.call.given.end(), is_given);
          CHECK((given || known.contains(name) || name == equation.left));
        }
        known.insert(equation.left);
      }
    }
  }
}

TEST_CASE("derive --layer: indices and positions that a layer makes are no powers of x, and their values are said") {
  const auto derived = [](const char* name) { return cli::derivation_of(*cli::find_layer(name), LayerInputs{2, 3}); };
  const auto says = [](const Derivation& derivation, const char* note) {
    return std::find(derivation.notes.begin(), derivation.notes.end(), note) != derivation.notes.end();
  };
  const Derivation reflected = derived("ReflectionPad");
  CHECK(reflected["y"].right == "x[:, i¹][:, :, i²]");
  CHECK(says(reflected, "i¹ := 1, 0, 1, 2, 3, 2"));
  CHECK(says(derived("CircularPad"), "i² := 3, 0, 1, 2, 3, 0"));
  const Derivation positions = derived("SinusoidalPositions");
  CHECK(positions["y"].right == "x + reshape([sin(p ⊙ ω); cos(p ⊙ ω)]₂; shape=(3, 4))");
  CHECK(says(positions, "p := 0, 1, 2"));
}
