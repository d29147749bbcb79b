#include "support/wrong_passes.hpp"

#include <algorithm>
#include <utility>

namespace xgrad::test {

namespace {

constexpr std::int64_t batch = 7;

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_{seed} {}
  Parameter parameter(const Shape& shape, const char* name) {
    return Parameter{random_.normal(shape, 0, 1, float64), name};
  }
  Tensor normal(const Shape& shape) { return random_.normal(shape, 0, 1, float64).eval(); }
  Tensor uniform(const Shape& shape) { return random_.uniform(shape, 0, 1, float64).eval(); }
  std::int64_t integer(std::uint64_t bound) { return static_cast<std::int64_t>(random_.integer(bound)); }

 private:
  Random random_;
};

Tensor t(const Tensor& x) {
  return transpose(x);
}

Tensor last_row(const Tensor& x) {
  return slice(x, {x.dim(0) - 1, x.dim(0)}, 0);
}

enum class Act { sigmoid, tanh, relu };
enum class Loss { quadratic, mse, binary, classes };

// Two layers with biases.
Example dense(std::uint64_t seed, Act act, Loss kind) {
  Draw draw{seed};
  const std::vector<NamedParameter> parameters{{"W1", draw.parameter({5, 4}, "W")},
                                               {"b1", draw.parameter({5}, "b")},
                                               {"W2", draw.parameter({3, 5}, "W")},
                                               {"b2", draw.parameter({3}, "b")}};
  const Tensor x = draw.normal({batch, 4});
  Tensor y = draw.uniform({batch, 3});
  std::vector<std::int64_t> classes;
  for (std::int64_t i = 0; i < batch; ++i) {
    classes.push_back(draw.integer(3));
  }
  if (kind == Loss::classes) {
    y = one_hot(from_vector(classes, {batch}), 3, float64).eval();
  }
  const nn::Dense first{parameters[0].parameter, parameters[1].parameter};
  const nn::Dense second{parameters[2].parameter, parameters[3].parameter};
  const auto activate = [act](const Tensor& z) {
    return act == Act::sigmoid ? sigmoid(z) : act == Act::tanh ? tanh(z) : relu(z);
  };
  const auto slope = [act](const Tensor& z) {
    const Tensor a = act == Act::sigmoid ? sigmoid(z) : tanh(z);
    return act == Act::sigmoid ? a * (1.0 - a) : act == Act::tanh ? 1.0 - square(a) : cast(z > 0.0, float64);
  };
  const std::vector<Parameter> cells{parameters[0].parameter, parameters[1].parameter, parameters[2].parameter,
                                     parameters[3].parameter};
  const bool squashed = kind == Loss::quadratic || kind == Loss::mse;
  Example example;
  example.architecture = std::string{"dense "} +
                         (act == Act::sigmoid ? "sigmoid"
                          : act == Act::tanh  ? "tanh"
                                              : "relu") +
                         (kind == Loss::quadratic ? " quadratic"
                          : kind == Loss::mse     ? " mse"
                          : kind == Loss::binary  ? " binary cross-entropy"
                                                  : " cross-entropy");
  example.parameters = parameters;
  example.loss = [=]() -> Tensor {
    const auto layer = [](const Tensor& in, const Parameter& W, const Parameter& b) {
      const Scope scope{"Dense"};
      return matmul(in, transpose(W.value())) + b.value();
    };
    const Tensor a = activate(layer(x, cells[0], cells[1]));
    const Tensor z = layer(a, cells[2], cells[3]);
    switch (kind) {
      case Loss::quadratic:
        return nn::QuadraticLoss{}(activate(z), y);
      case Loss::mse:
        return nn::MeanSquaredError{}(activate(z), y);
      case Loss::binary:
        return nn::BinaryCrossEntropy{}(z, y);
      case Loss::classes:
        return nn::CrossEntropy{}(z, y);
    }
    return {};
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor W1 = cells[0].value();
    const Tensor b1 = cells[1].value();
    const Tensor W2 = cells[2].value();
    const Tensor b2 = cells[3].value();
    const Tensor z1 = matmul(x, t(W1)) + b1;
    const Tensor a1 = activate(z1);
    const Tensor z2 = matmul(a1, t(W2)) + b2;
    const Tensor a2 = squashed ? activate(z2) : kind == Loss::binary ? sigmoid(z2) : softmax(z2, -1);
    double share = 1.0 / static_cast<double>(batch);
    if (kind == Loss::mse) {
      share = 2.0 / (3.0 * static_cast<double>(batch));
    }
    Tensor d2 = share * (a2 - y);
    if (squashed) {
      d2 = d2 * slope(z2);
    }
    if (is("no slope at the output")) {
      d2 = share * (a2 - y);
    } else if (is("slope too much at the output")) {
      d2 = d2 * a2 * (1.0 - a2);
    } else if (is("sign at the output")) {
      d2 = -d2;
    } else if (is("sum for mean")) {
      d2 = d2 / share;
    } else if (is("twice")) {
      d2 = 2.0 * d2;
    } else if (is("half")) {
      d2 = 0.5 * d2;
    } else if (is("target forgotten")) {
      d2 = squashed ? share * a2 * slope(z2) : share * a2;
    } else if (is("output before the activation")) {
      d2 = squashed ? share * (z2 - y) * slope(z2) : share * (z2 - y);
    } else if (is("slope at the activation, output")) {
      d2 = share * (a2 - y) * slope(a2);
    } else if (is("factor 1.0009")) {
      d2 = 1.0009 * d2;
    }
    const Tensor s1 = slope(z1);
    Tensor d1 = matmul(d2, W2) * s1;
    if (is("no slope")) {
      d1 = matmul(d2, W2);
    } else if (is("activation for slope")) {
      d1 = matmul(d2, W2) * a1;
    } else if (is("slope at the activation")) {
      d1 = matmul(d2, W2) * slope(a1);
    } else if (is("slope of tanh")) {
      d1 = matmul(d2, W2) * (1.0 - square(tanh(z1)));
    } else if (is("slope of sigmoid")) {
      d1 = matmul(d2, W2) * sigmoid(z1) * (1.0 - sigmoid(z1));
    } else if (is("one minus the activation")) {
      d1 = matmul(d2, W2) * (1.0 - a1);
    } else if (is("formula of the activation with z")) {
      d1 = matmul(d2, W2) * (act == Act::sigmoid ? z1 * (1.0 - z1) : 1.0 - square(z1));
    } else if (is("updated weights")) {
      d1 = matmul(d2, W2 - 0.25 * matmul(t(d2), a1)) * s1;
    } else if (is("slope squared")) {
      d1 = matmul(d2, W2) * s1 * s1;
    } else if (is("not passed on")) {
      d1 = zeros_like(d1);
    } else if (is("sign in the middle")) {
      d1 = -d1;
    }
    Tensor dW1 = matmul(t(d1), x);
    Tensor db1 = sum(d1, 0);
    Tensor dW2 = matmul(t(d2), a1);
    Tensor db2 = sum(d2, 0);
    if (is("z for a")) {
      dW2 = matmul(t(d2), z1);
    } else if (is("last sample")) {
      dW1 = matmul(t(last_row(d1)), last_row(x));
    } else if (is("last sample of the bias")) {
      db1 = reshape(last_row(d1), {5});
    } else if (is("mean of the bias")) {
      db2 = mean(d2, 0);
    } else if (is("weight decay")) {
      dW1 = dW1 + 0.01 * W1;
    } else if (is("sign of one weight")) {
      dW1 = -dW1;
    } else if (is("slope forgotten for one weight")) {
      dW1 = matmul(t(matmul(d2, W2)), x);
    } else if (is("bias zero")) {
      db1 = zeros_like(db1);
    } else if (is("two: sign and slope")) {
      dW1 = -matmul(t(matmul(d2, W2)), x);
    } else if (is("two: z for a, twice")) {
      dW2 = 2.0 * matmul(t(d2), z1);
    } else if (is("two: decay and bias")) {
      dW1 = dW1 + 0.5 * W1;
      db2 = -db2;
    }
    return std::vector<Tensor>{dW1, db1, dW2, db2};
  };
  return example;
}

Example residual(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter U = draw.parameter({4, 3}, "U");
  const Parameter W = draw.parameter({4, 4}, "W");
  const Parameter V = draw.parameter({4, 4}, "V");
  const Tensor x = draw.normal({batch, 3}).named("x");
  const Tensor y = draw.normal({batch, 4}).named("y");
  Example example{"residual", {{"U", U}, {"W", W}, {"V", V}}, {}, {}};
  example.loss = [=] {
    const Tensor u = matmul(x, t(U)).named("u");
    const Tensor z = matmul(u, t(W)).named("z");
    const Tensor a = sigmoid(z).named("a");
    const Tensor h = (u + matmul(a, t(V))).named("h");
    return 0.5 * sum(square(h - y));
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor u = matmul(x, t(U));
    const Tensor z = matmul(u, t(W));
    const Tensor a = sigmoid(z);
    const Tensor h = u + matmul(a, t(V));
    const Tensor dh = h - y;
    Tensor dz = matmul(dh, V) * a * (1.0 - a);
    if (is("no slope")) {
      dz = matmul(dh, V);
    } else if (is("V transposed")) {
      dz = matmul(dh, t(V)) * a * (1.0 - a);
    } else if (is("W for V")) {
      dz = matmul(dh, W) * a * (1.0 - a);
    }
    Tensor du = dh + matmul(dz, W);
    if (is("no skip")) {
      du = matmul(dz, W);
    } else if (is("skip only")) {
      du = dh;
    } else if (is("W transposed")) {
      du = dh + matmul(dz, t(W));
    } else if (is("skip sign")) {
      du = matmul(dz, W) - dh;
    } else if (is("skip twice")) {
      du = 2.0 * dh + matmul(dz, W);
    }
    Tensor dV = matmul(t(dh), a);
    Tensor dW = matmul(t(dz), u);
    if (is("z for a")) {
      dV = matmul(t(dh), z);
    } else if (is("h for u")) {
      dW = matmul(t(dz), h);
    } else if (is("V gradient transposed")) {
      dV = t(dV);
    }
    return std::vector<Tensor>{matmul(t(du), x), dW, dV};
  };
  return example;
}

Example tied(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter W = draw.parameter({5, 4}, "W");
  const Parameter b = draw.parameter({5}, "b");
  const Tensor x = draw.normal({batch, 4}).named("x");
  Example example{"tied weights", {{"W", W}, {"b", b}}, {}, {}};
  example.loss = [=] {
    const Tensor z = (matmul(x, t(W)) + b.value()).named("z");
    const Tensor h = tanh(z).named("h");
    const Tensor o = matmul(h, W).named("o");
    return 0.5 * sum(square(o - x));
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor z = matmul(x, t(W)) + b.value();
    const Tensor h = tanh(z);
    const Tensor d = matmul(h, W) - x;
    Tensor dz = matmul(d, t(W)) * (1.0 - square(h));
    if (is("no slope")) {
      dz = matmul(d, t(W));
    } else if (is("slope at the activation")) {
      dz = matmul(d, t(W)) * (1.0 - square(tanh(h)));
    }
    Tensor dW = matmul(t(h), d) + matmul(t(dz), x);
    if (is("decoder's use forgotten")) {
      dW = matmul(t(dz), x);
    } else if (is("encoder's use forgotten")) {
      dW = matmul(t(h), d);
    } else if (is("sign of one use")) {
      dW = matmul(t(dz), x) - matmul(t(h), d);
    } else if (is("mean of the uses")) {
      dW = 0.5 * dW;
    } else if (is("z for h")) {
      dW = matmul(t(z), d) + matmul(t(dz), x);
    }
    return std::vector<Tensor>{dW, is("bias zero") ? zeros({5}, float64) : sum(dz, 0)};
  };
  return example;
}

Example attention(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter Wq = draw.parameter({4, 3}, "W_q");
  const Parameter Wk = draw.parameter({4, 3}, "W_k");
  const Parameter Wv = draw.parameter({4, 3}, "W_v");
  const Tensor x = draw.normal({5, 4}).named("X");
  const Tensor y = draw.normal({5, 3}).named("Y");
  const double scale = 0.57735;
  Example example{"attention", {{"W_q", Wq}, {"W_k", Wk}, {"W_v", Wv}}, {}, {}};
  example.loss = [=] {
    const Tensor q = matmul(x, Wq).named("Q");
    const Tensor k = matmul(x, Wk).named("K");
    const Tensor v = matmul(x, Wv).named("V");
    const Tensor s = (matmul(q, t(k)) * scale).named("S");
    const Tensor a = softmax(s, -1).named("A");
    const Tensor o = matmul(a, v).named("O");
    return 0.5 * sum(square(o - y));
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor q = matmul(x, Wq);
    const Tensor k = matmul(x, Wk);
    const Tensor v = matmul(x, Wv);
    const Tensor a = softmax(matmul(q, t(k)) * scale, -1);
    const Tensor d = matmul(a, v) - y;
    Tensor dv = matmul(t(a), d);
    if (is("A not transposed")) {
      dv = matmul(a, d);
    }
    const Tensor da = matmul(d, t(v));
    Tensor ds = a * (da - sum(da * a, -1, true));
    if (is("softmax as if element-wise")) {
      ds = a * da;
    } else if (is("sigmoid's slope")) {
      ds = da * a * (1.0 - a);
    } else if (is("sum over the wrong axis")) {
      ds = a * (da - sum(da * a, 0, true));
    } else if (is("softmax left out")) {
      ds = da - sum(da * a, -1, true);
    }
    Tensor dq = scale * matmul(ds, k);
    Tensor dk = scale * matmul(t(ds), q);
    if (is("scale forgotten for Q")) {
      dq = matmul(ds, k);
    } else if (is("scale forgotten")) {
      dq = matmul(ds, k);
      dk = matmul(t(ds), q);
    } else if (is("S not transposed")) {
      dk = scale * matmul(ds, q);
    } else if (is("K for Q")) {
      dk = scale * matmul(t(ds), k);
    } else if (is("V for K")) {
      dq = scale * matmul(ds, v);
    }
    return std::vector<Tensor>{matmul(t(x), dq), matmul(t(x), dk), matmul(t(x), dv)};
  };
  return example;
}

Example layer_norm(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter W = draw.parameter({6, 4}, "W");
  const Parameter gamma = draw.parameter({6}, "γ");
  const Parameter beta = draw.parameter({6}, "β");
  const Tensor x = draw.normal({batch, 4}).named("x");
  const Tensor y = draw.normal({batch, 6}).named("y");
  Example example{"layer normalisation", {{"W", W}, {"γ", gamma}, {"β", beta}}, {}, {}};
  example.loss = [=] {
    const Tensor u = matmul(x, t(W)).named("u");
    const Tensor c = (u - mean(u, -1, true)).named("c");
    const Tensor s = rsqrt(mean(square(c), -1, true) + 0.001).named("s");
    const Tensor n = (c * s).named("n");
    const Tensor o = (gamma.value() * n + beta.value()).named("o");
    return 0.5 * sum(square(o - y));
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor u = matmul(x, t(W));
    const Tensor c = u - mean(u, -1, true);
    const Tensor s = rsqrt(mean(square(c), -1, true) + 0.001);
    const Tensor n = c * s;
    const Tensor d = gamma.value() * n + beta.value() - y;
    Tensor dn = d * gamma.value();
    if (is("γ forgotten")) {
      dn = d;
    }
    const Tensor ds = sum(dn * c, -1, true);
    Tensor dc = dn * s - ds * s * s * s * c / 6.0;
    if (is("variance a constant")) {
      dc = dn * s;
    } else if (is("s squared")) {
      dc = dn * s - ds * s * s * c / 6.0;
    } else if (is("variance path's sign")) {
      dc = dn * s + ds * s * s * s * c / 6.0;
    } else if (is("n for c")) {
      dc = dn * s - ds * s * s * s * n / 6.0;
    }
    Tensor du = dc - mean(dc, -1, true);
    if (is("mean a constant")) {
      du = dc;
    } else if (is("mean path's sign")) {
      du = dc + mean(dc, -1, true);
    }
    Tensor dgamma = sum(d * n, 0);
    if (is("c for n")) {
      dgamma = sum(d * c, 0);
    }
    return std::vector<Tensor>{matmul(t(du), x), dgamma,
                               is("β of the last sample") ? reshape(last_row(d), {6}) : sum(d, 0)};
  };
  return example;
}

Example convolution(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter w = draw.parameter({3}, "w");
  const Parameter b = draw.parameter({8}, "b");
  const Tensor x = draw.normal({10}).named("x");
  const Tensor y = draw.normal({8}).named("y");
  const auto window = [x](std::int64_t i) { return slice(x, {i, i + 8}, 0); };
  Example example{"convolution", {{"w", w}, {"b", b}}, {}, {}};
  example.loss = [=] {
    const Tensor k = w.value();
    const Tensor z = (slice(k, {0, 1}, 0) * window(0) + slice(k, {1, 2}, 0) * window(1) +
                      slice(k, {2, 3}, 0) * window(2) + b.value())
                         .named("z");
    const Tensor a = tanh(z).named("a");
    return 0.5 * sum(square(a - y));
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor k = w.value();
    const Tensor z =
        slice(k, {0, 1}, 0) * window(0) + slice(k, {1, 2}, 0) * window(1) + slice(k, {2, 3}, 0) * window(2) + b.value();
    const Tensor a = tanh(z);
    Tensor dz = (a - y) * (1.0 - square(a));
    if (is("no slope")) {
      dz = a - y;
    } else if (is("sign")) {
      dz = (y - a) * (1.0 - square(a));
    } else if (is("formula of the activation with z")) {
      dz = (a - y) * (1.0 - square(z));
    } else if (is("sigmoid's slope")) {
      dz = (a - y) * sigmoid(z) * (1.0 - sigmoid(z));
    }
    std::vector<Tensor> taps;
    for (std::int64_t i = 0; i < 3; ++i) {
      const bool left_out = is("a tap left out") && i == 1;
      taps.push_back(left_out ? zeros({}, float64) : sum(dz * window(i)));
    }
    Tensor dw = stack(taps);
    if (is("weight decay")) {
      dw = dw + 0.1 * k;
    }
    return std::vector<Tensor>{dw, dz};
  };
  return example;
}

Example recurrent(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter W = draw.parameter({4, 4}, "W");
  const Parameter U = draw.parameter({4, 3}, "U");
  const Tensor h0 = draw.normal({4}).named("h0");
  const std::vector<Tensor> x{draw.normal({3}).named("x1"), draw.normal({3}).named("x2"), draw.normal({3}).named("x3")};
  const Tensor y = draw.normal({4}).named("y");
  Example example{"recurrent cell", {{"W", W}, {"U", U}}, {}, {}};
  example.loss = [=] {
    Tensor h = h0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const Tensor z = (matmul(W, h) + matmul(U, x[i])).named("z" + std::to_string(i + 1));
      h = tanh(z).named("h" + std::to_string(i + 1));
    }
    return 0.5 * sum(square(h - y));
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    std::vector<Tensor> h{h0};
    for (const Tensor& input : x) {
      h.push_back(tanh(matmul(W, h.back()) + matmul(U, input)));
    }
    Tensor dh = h[3] - y;
    Tensor dW = zeros({4, 4}, float64);
    Tensor dU = zeros({4, 3}, float64);
    for (std::size_t i = 3; i > 0; --i) {
      Tensor dz = dh * (1.0 - square(h[i]));
      if (is("no slope at the end") && i == 3) {
        dz = dh;
      }
      const bool cut = is("only the last step") && i < 3;
      if (!cut && !(is("first step forgotten") && i == 1)) {
        dW = dW + outer(dz, is("h of the same step") ? h[i] : h[i - 1]);
      }
      dU = dU + outer(dz, x[i - 1]);
      dh = is("W not transposed") ? matmul(W, dz) : matmul(t(W), dz);
      if (is("detached") && i == 3) {
        dh = zeros_like(dh);
      }
    }
    if (is("U transposed outer")) {
      dW = t(dW);
    }
    return std::vector<Tensor>{dW, dU};
  };
  return example;
}

}  // namespace

const std::vector<Subject>& subjects() {
  static const std::vector<Subject> all{
      {[](std::uint64_t seed) { return dense(seed, Act::sigmoid, Loss::quadratic); },
       {{"no slope at the output", "the factor σ′(z²) left out in δ²"},
        {"sign at the output", "the sign flipped in δ²"},
        {"sum for mean", "the factor 1/7 left out in δ²"},
        {"twice", "a factor 2 too much in δ²"},
        {"half", "a factor ½ too much in δ²"},
        {"target forgotten", "the summand y left out in δ²"},
        {"output before the activation", "z² in place of a² in δ²"},
        {"slope at the activation, output", "σ′(a²) in place of σ′(z²): the derivative taken at the activation in δ²"},
        {"factor 1.0009", "a factor 1.0009 too much in δ²"},
        {"no slope", "the factor σ′(z¹) left out in δ¹"},
        {"activation for slope", "a¹ in place of σ′(z¹) in δ¹"},
        {"slope at the activation", "σ′(a¹) in place of σ′(z¹): the derivative taken at the activation in δ¹"},
        {"slope of tanh", "tanh′(z¹) in place of σ′(z¹) in δ¹"},
        {"one minus the activation", "1 − a¹ in place of σ′(z¹) in δ¹"},
        {"formula of the activation with z", "z¹ ⊙ (1 − z¹) in place of σ′(z¹) in δ¹"},
        {"updated weights", "W² after its update in place of W² (a learning rate of 0.25) in δ¹"},
        {"slope squared", "σ′(z¹)² in place of σ′(z¹) in δ¹"},
        {"not passed on", "zero in its place in δ¹"},
        {"sign in the middle", "the sign flipped in δ¹"},
        {"z for a", "z¹ in place of a¹ in ∂Loss/∂W²"},
        {"last sample", "only the last sample taken in ∂Loss/∂W¹"},
        {"last sample of the bias", "only the last sample taken in ∂Loss/∂b¹"},
        {"mean of the bias", "one over the number of samples (a mean in place of a sum?) in ∂Loss/∂b²"},
        {"weight decay", "the term 0.01 W¹ (weight decay) added in ∂Loss/∂W¹"},
        {"sign of one weight", "the sign flipped in ∂Loss/∂W¹"},
        {"slope forgotten for one weight", "the factor σ′(z¹) left out in δ¹ as ∂Loss/∂W¹ uses it"},
        {"bias zero", "zero in its place in ∂Loss/∂b¹"},
        {"two: sign and slope", "the factor σ′(z¹) left out in δ¹ as ∂Loss/∂W¹ uses it, and the sign flipped"},
        {"two: z for a, twice", "z¹ in place of a¹ in ∂Loss/∂W², and a factor 2 too much"},
        {"two: decay and bias", "the term 0.5 W¹ (weight decay) added in ∂Loss/∂W¹"}}},
      {[](std::uint64_t seed) { return dense(seed, Act::tanh, Loss::mse); },
       {{"no slope at the output", "the factor tanh′(z²) left out in δ²"},
        {"no slope", "the factor tanh′(z¹) left out in δ¹"},
        {"slope of sigmoid", "σ′(z¹) in place of tanh′(z¹) in δ¹"},
        {"formula of the activation with z", "1 − (z¹)² in place of tanh′(z¹) in δ¹"},
        {"one minus the activation", "1 − a¹ in place of tanh′(z¹) in δ¹"},
        {"sum for mean", "the factor 0.0952381 left out in δ²"},
        {"half", "a factor ½ too much in δ²"}}},
      {[](std::uint64_t seed) { return dense(seed, Act::tanh, Loss::binary); },
       {{"slope too much at the output", "a factor σ′(z²) too much in δ²"},
        {"sign at the output", "the sign flipped in δ²"},
        {"output before the activation", "z² in place of σ(z²) in δ²"},
        {"slope at the activation", "tanh′(a¹) in place of tanh′(z¹)"},
        {"target forgotten", "the summand y left out in δ²"}}},
      {[](std::uint64_t seed) { return dense(seed, Act::relu, Loss::classes); },
       {{"no slope", "the factor relu′(z¹) left out in δ¹"},
        {"activation for slope", "a¹ in place of relu′(z¹) in δ¹"},
        {"sum for mean", "the factor 1/7 left out in δ²"},
        {"z for a", "z¹ in place of a¹ in ∂Loss/∂W²"},
        {"target forgotten", "the summand y left out in δ²"},
        {"updated weights", "W² after its update in place of W² (a learning rate of 0.25) in δ¹"}}},
      {residual,
       {{"no slope", "the factor σ′(z) left out in δ_z"},
        {"V transposed", "Vᵀ in place of V in δ_a"},
        {"W for V", "W in place of V in δ_a"},
        {"no skip", "the summand δ_h left out in δ_u"},
        {"skip only", "the summand δ_z W left out in δ_u"},
        {"W transposed", "Wᵀ in place of W in δ_u"},
        {"skip sign", "the sign of the summand δ_h wrong in δ_u"},
        {"skip twice", "the summand δ_h counted twice in δ_u"},
        {"z for a", "z in place of a in ∂Loss/∂V"},
        {"h for u", "h in place of u in ∂Loss/∂W"},
        {"V gradient transposed", "aᵀ δ_h in place of δ_hᵀ a in ∂Loss/∂V"}}},
      {tied,
       {{"no slope", "the factor tanh′(z) left out in δ_z"},
        {"slope at the activation", "tanh′(h) in place of tanh′(z)"},
        {"decoder's use forgotten", "the summand hᵀ δ_o left out in ∂Loss/∂W"},
        {"encoder's use forgotten", "the summand δ_zᵀ x left out in ∂Loss/∂W"},
        {"sign of one use", "the sign of the summand hᵀ δ_o wrong in ∂Loss/∂W"},
        {"mean of the uses", "a factor ½ too much in ∂Loss/∂W"},
        {"z for h", "z in place of h in ∂Loss/∂W"},
        {"bias zero", "zero in its place in ∂Loss/∂b"}}},
      {attention,
       {{"A not transposed", "A in place of Aᵀ in δ_V"},
        {"softmax as if element-wise", "the summand Σ₁ (δ_A ⊙ A) left out in δ_S"},
        {"sum over the wrong axis", "Σ₀ (δ_A ⊙ A) in place of Σ₁ (δ_A ⊙ A) in δ_S"},
        {"softmax left out", "the factor A of A ⊙ (δ_A − Σ₁ (δ_A ⊙ A)) left out in δ_S"},
        {"scale forgotten for Q", "the factor 0.57735 left out in δ_Q"},
        {"scale forgotten", "the factor 0.57735 left out in δ_Q"},
        {"S not transposed", "δ_S in place of δ_Sᵀ in δ_K"},
        {"K for Q", "K in place of Q in δ_K"},
        {"V for K", "V in place of K in δ_Q"}}},
      {layer_norm,
       {{"γ forgotten", "the factor γ left out in δ_n"},
        {"variance a constant", "zero in its place in δ_s"},
        {"s squared", "s² in place of s³ in δ_c"},
        {"variance path's sign", "the sign flipped in δ_s"},
        {"n for c", "n in place of c in δ_s"},
        {"mean a constant", "the summand ⅙ Σ₁ δ_c left out in δ_u"},
        {"mean path's sign", "the sign of the summand ⅙ Σ₁ δ_c wrong in δ_u"},
        {"c for n", "c in place of n in ∂Loss/∂γ"},
        {"β of the last sample", "only the last sample taken in ∂Loss/∂β"}}},
      {convolution,
       {{"no slope", "the factor tanh′(z) left out in δ_z"},
        {"sign", "the sign flipped in δ_a"},
        {"formula of the activation with z", "1 − z² in place of tanh′(z) in δ_z"},
        {"sigmoid's slope", "σ′(z) in place of tanh′(z) in δ_z"},
        {"a tap left out", "the summand at[1](Σ (δ_z ⊙ x[1:9])) left out in ∂Loss/∂w"}}},
      {recurrent,
       {{"no slope at the end", "the factor tanh′(z3) left out in δ_z3"},
        {"first step forgotten", "the summand δ_z1 h0ᵀ left out in ∂Loss/∂W"},
        {"W not transposed", "W in place of Wᵀ in δ_h2"},
        {"detached", "zero in its place in δ_h2"},
        {"U transposed outer", "all transposed in ∂Loss/∂W"}}}};
  return all;
}

}  // namespace xgrad::test
