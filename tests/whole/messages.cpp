#include <cmath>
#include <doctest/doctest.h>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"

namespace xg = xgrad;

TEST_CASE("messages: an axis out of range names the operation, the tensor with its shape, and what is expected") {
  const xg::Tensor x = xg::ones({3, 4}).named("x");
  const xg::Tensor indices = xg::zeros({3, 4}, xg::int64);
  struct Call {
    std::string name;
    std::function<xg::Tensor(const xg::Tensor&, std::int64_t)> run;
    std::string expected = "expected -2 to 1";
  };
  const std::vector<Call> calls{
      {"sum", [](const auto& t, auto axis) { return xg::sum(t, axis); }},
      {"mean", [](const auto& t, auto axis) { return xg::mean(t, axis); }},
      {"prod", [](const auto& t, auto axis) { return xg::prod(t, axis); }},
      {"max", [](const auto& t, auto axis) { return xg::max(t, axis); }},
      {"min", [](const auto& t, auto axis) { return xg::min(t, axis); }},
      {"var", [](const auto& t, auto axis) { return xg::var(t, axis); }},
      {"logsumexp", [](const auto& t, auto axis) { return xg::logsumexp(t, axis); }},
      {"softmax", [](const auto& t, auto axis) { return xg::softmax(t, axis); }},
      {"log_softmax", [](const auto& t, auto axis) { return xg::log_softmax(t, axis); }},
      {"cumsum", [](const auto& t, auto axis) { return xg::cumsum(t, axis); }},
      {"argmax", [](const auto& t, auto axis) { return xg::argmax(t, axis); }},
      {"argmin", [](const auto& t, auto axis) { return xg::argmin(t, axis); }},
      {"flip", [](const auto& t, auto axis) { return xg::flip(t, axis); }},
      {"squeeze", [](const auto& t, auto axis) { return xg::squeeze(t, axis); }},
      {"permute",
       [](const auto& t, auto axis) {
         return xg::permute(t, {0, axis});
       }},
      {"split", [](const auto& t, auto axis) { return xg::split(t, 2, axis)[0]; }},
      {"split",
       [](const auto& t, auto axis) {
         return xg::split(t, {1, 2}, axis)[0];
       }},
      {"concatenate",
       [](const auto& t, auto axis) {
         return xg::concatenate({t, t}, axis);
       }},
      {"slice",
       [](const auto& t, auto axis) {
         return xg::slice(t, {0, 1}, axis);
       }},
      {"take", [](const auto& t, auto axis) { return xg::take(t, xg::zeros({2}, xg::int64), axis); }},
      {"gather", [&](const auto& t, auto axis) { return xg::gather(t, indices, axis); }},
      {"scatter_add", [&](const auto& t, auto axis) { return xg::scatter_add(t, indices, 5, axis); }},
      {"dim", [](const auto& t, auto axis) { return xg::ones({t.dim(axis)}); }},
      {"stack",
       [](const auto& t, auto axis) {
         return xg::stack({t, t}, axis);
       },
       "expected -3 to 2"},
      {"expand_dims", [](const auto& t, auto axis) { return xg::expand_dims(t, axis); }, "expected -3 to 2"},
  };
  for (const auto& [name, run, expected] : calls) {
    for (const std::int64_t axis : {std::int64_t{7}, std::int64_t{-4}}) {
      const std::string message = message_of<xg::ShapeError>([&] { return run(x, axis); });
      CAPTURE(message);
      CHECK(contains(message, "[" + name + "] axis " + std::to_string(axis) + " of 'x' (3, 4)"));
      CHECK(contains(message, expected));
    }
  }
  CHECK(message_of<xg::ShapeError>([&] {
          return xg::sum(x, {1, -1});
        }) == "[sum] axis 1 of 'x' (3, 4) is named twice: (1, -1)");
  CHECK(message_of<xg::ShapeError>([&] { return xg::sum(xg::scalar(1), 0); }) ==
        "[sum] axis 0 of (): a scalar has no axes");
}

TEST_CASE("messages: reshape says what is wrong with the lengths, and all of them") {
  const xg::Tensor x = xg::ones({3, 4});
  const auto message = [&](const std::vector<std::int64_t>& lengths) {
    return message_of<xg::ShapeError>([&] { return xg::reshape(x, lengths); });
  };
  CHECK(contains(message({-1, -1}), "[reshape] (3, 4) to (-1, -1): 2 lengths are -1; expected at most one"));
  CHECK(contains(message({-1, -1, -1}), "3 lengths are -1"));
  CHECK(contains(message({-1, -2}), "[reshape] (3, 4) to (-1, -2): the length -2 is negative"));
  CHECK(contains(message({-1, 5}), "[reshape] (3, 4) to (-1, 5): no length in place of -1 makes its 12 elements of 5"));
  CHECK(contains(message({-1, 0}), "(3, 4) to (-1, 0)"));
  CHECK(contains(message({std::int64_t{1} << 40, std::int64_t{1} << 40}), "more elements than an int64 counts"));
  CHECK(contains(message({5, 2}), "[reshape] (3, 4) with 12 elements can't become (5, 2) with 10"));
}

TEST_CASE("messages: a bad class index names the loss, the index, its place and both shapes") {
  const xg::Tensor z = xg::zeros({2, 3});
  const std::string expected =
      "[CrossEntropy] class index 3 at element 1 of the target (2,), beside logits (2, 3); expected 0 to 2";
  CHECK(message_of<xg::ValueError>([&] {
          return xg::nn::CrossEntropy{}(z, xg::tensor({0, 3}, xg::int64)).item();
        }) == expected);
  auto compiled = xg::compile(
      [](const xg::Tensor& logits, const xg::Tensor& target) { return xg::nn::CrossEntropy{}(logits, target); });
  CHECK(message_of<xg::ValueError>([&] { return compiled(z, xg::tensor({0, 3}, xg::int64)); }) == expected);
  CHECK(message_of<xg::ValueError>([&] {
          return xg::one_hot(xg::tensor({0, -1}, xg::int64), 3).eval();
        }) == "[one_hot] class index -1 at element 1 of (2,); expected 0 to 2");
  CHECK(contains(message_of<xg::ShapeError>([&] { return xg::nn::CrossEntropy{}(z, xg::tensor({0}, xg::int64)); }),
                 "[CrossEntropy] logits (2, 3) take class indices (2,), not a target (1,)"));
  CHECK(contains(message_of<xg::DTypeError>([&] {
                   return xg::nn::CrossEntropy{}(z, xg::tensor({0, 1}));
                 }),
                 "[CrossEntropy] the target (2,) beside logits (2, 3)"));
}

TEST_CASE("messages: an undefined tensor says whose it is") {
  const xg::Tensor x = xg::ones({2, 3});
  const xg::Tensor labels = xg::zeros({2}, xg::int64);
  const auto message = [](const auto& f) { return message_of<xg::ValueError>(f); };
  CHECK(message([&] { return xg::data::dataset({}, labels, 3); }) == "[dataset] the inputs are an undefined Tensor");
  CHECK(message([&] { return xg::data::dataset(x, {}, 3); }) == "[dataset] the labels are an undefined Tensor");
  const xg::data::Dataset whole{x, x, labels};
  for (const auto& [field, name] : {std::pair{&xg::data::Dataset::inputs, "inputs"},
                                    {&xg::data::Dataset::targets, "targets"},
                                    {&xg::data::Dataset::labels, "labels"}}) {
    xg::data::Dataset damaged = whole;
    damaged.*field = {};
    CHECK(message([&] { return xg::data::batches(damaged); }) ==
          std::string{"[batches] the "} + name + " are an undefined Tensor");
    CHECK(message([&] { return xg::data::split(damaged, 0.5, 1); }) ==
          std::string{"[split] the "} + name + " are an undefined Tensor");
  }
  CHECK(message([&] { return xg::nn::QuadraticLoss{}({}, x); }) ==
        "[QuadraticLoss] the prediction is an undefined Tensor");
  CHECK(message([&] { return xg::nn::CrossEntropy{}(x, {}); }) == "[CrossEntropy] the target is an undefined Tensor");
  CHECK(message([&] { return xg::nn::BinaryCrossEntropy{}(x, {}); }) ==
        "[BinaryCrossEntropy] the target is an undefined Tensor");
  CHECK(message([&] { return xg::nn::MeanSquaredError{}({}, x); }) ==
        "[MeanSquaredError] the prediction is an undefined Tensor");
  CHECK(message([&] { return xg::nn::accuracy({}, labels); }) == "[accuracy] the output is an undefined Tensor");
  CHECK(message([&] { return xg::nn::Dense{x}(xg::Tensor{}); }) == "[Dense] the input is an undefined Tensor");
  CHECK(message([&] { return xg::nn::Dense{xg::Tensor{}}; }) == "[Dense] the weight is an undefined Tensor");
}

TEST_CASE("messages: a value that is loaded names its place in the model") {
  xg::Random random{1};
  const xg::nn::Sequential net{xg::nn::Dense{3, 2, random}, xg::nn::Sigmoid{}, xg::nn::Dense{2, 2, random}};
  const auto parameters = xg::nn::parameters(net);
  CHECK(message_of<xg::ShapeError>([&] { parameters[1].set(xg::ones({3})); }) ==
        "[parameter] '0.b' (2,) can't be set to (3,)");
  CHECK(message_of<xg::DTypeError>([&] {
          parameters[2].set(xg::ones({2, 2}, xg::float64));
        }) == "[parameter] '2.W' (2, 2) is float32, can't be set to float64");
  CHECK(message_of<xg::ValueError>([&] { parameters[3].set({}); }) ==
        "[parameter] '2.b' (2,) can't be set to an undefined Tensor");
  CHECK(contains(message_of<xg::ValueError>([&] { xg::NamedParameter{"0.b", {}}.set(xg::ones({2})); }), "'0.b'"));
  parameters[1].set(xg::tensor({5, 6}));
  CHECK(net.parameters()[1].parameter.value().to_vector<float>() == std::vector<float>{5, 6});
}

TEST_CASE("messages: what is too large for any memory is xgrad's error, and no number of the stream is drawn") {
  constexpr std::int64_t huge = std::int64_t{1} << 60;
  xg::Random random{7};
  CHECK(message_of<xg::Error>([&] { return random.permutation(huge); }) ==
        "[memory] a permutation of 1152921504606846976 numbers doesn't fit");
  CHECK(message_of<xg::Error>([&] { return random.permutation(std::numeric_limits<std::int64_t>::max()); }) ==
        "[memory] a permutation of 9223372036854775807 numbers doesn't fit");
  CHECK(random.permutation(5) == xg::Random{7}.permutation(5));
  CHECK(contains(message_of<xg::Error>([&] { return xg::zeros({huge}).eval(); }), "doesn't fit"));
  CHECK(contains(message_of<xg::Error>([&] { return random.normal({huge}).eval(); }), "doesn't fit"));
  CHECK(contains(message_of<xg::Error>([&] { return xg::broadcast_to(xg::ones({1}), {huge}).eval(); }), "doesn't fit"));
  CHECK(contains(message_of<xg::Error>([&] { return xg::one_hot(xg::tensor({1}, xg::int64), huge).eval(); }),
                 "doesn't fit"));
  CHECK(contains(message_of<xg::Error>([&] { return xg::eye(std::int64_t{1} << 33U).eval(); }),
                 "(8589934592, 8589934592)"));
}
