#include "xgrad/diagnose.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "xgrad/error.hpp"

#include "check/diagnosis/explanation.hpp"
#include "check/manual.hpp"
#include "check/named_tensors.hpp"
#include "check/verdict/rounding.hpp"
#include "graph/pending_states.hpp"

namespace xgrad::check {

std::string Diagnosis::text() const {
  const std::string name = formula.substr(0, formula.find(" = "));
  switch (verdict) {
    case Verdict::right:
      return fmt::format("{} is right", parameter);
    case Verdict::inconclusive:
      return fmt::format("{}: {}", parameter,
                         formula.empty() && !difference.empty() ? difference : "there is nothing to say");
    case Verdict::wrong:
      break;
  }
  if (!follows_from.empty()) {
    return fmt::format("{}: your {} is what its formula gives with your ∂Loss/∂{}, which is wrong", parameter, name,
                       fmt::join(follows_from, " and ∂Loss/∂"));
  }
  if (formula.ends_with(" = 0")) {
    return fmt::format("{}: your {} isn't zero, but the loss doesn't depend on it", parameter, name);
  }
  if (!searched) {
    const std::string with = mistakes.empty() ? std::string{} : fmt::format(" with {}", fmt::join(mistakes, ", and "));
    return fmt::format(
        "{}: your {} isn't the derived one{}, and no explanation was searched for, as others come before it: {}",
        parameter, name, with, difference);
  }
  if (mistakes.empty()) {
    return fmt::format("{}: no single edit of the derived formulas explains your {}, nor do {}: {}", parameter, name,
                       search_cut_short ? "those pairs that were tried" : "two of the usual ones", difference);
  }
  std::string with =
      fmt::format("{}: your {} equals the derived one with {}", parameter, name, fmt::join(mistakes, ", and "));
  if (alternatives.empty()) {
    return with;
  }
  constexpr std::size_t most = 3;
  const std::size_t shown = std::min(alternatives.size(), most);
  const std::string others =
      alternatives.size() > most ? fmt::format(", or from {} others", alternatives.size() - most) : std::string{};
  return with + fmt::format("; the data can't tell that from {}{}",
                            fmt::join(alternatives.begin(), alternatives.begin() + static_cast<std::ptrdiff_t>(shown),
                                      ", or from "),
                            others);
}

std::vector<Diagnosis> diagnose(const LossFunction& loss, const std::vector<NamedParameter>& parameters,
                                const std::vector<Tensor>& manual, const DiagnoseOptions& options) {
  if (manual.size() != parameters.size()) {
    throw ShapeError(fmt::format("[diagnose] {} manual gradients for {} parameters, expected one each", manual.size(),
                                 parameters.size()));
  }
  const graph::StateGuard guard;
  const Tensor value = loss();
  const std::vector<ComparedTensor> given = compared_tensors("diagnose", value, parameters, manual, options.manual_of);
  require_terms("diagnose", given, options.terms);
  Automatic automatic = differentiate(value, tensors_of(given));
  if (!std::isfinite(automatic.loss)) {
    std::vector<Diagnosis> nothing(given.size());
    for (std::size_t i = 0; i < given.size(); ++i) {
      nothing[i].parameter = given[i].name;
      nothing[i].difference = fmt::format("the loss is {}, so there is no gradient to check", automatic.loss);
    }
    return nothing;
  }
  weigh_rounding(value, given, automatic);
  return explain(value, given, automatic, {.names = options.names, .terms = options.terms}).diagnoses;
}

}  // namespace xgrad::check
