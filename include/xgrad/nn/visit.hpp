#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "xgrad/export.hpp"
#include "xgrad/nn/contents.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/random.hpp"
#include "xgrad/reflect.hpp"
#include "xgrad/state.hpp"
#include "xgrad/tensor.hpp"

/// Going through any model, field by field, by name, as parameters(), states(), clone() and inference() do. A model is
/// a Parameter, a State, a Random or a Mode; or has a member parameters() that returns named ones; or is a plain
/// struct, a struct with field_names, a container, a tuple, a variant, an optional or a pointer of models. Plain data
/// in it is passed over: numbers, text, times, shapes, pointers to functions, constant tensors, containers of these.
/// Anything else (a class with constructors or private members, a lambda with captures, a std::function) might hold
/// parameters and is an error at compile time, see CannotLookInto; contents.hpp tells these apart, and says how a class
/// declares that it holds none.
namespace xgrad::nn {

namespace detail {

template <class M>
concept HasParameters = requires(const M& model) {
  { model.parameters() } -> std::convertible_to<std::vector<NamedParameter>>;
};
template <class M>
concept HasStates = requires(const M& model) {
  { model.states() } -> std::convertible_to<std::vector<NamedState>>;
};

/// A class that lists its cells itself. Its fields aren't looked at.
template <class M>
concept ListsItself = HasParameters<M> || HasStates<M>;

/// Whether parameters() is a base class' and M has members of its own, which it wouldn't list.
template <class M, class Base>
consteval bool adds_members(std::vector<NamedParameter> (Base::* /*unused*/)() const) {
  return !std::is_same_v<M, Base> && sizeof(M) != sizeof(Base);
}
template <class M>
consteval bool inherits_incomplete_list() {
  if constexpr (requires { adds_members<M>(&M::parameters); }) {
    return adds_members<M>(&M::parameters);
  } else {
    return false;
  }
}

/// Throws ValueError: a class with parameters() of its own doesn't say whether it holds states.
[[noreturn]] XGRAD_API void throw_states_unknown(const std::string& prefix, std::string_view type);

/// Of a class with parameters() of its own. Erased: known behind a Layer only, so that the error comes when it is
/// asked.
template <class M, bool Erased>
void require_without_states(const std::string& prefix) {
  if constexpr (Erased && !holds_no_states<M>) {
    throw_states_unknown(prefix, reflect::type_name<M>());
  } else {
    static_assert(holds_no_states<M>,
                  "a class with parameters() of its own says what states it holds: give it `std::vector<NamedState> "
                  "states() const`, `void replace_states(const ReplaceState&)` and `void set_mode(Mode)`; or declare "
                  "that it holds neither State nor Mode: `template <> inline constexpr bool "
                  "xgrad::nn::holds_no_states<class> = true;`");
  }
}

[[nodiscard]] inline std::string joined(const std::string& prefix, std::string_view name) {
  return prefix.empty() ? std::string{name} : prefix + "." + std::string{name};
}

template <class M, class Visit>
void visit_model(M& model, const std::string& prefix, Visit& visit);

template <class M, class Visit, std::size_t... I>
void visit_fields(M& model, const std::string& prefix, Visit& visit, std::index_sequence<I...> /*unused*/) {
  static constexpr auto names = reflect::field_names<std::remove_const_t<M>>();
  const auto fields = reflect::tie_fields(model);
  (visit_model(std::get<I>(fields), joined(prefix, names[I]), visit), ...);
}

template <class M, class Visit, std::size_t... I>
void visit_elements(M& model, const std::string& prefix, Visit& visit, std::index_sequence<I...> /*unused*/) {
  (visit_model(std::get<I>(model), joined(prefix, std::to_string(I)), visit), ...);
}

/// Where the search for parameters ends with an error.
template <class M>
struct CannotLookInto {
  static_assert(sizeof(M*) == 0,
                "xgrad can't look for parameters in the class that is named here as CannotLookInto<class>: make it an "
                "aggregate (a plain struct without constructors, base classes, private members or references); or list "
                "its public "
                "members in `static constexpr std::array<std::string_view, N> field_names`, or give it "
                "`std::vector<xgrad::NamedParameter> parameters() const`; or, if it holds none, declare that: "
                "`template <> inline constexpr bool xgrad::nn::holds_no_parameters<class> = true;`");
};

/// Calls visit(name, found) for all that the visit takes: cells, and classes that list themselves. One that has a
/// member enter(pointer) is asked whether to follow a pointer; one with constant(name, tensor) is told of tensors.
template <class M, class Visit>
void visit_model(M& model, const std::string& prefix, Visit& visit) {
  using Plain = std::remove_const_t<M>;
  if constexpr (Visit::template takes<Plain>()) {
    static_assert(!inherits_incomplete_list<Plain>(),
                  "this model derives from a layer and has members of its own: give it parameters() of its own");
    static_assert(!HasStates<Plain> || HasParameters<Plain>,
                  "a class with states() of its own has parameters() of its own, too: an empty list, if it has none");
    visit(prefix, model);
  } else if constexpr (std::is_same_v<Plain, Tensor>) {
    if constexpr (requires { visit.constant(prefix, model); }) {
      visit.constant(prefix, model);
    }
  } else if constexpr (KeptInModel<Plain> || PlainData<Plain> || refers_to_plain_data<Plain>()) {
    // Of another kind, or nothing to find.
  } else if constexpr (Range<Plain>) {
    std::size_t index = 0;
    for (auto& item : model) {
      if constexpr (NamedItem<std::remove_cvref_t<decltype(item)>>) {
        visit_model(item.second, joined(prefix, item.first), visit);
      } else {
        visit_model(item, joined(prefix, std::to_string(index++)), visit);
      }
    }
  } else if constexpr (Pointer<Plain>) {
    bool enter = static_cast<bool>(model);
    if constexpr (requires { visit.enter(model); }) {
      enter = enter && visit.enter(model);
    }
    if (enter) {
      visit_model(*model, prefix, visit);
    }
  } else if constexpr (Tuple<Plain>) {
    visit_elements(model, prefix, visit, std::make_index_sequence<std::tuple_size_v<Plain>>{});
  } else if constexpr (Variant<Plain>) {
    if (!model.valueless_by_exception()) {
      std::visit([&](auto& held) { visit_model(held, prefix, visit); }, model);
    }
  } else if constexpr (has_fields<Plain>()) {
    visit_fields(model, prefix, visit, std::make_index_sequence<reflect::field_count<Plain>()>{});
  } else {
    static_cast<void>(CannotLookInto<Plain>{});
  }
}

/// For visits that change a copy of a model: objects that a shared_ptr points to are copied first. The original is left
/// alone, and objects that are shared inside the model stay shared.
struct CopiedPointers {
  std::vector<std::pair<const void*, std::shared_ptr<void>>> copies = {};

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

}  // namespace xgrad::nn
