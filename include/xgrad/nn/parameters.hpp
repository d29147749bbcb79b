#pragma once

#include <concepts>
#include <iterator>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "xgrad/nn/reflect.hpp"
#include "xgrad/parameter.hpp"

/// Finding the parameters of any model, by name. A model is a Parameter; or has a member parameters() that returns
/// named ones; or is a plain struct, a container, a tuple, an optional or a pointer of models. Anything else in it
/// (sizes, flags, functions, constant tensors) is passed over; so is a class with constructors that isn't itself called
/// on tensors: it needs parameters() to be seen.
namespace xgrad::nn {

namespace detail {

template <class M>
concept HasParameters = requires(const M& model) {
  { model.parameters() } -> std::convertible_to<std::vector<NamedParameter>>;
};

/// A container of models; not text, and not a container of itself as a std::filesystem::path is.
template <class M>
concept Range = requires(const M& model) {
  std::begin(model);
  std::end(model);
  typename M::value_type;
}
&&std::is_class_v<typename M::value_type> && !std::same_as<typename M::value_type, M>;

/// A pointer, smart pointer or optional, to a class.
template <class M>
concept Pointer = requires(const M& model) {
  *model;
  static_cast<bool>(model);
}
&&std::is_class_v<std::remove_cvref_t<decltype(*std::declval<const M&>())>>;

template <class M>
concept Tuple = requires {
  std::tuple_size<M>::value;
};

template <class M>
concept NamedItem = Tuple<M> && requires(const M& item) {
  { item.first } -> std::convertible_to<std::string_view>;
  item.second;
};

template <class M>
concept PlainStruct = std::is_aggregate_v<M> && std::is_class_v<M> && !std::is_empty_v<M>;

template <class M, class... T>
concept Layer = (std::is_invocable_r_v<Tensor, const M&, const T&...>);

/// Something callable on tensors into which there is no way to look. (A std::function may wrap a plain function.)
template <class M>
concept Opaque = std::is_class_v<M> && !std::is_empty_v<M> && !requires {
  typename M::result_type;
}
&&(Layer<M, Tensor> || Layer<M, Tensor, Tensor> || Layer<M, Tensor, Tensor, Tensor> ||
   Layer<M, Tensor, Tensor, Tensor, Tensor>);

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
/// own. A visit that has a member enter(pointer) is asked whether to follow a pointer.
template <class M, class Visit>
void visit_parameters(M& model, const std::string& prefix, Visit& visit) {
  using Plain = std::remove_const_t<M>;
  if constexpr (std::is_same_v<Plain, Parameter> || HasParameters<Plain>) {
    static_assert(!inherits_incomplete_list<Plain>(),
                  "this model derives from a layer and has members of its own: give it parameters() of its own");
    visit(prefix, model);
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
  } else if constexpr (PlainStruct<Plain>) {
    visit_fields(model, prefix, visit, std::make_index_sequence<reflect::field_count<Plain>()>{});
  } else {
    static_assert(!Opaque<Plain>,
                  "xgrad can't see into this layer (a class with constructors, or a lambda with captures): give it a "
                  "member `std::vector<xgrad::NamedParameter> parameters() const`");
  }
}

}  // namespace detail

/// All parameters of a model in the order of its fields, as "field.field". A parameter reached on two ways (tied
/// weights) is listed under both names.
template <class M>
[[nodiscard]] std::vector<NamedParameter> parameters(const M& model) {
  std::vector<NamedParameter> result;
  const auto visit = [&result](const std::string& prefix, const auto& found) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(found)>, Parameter>) {
      if (found.defined()) {
        result.push_back({prefix.empty() ? found.name() : prefix, found});
      }
    } else {
      for (NamedParameter named : found.parameters()) {
        named.name = detail::joined(prefix, named.name);
        result.push_back(std::move(named));
      }
    }
  };
  detail::visit_parameters(model, "", visit);
  return result;
}

}  // namespace xgrad::nn
