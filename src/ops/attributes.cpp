#include "ops/attributes.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "xgrad/error.hpp"

namespace xgrad::ops {

namespace {

template <class T>
T value_of(const Operation& operation, std::string_view name, std::string_view type) {
  const std::vector<Attribute> attributes = operation.attributes();
  const auto found = std::find_if(attributes.begin(), attributes.end(),
                                  [name](const Attribute& attribute) { return attribute.name == name; });
  const T* value = found == attributes.end() ? nullptr : std::get_if<T>(&found->value);
  if (value == nullptr) {
    throw ValueError(fmt::format("[{}] has no attribute '{}' that is {}; an operation of its algebra has one",
                                 operation.name(), name, type));
  }
  return *value;
}

}  // namespace

bool flag(const Operation& operation, std::string_view name) {
  return value_of<bool>(operation, name, "a flag");
}

double number(const Operation& operation, std::string_view name) {
  return value_of<double>(operation, name, "a number");
}

std::int64_t integer(const Operation& operation, std::string_view name) {
  return value_of<std::int64_t>(operation, name, "an integer");
}

std::vector<std::int64_t> integers(const Operation& operation, std::string_view name) {
  return value_of<std::vector<std::int64_t>>(operation, name, "a list of integers");
}

}  // namespace xgrad::ops
