// Random tensors: operations on seed and stream, an int64 (2), so that they give the same numbers each time they are
// evaluated. Element pair i comes from block i of the stream, but for normal numbers of float32; see
// random_kernels.hpp.
#include "xgrad/random.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <new>
#include <numeric>
#include <type_traits>

#include "xgrad/error.hpp"
#include "xgrad/operation.hpp"

#include "graph/node.hpp"
#include "graph/pending_states.hpp"
#include "graph/trace.hpp"
#include "run/kernels/random_kernels.hpp"
#include "run/philox.hpp"
#include "run/threads.hpp"
#include "tensor/out_of_memory.hpp"

namespace xgrad {

namespace {

/// Blocks that belong together, and the numbers that they give.
struct Unit {
  std::int64_t blocks = 1;
  std::int64_t numbers = 2;
};

/// The contents of a random state.
struct Position {
  std::uint64_t seed = 0;
  std::uint64_t stream = 0;

  static Position of(const std::int64_t* state) noexcept {
    return {static_cast<std::uint64_t>(state[0]), static_cast<std::uint64_t>(state[1])};
  }
  static Position of(std::span<const ConstArray> inputs) noexcept { return of(inputs[0].as<std::int64_t>()); }
  void write(std::int64_t* state) const noexcept {
    state[0] = static_cast<std::int64_t>(seed);
    state[1] = static_cast<std::int64_t>(stream);
  }
};

const Shape& position_shape() {
  static const Shape shape{2};
  return shape;
}

class RandomOperation : public Operation {
 public:
  RandomOperation(const Signature& signature, double first, double second)
      : signature_{signature}, first_{first}, second_{second} {}

  [[nodiscard]] std::vector<Attribute> attributes() const final {
    std::vector<Attribute> all{{"shape", signature_.shape.to_vector()},
                               {"dtype", static_cast<std::int64_t>(signature_.dtype)}};
    const std::vector<Attribute> own = parameters();
    all.insert(all.end(), own.begin(), own.end());
    return all;
  }
  [[nodiscard]] Signature infer(std::span<const Tensor> /*inputs*/) const final { return signature_; }
  [[nodiscard]] bool differentiable() const noexcept final { return false; }

 protected:
  [[nodiscard]] double first() const noexcept { return first_; }
  [[nodiscard]] double second() const noexcept { return second_; }
  /// Of the distribution.
  [[nodiscard]] virtual std::vector<Attribute> parameters() const = 0;

  /// fill(stretch, out, count) for all elements, in pieces of whole units on as many threads as are worth it.
  template <class T, class F>
  static void fill(const Position& position, const Array& output, F fill, const Unit& unit = {}) {
    const std::int64_t blocks = unit.blocks;
    const std::int64_t numbers = unit.numbers;
    const std::int64_t enough = (1 << 17) / numbers;  // units of a piece: 0.2 ms
    T* out = output.as<T>();
    const std::int64_t count = output.shape.size();
    run::parallel_for((count + numbers - 1) / numbers, enough, [&](std::int64_t begin, std::int64_t end) {
      const run::RandomStretch stretch{position.seed, position.stream, static_cast<std::uint64_t>(blocks * begin)};
      const std::int64_t last = std::min(numbers * end, count);
      fill(stretch, out + numbers * begin, static_cast<std::size_t>(last - numbers * begin));
    });
  }

 private:
  Signature signature_;
  double first_;
  double second_;
};

// The largest T below high, but not below low: rounding, to float32 above all, must not reach the open end.
template <class T>
T last_below(double low, double high) {
  return std::max(static_cast<T>(low), std::nextafter(static_cast<T>(high), static_cast<T>(low)));
}

// low + (high − low) u
class UniformOperation final : public RandomOperation {
 public:
  using RandomOperation::RandomOperation;
  [[nodiscard]] std::string_view name() const noexcept override { return "uniform"; }
  [[nodiscard]] std::vector<Attribute> parameters() const override { return {{"low", first()}, {"high", second()}}; }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const run::RandomKernels& kernels = run::random_kernels();
    const Position position = Position::of(inputs);
    output.dtype == float32 ? fill_with(kernels.float32, position, output)
                            : fill_with(kernels.float64, position, output);
  }

 private:
  template <class T>
  void fill_with(const run::FloatingRandomKernels<T>& kernels, const Position& position, const Array& output) const {
    const auto last = static_cast<double>(last_below<T>(first(), second()));
    fill<T>(position, output, [&, last](const run::RandomStretch& stretch, T* out, std::size_t count) {
      kernels.uniform(stretch, first(), second() - first(), last, out, count);
    });
  }
};

// mean + deviation (r cos a, r sin a), r = √(−2 ln u): Box and Muller.
class NormalOperation final : public RandomOperation {
 public:
  using RandomOperation::RandomOperation;
  [[nodiscard]] std::string_view name() const noexcept override { return "normal"; }
  [[nodiscard]] std::vector<Attribute> parameters() const override {
    return {{"mean", first()}, {"deviation", second()}};
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const run::RandomKernels& kernels = run::random_kernels();
    const Position position = Position::of(inputs);
    output.dtype == float32 ? fill_with(kernels.float32, position, output)
                            : fill_with(kernels.float64, position, output);
  }

 private:
  template <class T>
  void fill_with(const run::FloatingRandomKernels<T>& kernels, const Position& position, const Array& output) const {
    const auto draw = [&](const run::RandomStretch& stretch, T* out, std::size_t count) {
      kernels.normal(stretch, first(), second(), out, count);
    };
    constexpr auto group = static_cast<std::int64_t>(run::normal_group);
    fill<T>(position, output, draw, std::is_same_v<T, float> ? Unit{group, 4 * group} : Unit{});
  }
};

// u < p
class BernoulliOperation final : public RandomOperation {
 public:
  using RandomOperation::RandomOperation;
  [[nodiscard]] std::string_view name() const noexcept override { return "bernoulli"; }
  [[nodiscard]] std::vector<Attribute> parameters() const override { return {{"probability", first()}}; }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const run::RandomKernels& kernels = run::random_kernels();
    const Position position = Position::of(inputs);
    switch (output.dtype) {
      case DType::float32:
        fill_with(kernels.bernoulli_float32, position, output);
        break;
      case DType::float64:
        fill_with(kernels.bernoulli_float64, position, output);
        break;
      case DType::int64:
        fill_with(kernels.bernoulli_int64, position, output);
        break;
      case DType::boolean:
        fill_with(kernels.bernoulli_boolean, position, output);
        break;
    }
  }

 private:
  template <class T>
  void fill_with(run::BernoulliKernel<T> kernel, const Position& position, const Array& output) const {
    fill<T>(position, output, [&](const run::RandomStretch& stretch, T* out, std::size_t count) {
      kernel(stretch, first(), out, count);
    });
  }
};

void require_floating(const char* name, DType dtype) {
  if (!is_floating(dtype)) {
    throw DTypeError(fmt::format("[{}] gives float32 or float64, not {}", name, to_string(dtype)));
  }
}

/// The position after a draw, and that at which the generator of a split starts.
class NextStreamOperation final : public Operation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "next_stream"; }
  [[nodiscard]] Signature infer(std::span<const Tensor> /*inputs*/) const override { return {position_shape(), int64}; }
  [[nodiscard]] bool differentiable() const noexcept override { return false; }
  [[nodiscard]] bool runs_in_place() const noexcept override { return true; }
  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    Position position = Position::of(inputs);
    ++position.stream;
    position.write(output.as<std::int64_t>());
  }
};

Position split_position(const Position& from) noexcept {
  const auto block = run::philox(~from.seed, from.stream, 0);
  return {(static_cast<std::uint64_t>(block[0]) << 32U) | block[1], 0};
}

class SplitStreamOperation final : public Operation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "split_stream"; }
  [[nodiscard]] Signature infer(std::span<const Tensor> /*inputs*/) const override { return {position_shape(), int64}; }
  [[nodiscard]] bool differentiable() const noexcept override { return false; }
  [[nodiscard]] bool runs_in_place() const noexcept override { return true; }
  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    split_position(Position::of(inputs)).write(output.as<std::int64_t>());
  }
};

bool tracing() noexcept {
  return graph::Trace::current() != nullptr;
}

/// A permutation and an integer are values, of which a trace has none.
void require_no_trace(const char* name) {
  if (tracing()) {
    throw ValueError(
        fmt::format("[{}] drawn inside a compiled function: it would be the same at every call; draw outside and pass "
                    "it as a tensor, or draw a tensor (normal, uniform, bernoulli)",
                    name));
  }
}

Tensor leaf_of(const Position& position) {
  auto [tensor, array] = graph::make_uninitialised(position_shape(), int64);
  position.write(array.as<std::int64_t>());
  return tensor;
}

void require_defined(const State& state) {
  if (!state.defined()) {
    throw ValueError("[random] drawn from a Random that was moved from");
  }
}

Position position_of(const State& state) {
  require_defined(state);
  return Position::of(static_cast<const std::int64_t*>(state.value().eval().node()->value.data()));
}

/// Takes a stream outside of traces. Where the memory is nobody else's, it is used again.
Position taken(const State& state) {
  graph::NoWrites::check("State");
  const Position position = position_of(state);
  graph::before_write(state.cell());
  const Position next{position.seed, position.stream + 1};
  graph::Node& node = *state.cell()->value.node();
  if (node.held_once() && node.value.unique()) {
    next.write(static_cast<std::int64_t*>(node.value.data()));
  } else {
    Tensor leaf = leaf_of(next);
    leaf.node()->name = node.name;
    leaf.node()->of_state = true;
    state.cell()->settle(std::move(leaf));
  }
  return position;
}

void advance(const State& state) {
  if (tracing()) {
    state.set(apply(std::make_shared<const NextStreamOperation>(), {state.value()}));
  } else {
    static_cast<void>(taken(state));
  }
}

/// Takes the stream, unless there is an error.
template <class T>
Tensor draw_tensor(const State& state, const Signature& signature, double first, double second) {
  require_defined(state);
  if (!tracing()) {
    state.value().eval();
  }
  Tensor drawn = apply(std::make_shared<const T>(signature, first, second), {state.value()});
  advance(state);
  return drawn;
}

}  // namespace

Random::Random(std::uint64_t seed) : state_{leaf_of({seed, 0}), "random"} {}

Random::Random(State state) : state_{std::move(state)} {
  if (!state_.defined()) {
    throw ValueError("[random] of a State that holds nothing");
  }
  if (state_.dtype() != int64) {
    throw DTypeError(
        fmt::format("[random] the state '{}' is {}; expected int64", state_.name(), to_string(state_.dtype())));
  }
  if (state_.shape() != position_shape()) {
    throw ShapeError(fmt::format("[random] the state '{}' is {}; expected (2,): a seed and the number of a stream",
                                 state_.name(), to_string(state_.shape())));
  }
}

Random::Random(const Random& other) : state_{other.state_.defined() ? other.state_.clone() : State{}} {}

Random& Random::operator=(const Random& other) {
  if (this != &other) {
    *this = Random{other};
  }
  return *this;
}

Tensor Random::normal(const Shape& shape, double mean, double deviation, DType dtype) {
  require_floating("normal", dtype);
  if (!std::isfinite(mean) || !std::isfinite(deviation) || deviation < 0) {
    throw ValueError(
        fmt::format("[normal] mean {} and deviation {}: both finite, the deviation not negative", mean, deviation));
  }
  return draw_tensor<NormalOperation>(state_, {shape, dtype}, mean, deviation);
}

Tensor Random::uniform(const Shape& shape, double low, double high, DType dtype) {
  require_floating("uniform", dtype);
  const double largest = dtype == float32 ? std::numeric_limits<float>::max() : std::numeric_limits<double>::max();
  if (!(low <= high && low >= -largest && high <= largest && high - low <= largest)) {
    throw ValueError(fmt::format("[uniform] from {} to {}: both finite in {}, and their distance; the first not larger",
                                 low, high, to_string(dtype)));
  }
  return draw_tensor<UniformOperation>(state_, {shape, dtype}, low, high);
}

Tensor Random::bernoulli(const Shape& shape, double probability, DType dtype) {
  if (!(probability >= 0 && probability <= 1)) {
    throw ValueError(fmt::format("[bernoulli] probability {}; it lies in [0, 1]", probability));
  }
  return draw_tensor<BernoulliOperation>(state_, {shape, dtype}, probability, 0);
}

// A number below the bound by multiplication, with rejection of the uneven rest (Lemire, "Fast random integer
// generation in an interval", ACM TOMACS 2019). A word from each block; `count` blocks at a time.
namespace {

class IntegerStream {
 public:
  IntegerStream(const Position& position, std::size_t count) noexcept
      : stretch_{position.seed, position.stream, 0}, count_{std::min(count, words_.size())}, next_{count_} {}

  std::uint64_t below(std::uint64_t bound) noexcept {
    while (true) {
      const auto product = static_cast<__uint128_t>(word()) * bound;
      const auto low = static_cast<std::uint64_t>(product);
      if (low >= bound || low >= (0 - bound) % bound) {
        return static_cast<std::uint64_t>(product >> 64U);
      }
    }
  }

 private:
  std::uint64_t word() noexcept {
    if (next_ == count_) {
      run::random_kernels().words(stretch_, words_.data(), count_);
      stretch_.first += count_;
      next_ = 0;
    }
    return words_[next_++];
  }

  std::array<std::uint64_t, 128> words_;
  run::RandomStretch stretch_;
  std::size_t count_;
  std::size_t next_;
};

// Fisher and Yates. The exchanges are drawn some way ahead, so that the elements they touch are on their way from
// memory. Not inline, so that how the loop is compiled doesn't depend on what comes before it.
[[gnu::noinline]] void shuffle(std::vector<std::int64_t>& order, const Position& position) {
  std::iota(order.begin(), order.end(), std::int64_t{0});
  IntegerStream integers{position, order.size()};
  std::array<std::size_t, 64> others{};
  for (std::size_t left = order.size(); left > 1;) {
    const std::size_t some = std::min(others.size(), left - 1);
    for (std::size_t i = 0; i < some; ++i) {
      others[i] = static_cast<std::size_t>(integers.below(left - i));
      __builtin_prefetch(order.data() + others[i], 1);
    }
    for (std::size_t i = 0; i < some; ++i, --left) {
      std::swap(order[left - 1], order[others[i]]);
    }
  }
}

}  // namespace

std::vector<std::int64_t> Random::permutation(std::int64_t count) {
  require_no_trace("permutation");
  if (count < 0) {
    throw ValueError(fmt::format("[permutation] of {} elements", count));
  }
  std::vector<std::int64_t> order;
  try {
    order.resize(static_cast<std::size_t>(count));
  } catch (const std::bad_alloc&) {
    throw OutOfMemory(fmt::format("[memory] a permutation of {} numbers doesn't fit", count));
  } catch (const std::length_error&) {
    throw OutOfMemory(fmt::format("[memory] a permutation of {} numbers doesn't fit", count));
  }
  shuffle(order, taken(state_));
  return order;
}

std::uint64_t Random::integer(std::uint64_t bound) {
  require_no_trace("integer");
  if (bound == 0) {
    throw ValueError("[integer] from the empty range [0, 0)");
  }
  return IntegerStream{taken(state_), 1}.below(bound);
}

Random Random::split() {
  require_defined(state_);
  if (!tracing()) {
    const Position start = split_position(taken(state_));
    return Random{State{leaf_of(start), state_.name()}};
  }
  const State state = state_.clone();
  state.set(apply(std::make_shared<const SplitStreamOperation>(), {state.value()}));
  advance(state_);
  return Random{state};
}

std::uint64_t Random::seed() const {
  require_no_trace("seed");
  return position_of(state_).seed;
}

}  // namespace xgrad
