#include "xgrad/nn/initializers.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <fmt/format.h>
#include <limits>
#include <numbers>
#include <vector>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/math.hpp"

namespace xgrad::nn::init {

namespace {

struct Fans {
  double in;
  double out;
};

Fans fans(const Shape& shape, const char* name) {
  if (shape.rank() == 0) {
    throw ShapeError(
        fmt::format("[{}] initialises weights (out, in, …) and biases (out), not {}", name, to_string(shape)));
  }
  const auto out = static_cast<double>(shape[0]);
  if (shape.rank() == 1) {
    return {1.0, out};
  }
  double kernel = 1;
  for (std::size_t axis = 2; axis < shape.rank(); ++axis) {
    kernel *= static_cast<double>(shape[axis]);
  }
  return {static_cast<double>(shape[1]) * kernel, out * kernel};
}

void require_floating(const char* name, DType dtype) {
  if (!is_floating(dtype)) {
    throw DTypeError(fmt::format("[{}] of {}; expected float32 or float64", name, to_string(dtype)));
  }
}

void require_finite(const char* name, const char* option, double value) {
  if (!std::isfinite(value)) {
    throw ValueError(fmt::format("[{}] {} {}; expected a finite number", name, option, value));
  }
}

// U(−√3 d, √3 d), of deviation d.
Tensor uniform_of(double deviation, const Shape& shape, DType dtype, Random& random) {
  const double bound = std::sqrt(3.0) * deviation;
  return random.uniform(shape, -bound, bound, dtype);
}

double fan_of(const HeOptions& options, const Shape& shape, const char* name) {
  const Fans f = fans(shape, name);
  return options.fan == HeOptions::Fan::in ? f.in : f.out;
}

// log Φ(x) of the standard normal distribution.
double log_normal_cdf(double x) {
  return std::log(0.5 * std::erfc(-x / std::numbers::sqrt2));
}

// The x ≤ 0 or little above it with log Φ(x) = l. By Newton's method, which climbs to it without overshooting once it
// is to the left of it, since log Φ is concave.
double normal_quantile(double l) {
  double x = -std::sqrt(std::max(-2 * l, 0.0)) - 1;
  for (int step = 0; step < 100; ++step) {
    const double value = log_normal_cdf(x);
    const double log_density = -0.5 * x * x - 0.5 * std::log(2 * std::numbers::pi);
    const double change = (l - value) * std::exp(value - log_density);
    x += change;
    if (std::abs(change) <= 1e-14 * std::max(1.0, std::abs(x))) {
      break;
    }
  }
  return x;
}

// N(0, 1) in [low, high], for uniform numbers in [0, 1). For low ≤ −high, so that Φ isn't near 1 on all of it.
class LowerTruncation {
 public:
  LowerTruncation(double low, double high)
      : low_{low}, high_{high}, log_top_{log_normal_cdf(high)}, ratio_{std::exp(log_normal_cdf(low) - log_top_)} {}

  [[nodiscard]] bool is_reachable() const { return std::isfinite(log_top_); }
  // Φ = Φ(high) (1 − u (1 − Φ(low) / Φ(high)))
  [[nodiscard]] double at(double u) const {
    return std::clamp(normal_quantile(log_top_ + std::log1p(-u * (1 - ratio_))), low_, high_);
  }

 private:
  double low_;
  double high_;
  double log_top_;
  double ratio_;
};

using Rows = std::vector<std::vector<double>>;

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double total = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    total += a[i] * b[i];
  }
  return total;
}

// Each row less its part along those before it, twice so that rounding doesn't add up, and of length 1. Of normally
// distributed rows that is uniform among all orthonormal ones.
void orthonormalise(Rows& rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (int pass = 0; pass < 2; ++pass) {
      for (std::size_t j = 0; j < i; ++j) {
        const double part = dot(rows[i], rows[j]);
        for (std::size_t k = 0; k < rows[i].size(); ++k) {
          rows[i][k] -= part * rows[j][k];
        }
      }
    }
    const double length = std::sqrt(dot(rows[i], rows[i]));
    for (double& entry : rows[i]) {
      entry /= length;
    }
  }
}

Tensor with_dtype(const std::vector<double>& values, const Shape& shape, DType dtype) {
  return cast(from_vector(values, shape), dtype);
}

}  // namespace

Tensor zeros(const Shape& shape, DType dtype, Random& /*random*/) {
  return xgrad::zeros(shape, dtype);
}

Tensor standard_normal(const Shape& shape, DType dtype, Random& random) {
  return random.normal(shape, 0, 1, dtype);
}

Tensor glorot(const Shape& shape, DType dtype, Random& random) {
  const Fans f = fans(shape, "glorot");
  const double bound = std::sqrt(6 / (f.in + f.out));
  return random.uniform(shape, -bound, bound, dtype);
}

Tensor he(const Shape& shape, DType dtype, Random& random) {
  return random.normal(shape, 0, std::sqrt(2 / fans(shape, "he").in), dtype);
}

Initializer constant(double value) {
  return [value](const Shape& shape, DType dtype, Random& /*random*/) { return full(shape, value, dtype); };
}

Initializer uniform(double low, double high) {
  if (!(low <= high) || !std::isfinite(low) || !std::isfinite(high)) {
    throw ValueError(fmt::format("[uniform] from {} to {}; expected finite numbers, the first no larger", low, high));
  }
  return [=](const Shape& shape, DType dtype, Random& random) { return random.uniform(shape, low, high, dtype); };
}

Initializer normal(double mean, double deviation) {
  require_finite("normal", "mean", mean);
  if (!(deviation >= 0) || !std::isfinite(deviation)) {
    throw ValueError(fmt::format("[normal] deviation {}; expected 0 or a positive number", deviation));
  }
  return [=](const Shape& shape, DType dtype, Random& random) { return random.normal(shape, mean, deviation, dtype); };
}

Initializer truncated_normal(double mean, double deviation, double low, double high) {
  require_finite("truncated_normal", "mean", mean);
  if (!(deviation > 0) || !std::isfinite(deviation)) {
    throw ValueError(fmt::format("[truncated_normal] deviation {}; expected a positive number", deviation));
  }
  if (!(low < high)) {
    throw ValueError(fmt::format("[truncated_normal] from {} to {}; expected the first to be less", low, high));
  }
  const double from = (low - mean) / deviation;
  const double to = (high - mean) / deviation;
  // In the upper half the mirror image is drawn.
  const bool is_mirrored = from + to > 0;
  const LowerTruncation half{is_mirrored ? -to : from, is_mirrored ? -from : to};
  if (!half.is_reachable()) {
    throw ValueError(fmt::format("[truncated_normal] from {} to {} is too far from the mean {} for a deviation of {}",
                                 low, high, mean, deviation));
  }
  const double sign = is_mirrored ? -1 : 1;
  return [=](const Shape& shape, DType dtype, Random& random) {
    require_floating("truncated_normal", dtype);
    std::vector<double> values = random.uniform(shape, 0, 1, float64).to_vector<double>();
    for (double& value : values) {
      value = std::clamp(mean + deviation * sign * half.at(value), low, high);
    }
    return with_dtype(values, shape, dtype);
  };
}

Initializer glorot_uniform(double gain) {
  require_finite("glorot_uniform", "gain", gain);
  return [gain](const Shape& shape, DType dtype, Random& random) {
    const Fans f = fans(shape, "glorot_uniform");
    return uniform_of(std::abs(gain) * std::sqrt(2 / (f.in + f.out)), shape, dtype, random);
  };
}

Initializer glorot_normal(double gain) {
  require_finite("glorot_normal", "gain", gain);
  return [gain](const Shape& shape, DType dtype, Random& random) {
    const Fans f = fans(shape, "glorot_normal");
    return random.normal(shape, 0, std::abs(gain) * std::sqrt(2 / (f.in + f.out)), dtype);
  };
}

double gain(Nonlinearity nonlinearity, double slope) {
  require_finite("gain", "slope", slope);
  switch (nonlinearity) {
    case Nonlinearity::tanh:
      return 5.0 / 3;
    case Nonlinearity::relu:
      return std::numbers::sqrt2;
    case Nonlinearity::leaky_relu:
      return std::sqrt(2 / (1 + slope * slope));
    case Nonlinearity::selu:
      return 0.75;
    default:
      return 1;
  }
}

Initializer he_uniform(const HeOptions& options) {
  const double factor = gain(options.nonlinearity, options.slope);
  return [=](const Shape& shape, DType dtype, Random& random) {
    return uniform_of(factor / std::sqrt(fan_of(options, shape, "he_uniform")), shape, dtype, random);
  };
}

Initializer he_normal(const HeOptions& options) {
  const double factor = gain(options.nonlinearity, options.slope);
  return [=](const Shape& shape, DType dtype, Random& random) {
    return random.normal(shape, 0, factor / std::sqrt(fan_of(options, shape, "he_normal")), dtype);
  };
}

Tensor lecun_uniform(const Shape& shape, DType dtype, Random& random) {
  return uniform_of(1 / std::sqrt(fans(shape, "lecun_uniform").in), shape, dtype, random);
}

Tensor lecun_normal(const Shape& shape, DType dtype, Random& random) {
  return random.normal(shape, 0, 1 / std::sqrt(fans(shape, "lecun_normal").in), dtype);
}

Initializer orthogonal(double gain) {
  require_finite("orthogonal", "gain", gain);
  return [gain](const Shape& shape, DType dtype, Random& random) {
    require_floating("orthogonal", dtype);
    if (shape.rank() < 2) {
      throw ShapeError(fmt::format("[orthogonal] initialises weights (out, in, …), not {}", to_string(shape)));
    }
    if (shape.size() == 0) {
      return xgrad::zeros(shape, dtype);
    }
    const auto rows = static_cast<std::size_t>(shape[0]);
    const auto columns = static_cast<std::size_t>(shape.size()) / rows;
    const std::vector<double> drawn = random.normal(shape, 0, 1, float64).to_vector<double>();
    const std::size_t vectors = std::min(rows, columns);
    Rows basis(vectors, std::vector<double>(std::max(rows, columns)));
    const auto entry = [&](std::size_t row, std::size_t column) -> double& {
      return rows <= columns ? basis[row][column] : basis[column][row];
    };
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) {
        entry(i, j) = drawn[i * columns + j];
      }
    }
    orthonormalise(basis);
    std::vector<double> values(rows * columns);
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) {
        values[i * columns + j] = gain * entry(i, j);
      }
    }
    return with_dtype(values, shape, dtype);
  };
}

Initializer identity(double gain) {
  require_finite("identity", "gain", gain);
  return [gain](const Shape& shape, DType dtype, Random& /*random*/) {
    require_floating("identity", dtype);
    if (shape.rank() != 2) {
      throw ShapeError(fmt::format("[identity] initialises weights (out, in), not {}", to_string(shape)));
    }
    return eye(shape[0], shape[1], dtype) * gain;
  };
}

Initializer dirac(std::int64_t groups) {
  if (groups < 1) {
    throw ValueError(fmt::format("[dirac] {} groups; expected one or more", groups));
  }
  return [groups](const Shape& shape, DType dtype, Random& /*random*/) {
    require_floating("dirac", dtype);
    if (shape.rank() < 3 || shape[0] % groups != 0) {
      throw ShapeError(fmt::format("[dirac] initialises weights (out, in/groups, k…), out a multiple of {}, not {}",
                                   groups, to_string(shape)));
    }
    std::int64_t kernel = 1;
    std::int64_t middle = 0;
    for (std::size_t axis = 2; axis < shape.rank(); ++axis) {
      kernel *= shape[axis];
      middle = middle * shape[axis] + shape[axis] / 2;
    }
    std::vector<double> values(static_cast<std::size_t>(shape.size()), 0.0);
    const std::int64_t per_group = shape[0] / groups;
    for (std::int64_t out = 0; out < shape[0] && kernel > 0; ++out) {
      const std::int64_t in = out % per_group;
      if (in < shape[1]) {
        values[static_cast<std::size_t>((out * shape[1] + in) * kernel + middle)] = 1;
      }
    }
    return with_dtype(values, shape, dtype);
  };
}

}  // namespace xgrad::nn::init
