// Attention, rotary positions and normalisations as functions: beside plain loops, and what they promise at the edges.
#include <cmath>
#include <doctest/doctest.h>
#include <limits>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/doubles.hpp"
#include "support/message_of.hpp"

namespace xg = xgrad;
using xg::float64;
using xg::Shape;
using xg::Tensor;
using xg::nn::attention;
using xg::nn::RotaryPairs;
using xg::test::doubles;
using xg::test::values_of;
using Values = std::vector<double>;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

Tensor normal(const Shape& shape, std::uint64_t seed) {
  return xg::Random{seed}.normal(shape, 0, 1, float64).eval();
}

double distance(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  const Values x = values_of(a);
  const Values y = values_of(b);
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double difference = std::abs(x[i] - y[i]);
    worst = difference <= worst ? worst : difference;
  }
  return worst;
}

// One head by loops: the keys that `sees` says.
template <class Sees>
Values by_loops(const Tensor& q, const Tensor& k, const Tensor& v, double scale, Sees sees) {
  const Values a = values_of(q);
  const Values b = values_of(k);
  const Values c = values_of(v);
  const auto queries = static_cast<std::size_t>(q.dim(0));
  const auto keys = static_cast<std::size_t>(k.dim(0));
  const auto d = static_cast<std::size_t>(q.dim(1));
  const auto dv = static_cast<std::size_t>(v.dim(1));
  Values result;
  for (std::size_t i = 0; i < queries; ++i) {
    Values weights;
    double total = 0;
    for (std::size_t j = 0; j < keys; ++j) {
      double score = 0;
      for (std::size_t l = 0; l < d; ++l) {
        score += a[i * d + l] * b[j * d + l];
      }
      weights.push_back(sees(i, j) ? std::exp(scale * score) : 0);
      total += weights.back();
    }
    for (std::size_t l = 0; l < dv; ++l) {
      double y = 0;
      for (std::size_t j = 0; j < keys; ++j) {
        y += total == 0 ? 0 : weights[j] / total * c[j * dv + l];
      }
      result.push_back(y);
    }
  }
  return result;
}

void check_close(const Tensor& found, const Values& expected, double tolerance = 1e-13) {
  const Values values = values_of(found);
  REQUIRE(values.size() == expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    CHECK(std::abs(values[i] - expected[i]) < tolerance);
  }
}

}  // namespace

TEST_CASE("attention: of one head equals loops; causal with as many, fewer and more keys than queries") {
  const Tensor v = normal({5, 2}, 3);
  const Tensor k = normal({5, 4}, 2);
  const auto all = [](std::size_t, std::size_t) { return true; };
  check_close(attention(normal({3, 4}, 1), k, v), by_loops(normal({3, 4}, 1), k, v, 0.5, all));
  check_close(attention(normal({3, 4}, 1), k, v, {.scale = 0.1}), by_loops(normal({3, 4}, 1), k, v, 0.1, all));
  for (const std::int64_t queries : {1, 3, 5, 7}) {
    CAPTURE(queries);
    const Tensor q = normal({queries, 4}, 1);
    // The last query sees all five keys.
    const auto sees = [&](std::size_t i, std::size_t j) {
      return static_cast<std::int64_t>(j) <= static_cast<std::int64_t>(i) + 5 - queries;
    };
    check_close(attention(q, k, v, {.causal = true}), by_loops(q, k, v, 0.5, sees));
  }
}

TEST_CASE("attention: a query that sees no key gives 0, and gradients of 0, whatever the scores are") {
  const Tensor mask = xg::tensor({{1, 0, 1}, {0, 0, 0}}, xg::boolean);
  const Tensor additive = xg::where(mask, 0.25, xg::full({2, 3}, -infinity, float64));
  for (const Tensor& hidden : {mask, additive}) {
    const Tensor q = xg::variable(doubles({{1, 2}, {not_a_number, infinity}}));
    const Tensor k = xg::variable(normal({3, 2}, 2));
    const Tensor v = xg::variable(normal({3, 2}, 3));
    const Tensor y = attention(q, k, v, {.mask = hidden});
    const Values values = values_of(y);
    CHECK(values[2] == 0);
    CHECK(values[3] == 0);
    CHECK(std::isfinite(values[0]));
    // k's gradient has 0 · q of the hidden row in it, a product of matrices: with q finite all are.
    const Tensor finite = xg::variable(doubles({{1, 2}, {1e300, -1e300}}));
    const Tensor z = attention(finite, k, v, {.mask = hidden});
    const auto gradients = xg::gradients(xg::sum(xg::square(z)), {finite, k, v});
    const Values dq = values_of(gradients[0]);
    CHECK(dq[0] != 0);
    CHECK(dq[2] == 0);
    CHECK(dq[3] == 0);
    const Values dk = values_of(gradients[1]);
    CHECK(dk[2] == 0);
    CHECK(dk[3] == 0);
    CHECK(std::isfinite(dk[0]));
    CHECK(values_of(gradients[2])[2] == 0);
  }
}

TEST_CASE("attention: causal and a mask hide what either hides, additive masks get gradients") {
  const Tensor q = normal({3, 4}, 1);
  const Tensor k = normal({3, 4}, 2);
  const Tensor v = normal({3, 2}, 3);
  const Tensor mask = xg::tensor({{1, 1, 1}, {0, 1, 1}, {1, 1, 0}}, xg::boolean);
  const Values shown{1, 1, 1, 0, 1, 1, 1, 1, 0};
  check_close(attention(q, k, v, {.causal = true, .mask = mask}),
              by_loops(q, k, v, 0.5, [&](std::size_t i, std::size_t j) { return j <= i && shown[i * 3 + j] != 0; }));
  const Tensor bias = xg::variable(normal({3, 3}, 4));
  const auto loss = [&](const Tensor& of) {
    return xg::sum(xg::square(attention(q, k, v, {.causal = true, .mask = of})));
  };
  const Tensor gradient = xg::gradients(loss(bias), {bias})[0];
  const Values slopes = values_of(gradient);
  for (const std::size_t hidden : {1U, 2U, 5U}) {
    CHECK(slopes[hidden] == 0);
  }
  const Tensor step = normal({3, 3}, 5) * 1e-5;
  const double difference = (loss(bias + step).item() - loss(bias - step).item()) / 2;
  CHECK(difference == doctest::Approx(xg::sum(gradient * step).item()).epsilon(1e-7));
}

TEST_CASE("attention: grouped queries equal repeated keys and values, in value and gradient, with and without mask") {
  const Tensor q = xg::variable(normal({2, 6, 3, 4}, 1));
  const Tensor k = xg::variable(normal({2, 2, 5, 4}, 2));
  const Tensor v = xg::variable(normal({2, 2, 5, 3}, 3));
  const auto repeated = [](const Tensor& x) { return xg::take(x, xg::tensor({0, 0, 0, 1, 1, 1}, xg::int64), 1); };
  const Tensor mask = xg::Random{9}.bernoulli({2, 1, 3, 5}, 0.7).eval();
  for (const xg::nn::AttentionOptions& options :
       {xg::nn::AttentionOptions{}, xg::nn::AttentionOptions{.causal = true}, xg::nn::AttentionOptions{.mask = mask}}) {
    const Tensor found = attention(q, k, v, options);
    const Tensor expected = attention(q, repeated(k), repeated(v), options);
    CHECK(distance(found, expected) < 1e-14);
    const Tensor w = normal({2, 6, 3, 3}, 4);
    const auto a = xg::gradients(xg::sum(found * w), {q, k, v});
    const auto b = xg::gradients(xg::sum(expected * w), {q, k, v});
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(distance(a[i], b[i]) < 1e-13);
    }
  }
}

TEST_CASE("attention: second derivatives match differences of the gradient") {
  const Tensor k = normal({4, 2}, 2);
  const Tensor v = normal({4, 3}, 3);
  const Tensor w = normal({3, 2}, 4);
  const Tensor mask = xg::tensor({{1, 0, 1, 1}, {0, 0, 0, 0}, {1, 1, 1, 0}}, xg::boolean);
  const auto gradient = [&](const Tensor& q) {
    return xg::gradients(xg::sum(xg::square(attention(q, k, v, {.mask = mask}))), {q})[0];
  };
  const Tensor q = xg::variable(normal({3, 2}, 1));
  const Tensor found = xg::gradients(xg::sum(gradient(q) * w), {q})[0];
  const Tensor step = normal({3, 2}, 5) * 1e-5;
  const auto along = [&](const Tensor& at) { return xg::sum(gradient(xg::variable(at)) * w).item(); };
  CHECK((along(q + step) - along(q - step)) / 2 == doctest::Approx(xg::sum(found * step).item()).epsilon(1e-7));
}

TEST_CASE("attention: dropout drops weights, of which the rest is larger, and draws others each time") {
  const Tensor q = normal({4, 40, 2}, 1);
  const Tensor k = normal({4, 50, 2}, 2);
  const Tensor v = xg::broadcast_to(xg::eye(50, 50, float64), {4, 50, 50});
  xg::Random random{7};
  const xg::nn::AttentionOptions options{.dropout = 0.25, .random = &random};
  const Values whole = values_of(attention(q, k, v));
  const Values some = values_of(attention(q, k, v, options));
  int dropped = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    dropped += some[i] == 0 ? 1 : 0;
    CHECK((some[i] == 0 || some[i] == doctest::Approx(whole[i] / 0.75)));
  }
  CHECK(std::abs(dropped - 2000) < 5 * std::sqrt(8000 * 0.25 * 0.75));
  CHECK(values_of(attention(q, k, v, options)) != some);
}

TEST_CASE("attention: of no queries and of no keys") {
  CHECK(attention(xg::zeros({0, 2}), xg::ones({3, 2}), xg::ones({3, 4})).shape() == Shape{0, 4});
  CHECK(attention(xg::ones({2, 2}), xg::zeros({0, 2}), xg::zeros({0, 4})).to_vector<float>() ==
        std::vector<float>(8, 0));
}

TEST_CASE("attention: what doesn't fit is an error that names it and the shapes") {
  const auto message = [](const Shape& q, const Shape& k, const Shape& v,
                          const xg::nn::AttentionOptions& options = {}) {
    return message_of<xg::Error>([&] { return attention(xg::ones(q), xg::ones(k), xg::ones(v), options); });
  };
  CHECK(contains(message({3}, {3, 3}, {3, 3}), "[attention] found q (3,), k (3, 3), v (3, 3)"));
  CHECK(contains(message({3, 2}, {3, 4}, {3, 4}), "of one width"));
  CHECK(contains(message({3, 2}, {4, 2}, {3, 2}), "of one length"));
  CHECK(contains(message({2, 3, 2}, {3, 3, 2}, {3, 3, 2}), "a multiple"));
  CHECK(contains(message({2, 4, 3, 2}, {1, 4, 3, 2}, {1, 4, 3, 2}), "before the heads"));
  CHECK(contains(message({4, 3, 2}, {4, 3, 2}, {2, 3, 2}), "equal axes of k and v"));
  CHECK(contains(message({3, 2}, {3, 2}, {3, 2}, {.mask = xg::ones({2, 3}, xg::boolean)}), "the mask (2, 3)"));
  CHECK(contains(message({3, 2}, {3, 2}, {3, 2}, {.mask = xg::ones({3, 3}, float64)}), "the mask is float64"));
  CHECK(contains(message({3, 2}, {3, 2}, {3, 2}, {.dropout = 2}), "dropout 2"));
  CHECK(contains(message({3, 2}, {3, 2}, {3, 2}, {.dropout = 0.5}), "without a source"));
  CHECK(contains(message({3, 0}, {3, 0}, {3, 2}), "scale inf"));
  CHECK_THROWS_AS(static_cast<void>(attention(xg::ones({3, 2}), xg::ones({3, 2}, float64), xg::ones({3, 2}))),
                  xg::DTypeError);
  CHECK_THROWS_AS(static_cast<void>(attention(Tensor{}, xg::ones({3, 2}), xg::ones({3, 2}))), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(attention(xg::ones({3, 2}, xg::int64), xg::ones({3, 2}), xg::ones({3, 2}))),
                  xg::DTypeError);
}

TEST_CASE("rotary_embedding: turns each pair by its angle, in both conventions") {
  const Tensor x = normal({2, 3, 6}, 1);
  const Values in = values_of(x);
  const Values positions{4, 0, 117};
  for (const RotaryPairs pairs : {RotaryPairs::interleaved, RotaryPairs::halves}) {
    const Values out = values_of(xg::nn::rotary_embedding(x, xg::tensor({4, 0, 117}, xg::int64), 100, pairs));
    for (std::size_t row = 0; row < 6; ++row) {
      for (std::size_t i = 0; i < 3; ++i) {
        const std::size_t a = row * 6 + (pairs == RotaryPairs::interleaved ? 2 * i : i);
        const std::size_t b = row * 6 + (pairs == RotaryPairs::interleaved ? 2 * i + 1 : i + 3);
        const double angle = positions[row % 3] * std::pow(100, -2 * static_cast<double>(i) / 6);
        CHECK(out[a] == doctest::Approx(in[a] * std::cos(angle) - in[b] * std::sin(angle)).epsilon(1e-12));
        CHECK(out[b] == doctest::Approx(in[a] * std::sin(angle) + in[b] * std::cos(angle)).epsilon(1e-12));
      }
    }
  }
}

TEST_CASE("rotary_embedding: products of queries and keys depend on the distance alone; far positions stay right") {
  const Tensor q = normal({1, 8}, 1);
  const Tensor k = normal({1, 8}, 2);
  const auto product = [&](std::int64_t m, std::int64_t n, xg::DType dtype) {
    const auto at = [&](const Tensor& x, std::int64_t position) {
      return xg::nn::rotary_embedding(xg::cast(x, dtype), xg::full({1}, static_cast<double>(position), xg::int64));
    };
    return xg::sum(at(q, m) * at(k, n)).item();
  };
  CHECK(product(7, 3, float64) == doctest::Approx(product(104, 100, float64)).epsilon(1e-12));
  CHECK(product(7, 3, xg::float32) == doctest::Approx(product(100007, 100003, xg::float32)).epsilon(1e-5));
  // Its inverse is its transpose.
  const Tensor x = xg::variable(normal({3, 4}, 3));
  const Tensor y = xg::nn::rotary_embedding(x, xg::arange(0, 3, 1, xg::int64));
  CHECK(distance(xg::gradients(0.5 * xg::sum(xg::square(y)), {x})[0], x) < 1e-14);
}

TEST_CASE("rotary_embedding, sinusoidal_positions: errors") {
  const Tensor x = xg::ones({2, 3, 4});
  const auto message = [](const Tensor& of, const Tensor& positions, double base = 10000) {
    return message_of<xg::Error>([&] { return xg::nn::rotary_embedding(of, positions, base); });
  };
  CHECK(contains(message(xg::ones({2, 3}), xg::zeros({2})), "even d, not (2, 3)"));
  CHECK(contains(message(x, xg::zeros({4})), "positions (4,) don't broadcast to the vectors (2, 3)"));
  CHECK(contains(message(x, xg::zeros({3}, xg::boolean)), "positions are bool"));
  CHECK(contains(message(x, xg::zeros({3}), 0), "base 0"));
  CHECK_THROWS_AS(static_cast<void>(xg::nn::sinusoidal_positions(3, 5)), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(xg::nn::sinusoidal_positions(-1, 4)), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(xg::nn::sinusoidal_positions(3, 4, xg::int64)), xg::DTypeError);
}

TEST_CASE("sinusoidal_positions: sines in even columns, cosines in odd ones") {
  const Values found = values_of(xg::nn::sinusoidal_positions(50, 6, float64));
  for (std::size_t t = 0; t < 50; ++t) {
    for (std::size_t i = 0; i < 3; ++i) {
      const double angle = static_cast<double>(t) / std::pow(10000, 2 * static_cast<double>(i) / 6);
      CHECK(std::abs(found[t * 6 + 2 * i] - std::sin(angle)) < 1e-14);
      CHECK(std::abs(found[t * 6 + 2 * i + 1] - std::cos(angle)) < 1e-14);
    }
  }
  CHECK(xg::nn::sinusoidal_positions(0, 4).shape() == Shape{0, 4});
}

TEST_CASE("layer_norm, rms_norm, group_norm, instance_norm: what doesn't fit is an error that names it") {
  const auto message = [](const auto& call) { return message_of<xg::Error>(call); };
  const Tensor x = xg::ones({2, 6, 4});
  CHECK(contains(message([&] {
                   return xg::nn::layer_norm(x, {6, 3});
                 }),
                 "[layer_norm] normalises the last axes (6, 3)"));
  CHECK(contains(message([&] { return xg::nn::layer_norm(x, Shape{}); }), "[layer_norm]"));
  CHECK(contains(message([&] { return xg::nn::layer_norm(x, {4}, xg::ones({3})); }),
                 "the weight is (3,); expected (4,)"));
  CHECK(contains(message([&] { return xg::nn::layer_norm(x, {4}, {}, xg::ones({3})); }), "the bias is (3,)"));
  CHECK(contains(message([&] { return xg::nn::layer_norm(x, {4}, {}, {}, 0); }), "epsilon 0"));
  CHECK(contains(message([&] { return xg::nn::layer_norm(xg::ones({4}, xg::int64), {4}); }), "int64"));
  CHECK(contains(message([&] { return xg::nn::rms_norm(x, {5}); }), "[rms_norm]"));
  CHECK(contains(message([&] { return xg::nn::group_norm(x, 4); }), "a multiple of 4 groups, not (2, 6, 4)"));
  CHECK(contains(message([&] { return xg::nn::group_norm(x, 0); }), "0 groups"));
  CHECK(contains(message([&] { return xg::nn::group_norm(x, 3, xg::ones({4})); }), "[group_norm] the weight is (4,)"));
  CHECK(contains(message([&] { return xg::nn::instance_norm(xg::ones({2, 3})); }), "[instance_norm]"));
  CHECK(contains(message([&] { return xg::nn::instance_norm(x, {}, xg::ones({4})); }), "the bias is (4,)"));
  CHECK(contains(message([&] { return xg::nn::instance_norm(Tensor{}); }), "undefined"));
}
