// Two dense layers with an activation between them, and a small convolutional network.
#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <utility>

#include "support/plain_taps.hpp"
#include "support/wrong_layers.hpp"

namespace xgrad::test {

namespace {

using Function = std::function<Tensor(const Tensor&)>;
/// δ_z from z and δ_a, with the mistake of this name.
using Back = std::function<Tensor(const std::string& mistake, const Tensor& z, const Tensor& da)>;

// z = x W₁ᵀ (N, 6), o = f(z) W₂ᵀ.
Example activated(std::uint64_t seed, const char* name, const Function& f, const Back& back, std::int64_t hidden = 6) {
  Draw draw{seed};
  const Parameter W1 = draw.parameter({6, 4}, "W1");
  const Parameter W2 = draw.parameter({3, hidden}, "W2");
  const Tensor x = draw.normal({batch, 4}).named("x");
  const Tensor y = draw.normal({batch, 3}).named("y");
  Example example{name, {{"W1", W1}, {"W2", W2}}, {}, {}};
  example.loss = [=] { return half_of_squares(matmul(f(matmul(x, t(W1)).named("z")).named("a"), t(W2)) - y); };
  example.by_hand = [=](const std::string& mistake) {
    const Tensor z = matmul(x, t(W1));
    const Tensor a = f(z);
    const Tensor d = matmul(a, t(W2)) - y;
    const Tensor dz = back(mistake, z, matmul(d, W2));
    return std::vector<Tensor>{matmul(t(dz), x), matmul(t(d), mistake == "z for a" ? z : a)};
  };
  return example;
}

Tensor positive(const Tensor& z) {
  return cast(z > 0.0, float64);
}

Tensor left_half(const Tensor& z) {
  return slice(z, {0, z.dim(1) / 2}, 1);
}

Tensor right_half(const Tensor& z) {
  return slice(z, {z.dim(1) / 2, z.dim(1)}, 1);
}

}  // namespace

Example gelu_network(std::uint64_t seed) {
  return activated(
      seed, "gelu", [](const Tensor& z) { return gelu(z); },
      [](const std::string& mistake, const Tensor& z, const Tensor& da) {
        const auto is = [&mistake](const char* name) { return mistake == name; };
        const Tensor below = 0.5 * (1.0 + erf(z / std::numbers::sqrt2));
        const Tensor density = exp(-0.5 * square(z)) / std::sqrt(2 * std::numbers::pi);
        if (is("first term of the product rule")) {
          return da * below;
        }
        if (is("second term of the product rule")) {
          return da * z * density;
        }
        if (is("slope of the tanh form")) {
          const double c = std::sqrt(2 / std::numbers::pi);
          const Tensor w = tanh(c * (z + 0.044715 * z * z * z));
          return da * (0.5 * (1.0 + w) + 0.5 * z * (1.0 - square(w)) * c * (1.0 + 3 * 0.044715 * z * z));
        }
        if (is("activation for slope")) {
          return da * z * below;
        }
        return is("no slope") ? da : da * (below + z * density);
      });
}

Example silu_network(std::uint64_t seed) {
  return activated(
      seed, "silu", [](const Tensor& z) { return silu(z); },
      [](const std::string& mistake, const Tensor& z, const Tensor& da) {
        const auto is = [&mistake](const char* name) { return mistake == name; };
        const Tensor s = sigmoid(z);
        if (is("gate alone")) {
          return da * s;
        }
        if (is("sigmoid's slope")) {
          return da * s * (1.0 - s);
        }
        if (is("slope at the activation")) {
          const Tensor a = z * s;
          return da * (sigmoid(a) + a * sigmoid(a) * (1.0 - sigmoid(a)));
        }
        return da * (s + z * s * (1.0 - s));
      });
}

Example elu_network(std::uint64_t seed) {
  return activated(
      seed, "elu", [](const Tensor& z) { return elu(z, 0.5); },
      [](const std::string& mistake, const Tensor& z, const Tensor& da) {
        const auto is = [&mistake](const char* name) { return mistake == name; };
        const Tensor p = positive(z);
        const Tensor e = exp(minimum(z, 0.0));
        if (is("α forgotten")) {
          return da * (p + (1.0 - p) * e);
        }
        if (is("relu's slope")) {
          return da * p;
        }
        if (is("activation for slope")) {
          return da * (p * z + (1.0 - p) * 0.5 * (e - 1.0));
        }
        return da * (p + (1.0 - p) * 0.5 * e);
      });
}

Example leaky_relu_network(std::uint64_t seed) {
  return activated(
      seed, "leaky relu", [](const Tensor& z) { return leaky_relu(z, 0.1); },
      [](const std::string& mistake, const Tensor& z, const Tensor& da) {
        const auto is = [&mistake](const char* name) { return mistake == name; };
        const Tensor p = positive(z);
        if (is("relu's slope")) {
          return da * p;
        }
        if (is("default slope")) {
          return da * (p + 0.01 * (1.0 - p));
        }
        if (is("sides exchanged")) {
          return da * (0.1 * p + (1.0 - p));
        }
        return is("no slope") ? da : da * (p + 0.1 * (1.0 - p));
      });
}

// One slope per unit.
Example prelu_network(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter W = draw.parameter({6, 4}, "W");
  const Parameter slopes{(0.1 + 0.5 * draw.uniform({6})).eval(), "α"};
  const Tensor x = draw.normal({batch, 4}).named("x");
  const Tensor y = draw.normal({batch, 6}).named("y");
  Example example{"prelu", {{"W", W}, {"α", slopes}}, {}, {}};
  example.loss = [=] { return half_of_squares(prelu(matmul(x, t(W)).named("z"), slopes).named("a") - y); };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor z = matmul(x, t(W));
    const Tensor p = positive(z);
    const Tensor a = p * z + (1.0 - p) * slopes.value() * z;
    const Tensor d = a - y;
    Tensor dz = d * (p + (1.0 - p) * slopes.value());
    if (is("relu's slope")) {
      dz = d * p;
    }
    Tensor dslopes = sum(d * z * (1.0 - p), 0);
    if (is("slopes by the other side")) {
      dslopes = sum(d * z * p, 0);
    } else if (is("slopes by both sides")) {
      dslopes = sum(d * z, 0);
    } else if (is("a for z in the slopes'")) {
      dslopes = sum(d * a * (1.0 - p), 0);
    }
    return std::vector<Tensor>{matmul(t(dz), x), dslopes};
  };
  return example;
}

Example glu_network(std::uint64_t seed) {
  return activated(
      seed, "glu", [](const Tensor& z) { return glu(z, 1); },
      [](const std::string& mistake, const Tensor& z, const Tensor& da) {
        const auto is = [&mistake](const char* name) { return mistake == name; };
        const Tensor a = left_half(z);
        const Tensor b = right_half(z);
        const Tensor gate = sigmoid(b);
        const Tensor of_a = da * gate;
        Tensor of_b = da * a * gate * (1.0 - gate);
        if (is("gate's slope forgotten")) {
          of_b = da * a;
        } else if (is("gate for its slope")) {
          of_b = da * a * gate;
        }
        return is("halves exchanged") ? concatenate({of_b, of_a}, 1) : concatenate({of_a, of_b}, 1);
      },
      3);
}

Example swiglu_network(std::uint64_t seed) {
  return activated(
      seed, "swiglu", [](const Tensor& z) { return swiglu(z, 1); },
      [](const std::string& mistake, const Tensor& z, const Tensor& da) {
        const auto is = [&mistake](const char* name) { return mistake == name; };
        const Tensor a = left_half(z);
        const Tensor b = right_half(z);
        const Tensor s = sigmoid(a);
        Tensor of_a = da * b * (s + a * s * (1.0 - s));
        const Tensor of_b = da * a * s;
        if (is("silu for its slope")) {
          of_a = da * b * a * s;
        } else if (is("gate alone")) {
          of_a = da * b * s;
        }
        return is("halves exchanged") ? concatenate({of_b, of_a}, 1) : concatenate({of_a, of_b}, 1);
      },
      3);
}

Example small_network(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter W1 = draw.parameter({4, 2, 3, 3}, "W");
  const Parameter gamma = draw.parameter({4}, "γ");
  const Parameter beta = draw.parameter({4}, "β");
  const Parameter W2 = draw.parameter({5, 4, 3, 3}, "W");
  const Parameter b2 = draw.parameter({5}, "b");
  const Parameter W3 = draw.parameter({3, 5}, "W");
  const Parameter b3 = draw.parameter({3}, "b");
  const Tensor x = draw.normal({6, 2, 8, 6}).named("x");
  std::vector<std::int64_t> classes(6);
  std::generate(classes.begin(), classes.end(), [&draw] { return draw.integer(3); });
  const Tensor y = one_hot(from_vector(classes, {6}), 3, float64).eval().named("y");
  const nn::Conv2d first{W1, Parameter{}, {.padding = 1}};
  nn::BatchNorm2d norm{4, {.dtype = float64}};
  norm.weight = gamma;
  norm.bias = beta;
  const nn::Conv2d second{W2, b2, {.padding = 1}};
  const nn::Dense last{W3, b3};
  Example example{
      "small network", {{"W1", W1}, {"γ", gamma}, {"β", beta}, {"W2", W2}, {"b2", b2}, {"W3", W3}, {"b3", b3}}, {}, {}};
  example.loss = [=] {
    const Tensor pooled = max_pool(relu(norm(first(x))), {.kernel = {2, 2}, .stride = {2, 2}});
    return nn::CrossEntropy{}(last(global_avg_pool(relu(second(pooled)))), y);
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const auto beside = [](const Tensor& c) { return reshape(c, {c.dim(0), 1, 1}); };
    const Taps taps{.stride = {1, 1}, .before = {1, 1}};
    const Axes axes{0, 2, 3};
    const Tensor h = taps.output(x, W1.value(), {6, 4, 8, 6});
    const Tensor centred = h - mean(h, axes, true);
    const Tensor s = sqrt(mean(square(centred), axes, true) + 1e-5);
    const Tensor n = centred / s;
    const Tensor z1 = n * beside(gamma) + beside(beta);
    const Tensor a1 = relu(z1);
    const Pools pools;
    const Tensor p = pools.largest(a1);
    const Tensor z2 = taps.output(p, W2.value(), {6, 5, 4, 3}) + beside(b2);
    const Tensor a2 = relu(z2);
    const Tensor g = mean(a2, {2, 3});
    const Tensor d3 = (softmax(matmul(g, t(W3)) + b3.value(), 1) - y) / 6.0;
    const Tensor dg = reshape(matmul(d3, W3), {6, 5, 1, 1}) / (is("mean over positions not divided") ? 1.0 : 12.0);
    const Tensor d2 = is("no slope behind the second convolution") ? broadcast_to(dg, a2.shape()) : dg * positive(z2);
    const Tensor w = is("kernel not flipped") ? flip(W2.value(), {2, 3}) : W2.value();
    const Tensor dp = taps.input(d2, w, p.shape());
    const Tensor da1 = pools.spread(
        dp, a1,
        [&](const Values& of, const std::vector<Position>& window) -> std::vector<Position> {
          if (is("all elements of a window")) {
            return window;
          }
          std::size_t largest = 0;
          for (std::size_t i = 1; i < window.size(); ++i) {
            largest = of(window[i]) > of(window[largest]) ? i : largest;
          }
          return {window[largest]};
        },
        [](std::size_t /*count*/) { return 1.0; });
    const Tensor d1 = da1 * positive(z1);
    const Tensor dn = d1 * beside(gamma);
    Tensor dh = (dn - mean(dn, axes, true) - n * mean(dn * n, axes, true)) / s;
    if (is("statistics as constants")) {
      dh = dn / s;
    }
    return std::vector<Tensor>{taps.weight(x, dh, W1.shape()),
                               sum(d1 * n, axes),
                               sum(d1, axes),
                               taps.weight(p, d2, W2.shape()),
                               sum(d2, axes),
                               matmul(t(d3), g),
                               sum(d3, 0)};
  };
  return example;
}

}  // namespace xgrad::test
