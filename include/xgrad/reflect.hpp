#pragma once

#include <array>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "xgrad/export.hpp"

/// The fields of an aggregate, and their names, at compile time; no macro, no registration. Up to 16 fields, no base
/// classes, no C arrays (use std::array). Of a class with constructors, the public members, if it lists field_names.
namespace xgrad::reflect {

/// Converts to whatever a field is: used unevaluated, to count how many initialisers an aggregate takes.
struct AnyField {
  template <class T>
  operator T() const;  // NOLINT(google-explicit-constructor)
};

template <class T, std::size_t... I>
consteval bool takes(std::index_sequence<I...> /*unused*/) {
  return requires {
    T{(static_cast<void>(I), AnyField{})...};
  };
}

inline constexpr std::size_t max_fields = 16;

/// The number of fields: of an aggregate, the largest number of initialisers that it takes; of another class, the
/// number of its field_names. 0 for an aggregate with a reference in it, which can't be counted.
template <class T, std::size_t N = max_fields>
consteval std::size_t field_count() {
  if constexpr (!std::is_aggregate_v<T>) {
    return std::size(T::field_names);
  } else if constexpr (N == 0) {
    return 0;
  } else if constexpr (takes<T>(std::make_index_sequence<N>{})) {
    static_assert(!takes<T>(std::make_index_sequence<max_fields + 1>{}),
                  "xgrad sees at most 16 fields of a struct: group them, or give it a parameters() member");
    return N;
  } else {
    return field_count<T, N - 1>();
  }
}

/// References to the fields, in order.
template <class T>
constexpr auto tie_fields(T& object) {
  constexpr std::size_t count = field_count<std::remove_const_t<T>>();
  // clang-format off
  if constexpr (count == 0) { return std::tie(); }
  else if constexpr (count == 1) { auto& [a] = object; return std::tie(a); }
  else if constexpr (count == 2) { auto& [a, b] = object; return std::tie(a, b); }
  else if constexpr (count == 3) { auto& [a, b, c] = object; return std::tie(a, b, c); }
  else if constexpr (count == 4) { auto& [a, b, c, d] = object; return std::tie(a, b, c, d); }
  else if constexpr (count == 5) { auto& [a, b, c, d, e] = object; return std::tie(a, b, c, d, e); }
  else if constexpr (count == 6) { auto& [a, b, c, d, e, f] = object; return std::tie(a, b, c, d, e, f); }
  else if constexpr (count == 7) { auto& [a, b, c, d, e, f, g] = object; return std::tie(a, b, c, d, e, f, g); }
  else if constexpr (count == 8) { auto& [a, b, c, d, e, f, g, h] = object; return std::tie(a, b, c, d, e, f, g, h); }
  else if constexpr (count == 9) { auto& [a, b, c, d, e, f, g, h, i] = object; return std::tie(a, b, c, d, e, f, g, h, i); }
  else if constexpr (count == 10) { auto& [a, b, c, d, e, f, g, h, i, j] = object; return std::tie(a, b, c, d, e, f, g, h, i, j); }
  else if constexpr (count == 11) { auto& [a, b, c, d, e, f, g, h, i, j, k] = object; return std::tie(a, b, c, d, e, f, g, h, i, j, k); }
  else if constexpr (count == 12) { auto& [a, b, c, d, e, f, g, h, i, j, k, l] = object; return std::tie(a, b, c, d, e, f, g, h, i, j, k, l); }
  else if constexpr (count == 13) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = object; return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m); }
  else if constexpr (count == 14) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = object; return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n); }
  else if constexpr (count == 15) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = object; return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o); }
  else { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = object; return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p); }
  // clang-format on
}

/// An object of T that is only declared: its fields have constant addresses, and a template argument that is the
/// address of a field is spelled with the field's name.
template <class T>
struct Declared {
  T object;
};
#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
#pragma clang diagnostic ignored "-Wundefined-internal"  // models in unnamed namespaces
#endif
template <class T>
extern const Declared<T> declared;

template <auto Field>
consteval std::string_view name_at() {
  // gcc:   "... [with auto Field = (& declared<M>.Declared<M>::object.M::inner); ...]"
  // clang: "... [Field = &declared<M>.object.inner]"
  const std::string_view text = __PRETTY_FUNCTION__;
  const auto is_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  std::size_t end = text.find("Field = ");
  end = text.find_first_of(";]", end);
  while (end > 0 && !is_name(text[end - 1])) {
    --end;
  }
  std::size_t begin = end;
  while (begin > 0 && is_name(text[begin - 1])) {
    --begin;
  }
  return text.substr(begin, end - begin);
}

template <class T, std::size_t... I>
consteval auto names_of(std::index_sequence<I...> /*unused*/) {
  return std::array<std::string_view, sizeof...(I)>{name_at<&std::get<I>(tie_fields(declared<T>.object))>()...};
}

/// The names of T's fields: its own list `static constexpr std::array<std::string_view, N> field_names`, if it has one.
template <class T>
consteval auto field_names() {
  if constexpr (requires { T::field_names; }) {
    static_assert(std::size(T::field_names) == field_count<T>(), "field_names must name every field");
    return T::field_names;
  } else {
    return names_of<T>(std::make_index_sequence<field_count<T>()>{});
  }
}
#ifdef __clang__
#pragma clang diagnostic pop
#endif

/// "Dense" for xgrad::nn::Dense.
template <class T>
consteval std::string_view type_name() {
  std::string_view text = __PRETTY_FUNCTION__;
  text = text.substr(text.find("T = ") + 4);
  text = text.substr(0, text.find_first_of(";]<"));
  const std::size_t colon = text.rfind(':');
  return colon == std::string_view::npos ? text : text.substr(colon + 1);
}

}  // namespace xgrad::reflect
