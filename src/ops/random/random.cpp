// Random tensors: operations without inputs that carry seed and stream, so that they give the same numbers each time
// they are evaluated. Element pair i comes from block i of the stream.
#include "xgrad/random.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <numbers>
#include <numeric>

#include "xgrad/error.hpp"
#include "xgrad/operation.hpp"

#include "graph/trace.hpp"
#include "run/philox.hpp"

namespace xgrad {

namespace {

class RandomOperation : public Operation {
 public:
  RandomOperation(const Signature& signature, std::uint64_t seed, std::uint64_t stream, double first, double second)
      : signature_{signature}, seed_{seed}, stream_{stream}, first_{first}, second_{second} {}

  [[nodiscard]] std::vector<Attribute> attributes() const final {
    return {{"seed", static_cast<std::int64_t>(seed_)},
            {"stream", static_cast<std::int64_t>(stream_)},
            {"shape", signature_.shape.to_vector()},
            {"dtype", static_cast<std::int64_t>(signature_.dtype)},
            {"first", first_},
            {"second", second_}};
  }
  [[nodiscard]] Signature infer(std::span<const Tensor> /*inputs*/) const final { return signature_; }
  [[nodiscard]] bool differentiable() const noexcept final { return false; }

  void evaluate(std::span<const ConstArray> /*inputs*/, const Array& output) const final {
    switch (output.dtype) {
      case DType::float32:
        fill<float>(output);
        break;
      case DType::float64:
        fill<double>(output);
        break;
      case DType::int64:
        fill<std::int64_t>(output);
        break;
      case DType::boolean:
        fill<bool>(output);
        break;
    }
  }

 protected:
  /// Two elements from one block.
  [[nodiscard]] virtual std::array<double, 2> draw(const std::array<std::uint32_t, 4>& block) const = 0;
  [[nodiscard]] double first() const noexcept { return first_; }
  [[nodiscard]] double second() const noexcept { return second_; }
  [[nodiscard]] DType dtype() const noexcept { return signature_.dtype; }

 private:
  template <class T>
  void fill(const Array& output) const {
    T* out = output.as<T>();
    const std::int64_t count = output.shape.size();
    for (std::int64_t i = 0; i < count; i += 2) {
      const auto pair = draw(run::philox(seed_, stream_, static_cast<std::uint64_t>(i / 2)));
      out[i] = static_cast<T>(pair[0]);
      if (i + 1 < count) {
        out[i + 1] = static_cast<T>(pair[1]);
      }
    }
  }

  Signature signature_;
  std::uint64_t seed_;
  std::uint64_t stream_;
  double first_;
  double second_;
};

// low + (high − low) u. Rounding, to float32 above all, must not reach the open end.
class UniformOperation final : public RandomOperation {
 public:
  using RandomOperation::RandomOperation;
  [[nodiscard]] std::string_view name() const noexcept override { return "uniform"; }

 private:
  [[nodiscard]] std::array<double, 2> draw(const std::array<std::uint32_t, 4>& block) const override {
    return {number(run::unit_interval(block, 0)), number(run::unit_interval(block, 1))};
  }

  [[nodiscard]] double number(double u) const {
    const double value = first() + (second() - first()) * u;
    if (dtype() == float32) {
      const auto low = static_cast<float>(first());
      const auto high = static_cast<float>(second());
      return static_cast<float>(value) < high ? value : std::max(low, std::nextafter(high, low));
    }
    return value < second() ? value : std::max(first(), std::nextafter(second(), first()));
  }
};

// Box and Muller: r = √(−2 ln u), (r cos 2πv, r sin 2πv), u in (0, 1].
class NormalOperation final : public RandomOperation {
 public:
  using RandomOperation::RandomOperation;
  [[nodiscard]] std::string_view name() const noexcept override { return "normal"; }

 private:
  [[nodiscard]] std::array<double, 2> draw(const std::array<std::uint32_t, 4>& block) const override {
    const double radius = std::sqrt(-2 * std::log(1 - run::unit_interval(block, 0)));
    const double angle = 2 * std::numbers::pi * run::unit_interval(block, 1);
    return {first() + second() * radius * std::cos(angle), first() + second() * radius * std::sin(angle)};
  }
};

class BernoulliOperation final : public RandomOperation {
 public:
  using RandomOperation::RandomOperation;
  [[nodiscard]] std::string_view name() const noexcept override { return "bernoulli"; }

 private:
  [[nodiscard]] std::array<double, 2> draw(const std::array<std::uint32_t, 4>& block) const override {
    return {run::unit_interval(block, 0) < first() ? 1.0 : 0.0, run::unit_interval(block, 1) < first() ? 1.0 : 0.0};
  }
};

void require_floating(const char* name, DType dtype) {
  if (!is_floating(dtype)) {
    throw DTypeError(fmt::format("[{}] gives float32 or float64, not {}", name, to_string(dtype)));
  }
}

// A compiled function would repeat at every call what it drew while it was traced.
void require_no_trace(const char* name) {
  if (graph::Trace::current() != nullptr) {
    throw ValueError(
        fmt::format("[{}] drawn inside a compiled function: every call would get the same numbers; draw outside and "
                    "pass the tensor as an argument",
                    name));
  }
}

template <class T>
Tensor draw_tensor(const Signature& signature, std::uint64_t seed, std::uint64_t stream, double first, double second) {
  return xgrad::apply(std::make_shared<const T>(signature, seed, stream, first, second), std::span<const Tensor>{});
}

}  // namespace

Tensor Random::normal(const Shape& shape, double mean, double deviation, DType dtype) {
  require_no_trace("normal");
  require_floating("normal", dtype);
  if (!std::isfinite(mean) || !std::isfinite(deviation) || deviation < 0) {
    throw ValueError(
        fmt::format("[normal] mean {} and deviation {}: both finite, the deviation not negative", mean, deviation));
  }
  return draw_tensor<NormalOperation>({shape, dtype}, seed_, stream_++, mean, deviation);
}

Tensor Random::uniform(const Shape& shape, double low, double high, DType dtype) {
  require_no_trace("uniform");
  require_floating("uniform", dtype);
  const double largest = dtype == float32 ? std::numeric_limits<float>::max() : std::numeric_limits<double>::max();
  if (!(low <= high && low >= -largest && high <= largest && high - low <= largest)) {
    throw ValueError(fmt::format("[uniform] from {} to {}: both finite in {}, and their distance; the first not larger",
                                 low, high, to_string(dtype)));
  }
  return draw_tensor<UniformOperation>({shape, dtype}, seed_, stream_++, low, high);
}

Tensor Random::bernoulli(const Shape& shape, double probability, DType dtype) {
  require_no_trace("bernoulli");
  if (!(probability >= 0 && probability <= 1)) {
    throw ValueError(fmt::format("[bernoulli] probability {}; it lies in [0, 1]", probability));
  }
  return draw_tensor<BernoulliOperation>({shape, dtype}, seed_, stream_++, probability, 0);
}

// Fisher and Yates. A number below the bound by multiplication, with rejection of what would be uneven (Lemire, "Fast
// random integer generation in an interval", ACM TOMACS 2019).
namespace {

class IntegerStream {
 public:
  IntegerStream(std::uint64_t seed, std::uint64_t stream) : seed_{seed}, stream_{stream} {}

  std::uint64_t below(std::uint64_t bound) noexcept {
    while (true) {
      const auto block = run::philox(seed_, stream_, index_++);
      const std::uint64_t word = (static_cast<std::uint64_t>(block[0]) << 32U) | block[1];
      const auto product = static_cast<__uint128_t>(word) * bound;
      const auto low = static_cast<std::uint64_t>(product);
      if (low >= bound || low >= (0 - bound) % bound) {
        return static_cast<std::uint64_t>(product >> 64U);
      }
    }
  }

 private:
  std::uint64_t seed_;
  std::uint64_t stream_;
  std::uint64_t index_ = 0;
};

}  // namespace

std::vector<std::int64_t> Random::permutation(std::int64_t count) {
  require_no_trace("permutation");
  if (count < 0) {
    throw ValueError(fmt::format("[permutation] of {} elements", count));
  }
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  IntegerStream integers{seed_, stream_++};
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[static_cast<std::size_t>(integers.below(i))]);
  }
  return order;
}

std::uint64_t Random::integer(std::uint64_t bound) {
  require_no_trace("integer");
  if (bound == 0) {
    throw ValueError("[integer] from the empty range [0, 0)");
  }
  return IntegerStream{seed_, stream_++}.below(bound);
}

Random Random::split() noexcept {
  const auto block = run::philox(~seed_, stream_++, 0);
  return Random{(static_cast<std::uint64_t>(block[0]) << 32U) | block[1]};
}

}  // namespace xgrad
