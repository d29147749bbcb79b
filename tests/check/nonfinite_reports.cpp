// What is told of a NaN or an infinity, which of several causes it is, and what tracing leaves as it was.
#include <cmath>
#include <cstdint>
#include <doctest/doctest.h>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"
#include "support/nonfinite_values.hpp"
#include "support/sanitizers.hpp"

namespace xg = xgrad;
using namespace xgrad::test;
using xg::check::NonFinite;
using xg::check::trace_nonfinite;
using Index = std::vector<std::int64_t>;
using Pass = NonFinite::Pass;

TEST_CASE("trace_nonfinite: names, layers, and what went in") {
  const xg::Tensor p = trained({{0.5, 0.25, 1}, {0.75, 0, 0}}, "p", xg::float64);
  const xg::Tensor weights = named({{2}, {3}}, "w", xg::float64);
  const xg::Tensor loss = xg::sum(xg::div(weights, p).named("ratio")).named("loss");
  const auto found = trace_nonfinite(loss);
  REQUIRE(found.has_value());
  CHECK(found->result == "loss");
  CHECK(found->operation == "div");
  CHECK(found->name == "ratio");
  CHECK(found->formula == "w / p");
  CHECK(found->shape == xg::Shape{2, 3});
  CHECK(found->dtype == xg::float64);
  CHECK(found->index == Index{1, 1});
  CHECK(found->nonfinite == 2);
  REQUIRE(found->operands.size() == 2);
  const xg::check::Operand& w = found->operands[0];
  CHECK(w.name == "w");
  CHECK(w.shape == xg::Shape{2, 1});
  CHECK(w.dtype == xg::float64);
  CHECK(w.min == 2);
  CHECK(w.max == 3);
  CHECK(w.finite());
  CHECK(w.element == 3);
  CHECK(w.index == Index{1, 0});
  const xg::check::Operand& q = found->operands[1];
  CHECK(q.name == "p");
  CHECK(q.min == 0);
  CHECK(q.max == 1);
  CHECK(q.element == 0);
  CHECK(q.index == Index{1, 1});
  CHECK(found->text() ==
        "loss isn't finite, because of div:\n"
        "  ratio = w / p is inf at (1, 1); float64 (2, 3), 2 of 6 elements aren't finite\n"
        "  w: float64 (2, 1), from 2 to 3, 3 at (1, 0)\n"
        "  p: float64 (2, 3), from 0 to 1, 0 at (1, 1)\n");
  std::ostringstream out;
  out << *found;
  CHECK(out.str() == found->text());
}

TEST_CASE("trace_nonfinite: operands of lower rank") {
  const xg::Tensor d = named({1, 2, 0}, "d");
  const xg::Tensor rows = named({{1, 2, 3}, {4, 5, 6}}, "rows");
  const auto found = trace_nonfinite(xg::sum(rows / d));
  REQUIRE(found.has_value());
  CHECK(found->operation == "div");
  CHECK(found->index == Index{0, 2});
  REQUIRE(found->operands.size() == 2);
  CHECK(found->operands[0].element == 3);
  CHECK(found->operands[1].element == 0);
  CHECK(found->operands[1].index == Index{2});
  const auto behind = trace_nonfinite(xg::slice(rows + xg::log(d), {1, 2}));
  REQUIRE(behind.has_value());
  CHECK(behind->operation == "log");
  CHECK(behind->index == Index{2});
}

namespace {

struct Logarithm {
  xg::Tensor operator()(const xg::Tensor& x) const {
    const xg::Scope scope{"Logarithm"};
    return xg::log(x);
  }
};

struct Root {
  xg::Tensor operator()(const xg::Tensor& x) const {
    const xg::Scope scope{"Root"};
    return xg::sqrt(x);
  }
};

}  // namespace

TEST_CASE("trace_nonfinite: the layer of a Sequential") {
  const xg::Tensor x = named({{1, 2}, {3, 4}, {0, 0}}, "x");
  const xg::nn::Dense first{xg::tensor({{1, 1}, {1, -1}}), xg::tensor({0, 2})};
  const xg::nn::Dense last{xg::tensor({{1, 1}}), xg::tensor({0})};

  // (1, 2) → (3, 1), (3, 4) → (7, 1), (0, 0) → (0, 2)
  const xg::nn::Sequential logs{first, Logarithm{}, last};
  const auto forward = trace_nonfinite(xg::nn::QuadraticLoss{}(logs(x), xg::zeros({3, 1})));
  REQUIRE(forward.has_value());
  CHECK(forward->pass == Pass::forward);
  CHECK(forward->operation == "log");
  CHECK(forward->layer == "1/Logarithm");
  CHECK(forward->index == Index{2, 0});
  CHECK(forward->value == -inf);
  CHECK(contains(forward->text(), "because of log in 1/Logarithm"));

  const xg::nn::Sequential roots{first, Root{}, last};
  const auto backward = trace_nonfinite(xg::nn::QuadraticLoss{}(roots(x), xg::zeros({3, 1})).named("loss"));
  REQUIRE(backward.has_value());
  CHECK(backward->pass == Pass::backward);
  CHECK(backward->operation == "chain_div");
  CHECK(backward->layer == "1/Root");
  CHECK(backward->index == Index{2, 0});
  CHECK(backward->result.starts_with("∂loss/∂"));

  // 3e38 times the outputs of the first, in the last layer.
  const xg::nn::Dense huge{xg::tensor({{3e38, 1}}), xg::tensor({0})};
  const auto overflow = trace_nonfinite(xg::nn::QuadraticLoss{}(xg::nn::Sequential{first, huge}(x), xg::zeros({3, 1})));
  REQUIRE(overflow.has_value());
  CHECK(overflow->operation == "matmul");
  CHECK(overflow->layer == "1/Dense");
  CHECK(overflow->index == Index{0, 0});

  const xg::nn::Dense broken{xg::tensor({{1, not_a_number}}), xg::tensor({0})};
  const auto leaf = trace_nonfinite(xg::sum(xg::nn::Sequential{first, xg::nn::Tanh{}, broken}(x)));
  REQUIRE(leaf.has_value());
  CHECK(leaf->operation == "leaf");
  CHECK(leaf->name == "W");
  CHECK(leaf->layer == "2/Dense");
  CHECK(leaf->index == Index{0, 1});
}

TEST_CASE("trace_nonfinite: nothing where all is finite, and nothing for infinities that are masked") {
  const xg::Tensor x = trained({{1, 2}, {3, 4}}, "x");
  CHECK_FALSE(trace_nonfinite(x).has_value());
  CHECK_FALSE(trace_nonfinite(xg::sum(x)).has_value());
  CHECK_FALSE(trace_nonfinite(xg::sum(xg::log(x) / xg::sqrt(x))).has_value());
  CHECK_FALSE(trace_nonfinite(xg::log(x)).has_value());

  const xg::Tensor mask = xg::greater(named({{1, 0}, {1, 1}}, "mask"), 0.0);
  CHECK_FALSE(trace_nonfinite(xg::sum(xg::softmax(xg::where(mask, x, -inf)) * x)).has_value());
  CHECK_FALSE(trace_nonfinite(xg::sum(xg::max(xg::where(mask, x, -inf), -1))).has_value());
  const xg::Tensor constant = named({0, 1}, "constant");
  CHECK_FALSE(trace_nonfinite(xg::sum(xg::where(constant > 0.0, xg::log(constant), 0.0))).has_value());
}

TEST_CASE("trace_nonfinite: a masked infinity isn't blamed for a NaN from elsewhere") {
  // The same operation has both: log 0, which is masked, comes first, and log -1 isn't masked.
  const xg::Tensor p = named({0, 1, -1}, "p");
  const xg::Tensor masked = xg::where(xg::not_equal(p, 0.0), xg::log(p), 0.0);
  const auto same_operation = trace_nonfinite(xg::sum(masked));
  REQUIRE(same_operation.has_value());
  CHECK(same_operation->operation == "log");
  CHECK(same_operation->index == Index{2});
  CHECK(std::isnan(same_operation->value));

  // Another one has the infinity.
  const xg::Tensor harmless = xg::where(xg::greater(named({0, 1, 1}, "m"), 0.0), xg::log(named({0, 1, 2}, "h")), 0.0);
  const auto other_operation = trace_nonfinite(xg::sum(harmless + xg::sqrt(p)));
  REQUIRE(other_operation.has_value());
  CHECK(other_operation->operation == "sqrt");
  CHECK(other_operation->index == Index{2});

  // An attention mask: -∞ stands in every element that the mask doesn't take, and as a leaf behind all.
  const xg::Tensor scores = xg::sqrt(named({{1, 4}, {9, -1}}, "s"));
  const xg::Tensor mask = xg::greater(named({{1, 0}, {1, 1}}, "mask"), 0.0);
  const xg::Tensor attention = xg::softmax(xg::where(mask, scores, -inf));
  const auto through_softmax = trace_nonfinite(xg::mean(xg::matmul(attention, named({{1}, {2}}, "v"))));
  REQUIRE(through_softmax.has_value());
  CHECK(through_softmax->operation == "sqrt");
  CHECK(through_softmax->index == Index{1, 1});

  // The infinity is computed before the NaN, and meets it in the same element of where().
  const xg::Tensor low = xg::log(named(0, "zero"));
  const auto met = trace_nonfinite(xg::sum(xg::softmax(xg::where(xg::logical_not(mask), low, scores))));
  REQUIRE(met.has_value());
  CHECK(met->operation == "sqrt");
  CHECK(met->index == Index{1, 1});
}

TEST_CASE("trace_nonfinite: the first of several causes, inputs from left to right") {
  const xg::Tensor p = named({1, 0}, "p");
  // Not finite in any case, and out of something that isn't either: of both that is the first.
  const auto division = trace_nonfinite(xg::sum(xg::div(xg::rsqrt(p), p)));
  REQUIRE(division.has_value());
  CHECK(division->operation == "rsqrt");
  const xg::Tensor large = named({{1e30, 1e30}}, "large");
  const xg::Tensor rows = xg::exp(named({{1, 100}}, "t")) + large;
  const auto product = trace_nonfinite(xg::matmul(rows, xg::transpose(large)));
  REQUIRE(product.has_value());
  CHECK(product->operation == "exp");
  CHECK(product->index == Index{0, 1});
  const auto found = trace_nonfinite(xg::sum(xg::rsqrt(p) + xg::log(p)));
  REQUIRE(found.has_value());
  CHECK(found->operation == "rsqrt");
  const auto other = trace_nonfinite(xg::sum(xg::log(p) + xg::rsqrt(p)));
  REQUIRE(other.has_value());
  CHECK(other->operation == "log");
}

TEST_CASE("trace_nonfinite: elements are followed through what moves, joins and adds them up") {
  const xg::Tensor x = named({{1, 2, 3}, {4, 0, 6}}, "x");
  const xg::Tensor l = xg::log(x);
  const xg::Tensor good = xg::ones({2, 3});
  const std::vector<std::pair<std::string, xg::Tensor>> all{
      {"transpose", xg::transpose(l)},
      {"reshape", xg::reshape(l, {3, 2})},
      {"flip", xg::flip(l)},
      {"concatenate", xg::concatenate({good, l, good}, 1)},
      {"stack", xg::stack({good, l})},
      {"slice", xg::slice(l, {1, 3}, 1)},
      {"take", xg::take(l, xg::tensor({1, 1}, xg::int64), 1)},
      {"gather", xg::gather(l, xg::tensor({{0, 1}, {2, 1}}, xg::int64), 1)},
      {"pad", xg::pad(l, {{1, 1}, {0, 2}})},
      {"broadcast_to", xg::broadcast_to(l, {4, 2, 3})},
      {"cumsum", xg::cumsum(l, 0)},
      {"reverse cumsum", xg::cumsum(l, 1, true)},
      {"max", xg::min(l, 0)},
      {"mean", xg::mean(l)},
      {"prod", xg::prod(l)},
      {"var", xg::var(l, 1)},
      {"logsumexp", xg::logsumexp(-l, 0)},
      {"matmul", xg::matmul(xg::ones({5, 2}), l)},
      {"a vector's product", xg::matmul(l, xg::ones({3}))},
      {"cast", xg::cast(l, xg::float64)},
      {"outer", xg::outer(xg::ones({2}), xg::reshape(l, {6}))},
  };
  for (const auto& [what, y] : all) {
    CAPTURE(what);
    const auto found = trace_nonfinite(y);
    REQUIRE(found.has_value());
    CAPTURE(found->text());
    CHECK(found->operation == "log");
    CHECK(found->index == Index{1, 1});
    CHECK(found->value == -inf);
  }
}

namespace {

/// The same elements backwards, none of them below 1: then `refuse` throws.
class Picky final : public xg::Operation {
 public:
  using Refuse = void (*)();
  Picky(std::int64_t number, Refuse refuse) : number_{number}, refuse_{refuse} {}

  [[nodiscard]] std::vector<xg::Attribute> attributes() const override { return {{"number", number_}}; }
  [[nodiscard]] std::string_view name() const noexcept override { return "picky"; }
  [[nodiscard]] xg::Signature infer(std::span<const xg::Tensor> inputs) const override {
    return {inputs[0].shape(), xg::float32};
  }
  void evaluate(std::span<const xg::ConstArray> inputs, const xg::Array& output) const override {
    const std::int64_t count = output.shape.size();
    for (std::int64_t i = 0; i < count; ++i) {
      const float x = inputs[0].as<float>()[count - 1 - i];
      if (x < 1) {
        refuse_();
      }
      output.as<float>()[i] = x;
    }
  }

 private:
  std::int64_t number_;
  Refuse refuse_;
};

}  // namespace

TEST_CASE("trace_nonfinite: through a user's operation, also one that takes no trials") {
  const xg::Tensor l = xg::log(named({10, -1, 10}, "x"));
  const std::vector<Picky::Refuse> refusals{[] { throw xg::ValueError("[picky] below 1"); },
                                            [] { throw std::domain_error("below 1"); },
                                            [] { throw 42; }};  // NOLINT: with anything
  for (std::size_t i = 0; i < refusals.size(); ++i) {
    CAPTURE(i);
    const auto picky = std::make_shared<const Picky>(static_cast<std::int64_t>(i), refusals[i]);
    const auto found = trace_nonfinite(xg::sum(xg::apply(picky, {l})));
    REQUIRE(found.has_value());
    CHECK(found->operation == "log");
    CHECK(found->index == Index{1});
  }
}

TEST_CASE("trace_nonfinite: integers, conditions and no elements") {
  const xg::Tensor x = named({1, 0, 2}, "x");
  const xg::Tensor l = xg::log(x);
  CHECK_FALSE(trace_nonfinite(xg::argmax(l)).has_value());
  CHECK_FALSE(trace_nonfinite(l > 0.0).has_value());
  CHECK_FALSE(trace_nonfinite(xg::sum(xg::tensor({1, 2}, xg::int64))).has_value());
  const auto taken = trace_nonfinite(xg::take(l, xg::argmin(l)));
  REQUIRE(taken.has_value());
  CHECK(taken->operation == "log");
  CHECK(taken->index == Index{1});

  const xg::Tensor empty = xg::variable(xg::zeros({0, 3}).named("empty"));
  CHECK_FALSE(trace_nonfinite(empty).has_value());
  CHECK_FALSE(trace_nonfinite(xg::log(empty)).has_value());
  CHECK_FALSE(trace_nonfinite(xg::sum(xg::log(empty))).has_value());
  const auto mean = trace_nonfinite(xg::mean(empty));
  REQUIRE(mean.has_value());
  CHECK(mean->operation == "mean");
  CHECK(mean->index.empty());
  CHECK(std::isnan(mean->value));
  REQUIRE(mean->operands.size() == 1);
  CHECK(mean->operands[0].shape == xg::Shape{0, 3});
  CHECK(std::isnan(mean->operands[0].min));
}

TEST_CASE("trace_nonfinite: numbers drawn at random are the same when computed again") {
  xg::Random random{5};
  const xg::Tensor u = random.uniform({100});
  const xg::Tensor y = xg::sum(xg::log(u - 0.5));
  const std::vector<float> drawn = u.to_vector<float>();
  std::int64_t first = 0;
  while (drawn[static_cast<std::size_t>(first)] > 0.5F) {
    ++first;
  }
  const auto found = trace_nonfinite(y);
  REQUIRE(found.has_value());
  CHECK(found->operation == "log");
  CHECK(found->index == Index{first});
}

TEST_CASE("trace_nonfinite: gradients for given tensors") {
  const xg::Tensor x = trained({1, 4}, "x");
  const xg::Tensor z = trained({0, 4}, "z");
  const xg::Tensor inside = (z * 2.0).named("inside");
  const xg::Tensor y = xg::sqrt(inside) * x;
  const std::vector<xg::Tensor> fine{x};
  CHECK_FALSE(trace_nonfinite(y, fine).has_value());
  CHECK_FALSE(trace_nonfinite(y, std::vector<xg::Tensor>{}).has_value());
  CHECK_FALSE(trace_nonfinite(y).has_value());  // not a scalar: forward only
  const std::vector<xg::Tensor> both{x, inside};
  const auto found = trace_nonfinite(y, both);
  REQUIRE(found.has_value());
  CHECK(found->pass == Pass::backward);
  CHECK(found->result == "∂y/∂inside");
  CHECK(found->operation == "chain_div");
  CHECK(found->index == Index{0});
  CHECK(found->derivative_of == "√(inside)");
  const std::vector<xg::Tensor> unrelated{trained({1}, "unrelated")};
  CHECK_FALSE(trace_nonfinite(y, unrelated).has_value());
}

TEST_CASE("trace_nonfinite: tensors stay as they were") {
  const xg::Tensor p = trained({1, 0}, "p");
  const xg::Tensor l = xg::log(p);
  const xg::Tensor pending = xg::log(named({1, 0}, "q"));
  const xg::Tensor y = xg::sum(l) + xg::sum(pending);
  const std::size_t count = xg::nodes(y).size();
  REQUIRE(trace_nonfinite(y).has_value());
  CHECK_FALSE(y.evaluated());
  CHECK_FALSE(l.evaluated());
  CHECK_FALSE(pending.evaluated());
  CHECK(xg::nodes(y).size() == count);
  CHECK(xg::gradients(y, {p})[0].to_vector<float>() == std::vector<float>{1, static_cast<float>(inf)});
}

TEST_CASE("trace_nonfinite: a tensor that was read and let its history go is a leaf, and says so") {
  const xg::Tensor l = xg::log(named({1, 0}, "q")).named("l");
  l.eval();
  const auto found = trace_nonfinite(xg::sum(l * 2.0));
  REQUIRE(found.has_value());
  CHECK(found->operation == "leaf");
  CHECK(found->name == "l");
  CHECK(found->history_gone);
  CHECK(contains(found->text(), "let its history go"));
}

TEST_CASE("trace_nonfinite: what a plan makes finite isn't blamed") {
  // log softmax is computed as one function, also node by node.
  const auto build = [] { return xg::sum(xg::log(xg::softmax(named({0, 200}, "z")))); };
  {
    const xg::PlanScope scope{{}};
    CHECK_FALSE(trace_nonfinite(build()).has_value());
  }
  const xg::PlanScope scope{{.simplify = false, .fuse = false}};
  CHECK_FALSE(trace_nonfinite(build()).has_value());
}

TEST_CASE("trace_nonfinite: after a step of an optimiser, the loss that it returned") {
  const xg::Parameter w{xg::tensor({1, 0.5}), "w"};
  xg::optim::SGD sgd{{{"w", w}}, {.learning_rate = 0.1}};
  const xg::Tensor x = named({1, -2}, "x");
  const xg::Tensor loss = sgd.step(xg::sum(xg::log(w * x)).named("loss"));
  CHECK(std::isnan(loss.item()));
  const auto found = trace_nonfinite(loss);
  REQUIRE(found.has_value());
  CHECK(found->operation == "log");
  CHECK(found->formula == "log(w ⊙ x)");
  CHECK(found->index == Index{1});
  REQUIRE(found->operands.size() == 1);
  CHECK(found->operands[0].element == -1);
}

TEST_CASE("trace_nonfinite: a chain of 1,000,000 operations, with the default stack") {
  constexpr int half = xg::test::sanitized ? 50'000 : 500'000;
  const xg::Tensor x = trained({1, 0}, "x");
  xg::Tensor y = x;
  for (int i = 0; i < half; ++i) {
    y = -y;
  }
  y = xg::log(y).named("planted");
  for (int i = 0; i < half; ++i) {
    y = -y;
  }
  const auto forward = trace_nonfinite(y);
  REQUIRE(forward.has_value());
  CHECK(forward->name == "planted");
  CHECK(forward->operation == "log");
  CHECK(forward->index == Index{1});
}

TEST_CASE("trace_nonfinite: the backward pass of a long chain") {
  constexpr int half = xg::test::sanitized ? 25'000 : 100'000;
  const xg::Tensor x = trained(0, "x");
  xg::Tensor y = x;
  for (int i = 0; i < half; ++i) {
    y = xg::sin(y);
  }
  y = xg::sqrt(y).named("planted");
  for (int i = 0; i < half; ++i) {
    y = xg::sin(y);
  }
  const auto backward = trace_nonfinite(y);
  REQUIRE(backward.has_value());
  CHECK(backward->pass == Pass::backward);
  CHECK(backward->operation == "chain_div");
  CHECK(backward->derivative_of == "planted = √(sin(sin(sin(…))))");
}

TEST_CASE("trace_nonfinite: errors") {
  using xg::DTypeError;
  using xg::ValueError;
  const xg::Tensor x = trained({1, 2}, "x");
  CHECK(contains(message_of<ValueError>([] { return trace_nonfinite(xg::Tensor{}); }), "[trace_nonfinite]"));
  const std::vector<xg::Tensor> undefined{x, xg::Tensor{}};
  CHECK(contains(message_of<ValueError>([&] { return trace_nonfinite(xg::sum(x), undefined); }), "x[1]"));
  const std::vector<xg::Tensor> integer{xg::tensor({1}, xg::int64).named("i")};
  CHECK(contains(message_of<DTypeError>([&] { return trace_nonfinite(xg::sum(x), integer); }), "'i'"));
  const std::vector<xg::Tensor> xs{x};
  CHECK(contains(message_of<DTypeError>([&] { return trace_nonfinite(xg::argmax(x), xs); }), "int64"));
  auto compiled = xg::compile([](const xg::Tensor& t) {
    static_cast<void>(trace_nonfinite(xg::sum(t)));
    return t;
  });
  CHECK(contains(message_of<ValueError>([&] { return compiled(x); }), "trace_nonfinite"));
}
