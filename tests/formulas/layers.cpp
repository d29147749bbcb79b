// Layers are known by the roles of their scopes, whatever they are called: z, a and δ layer by layer.
#include <algorithm>
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

namespace xg = xgrad;
using xg::float64;
using xg::Scope;
using xg::Tensor;

namespace {

using Lines = std::vector<std::string>;

Lines lines_of(const std::vector<xg::Equation>& equations) {
  Lines lines;
  std::transform(equations.begin(), equations.end(), std::back_inserter(lines), [](const xg::Equation& equation) {
    return equation.left + " = " + equation.right + (equation.label.empty() ? "" : "  " + equation.label);
  });
  return lines;
}

Lines names_of(const std::vector<xg::Equation>& equations) {
  Lines names;
  std::transform(equations.begin(), equations.end(), std::back_inserter(names),
                 [](const xg::Equation& equation) { return equation.left; });
  return names;
}

xg::Random& generator() {
  static xg::Random random{11};
  return random;
}

xg::Parameter parameter(const xg::Shape& shape, const char* name) {
  return xg::Parameter{generator().normal(shape, 0, 1, float64), name};
}

Tensor data(const xg::Shape& shape) {
  return generator().normal(shape, 0, 1, float64).eval();
}

// A user's own: its name has the word Loss in it, and it isn't one.
struct LosslessEncoder {
  xg::Parameter W;
  xg::Parameter b;

  Tensor operator()(const Tensor& x) const {
    const Scope scope{"LosslessEncoder", Scope::Role::layer};
    return xg::matmul(W, x) + b;
  }
};

LosslessEncoder encoder(std::int64_t in, std::int64_t out) {
  return {parameter({out, in}, "W"), parameter({out}, "b")};
}

// The same without a scope of its own.
struct Plain {
  xg::Parameter W;
  xg::Parameter b;

  Tensor operator()(const Tensor& x) const { return xg::matmul(W, x) + b; }
};

Plain plain(std::int64_t in, std::int64_t out) {
  return {parameter({out, in}, "W"), parameter({out}, "b")};
}

template <class Model>
std::vector<Tensor> tensors(const Model& model) {
  std::vector<Tensor> result;
  for (const xg::NamedParameter& named : xg::nn::parameters(model)) {
    result.emplace_back(named);
  }
  return result;
}

const Lines document_forward{"z¹ = W¹ x + b¹", "a¹ = σ(z¹)", "z² = W² a¹ + b²", "a² = σ(z²)", "Loss = ½ Σ (a² − y)²"};
const Lines document_backward{"δ² = (a² − y) ⊙ σ′(z²)  BP1", "∂Loss/∂b² = δ²  BP3", "∂Loss/∂W² = δ² a¹ᵀ  BP4",
                              "δ¹ = (W²ᵀ δ²) ⊙ σ′(z¹)  BP2", "∂Loss/∂b¹ = δ¹  BP3", "∂Loss/∂W¹ = δ¹ xᵀ  BP4"};

struct Pair {
  LosslessEncoder first;
  LosslessEncoder second;
};

}  // namespace

TEST_CASE("layers: a user's struct with a role is derived as the document's, whatever it is called") {
  const Pair net{encoder(2, 3), encoder(3, 2)};
  const Tensor x = data({2});
  const Tensor y = data({2});
  const Tensor loss = xg::nn::QuadraticLoss{}(xg::sigmoid(net.second(xg::sigmoid(net.first(x)))), y);
  const xg::Derivation derivation = xg::derive(loss, tensors(net));
  CHECK(lines_of(derivation.forward) == document_forward);
  CHECK(lines_of(derivation.backward) == document_backward);
}

TEST_CASE("layers: a struct that opens no scope is a layer where it stands in a Sequential") {
  const xg::nn::Sequential net{plain(2, 3), xg::nn::Sigmoid{}, plain(3, 2), xg::nn::Sigmoid{}};
  const Tensor loss = xg::nn::QuadraticLoss{}(net(data({2})), data({2}));
  const xg::Derivation derivation = xg::derive(loss, tensors(net));
  CHECK(lines_of(derivation.forward) == document_forward);
  CHECK(lines_of(derivation.backward) == document_backward);
}

TEST_CASE("layers: two calls in a row are two layers, also of one struct") {
  const LosslessEncoder shared = encoder(2, 2);
  const Tensor once = shared(data({2}));
  const xg::Derivation derivation = xg::derive(xg::sum(xg::square(shared(once))), tensors(shared));
  CHECK(lines_of(derivation.forward) == Lines{"z¹ = W x + b", "z² = W z¹ + b", "Loss = Σ (z²)²"});
  CHECK(names_of(derivation.backward) == Lines{"δ²", "δ¹", "∂Loss/∂b", "∂Loss/∂W"});
}

TEST_CASE("layers: the name Dense alone, without a role, is no layer") {
  const xg::Parameter W = parameter({2, 2}, "W");
  Tensor z;
  {
    const Scope scope{"Dense"};
    z = xg::matmul(W, data({2}));
  }
  CHECK(names_of(xg::derive(xg::sum(xg::square(z)), {W}).forward) == Lines{"Loss"});
}

TEST_CASE("layers: with other activations and losses BP2 to BP4 hold, and BP1 only of the quadratic loss") {
  const xg::nn::Sequential net{plain(2, 3), xg::nn::Tanh{}, plain(3, 2)};
  const Tensor x = data({2});
  const Tensor y = xg::softmax(data({2}), -1).eval().named("y");
  const Lines hidden{"∂Loss/∂b² = δ²  BP3", "∂Loss/∂W² = δ² a¹ᵀ  BP4", "δ¹ = (W²ᵀ δ²) ⊙ tanh′(z¹)  BP2",
                     "∂Loss/∂b¹ = δ¹  BP3", "∂Loss/∂W¹ = δ¹ xᵀ  BP4"};
  const auto backward = [&](const Tensor& loss) { return lines_of(xg::derive(loss, tensors(net)).backward); };
  const auto with_first = [&](const char* first) {
    Lines lines{first};
    lines.insert(lines.end(), hidden.begin(), hidden.end());
    return lines;
  };
  CHECK(backward(xg::nn::QuadraticLoss{}(xg::tanh(net(x)), y)) == with_first("δ² = (a² − y) ⊙ tanh′(z²)  BP1"));
  CHECK(backward(xg::nn::QuadraticLoss{}(net(x), y)) == with_first("δ² = z² − y"));
  CHECK(backward(xg::nn::CrossEntropy{}(net(x), y)) == with_first("δ² = a² − y"));
  CHECK(backward(xg::nn::BinaryCrossEntropy{}(net(x), y)) == with_first("δ² = a² − y"));
  CHECK(backward(xg::nn::MeanSquaredError{}(xg::tanh(net(x)), y)) == with_first("δ² = (a² − y) ⊙ tanh′(z²)  BP1"));
}

TEST_CASE("layers: the labels go by the formulas, whatever the tensors are called") {
  const xg::Parameter V = parameter({2, 3}, "V");
  Tensor z;
  {
    const Scope scope{"Mine", Scope::Role::layer};
    z = xg::matmul(V, data({3}).named("input"));
  }
  const Tensor a = xg::sigmoid(z);
  const xg::Derivation derivation = xg::derive(0.5 * xg::sum(xg::square(a - data({2}).named("target"))), {V});
  CHECK(lines_of(derivation.backward) == Lines{"δ = (a − target) ⊙ σ′(z)  BP1", "∂Loss/∂V = δ inputᵀ  BP4"});
}

TEST_CASE("layers: one without an activation has a z and no a") {
  const xg::nn::Sequential net{plain(2, 3), plain(3, 2), xg::nn::Tanh{}};
  const xg::Derivation derivation = xg::derive(xg::sum(net(data({2}))), tensors(net));
  CHECK(lines_of(derivation.forward) == Lines{"z¹ = W¹ x + b¹", "z² = W² z¹ + b²", "a² = tanh(z²)", "Loss = Σ a²"});
}

TEST_CASE("layers: in a residual block the layers inside are numbered, the block isn't") {
  struct Residual {
    xg::nn::Dense inner, outer;
    Tensor operator()(const Tensor& x) const { return x + outer(xg::sigmoid(inner(x))); }
  };
  const auto dense = [] { return xg::nn::Dense{2, 2, generator(), {.dtype = float64}}; };
  const xg::nn::Sequential net{dense(), Residual{dense(), dense()}, dense()};
  const xg::Derivation derivation = xg::derive(xg::sum(net(data({2}))), tensors(net));
  CHECK(lines_of(derivation.forward) == Lines{"z¹ = W¹ x + b¹", "z² = W² z¹ + b²", "a² = σ(z²)", "z³ = W³ a² + b³",
                                              "z⁴ = W⁴ (z¹ + z³) + b⁴", "Loss = Σ z⁴"});
}

TEST_CASE("layers: z is what the activation takes, after all else that the layer does") {
  struct Normalised {
    xg::Parameter W, gamma;
    Tensor operator()(const Tensor& x) const {
      const Scope scope{"Normalised", Scope::Role::layer};
      const Tensor product = xg::matmul(W, x);
      const Tensor centred = product - xg::mean(product);
      return xg::tanh(gamma * centred / xg::sqrt(xg::mean(xg::square(centred)) + 1e-5));
    }
  };
  const auto layer = [](std::int64_t in, std::int64_t out) {
    return Normalised{parameter({out, in}, "W"), parameter({out}, "γ")};
  };
  const xg::nn::Sequential net{layer(3, 4), layer(4, 3)};
  const Tensor loss = xg::sum(xg::square(net(data({3}))));
  const xg::Derivation derivation = xg::derive(loss, tensors(net));
  CHECK(derivation["a¹"].right == "tanh(z¹)");
  CHECK(derivation["a²"].right == "tanh(z²)");
  CHECK(derivation["z¹"].shape == xg::Shape{4});
  CHECK(derivation["δ²"].right == "2 a² ⊙ tanh′(z²)");
  const std::vector<Tensor> gradients = xg::gradients(loss, tensors(net));
  const Tensor found = derivation["∂Loss/∂W¹"].value;
  CHECK(xg::max(xg::abs(found - gradients[0])).item() < 1e-12 * xg::max(xg::abs(gradients[0])).item());
  CHECK(std::count_if(derivation.backward.begin(), derivation.backward.end(),
                      [](const xg::Equation& equation) { return equation.label == "BP4"; }) == 0);
}

TEST_CASE("layers: an activation that ends a block around one layer is that layer's") {
  struct Block {
    xg::nn::Dense inner;
    Tensor operator()(const Tensor& x) const {
      const Tensor z = inner(x);
      return xg::relu(z - xg::mean(z));
    }
  };
  const xg::nn::Sequential net{Block{xg::nn::Dense{2, 3, generator(), {.dtype = float64}}},
                               xg::nn::Dense{3, 2, generator(), {.dtype = float64}}};
  const xg::Derivation derivation = xg::derive(xg::sum(net(data({2}))), tensors(net));
  CHECK(names_of(derivation.forward) == Lines{"z¹", "a¹", "z²", "Loss"});
}

TEST_CASE("layers: what has no parameters isn't numbered, so l is that of Wˡ") {
  struct Halved {
    Tensor operator()(const Tensor& x) const { return x * 0.5; }
  };
  const xg::nn::Sequential net{Halved{}, plain(2, 3), Halved{}, plain(3, 2)};
  const xg::Derivation derivation = xg::derive(xg::sum(net(data({2}))), tensors(net));
  CHECK(names_of(derivation.forward) == Lines{"z¹", "z²", "Loss"});
}

TEST_CASE("layers: an activation of several operations, with a role, makes a of z") {
  const auto swish = [](const Tensor& x) {
    const Scope scope{"Swish", Scope::Role::activation};
    return x * xg::sigmoid(x);
  };
  const LosslessEncoder layer = encoder(2, 3);
  const xg::Derivation derivation = xg::derive(xg::sum(swish(layer(data({2})))), tensors(layer));
  CHECK(lines_of(derivation.forward) == Lines{"z = W x + b", "a = z ⊙ σ(z)", "Loss = Σ a"});
}

TEST_CASE("layers: a layer of two inputs") {
  struct Gate {
    xg::Parameter U, V;
    Tensor operator()(const Tensor& h, const Tensor& x) const {
      const Scope scope{"Gate", Scope::Role::layer};
      return xg::sigmoid(xg::matmul(U, h) + xg::matmul(V, x));
    }
  };
  const Gate gate{parameter({2, 2}, "U"), parameter({2, 3}, "V")};
  const LosslessEncoder start = encoder(3, 2);
  const Tensor x = data({3});
  const Tensor loss = xg::nn::QuadraticLoss{}(gate(xg::tanh(start(x)), x), data({2}));
  std::vector<Tensor> xs = tensors(start);
  xs.emplace_back(gate.U);
  xs.emplace_back(gate.V);
  const xg::Derivation derivation = xg::derive(loss, xs);
  CHECK(lines_of(derivation.forward) ==
        Lines{"z¹ = W x + b", "a¹ = tanh(z¹)", "z² = U a¹ + V x", "a² = σ(z²)", "Loss = ½ Σ (a² − y)²"});
  CHECK(derivation["∂Loss/∂U"].right == "δ² a¹ᵀ");
  CHECK(derivation["∂Loss/∂V"].right == "δ² xᵀ");
}

TEST_CASE("layers: a loss of the user's, by its role, takes the target y") {
  const auto objective = [](const Tensor& a, const Tensor& y) {
    const Scope scope{"Distance", Scope::Role::loss};
    return xg::sum(xg::abs(y + a));
  };
  const LosslessEncoder layer = encoder(2, 2);
  CHECK(lines_of(xg::derive(objective(layer(data({2})), data({2})), tensors(layer)).forward) ==
        Lines{"z = W x + b", "Loss = Σ |y + z|"});
}

TEST_CASE("layers: the derivative of a layer is no layer") {
  const LosslessEncoder layer = encoder(2, 2);
  const Tensor loss = xg::sum(xg::square(xg::sigmoid(layer(data({2})))));
  const std::vector<Tensor> xs = tensors(layer);
  const Tensor size = xg::sum(xg::square(xg::gradients(loss, {xs[0]})[0]));
  const Lines names = names_of(xg::derive(size, xs).forward);
  CHECK(std::count(names.begin(), names.end(), "z") == 1);
  CHECK(std::none_of(names.begin(), names.end(), [](const std::string& name) { return name.starts_with("z¹"); }));
}

TEST_CASE("layers: nodes know the role of their scope, and describe() counts what is inside of a layer with it") {
  const auto layer = [](const Tensor& x) {
    const Scope scope{"Encoder", Scope::Role::layer};
    const Tensor h = x * 2.0;
    const Scope detail{"detail"};
    return h + 1.0;
  };
  const Tensor x = xg::variable(data({2}));
  const Tensor a = xg::nn::Sigmoid{}(layer(x));
  const Tensor loss = xg::nn::QuadraticLoss{}(a, data({2}));
  const auto role_of = [&](const std::string& scope) {
    const std::vector<xg::NodeInfo> all = xg::nodes(loss);
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& node) { return node.scope == scope; });
    REQUIRE(found != all.end());
    return found->role;
  };
  CHECK(role_of("") == Scope::Role::none);
  CHECK(role_of("Encoder") == Scope::Role::layer);
  CHECK(role_of("Encoder/detail") == Scope::Role::layer);
  CHECK(role_of("Sigmoid") == Scope::Role::activation);
  CHECK(role_of("QuadraticLoss") == Scope::Role::loss);
  CHECK(xg::nodes(xg::gradients(xg::sum(layer(x)), {x})[0]).back().role == Scope::Role::none);
  const std::string table = xg::describe(loss, xg::View::layers);
  CHECK(table.starts_with("Encoder                            2 operations"));
  CHECK(table.find("detail") == std::string::npos);
}

TEST_CASE("layers: check names what a user's layers compute, and diagnoses a mistake in their δ") {
  const xg::nn::Sequential net{plain(2, 3), xg::nn::Sigmoid{}, plain(3, 2), xg::nn::Sigmoid{}};
  const Tensor x = data({2});
  const Tensor y = data({2});
  const auto loss = [&] { return xg::nn::QuadraticLoss{}(net(x), y); };
  // BP1 to BP4 by hand, with σ′(z¹) forgotten in δ¹.
  const std::vector<Tensor> p = tensors(net);
  const Tensor a1 = xg::sigmoid(xg::matmul(p[0], x) + p[1]);
  const Tensor a2 = xg::sigmoid(xg::matmul(p[2], a1) + p[3]);
  const Tensor d2 = (a2 - y) * a2 * (1.0 - a2);
  const Tensor d1 = xg::matmul(xg::transpose(p[2]), d2);
  const auto outer = [](const Tensor& u, const Tensor& v) {
    return xg::matmul(xg::reshape(u, {u.size(), 1}), xg::reshape(v, {1, v.size()}));
  };
  const std::vector<Tensor> by_hand{outer(d1, x), d1, outer(d2, a1), d2};
  const xg::check::Report report =
      xg::check::compare(loss, net.parameters(), {.manual = by_hand, .intermediates = true});
  Lines names;
  std::transform(report.tensors.begin(), report.tensors.end(), std::back_inserter(names),
                 [](const auto& row) { return row.name; });
  CHECK(names == Lines{"a²", "z²", "a¹", "z¹"});
  CHECK(report.text().find("the factor σ′(z¹) left out in δ¹") != std::string::npos);
}

TEST_CASE("layers: diagnosis takes the number of samples from what layers compute, not from the first matrix") {
  const xg::nn::Sequential net{xg::nn::Dense{2, 3, generator(), {.dtype = float64}}, xg::nn::Tanh{}};
  const Tensor mixing = data({9, 7});
  const Tensor x = data({9, 2});
  const auto loss = [&] {
    return xg::nn::QuadraticLoss{}(net(xg::matmul(xg::transpose(mixing), x)), xg::zeros({7, 3}, float64));
  };
  const std::vector<Tensor> p = tensors(net);
  const std::vector<Tensor> right = xg::gradients(loss(), p);
  const std::vector<Tensor> averaged_twice{(right[0] / 7.0).eval(), (right[1] / 7.0).eval()};
  const std::string text = xg::check::compare(loss, net.parameters(), {.manual = averaged_twice}).text();
  CAPTURE(text);
  CHECK(text.find("the number of samples") != std::string::npos);
}
