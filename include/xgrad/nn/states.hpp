#pragma once

#include <concepts>
#include <string>
#include <utility>
#include <vector>

#include "xgrad/nn/visit.hpp"
#include "xgrad/random.hpp"
#include "xgrad/state.hpp"

/// The states of a model, by name; found as its parameters are.
namespace xgrad::nn {

namespace detail {

/// Gathers the states of a model with their names in it.
template <bool Erased>
struct StateCollection {
  std::vector<NamedState> found = {};

  template <class M>
  static consteval bool takes() {
    return std::is_same_v<M, State> || std::is_same_v<M, Random> || ListsItself<M>;
  }

  void operator()(const std::string& name, const State& state) {
    if (state.defined()) {
      found.push_back({name.empty() ? state.name() : name, state});
    }
  }
  void operator()(const std::string& name, const Random& random) { (*this)(name, random.state()); }
  template <ListsItself M>
  void operator()(const std::string& prefix, const M& model) {
    if constexpr (HasStates<M>) {
      for (NamedState named : model.states()) {
        named.name = joined(prefix, named.name);
        found.push_back(std::move(named));
      }
    } else {
      require_without_states<M, Erased>(prefix);
    }
  }
};

template <bool Erased = false, class M>
[[nodiscard]] std::vector<NamedState> states_of(const M& model) {
  StateCollection<Erased> collection;
  visit_model(model, "", collection);
  return std::move(collection.found);
}

}  // namespace detail

/// All states of a model in the order of its fields, as "field.field"; a Random's is among them. One that is reached by
/// two paths is listed under both names. A class with parameters() of its own lists them in a member
/// `std::vector<NamedState> states() const`, or is declared to hold none: holds_no_states.
template <class M>
[[nodiscard]] std::vector<NamedState> states(const M& model) {
  return detail::states_of(model);
}

}  // namespace xgrad::nn
