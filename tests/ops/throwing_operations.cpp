// A user's element-wise operation whose kernel throws in the middle of a step, and that says nothing about it: every
// parameter stays as it was.
#include <doctest/doctest.h>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "graph/node.hpp"
#include "support/thread_count.hpp"

namespace xg = xgrad;
using xg::Tensor;
using xgrad::test::ThreadCount;

namespace {

constexpr std::int64_t length = 20'000;  // several tiles, and enough to be shared out among threads
constexpr std::int64_t late = 17'321;

/// x, but an error for more than 100; the derivative likewise. Says nothing of whether it may throw.
class Limited final : public xg::ElementwiseOperation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "limited"; }
  [[nodiscard]] Tensor times_partial(const xg::Call& /*call*/, std::size_t /*i*/, const Tensor& t) const override {
    return limited(t);
  }
  [[nodiscard]] xg::TileKernel tile(std::span<const xg::DType> /*inputs*/, xg::DType output) const override {
    return xg::floating_tile_of<Limited>(output);
  }
  template <class T>
  [[nodiscard]] T value(T x) const {
    if (x > T{100}) {
      throw xg::ValueError{"[limited] found more than 100"};
    }
    return x;
  }
  static Tensor limited(const Tensor& x) {
    static const auto operation = std::make_shared<const Limited>();
    return xg::apply(operation, {x});
  }
};

using Numbers = std::vector<double>;

Tensor array(const Numbers& numbers) {
  return xg::from_vector(numbers, {static_cast<std::int64_t>(numbers.size())});
}

Numbers filled(double value, double at_late) {
  Numbers result(length, value);
  result[late] = at_late;
  return result;
}

std::vector<Numbers> contents(const std::vector<xg::NamedParameter>& parameters) {
  std::vector<Numbers> result;
  result.reserve(parameters.size());
  for (const xg::NamedParameter& each : parameters) {
    result.push_back(each.parameter.value().to_vector<double>());
  }
  return result;
}

enum class Way { eager, compiled };

/// Steps down Σ a + Σ limited(b) x + Σ c, whose gradient for b is limited(x).
struct Training {
  explicit Training(bool adam, Way way) {
    if (adam) {
      optimizer = std::make_unique<xg::optim::Adam>(parameters, xg::optim::AdamOptions{.learning_rate = 0.5});
    } else {
      optimizer =
          std::make_unique<xg::optim::SGD>(parameters, xg::optim::SGDOptions{.learning_rate = 0.5, .momentum = 0.5});
    }
    const auto once = [this](const Tensor& x) {
      optimizer->step(xg::sum(a.value()) + xg::sum(Limited::limited(b.value()) * x) + xg::sum(c.value()));
    };
    if (way == Way::eager) {
      step = once;
    } else {
      step = [compiled = std::make_shared<decltype(xg::compile(once))>(xg::compile(once))](const Tensor& x) {
        (*compiled)(x);
      };
    }
  }

  xg::Parameter a{array(Numbers(length, 1.0)), "a"};
  xg::Parameter b{array(Numbers(length, 2.0)), "b"};
  xg::Parameter c{array(Numbers(length, 3.0)), "c"};
  std::vector<xg::NamedParameter> parameters{{"a", a}, {"b", b}, {"c", c}};
  std::unique_ptr<xg::optim::Optimizer> optimizer;
  std::function<void(const Tensor&)> step;
};

}  // namespace

TEST_CASE("a tile that throws in the middle of an optimiser's step leaves parameters, state and steps() as they were") {
  for (const int threads : {1, 2}) {
    for (const bool adam : {false, true}) {
      for (const Way way : {Way::eager, Way::compiled}) {
        CAPTURE(threads);
        CAPTURE(adam);
        CAPTURE(static_cast<int>(way));
        const ThreadCount scope{threads};
        Training training{adam, way};
        Training other{adam, way};  // the same, without an error
        for (Training* each : {&training, &other}) {
          each->step(array(Numbers(length, 4.0)));
          each->step(array(Numbers(length, 4.0)));
        }
        const std::vector<Numbers> before = contents(training.parameters);
        if (!adam) {
          // g = 4: v = 4, then 0.5·4 + 4 = 6; b = 2 − 0.5 (4 + 6)
          CHECK(before[1] == Numbers(length, -3.0));
        }
        for (int i = 0; i < 2; ++i) {
          CHECK_THROWS_AS(training.step(array(filled(4.0, 1000.0))), xg::ValueError);
          CHECK(contents(training.parameters) == before);
          CHECK(training.optimizer->steps() == 2);
        }
        for (Training* each : {&training, &other}) {
          each->step(array(Numbers(length, 5.0)));
        }
        CHECK(contents(training.parameters) == contents(other.parameters));
        CHECK(training.optimizer->steps() == 3);
      }
    }
  }
}

TEST_CASE("a tile that throws in the pass that updates a parameter leaves the parameter as it was") {
  for (const int threads : {1, 2}) {
    const ThreadCount scope{threads};
    const xg::Parameter w{array(Numbers(length, 1.0)), "w"};
    const auto update = [&](const Tensor& x) { w.set(w - 0.5 * Limited::limited(x)); };
    auto compiled = xg::compile(update);
    compiled(array(Numbers(length, 2.0)));
    compiled(array(Numbers(length, 2.0)));
    CHECK(w.value().to_vector<double>() == Numbers(length, -1.0));
    CHECK_THROWS_AS(compiled(array(filled(2.0, 101.0))), xg::ValueError);
    CHECK(w.value().to_vector<double>() == Numbers(length, -1.0));
    compiled(array(Numbers(length, -2.0)));
    CHECK(w.value().to_vector<double>() == Numbers(length, 0.0));
    // Assigned with its evaluation, which may give the old value's memory to the new one.
    CHECK_THROWS_AS(xg::assign({{w, w - 0.5 * Limited::limited(array(filled(2.0, 101.0)))}}), xg::ValueError);
    CHECK(w.value().to_vector<double>() == Numbers(length, 0.0));
  }
}

TEST_CASE("an element-wise operation may throw unless it says that it doesn't; a built-in one says so but for casts") {
  CHECK(Limited{}.may_throw());
  const auto says = [](const Tensor& result) {
    return dynamic_cast<const xg::ElementwiseOperation&>(*result.node()->operation).may_throw();
  };
  const Tensor x = xg::tensor({1, 2});
  for (const Tensor& result : {xg::exp(x), x + x, xg::where(x > 0, x, x), xg::clip(x, 0, 1), xg::relu(x), x > 0,
                               xg::cast(x, xg::float64), xg::logical_not(x > 0), xg::pow(x, x), xg::softplus(x)}) {
    CAPTURE(result.node()->operation->name());
    CHECK_FALSE(says(result));
  }
  CHECK(says(xg::cast(x, xg::int64)));
}
