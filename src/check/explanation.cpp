#include "check/explanation.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <unordered_map>

#include "xgrad/autodiff.hpp"
#include "xgrad/error.hpp"
#include "xgrad/math.hpp"

#include "check/diagnosis/difference.hpp"
#include "check/diagnosis/divergence.hpp"
#include "check/diagnosis/lines.hpp"
#include "check/diagnosis/search.hpp"
#include "derive/formulas.hpp"
#include "derive/printing.hpp"
#include "graph/node.hpp"

namespace xgrad::check {

namespace {

using diagnosis::Divergence;
using diagnosis::Line;
using diagnosis::Standing;
using diagnosis::Values;

// The length of the first axis that data share: the number of samples.
std::int64_t batch_of(formulas::Formulas& pass) {
  for (formulas::Expr symbol : pass.symbols()) {
    if (symbol->node->operation == nullptr && !symbol->node->history && symbol->shape.rank() >= 2) {
      return symbol->shape[0];
    }
  }
  return 0;
}

bool depends_on(const Tensor& loss, const Tensor& x) {
  try {
    static_cast<void>(gradients(loss, {x}));
    return true;
  } catch (const ValueError&) {
    return false;
  }
}

Values as_values(const Tensor& tensor) {
  return tensor.defined() ? cast(tensor, float64).to_vector<double>() : Values{};
}

// What is left out of a report can't be said about it: rounding in float32 is far above that in float64.
double tolerance_for(std::span<const Given> given) {
  const bool single = std::any_of(given.begin(), given.end(), [](const Given& g) { return g.x.dtype() == float32; });
  return single ? 2e-5 : 1e-9;
}

std::string first_divergence_of(const std::vector<Line>& lines, const Divergence& divergence,
                                const std::vector<std::string>& written, const Diagnosis* diagnosis) {
  if (divergence.first() == Divergence::none) {
    return {};
  }
  if (diagnosis != nullptr && !diagnosis->formulas.empty()) {
    // What was found says it best.
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (std::find(diagnosis->formulas.begin(), diagnosis->formulas.end(), written[i]) != diagnosis->formulas.end()) {
        return written[i];
      }
    }
  }
  std::string text;
  for (const std::size_t suspect : divergence.suspects()) {
    text += written[suspect] + ", or ";
  }
  return text + written[divergence.first()];
}

}  // namespace

Explanation explain(const Tensor& loss, std::span<const Given> given, const std::vector<NamedTensor>& names,
                    const std::vector<NamedTensor>& terms) {
  Explanation result;
  // Those that the loss depends on; there is nothing to derive for others.
  std::vector<std::size_t> connected;
  std::vector<Tensor> xs;
  std::vector<NamedTensor> all_names = names;
  for (std::size_t i = 0; i < given.size(); ++i) {
    Diagnosis& diagnosis = result.diagnoses.emplace_back();
    diagnosis.parameter = given[i].name;
    diagnosis.formula = fmt::format("∂Loss/∂{} = 0", given[i].name);
    if (depends_on(loss, given[i].x)) {
      connected.push_back(i);
      xs.push_back(given[i].x);
      if (given[i].x.name().empty() && given[i].x.node()->operation == nullptr) {
        all_names.push_back({given[i].name, given[i].x});
      }
    }
  }
  if (xs.empty()) {
    return result;
  }
  formulas::Formulas pass{loss, xs, {.names = all_names}};
  const std::vector<Line> lines = diagnosis::lines_of(pass);
  formulas::Printer printer{formulas::Dialect::text, [&pass](formulas::Expr e) { return pass.name_of(e); }};
  std::vector<std::string> written;
  std::unordered_map<std::string, std::string> formula_of;
  for (const Line& line : lines) {
    written.push_back(fmt::format("{} = {}", line.left.text, printer.of(line.right)));
    formula_of.emplace(line.left.text, written.back());
    if (line.target != Line::no_target) {
      result.diagnoses[connected[line.target]].formula = written.back();
    }
  }
  std::vector<Tensor> manual;
  std::vector<Values> manual_values;
  std::vector<Values> derived;
  for (const Tensor& gradient : gradients(loss, xs)) {
    manual.push_back(given[connected[derived.size()]].manual);
    manual_values.push_back(as_values(manual.back()));
    derived.push_back(as_values(gradient));
  }
  const double tolerance = tolerance_for(given);
  diagnosis::Search search{pass, manual, tolerance, batch_of(pass), terms};
  const std::vector<diagnosis::Finding> findings = search.run();
  const Divergence divergence{pass, manual, derived, tolerance};
  const Diagnosis* diverging = nullptr;
  for (std::size_t k = 0; k < connected.size(); ++k) {
    Diagnosis& here = result.diagnoses[connected[k]];
    if (manual_values[k].empty()) {
      continue;
    }
    here.verdict = findings[k].wrong ? Verdict::wrong : Verdict::right;
    if (!findings[k].wrong) {
      continue;
    }
    if (divergence.of(k) == Standing::follows) {
      for (const std::size_t cause : divergence.causes(k)) {
        here.follows_from.push_back(given[connected[cause]].name);
      }
      continue;
    }
    if (findings[k].residual <= tolerance) {
      for (const diagnosis::Mistake& mistake : findings[k].mistakes) {
        here.mistakes.push_back(mistake.words);
        here.formulas.push_back(formula_of.at(mistake.line));
        here.alternatives.insert(here.alternatives.end(), mistake.alternatives.begin(), mistake.alternatives.end());
      }
    } else {
      here.difference = diagnosis::difference_of(manual_values[k], derived[k], xs[k].shape());
    }
    diverging = divergence.first_target() == k ? &here : diverging;
  }
  result.first_divergence = first_divergence_of(lines, divergence, written, diverging);
  return result;
}

}  // namespace xgrad::check
