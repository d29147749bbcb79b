#include "xgrad/diagnose.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numeric>

#include "xgrad/autodiff.hpp"
#include "xgrad/error.hpp"
#include "xgrad/math.hpp"

#include "check/diagnosis/search.hpp"
#include "derive/formulas.hpp"
#include "derive/printing.hpp"

namespace xgrad::check {

namespace {

using diagnosis::Values;

void require_fitting(const std::vector<NamedParameter>& parameters, const std::vector<Tensor>& manual) {
  if (manual.size() != parameters.size()) {
    throw ShapeError(fmt::format("[diagnose] {} manual gradients for {} parameters, expected one each", manual.size(),
                                 parameters.size()));
  }
  for (std::size_t i = 0; i < manual.size(); ++i) {
    const Parameter& parameter = parameters[i].parameter;
    if (manual[i].defined() && manual[i].shape() != parameter.shape()) {
      throw ShapeError(fmt::format("[diagnose] the manual gradient of {} has shape {}, expected {}", parameters[i].name,
                                   to_string(manual[i].shape()), to_string(parameter.shape())));
    }
    if (manual[i].defined() && manual[i].dtype() != parameter.dtype()) {
      throw DTypeError(fmt::format("[diagnose] the manual gradient of {} is {}, expected {}", parameters[i].name,
                                   to_string(manual[i].dtype()), to_string(parameter.dtype())));
    }
  }
}

double norm(const Values& values) {
  return std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0));
}

// Of rows or columns: whether one factor for each explains everything.
bool scaled_along(const Values& manual, const Values& derived, std::int64_t rows, std::int64_t columns, bool by_rows) {
  double left = 0;
  for (std::int64_t i = 0; i < (by_rows ? rows : columns); ++i) {
    double products = 0;
    double squares = 0;
    const auto at = [&](std::int64_t j) {
      return static_cast<std::size_t>(by_rows ? i * columns + j : j * columns + i);
    };
    const std::int64_t count = by_rows ? columns : rows;
    for (std::int64_t j = 0; j < count; ++j) {
      products += manual[at(j)] * derived[at(j)];
      squares += derived[at(j)] * derived[at(j)];
    }
    const double factor = squares > 0 ? products / squares : 0;
    for (std::int64_t j = 0; j < count; ++j) {
      const double rest = manual[at(j)] - factor * derived[at(j)];
      left += rest * rest;
    }
  }
  return std::sqrt(left) <= 1e-7 * norm(manual);
}

std::string difference_of(const Values& manual, const Values& derived, const Shape& shape) {
  if (!std::all_of(manual.begin(), manual.end(), [](double x) { return std::isfinite(x); })) {
    return "it isn't finite";
  }
  const double size = norm(manual);
  const double expected = norm(derived);
  if (size == 0) {
    return "it is zero everywhere";
  }
  if (expected == 0) {
    return "the derived one is zero everywhere";
  }
  const double cosine = std::inner_product(manual.begin(), manual.end(), derived.begin(), 0.0) / (size * expected);
  std::string text =
      fmt::format("‖manual‖ is {:.3g} times ‖derived‖, the cosine between them {:.3f}", size / expected, cosine);
  if (shape.rank() == 2 && shape[0] > 1 && shape[1] > 1) {
    if (scaled_along(manual, derived, shape[0], shape[1], true)) {
      text += "; each row is the derived one times a factor of its own";
    } else if (scaled_along(manual, derived, shape[0], shape[1], false)) {
      text += "; each column is the derived one times a factor of its own";
    }
  }
  const auto zeros_alike = [&] {
    for (std::size_t i = 0; i < manual.size(); ++i) {
      if ((manual[i] == 0) != (derived[i] == 0)) {
        return false;
      }
    }
    return std::find(derived.begin(), derived.end(), 0.0) != derived.end();
  }();
  return text + (zeros_alike ? "; zeros are where they should be" : "");
}

// The length of the first axis that data share: the number of samples.
std::int64_t batch_of(formulas::Formulas& pass) {
  for (formulas::Expr symbol : pass.symbols()) {
    if (symbol->node->operation == nullptr && !symbol->node->history && symbol->shape.rank() >= 2) {
      return symbol->shape[0];
    }
  }
  return 0;
}

}  // namespace

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
  require_fitting(parameters, manual);
  std::vector<Tensor> tensors;
  tensors.reserve(parameters.size());
  for (const NamedParameter& parameter : parameters) {
    tensors.emplace_back(parameter);
  }
  const Tensor value = loss();
  // Those that the loss depends on; there is nothing to derive for others.
  std::vector<std::size_t> connected;
  std::vector<Tensor> xs;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    try {
      static_cast<void>(gradients(value, {tensors[i]}));
      connected.push_back(i);
      xs.push_back(tensors[i]);
    } catch (const ValueError&) {  // NOLINT(bugprone-empty-catch): it doesn't depend on it
    }
  }
  std::vector<Diagnosis> result(parameters.size());
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    result[i].parameter = parameters[i].name;
    result[i].formula = fmt::format("∂Loss/∂{} = 0", parameters[i].name);
  }
  if (xs.empty()) {
    return result;
  }
  std::vector<NamedTensor> names = options.names;
  for (const std::size_t i : connected) {
    if (tensors[i].name().empty()) {
      names.push_back({parameters[i].name, tensors[i]});
    }
  }
  formulas::Formulas pass{value, xs, {.names = names}};
  std::vector<Values> given;
  double tolerance = 1e-9;
  for (const std::size_t i : connected) {
    given.push_back(manual[i].defined() ? cast(manual[i], float64).to_vector<double>() : Values{});
    tolerance = parameters[i].parameter.dtype() == float32 ? 2e-5 : tolerance;
  }
  formulas::Printer printer{formulas::Dialect::text, [&pass](formulas::Expr e) { return pass.name_of(e); }};
  for (const formulas::Formulas::Line& line : pass.backward_lines()) {
    if (line.target != formulas::Formulas::no_target) {
      result[connected[line.target]].formula = fmt::format("{} = {}", line.left.text, printer.of(line.right));
    }
  }
  const std::vector<Tensor> derived = gradients(value, xs);
  diagnosis::Search search{pass, given, tolerance, batch_of(pass)};
  const std::vector<diagnosis::Finding> findings = search.run();
  for (std::size_t k = 0; k < connected.size(); ++k) {
    Diagnosis& here = result[connected[k]];
    if (given[k].empty()) {
      continue;
    }
    here.verdict = findings[k].wrong ? Verdict::wrong : Verdict::right;
    if (!findings[k].wrong) {
      continue;
    }
    if (findings[k].residual <= tolerance) {
      for (const diagnosis::Mistake& mistake : findings[k].mistakes) {
        here.mistakes.push_back(mistake.words);
        here.alternatives.insert(here.alternatives.end(), mistake.alternatives.begin(), mistake.alternatives.end());
      }
    } else {
      here.difference = difference_of(given[k], cast(derived[k], float64).to_vector<double>(), derived[k].shape());
    }
  }
  return result;
}

}  // namespace xgrad::check
