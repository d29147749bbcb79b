#include "graph/identity.hpp"

#include <cstring>
#include <mutex>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <unordered_map>

namespace xgrad::graph {

namespace {

template <class T>
void append(std::string& text, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  text.append(reinterpret_cast<const char*>(&value), sizeof(T));  // NOLINT: bytes of a number
}

std::string key_of(const Operation& operation) {
  // The address, because classes in unnamed namespaces share their names.
  std::string key;
  append(key, &typeid(operation));
  append(key, operation.algebra());
  key += operation.name();
  for (const Attribute& attribute : operation.attributes()) {
    key += '\0';
    key += attribute.name;
    key += static_cast<char>(attribute.value.index());
    std::visit(
        [&key](const auto& value) {
          if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::vector<std::int64_t>>) {
            append(key, value.size());
            for (const std::int64_t item : value) {
              append(key, item);
            }
          } else {
            append(key, value);
          }
        },
        attribute.value);
  }
  return key;
}

}  // namespace

// A pool for the whole process. Numbers are never used again: when the table is emptied, operations met before keep
// theirs, and equal ones that are made later get another, which costs a plan and no more.
std::uint64_t OperationIdentity::number(const Operation& operation) {
  constexpr std::size_t most = 65536;
  static std::mutex mutex;
  static std::unordered_map<std::string, std::uint64_t> numbers;
  static std::uint64_t last = 0;
  std::string key = key_of(operation);
  const std::lock_guard lock{mutex};
  if (numbers.size() >= most) {
    numbers.clear();
  }
  const auto [known, added] = numbers.try_emplace(std::move(key), last + 1);
  if (added) {
    ++last;
  }
  operation.identity_.store(known->second, std::memory_order_relaxed);
  return known->second;
}

}  // namespace xgrad::graph
