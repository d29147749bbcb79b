#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "xgrad/dtype.hpp"
#include "xgrad/export.hpp"

/// The public index of operations: what there is, what it takes, how it is differentiated. docs/operations.md has the
/// same with formulas and the rules at kinks and ties. Creation and random numbers aren't operations: they have no
/// inputs.
namespace xgrad {

enum class Category : std::uint8_t { elementwise, comparison, reduction, linalg, shape, indexing, spatial };

/// The dtypes of an operation's elements; indices are always int64, conditions always bool.
enum class Accepts : std::uint8_t {
  floating,  ///< float32, float64
  numeric,   ///< float32, float64, int64
  any,       ///< all four
  logical,   ///< bool only
  integer,   ///< int64 only
};

struct OperationEntry {
  std::string_view name;  ///< of the function, and in errors: "[name] …"
  Category category = Category::elementwise;
  std::string_view inputs;  ///< its tensors, as the derivative calls them: "a, b"; "x…" for a list
  Accepts accepts = Accepts::floating;
  bool broadcasts = false;      ///< whether its inputs broadcast with one another
  bool differentiable = true;   ///< whether gradients flow through
  std::string_view derivative;  ///< the cotangents of the inputs from g, that of the result y; "none" if not
};

/// All of them, by category, each name once.
[[nodiscard]] XGRAD_API std::span<const OperationEntry> operations() noexcept;

[[nodiscard]] XGRAD_API std::string_view to_string(Category category) noexcept;
[[nodiscard]] XGRAD_API std::string_view to_string(Accepts accepts) noexcept;

/// Whether elements may be of this dtype.
[[nodiscard]] XGRAD_API bool accepts(const OperationEntry& entry, DType dtype) noexcept;

}  // namespace xgrad
