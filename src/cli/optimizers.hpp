#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "xgrad/optim.hpp"

#include "cli/arguments.hpp"

namespace xgrad::cli {

/// What the options say of the descent.
struct Descent {
  double learning_rate = 0;
  double momentum = 0;
  bool nesterov = false;
  double weight_decay = 0;
};

/// An optimiser that can be asked for.
struct OptimizerEntry {
  std::string_view name;
  double learning_rate = 0;   ///< if none is given; 0: one that suits the model, of plain descent
  bool has_momentum = false;  ///< takes --momentum and --nesterov
  std::unique_ptr<optim::Optimizer> (*make)(std::vector<NamedParameter> parameters, const Descent& descent);
};

/// All of them; the first is the default.
[[nodiscard]] std::span<const Choice<const OptimizerEntry*>> optimizers();

}  // namespace xgrad::cli
