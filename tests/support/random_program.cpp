#include "support/random_program.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>
#include <random>

#include "xgrad/creation.hpp"
#include "xgrad/index.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"

namespace xgrad::test {

namespace {

constexpr std::int64_t most_elements = 12'000;
constexpr double largest_value = 8;

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_{seed * 0x9E3779B97F4A7C15U + 1} {}

  std::size_t below(std::size_t count) { return static_cast<std::size_t>(engine_() >> 11U) % count; }
  bool one_in(std::size_t count) { return below(count) == 0; }
  double uniform(double low, double high) {
    return low + (high - low) * static_cast<double>(engine_() >> 11U) * 0x1p-53;
  }
  template <class T>
  const T& pick(const std::vector<T>& list) {
    return list[below(list.size())];
  }

 private:
  std::mt19937_64 engine_;
};

enum class Types : std::uint8_t { doubles, floats, both };

Types types_of(std::uint64_t seed) {
  constexpr std::array<Types, 6> turns{Types::doubles, Types::doubles, Types::doubles,
                                       Types::doubles, Types::floats,  Types::both};
  return turns[seed % turns.size()];
}

struct Entry {
  Tensor tensor;
  double bound = 1;    // of its elements' sizes
  bool exact = false;  // no rounding since the leaves
};

class Grower {
 public:
  Grower(std::uint64_t seed, Operations operations, std::span<const Tensor> leaves)
      : dice_{seed}, types_{types_of(seed)}, elementwise_{operations == Operations::elementwise} {
    for (const Tensor& leaf : leaves) {
      entries_.push_back({leaf, 1, true});
    }
  }

  Program run() {
    const std::size_t leaf_count = entries_.size();
    const std::size_t operations = 5 + dice_.below(56);
    for (std::size_t tries = 0; entries_.size() < leaf_count + operations && tries < 4 * operations; ++tries) {
      step();
    }
    Program program;
    program.outputs.push_back(entries_.back().tensor);
    for (std::size_t more = dice_.below(3); more-- > 0;) {
      program.outputs.push_back(inner(leaf_count));
    }
    for (std::size_t more = dice_.below(4); more-- > 0;) {
      program.held.push_back(inner(leaf_count));
    }
    program.listing = listing_;
    return program;
  }

 private:
  Tensor inner(std::size_t leaf_count) {
    return entries_.size() == leaf_count ? entries_.back().tensor
                                         : entries_[leaf_count + dice_.below(entries_.size() - leaf_count)].tensor;
  }

  void step() {
    const std::size_t turn = dice_.below(elementwise_ ? 10 : 20);
    if (turn < 3) {
      unary(some());
    } else if (turn < 6) {
      binary();
    } else if (turn < 7) {
      number(some());
    } else if (turn < 8) {
      choice();
    } else if (turn < 9) {
      types_ == Types::both ? conversion(some()) : unary(some());
    } else if (turn < 10) {
      pointwise_identity(some());
    } else if (turn < 12) {
      view(some());
    } else if (turn < 14) {
      product();
    } else if (turn < 16) {
      reduction(some());
    } else if (turn < 17) {
      widening(some());
    } else {
      composition(some());
    }
  }

  // Late ones and leaves alike, so that some nodes are shared and chains grow.
  Entry some() {
    const std::size_t count = entries_.size();
    return entries_[dice_.one_in(2) ? dice_.below(count) : count - 1 - dice_.below(std::min<std::size_t>(count, 4))];
  }

  std::optional<Entry> some_exact() {
    std::vector<Entry> all;
    std::copy_if(entries_.begin(), entries_.end(), std::back_inserter(all), [](const Entry& e) { return e.exact; });
    return all.empty() ? std::nullopt : std::optional{dice_.pick(all)};
  }

  static bool broadcasts(const Tensor& a, const Tensor& b, std::int64_t most = most_elements) {
    Shape shape;
    return broadcast(a.shape(), b.shape(), shape) && shape.size() <= most;
  }

  // One of x's dtype that broadcasts with it.
  Entry partner(const Entry& x) {
    for (int tries = 0; tries < 12; ++tries) {
      const Entry other = some();
      if (other.tensor.dtype() == x.tensor.dtype() && broadcasts(x.tensor, other.tensor)) {
        return other;
      }
    }
    return x;
  }

  void add(const Tensor& tensor, double bound, bool exact, const std::string& text) {
    if (tensor.size() > most_elements || tensor.rank() > 6) {
      return;
    }
    listing_ += "  " + std::to_string(entries_.size()) + ": " + text + " " + to_string(tensor.shape()) + " " +
                std::string{to_string(tensor.dtype())} + "\n";
    if (bound <= largest_value) {
      entries_.push_back({tensor, bound, exact});
    } else if (dice_.one_in(2)) {
      entries_.push_back({tanh(tensor), 1, false});
    } else {
      entries_.push_back({tensor * (1 / bound), 1, false});
    }
  }

  void unary(const Entry& x) {
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

  void number(const Entry& x) {
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

  void binary() {
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

  Tensor condition(const Entry& near) {
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

  void choice() {
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

  void conversion(const Entry& x) {
    const bool narrow = x.tensor.dtype() == float64;
    if (narrow && dice_.one_in(2)) {
      return add(cast(cast(x.tensor, float32), float64), x.bound, false, "cast there and back");
    }
    // A comparison of what was rounded is of what is equal in all ways, if that was exact.
    add(cast(x.tensor, narrow ? float32 : float64), x.bound, x.exact, "cast");
  }

  // What rules are made for.
  void pointwise_identity(const Entry& x) {
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
        return x.bound <= 2 ? add(exp(t) - 1.0, std::exp(x.bound), false, "exp(x) - 1")
                            : add(tanh(t), 1, false, "tanh");
      default:
        return add(log(1 + square(t)), x.bound * 2, false, "log(1 + x^2)");
    }
  }

  std::int64_t some_axis(const Tensor& x) { return static_cast<std::int64_t>(dice_.below(x.rank())); }

  std::vector<std::int64_t> some_order(const Tensor& x) {
    std::vector<std::int64_t> order(x.rank());
    std::iota(order.begin(), order.end(), 0);
    for (std::size_t i = order.size(); i > 1; --i) {
      std::swap(order[i - 1], order[dice_.below(i)]);
    }
    return order;
  }

  void view(const Entry& x) {
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

  static bool is_factor(const Tensor& x) { return x.rank() > 0 && x.rank() <= 4; }

  void product() {
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

  // Sometimes added to something of its shape: what is folded into the product.
  void add_product(const Tensor& a, const Tensor& b, double bound) {
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

  Axes some_axes(const Tensor& x) {
    std::vector<std::int64_t> axes;
    for (std::size_t axis = 0; axis < x.rank(); ++axis) {
      if (dice_.one_in(2)) {
        axes.push_back(static_cast<std::int64_t>(axis));
      }
    }
    return Axes{axes};
  }

  void reduction(const Entry& x) {
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

  void widening(const Entry& x) {
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

  void composition(const Entry& x) {
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

  Dice dice_;
  Types types_;
  bool elementwise_;
  std::vector<Entry> entries_;
  std::string listing_;
};

}  // namespace

bool has_float32(std::uint64_t seed) {
  return types_of(seed) != Types::doubles;
}

std::vector<ProgramLeaf> program_leaves(std::uint64_t seed) {
  Dice dice{seed + 0x1234567};
  std::vector<std::int64_t> lengths;
  for (int i = 0; i < 3; ++i) {
    const bool is_long = dice.one_in(12);
    const bool is_empty = dice.one_in(25);
    lengths.push_back(is_empty ? 0 : static_cast<std::int64_t>(1 + dice.below(is_long ? 70 : 7)));
  }
  const bool tiles = dice.one_in(20);
  std::vector<ProgramLeaf> leaves;
  const std::size_t count = 2 + dice.below(4);
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<std::int64_t> shape;
    for (std::size_t rank = dice.below(5); rank-- > 0;) {
      shape.push_back(dice.one_in(6) ? 1 : dice.pick(lengths));
    }
    if (tiles && i < 3) {
      shape =
          i == 0 ? std::vector<std::int64_t>{37, 130} : std::vector<std::int64_t>{i == 1 ? 130 : 37, i == 1 ? 1 : 1};
      if (i == 1) {
        shape = {130};
      }
    }
    Shape made{std::span<const std::int64_t>{shape}};
    if (made.size() > 5'000) {
      made = Shape{lengths[0]};
    }
    leaves.push_back({made, types_of(seed) == Types::floats ? float32 : float64});
  }
  return leaves;
}

std::vector<Tensor> leaf_values(std::span<const ProgramLeaf> leaves, std::uint64_t seed, std::uint64_t turn) {
  Dice dice{seed * 7 + turn + 0x7654321};
  std::vector<Tensor> values;
  for (const ProgramLeaf& leaf : leaves) {
    std::vector<double> elements(static_cast<std::size_t>(leaf.shape.size()));
    // A number may be one that a rule looks for.
    const bool is_one = leaf.shape.rank() == 0 && dice.one_in(2);
    std::generate(elements.begin(), elements.end(), [&] {
      const double size = dice.uniform(0.1, 1);
      return is_one ? 1 : dice.one_in(2) ? size : -size;
    });
    values.push_back(cast(from_vector(elements, leaf.shape), leaf.dtype).eval());
  }
  return values;
}

Program build_program(std::uint64_t seed, Operations operations, std::span<const Tensor> leaves) {
  return Grower{seed, operations, leaves}.run();
}

}  // namespace xgrad::test
