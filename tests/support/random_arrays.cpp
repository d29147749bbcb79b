// Views, products, reductions and compositions.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "xgrad/normalize.hpp"

#include "support/program_grower.hpp"

namespace xgrad::test {

std::int64_t Grower::some_axis(const Tensor& x) {
  return static_cast<std::int64_t>(dice_.below(x.rank()));
}

std::vector<std::int64_t> Grower::some_order(const Tensor& x) {
  std::vector<std::int64_t> order(x.rank());
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[dice_.below(i)]);
  }
  return order;
}

void Grower::view(const Entry& x) {
  const Tensor& t = x.tensor;
  const auto put = [&](const Tensor& result, const std::string& text) { add(result, x.bound, x.exact, text); };
  if (t.rank() == 0) {
    return put(dice_.one_in(2) ? expand_dims(t, 0) : reshape(t, {1, 1}), "a number as an array");
  }
  const std::int64_t axis = some_axis(t);
  switch (dice_.below(10)) {
    case 0:
      return put(transpose(t), "transpose");
    case 1:
      return put(permute(t, some_order(t)), "permute");
    case 2:
      return put(reshape(t, {t.size()}), "flatten");
    case 3: {
      const std::int64_t first = t.dim(0);
      return first == 0 ? put(t + 0.0, "x + 0") : put(reshape(t, {first, t.size() / first}), "reshape");
    }
    case 4:
      return put(expand_dims(t, static_cast<std::int64_t>(dice_.below(t.rank() + 1))), "expand_dims");
    case 5: {
      const auto start = static_cast<std::int64_t>(dice_.below(3));
      const std::int64_t step = dice_.one_in(3) ? (dice_.one_in(2) ? 2 : -1) : 1;
      return put(slice(t, step < 0 ? Slice{std::nullopt, std::nullopt, -1} : Slice{start, std::nullopt, step}, axis),
                 "slice");
    }
    case 6:
      return put(flip(t, Axes{axis}), "flip");
    case 7:
      return put(squeeze(t), "squeeze");
    case 8: {
      const Entry y = partner(x);
      if (y.tensor.shape() == t.shape()) {
        return add(concatenate({t, y.tensor}, axis), std::max(x.bound, y.bound), x.exact && y.exact, "concatenate");
      }
      return put(concatenate({t, t}, axis), "concatenate(x, x)");
    }
    default:
      if (t.dim(axis) == 0) {
        return put(transpose(t), "transpose");
      }
      return put(take(t, tensor({0, -1, 0}, int64), axis), "take");
  }
}

bool Grower::is_factor(const Tensor& x) {
  return x.rank() > 0 && x.rank() <= 4;
}

void Grower::product() {
  const Entry x = some();
  if (!is_factor(x.tensor)) {
    return;
  }
  if (x.tensor.rank() == 1 && dice_.one_in(3)) {
    const Entry y = partner(x);
    if (y.tensor.rank() == 1) {
      add(outer(x.tensor, y.tensor), x.bound * y.bound, false, "outer");
    }
    return;
  }
  for (int tries = 0; tries < 20; ++tries) {
    const Entry y = some();
    if (!is_factor(y.tensor) || y.tensor.dtype() != x.tensor.dtype()) {
      continue;
    }
    const Tensor a = dice_.one_in(2) ? transpose(x.tensor) : x.tensor;
    const Tensor b = dice_.one_in(2) ? transpose(y.tensor) : y.tensor;
    const std::int64_t k = b.rank() == 1 ? b.dim(0) : b.dim(-2);
    if (a.dim(-1) == k && (a.rank() <= 2 || b.rank() <= 2)) {
      return add_product(a, b, static_cast<double>(k) * x.bound * y.bound);
    }
  }
  if (x.tensor.rank() >= 2) {
    add_product(x.tensor, transpose(x.tensor), static_cast<double>(x.tensor.dim(-1)) * x.bound * x.bound);
  }
}

void Grower::add_product(const Tensor& a, const Tensor& b, double bound) {
  Tensor c = matmul(a, b);
  if (dice_.one_in(3)) {
    c = c * (1 / std::max(bound, 1.0));
    bound = 1;
  }
  if (dice_.one_in(2)) {
    for (const Entry& start : entries_) {
      if (start.tensor.shape() == c.shape() && start.tensor.dtype() == c.dtype()) {
        c = dice_.one_in(2) ? start.tensor - c : 0.75 * start.tensor + c;
        return add(c, bound + start.bound, false, "y - x x or 0.75 y + x x");
      }
    }
  }
  add(c, bound, false, "matmul " + to_string(a.shape()) + to_string(b.shape()));
}

Axes Grower::some_axes(const Tensor& x) {
  std::vector<std::int64_t> axes;
  for (std::size_t axis = 0; axis < x.rank(); ++axis) {
    if (dice_.one_in(2)) {
      axes.push_back(static_cast<std::int64_t>(axis));
    }
  }
  return Axes{axes};
}

void Grower::reduction(const Entry& x) {
  const Tensor& t = x.tensor;
  const Axes axes = some_axes(t);
  const bool keep = dice_.one_in(2);
  const auto size = static_cast<double>(std::max<std::int64_t>(t.size(), 1));
  if (t.size() == 0) {
    return add(sum(t, axes, keep), 1, false, "sum of nothing");
  }
  switch (dice_.below(x.exact ? 9 : 7)) {
    case 0:
    case 1:
      return add(sum(t, axes, keep), size * x.bound, false, "sum");
    case 2:
    case 3:
      return add(mean(t, axes, keep), x.bound, false, "mean");
    case 4:
      if (dice_.one_in(3)) {
        return add(keep ? normalize(t, axes, 0.1) : rms_normalize(t, axes, 0.1), std::sqrt(size), false, "normalize");
      }
      return add(logsumexp(t, axes, keep), x.bound + std::log(size), false, "logsumexp");
    case 5:
      return t.rank() == 0 ? add(sum(t), x.bound, false, "sum") : add(softmax(t, some_axis(t)), 1, false, "softmax");
    case 6:
      return t.rank() == 0 ? add(sum(t), x.bound, false, "sum")
                           : add(cumsum(t, some_axis(t), keep), size * x.bound, false, "cumsum");
    case 7:
      return add(xgrad::max(t, axes, keep), x.bound, true, "max");
    default:
      return add(xgrad::min(t, axes, keep), x.bound, true, "min");
  }
}

void Grower::widening(const Entry& x) {
  std::vector<std::int64_t> lengths(x.tensor.shape().begin(), x.tensor.shape().end());
  for (std::int64_t& length : lengths) {
    length = length == 1 && dice_.one_in(2) ? 3 : length;
  }
  if (lengths.size() < 4 && dice_.one_in(2)) {
    lengths.insert(lengths.begin(), dice_.one_in(10) ? 0 : 2);
  }
  const Shape shape{std::span<const std::int64_t>{lengths}};
  if (shape.size() > most_elements) {
    return;
  }
  add(broadcast_to(x.tensor, shape), x.bound, x.exact, "broadcast_to");
}

void Grower::composition(const Entry& x) {
  const Tensor& t = x.tensor;
  if (t.size() == 0 || t.rank() == 0 || x.bound > 3) {
    return unary(x);
  }
  const std::int64_t axis = some_axis(t);
  switch (dice_.below(6)) {
    case 0:
      return add(log(softmax(t, axis)), 2 * x.bound + 8, false, "log(softmax(x))");
    case 1:
      return add(log(sum(exp(t), axis)), x.bound + 8, false, "log(sum(exp(x)))");
    case 2:
      return add(transpose(permute(t, some_order(t))), x.bound, x.exact, "transpose(permute(x))");
    case 3:
      return add(expand_dims(reshape(t, {t.size()}), 1), x.bound, x.exact, "expand_dims(flatten(x))");
    case 4: {
      const Tensor column = expand_dims(t, static_cast<std::int64_t>(t.rank()));
      std::vector<std::int64_t> lengths(column.shape().begin(), column.shape().end());
      lengths.back() = 5;
      const Shape shape{std::span<const std::int64_t>{lengths}};
      return shape.size() > most_elements
                 ? unary(x)
                 : add(sum(broadcast_to(column, shape), -1), 5 * x.bound, false, "sum(broadcast_to(x))");
    }
    default:
      return add(sum(expand_dims(t, axis), axis), x.bound, x.exact, "sum over an axis of length 1");
  }
}

}  // namespace xgrad::test
