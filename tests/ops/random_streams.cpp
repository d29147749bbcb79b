#include <cstdint>
#include <doctest/doctest.h>

#include "xgrad/xgrad.hpp"

#include "support/doubles.hpp"
#include "support/message_of.hpp"
#include "support/thread_count.hpp"

namespace xg = xgrad;
using xg::test::doubles;
using xg::test::values_of;
using Values = std::vector<double>;

namespace {

/// What a function of a Random gives in three calls.
template <class Draw>
std::vector<Values> three(Draw draw) {
  std::vector<Values> result;
  for (int i = 0; i < 3; ++i) {
    result.push_back(values_of(draw(doubles({0}))));
  }
  return result;
}

xg::Tensor draws(xg::Random& random, const xg::Tensor& x) {
  const xg::Tensor a = random.normal({5}, 1, 2, xg::float64);
  const xg::Tensor b = random.uniform({5}, 0, 1, xg::float64);
  return x + a + b * random.bernoulli({5}, 0.5, xg::float64);
}

}  // namespace

TEST_CASE("random in compile: every call draws what it draws outside, and the next draw outside follows") {
  xg::Random eager{11};
  xg::Random compiled{11};
  const auto expected = three([&](const xg::Tensor& x) { return draws(eager, x); });
  const auto actual = three(xg::compile([&](const xg::Tensor& x) { return draws(compiled, x); }));
  CHECK(actual == expected);
  CHECK(actual[0] != actual[1]);
  CHECK(eager.integer(1'000'000) == compiled.integer(1'000'000));
  CHECK(values_of(eager.normal({3}, 0, 1, xg::float64)) == values_of(compiled.normal({3}, 0, 1, xg::float64)));
}

TEST_CASE("random in compile: the same numbers for any number of threads") {
  const auto sum_of_draws = [] {
    xg::Random random{5};
    auto f = xg::compile([&](const xg::Tensor& x) { return random.normal({600'000}, 0, 1, xg::float64) + x; });
    static_cast<void>(f(xg::scalar(0, xg::float64)));
    return values_of(f(xg::scalar(0, xg::float64)));
  };
  const Values one = sum_of_draws();
  const xg::test::ThreadCount two{2};
  CHECK(sum_of_draws() == one);
}

TEST_CASE("random in compile: a copy repeats, a split and a generator made inside are their own") {
  const auto function = [](xg::Random& random) {
    return [&random](const xg::Tensor& x) {
      xg::Random copy = random;
      const xg::Tensor repeated = copy.normal({2}, 0, 1, xg::float64) - random.normal({2}, 0, 1, xg::float64);
      xg::Random part = random.split();
      xg::Random inside{3};
      return xg::concatenate({x + repeated, part.normal({2}, 0, 1, xg::float64), part.uniform({1}, 0, 1, xg::float64),
                              inside.normal({2}, 0, 1, xg::float64), random.normal({1}, 0, 1, xg::float64)});
    };
  };
  xg::Random eager{1};
  xg::Random compiled{1};
  const auto expected = three(function(eager));
  const auto actual = three(xg::compile(function(compiled)));
  CHECK(actual == expected);
  CHECK(actual[0][0] == 0);
  CHECK(actual[0][5] == actual[1][5]);
  CHECK(actual[0][2] != actual[1][2]);
}

TEST_CASE("random in compile: what isn't a tensor is refused, and the stream is as it was") {
  xg::Random random{2};
  auto integer = xg::compile([&](const xg::Tensor& x) {
    const xg::Tensor y = x + random.normal({1}, 0, 1, xg::float64);
    return y * static_cast<double>(random.integer(3));
  });
  auto permutation =
      xg::compile([&](const xg::Tensor& x) { return x * static_cast<double>(random.permutation(3)[0]); });
  CHECK(contains(message_of<xg::ValueError>([&] { integer(doubles({1})); }), "[integer] drawn inside a compiled"));
  CHECK(contains(message_of<xg::ValueError>([&] { permutation(doubles({1})); }),
                 "[permutation] drawn inside a compiled"));
  CHECK(random.state().value().to_vector<std::int64_t>() == std::vector<std::int64_t>{2, 0});
}

TEST_CASE("random: seed and stream are a state, which can be kept and put back") {
  xg::Random random{7};
  static_cast<void>(random.normal({2}));
  const xg::Tensor here = random.state();
  CHECK(here.to_vector<std::int64_t>() == std::vector<std::int64_t>{7, 1});
  const auto draw = [&] { return values_of(random.uniform({4}, 0, 1, xg::float64)); };
  const Values first = draw();
  CHECK(draw() != first);
  CHECK(random.integer(10) < 10);
  random.state().set(here);
  CHECK(draw() == first);
  CHECK(here.to_vector<std::int64_t>() == std::vector<std::int64_t>{7, 1});
  CHECK(random.seed() == 7);
}

TEST_CASE("random: of a state draws from it, of another tensor is an error") {
  xg::Random random{7};
  xg::Random same{random.state()};
  xg::Random copy = random;
  const Values first = values_of(same.normal({3}, 0, 1, xg::float64));
  CHECK(values_of(copy.normal({3}, 0, 1, xg::float64)) == first);
  CHECK(values_of(random.normal({3}, 0, 1, xg::float64)) != first);
  CHECK_THROWS_AS(xg::Random{xg::State{xg::tensor({1, 2})}}, xg::DTypeError);
  CHECK_THROWS_AS(xg::Random{xg::State{xg::tensor({1, 2, 3}, xg::int64)}}, xg::ShapeError);
  CHECK_THROWS_AS(xg::Random{xg::State{}}, xg::ValueError);
  xg::Random moved = std::move(random);
  CHECK(moved.seed() == 7);
  CHECK_THROWS_AS(static_cast<void>(random.normal({1})), xg::ValueError);  // NOLINT(bugprone-use-after-move)
}

TEST_CASE("random: a seed of all 64 bits is kept") {
  CHECK(xg::Random{0xFFFFFFFFFFFFFFFEU}.seed() == 0xFFFFFFFFFFFFFFFEU);
}
