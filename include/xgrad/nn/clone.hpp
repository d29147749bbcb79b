#pragma once

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "xgrad/nn/parameters.hpp"
#include "xgrad/parameter.hpp"

/// Models with parameters of their own.
namespace xgrad::nn {

using ReplaceParameter = std::function<Parameter(const Parameter&)>;

namespace detail {

/// Replaces parameters, and before that what a shared_ptr points to by a copy: the original is left alone, and what was
/// shared inside the model stays shared.
struct Replacement {
  const ReplaceParameter& replacement;
  std::vector<std::pair<const void*, std::shared_ptr<void>>> copies = {};

  template <class M>
  void operator()(const std::string& /*prefix*/, M& found) {
    if constexpr (std::is_same_v<M, Parameter>) {
      found = found.defined() ? replacement(found) : found;
    } else {
      found.replace_parameters(replacement);
    }
  }

  template <class T>
  bool enter(std::shared_ptr<T>& pointer) {
    static_assert(!std::is_polymorphic_v<T> || std::is_final_v<T>,
                  "a model that shares a class with virtual functions can't be cloned, its copy would be of the base "
                  "class: give the model parameters() and replace_parameters(const ReplaceParameter&)");
    for (const auto& [original, copy] : copies) {
      if (original == pointer.get()) {
        pointer = std::static_pointer_cast<T>(copy);
        return false;
      }
    }
    auto copy = std::make_shared<std::remove_const_t<T>>(*pointer);
    copies.emplace_back(pointer.get(), copy);
    pointer = std::move(copy);
    return true;
  }
  template <class T>
  bool enter(T*& /*pointer*/) {
    static_assert(sizeof(T) == 0, "a model with raw pointers can't be cloned: hold a std::shared_ptr");
    return false;
  }
};

}  // namespace detail

/// Puts other parameters into the places of a model's. What a std::shared_ptr in it points to is copied first. A model
/// with parameters() of its own needs a member `replace_parameters(const ReplaceParameter&)` for this.
template <class M>
void replace_parameters(M& model, const ReplaceParameter& replacement) {
  detail::Replacement visit{replacement};
  detail::visit_parameters(model, "", visit);
}

/// A copy of the model with parameters of its own, of the same values. What was tied in the model is tied in the copy.
template <class M>
[[nodiscard]] M clone(const M& model) {
  std::vector<std::pair<Parameter, Parameter>> clones;
  M copy = model;
  replace_parameters(copy, [&clones](const Parameter& parameter) {
    for (const auto& [original, cloned] : clones) {
      if (original.is(parameter)) {
        return cloned;
      }
    }
    return clones.emplace_back(parameter, parameter.clone()).second;
  });
  return copy;
}

}  // namespace xgrad::nn
