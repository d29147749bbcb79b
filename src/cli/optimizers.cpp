#include "cli/optimizers.hpp"

#include <array>
#include <utility>

namespace xgrad::cli {
namespace {

constexpr std::array entries{
    OptimizerEntry{.name = "sgd",
                   .has_momentum = true,
                   .make = [](std::vector<NamedParameter> parameters,
                              const Descent& descent) -> std::unique_ptr<optim::Optimizer> {
                     return std::make_unique<optim::SGD>(std::move(parameters),
                                                         optim::SGDOptions{.learning_rate = descent.learning_rate,
                                                                           .momentum = descent.momentum,
                                                                           .nesterov = descent.nesterov,
                                                                           .weight_decay = descent.weight_decay});
                   }},
    OptimizerEntry{.name = "adam",
                   .learning_rate = 0.003,
                   .make = [](std::vector<NamedParameter> parameters,
                              const Descent& descent) -> std::unique_ptr<optim::Optimizer> {
                     return std::make_unique<optim::Adam>(std::move(parameters),
                                                          optim::AdamOptions{.learning_rate = descent.learning_rate,
                                                                             .weight_decay = descent.weight_decay});
                   }},
};

constexpr auto choices = [] {
  std::array<Choice<const OptimizerEntry*>, entries.size()> result{};
  for (std::size_t i = 0; i < entries.size(); ++i) {
    result[i] = {entries[i].name, &entries[i]};
  }
  return result;
}();

}  // namespace

std::span<const Choice<const OptimizerEntry*>> optimizers() {
  return choices;
}

}  // namespace xgrad::cli
