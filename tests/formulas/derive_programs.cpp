// Random programs: the formulas that are printed, evaluated, against the gradients that weren't simplified.
//   XGRAD_PROGRAMS       how many; 400 if not set
//   XGRAD_PROGRAM_SEED   the first; 1 if not set
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/random_program.hpp"
#include "support/sanitizers.hpp"

namespace xg = xgrad;
using xg::Tensor;
using namespace xgrad::test;

namespace {

std::uint64_t setting(const char* name, std::uint64_t fallback) {
  const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return text == nullptr ? fallback : std::stoull(text);
}

// Where the two differ by more than rounding, or an empty text.
std::string difference(const Tensor& found, const Tensor& expected, double tolerance) {
  if (found.shape() != expected.shape()) {
    return "shapes differ";
  }
  const auto a = xg::cast(found, xg::float64).to_vector<double>();
  const auto b = xg::cast(expected, xg::float64).to_vector<double>();
  double largest = 1;
  for (const double x : b) {
    largest = std::isfinite(x) ? std::max(largest, std::abs(x)) : largest;
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isfinite(b[i]) && !(std::abs(a[i] - b[i]) <= tolerance * largest)) {
      return "element " + std::to_string(i) + ": " + std::to_string(a[i]) + " instead of " + std::to_string(b[i]);
    }
  }
  return {};
}

// Whether the formulas are the gradients: by leaves, or by what is computed on the way too.
void check_programs(bool by_intermediates) {
  const std::uint64_t first = setting("XGRAD_PROGRAM_SEED", 1);
  const std::uint64_t count = setting("XGRAD_PROGRAMS", sanitized ? 60 : 400);
  std::size_t derived = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const auto leaves = program_leaves(seed);
    std::vector<Tensor> xs;
    for (const Tensor& value : leaf_values(leaves, seed, 0)) {
      if (xg::is_floating(value.dtype())) {
        xs.push_back(xg::variable(value).named("x" + std::to_string(xs.size())));
      } else {
        xs.push_back(value);
      }
    }
    const Program program = build_program(seed, Operations::all, xs);
    Tensor loss = xg::scalar(0, xg::float64);
    for (const Tensor& output : program.outputs) {
      loss = loss + xg::mean(xg::cast(output, xg::float64));
    }
    if (by_intermediates) {
      std::size_t number = 0;
      for (const Tensor& held : program.held) {
        if (xg::is_floating(held.dtype()) && held.name().empty()) {
          xs.push_back(held.named("h" + std::to_string(number++)));
        }
      }
    }
    std::erase_if(xs, [&loss](const Tensor& x) {
      if (!x.has_history()) {
        return true;
      }
      try {
        static_cast<void>(xg::gradients(loss, {x}));
        return false;
      } catch (const xg::ValueError&) {  // it isn't used
        return true;
      }
    });
    if (xs.empty()) {
      continue;
    }
    const std::vector<Tensor> gradients = xg::gradients(loss, xs);
    const xg::Derivation derivation = xg::derive(loss, xs);
    ++derived;
    const double tolerance = has_float32(seed) ? 1e-4 : 1e-10;
    for (std::size_t i = 0; i < xs.size(); ++i) {
      const xg::Equation& equation = derivation["∂Loss/∂" + xs[i].name()];
      const std::string mistake = difference(equation.value, gradients[i], tolerance);
      INFO("seed ", seed, ", ", equation.left, " = ", equation.right, ": ", mistake, "\n", program.listing, "\n",
           derivation.text());
      CHECK(mistake.empty());
    }
    const std::string mistake = difference(derivation.forward.back().value, loss, tolerance);
    INFO("seed ", seed, ": ", mistake, "\n", derivation.text());
    CHECK(mistake.empty());
  }
  CHECK(derived > count / 4);
}

}  // namespace

TEST_CASE("derive: the formulas of random programs give their gradients") {
  check_programs(false);
}

TEST_CASE("derive: by intermediates too, whatever simplification makes of them") {
  check_programs(true);
}
