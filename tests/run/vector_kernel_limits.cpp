#include <doctest/doctest.h>
#include <limits>
#include <string>
#include <vector>

#include "support/vector_kernels.hpp"

using namespace xgrad::test;

TEST_CASE_TEMPLATE("vector kernels: limits at zero and infinity are exact", T, float, double) {
  constexpr T inf = std::numeric_limits<T>::infinity();
  constexpr T nan = std::numeric_limits<T>::quiet_NaN();
  struct Limit {
    std::string name;
    VectorKernel VectorKernels::*kernel;
    T x;
    T result;
  };
  using K = VectorKernels;
  const std::vector<Limit> limits{{"exp", &K::exp, -inf, 0},
                                  {"exp", &K::exp, inf, inf},
                                  {"exp", &K::exp, 0, 1},
                                  {"expm1", &K::expm1, -inf, -1},
                                  {"expm1", &K::expm1, inf, inf},
                                  {"expm1", &K::expm1, 0, 0},
                                  {"log", &K::log, 0, -inf},
                                  {"log", &K::log, -T{0}, -inf},
                                  {"log", &K::log, inf, inf},
                                  {"log", &K::log, -1, nan},
                                  {"log", &K::log, -inf, nan},
                                  {"log", &K::log, 1, 0},
                                  {"log1p", &K::log1p, -1, -inf},
                                  {"log1p", &K::log1p, inf, inf},
                                  {"log1p", &K::log1p, -2, nan},
                                  {"log1p", &K::log1p, 0, 0},
                                  {"sqrt", &K::sqrt, -1, nan},
                                  {"sqrt", &K::sqrt, inf, inf},
                                  {"rsqrt", &K::rsqrt, 0, inf},
                                  {"rsqrt", &K::rsqrt, inf, 0},
                                  {"rsqrt", &K::rsqrt, -1, nan},
                                  {"sin", &K::sin, 0, 0},
                                  {"sin", &K::sin, inf, nan},
                                  {"cos", &K::cos, 0, 1},
                                  {"cos", &K::cos, -inf, nan},
                                  {"tanh", &K::tanh, inf, 1},
                                  {"tanh", &K::tanh, -inf, -1},
                                  {"tanh", &K::tanh, 0, 0},
                                  {"erf", &K::erf, inf, 1},
                                  {"erf", &K::erf, -inf, -1},
                                  {"erf", &K::erf, 0, 0},
                                  {"sigmoid", &K::sigmoid, inf, 1},
                                  {"sigmoid", &K::sigmoid, -inf, 0},
                                  {"sigmoid", &K::sigmoid, 0, .5},
                                  {"sigmoid", &K::sigmoid, -1e4, 0},
                                  {"sigmoid", &K::sigmoid, 1e4, 1},
                                  {"relu", &K::relu, -inf, 0},
                                  {"relu", &K::relu, inf, inf},
                                  {"softplus", &K::softplus, -inf, 0},
                                  {"softplus", &K::softplus, inf, inf},
                                  {"softplus", &K::softplus, 1e4, 1e4},
                                  {"softplus", &K::softplus, -1e4, 0},
                                  {"log_sigmoid", &K::log_sigmoid, inf, 0},
                                  {"log_sigmoid", &K::log_sigmoid, -inf, -inf},
                                  {"log_sigmoid", &K::log_sigmoid, -1e4, -1e4},
                                  {"log_sigmoid", &K::log_sigmoid, 1e4, 0}};
  for (const auto& [isa, kernels] : instruction_sets()) {
    for (const auto& [name, kernel, x, result] : limits) {
      const T got = run_on<T>(kernels.*kernel, {x})[0];
      INFO(isa << " " << name << "(" << x << ") = " << got);
      CHECK(same(got, result));
    }
  }
}
