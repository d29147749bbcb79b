#pragma once

#include <concepts>
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
#include "xgrad/reflect.hpp"
#include "xgrad/tensor.hpp"

/// Finding the parameters of any model, by name. A model is a Parameter; or has a member parameters() that returns
/// named ones; or is a plain struct, a struct with field_names, a container, a tuple, a variant, an optional or a
/// pointer of models. Plain data in it is passed over: numbers, text, times, shapes, pointers to functions, constant
/// tensors, containers of these. Anything else (a class with constructors or private members, a lambda with captures, a
/// std::function) might hold parameters and is an error at compile time, see CannotLookInto; contents.hpp says what is
/// what, and how a class declares that it holds none.
namespace xgrad::nn {

namespace detail {

template <class M>
concept HasParameters = requires(const M& model) {
  { model.parameters() } -> std::convertible_to<std::vector<NamedParameter>>;
};

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

/// Throws ValueError for a leaf that is differentiated but isn't in a Parameter.
XGRAD_API void require_constant(const std::string& name, const Tensor& tensor);

[[nodiscard]] inline std::string joined(const std::string& prefix, std::string_view name) {
  return prefix.empty() ? std::string{name} : prefix + "." + std::string{name};
}

template <class M, class Visit>
void visit_parameters(M& model, const std::string& prefix, Visit& visit);

template <class M, class Visit, std::size_t... I>
void visit_fields(M& model, const std::string& prefix, Visit& visit, std::index_sequence<I...> /*unused*/) {
  static constexpr auto names = reflect::field_names<std::remove_const_t<M>>();
  const auto fields = reflect::tie_fields(model);
  (visit_parameters(std::get<I>(fields), joined(prefix, names[I]), visit), ...);
}

template <class M, class Visit, std::size_t... I>
void visit_elements(M& model, const std::string& prefix, Visit& visit, std::index_sequence<I...> /*unused*/) {
  (visit_parameters(std::get<I>(model), joined(prefix, std::to_string(I)), visit), ...);
}

/// Calls visit(name, parameter) for every Parameter, and visit(prefix, model) for every model with parameters() of its
/// own. A visit that has a member enter(pointer) is asked whether to follow a pointer; one with constant(name, tensor)
/// is told of tensors.
template <class M, class Visit>
void visit_parameters(M& model, const std::string& prefix, Visit& visit) {
  using Plain = std::remove_const_t<M>;
  if constexpr (std::is_same_v<Plain, Parameter> || HasParameters<Plain>) {
    static_assert(!inherits_incomplete_list<Plain>(),
                  "this model derives from a layer and has members of its own: give it parameters() of its own");
    visit(prefix, model);
  } else if constexpr (std::is_same_v<Plain, Tensor>) {
    if constexpr (requires { visit.constant(prefix, model); }) {
      visit.constant(prefix, model);
    }
  } else if constexpr (PlainData<Plain> || refers_to_plain_data<Plain>()) {
    // Nothing to find.
  } else if constexpr (Range<Plain>) {
    std::size_t index = 0;
    for (auto& item : model) {
      if constexpr (NamedItem<std::remove_cvref_t<decltype(item)>>) {
        visit_parameters(item.second, joined(prefix, item.first), visit);
      } else {
        visit_parameters(item, joined(prefix, std::to_string(index++)), visit);
      }
    }
  } else if constexpr (Pointer<Plain>) {
    bool enter = static_cast<bool>(model);
    if constexpr (requires { visit.enter(model); }) {
      enter = enter && visit.enter(model);
    }
    if (enter) {
      visit_parameters(*model, prefix, visit);
    }
  } else if constexpr (Tuple<Plain>) {
    visit_elements(model, prefix, visit, std::make_index_sequence<std::tuple_size_v<Plain>>{});
  } else if constexpr (Variant<Plain>) {
    if (!model.valueless_by_exception()) {
      std::visit([&](auto& held) { visit_parameters(held, prefix, visit); }, model);
    }
  } else if constexpr (has_fields<Plain>()) {
    visit_fields(model, prefix, visit, std::make_index_sequence<reflect::field_count<Plain>()>{});
  } else {
    static_cast<void>(CannotLookInto<Plain>{});
  }
}

/// Gathers the parameters of a model with their names in it.
struct Collection {
  std::vector<NamedParameter> found = {};

  void operator()(const std::string& name, const Parameter& parameter) {
    if (parameter.defined()) {
      found.push_back({name.empty() ? parameter.name() : name, parameter});
    }
  }
  template <HasParameters M>
  void operator()(const std::string& prefix, const M& model) {
    for (NamedParameter named : model.parameters()) {
      named.name = joined(prefix, named.name);
      found.push_back(std::move(named));
    }
  }
  void constant(const std::string& name, const Tensor& tensor) { require_constant(name, tensor); }
};

}  // namespace detail

/// All parameters of a model in the order of its fields, as "field.field". A parameter reached on two ways (tied
/// weights) is listed under both names. Throws ValueError for a Tensor that is a variable() or a Parameter's value: it
/// would look trained, and no optimiser would find it.
template <class M>
[[nodiscard]] std::vector<NamedParameter> parameters(const M& model) {
  detail::Collection collection;
  detail::visit_parameters(model, "", collection);
  return std::move(collection.found);
}

}  // namespace xgrad::nn
