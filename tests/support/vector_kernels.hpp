#pragma once

#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "xgrad/operation.hpp"

#include "run/kernels/vector_kernels.hpp"

/// Calling the vector kernels of every instruction set.
namespace xgrad::test {

using run::VectorKernel;
using run::VectorKernels;

/// The kernels take the operation for its attributes and use none.
class NoOperation final : public xgrad::Operation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "none"; }
  [[nodiscard]] xgrad::Signature infer(std::span<const xgrad::Tensor> /*inputs*/) const override { return {}; }
  void evaluate(std::span<const xgrad::ConstArray> /*inputs*/, const xgrad::Array& /*output*/) const override {}
};

struct InstructionSet {
  std::string name;
  const VectorKernels& kernels;
};

/// Those that this machine can run.
inline std::vector<InstructionSet> instruction_sets() {
  std::vector<InstructionSet> sets{{"baseline", xgrad::run::baseline::vector_kernels()}};
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (avx2) {
    sets.push_back({"avx2", xgrad::run::avx2::vector_kernels()});
  }
  if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
    sets.push_back({"avx512", xgrad::run::avx512::vector_kernels()});
  }
  return sets;
}

/// A kernel of one input that isn't exact, beside its function in long double. The tests of all such kernels go over
/// this one table.
struct RoundedKernel {
  std::string_view name;
  VectorKernel VectorKernels::*kernel;
  long double (*exactly)(long double);
  /// Of a sum that has a zero, its larger term, in whose units errors are.
  long double (*scale)(long double) = nullptr;

  [[nodiscard]] long double size(long double x) const {
    const long double value = std::fabs(exactly(x));
    return scale == nullptr || !std::isfinite(value) ? value : std::fmax(value, std::fabs(scale(x)));
  }
};

inline long double exact_softplus(long double x) {
  return std::fmax(x, 0.0L) + std::log1p(std::exp(-std::fabs(x)));
}

/// x p of a share p in [0, 1] of x.
inline long double exact_part(long double x, long double share) {
  return share == 0 ? std::copysign(0.0L, x) : x * share;
}

/// p + x p′, where x p′ decides the sign below −2, also where both are too small for a long double.
inline long double exact_slope(long double x, long double share, long double moved) {
  if (std::isinf(x)) {
    return x > 0 ? 1 : -0.0L;
  }
  return x < -2 ? -std::fabs(share + moved) : share + moved;
}

/// The two terms of f′ for f(x) = x p(x).
struct Terms {
  long double share;
  long double moved;
};

inline Terms normal_terms(long double x) {
  const long double density = std::exp(-x * x / 2) * 0.398942280401432677939946059934381868L;
  return {std::erfc(x * -0.707106781186547524400844362104849039L) / 2, density == 0 ? 0 : x * density};
}

inline Terms logistic_terms(long double x) {
  const long double below = 1 / (1 + std::exp(x));
  const long double share = 1 / (1 + std::exp(-x));
  return {share, below == 0 || share == 0 ? 0 : x * share * below};
}

// x σ(z), z = √(8/π) (x + 0.044715 x³)
inline Terms tanh_terms(long double x) {
  const long double root = 1.59576912160573071175978423973752747L;
  const long double z = root * (x + 0.044715L * x * x * x);
  const long double below = 1 / (1 + std::exp(z));
  const long double share = 1 / (1 + std::exp(-z));
  return {share, below == 0 || share == 0 ? 0 : x * share * below * root * (1 + 3 * 0.044715L * x * x)};
}

inline Terms mish_terms(long double x) {
  const long double soft = exact_softplus(x);
  const long double spread = std::cosh(soft);
  const long double moved = std::isinf(spread) ? 0 : x / (1 + std::exp(-x)) / spread / spread;
  return {std::tanh(soft), std::isfinite(moved) ? moved : 0};
}

/// f(x) = x p(x) and its derivative, from the terms of the latter.
template <Terms (*terms)(long double)>
inline constexpr auto exact_value = [](long double x) { return exact_part(x, terms(x).share); };
template <Terms (*terms)(long double)>
inline constexpr auto exact_derivative = [](long double x) { return exact_slope(x, terms(x).share, terms(x).moved); };
template <Terms (*terms)(long double)>
inline constexpr auto larger_term = [](long double x) { return std::fmax(terms(x).share, std::fabs(terms(x).moved)); };

inline constexpr std::array rounded_kernels{
    RoundedKernel{"rsqrt", &VectorKernels::rsqrt, [](long double x) { return 1 / std::sqrt(x); }},
    RoundedKernel{"exp", &VectorKernels::exp, [](long double x) { return std::exp(x); }},
    RoundedKernel{"expm1", &VectorKernels::expm1, [](long double x) { return std::expm1(x); }},
    RoundedKernel{"log", &VectorKernels::log, [](long double x) { return std::log(x); }},
    RoundedKernel{"log1p", &VectorKernels::log1p, [](long double x) { return std::log1p(x); }},
    RoundedKernel{"sin", &VectorKernels::sin, [](long double x) { return std::sin(x); }},
    RoundedKernel{"cos", &VectorKernels::cos, [](long double x) { return std::cos(x); }},
    RoundedKernel{"tanh", &VectorKernels::tanh, [](long double x) { return std::tanh(x); }},
    RoundedKernel{"erf", &VectorKernels::erf, [](long double x) { return std::erf(x); }},
    RoundedKernel{"sigmoid", &VectorKernels::sigmoid, [](long double x) { return 1 / (1 + std::exp(-x)); }},
    RoundedKernel{"softplus", &VectorKernels::softplus, exact_softplus},
    RoundedKernel{"log_sigmoid", &VectorKernels::log_sigmoid, [](long double x) { return -exact_softplus(-x); }},
    RoundedKernel{"tan", &VectorKernels::tan, [](long double x) { return std::tan(x); }},
    RoundedKernel{"asin", &VectorKernels::asin, [](long double x) { return std::asin(x); }},
    RoundedKernel{"acos", &VectorKernels::acos, [](long double x) { return std::acos(x); }},
    RoundedKernel{"atan", &VectorKernels::atan, [](long double x) { return std::atan(x); }},
    RoundedKernel{"sinh", &VectorKernels::sinh, [](long double x) { return std::sinh(x); }},
    RoundedKernel{"cosh", &VectorKernels::cosh, [](long double x) { return std::cosh(x); }},
    RoundedKernel{"asinh", &VectorKernels::asinh, [](long double x) { return std::asinh(x); }},
    RoundedKernel{"acosh", &VectorKernels::acosh, [](long double x) { return std::acosh(x); }},
    RoundedKernel{"atanh", &VectorKernels::atanh, [](long double x) { return std::atanh(x); }},
    RoundedKernel{"exp2", &VectorKernels::exp2, [](long double x) { return std::exp2(x); }},
    RoundedKernel{"log2", &VectorKernels::log2, [](long double x) { return std::log2(x); }},
    RoundedKernel{"log10", &VectorKernels::log10, [](long double x) { return std::log10(x); }},
    RoundedKernel{"gelu", &VectorKernels::gelu, exact_value<normal_terms>},
    RoundedKernel{"gelu_slope", &VectorKernels::gelu_slope, exact_derivative<normal_terms>, larger_term<normal_terms>},
    RoundedKernel{"gelu_tanh", &VectorKernels::gelu_tanh, exact_value<tanh_terms>},
    RoundedKernel{"gelu_tanh_slope", &VectorKernels::gelu_tanh_slope, exact_derivative<tanh_terms>,
                  larger_term<tanh_terms>},
    RoundedKernel{"silu", &VectorKernels::silu, exact_value<logistic_terms>},
    RoundedKernel{"silu_slope", &VectorKernels::silu_slope, exact_derivative<logistic_terms>,
                  larger_term<logistic_terms>},
    RoundedKernel{"mish", &VectorKernels::mish, exact_value<mish_terms>},
    RoundedKernel{"mish_slope", &VectorKernels::mish_slope, exact_derivative<mish_terms>, larger_term<mish_terms>},
    RoundedKernel{"elu", &VectorKernels::elu, [](long double x) { return x > 0 ? x : std::expm1(x); }},
    RoundedKernel{"elu_slope", &VectorKernels::elu_slope, [](long double x) { return x > 0 ? 1.0L : std::exp(x); }},
};

template <class T>
TileKernel of_type(const VectorKernel& kernel) {
  return std::is_same_v<T, float> ? kernel.float32 : kernel.float64;
}

template <class T>
std::vector<T> run_on(const VectorKernel& kernel, const std::vector<T>& a, const std::vector<T>& b = {}) {
  std::vector<T> result(a.size());
  const std::array<const void*, 2> inputs{a.data(), b.data()};
  of_type<T>(kernel)(NoOperation{}, inputs.data(), result.data(), a.size());
  return result;
}

template <class T>
bool same(T a, T b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

}  // namespace xgrad::test
