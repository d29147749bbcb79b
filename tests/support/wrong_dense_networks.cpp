// Fully connected networks: plain, residual, with tied weights.
#include <algorithm>
#include <utility>

#include "support/wrong_networks.hpp"

namespace xgrad::test {

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
      const Scope scope{"Dense", Scope::Role::layer};
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

}  // namespace xgrad::test
