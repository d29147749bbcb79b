// Euclidean norms, as norm and as people write them, where squares under- or overflow: value, gradient and second
// derivative in float32 and float64, along any axes, beside long double, whose squares do neither.
#include <array>
#include <cmath>
#include <doctest/doctest.h>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

namespace xg = xgrad;
using xg::Tensor;
using Numbers = std::vector<double>;

namespace {

using Function = std::function<Tensor(const Tensor&)>;

/// A way to write c ‖x − shift‖, where the shift is the mean or nothing.
struct Spelling {
  std::string title;
  Function f;
  long double factor = 1;
  bool centred = false;
};

std::vector<Spelling> spellings(std::size_t n) {
  const auto count = static_cast<long double>(n);
  return {
      {"norm", [](const Tensor& x) { return xg::norm(x); }},
      {"√Σ x²", [](const Tensor& x) { return xg::sqrt(xg::sum(xg::square(x))); }},
      {"√Σ x x", [](const Tensor& x) { return xg::sqrt(xg::sum(x * x)); }},
      {"√Σ x^2", [](const Tensor& x) { return xg::sqrt(xg::sum(xg::pow(x, 2.0))); }},
      {"√(x · x)", [](const Tensor& x) { return xg::sqrt(xg::dot(x, x)); }},
      {"√(2 Σ x²)", [](const Tensor& x) { return xg::sqrt(2.0 * xg::sum(xg::square(x))); }, std::sqrt(2.0L)},
      {"√(Σ x² / 3)", [](const Tensor& x) { return xg::sqrt(xg::sum(xg::square(x)) / 3.0); }, std::sqrt(1 / 3.0L)},
      {"√mean x²", [](const Tensor& x) { return xg::sqrt(xg::mean(xg::square(x))); }, std::sqrt(1 / count)},
      {"√var x", [](const Tensor& x) { return xg::sqrt(xg::var(x)); }, std::sqrt(1 / count), true},
      {"√var x with ddof 1", [](const Tensor& x) { return xg::sqrt(xg::var(x, {}, false, 1)); },
       std::sqrt(1 / (count - 1)), true},
      {"|x| as √x², of the norm", [](const Tensor& x) { return xg::sqrt(xg::square(xg::norm(x))); }},
  };
}

Tensor point(const Numbers& numbers, xg::DType dtype) {
  return xg::cast(xg::from_vector(numbers, {static_cast<std::int64_t>(numbers.size())}), dtype).eval().detach();
}

Numbers doubles(const Tensor& x) {
  return xg::cast(x, xg::float64).to_vector<double>();
}

/// Value, gradient, and the second derivative times a direction.
struct Results {
  double value = 0;
  Numbers gradient;
  Numbers curvature;
};

std::array<Tensor, 3> derived(const Function& f, const Tensor& x, const Tensor& direction) {
  const Tensor y = f(x);
  const Tensor gradient = xg::gradients(y, {x})[0];
  return {y, gradient, xg::gradients(xg::sum(gradient * direction), {x})[0]};
}

Results planned(const Function& f, const Tensor& at, const Tensor& direction, const xg::PlanOptions& options) {
  const xg::PlanScope scope{options};
  const auto all = derived(f, xg::variable(at), direction);
  xg::eval({all[0], all[1], all[2]});
  return {xg::cast(all[0], xg::float64).item(), doubles(all[1]), doubles(all[2])};
}

Results compiled(const Function& f, const Tensor& at, const Tensor& direction) {
  auto both = xg::compile([&](const Tensor& x) {
    const auto all = derived(f, x, direction);
    return std::vector<Tensor>{all[0], all[1], all[2]};
  });
  const auto all = both(at);
  return {xg::cast(all[0], xg::float64).item(), doubles(all[1]), doubles(all[2])};
}

/// c ‖x‖, c x / ‖x‖, and c (v − u (u · v)) / ‖x‖ with u = x / ‖x‖.
struct Exact {
  long double value = 0;
  std::vector<long double> gradient;
  std::vector<long double> curvature;
};

Exact exact(const Spelling& spelling, const Numbers& at, const Numbers& direction) {
  const auto centred = [&](const Numbers& numbers) {
    std::vector<long double> result(numbers.begin(), numbers.end());
    if (spelling.centred) {
      long double mean = 0;
      for (const double number : numbers) {
        mean += number / static_cast<long double>(numbers.size());
      }
      for (long double& number : result) {
        number -= mean;
      }
    }
    return result;
  };
  const auto x = centred(at);
  const auto v = centred(direction);
  long double squares = 0;
  long double product = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    squares += x[i] * x[i];
    product += x[i] * v[i];
  }
  const long double y = std::sqrt(squares);
  Exact result{spelling.factor * y, {}, {}};
  for (std::size_t i = 0; i < x.size(); ++i) {
    result.gradient.push_back(spelling.factor * x[i] / y);
    result.curvature.push_back(spelling.factor * (v[i] - x[i] / y * (product / y)) / y);
  }
  return result;
}

void check(const Results& found, const Exact& expected, double tolerance) {
  CHECK(static_cast<double>(std::abs(found.value - expected.value)) <= tolerance * static_cast<double>(expected.value));
  const auto compare = [&](const Numbers& numbers, const std::vector<long double>& right, const char* what) {
    CAPTURE(what);
    long double size = 0;
    for (const long double number : right) {
      size = std::max(size, std::abs(number));
    }
    REQUIRE(numbers.size() == right.size());
    for (std::size_t i = 0; i < right.size(); ++i) {
      CAPTURE(i);
      CAPTURE(numbers[i]);
      CHECK(std::abs(numbers[i] - right[i]) <= tolerance * size);
    }
  };
  compare(found.gradient, expected.gradient, "gradient");
  compare(found.curvature, expected.curvature, "curvature");
}

}  // namespace

TEST_CASE("norms: value, gradient and second derivative are right where squares under- or overflow") {
  const Numbers shape{3, -4, 0.5, 0, 1};
  const Numbers direction{1, 0.5, -2, 0.25, 1};
  for (const xg::DType dtype : {xg::float32, xg::float64}) {
    const bool single = dtype == xg::float32;
    const Numbers scales = single ? Numbers{1e-37, 1e-30, 1e-23, 3e-23, 1e-19, 1, 1e18, 1e25, 2e37}
                                  : Numbers{1e-306, 1e-200, 1e-162, 3e-162, 1e-140, 1, 1e140, 1e160, 1e300};
    const double tolerance = 16 * (single ? 6e-8 : 1.2e-16);
    for (const double scale : scales) {
      Numbers at = shape;
      for (double& x : at) {
        x *= scale;
      }
      const Tensor x = point(at, dtype);
      const Tensor v = point(direction, dtype);
      for (const Spelling& spelling : spellings(at.size())) {
        CAPTURE(spelling.title);
        CAPTURE(scale);
        CAPTURE(xg::to_string(dtype));
        const Exact expected = exact(spelling, doubles(x), direction);
        check(planned(spelling.f, x, v, {.simplify = true, .fuse = true}), expected, tolerance);
        check(planned(spelling.f, x, v, {.simplify = false, .fuse = false}), expected, tolerance);
        check(compiled(spelling.f, x, v), expected, tolerance);
      }
    }
  }
}

TEST_CASE("norms: rows and columns of any size stand beside each other, with zeros, NaN and infinities") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();
  const Numbers sizes{1e-300, 1, 1e300, 0, 1e-160, 1e170, infinity, nan_value, 2};
  for (const std::size_t length : {2U, 7U, 64U, 1000U}) {
    CAPTURE(length);
    const auto n = static_cast<std::int64_t>(length);
    const auto rows = static_cast<std::int64_t>(sizes.size());
    Numbers values;
    for (const double size : sizes) {
      for (std::size_t i = 0; i < length; ++i) {
        values.push_back(size == infinity && i > 0 ? 1 : size * (i % 2 == 0 ? 1 : -1));
      }
    }
    const Tensor x = xg::from_vector(values, {rows, n});
    for (const bool by_columns : {false, true}) {
      CAPTURE(by_columns);
      const Tensor array = xg::variable((by_columns ? xg::transpose(x) : x * 1.0).eval().detach());
      const Tensor norms = xg::norm(array, by_columns ? 0 : 1);
      const Tensor gradient = xg::gradients(xg::sum(norms), {array})[0];
      const Numbers found = norms.to_vector<double>();
      const Numbers slopes = (by_columns ? xg::transpose(gradient) : gradient * 1.0).to_vector<double>();
      for (std::size_t row = 0; row < sizes.size(); ++row) {
        CAPTURE(row);
        const double size = sizes[row];
        const double root = std::sqrt(static_cast<double>(length));
        if (std::isnan(size)) {
          CHECK(std::isnan(found[row]));
          CHECK(std::isnan(slopes[row * length]));
        } else if (std::isinf(size)) {
          CHECK(found[row] == infinity);
          CHECK(slopes[row * length + 1] == 0);
        } else {
          CHECK(found[row] == doctest::Approx(size * root).epsilon(1e-13));
          CHECK(slopes[row * length + 1] == doctest::Approx(size == 0 ? 0 : -1 / root).epsilon(1e-13));
        }
      }
    }
  }
}

TEST_CASE("norms: 1 / ‖x‖ as rsqrt, and x / ‖x‖, where squares under- or overflow") {
  for (const xg::DType dtype : {xg::float32, xg::float64}) {
    for (const double scale :
         dtype == xg::float32 ? Numbers{1e-18, 1e-23, 1e18, 1e25} : Numbers{1e-150, 1e-170, 1e160}) {
      CAPTURE(scale);
      CAPTURE(xg::to_string(dtype));
      const Tensor x = xg::variable(point({3 * scale, 4 * scale}, dtype));
      const Tensor y = xg::rsqrt(xg::sum(xg::square(x)));
      CHECK(xg::cast(y, xg::float64).item() == doctest::Approx(0.2 / scale).epsilon(1e-6));
      // ∂(x₀ / ‖x‖)/∂x = (1 − u₀², −u₀ u₁) / ‖x‖
      for (const Tensor& ratio : {x.at({0}) * y, x.at({0}) / xg::sqrt(xg::sum(x * x))}) {
        const Numbers gradient = doubles(xg::gradients(ratio, {x})[0]);
        CHECK(gradient[0] == doctest::Approx(0.64 / 5 / scale).epsilon(1e-5));
        CHECK(gradient[1] == doctest::Approx(-0.48 / 5 / scale).epsilon(1e-5));
      }
    }
  }
}

TEST_CASE("norms: along several axes, kept or not, and of scalars and nothing") {
  const Tensor x = xg::variable(xg::full({2, 3, 4}, 1e200, xg::float64));
  CHECK(xg::norm(x).item() == doctest::Approx(std::sqrt(24.0) * 1e200));
  CHECK(xg::norm(x, {0, 2}, true).shape() == xg::Shape{1, 3, 1});
  CHECK(doubles(xg::norm(x, {0, 2}))[1] == doctest::Approx(std::sqrt(8.0) * 1e200));
  CHECK(doubles(xg::sqrt(xg::sum(xg::square(x), {0, 2}, true)))[1] == doctest::Approx(std::sqrt(8.0) * 1e200));
  CHECK(doubles(xg::gradients(xg::sum(xg::norm(x, {0, 2})), {x})[0])[5] == doctest::Approx(1 / std::sqrt(8.0)));
  const Tensor s = xg::variable(xg::scalar(-1e-30, xg::float32));
  for (const Tensor& y : {xg::norm(s), xg::sqrt(xg::square(s)), xg::sqrt(xg::sum(s * s))}) {
    CHECK(y.item() == static_cast<double>(1e-30F));
    CHECK(xg::gradients(y, {s})[0].item() == -1);
  }
  CHECK(xg::norm(xg::zeros({0, 2}), 0).to_vector<float>() == std::vector<float>{0, 0});
}
