#include <algorithm>
#include <array>
#include <cmath>
#include <doctest/doctest.h>
#include <limits>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

namespace xg = xgrad;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
using Row = std::array<double, 9>;
constexpr Row exponents{3, 2.5, 2, 1.5, 1, 0.5, 0, -0.5, -1};

/// ∂ᵐ⁺ⁿ aᵇ / ∂aᵐ ∂bⁿ as a falls to 0, from a^(b−m) times the polynomial in L = log a that is noted; 0⁰ doesn't depend
/// on b.
struct Partial {
  std::string variables;  ///< what it is differentiated by, one after the other
  Row limits;
};

const std::array<Partial, 7> table{{
    {"a", {0, 0, 0, 0, 1, inf, 0, -inf, -inf}},               // b
    {"b", {0, 0, 0, 0, 0, 0, 0, -inf, -inf}},                 // L
    {"aa", {0, 0, 2, inf, 0, -inf, 0, inf, inf}},             // b (b − 1)
    {"ab", {0, 0, 0, 0, -inf, -inf, inf, inf, inf}},          // 1 + b L
    {"bb", {0, 0, 0, 0, 0, 0, 0, inf, inf}},                  // L²
    {"aab", {0, 0, -inf, -inf, inf, inf, -inf, -inf, -inf}},  // (2b − 1) + b (b − 1) L
    {"abb", {0, 0, 0, 0, inf, inf, -inf, -inf, -inf}},        // 2 L + b L²
}};

xg::Tensor reverse(const std::string& order, const xg::Tensor& a, const xg::Tensor& b) {
  xg::Tensor y = xg::pow(a, b);
  for (const char variable : order) {
    y = xg::gradients(xg::sum(y), {variable == 'a' ? a : b}, {.unconnected = xg::Unconnected::zeros})[0];
  }
  return y;
}

void check(const Row& expected, const std::vector<double>& found, const std::string& what) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(what);
    CAPTURE(exponents[i]);
    CHECK(found[i] == expected[i]);
  }
}

}  // namespace

TEST_CASE("pow: derivatives of any order at the base 0 are the limits, in any order of the variables") {
  for (const xg::DType dtype : {xg::float32, xg::float64}) {
    const xg::Tensor a = xg::variable(xg::zeros({9}, dtype));
    const xg::Tensor b = xg::variable(
        xg::cast(xg::from_data<double>(std::vector<double>(exponents.begin(), exponents.end()), {9}), dtype));
    for (const Partial& partial : table) {
      std::string order = partial.variables;
      do {
        check(partial.limits, xg::cast(reverse(order, a, b), xg::float64).to_vector<double>(), order);
      } while (std::next_permutation(order.begin(), order.end()));
    }
  }
}

TEST_CASE("pow: forward mode gives the same limits") {
  const xg::Tensor a = xg::variable(xg::zeros({9}, xg::float64));
  const xg::Tensor b =
      xg::variable(xg::from_data<double>(std::vector<double>(exponents.begin(), exponents.end()), {9}));
  const xg::Tensor ones = xg::ones({9}, xg::float64);
  const xg::Tensor y = xg::pow(a, b);
  check(table[0].limits, xg::jvp({y}, {a}, {ones})[0].to_vector<double>(), "a");
  check(table[1].limits, xg::jvp({y}, {b}, {ones})[0].to_vector<double>(), "b");
  const xg::Tensor by_a = xg::gradients(xg::sum(y), {a})[0];
  check(table[3].limits, xg::jvp({by_a}, {b}, {ones})[0].to_vector<double>(), "ab");
}

TEST_CASE("pow: the number 0 as base, and a whole number as exponent, have the limits too") {
  const xg::Tensor b =
      xg::variable(xg::from_data<double>(std::vector<double>(exponents.begin(), exponents.end()), {9}));
  check(table[1].limits, xg::gradients(xg::sum(xg::pow(0.0, b)), {b})[0].to_vector<double>(), "0^b");
  for (std::size_t i = 0; i < exponents.size(); ++i) {
    const xg::Tensor a = xg::variable(xg::zeros({}, xg::float64));
    const xg::Tensor first = xg::gradients(xg::pow(a, exponents[i]), {a}, {.unconnected = xg::Unconnected::zeros})[0];
    CHECK(first.item() == table[0].limits[i]);
    const xg::Tensor second = xg::gradients(first, {a}, {.unconnected = xg::Unconnected::zeros})[0];
    CHECK(second.item() == table[2].limits[i]);
  }
}

TEST_CASE("pow: beside a base of 0, other bases keep their derivatives") {
  const xg::Tensor a = xg::variable(xg::tensor({0, 2}, xg::float64));
  const xg::Tensor b = xg::variable(xg::tensor({0.5, 3}, xg::float64));
  const auto mixed = reverse("ab", a, b).to_vector<double>();
  CHECK(mixed[0] == -inf);
  CHECK(mixed[1] == doctest::Approx(4 * (1 + 3 * std::log(2.0))).epsilon(1e-14));
}
