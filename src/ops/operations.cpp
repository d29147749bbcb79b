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
constexpr auto spatial = Category::spatial;

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

    {"gelu", elementwise, "x", floating, alone, smooth, "x̄ = g (Φ(x) + x φ(x))"},
    {"gelu_tanh", elementwise, "x", floating, alone, smooth, "x̄ = g (σ(w) + x σ′(w) w′)"},
    {"silu", elementwise, "x", floating, alone, smooth, "x̄ = g (σ(x) + x σ′(x))"},
    {"mish", elementwise, "x", floating, alone, smooth, "x̄ = g (τ + x τ′), τ = tanh(softplus(x))"},
    {"softsign", elementwise, "x", floating, alone, smooth, "x̄ = g / (1 + |x|)²"},
    {"tanhshrink", elementwise, "x", floating, alone, smooth, "x̄ = g tanh² x"},
    {"elu", elementwise, "x", floating, alone, smooth, "x̄ = g where x > 0, else g α eˣ"},
    {"selu", elementwise, "x", floating, alone, smooth, "x̄ = g λ where x > 0, else g λ α eˣ"},
    {"celu", elementwise, "x", floating, alone, smooth, "x̄ = g where x > 0, else g e^(x/α)"},
    {"leaky_relu", elementwise, "x", floating, alone, smooth, "x̄ = g where x > 0, else g slope"},
    {"prelu", elementwise, "x, a", floating, alone, smooth, "x̄ = g where x > 0, else g a; ā = g x where x ≤ 0, else 0"},
    {"relu6", elementwise, "x", floating, alone, smooth, "x̄ = g [0 < x < 6]"},
    {"hardtanh", elementwise, "x", floating, alone, smooth, "x̄ = g [low < x < high]"},
    {"hardsigmoid", elementwise, "x", floating, alone, smooth, "x̄ = g [−3 < x < 3] / 6"},
    {"hardswish", elementwise, "x", floating, alone, smooth, "x̄ = g where x ≥ 3, g (2x + 3) / 6 where −3 < x < 3, else 0"},
    {"hardshrink", elementwise, "x", floating, alone, smooth, "x̄ = g [|x| > λ]"},
    {"softshrink", elementwise, "x", floating, alone, smooth, "x̄ = g [|x| > λ]"},
    {"glu", elementwise, "x", floating, alone, smooth, "ā = g σ(b), b̄ = g a σ′(b) of the halves a, b"},
    {"swiglu", elementwise, "x", floating, alone, smooth, "ā = g silu′(a) b, b̄ = g silu(a) of the halves a, b"},
    {"softmin", reduction, "x", floating, alone, smooth, "x̄ = −y ⊙ (g − Σ g ⊙ y)"},

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
    {"normalize", reduction, "x", floating, alone, smooth, "x̄ = (g − mean(g) − y ⊙ mean(g ⊙ y)) / √(σ² + ε)"},
    {"deviation", reduction, "x", floating, alone, smooth, "x̄ = g x̂ / n, x̂ = normalize(x)"},
    {"rms_normalize", reduction, "x", floating, alone, smooth, "x̄ = (g − y ⊙ mean(g ⊙ y)) / √(mean(x²) + ε)"},
    {"root_mean_square", reduction, "x", floating, alone, smooth, "x̄ = g x̂ / n, x̂ = rms_normalize(x)"},
    {"masked_softmax", reduction, "x, mask", floating, alone, smooth, "x̄ = y ⊙ (g − Σ g ⊙ y); none for the mask"},

    {"matmul", linalg, "a, b", floating, broadcasts, smooth, "ā = g bᵀ, b̄ = aᵀ g"},
    {"dot", linalg, "u, v", floating, alone, smooth, "ū = g v, v̄ = g u"},
    {"outer", linalg, "u, v", floating, alone, smooth, "ū = g v, v̄ = gᵀ u"},
    {"diag", linalg, "x", any, alone, smooth, "x̄ = diagonal of g; of a matrix, g on the diagonal of zeros"},

    {"conv", linalg, "x, w", floating, alone, smooth, "x̄ = conv_input(g, w), w̄ = conv_weight(x, g)"},
    {"conv_input", linalg, "g, w", floating, alone, smooth, "of the cotangent h: ḡ = conv(h, w), w̄ = conv_weight(h, g)"},
    {"conv_weight", linalg, "x, g", floating, alone, smooth, "of the cotangent h: x̄ = conv_input(g, h), ḡ = conv(x, h)"},
    {"conv_transpose", linalg, "x, w", floating, alone, smooth, "x̄ = conv(g, w), w̄ = conv_weight(g, x)"},
    {"solve", linalg, "A, b", floating, broadcasts, smooth, "b̄ = A⁻ᵀ g, Ā = −b̄ yᵀ"},
    {"triangular_solve", linalg, "T, b", floating, broadcasts, smooth, "b̄ = T⁻ᵀ g, T̄ = the triangle of −b̄ yᵀ"},
    {"lstsq", linalg, "A, b", floating, broadcasts, smooth, "as qr and triangular_solve"},
    {"inverse", linalg, "A", floating, alone, smooth, "Ā = −yᵀ g yᵀ"},
    {"pinv", linalg, "A", floating, alone, smooth, "Ā = −yᵀ g yᵀ + (gᵀ − A y gᵀ) y yᵀ + yᵀy (gᵀ − gᵀ y A)"},
    {"det", linalg, "A", floating, alone, smooth, "Ā = g y A⁻ᵀ, by cofactors"},
    {"logdet", linalg, "A", floating, alone, smooth, "Ā = g A⁻ᵀ"},
    {"slogdet", linalg, "A", floating, alone, smooth, "Ā = g A⁻ᵀ, g being that of log_abs"},
    {"trace", linalg, "A", floating, alone, smooth, "Ā = g I"},
    {"matrix_exp", linalg, "A", floating, alone, smooth, "Ā = L, [eᴮ L; 0 eᴮ] = exp([B g; 0 B]), B = Aᵀ"},
    {"matrix_power", linalg, "A", floating, alone, smooth, "as matmul and inverse"},
    {"cholesky", linalg, "A", floating, alone, smooth, "Ā = ½ (P + Pᵀ), P = y⁻ᵀ Φ(yᵀ g) y⁻¹"},
    {"qr", linalg, "A", floating, alone, smooth, "Ā = (Q̄ + Q (T + Tᵀ)) R⁻ᵀ, T = Φ(R R̄ᵀ − Q̄ᵀ Q)"},
    {"eigh", linalg, "A", floating, alone, smooth, "Ā = V (diag(w̄) + ½ (K − Kᵀ) / (wⱼ − wᵢ)) Vᵀ, K = Vᵀ V̄"},
    {"eigvalsh", linalg, "A", floating, alone, smooth, "Ā = V diag(g) Vᵀ"},
    {"svd", linalg, "A", floating, alone, smooth, "Ā = (U (J s + s K + diag(s̄)) + (Ū − U UᵀŪ) / s) Vᵀ"},
    {"svdvals", linalg, "A", floating, alone, smooth, "Ā = U diag(g) Vᵀ"},

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
    {"einsum", linalg, "x…", floating, alone, smooth, "as permute, reshape, matmul, mul and sum"},
    {"tensordot", linalg, "a, b", floating, alone, smooth, "as matmul: ā = g b, b̄ = a g over the axes of the other"},
    {"sort", indexing, "x", numeric, alone, smooth, "x̄ = scatter_add(g, argsort(x))"},
    {"argsort", indexing, "x", numeric, alone, cut, "none"},
    {"topk", indexing, "x", numeric, alone, smooth, "x̄ = scatter_add(g, indices)"},
    {"quantile", reduction, "x", floating, alone, smooth, "x̄ = (1 − w) g and w g at the neighbours in order"},
    {"median", reduction, "x", floating, alone, smooth, "as quantile"},
    {"cumprod", reduction, "x", numeric, alone, smooth, "x̄ⱼ = rⱼ ∏ₖ<ⱼ xₖ, rⱼ = gⱼ + xⱼ₊₁ rⱼ₊₁"},
    {"cummax", reduction, "x", numeric, alone, smooth, "x̄ = scatter_add(g, indices)"},
    {"cummin", reduction, "x", numeric, alone, smooth, "x̄ = scatter_add(g, indices)"},
    {"logcumsumexp", reduction, "x", floating, alone, smooth, "x̄ⱼ = Σᵢ≥ⱼ gᵢ e^(xⱼ − yᵢ)"},
    {"p_norm", reduction, "x", floating, alone, smooth, "x̄ = g sign(x) (|x| / y)^(p−1)"},
    {"matrix_norm", reduction, "x", floating, alone, smooth, "as norm; as abs, sum and max; or as svdvals"},
    {"stddev", reduction, "x", floating, alone, smooth, "x̄ = g (x − mean) / (y (n − ddof))"},
    {"any_of", reduction, "x", logical, alone, cut, "none"},
    {"all_of", reduction, "x", logical, alone, cut, "none"},
    {"tile", shape, "x", any, alone, smooth, "x̄ = the sum of g's tiles"},
    {"repeat", shape, "x", any, alone, smooth, "x̄ = the sums of g over what is repeated"},
    {"roll", shape, "x", any, alone, smooth, "x̄ = g moved back"},
    {"swap_axes", shape, "x", any, alone, smooth, "x̄ = g with the axes exchanged"},
    {"move_axis", shape, "x", any, alone, smooth, "x̄ = g with the axis moved back"},
    {"unstack", shape, "x", any, alone, smooth, "x̄ = the gs stacked"},
    {"chunk", shape, "x", any, alone, smooth, "x̄ = the gs concatenated"},
    {"meshgrid", shape, "x…", any, alone, smooth, "x̄ᵢ = g summed over the other axes"},
    {"tril", shape, "x", any, alone, smooth, "x̄ = tril(g)"},
    {"triu", shape, "x", any, alone, smooth, "x̄ = triu(g)"},
    {"masked_fill", indexing, "x", any, alone, smooth, "x̄ = g where the mask doesn't hold, else 0"},
    {"scatter", indexing, "x, updates", any, alone, smooth, "x̄ = g, but 0 at the indices; ū = g there, 0 for what was replaced"},
    {"put_rows", indexing, "x, rows", any, alone, smooth, "x̄ = g, but 0 at the indices; r̄ = g there, 0 for what was replaced"},
    {"index_sums", indexing, "x", numeric, alone, smooth, "x̄ = index_sums(g)"},
    {"interp", indexing, "x, xp, fp", floating, alone, smooth, "x̄ = g (f₁ − f₀) / (x₁ − x₀), f̄₀ = (1 − t) g, f̄₁ = t g"},
    {"segment_sum", indexing, "x, segments", numeric, alone, smooth, "x̄ = take(g, segments)"},
    {"segment_mean", indexing, "x, segments", floating, alone, smooth, "x̄ = take(g / n, segments)"},
    {"segment_max", indexing, "x, segments", numeric, alone, smooth, "x̄ = g at a segment's largest element, shared by ties"},
    {"segment_softmax", indexing, "x, segments", floating, alone, smooth, "x̄ = y (g − Σ g y), over the rows of a segment"},
    {"windows", spatial, "x", any, alone, smooth, "x̄ = windows_adjoint(g)"},
    {"windows_adjoint", spatial, "x", numeric, alone, smooth, "x̄ = windows(g)"},
    {"max_pool", spatial, "x", numeric, alone, smooth, "x̄ = g at the first largest element of each window, added up"},
    {"max_pool_indices", spatial, "x", numeric, alone, cut, "none"},
    {"avg_pool", spatial, "x", floating, alone, smooth, "x̄ = Σ g / n over the windows that an element is in"},
    {"lp_pool", spatial, "x", floating, alone, smooth, "as p_norm, added up over the windows that an element is in"},
    {"adaptive_max_pool", spatial, "x", numeric, alone, smooth, "as max_pool"},
    {"adaptive_avg_pool", spatial, "x", floating, alone, smooth, "as avg_pool"},
    {"global_max_pool", spatial, "x", numeric, alone, smooth, "x̄ = g at the first largest element"},
    {"global_avg_pool", spatial, "x", floating, alone, smooth, "x̄ = g / n"},
    {"upsample", spatial, "x", floating, alone, smooth, "x̄ = upsample_adjoint(g)"},
    {"upsample_adjoint", spatial, "x", floating, alone, smooth, "x̄ = upsample(g)"},
    {"pixel_shuffle", spatial, "x", any, alone, smooth, "x̄ = pixel_unshuffle(g)"},
    {"pixel_unshuffle", spatial, "x", any, alone, smooth, "x̄ = pixel_shuffle(g)"},
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
    case Category::spatial:
      return "spatial";
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
