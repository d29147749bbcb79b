#include <fmt/format.h>
#include <utility>

#include "xgrad/check.hpp"
#include "xgrad/error.hpp"
#include "xgrad/math.hpp"
#include "xgrad/random.hpp"
#include "xgrad/reduce.hpp"

#include "graph/pending_states.hpp"

namespace xgrad::check {

Report compare_backward(const ForwardFunction& forward, const std::vector<NamedTensor>& inputs,
                        const std::vector<NamedParameter>& parameters, const BackwardFunction& manual,
                        const CompareOptions& options) {
  if (options.manual_function || !options.manual.empty() || !options.manual_of.empty()) {
    throw ValueError("[compare_backward] manual gradients are given in the options, expected them from the function");
  }
  // Inputs are cells, so that differences can be taken in them, and a second probe can move them.
  std::vector<NamedParameter> all;
  for (const NamedTensor& input : inputs) {
    if (input.name.empty()) {
      throw ValueError("[compare_backward] an input has no name");
    }
    if (!input.tensor.defined() || !is_floating(input.tensor.dtype())) {
      throw ValueError(fmt::format("[compare_backward] the input '{}' is {}, expected float32 or float64", input.name,
                                   input.tensor.defined() ? to_string(input.tensor.dtype()) : "undefined"));
    }
    all.push_back({input.name, Parameter{input.tensor, input.name}});
  }
  all.insert(all.end(), parameters.begin(), parameters.end());
  const auto input_values = [&] {
    std::vector<Tensor> values;
    values.reserve(inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      values.push_back(all[i].parameter.value());
    }
    return values;
  };
  graph::StateGuard guard;
  const Tensor sample = forward(input_values());
  guard.restore();
  Random random{options.numeric.seed};
  const Tensor upstream = random.normal(sample.shape(), 0, 1, sample.dtype()).eval().named("G");
  const LossFunction loss = [&] { return sum(forward(input_values()) * upstream); };

  CompareOptions with_manual = options;
  with_manual.manual_function = [&] {
    std::vector<Tensor> gradients = manual(input_values(), upstream);
    if (gradients.size() != all.size()) {
      throw ShapeError(
          fmt::format("[compare_backward] the backward function gave {} gradients, expected {}: of {} inputs, then of "
                      "{} parameters",
                      gradients.size(), all.size(), inputs.size(), parameters.size()));
    }
    return gradients;
  };
  Report report = compare(loss, all, with_manual);
  report.title = "Backward pass with a given upstream gradient G";
  return report;
}

}  // namespace xgrad::check
