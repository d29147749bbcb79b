#pragma once

#include <string>
#include <type_traits>

#include "xgrad/nn/mode.hpp"
#include "xgrad/nn/visit.hpp"

/// Training and inference: a field of the layers that tell them apart, never a switch outside of the model.
namespace xgrad::nn {

namespace detail {

template <bool Erased>
struct ModeChange : CopiedPointers {
  Mode mode;

  explicit ModeChange(Mode to) : mode{to} {}

  template <class M>
  static consteval bool takes() {
    return std::is_same_v<M, Mode> || ListsItself<M>;
  }

  template <class M>
  void operator()(const std::string& prefix, M& found) {
    if constexpr (std::is_same_v<M, Mode>) {
      found = mode;
    } else if constexpr (requires { found.set_mode(mode); }) {
      found.set_mode(mode);
    } else {
      require_without_states<M, Erased>(prefix);
    }
  }
};

template <bool Erased = false, class M>
void set_mode(M& model, Mode mode) {
  ModeChange<Erased> visit{mode};
  visit_model(model, "", visit);
}

}  // namespace detail

/// A copy of the model in which every Mode field reads inference: no dropout, running statistics instead of a batch's.
/// It shares all parameters and states with the original, which goes on training. Objects that a std::shared_ptr points
/// to are copied. A class with parameters() of its own needs a member `set_mode(Mode)`, or holds_no_states.
template <class M>
[[nodiscard]] M inference(const M& model) {
  M copy = model;
  detail::set_mode(copy, Mode::inference);
  return copy;
}

/// The reverse.
template <class M>
[[nodiscard]] M training(const M& model) {
  M copy = model;
  detail::set_mode(copy, Mode::training);
  return copy;
}

}  // namespace xgrad::nn
