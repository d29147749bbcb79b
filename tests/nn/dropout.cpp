#include <cmath>
#include <doctest/doctest.h>

#include "xgrad/xgrad.hpp"

#include "support/doubles.hpp"
#include "support/message_of.hpp"

namespace xg = xgrad;
using xg::test::doubles;
using xg::test::values_of;
using Values = std::vector<double>;

TEST_CASE("Dropout: an element is 0 or x / (1 - p), its gradient 0 or 1 / (1 - p), and another one each time") {
  for (const double p : {0.0, 0.25, 0.5, 0.9}) {
    CAPTURE(p);
    xg::Random random{3};
    const xg::nn::Dropout dropout{p, random};
    const xg::Parameter x{random.uniform({40, 50}, 1, 2, xg::float64), "x"};
    const xg::Tensor y = dropout(x);
    const xg::Tensor dx = xg::gradients(xg::sum(y), {x})[0];
    const Values from = values_of(x);
    const Values to = values_of(y);
    const Values slope = values_of(dx);
    const double scale = 1 / (1 - p);
    int dropped = 0;
    for (std::size_t i = 0; i < from.size(); ++i) {
      const bool kept = to[i] != 0;
      dropped += kept ? 0 : 1;
      CHECK(to[i] == doctest::Approx(kept ? from[i] * scale : 0));
      CHECK(slope[i] == doctest::Approx(kept ? scale : 0));
    }
    // Binomial: five standard deviations.
    CHECK(std::abs(dropped - 2000 * p) <= 5 * std::sqrt(2000 * p * (1 - p)));
    CHECK((p == 0 || values_of(dropout(x)) != to));
  }
}

TEST_CASE("Dropout: of probability 1 drops all, and in inference none") {
  xg::Random random{3};
  const xg::Tensor x = doubles({1, -2, 3});
  CHECK(values_of(xg::nn::Dropout{1, random}(x)) == Values{0, 0, 0});
  const xg::nn::Dropout dropout{0.5, random};
  CHECK(values_of(xg::nn::inference(dropout)(x)) == Values{1, -2, 3});
  CHECK(dropout.random.value().to_vector<std::int64_t>()[1] == 0);
}

TEST_CASE("Dropout: takes one stream of the generator that it is given, and its copies share its own") {
  xg::Random random{3};
  xg::Random same{3};
  const xg::nn::Dropout first{0.5, random};
  const xg::nn::Dropout copy = first;  // NOLINT(performance-unnecessary-copy-initialization)
  static_cast<void>(same.split());
  CHECK(random.integer(1'000'000) == same.integer(1'000'000));
  const xg::Tensor x = xg::ones({64}, xg::float64);
  xg::Random again{3};
  const xg::nn::Dropout twin{0.5, again};
  const Values one = values_of(first(x));
  const Values two = values_of(copy(x));
  CHECK(values_of(twin(x)) == one);
  CHECK(values_of(twin(x)) == two);
}

TEST_CASE("Dropout: what is wrong is named") {
  xg::Random random{3};
  CHECK(contains(message_of<xg::ValueError>([&] {
                   return xg::nn::Dropout{1.5, random};
                 }),
                 "[Dropout] probability 1.5"));
  const xg::nn::Dropout dropout{0.5, random};
  CHECK_THROWS_AS(static_cast<void>(dropout(xg::tensor({1}, xg::int64))), xg::DTypeError);
  CHECK_THROWS_AS(static_cast<void>(dropout(xg::Tensor{})), xg::ValueError);
}
