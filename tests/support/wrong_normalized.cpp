// Networks with normalisations, by the textbook's formulas: x̂ = (h − μ) / s with s = √(σ² + ε), and
// δ_h = (δ − mean δ − x̂ mean(δ x̂)) / s for the gradient δ of x̂.
#include "support/plain_taps.hpp"
#include "support/wrong_layers.hpp"

namespace xgrad::test {

namespace {

constexpr double epsilon = 1e-5;

// Mistakes in δ_h that any of them can have.
Tensor normalized_back(const std::string& mistake, const Tensor& d, const Tensor& h, const Axes& axes) {
  const auto is = [&mistake](const char* name) { return mistake == name; };
  const auto over = [&axes](const Tensor& x) { return mean(x, axes, true); };
  const Tensor centred = h - over(h);
  const Tensor variance = over(square(centred));
  const double count = static_cast<double>(h.size()) / static_cast<double>(variance.size());
  const Tensor s = sqrt(variance + epsilon);
  const Tensor n = centred / s;
  if (is("statistics as constants")) {
    return d / s;
  }
  if (is("mean as a constant")) {
    return (d - n * over(d * n)) / s;
  }
  if (is("variance as a constant")) {
    return (d - over(d)) / s;
  }
  if (is("sign of the mean's part")) {
    return (d + over(d) - n * over(d * n)) / s;
  }
  if (is("sign of the variance's part")) {
    return (d - over(d) + n * over(d * n)) / s;
  }
  if (is("unbiased variance in the variance's part")) {
    return (d - over(d) - n * sum(d * n, axes, true) / (count - 1)) / s;
  }
  if (is("unbiased deviation")) {
    return (d - over(d) - n * over(d * n)) / sqrt(variance * (count / (count - 1)) + epsilon);
  }
  if (is("sums in place of means")) {
    return (d - sum(d, axes, true) - n * sum(d * n, axes, true)) / s;
  }
  if (is("not divided by the deviation")) {
    return d - over(d) - n * over(d * n);
  }
  if (is("divided by the variance")) {
    return (d - over(d) - n * over(d * n)) / (variance + epsilon);
  }
  if (is("epsilon forgotten")) {
    return (d - over(d) - n * over(d * n)) / sqrt(variance);
  }
  if (is("h for x̂")) {
    return (d - over(d) - h * over(d * n)) / s;
  }
  return (d - over(d) - n * over(d * n)) / s;
}

Tensor normalized_by_hand(const Tensor& h, const Axes& axes) {
  const Tensor centred = h - mean(h, axes, true);
  return centred / sqrt(mean(square(centred), axes, true) + epsilon);
}

}  // namespace

// As many samples as channels.
Example batch_norm(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter W = draw.parameter({4, 2, 3, 3}, "W");
  const Parameter gamma = draw.parameter({4}, "γ");
  const Parameter beta = draw.parameter({4}, "β");
  const Tensor x = draw.normal({4, 2, 5, 4}).named("x");
  const Tensor y = draw.normal({4, 4, 5, 4}).named("y");
  const nn::Conv2d layer{W, Parameter{}, {.padding = 1}};
  nn::BatchNorm2d norm{4, {.dtype = float64}};
  norm.weight = gamma;
  norm.bias = beta;
  Example example{"batch norm", {{"W", W}, {"γ", gamma}, {"β", beta}}, {}, {}};
  example.loss = [=] { return half_of_squares(tanh(norm(layer(x).named("h"))) - y); };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const auto beside = [](const Tensor& c) { return reshape(c, {4, 1, 1}); };
    const Taps taps{.stride = {1, 1}, .before = {1, 1}};
    const Axes axes{0, 2, 3};
    const Tensor h = taps.output(x, W.value(), {4, 4, 5, 4});
    const Tensor n = normalized_by_hand(h, axes);
    const Tensor a = tanh(n * beside(gamma) + beside(beta));
    const Tensor d = (a - y) * (1.0 - square(a));
    Tensor dn = d * beside(gamma);
    if (is("γ forgotten")) {
      dn = d;
    }
    const Tensor s = sqrt(mean(square(h - mean(h, axes, true)), axes, true) + epsilon);
    const auto with_means = [&](const Axes& along) {
      return (dn - mean(dn, along, true) - n * mean(dn * n, along, true)) / s;
    };
    Tensor dh = normalized_back(mistake, dn, h, axes);
    if (is("means over the samples alone")) {
      dh = with_means({0});
    } else if (is("means as a layer norm's")) {
      dh = with_means({1, 2, 3});
    } else if (is("means as an instance norm's")) {
      dh = with_means({2, 3});
    }
    Tensor dgamma = sum(d * n, axes);
    Tensor dbeta = sum(d, axes);
    if (is("h for x̂ in γ's")) {
      dgamma = sum(d * h, axes);
    } else if (is("γ as a mean")) {
      dgamma = mean(d * n, axes);
    } else if (is("β over the channels")) {
      dbeta = sum(d, {1, 2, 3});
    }
    return std::vector<Tensor>{taps.weight(x, dh, W.shape()), dgamma, dbeta};
  };
  return example;
}

Example layer_norm_layer(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter W = draw.parameter({6, 4}, "W");
  const Parameter gamma = draw.parameter({6}, "γ");
  const Parameter beta = draw.parameter({6}, "β");
  const Tensor x = draw.normal({batch, 4}).named("x");
  const Tensor y = draw.normal({batch, 6}).named("y");
  nn::LayerNorm norm{6};
  norm.weight = gamma;
  norm.bias = beta;
  Example example{"layer norm", {{"W", W}, {"γ", gamma}, {"β", beta}}, {}, {}};
  example.loss = [=] { return half_of_squares(norm(matmul(x, t(W)).named("h")) - y); };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor h = matmul(x, t(W));
    const Tensor n = normalized_by_hand(h, {1});
    const Tensor d = n * gamma.value() + beta.value() - y;
    const Tensor dn = is("γ forgotten") ? d : d * gamma.value();
    Tensor dh = normalized_back(mistake, dn, h, {1});
    if (is("means over the samples")) {
      const Tensor s = sqrt(mean(square(h - mean(h, 1, true)), 1, true) + epsilon);
      dh = (dn - mean(dn, 0, true) - n * mean(dn * n, 0, true)) / s;
    }
    return std::vector<Tensor>{matmul(t(dh), x), sum(d * n, 0), sum(d, 0)};
  };
  return example;
}

Example group_norm(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter W = draw.parameter({6, 2, 3}, "W");
  const Parameter gamma = draw.parameter({6}, "γ");
  const Parameter beta = draw.parameter({6}, "β");
  const Tensor x = draw.normal({5, 2, 8}).named("x");
  const Tensor y = draw.normal({5, 6, 6}).named("y");
  const nn::Conv1d layer{W, Parameter{}, {}};
  nn::GroupNorm norm{2, 6};
  norm.weight = gamma;
  norm.bias = beta;
  Example example{"group norm", {{"W", W}, {"γ", gamma}, {"β", beta}}, {}, {}};
  example.loss = [=] { return half_of_squares(norm(layer(x).named("h")) - y); };
  example.by_hand = [=](const std::string& mistake) {
    const Taps taps{.stride = {1}, .before = {0}};
    const Tensor h = reshape(taps.output(x, W.value(), {5, 6, 6}), {5, 2, 18});
    const auto beside = [](const Tensor& c) { return reshape(c, {6, 1}); };
    const Tensor n = normalized_by_hand(h, {2});
    const Tensor whole = reshape(n, {5, 6, 6});
    const Tensor d = whole * beside(gamma) + beside(beta) - y;
    const Tensor dn = reshape(mistake == "γ forgotten" ? d : d * beside(gamma), {5, 2, 18});
    const Tensor dh = reshape(normalized_back(mistake, dn, h, {2}), {5, 6, 6});
    return std::vector<Tensor>{taps.weight(x, dh, W.shape()), sum(d * whole, {0, 2}), sum(d, {0, 2})};
  };
  return example;
}

// r = √(mean h² + ε).
Example rms_norm(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter W = draw.parameter({6, 4}, "W");
  const Parameter gamma = draw.parameter({6}, "γ");
  const Tensor x = draw.normal({batch, 4}).named("x");
  const Tensor y = draw.normal({batch, 6}).named("y");
  nn::RMSNorm norm{6};
  norm.weight = gamma;
  Example example{"RMS norm", {{"W", W}, {"γ", gamma}}, {}, {}};
  example.loss = [=] { return half_of_squares(norm(matmul(x, t(W)).named("h")) - y); };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor h = matmul(x, t(W));
    const Tensor r = sqrt(mean(square(h), 1, true) + epsilon);
    const Tensor n = h / r;
    const Tensor d = n * gamma.value() - y;
    const Tensor dn = d * gamma.value();
    Tensor dh = (dn - n * mean(dn * n, 1, true)) / r;
    if (is("root of the mean square as a constant")) {
      dh = dn / r;
    } else if (is("mean taken off, as a layer norm's")) {
      dh = (dn - mean(dn, 1, true) - n * mean(dn * n, 1, true)) / r;
    } else if (is("sum in place of the mean")) {
      dh = (dn - n * sum(dn * n, 1, true)) / r;
    } else if (is("h for x̂")) {
      dh = (dn - h * mean(dn * n, 1, true)) / r;
    }
    return std::vector<Tensor>{matmul(t(dh), x), sum(d * n, 0)};
  };
  return example;
}

}  // namespace xgrad::test
