#pragma once

#include <array>
#include <concepts>
#include <functional>
#include <iterator>
#include <memory>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "xgrad/nn/initializers.hpp"
#include "xgrad/nn/mode.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/random.hpp"
#include "xgrad/reflect.hpp"
#include "xgrad/shape.hpp"
#include "xgrad/state.hpp"

/// Which cells a type in a model may hold, known at compile time. parameters(), states() and clone() go by it.
namespace xgrad::nn {

/// Whether a type certainly holds no Parameter (nor State, nor Mode; but for Random, which is a State). A class that
/// xgrad can't look into, and that holds none, says so in its own words: `template <> inline constexpr bool
/// xgrad::nn::holds_no_parameters<MyClass> = true;`
template <class T>
inline constexpr bool holds_no_parameters = false;
template <>
inline constexpr bool holds_no_parameters<Shape> = true;
template <>
inline constexpr bool holds_no_parameters<Random> = true;
template <>
inline constexpr bool holds_no_parameters<Initializer> = true;

namespace detail {

/// "chrono::duration<…" for std::chrono::duration<…>; empty outside of std. Inline namespaces are left out.
template <class T>
consteval std::string_view name_in_std() {
  std::string_view text = __PRETTY_FUNCTION__;
  text = text.substr(text.find("T = ") + 4);
  if (!text.starts_with("std::")) {
    return {};
  }
  text.remove_prefix(5);
  while (text.starts_with("__")) {
    text.remove_prefix(text.find("::") + 2);
  }
  return text;
}

/// Data of the standard library, whose headers needn't be included for this.
template <class M>
consteval bool standard_data() {
  // NOLINTNEXTLINE(readability-use-anyofallof): <algorithm> isn't worth including for this
  for (const std::string_view name :
       {"basic_string<", "basic_string_view<", "chrono::", "filesystem::", "complex<", "bitset<", "ratio<", "mutex",
        "mersenne_twister_engine<", "linear_congruential_engine<", "subtract_with_carry_engine<", "random_device"}) {
    if (name_in_std<M>().starts_with(name)) {
      return true;
    }
  }
  return false;
}

/// The contents that a model is searched for.
template <class M>
concept KeptInModel =
    std::is_same_v<M, Parameter> || std::is_same_v<M, State> || std::is_same_v<M, Random> || std::is_same_v<M, Mode>;

/// Numbers, enumerations, pointers to functions and members, classes without data, text, times, paths.
template <class M>
concept PlainData =
    !KeptInModel<M> &&
    (holds_no_parameters<M> || std::is_arithmetic_v<M> || std::is_enum_v<M> || std::is_null_pointer_v<M> ||
     std::is_member_pointer_v<M> || (std::is_pointer_v<M> && std::is_function_v<std::remove_pointer_t<M>>) ||
     (std::is_class_v<M> && (standard_data<M>() || (requires { sizeof(M); } && std::is_empty_v<M>))));

/// The size of the template's instance that a class is or derives from: members that are added to it would be missed.
template <template <class...> class C, class... A>
std::integral_constant<std::size_t, sizeof(C<A...>)> size_of_instance(const C<A...>* /*unused*/);
template <class M>
concept Instance = requires(const M* model) {
  requires decltype(size_of_instance(model))::value == sizeof(M);
};

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
concept Elements = requires(const M& model) {
  std::begin(model);
  std::end(model);
  typename M::value_type;
};

/// A container (std::vector, a map, std::array, std::span, and others' with an allocator).
template <class M>
concept Range = Elements<M> &&
    (Tuple<M> || (requires { typename M::allocator_type; } && Instance<M>) || requires(const M& model) {
      typename M::element_type;
      M::extent;
      model.data();
    });

/// A pointer, smart pointer or optional.
template <class M>
concept Pointer = (std::is_pointer_v<M> && !std::is_void_v<std::remove_pointer_t<M>>) ||
                  (Instance<M> && requires(const M& model) {
                    *model;
                    static_cast<bool>(model);
                    requires requires {
                      typename M::element_type;
                    } || requires {
                      model.has_value();
                    };
                  });

template <class M>
concept Variant = requires {
  std::variant_size<M>::value;
};

template <class M>
using Pointee = std::remove_cvref_t<decltype(*std::declval<const M&>())>;

/// An xtensor container; these have parameters of templates that aren't types.
template <class M>
consteval bool is_xtensor() {
  constexpr std::string_view text = __PRETTY_FUNCTION__;
  return text.substr(text.find("M = ") + 4).starts_with("xt::x");
}

/// Containers of, and pointers to, plain data. Their contents are never looked at.
template <class M>
consteval bool refers_to_plain_data() {
  if constexpr (Range<M> || (Elements<M> && is_xtensor<M>())) {
    return PlainData<typename M::value_type>;
  } else if constexpr (Pointer<M>) {
    return PlainData<Pointee<M>>;
  } else if constexpr (Instance<M> && requires { typename M::element_type; }) {
    return PlainData<typename M::element_type>;  // a std::weak_ptr, a std::unique_ptr to an array
  } else {
    return false;
  }
}

template <class M>
struct AnyBase {
  template <class B>
  requires(std::is_base_of_v<B, M> && !std::is_same_v<B, M>) operator B() const;  // NOLINT(google-explicit-constructor)
};
/// An aggregate whose first initialiser is that of a base class: its fields can't be counted.
template <class M>
concept HasBase = requires {
  M{AnyBase<M>{}};
};

/// A class whose public members are known by name: an aggregate, or one with a list of field_names.
template <class M>
consteval bool has_fields() {  // NOLINTBEGIN(bugprone-branch-clone): later conditions aren't asked of such a class
  if constexpr (!std::is_class_v<M> || !requires { sizeof(M); }) {
    return false;  // a pointer to void, a union, a class that is only declared
  } else if constexpr (requires { M::field_names; }) {
    return true;
  } else if constexpr (std::is_aggregate_v<M>) {
    if constexpr (HasBase<M>) {
      return false;
    } else {
      return reflect::field_count<M>() > 0;  // 0: there is a reference in it
    }
  } else {
    return false;
  }
}  // NOLINTEND(bugprone-branch-clone)

}  // namespace detail

}  // namespace xgrad::nn
