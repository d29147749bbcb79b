#include <cmath>
#include <cstdint>
#include <dlfcn.h>
#include <immintrin.h>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>
#include <xgrad/xgrad.hpp>

#include "../support/suite.hpp"

/// One function of many numbers, beside the same by glibc's vectors of four doubles or eight floats (libmvec), whose
/// errors are up to 4 units in the last place.
namespace bench::functions {

namespace {

using xgrad::Tensor;

struct Function {
  std::string name;
  Tensor (*tensor)(const Tensor&);
  long double (*exact)(long double);
  double low;
  double high;
};

const std::vector<Function> functions{
    {"sin", xgrad::sin, std::sin, -10, 10},  {"cos", xgrad::cos, std::cos, -10, 10},
    {"tanh", xgrad::tanh, std::tanh, -5, 5}, {"exp", xgrad::exp, std::exp, -10, 10},
    {"log", xgrad::log, std::log, 0.01, 10},
};

constexpr std::int64_t count = 16384;

template <class T>
std::vector<T> numbers(const Function& function) {
  std::vector<T> x(count);
  std::uint32_t state = 1;
  for (T& element : x) {
    state = state * 1664525U + 1013904223U;
    element = static_cast<T>(function.low + (function.high - function.low) * (state >> 8U) * 0x1p-24);
  }
  return x;
}

template <class T>
std::string check(const Function& function, const std::vector<T>& x, const T* y) {
  constexpr long double allowed = 8 * static_cast<long double>(std::numeric_limits<T>::epsilon());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const long double exact = function.exact(x[i]);
    if (!(std::abs(static_cast<long double>(y[i]) - exact) <= allowed * std::abs(exact))) {
      return function.name + " of " + std::to_string(x[i]) + " is " + std::to_string(y[i]);
    }
  }
  return {};
}

template <class T>
void add_xgrad(const std::string& name, const Function& function) {
  const auto x = std::make_shared<const std::vector<T>>(numbers<T>(function));
  const Tensor input = xgrad::from_vector(*x, {count});
  const auto compiled = std::make_shared<xgrad::Compiled<Tensor (*)(const Tensor&)>>(xgrad::compile(function.tensor));
  add(
      name,
      [=] {
        const Tensor y = (*compiled)(input);
        return check(function, *x, y.data<T>().data());
      },
      [=](benchmark::State& state) {
        for (auto _ : state) {
          benchmark::DoNotOptimize((*compiled)(input));
        }
        state.SetItemsProcessed(state.iterations() * count);
      });
}

#if defined(__AVX2__)
template <class T>
struct VectorOf;
template <>
struct VectorOf<float> {
  using Type = __m256;
};
template <>
struct VectorOf<double> {
  using Type = __m256d;
};

template <class T>
void add_libmvec(const std::string& name, const Function& function) {
  constexpr bool single = std::is_same_v<T, float>;
  using Vector = typename VectorOf<T>::Type;
  static void* const library = dlopen("libmvec.so.1", RTLD_NOW);
  const std::string symbol = single ? "_ZGVdN8v_" + function.name + "f" : "_ZGVdN4v_" + function.name;
  const auto f = library == nullptr ? nullptr : reinterpret_cast<Vector (*)(Vector)>(dlsym(library, symbol.c_str()));
  if (f == nullptr) {
    return;
  }
  const auto x = std::make_shared<const std::vector<T>>(numbers<T>(function));
  const auto y = std::make_shared<std::vector<T>>(count);
  const auto run = [=] {
    for (std::size_t i = 0; i < x->size(); i += sizeof(Vector) / sizeof(T)) {
      if constexpr (single) {
        _mm256_storeu_ps(y->data() + i, f(_mm256_loadu_ps(x->data() + i)));
      } else {
        _mm256_storeu_pd(y->data() + i, f(_mm256_loadu_pd(x->data() + i)));
      }
    }
  };
  add(
      name,
      [=] {
        run();
        return check(function, *x, y->data());
      },
      [=](benchmark::State& state) {
        for (auto _ : state) {
          run();
          benchmark::ClobberMemory();
        }
        state.SetItemsProcessed(state.iterations() * count);
      });
}
#else
template <class T>
void add_libmvec(const std::string& /*name*/, const Function& /*function*/) {}
#endif

template <class T>
void register_all(const std::string& dtype) {
  for (const Function& function : functions) {
    const std::string name = "functions/" + function.name + "/" + dtype + "/";
    add_libmvec<T>(name + "libmvec", function);
    add_xgrad<T>(name + "xgrad_compiled", function);
  }
}

}  // namespace

}  // namespace bench::functions

int main(int argc, char** argv) {
  bench::functions::register_all<float>("float32");
  bench::functions::register_all<double>("float64");
  return bench::run(argc, argv);
}
