#include <array>
#include <cmath>
#include <doctest/doctest.h>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <optional>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"

namespace xg = xgrad;
using doctest::Approx;

namespace {

xg::Tensor matrix() {
  return xg::tensor({{1, 2, 3}, {4, 5, 6}}, xg::float64);
}

struct Residual {
  xg::nn::Dense inner, outer;
  xg::Tensor operator()(const xg::Tensor& x) const { return x + outer(xg::sigmoid(inner(x))); }
};

struct Everything {
  Residual first;
  std::vector<xg::nn::Dense> blocks;
  std::array<xg::nn::Dense, 1> fixed;
  std::optional<xg::nn::Dense> maybe;
  std::shared_ptr<xg::nn::Dense> shared;
  xg::Parameter scale;
  int width;
  std::string label;
  xg::nn::Sequential tail;
};

struct Chosen {
  xg::Parameter a, b;
  [[nodiscard]] std::vector<xg::NamedParameter> parameters() const { return {{"only_b", b}}; }
  void replace_parameters(const xg::nn::ReplaceParameter& replacement) { b = replacement(b); }
};

struct Renamed {
  xg::Parameter a, b;
  static constexpr std::array<std::string_view, 2> field_names{"alpha", "beta"};
};

std::vector<std::string> names(const std::vector<xg::NamedParameter>& parameters) {
  std::vector<std::string> result;
  for (const auto& named : parameters) {
    result.push_back(named.name);
  }
  return result;
}

std::string error_of(const auto& f) {
  try {
    f();
  } catch (const xg::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("dense: W x + b for a vector, x Wᵀ + b for a batch and for more batch axes") {
  const xg::nn::Dense dense{matrix(), xg::tensor({10, 20}, xg::float64)};
  CHECK(dense(xg::tensor({1, 0, -1}, xg::float64)).to_vector<double>() == std::vector<double>{8, 18});
  const xg::Tensor batch = dense(xg::tensor({{1, 0, -1}, {0, 1, 0}}, xg::float64));
  CHECK(batch.shape() == xg::Shape{2, 2});
  CHECK(batch.to_vector<double>() == std::vector<double>{8, 18, 12, 25});
  CHECK(dense(xg::ones({4, 5, 3}, xg::float64)).shape() == xg::Shape{4, 5, 2});
  CHECK(dense(xg::ones({0, 3}, xg::float64)).shape() == xg::Shape{0, 2});
  // The weight's gradient of a batch with more axes is that of the same rows as one batch.
  xg::Random random{4};
  const xg::Tensor cube = random.normal({4, 5, 3}, 0, 1, xg::float64).eval();
  const xg::Tensor upstream = random.normal({4, 5, 2}, 0, 1, xg::float64).eval();
  const auto of_cube = xg::nn::backward(dense)(cube, upstream);
  const auto of_rows = xg::nn::backward(dense)(xg::reshape(cube, {20, 3}), xg::reshape(upstream, {20, 2}));
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(of_cube["W"].to_vector<double>()[i] == Approx(of_rows["W"].to_vector<double>()[i]).epsilon(1e-13));
  }
  const xg::nn::Dense without_bias{matrix()};
  CHECK(without_bias(xg::tensor({1, 0, -1}, xg::float64)).to_vector<double>() == std::vector<double>{-2, -2});
  CHECK(without_bias.parameters().size() == 1);
}

TEST_CASE("dense: wrong widths, shapes and dtypes are named errors") {
  const xg::nn::Dense dense{matrix(), xg::tensor({10, 20}, xg::float64)};
  CHECK(error_of([&] { static_cast<void>(dense(xg::ones({5, 4}, xg::float64))); }).find("[Dense]") == 0);
  CHECK_THROWS_AS(static_cast<void>(dense(xg::ones({5, 4}, xg::float64))), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(dense(xg::scalar(1, xg::float64))), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(dense(xg::ones({5, 3}))), xg::DTypeError);
  xg::Random random{1};
  CHECK_THROWS_AS((xg::nn::Dense{0, 3, random}), xg::ValueError);
  CHECK_THROWS_AS((xg::nn::Dense{3, -1, random}), xg::ValueError);
  CHECK_THROWS_AS((xg::nn::Dense{3, 2, random, {.weight = nullptr}}), xg::ValueError);
  const auto wrong = [](const xg::Shape&, xg::DType dtype, xg::Random&) { return xg::ones({7}, dtype); };
  CHECK_THROWS_AS((xg::nn::Dense{3, 2, random, {.bias = wrong}}), xg::ShapeError);
  CHECK_THROWS_AS((xg::nn::Dense{xg::ones({3})}), xg::ShapeError);
  CHECK_THROWS_AS((xg::nn::Dense{xg::ones({3, 2}), xg::ones({2})}), xg::ShapeError);
}

TEST_CASE("dense: made of Parameters it has these cells, made of tensors new ones") {
  const xg::Parameter W{xg::ones({2, 3}), "shared"};
  const xg::Parameter b{xg::ones({2}), "offset"};
  const xg::nn::Dense tied{W, b};
  const xg::nn::Dense other{W};
  CHECK(tied.W.is(W));
  CHECK(tied.b.is(b));
  CHECK(other.W.is(W));
  CHECK_FALSE(other.b.defined());
  W.set(xg::full({2, 3}, 2));
  CHECK(tied(xg::ones({3})).to_vector<float>() == std::vector<float>{7, 7});
  CHECK(other(xg::ones({3})).to_vector<float>() == std::vector<float>{6, 6});
  CHECK_FALSE(xg::nn::Dense{W.value(), b.value()}.W.is(W));
  CHECK(contains(message_of<xg::ShapeError>([&] { return xg::nn::Dense{b, b}; }), "[Dense] the weight is (out, in)"));
  CHECK(contains(message_of<xg::ShapeError>([&] {
                   return xg::nn::Dense{W, xg::Parameter{xg::ones({3})}};
                 }),
                 "[Dense] the bias of a weight (2, 3) is (2,), not (3,)"));
}

TEST_CASE("initialisers: Glorot's bound, He's and the standard deviation, zeros; by seed") {
  xg::Random random{1};
  const auto glorot = xg::nn::init::glorot({300, 500}, xg::float64, random).to_vector<double>();
  const double bound = std::sqrt(6.0 / 800);
  double largest = 0;
  double squares = 0;
  for (const double w : glorot) {
    largest = std::max(largest, std::abs(w));
    squares += w * w;
  }
  CHECK(largest < bound);
  CHECK(largest > 0.999 * bound);
  CHECK(squares / static_cast<double>(glorot.size()) == Approx(bound * bound / 3).epsilon(0.02));
  const auto variance = [](const xg::Tensor& x) { return xg::mean(xg::square(x)).item(); };
  CHECK(variance(xg::nn::init::he({300, 500}, xg::float64, random)) == Approx(2.0 / 500).epsilon(0.02));
  CHECK(variance(xg::nn::init::standard_normal({300, 500}, xg::float64, random)) == Approx(1).epsilon(0.02));
  CHECK(variance(xg::nn::init::zeros({3, 5}, xg::float64, random)) == 0);
  CHECK_THROWS_AS(static_cast<void>(xg::nn::init::he({}, xg::float32, random)), xg::ShapeError);
  xg::Random one{5};
  xg::Random two{5};
  CHECK(xg::nn::Dense{4, 3, one}.W.value().to_vector<float>() == xg::nn::Dense{4, 3, two}.W.value().to_vector<float>());
}

TEST_CASE("quadratic loss: ½ Σ (a − y)², per sample or in total; gradient a − y") {
  const xg::Tensor a = xg::variable(xg::tensor({{1, 2}, {3, 5}}, xg::float64));
  const xg::Tensor y = xg::tensor({{0, 0}, {1, 1}}, xg::float64);
  const xg::Tensor total = xg::nn::QuadraticLoss{xg::nn::Reduction::sum}(a, y);
  const xg::Tensor mean = xg::nn::QuadraticLoss{}(a, y);
  CHECK(total.item() == 0.5 * (1 + 4 + 4 + 16));
  CHECK(mean.item() == 0.25 * (1 + 4 + 4 + 16));
  CHECK(xg::gradients(total, {a})[0].to_vector<double>() == std::vector<double>{1, 2, 2, 4});
  CHECK(xg::gradients(mean, {a})[0].to_vector<double>() == std::vector<double>{0.5, 1, 1, 2});
  const xg::Tensor one = xg::nn::QuadraticLoss{}(xg::tensor({1, 2}, xg::float64), xg::tensor({0, 0}, xg::float64));
  CHECK(one.item() == 2.5);
}

TEST_CASE("cross entropy: the same from class indices and one-hot rows, gradient softmax − y") {
  const xg::Tensor z = xg::variable(xg::tensor({{1, 2, 0.5}, {-1, 0, 3}}, xg::float64));
  const xg::Tensor labels = xg::tensor({1, 0}, xg::int64);
  const xg::Tensor rows = xg::tensor({{0, 1, 0}, {1, 0, 0}}, xg::float64);
  const xg::nn::CrossEntropy loss{};
  const auto nll = [](double picked, double a, double b, double c) {
    return std::log(std::exp(a) + std::exp(b) + std::exp(c)) - picked;
  };
  const double expected = 0.5 * (nll(2, 1, 2, 0.5) + nll(-1, -1, 0, 3));
  CHECK(loss(z, labels).item() == Approx(expected).epsilon(1e-14));
  CHECK(loss(z, rows).item() == Approx(expected).epsilon(1e-14));
  CHECK(xg::nn::CrossEntropy{xg::nn::Reduction::sum}(z, rows).item() == Approx(2 * expected).epsilon(1e-14));
  for (const xg::Tensor& target : {labels, rows}) {
    const auto g = xg::gradients(loss(z, target), {z})[0].to_vector<double>();
    const double total = std::exp(1) + std::exp(2) + std::exp(0.5);
    CHECK(g[0] == Approx(0.5 * std::exp(1) / total).epsilon(1e-13));
    CHECK(g[1] == Approx(0.5 * (std::exp(2) / total - 1)).epsilon(1e-13));
  }
  const xg::Tensor single = loss(xg::tensor({1, 2, 0.5}, xg::float64), xg::scalar(1, xg::int64));
  CHECK(single.item() == Approx(nll(2, 1, 2, 0.5)).epsilon(1e-14));
  CHECK_THROWS_AS(static_cast<void>(loss(z, xg::tensor({1, 0, 2}, xg::int64))), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(loss(z, xg::tensor({1, 3}, xg::int64)).item()), xg::ValueError);
  CHECK(error_of([&] {
          static_cast<void>(loss(z, xg::tensor({1, 0}, xg::float64)));
        }).find("int64") != std::string::npos);
}

TEST_CASE("cross entropy: logits of ±1e4 in float32 give a finite loss and gradient") {
  const xg::Tensor z = xg::variable(xg::tensor({{1e4, -1e4}, {-1e4, 1e4}}));
  const xg::Tensor loss = xg::nn::CrossEntropy{}(z, xg::tensor({0, 0}, xg::int64));
  CHECK(loss.item() == 1e4);
  CHECK(xg::gradients(loss, {z})[0].to_vector<float>() == std::vector<float>{0, 0, -0.5, 0.5});
}

TEST_CASE("cross entropy: a logit of −∞, a class that is ruled out, adds nothing") {
  const double infinity = std::numeric_limits<double>::infinity();
  const xg::Tensor z = xg::variable(xg::tensor({{1, 2, -infinity}}, xg::float64));
  const double expected = std::log(std::exp(1) + std::exp(2)) - 2;
  for (const xg::Tensor& target : {xg::tensor({1}, xg::int64), xg::tensor({{0, 1, 0}}, xg::float64)}) {
    const xg::Tensor loss = xg::nn::CrossEntropy{}(z, target);
    CHECK(loss.item() == Approx(expected).epsilon(1e-14));
    const auto g = xg::gradients(loss, {z})[0].to_vector<double>();
    CHECK(g[0] == Approx(1 / (1 + std::exp(1))).epsilon(1e-13));
    CHECK(g[1] == Approx(-1 / (1 + std::exp(1))).epsilon(1e-13));
    CHECK(g[2] == 0);
  }
}

TEST_CASE("binary cross entropy: −Σ y log σ(z) + (1 − y) log(1 − σ(z)), gradient σ(z) − y") {
  const xg::Tensor z = xg::variable(xg::tensor({{0.3, -2}, {1e4, -1e4}}, xg::float64));
  const xg::Tensor y = xg::tensor({{1, 0.25}, {1, 0}}, xg::float64);
  const auto s = [](double v) { return 1 / (1 + std::exp(-v)); };
  const double expected =
      -std::log(s(0.3)) - 0.25 * std::log(s(-2)) - 0.75 * std::log(1 - s(-2));  // the second sample adds 0
  CHECK(xg::nn::BinaryCrossEntropy{}(z, y).item() == Approx(expected / 2).epsilon(1e-13));
  const auto g = xg::gradients(xg::nn::BinaryCrossEntropy{xg::nn::Reduction::sum}(z, y), {z})[0].to_vector<double>();
  CHECK(g[0] == Approx(s(0.3) - 1).epsilon(1e-13));
  CHECK(g[1] == Approx(s(-2) - 0.25).epsilon(1e-13));
  CHECK(g[2] == 0);
  CHECK(g[3] == 0);
}

TEST_CASE("mean squared error: the mean over all elements") {
  const xg::Tensor a = xg::tensor({{1, 2}, {3, 5}}, xg::float64);
  const xg::Tensor y = xg::tensor({{0, 0}, {1, 1}}, xg::float64);
  CHECK(xg::nn::MeanSquaredError{}(a, y).item() == 25.0 / 4);
  CHECK(xg::nn::MeanSquaredError{xg::nn::Reduction::sum}(a, y).item() == 25);
}

TEST_CASE("losses: shapes must be equal, nothing broadcasts") {
  const xg::Tensor a = xg::ones({2, 3});
  CHECK_THROWS_AS(static_cast<void>(xg::nn::QuadraticLoss{}(a, xg::ones({3}))), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(xg::nn::BinaryCrossEntropy{}(a, xg::ones({2, 1}))), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(xg::nn::MeanSquaredError{}(a, xg::ones({2}))), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(xg::nn::CrossEntropy{}(a, xg::ones({1, 3}))), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(xg::nn::QuadraticLoss{}(a, xg::ones({2, 3}, xg::float64))), xg::DTypeError);
}

TEST_CASE("accuracy: the share of rows whose largest output is the label's") {
  const xg::Tensor outputs = xg::tensor({{1, 2}, {3, 0}, {0, 1}, {5, 5}});
  CHECK(xg::nn::accuracy(outputs, xg::tensor({1, 0, 0, 0}, xg::int64)) == 0.75);
  CHECK(xg::nn::accuracy(xg::full({2, 2}, NAN), xg::tensor({0, 0}, xg::int64)) == 0);
  CHECK_THROWS_AS(static_cast<void>(xg::nn::accuracy(outputs, xg::tensor({1}, xg::int64))), xg::ShapeError);
}

TEST_CASE("accuracy: a label that is no class is an error that names row, label and range; so is nothing to judge") {
  const xg::Tensor outputs = xg::tensor({{1, 2}, {3, 0}, {0, 1}});
  CHECK_THROWS_WITH_AS(static_cast<void>(xg::nn::accuracy(outputs, xg::tensor({1, 2, 0}, xg::int64))),
                       "[accuracy] the label of row 1 is 2; expected 0 to 1 for outputs (3, 2)", xg::ValueError);
  CHECK_THROWS_WITH_AS(static_cast<void>(xg::nn::accuracy(outputs, xg::tensor({1, 0, -1}, xg::int64))),
                       "[accuracy] the label of row 2 is -1; expected 0 to 1 for outputs (3, 2)", xg::ValueError);
  for (const xg::Shape& shape : {xg::Shape{0, 2}, xg::Shape{2, 0}, xg::Shape{0, 0}}) {
    const xg::Tensor labels = xg::zeros({shape[0]}, xg::int64);
    CHECK_THROWS_AS(static_cast<void>(xg::nn::accuracy(xg::zeros(shape), labels)), xg::ValueError);
  }
}

TEST_CASE("parameters: a plain struct's are found with their field names") {
  xg::Random random{1};
  const Residual residual{{4, 4, random}, {4, 4, random}};
  CHECK(names(xg::nn::parameters(residual)) == std::vector<std::string>{"inner.W", "inner.b", "outer.W", "outer.b"});
}

TEST_CASE("parameters: nested structs, containers, pointers, Sequential, and fields that hold none") {
  xg::Random random{1};
  const xg::nn::Dense dense{2, 2, random, {.use_bias = false}};
  const Everything model{{dense, dense},
                         {dense, dense},
                         {dense},
                         std::nullopt,
                         std::make_shared<xg::nn::Dense>(dense),
                         xg::Parameter{xg::ones({1})},
                         3,
                         "label",
                         xg::nn::Sequential{xg::nn::Sigmoid{}, dense}};
  CHECK(names(xg::nn::parameters(model)) == std::vector<std::string>{"first.inner.W", "first.outer.W", "blocks.0.W",
                                                                     "blocks.1.W", "fixed.0.W", "shared.W", "scale",
                                                                     "tail.1.W"});
}

TEST_CASE("parameters: maps, pairs, tuples, raw pointers; paths and flags hold none") {
  struct Holder {
    std::map<std::string, xg::nn::Dense> by_name;
    std::pair<xg::nn::Dense, xg::nn::Dense> pair;
    std::tuple<xg::nn::Dense, int> tuple;
    const xg::nn::Dense* pointer;
    std::vector<bool> flags;
    std::vector<double> numbers;
    std::filesystem::path path;
  };
  xg::Random random{1};
  const xg::nn::Dense dense{2, 2, random, {.use_bias = false}};
  const Holder holder{{{"left", dense}}, {dense, dense}, {dense, 1}, &dense, {true}, {1.0}, "/a/b"};
  CHECK(names(xg::nn::parameters(holder)) ==
        std::vector<std::string>{"by_name.left.W", "pair.0.W", "pair.1.W", "tuple.0.W", "pointer.W"});
}

TEST_CASE("parameters: clone copies what a shared_ptr points to, and leaves the original alone") {
  struct Holder {
    std::shared_ptr<xg::nn::Dense> first, second;
  };
  xg::Random random{1};
  const auto dense = std::make_shared<xg::nn::Dense>(2, 2, random);
  const xg::Parameter before = dense->W;
  const Holder original{dense, dense};
  const Holder copy = xg::nn::clone(original);
  CHECK(original.first == dense);
  CHECK(dense->W.is(before));
  CHECK(copy.first != dense);
  CHECK(copy.first == copy.second);
  CHECK_FALSE(copy.first->W.is(before));
}

TEST_CASE("parameters: a parameters() member or a list of names overrides the fields") {
  const xg::Parameter p{xg::ones({1})};
  CHECK(names(xg::nn::parameters(Chosen{p, p})) == std::vector<std::string>{"only_b"});
  CHECK(names(xg::nn::parameters(Renamed{p, p})) == std::vector<std::string>{"alpha", "beta"});
}

TEST_CASE("parameters: copying a layer ties its weights, clone() unties the copy and keeps ties inside") {
  xg::Random random{1};
  const xg::nn::Dense shared{3, 3, random};
  const Residual tied{shared, shared};
  CHECK(tied.inner.W.is(tied.outer.W));
  const Residual copy = xg::nn::clone(tied);
  CHECK_FALSE(copy.inner.W.is(tied.inner.W));
  CHECK(copy.inner.W.is(copy.outer.W));
  CHECK(copy.inner.W.value().to_vector<float>() == shared.W.value().to_vector<float>());
  const xg::nn::Sequential net{shared, xg::nn::ReLU{}};
  const xg::nn::Sequential other = xg::nn::clone(net);
  shared.W.set(xg::zeros({3, 3}));
  CHECK(net.parameters()[0].parameter.value().to_vector<float>() == std::vector<float>(9, 0.F));
  CHECK(other.parameters()[0].parameter.value().to_vector<float>() != std::vector<float>(9, 0.F));
}

TEST_CASE("parameters: a tied weight gets the sum of both paths' gradients") {
  const xg::Parameter w{xg::scalar(3, xg::float64), "w"};
  const xg::Tensor y = xg::square(w * (w + 1.0));  // (w² + w)²: 2 (w² + w) (2w + 1)
  CHECK(xg::gradients(y, {w})[0].item() == 2 * 12 * 7);
}

TEST_CASE("sequential: layers in order, any callable is one, scopes and names by place") {
  xg::Random random{1};
  const xg::nn::Dense dense{3, 2, random};
  const xg::nn::Sequential net{dense, [](const xg::Tensor& x) { return x * 2.0; }, xg::nn::Tanh{}};
  const xg::Tensor x = xg::tensor({{1, 2, 3}});
  CHECK(net(x).to_vector<float>() == xg::tanh(dense(x) * 2.0).to_vector<float>());
  CHECK(names(net.parameters()) == std::vector<std::string>{"0.W", "0.b"});
  CHECK(net.layers()[2].type() == "Tanh");
  const auto graph = xg::nodes(net(x));
  CHECK(graph.back().scope == "2/Tanh");
  CHECK(graph.back().operation == "tanh");
  const std::string layers = xg::describe(net(x), xg::View::layers);
  CHECK(layers.find("0/Dense") != std::string::npos);
  CHECK(xg::nn::Sequential{}(x).to_vector<float>() == x.to_vector<float>());
}

TEST_CASE("scope: gradients belong to the scope of the node that they differentiate") {
  const xg::Tensor x = xg::variable(xg::scalar(0.5));
  xg::Tensor y;
  {
    const xg::Scope scope{"mine"};
    y = xg::sin(x);
  }
  const xg::Tensor g = xg::gradients(y, {x})[0];
  CHECK(xg::nodes(g).back().scope == "mine");
  CHECK(xg::nodes(x * 2.0).back().scope.empty());
}

TEST_CASE("layers: the activations are the functions") {
  const xg::Tensor x = xg::tensor({{-1, 0, 2}}, xg::float64);
  const auto at = [](const xg::Tensor& t, std::size_t i) { return t.to_vector<double>()[i]; };
  CHECK(at(xg::nn::Sigmoid{}(x), 0) == Approx(1 / (1 + std::exp(1.0))));
  CHECK(at(xg::nn::Tanh{}(x), 2) == Approx(std::tanh(2.0)));
  CHECK(xg::nn::ReLU{}(x).to_vector<double>() == std::vector<double>{0, 0, 2});
  const double total = std::exp(-1.0) + 1 + std::exp(2.0);
  CHECK(at(xg::nn::Softmax{}(x), 2) == Approx(std::exp(2.0) / total));
}

TEST_CASE("backward: a layer's generated backward returns input and parameter gradients by name") {
  const xg::nn::Dense dense{matrix(), xg::tensor({10, 20}, xg::float64)};
  const auto back = xg::nn::backward(dense);
  const xg::Tensor x = xg::tensor({1, 2, 3}, xg::float64);
  const xg::Tensor upstream = xg::tensor({1, 10}, xg::float64);
  const auto result = back(x, upstream);
  CHECK(result.output.to_vector<double>() == std::vector<double>{24, 52});
  CHECK(result.inputs[0].to_vector<double>() == std::vector<double>{41, 52, 63});      // Wᵀ δ
  CHECK(result["W"].to_vector<double>() == std::vector<double>{1, 2, 3, 10, 20, 30});  // δ xᵀ
  CHECK(result["b"].to_vector<double>() == std::vector<double>{1, 10});
  CHECK(error_of([&] { static_cast<void>(result["V"]); }).find("W, b") != std::string::npos);
  CHECK_THROWS_AS(static_cast<void>(back(x, xg::ones({3}, xg::float64))), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(back(std::vector{x, x}, upstream)), xg::ValueError);
}

TEST_CASE("backward: a layer of two inputs") {
  const auto product = [](const xg::Tensor& a, const xg::Tensor& b) { return a * b; };
  const xg::Tensor a = xg::tensor({2, 3}, xg::float64);
  const xg::Tensor b = xg::tensor({5, 7}, xg::float64);
  const auto result = xg::nn::backward(product, {a, b}, xg::tensor({1, 10}, xg::float64));
  CHECK(result.inputs[0].to_vector<double>() == std::vector<double>{5, 70});
  CHECK(result.inputs[1].to_vector<double>() == std::vector<double>{2, 30});
}

TEST_CASE("cross-entropy: an infinite logit of the right class costs nothing and sends no gradient") {
  const double infinity = std::numeric_limits<double>::infinity();
  const xg::Tensor is_right = xg::tensor({{1, 0}}, xg::float64) > 0.5;
  const xg::Tensor z = xg::variable(xg::where(is_right, infinity, xg::tensor({{0, 0}}, xg::float64)).eval());
  for (const xg::Tensor& target : {xg::tensor({0}, xg::int64), xg::tensor({{1, 0}}, xg::float64)}) {
    const xg::Tensor loss = xg::nn::CrossEntropy{}(z, target);
    CHECK(loss.item() == 0);
    CHECK(xg::gradients(loss, {z})[0].to_vector<double>() == std::vector<double>{0, 0});
  }
}
