// Operations element by element, and what rules are made for.
#include <algorithm>
#include <numeric>

#include "support/program_grower.hpp"

namespace xgrad::test {

void Grower::unary(const Entry& x) {
  const Tensor& t = x.tensor;
  switch (dice_.below(x.exact ? 18 : 13)) {
    case 0:
      return add(-t, x.bound, x.exact, "neg");
    case 1:
      return add(tanh(t), 1, false, "tanh");
    case 2:
      return add(sigmoid(t), 1, false, "sigmoid");
    case 3:
      return x.bound <= 2 ? add(exp(t), std::exp(x.bound), false, "exp") : add(tanh(t), 1, false, "tanh");
    case 4:
      return add(square(t), x.bound * x.bound, false, "square");
    case 5:
      return add(sin(t), 1, false, "sin");
    case 6:
      return add(cos(t), 1, false, "cos");
    case 7:
      return add(softplus(t), x.bound + 1, false, "softplus");
    case 8:
      return add(erf(t), 1, false, "erf");
    case 9:
      return add(log_sigmoid(t), x.bound + 1, false, "log_sigmoid");
    case 10:
      return add(sqrt(t * t + 1.0), x.bound + 1, false, "sqrt(x x + 1)");
    case 11:
      return add(rsqrt(square(t) + 0.5), 2, false, "rsqrt(x^2 + 0.5)");
    case 12:
      return add(pow(square(t) + 1.0, dice_.one_in(2) ? 1.5 : -0.5), std::pow(x.bound * x.bound + 1, 1.5), false,
                 "pow(x^2 + 1, c)");
    case 13:
      return add(relu(t), x.bound, true, "relu");
    case 14:
      return add(abs(t), x.bound, true, "abs");
    case 15:
      return add(clip(t, -0.55, 0.35), 0.55, true, "clip");
    case 16:
      return add(minimum(t, 0.05), x.bound, true, "minimum(x, c)");
    default:
      return add(maximum(t, -0.05), x.bound, true, "maximum(x, c)");
  }
}

void Grower::number(const Entry& x) {
  constexpr std::array<double, 8> numbers{0, 1, -1, 2, 0.5, 0.3, -1.7, 1.25};
  const double c = numbers[dice_.below(numbers.size())];
  const double size = std::abs(c);
  const std::string text = std::to_string(c);
  switch (dice_.below(6)) {
    case 0:
      return add(x.tensor + c, x.bound + size, false, "x + " + text);
    case 1:
      return add(x.tensor - c, x.bound + size, false, "x - " + text);
    case 2:
      return add(c - x.tensor, x.bound + size, false, text + " - x");
    case 3:
      return add(c * x.tensor, x.bound * size, false, text + " * x");
    case 4:
      return c != 0 ? add(x.tensor / c, x.bound / size, false, "x / " + text) : add(-x.tensor, x.bound, false, "neg");
    default:
      return add(x.tensor * c, x.bound * size, false, "x * " + text);
  }
}

void Grower::binary() {
  const Entry x = some();
  const Entry y = partner(x);
  switch (dice_.below(x.exact && y.exact ? 7 : 5)) {
    case 0:
      return add(x.tensor + y.tensor, x.bound + y.bound, false, "add");
    case 1:
      return add(x.tensor - y.tensor, x.bound + y.bound, false, "sub");
    case 2:
    case 3:
      return add(x.tensor * y.tensor, x.bound * y.bound, false, "mul");
    case 4:
      return add(x.tensor / (sigmoid(y.tensor) + 0.5), 2 * x.bound, false, "x / (sigmoid(y) + 0.5)");
    case 5:
      return add(maximum(x.tensor, y.tensor), std::max(x.bound, y.bound), true, "maximum");
    default:
      return add(minimum(x.tensor, y.tensor), std::max(x.bound, y.bound), true, "minimum");
  }
}

Tensor Grower::condition(const Entry& near) {
  for (int tries = 0; tries < 6; ++tries) {
    const auto a = some_exact();
    if (!a || !broadcasts(a->tensor, near.tensor)) {
      continue;
    }
    const Entry b = partner(*a);
    if (b.exact && dice_.one_in(2) && broadcasts(a->tensor + b.tensor, near.tensor)) {
      return dice_.one_in(2) ? a->tensor < b.tensor : greater_equal(a->tensor, b.tensor);
    }
    const Tensor positive = a->tensor > 0.05;
    return dice_.one_in(3) ? logical_or(logical_not(positive), a->tensor > 0.5) : positive;
  }
  return zeros({}, boolean);
}

void Grower::choice() {
  const Entry x = some();
  const Entry y = partner(x);
  const Tensor c = condition(x);
  Shape shape;
  if (!broadcast(x.tensor.shape(), y.tensor.shape(), shape) || !broadcast(shape, c.shape(), shape) ||
      shape.size() > most_elements) {
    return;
  }
  if (dice_.one_in(4)) {
    return add(where(c, x.tensor, 0.25), std::max(x.bound, 0.25), x.exact, "where(c, x, 0.25)");
  }
  add(where(c, x.tensor, y.tensor), std::max(x.bound, y.bound), x.exact && y.exact, "where(c, x, y)");
}

void Grower::conversion(const Entry& x) {
  const bool narrow = x.tensor.dtype() == float64;
  if (narrow && dice_.one_in(2)) {
    return add(cast(cast(x.tensor, float32), float64), x.bound, false, "cast there and back");
  }
  // A comparison of what was rounded is of what is equal in all ways, if that was exact.
  add(cast(x.tensor, narrow ? float32 : float64), x.bound, x.exact, "cast");
}

void Grower::pointwise_identity(const Entry& x) {
  const Tensor& t = x.tensor;
  const Entry y = partner(x);
  switch (dice_.below(14)) {
    case 0:
      return add(t * 1.0, x.bound, x.exact, "x * 1");
    case 1:
      return add(t - 0.0, x.bound, x.exact, "x - 0");
    case 2:
      return add(-(-t), x.bound, x.exact, "-(-x)");
    case 3:
      return add(t + (-y.tensor), x.bound + y.bound, false, "x + (-y)");
    case 4:
      return add((-y.tensor) + t, x.bound + y.bound, false, "(-y) + x");
    case 5:
      return add(t - (-y.tensor), x.bound + y.bound, false, "x - (-y)");
    case 6:
      return add((-t) * (-y.tensor), x.bound * y.bound, false, "(-x) (-y)");
    case 7:
      return add(stop_gradient(t) * t, x.bound * x.bound, false, "stop_gradient(x) x");
    case 8:
      return add(where(condition(x), t, t), x.bound, x.exact, "where(c, x, x)");
    case 9:
      return add(0.3 * (2.0 * t), x.bound, false, "0.3 (2 x)");
    case 10:
      return x.bound <= 4 ? add(log(sigmoid(t)), x.bound + 1, false, "log(sigmoid(x))")
                          : add(tanh(t), 1, false, "tanh");
    case 11:
      return x.bound <= 4 ? add(log(1 - sigmoid(t)), x.bound + 1, false, "log(1 - sigmoid(x))")
                          : add(tanh(t), 1, false, "tanh");
    case 12:
      return x.bound <= 2 ? add(exp(t) - 1.0, std::exp(x.bound), false, "exp(x) - 1") : add(tanh(t), 1, false, "tanh");
    default:
      return add(log(1 + square(t)), x.bound * 2, false, "log(1 + x^2)");
  }
}

}  // namespace xgrad::test
