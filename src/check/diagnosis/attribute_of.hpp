#pragma once

#include <algorithm>
#include <optional>
#include <string_view>
#include <variant>

#include "xgrad/operation.hpp"

namespace xgrad::check::diagnosis {

/// An attribute of this name and type, if the operation has one.
template <class T>
[[nodiscard]] std::optional<T> attribute_of(const Operation& operation, std::string_view name) {
  const std::vector<Attribute> attributes = operation.attributes();
  const auto found = std::find_if(attributes.begin(), attributes.end(),
                                  [name](const Attribute& attribute) { return attribute.name == name; });
  const T* value = found == attributes.end() ? nullptr : std::get_if<T>(&found->value);
  return value == nullptr ? std::nullopt : std::optional<T>{*value};
}

}  // namespace xgrad::check::diagnosis
