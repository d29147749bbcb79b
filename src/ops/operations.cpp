// The public index: one line per operation.
#include "xgrad/operations.hpp"

#include <array>

namespace xgrad {

namespace {

using enum Accepts;
constexpr auto elementwise = Category::elementwise;
constexpr auto comparison = Category::comparison;
constexpr auto reduction = Category::reduction;
constexpr auto linalg = Category::linalg;
constexpr auto shape = Category::shape;
constexpr auto indexing = Category::indexing;

// Whether the inputs broadcast, whether gradients flow.
constexpr bool broadcasts = true;
constexpr bool alone = false;
constexpr bool smooth = true;
constexpr bool cut = false;

// clang-format off
constexpr auto entries = std::to_array<OperationEntry>({
    {"add", elementwise, "a, b", numeric, broadcasts, smooth, "ā = g, b̄ = g"},
    {"sub", elementwise, "a, b", numeric, broadcasts, smooth, "ā = g, b̄ = −g"},
    {"mul", elementwise, "a, b", numeric, broadcasts, smooth, "ā = g b, b̄ = g a"},
    {"neg", elementwise, "x", numeric, alone, smooth, "x̄ = −g"},
    {"square", elementwise, "x", numeric, alone, smooth, "x̄ = 2 g x"},
    {"abs", elementwise, "x", numeric, alone, smooth, "x̄ = g sign(x)"},
    {"sign", elementwise, "x", numeric, alone, cut, "none"},
    {"maximum", elementwise, "a, b", numeric, broadcasts, smooth, "ā = g ([a > b] + ½ [a = b]), b̄ = g ([b > a] + ½ [a = b])"},
    {"minimum", elementwise, "a, b", numeric, broadcasts, smooth, "ā = g ([a < b] + ½ [a = b]), b̄ = g ([b < a] + ½ [a = b])"},
    {"clip", elementwise, "x", numeric, alone, smooth, "x̄ = g [low ≤ x ≤ high]"},
    {"div", elementwise, "a, b", floating, broadcasts, smooth, "ā = g / b, b̄ = −g a / b²"},
    {"pow", elementwise, "a, b", floating, broadcasts, smooth, "ā = g b a^(b−1), b̄ = g a^b log a, 0 where a = 0"},
    {"exp", elementwise, "x", floating, alone, smooth, "x̄ = g y"},
    {"expm1", elementwise, "x", floating, alone, smooth, "x̄ = g eˣ"},
    {"log", elementwise, "x", floating, alone, smooth, "x̄ = g / x"},
    {"log1p", elementwise, "x", floating, alone, smooth, "x̄ = g / (1 + x)"},
    {"sqrt", elementwise, "x", floating, alone, smooth, "x̄ = g / (2 y)"},
    {"xlogy", elementwise, "a, b", floating, broadcasts, smooth, "ā = g log b, b̄ = g a / b"},
    {"chain_mul", elementwise, "t, d", floating, broadcasts, smooth, "t̄ = g d, d̄ = g t"},
    {"chain_div", elementwise, "t, d", floating, broadcasts, smooth, "t̄ = g / d, d̄ = −g y / d"},
    {"rsqrt", elementwise, "x", floating, alone, smooth, "x̄ = −½ g y³"},
    {"sin", elementwise, "x", floating, alone, smooth, "x̄ = g cos x"},
    {"cos", elementwise, "x", floating, alone, smooth, "x̄ = −g sin x"},
    {"tanh", elementwise, "x", floating, alone, smooth, "x̄ = g (1 − y²)"},
    {"sigmoid", elementwise, "x", floating, alone, smooth, "x̄ = g y (1 − y)"},
    {"relu", elementwise, "x", floating, alone, smooth, "x̄ = g [x > 0]"},
    {"softplus", elementwise, "x", floating, alone, smooth, "x̄ = g σ(x)"},
    {"log_sigmoid", elementwise, "x", floating, alone, smooth, "x̄ = g σ(−x)"},
    {"erf", elementwise, "x", floating, alone, smooth, "x̄ = g (2/√π) e^(−x²)"},
    {"where", elementwise, "condition, a, b", any, broadcasts, smooth, "ā = g where the condition holds, else 0; b̄ = g where it doesn't"},
    {"cast", elementwise, "x", any, alone, smooth, "x̄ = g in x's dtype, between floating dtypes"},
    {"stop_gradient", elementwise, "x", any, alone, cut, "none"},

    {"equal", comparison, "a, b", any, broadcasts, cut, "none"},
    {"not_equal", comparison, "a, b", any, broadcasts, cut, "none"},
    {"less", comparison, "a, b", any, broadcasts, cut, "none"},
    {"less_equal", comparison, "a, b", any, broadcasts, cut, "none"},
    {"greater", comparison, "a, b", any, broadcasts, cut, "none"},
    {"greater_equal", comparison, "a, b", any, broadcasts, cut, "none"},
    {"logical_and", comparison, "a, b", logical, broadcasts, cut, "none"},
    {"logical_or", comparison, "a, b", logical, broadcasts, cut, "none"},
    {"logical_not", comparison, "x", logical, alone, cut, "none"},

    {"sum", reduction, "x", numeric, alone, smooth, "x̄ = g, repeated along the axes"},
    {"prod", reduction, "x", numeric, alone, smooth, "x̄ᵢ = g ∏ⱼ≠ᵢ xⱼ"},
    {"max", reduction, "x", numeric, alone, smooth, "x̄ = g [x = y] / Σ [x = y]"},
    {"min", reduction, "x", numeric, alone, smooth, "x̄ = g [x = y] / Σ [x = y]"},
    {"mean", reduction, "x", floating, alone, smooth, "x̄ = g / n"},
    {"var", reduction, "x", floating, alone, smooth, "x̄ = 2 g (x − mean) / (n − ddof)"},
    {"norm", reduction, "x", floating, alone, smooth, "x̄ = g x / y"},
    {"logsumexp", reduction, "x", floating, alone, smooth, "x̄ = g e^(x − y)"},
    {"argmax", reduction, "x", numeric, alone, cut, "none"},
    {"argmin", reduction, "x", numeric, alone, cut, "none"},
    {"softmax", reduction, "x", floating, alone, smooth, "x̄ = y ⊙ (g − Σ g ⊙ y)"},
    {"log_softmax", reduction, "x", floating, alone, smooth, "x̄ = g − e^y Σ g"},
    {"cumsum", reduction, "x", numeric, alone, smooth, "x̄ = cumsum of g the other way"},
    {"sum_to", reduction, "x", numeric, alone, smooth, "x̄ = broadcast_to(g, x's shape)"},

    {"matmul", linalg, "a, b", floating, broadcasts, smooth, "ā = g bᵀ, b̄ = aᵀ g"},
    {"dot", linalg, "u, v", floating, alone, smooth, "ū = g v, v̄ = g u"},
    {"outer", linalg, "u, v", floating, alone, smooth, "ū = g v, v̄ = gᵀ u"},
    {"diag", linalg, "x", any, alone, smooth, "x̄ = diagonal of g; of a matrix, g on the diagonal of zeros"},

    {"transpose", shape, "x", any, alone, smooth, "x̄ = gᵀ"},
    {"permute", shape, "x", any, alone, smooth, "x̄ = g permuted back"},
    {"reshape", shape, "x", any, alone, smooth, "x̄ = g in x's shape"},
    {"broadcast_to", shape, "x", any, alone, smooth, "x̄ = sum_to(g, x's shape)"},
    {"squeeze", shape, "x", any, alone, smooth, "x̄ = g in x's shape"},
    {"expand_dims", shape, "x", any, alone, smooth, "x̄ = g in x's shape"},
    {"concatenate", shape, "x…", any, alone, smooth, "x̄ᵢ = the part of g that is xᵢ's"},
    {"stack", shape, "x…", any, alone, smooth, "x̄ᵢ = g at i along the new axis"},
    {"split", shape, "x", any, alone, smooth, "x̄ = the gs concatenated"},
    {"flip", shape, "x", any, alone, smooth, "x̄ = g flipped"},
    {"pad", shape, "x", any, alone, smooth, "x̄ = g without the padding"},

    {"slice", indexing, "x", any, alone, smooth, "x̄ = slice_adjoint(g)"},
    {"at", indexing, "x", any, alone, smooth, "as slice and reshape"},
    {"take", indexing, "x, indices", any, alone, smooth, "x̄ = take_adjoint(g, indices)"},
    {"gather", indexing, "x, indices", any, alone, smooth, "x̄ = scatter_add(g, indices)"},
    {"slice_adjoint", indexing, "x", any, alone, smooth, "x̄ = slice(g)"},
    {"take_adjoint", indexing, "x, indices", numeric, alone, smooth, "x̄ = take(g, indices)"},
    {"scatter_add", indexing, "x, indices", numeric, alone, smooth, "x̄ = gather(g, indices)"},
    {"one_hot", indexing, "indices", integer, alone, cut, "none"},

    // elementary.hpp and special.hpp
    {"tan", elementwise, "x", floating, alone, smooth, "x̄ = g (1 + y²)"},
    {"asin", elementwise, "x", floating, alone, smooth, "x̄ = g / √(1 − x²)"},
    {"acos", elementwise, "x", floating, alone, smooth, "x̄ = −g / √(1 − x²)"},
    {"atan", elementwise, "x", floating, alone, smooth, "x̄ = g / (1 + x²)"},
    {"atan2", elementwise, "y, x", floating, broadcasts, smooth, "ȳ = g x / (x² + y²), x̄ = −g y / (x² + y²), 0 at (0, 0)"},
    {"sinh", elementwise, "x", floating, alone, smooth, "x̄ = g cosh x"},
    {"cosh", elementwise, "x", floating, alone, smooth, "x̄ = g sinh x"},
    {"asinh", elementwise, "x", floating, alone, smooth, "x̄ = g / √(1 + x²)"},
    {"acosh", elementwise, "x", floating, alone, smooth, "x̄ = g / √(x² − 1)"},
    {"atanh", elementwise, "x", floating, alone, smooth, "x̄ = g / (1 − x²)"},
    {"exp2", elementwise, "x", floating, alone, smooth, "x̄ = g y log 2"},
    {"log2", elementwise, "x", floating, alone, smooth, "x̄ = g / (x log 2)"},
    {"log10", elementwise, "x", floating, alone, smooth, "x̄ = g / (x log 10)"},
    {"cbrt", elementwise, "x", floating, alone, smooth, "x̄ = g / (3 y²)"},
    {"reciprocal", elementwise, "x", floating, alone, smooth, "x̄ = −g y²"},
    {"hypot", elementwise, "a, b", floating, broadcasts, smooth, "ā = g a / y, b̄ = g b / y, 0 at (0, 0)"},
    {"floor", elementwise, "x", numeric, alone, cut, "none"},
    {"ceil", elementwise, "x", numeric, alone, cut, "none"},
    {"round", elementwise, "x", numeric, alone, cut, "none"},
    {"trunc", elementwise, "x", numeric, alone, cut, "none"},
    {"fmod", elementwise, "a, b", numeric, broadcasts, smooth, "ā = g, b̄ = −g trunc(a / b)"},
    {"remainder", elementwise, "a, b", numeric, broadcasts, smooth, "ā = g, b̄ = −g ⌊a / b⌋"},
    {"logaddexp", elementwise, "a, b", floating, broadcasts, smooth, "ā = g σ(a − b), b̄ = g σ(b − a), each ½ g where a = b"},
    {"logit", elementwise, "x", floating, alone, smooth, "x̄ = g / (x (1 − x))"},
    {"erfc", elementwise, "x", floating, alone, smooth, "x̄ = −g (2/√π) e^(−x²)"},
    {"erfinv", elementwise, "x", floating, alone, smooth, "x̄ = g (√π/2) e^(y²)"},
    {"sinc", elementwise, "x", floating, alone, smooth, "x̄ = g (cos πx − y) / x, 0 at 0"},
    {"lgamma", elementwise, "x", floating, alone, smooth, "x̄ = g ψ(x)"},
    {"digamma", elementwise, "x", floating, alone, smooth, "x̄ = g ψ′(x)"},
    {"polygamma", elementwise, "x", floating, alone, smooth, "x̄ = g ψ⁽ⁿ⁺¹⁾(x)"},
    {"isnan", comparison, "x", any, alone, cut, "none"},
    {"isinf", comparison, "x", any, alone, cut, "none"},
    {"isfinite", comparison, "x", any, alone, cut, "none"},
});
// clang-format on

}  // namespace

std::span<const OperationEntry> operations() noexcept {
  return entries;
}

std::string_view to_string(Category category) noexcept {
  switch (category) {
    case Category::elementwise:
      return "elementwise";
    case Category::comparison:
      return "comparison";
    case Category::reduction:
      return "reduction";
    case Category::linalg:
      return "linalg";
    case Category::shape:
      return "shape";
    case Category::indexing:
      return "indexing";
  }
  return "unknown";
}

std::string_view to_string(Accepts accepts) noexcept {
  switch (accepts) {
    case Accepts::floating:
      return "float32, float64";
    case Accepts::numeric:
      return "float32, float64, int64";
    case Accepts::any:
      return "any";
    case Accepts::logical:
      return "bool";
    case Accepts::integer:
      return "int64";
  }
  return "unknown";
}

bool accepts(const OperationEntry& entry, DType dtype) noexcept {
  switch (entry.accepts) {
    case Accepts::floating:
      return is_floating(dtype);
    case Accepts::numeric:
      return dtype != DType::boolean;
    case Accepts::any:
      return true;
    case Accepts::logical:
      return dtype == DType::boolean;
    case Accepts::integer:
      return dtype == DType::int64;
  }
  return false;
}

}  // namespace xgrad
