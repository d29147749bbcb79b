#pragma once

#include <concepts>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "xgrad/nn/reflect.hpp"
#include "xgrad/parameter.hpp"

/// Finding the parameters of any model, by name. A model is a Parameter; or has a member parameters() that returns
/// named ones; or is a plain struct, an array, a vector, an optional or a pointer of models. Anything else in it
/// (sizes, flags, functions, constant tensors) is passed over.
namespace xgrad::nn {

using ReplaceParameter = std::function<Parameter(const Parameter&)>;

namespace detail {

template <class M>
concept HasParameters = requires(const M& model) {
  { model.parameters() } -> std::convertible_to<std::vector<NamedParameter>>;
};

template <class M>
concept Range = requires(const M& model) {
  std::begin(model);
  std::end(model);
}
&&!std::convertible_to<M, std::string_view>;

template <class M>
concept Pointer = requires(const M& model) {
  *model;
  static_cast<bool>(model);
}
&&!std::is_arithmetic_v<M>;

template <class M>
concept PlainStruct = std::is_aggregate_v<M> && std::is_class_v<M> && !std::is_empty_v<M>;

template <class M>
concept Opaque =
    std::is_class_v<M> && !std::is_empty_v<M> && std::is_invocable_r_v<Tensor, const M&, const Tensor&> && !requires {
  typename M::result_type;
};  // std::function may wrap a plain function

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

/// Calls visit(name, parameter) for every Parameter, and visit(prefix, model) for every model with parameters() of its
/// own.
template <class M, class Visit>
void visit_parameters(M& model, const std::string& prefix, Visit& visit) {
  using Plain = std::remove_const_t<M>;
  if constexpr (std::is_same_v<Plain, Parameter> || HasParameters<Plain>) {
    visit(prefix, model);
  } else if constexpr (Range<Plain>) {
    std::size_t index = 0;
    for (auto& item : model) {
      visit_parameters(item, joined(prefix, std::to_string(index++)), visit);
    }
  } else if constexpr (std::is_class_v<Plain> && Pointer<Plain>) {
    if (model) {
      visit_parameters(*model, prefix, visit);
    }
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

/// Puts other parameters into the places of a model's. A model with parameters() of its own needs a member
/// `replace_parameters(const ReplaceParameter&)` for this.
template <class M>
void replace_parameters(M& model, const ReplaceParameter& replacement) {
  const auto visit = [&replacement](const std::string& /*prefix*/, auto& found) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(found)>, Parameter>) {
      found = found.defined() ? replacement(found) : found;
    } else {
      found.replace_parameters(replacement);
    }
  };
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
