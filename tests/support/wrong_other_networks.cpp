// Attention, layer normalisation, a convolution, a recurrent network.
#include <algorithm>
#include <utility>

#include "support/wrong_networks.hpp"

namespace xgrad::test {

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

}  // namespace xgrad::test
