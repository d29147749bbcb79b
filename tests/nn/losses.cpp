// Losses: what they have in common, worked by hand, at their edges, and where they are refused.
#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/all_losses.hpp"
#include "support/message_of.hpp"

namespace xg = xgrad;
namespace nn = xgrad::nn;
using doctest::Approx;
using nn::Reduction;
using xg::float64;
using xg::Tensor;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

using Numbers = std::vector<double>;

Tensor vector_of(const Numbers& values) {
  return xg::from_vector(values, {static_cast<std::int64_t>(values.size())});
}
Tensor variable_of(const Numbers& values, const xg::Shape& shape) {
  return xg::variable(xg::from_vector(values, shape));
}
Tensor labels_of(const std::vector<std::int64_t>& values) {
  return xg::from_vector(values, {static_cast<std::int64_t>(values.size())});
}

Numbers numbers_of(const Tensor& x) {
  return xg::cast(x, float64).to_vector<double>();
}
Numbers gradient_of(const Tensor& loss, const Tensor& x) {
  return numbers_of(xg::gradients(xg::sum(loss), {x})[0]);
}

void check_close(const Numbers& found, const Numbers& expected, double tolerance = 1e-13) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    CHECK((found[i] == expected[i] || found[i] == Approx(expected[i]).epsilon(tolerance)));
  }
}

Numbers point(std::int64_t size, std::uint64_t seed) {
  xg::Random random{seed};
  return random.normal({size}, 0, 1, float64).to_vector<double>();
}

// Losses of two tensors alike, of (3, 4), by their reduction: predictions, and targets that they all take.
using Reduced = std::function<Tensor(const Tensor& a, const Tensor& y, const Tensor& weights)>;
struct Kind {
  std::string name;
  std::function<Reduced(Reduction)> with;
  bool per_row = false;  ///< whether a row is one sample
};

template <class L>
Kind kind(const char* name, bool per_row = false) {
  return {name,
          [](Reduction reduction) -> Reduced {
            return [reduction](const Tensor& a, const Tensor& y, const Tensor& w) { return L{reduction}(a, y, w); };
          },
          per_row};
}

std::vector<Kind> kinds() {
  return {kind<nn::QuadraticLoss>("QuadraticLoss", true),
          kind<nn::MeanSquaredError>("MeanSquaredError"),
          kind<nn::L1Loss>("L1Loss"),
          kind<nn::SmoothL1Loss>("SmoothL1Loss"),
          kind<nn::HuberLoss>("HuberLoss"),
          kind<nn::PoissonNLL>("PoissonNLL"),
          kind<nn::KLDivergence>("KLDivergence", true),
          kind<nn::CrossEntropy>("CrossEntropy", true),
          kind<nn::BinaryCrossEntropy>("BinaryCrossEntropy", true),
          kind<nn::BinaryFocalLoss>("BinaryFocalLoss", true),
          kind<nn::DiceLoss>("DiceLoss", true),
          kind<nn::HingeLoss>("HingeLoss"),
          kind<nn::SquaredHingeLoss>("SquaredHingeLoss")};
}

}  // namespace

TEST_CASE("losses: the sum is that of `none`, the mean divides it by the number of samples") {
  const Tensor a = xg::variable(xg::from_vector(point(12, 1), {3, 4}));
  const Tensor y = xg::ones({3, 4}, float64);
  for (const Kind& each : kinds()) {
    CAPTURE(each.name);
    const Tensor losses = each.with(Reduction::none)(a, y, {});
    CHECK(losses.shape() == (each.per_row ? xg::Shape{3} : xg::Shape{3, 4}));
    const Numbers values = numbers_of(losses);
    double total = 0;
    for (const double value : values) {
      total += value;
    }
    const auto count = static_cast<double>(values.size());
    CHECK(each.with(Reduction::sum)(a, y, {}).item() == Approx(total).epsilon(1e-13));
    CHECK(each.with(Reduction::mean)(a, y, {}).item() == Approx(total / count).epsilon(1e-13));
    check_close(gradient_of(losses, a), gradient_of(each.with(Reduction::sum)(a, y, {}), a));
  }
}

TEST_CASE("losses: with weights the mean is Σ w l / Σ w, one weight per sample or per row") {
  const Tensor a = xg::variable(xg::from_vector(point(12, 2), {3, 4}));
  const Tensor y = xg::ones({3, 4}, float64);
  const Numbers per_row{2, 0.5, 3};
  for (const Kind& each : kinds()) {
    CAPTURE(each.name);
    const Numbers losses = numbers_of(each.with(Reduction::none)(a, y, {}));
    const std::size_t width = losses.size() / 3;
    Numbers expected(losses.size());
    double total = 0;
    double weight = 0;
    for (std::size_t i = 0; i < losses.size(); ++i) {
      expected[i] = per_row[i / width] * losses[i];
      total += expected[i];
      weight += per_row[i / width];
    }
    const Tensor w = vector_of(per_row);
    check_close(numbers_of(each.with(Reduction::none)(a, y, w)), expected);
    CHECK(each.with(Reduction::sum)(a, y, w).item() == Approx(total).epsilon(1e-13));
    CHECK(each.with(Reduction::mean)(a, y, w).item() == Approx(total / weight).epsilon(1e-13));
    if (!each.per_row) {
      const Tensor whole = xg::broadcast_to(xg::expand_dims(w, 1), {3, 4});
      CHECK(each.with(Reduction::mean)(a, y, whole).item() == Approx(total / weight).epsilon(1e-13));
    }
    // A weight of 0 leaves a sample out, whatever its loss.
    Numbers spoilt = numbers_of(a);
    std::fill(spoilt.begin() + 4, spoilt.begin() + 8, nan_value);
    const Tensor b = variable_of(spoilt, {3, 4});
    const Tensor without = each.with(Reduction::mean)(b, y, vector_of({1, 0, 1}));
    CHECK(std::isfinite(without.item()));
    const Numbers gradient = gradient_of(without, b);
    CHECK(std::all_of(gradient.begin() + 4, gradient.begin() + 8, [](double g) { return g == 0; }));
    const auto f = each.with(Reduction::mean);
    CHECK(contains(message_of<xg::ShapeError>([&] { return f(a, y, xg::ones({4}, float64)); }), "[" + each.name + "]"));
    CHECK_THROWS_AS(static_cast<void>(f(a, y, xg::ones({3, 1}, float64))), xg::ShapeError);
    CHECK_THROWS_AS(static_cast<void>(f(a, y, xg::scalar(1, float64))), xg::ShapeError);
    CHECK_THROWS_AS(static_cast<void>(f(a, y, xg::ones({3}))), xg::DTypeError);
  }
}

TEST_CASE("losses: shapes and dtypes must be equal, and errors name the loss") {
  const Tensor a = xg::ones({3, 4}, float64);
  for (const Kind& each : kinds()) {
    CAPTURE(each.name);
    const auto f = each.with(Reduction::mean);
    for (const xg::Shape& shape : {xg::Shape{4}, xg::Shape{1, 4}, xg::Shape{3, 1}, xg::Shape{}}) {
      CHECK(contains(message_of<xg::ShapeError>([&] { return f(a, xg::ones(shape, float64), {}); }), each.name));
    }
    CHECK_THROWS_AS(static_cast<void>(f(a, xg::ones({3, 4}), {})), xg::DTypeError);
    CHECK_THROWS_AS(static_cast<void>(f(xg::ones({3, 4}, xg::boolean), xg::ones({3, 4}, xg::boolean), {})),
                    xg::DTypeError);
    CHECK(contains(message_of<xg::ValueError>([&] { return f({}, a, {}); }), each.name));
    CHECK(contains(message_of<xg::ValueError>([&] { return f(a, {}, {}); }), each.name));
    CHECK(std::isnan(f(xg::zeros({0, 4}, float64), xg::zeros({0, 4}, float64), {}).item()));
    CHECK(each.with(Reduction::sum)(xg::zeros({0, 4}, float64), xg::zeros({0, 4}, float64), {}).item() == 0);
  }
}

TEST_CASE("losses: gradients agree with differences, all of them") {
  for (const all_losses::Case& each : all_losses::cases()) {
    CAPTURE(each.name);
    const xg::Parameter a{vector_of(point(each.size, 3)), "a"};
    const auto report = xg::check::compare([&] { return each.loss(a); }, {{"a", a}});
    CHECK_MESSAGE(report.verdict() == xg::check::Verdict::right, report);
    // Of the gradient, too, weighted unevenly. Some losses have none of their own.
    const Tensor v = vector_of(point(each.size, 4));
    const auto slope = [&] { return xg::sum(xg::gradients(each.loss(a), {a})[0] * v) + xg::sum(xg::square(a) * v); };
    const auto second = xg::check::compare(slope, {{"a", a}});
    CHECK_MESSAGE(second.verdict() == xg::check::Verdict::right, second);
  }
}

TEST_CASE("losses: forward mode agrees with reverse mode, and a compiled step with the graph") {
  for (const all_losses::Case& each : all_losses::cases()) {
    CAPTURE(each.name);
    const Tensor a = xg::variable(vector_of(point(each.size, 5)));
    const Tensor v = vector_of(point(each.size, 6));
    const Tensor loss = each.loss(a);
    const double backward = xg::sum(xg::gradients(loss, {a})[0] * v).item();
    CHECK(xg::jvp({loss}, {a}, {v})[0].item() == Approx(backward).epsilon(1e-12));
    auto compiled = xg::compile([&](const Tensor& x) {
      const Tensor y = each.loss(x);
      return std::vector<Tensor>{y, xg::gradients(y, {x})[0]};
    });
    const auto results = compiled(a.detach());
    CHECK(results[0].item() == Approx(loss.item()).epsilon(1e-13));
    check_close(numbers_of(results[1]), gradient_of(loss, a), 1e-12);
  }
}

TEST_CASE("losses: a NaN in the prediction is one in the loss and in its gradient") {
  for (const all_losses::Case& each : all_losses::cases()) {
    CAPTURE(each.name);
    Numbers values = point(each.size, 7);
    values[2] = nan_value;
    const Tensor a = variable_of(values, {each.size});
    const Tensor loss = each.loss(a);
    CHECK(std::isnan(loss.item()));
    const bool is_linear = each.name == "KLDivergence" || each.name == "NegativeLogLikelihood";
    CHECK((is_linear || std::isnan(gradient_of(loss, a)[2])));
  }
}

TEST_CASE("losses: derive and describe know them by their role") {
  for (const all_losses::Case& each : all_losses::cases()) {
    CAPTURE(each.name);
    const Tensor a = xg::variable(vector_of(point(each.size, 8)));
    const auto nodes = xg::nodes(each.loss(a));
    CHECK(nodes.back().role == xg::Scope::Role::loss);
    CHECK(nodes.back().scope == each.name);
  }
}

TEST_CASE("l1, smooth l1, Huber: by hand, also at the kinks and far out") {
  const Tensor a = variable_of({0, 0.5, -0.5, 2, -3, 1e300, inf}, {7});
  const Tensor y = xg::zeros({7}, float64);
  check_close(numbers_of(nn::L1Loss{Reduction::none}(a, y)), {0, 0.5, 0.5, 2, 3, 1e300, inf});
  check_close(gradient_of(nn::L1Loss{Reduction::none}(a, y), a), {0, 1, -1, 1, -1, 1, 1});
  const nn::SmoothL1Loss smooth{Reduction::none, 2};
  check_close(numbers_of(smooth(a, y)), {0, 0.0625, 0.0625, 1, 2, 1e300, inf});
  check_close(gradient_of(smooth(a, y), a), {0, 0.25, -0.25, 1, -1, 1, 1});
  check_close(numbers_of(nn::SmoothL1Loss{Reduction::none, 0}(a, y)), numbers_of(nn::L1Loss{Reduction::none}(a, y)));
  const nn::HuberLoss huber{Reduction::none, 2};
  check_close(numbers_of(huber(a, y)), {0, 0.125, 0.125, 2, 4, 2e300, inf});
  check_close(gradient_of(huber(a, y), a), {0, 0.5, -0.5, 2, -2, 2, 2});
  for (const double wrong : {-1.0, inf, nan_value}) {
    CHECK_THROWS_AS(static_cast<void>(nn::SmoothL1Loss{.beta = wrong}(a, y)), xg::ValueError);
    CHECK_THROWS_AS(static_cast<void>(nn::HuberLoss{.delta = wrong}(a, y)), xg::ValueError);
  }
  CHECK_THROWS_AS(static_cast<void>(nn::HuberLoss{.delta = 0}(a, y)), xg::ValueError);
}

TEST_CASE("KL: 0 log 0 is 0, of certain predictions and impossible ones; the mean is per distribution") {
  const Tensor a = variable_of({0, -inf, std::log(0.25), std::log(0.75)}, {2, 2});
  const Tensor y = xg::tensor({{1, 0}, {0.5, 0.5}}, float64);
  const double second = 0.5 * std::log(0.5 / 0.25) + 0.5 * std::log(0.5 / 0.75);
  check_close(numbers_of(nn::KLDivergence{Reduction::none}(a, y)), {0, second});
  CHECK(nn::KLDivergence{}(a, y).item() == Approx(second / 2).epsilon(1e-13));
  check_close(gradient_of(nn::KLDivergence{Reduction::sum}(a, y), a), {-1, 0, -0.5, -0.5});
  CHECK(nn::KLDivergence{Reduction::sum}(xg::tensor({0, 0}, float64), xg::tensor({1, 0}, float64)).item() == 0);
  const Tensor wrong = variable_of({-inf, 0}, {2});
  CHECK(nn::KLDivergence{}(wrong, xg::tensor({1, 0}, float64)).item() == inf);
}

TEST_CASE("Gaussian: a variance below ε counts as ε, and isn't moved") {
  const Tensor a = xg::tensor({1, 1}, float64);
  const Tensor y = xg::tensor({0, 3}, float64);
  const Tensor v = variable_of({0, 4}, {2});
  const Tensor losses = nn::GaussianNLL{.reduction = Reduction::none, .epsilon = 0.5}(a, y, v);
  check_close(numbers_of(losses), {0.5 * (std::log(0.5) + 2), 0.5 * (std::log(4) + 1)});
  check_close(gradient_of(losses, v), {0, 0.5 * (0.25 - 4.0 / 16)});
  CHECK_THROWS_AS(static_cast<void>(nn::GaussianNLL{.epsilon = 0}(a, y, v)), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(nn::GaussianNLL{}(a, y, xg::ones({1}, float64))), xg::ShapeError);
}

TEST_CASE("Poisson: a count of 0 with the rate 0 costs nothing") {
  const Tensor a = variable_of({-inf, 0}, {2});
  const Tensor losses = nn::PoissonNLL{Reduction::none}(a, xg::tensor({0, 2}, float64));
  check_close(numbers_of(losses), {0, 1});
  check_close(gradient_of(losses, a), {0, -1});
}

TEST_CASE("cross entropy: one-hot rows give what indices give, with all options") {
  const Tensor z = xg::variable(xg::from_vector(point(24, 9), {2, 4, 3}));
  const Tensor labels = xg::tensor({{0, 3, 1}, {2, 2, 0}}, xg::int64);
  const Tensor rows = xg::permute(xg::one_hot(labels, 4, float64), {0, 2, 1}).eval();
  const Tensor w = vector_of({0.5, 2, 1, 0.25});
  const Tensor weights = xg::tensor({{1, 2, 0}, {3, 1, 1}}, float64);
  for (const Reduction reduction : {Reduction::mean, Reduction::sum, Reduction::none}) {
    const nn::CrossEntropy loss{.reduction = reduction, .class_weights = w, .label_smoothing = 0.25};
    check_close(numbers_of(loss(z, labels)), numbers_of(loss(z, rows)));
    check_close(numbers_of(loss(z, labels, weights)), numbers_of(loss(z, rows, weights)));
    check_close(gradient_of(loss(z, labels), z), gradient_of(loss(z, rows), z));
  }
}

TEST_CASE("cross entropy: the axis of the classes") {
  const Tensor z = xg::from_vector(point(24, 10), {2, 4, 3}).eval();
  const Tensor labels = xg::tensor({{0, 3, 1}, {2, 2, 0}}, xg::int64);
  const Tensor last = xg::permute(z, {0, 2, 1}).eval();
  const double expected = nn::CrossEntropy{}(xg::reshape(last, {6, 4}), xg::reshape(labels, {6})).item();
  CHECK(nn::CrossEntropy{}(z, labels).item() == Approx(expected).epsilon(1e-14));
  CHECK(nn::CrossEntropy{.axis = -1}(last, labels).item() == Approx(expected).epsilon(1e-14));
  CHECK(nn::CrossEntropy{.axis = 2}(last, labels).item() == Approx(expected).epsilon(1e-14));
  CHECK_THROWS_AS(static_cast<void>(nn::CrossEntropy{}(last, labels)), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(nn::CrossEntropy{.axis = 3}(last, labels)), xg::ShapeError);
}

TEST_CASE("cross entropy: ignored samples add nothing and aren't counted, and of them alone the mean is NaN") {
  const Tensor z = variable_of({1, 2, nan_value, nan_value, 0, 0}, {3, 2});
  const nn::CrossEntropy loss{.ignore_index = -100};
  const Tensor some = loss(z, labels_of({0, -100, 1}));
  CHECK(some.item() == Approx((std::log(std::exp(1) + std::exp(2)) - 1 + std::log(2)) / 2).epsilon(1e-14));
  const Numbers gradient = gradient_of(some, z);
  CHECK(gradient[2] == 0);
  CHECK(gradient[3] == 0);
  CHECK(gradient[4] == Approx(0.25));
  CHECK(std::isnan(loss(z, labels_of({-100, -100, -100})).item()));
  CHECK(contains(message_of<xg::ValueError>([&] {
                   return nn::CrossEntropy{}(z, labels_of({0, -100, 1})).item();
                 }),
                 "class index -100 at element 1"));
  CHECK(contains(message_of<xg::ValueError>([&] { return loss(z, xg::ones({3, 2}, float64)); }), "ignore_index"));
}

TEST_CASE("cross entropy: options out of range are refused") {
  const Tensor z = xg::zeros({2, 3}, float64);
  const Tensor labels = labels_of({0, 2});
  for (const double wrong : {-0.1, 1.1, nan_value}) {
    CHECK_THROWS_AS(static_cast<void>(nn::CrossEntropy{.label_smoothing = wrong}(z, labels)), xg::ValueError);
  }
  CHECK_THROWS_AS(static_cast<void>(nn::CrossEntropy{.class_weights = xg::ones({2}, float64)}(z, labels)),
                  xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(nn::CrossEntropy{.class_weights = xg::ones({3})}(z, labels)), xg::DTypeError);
}

TEST_CASE("losses of classes: indices are checked when they are evaluated, by name and place") {
  const Tensor z = xg::zeros({2, 3}, float64);
  const Tensor wrong = labels_of({0, 3});
  const auto message = [&](const auto& loss) {
    const Tensor pending = loss(z, wrong);
    return message_of<xg::ValueError>([&] { return pending.item(); });
  };
  CHECK(contains(message(nn::CrossEntropy{}), "[CrossEntropy] class index 3 at element 1"));
  CHECK(contains(message(nn::CrossEntropy{.label_smoothing = 0.1}), "[CrossEntropy] class index 3 at element 1"));
  CHECK(message(nn::NegativeLogLikelihood{}) ==
        "[NegativeLogLikelihood] class index 3 at element 1 of (2,); expected 0 to 2");
  CHECK(contains(message(nn::FocalLoss{}), "[FocalLoss] class index 3 at element 1"));
  CHECK(contains(message(nn::MultiMarginLoss{}), "[MultiMarginLoss] class index 3 at element 1"));
  const Tensor image = xg::zeros({1, 3, 2}, float64);
  CHECK(contains(message_of<xg::ValueError>([&] {
                   return nn::CrossEntropy{}(image, xg::tensor({{1, -1}}, xg::int64)).item();
                 }),
                 "[CrossEntropy] class index -1 at element 1 of (1, 2); expected 0 to 2"));
  const Tensor bits = xg::tensor({{1, 0, 1}, {0, 1, 0}}, float64);
  CHECK(contains(message_of<xg::ValueError>([&] { return nn::HingeLoss{}(z, bits).item(); }),
                 "[HingeLoss] label 0 at element 1 of (2, 3); expected -1 or 1"));
  CHECK_THROWS_AS(static_cast<void>(nn::SquaredHingeLoss{}(z, bits).item()), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(nn::MarginRankingLoss{}(z, z, bits).item()), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(nn::NegativeLogLikelihood{}(z, xg::zeros({2}, float64))), xg::DTypeError);
  CHECK_THROWS_AS(static_cast<void>(nn::FocalLoss{}(z, labels_of({1}))), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(nn::MultiMarginLoss{}(image, labels_of({1}))), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(nn::MultiMarginLoss{.p = 3}(z, labels_of({1, 1}))), xg::ValueError);
}

TEST_CASE("losses of logits: ±1e4 and ±∞ give the limits, in value and gradient") {
  for (const double far : {1e4, inf}) {
    CAPTURE(far);
    const Tensor right = variable_of({far, 0}, {1, 2});
    const Tensor wrong = variable_of({-far, 0}, {1, 2});
    const Tensor label = labels_of({0});
    for (const double gamma : {0.0, 0.5, 2.0}) {
      CAPTURE(gamma);
      const nn::FocalLoss loss{.gamma = gamma};
      CHECK(loss(right, label).item() == 0);
      check_close(gradient_of(loss(right, label), right), {0, 0});
      CHECK(loss(wrong, label).item() == far);
      check_close(gradient_of(loss(wrong, label), wrong), {-1, 1});
    }
    const Tensor z = variable_of({far, -far, far, -far}, {4});
    const Tensor y = xg::tensor({1, 0, 0, 1}, float64);
    const nn::BinaryCrossEntropy weighted{.reduction = Reduction::sum, .pos_weight = vector_of({3, 3, 3, 3})};
    CHECK(weighted(z, y).item() == 4 * far);
    check_close(gradient_of(weighted(z, y), z), {0, 0, 1, -3});
    const nn::BinaryFocalLoss binary{.reduction = Reduction::sum, .gamma = 2};
    CHECK(binary(z, y).item() == 2 * far);
    check_close(gradient_of(binary(z, y), z), {0, 0, 1, -1});
    const Tensor smooth = nn::CrossEntropy{.label_smoothing = 0.5}(wrong, label);
    CHECK(smooth.item() == 0.75 * far);
    const nn::MultiMarginLoss margin;
    CHECK(margin(right, label).item() == 0);
    check_close(gradient_of(margin(right, label), right), {0, 0});
  }
}

TEST_CASE("focal: γ = 0 is the cross-entropy, binary likewise") {
  const Tensor z = xg::variable(xg::from_vector(point(12, 11), {3, 4}));
  const Tensor labels = labels_of({1, 0, 3});
  const Tensor y = xg::cast(xg::from_vector(point(12, 12), {3, 4}) > 0.0, float64).eval();
  check_close(numbers_of(nn::FocalLoss{.gamma = 0}(z, labels)), numbers_of(nn::CrossEntropy{}(z, labels)));
  check_close(numbers_of(nn::BinaryFocalLoss{.gamma = 0}(z, y)), numbers_of(nn::BinaryCrossEntropy{}(z, y)));
  check_close(gradient_of(nn::BinaryFocalLoss{.gamma = 0}(z, y), z), gradient_of(nn::BinaryCrossEntropy{}(z, y), z));
  CHECK_THROWS_AS(static_cast<void>(nn::FocalLoss{.gamma = -1}(z, labels)), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(nn::BinaryFocalLoss{.alpha = 2}(z, y)), xg::ValueError);
}

TEST_CASE("dice: by hand, and of nothing on either side") {
  const Tensor p = xg::tensor({0.5, 1, 0}, float64);
  const Tensor y = xg::tensor({1, 1, 0}, float64);
  CHECK(nn::DiceLoss{.smoothing = 0}(p, y).item() == Approx(1 - 3.0 / 3.5).epsilon(1e-14));
  CHECK(nn::DiceLoss{.smoothing = 0, .squared = true}(p, y).item() == Approx(1 - 3.0 / 3.25).epsilon(1e-14));
  const Tensor nothing = xg::zeros({3}, float64);
  CHECK(nn::DiceLoss{}(nothing, nothing).item() == 0);
  CHECK(std::isnan(nn::DiceLoss{.smoothing = 0}(nothing, nothing).item()));
}

TEST_CASE("triplet and contrastive: where vectors are equal the distance's derivative is 0") {
  const Tensor same = xg::tensor({{1, 2}}, float64);
  const Tensor other = xg::tensor({{1, 2.5}}, float64);
  for (const double p : {1.0, 1.5, 2.0, 3.0, inf}) {
    CAPTURE(p);
    const Tensor a = variable_of({1, 2}, {1, 2});
    const Tensor loss = nn::TripletMarginLoss{.margin = 1, .p = p}(a, same, other);
    CHECK(loss.item() == Approx(0.5));
    check_close(gradient_of(loss, a), {0, 1});  // of −d(a, n)
    const xg::GradientOptions zeros{.unconnected = xg::Unconnected::zeros};
    const Tensor second = xg::gradients(xg::sum(xg::gradients(loss, {a})[0] * same), {a}, zeros)[0];
    CHECK_FALSE(std::isnan(numbers_of(second)[0]));
  }
  CHECK_THROWS_AS(static_cast<void>(nn::TripletMarginLoss{.p = 0.5}(same, same, other)), xg::ValueError);
  const Tensor a = variable_of({1, 2}, {1, 2});
  const Tensor unlike = nn::ContrastiveLoss{}(a, same, xg::ones({1}, float64));
  CHECK(unlike.item() == 0.5);
  check_close(gradient_of(unlike, a), {0, 0});
  // Powers of large differences overflow, their norm doesn't.
  const Tensor far = variable_of({3e200, 0}, {1, 2});
  const Tensor zero = xg::zeros({1, 2}, float64);
  const Tensor large = nn::TripletMarginLoss{.p = 3}(far, zero, far.detach());
  CHECK(large.item() == Approx(3e200));
  check_close(gradient_of(large, far), {1, 0});
}

TEST_CASE("cosine: with a vector of zeros it is 0, and nothing is moved") {
  const Tensor a = variable_of({0, 0, 3, 4}, {2, 2});
  const Tensor b = xg::tensor({{1, 2}, {4, 3}}, float64);
  const Tensor losses = nn::CosineEmbeddingLoss{Reduction::none}(a, b, xg::ones({2}, float64));
  check_close(numbers_of(losses), {1, 1 - 24.0 / 25});
  const Numbers gradient = gradient_of(losses, a);
  CHECK(gradient[0] == 0);
  CHECK(gradient[1] == 0);
  CHECK_THROWS_AS(static_cast<void>(nn::CosineEmbeddingLoss{}(a, b, xg::zeros({2}, float64)).item()), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(nn::CosineEmbeddingLoss{}(a, b, xg::ones({2, 2}, float64))), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(nn::CosineEmbeddingLoss{.margin = 2}(a, b, xg::ones({2}, float64))),
                  xg::ValueError);
}
