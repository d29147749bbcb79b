#pragma once

#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "xgrad/nn/visit.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/random.hpp"
#include "xgrad/state.hpp"

/// Models with parameters and states of their own.
namespace xgrad::nn {

using ReplaceParameter = std::function<Parameter(const Parameter&)>;
using ReplaceState = std::function<State(const State&)>;

namespace detail {

/// Replaces parameters, or states, or both.
struct Replacement : CopiedPointers {
  const ReplaceParameter* parameter = nullptr;
  const ReplaceState* state = nullptr;

  Replacement(const ReplaceParameter* of_parameter, const ReplaceState* of_state)
      : parameter{of_parameter}, state{of_state} {}

  template <class M>
  static consteval bool takes() {
    return std::is_same_v<M, Parameter> || std::is_same_v<M, State> || std::is_same_v<M, Random> || ListsItself<M>;
  }

  template <class M>
  void operator()(const std::string& /*prefix*/, M& found) {
    if constexpr (std::is_same_v<M, Parameter>) {
      found = parameter != nullptr && found.defined() ? (*parameter)(found) : found;
    } else if constexpr (std::is_same_v<M, State>) {
      found = state != nullptr && found.defined() ? (*state)(found) : found;
    } else if constexpr (std::is_same_v<M, Random>) {
      if (state != nullptr && found.state().defined()) {
        found = Random{(*state)(found.state())};
      }
    } else {
      if (parameter != nullptr) {
        found.replace_parameters(*parameter);
      }
      if constexpr (HasStates<M>) {
        if (state != nullptr) {
          found.replace_states(*state);
        }
      }
    }
  }
};

/// The clone of each cell, once.
template <class Cell>
[[nodiscard]] auto cloning() {
  return [clones = std::vector<std::pair<Cell, Cell>>{}](const Cell& cell) mutable {
    for (const auto& [original, cloned] : clones) {
      if (original.is(cell)) {
        return cloned;
      }
    }
    return clones.emplace_back(cell, cell.clone()).second;
  };
}

}  // namespace detail

/// Replaces a model's parameters by others. Objects that a std::shared_ptr in it points to are copied first. A model
/// with parameters() of its own needs a member `replace_parameters(const ReplaceParameter&)` for this.
template <class M>
void replace_parameters(M& model, const ReplaceParameter& replacement) {
  detail::Replacement visit{&replacement, nullptr};
  detail::visit_model(model, "", visit);
}

/// The same of states. A model with states() of its own needs a member `replace_states(const ReplaceState&)`.
template <class M>
void replace_states(M& model, const ReplaceState& replacement) {
  detail::Replacement visit{nullptr, &replacement};
  detail::visit_model(model, "", visit);
}

/// A copy of the model with parameters and states of its own, of the same values. Cells that are tied in the model are
/// tied in the copy.
template <class M>
[[nodiscard]] M clone(const M& model) {
  M copy = model;
  const ReplaceParameter parameter = detail::cloning<Parameter>();
  const ReplaceState state = detail::cloning<State>();
  detail::Replacement visit{&parameter, &state};
  detail::visit_model(copy, "", visit);
  return copy;
}

}  // namespace xgrad::nn
