#include "xgrad/diagnose.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "xgrad/error.hpp"

#include "check/explanation.hpp"
#include "check/manual.hpp"
#include "check/named_tensors.hpp"

namespace xgrad::check {

std::string Diagnosis::text() const {
  const std::string name = formula.substr(0, formula.find(" = "));
  switch (verdict) {
    case Verdict::right:
      return fmt::format("{} is right", parameter);
    case Verdict::inconclusive:
      return fmt::format("{}: there is nothing to say", parameter);
    case Verdict::wrong:
      break;
  }
  if (!follows_from.empty()) {
    return fmt::format("{}: your {} is what its formula gives with your ∂Loss/∂{}, which is wrong", parameter, name,
                       fmt::join(follows_from, " and ∂Loss/∂"));
  }
  if (mistakes.empty()) {
    return fmt::format("{}: no single edit of the derived formulas explains your {}, nor do two of the usual ones: {}",
                       parameter, name, difference);
  }
  std::string with =
      fmt::format("{}: your {} equals the derived one with {}", parameter, name, fmt::join(mistakes, ", and "));
  if (alternatives.empty()) {
    return with;
  }
  return with + fmt::format("; the data can't tell that from {}", fmt::join(alternatives, ", or from "));
}

std::vector<Diagnosis> diagnose(const LossFunction& loss, const std::vector<NamedParameter>& parameters,
                                const std::vector<Tensor>& manual, const DiagnoseOptions& options) {
  if (manual.size() != parameters.size()) {
    throw ShapeError(fmt::format("[diagnose] {} manual gradients for {} parameters, expected one each", manual.size(),
                                 parameters.size()));
  }
  const Tensor value = loss();
  const std::vector<Given> given = given_by_hand("diagnose", value, parameters, manual, options.manual_of);
  return explain(value, given, options.names, options.terms).diagnoses;
}

}  // namespace xgrad::check
