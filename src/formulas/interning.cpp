// Equal formulas are one object.
#include <algorithm>
#include <bit>
#include <utility>

#include "formulas/expression.hpp"
#include "graph/identity.hpp"

namespace xgrad::formulas {

namespace {

void mix(std::size_t& hash, std::size_t value) noexcept {
  hash = (hash ^ value) * 0x9E3779B97F4A7C15U;
  hash ^= hash >> 29U;
}

std::uint64_t identity_of(const Expression& e) {
  return e.operation ? graph::OperationIdentity::of(*e.operation) : 0;
}

bool commutes(const Expression& e) noexcept {
  return e.head == Head::sum || e.head == Head::product;
}

std::size_t hash_of(const Expression& e) {
  std::size_t hash = static_cast<std::size_t>(e.head);
  mix(hash, static_cast<std::size_t>(e.dtype) * 4 + (e.primed ? 2 : 0) + (e.keeps_axes ? 1 : 0));
  for (const std::int64_t length : e.shape) {
    mix(hash, static_cast<std::size_t>(length));
  }
  if (commutes(e)) {
    std::size_t total = 0;
    for (Expr argument : e.arguments) {
      total += argument->serial * argument->serial;
    }
    mix(hash, total);
  } else {
    for (Expr argument : e.arguments) {
      mix(hash, argument->serial);
    }
  }
  mix(hash, std::bit_cast<std::uint64_t>(e.number));
  mix(hash, identity_of(e));
  for (const std::int64_t axis : e.axes) {
    mix(hash, static_cast<std::size_t>(axis));
  }
  mix(hash, reinterpret_cast<std::uintptr_t>(e.node));
  return hash;
}

// Sums and products are equal in any order of their arguments. The first that was made is kept, with its order.
bool equal(const Expression& a, const Expression& b) {
  const bool same_arguments =
      a.head == b.head && commutes(a)
          ? std::is_permutation(a.arguments.begin(), a.arguments.end(), b.arguments.begin(), b.arguments.end())
          : a.arguments == b.arguments;
  return a.head == b.head && a.shape == b.shape && a.dtype == b.dtype && same_arguments &&
         std::bit_cast<std::uint64_t>(a.number) == std::bit_cast<std::uint64_t>(b.number) && a.primed == b.primed &&
         a.axes == b.axes && a.keeps_axes == b.keeps_axes && a.node == b.node && identity_of(a) == identity_of(b);
}

}  // namespace

Expr Expressions::intern(Expression expression) {
  const std::size_t hash = hash_of(expression);
  const auto [begin, end] = index_.equal_range(hash);
  for (auto known = begin; known != end; ++known) {
    if (equal(*known->second, expression)) {
      return known->second;
    }
  }
  expression.serial = all_.size() + 1;
  constexpr std::size_t most = std::size_t{1} << 40U;  // a formula of shared parts may be longer than memory
  std::size_t weight = expression.arguments.empty() ? 1 : 0;
  std::size_t size = 1;
  for (Expr argument : expression.arguments) {
    weight = std::min(weight + argument->weight, most);
    size = std::min(size + argument->size, most);
  }
  expression.weight = weight;
  expression.size = size;
  const Expr added = &all_.emplace_back(std::move(expression));
  index_.emplace(hash, added);
  return added;
}

}  // namespace xgrad::formulas
