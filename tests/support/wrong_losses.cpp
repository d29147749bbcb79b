// Losses with weights, smoothing, an ignored index, margins and pairs; a loss of all alignments; a VAE.
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "support/wrong_sequences.hpp"

namespace xgrad::test {

namespace {

constexpr std::int64_t samples = 6;
constexpr std::int64_t classes = 4;

Tensor as_numbers(const Tensor& condition) {
  return cast(condition, float64);
}

Tensor column(const Tensor& x) {
  return reshape(x, {x.dim(0), 1});
}

// z = x Wᵀ + b, which all classifiers here have.
struct Classifier {
  Parameter W;
  Parameter b;
  Tensor x;

  explicit Classifier(Draw& draw)
      : W{draw.parameter({classes, 3}, "W")},
        b{draw.parameter({classes}, "b")},
        x{draw.normal({samples, 3}).named("x")} {}

  [[nodiscard]] std::vector<NamedParameter> parameters() const { return {{"W", W}, {"b", b}}; }
  [[nodiscard]] Tensor logits() const { return matmul(x, t(W)) + b.value(); }
  [[nodiscard]] std::vector<Tensor> gradients(const Tensor& dz) const { return {matmul(t(dz), x), sum(dz, 0)}; }
};

Tensor labels() {
  return tensor({0, 2, 1, 3, 3, 1}, int64).eval().named("j");
}

Example smoothed(std::uint64_t seed) {
  Draw draw{seed};
  const Classifier net{draw};
  const Tensor target = labels();
  Example example{"smoothed cross-entropy", net.parameters(), {}, {}};
  example.loss = [=] { return nn::CrossEntropy{.label_smoothing = 0.2}(net.logits().named("z"), target); };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor p = softmax(net.logits(), -1);
    const Tensor hot = one_hot(target, classes, float64);
    Tensor q = 0.8 * hot + 0.2 / classes;
    if (is("smoothing forgotten")) {
      q = hot;
    } else if (is("smoothing over the other classes")) {
      q = 0.8 * hot + (1.0 - hot) * (0.2 / (classes - 1));
    }
    Tensor dz = (p - q) / static_cast<double>(samples);
    if (is("sum for mean")) {
      dz = p - q;
    } else if (is("mean over the classes, too")) {
      dz = dz / static_cast<double>(classes);
    } else if (is("target forgotten")) {
      dz = p / static_cast<double>(samples);
    } else if (is("logits for probabilities")) {
      dz = (net.logits() - q) / static_cast<double>(samples);
    } else if (is("softmax's diagonal on top")) {
      dz = dz * p * (1.0 - p);
    }
    return net.gradients(dz);
  };
  return example;
}

Example weighted_classes(std::uint64_t seed) {
  Draw draw{seed};
  const Classifier net{draw};
  const Tensor target = labels();
  const Tensor weights = (draw.uniform({classes}) + 0.5).eval().named("w");
  Example example{"weighted cross-entropy", net.parameters(), {}, {}};
  example.loss = [=] { return nn::CrossEntropy{.class_weights = weights}(net.logits().named("z"), target); };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor p = softmax(net.logits(), -1);
    const Tensor hot = one_hot(target, classes, float64);
    const Tensor of_sample = matmul(hot, column(weights));
    Tensor dz = (p - hot) * of_sample / sum(of_sample);
    if (is("weights forgotten")) {
      dz = (p - hot) / sum(of_sample);
    } else if (is("divided by the number of samples")) {
      dz = (p - hot) * of_sample / static_cast<double>(samples);
    } else if (is("not divided")) {
      dz = (p - hot) * of_sample;
    }
    return net.gradients(dz);
  };
  return example;
}

Example ignored_index(std::uint64_t seed) {
  Draw draw{seed};
  const Classifier net{draw};
  const Tensor target = tensor({0, 2, -1, 3, -1, 1}, int64).eval().named("j");
  Example example{"ignored index", net.parameters(), {}, {}};
  example.loss = [=] { return nn::CrossEntropy{.ignore_index = -1}(net.logits().named("z"), target); };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor p = softmax(net.logits(), -1);
    const Tensor counted = column(as_numbers(target >= 0));
    const Tensor hot = one_hot(maximum(target, zeros_like(target)), classes, float64) * counted;
    Tensor dz = (p - hot) * counted / 4.0;
    if (is("ignored ones in the gradient")) {
      dz = (p - hot) / 4.0;
    } else if (is("ignored ones in the mean")) {
      dz = (p - hot) * counted / static_cast<double>(samples);
    }
    return net.gradients(dz);
  };
  return example;
}

Example divergence(std::uint64_t seed) {
  Draw draw{seed};
  const Classifier net{draw};
  const Tensor y = softmax(draw.normal({samples, classes}), -1).eval().named("y");
  Example example{"Kullback-Leibler divergence", net.parameters(), {}, {}};
  example.loss = [=] { return nn::KLDivergence{}(log_softmax(net.logits().named("z"), -1), y); };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor p = softmax(net.logits(), -1);
    const auto n = static_cast<double>(samples);
    Tensor dz = (p - y) / n;
    if (is("sum for mean")) {
      dz = p - y;
    } else if (is("mean over all elements")) {
      dz = dz / static_cast<double>(classes);
    } else if (is("log softmax passed by")) {
      dz = -1.0 * y / n;
    } else if (is("sign")) {
      dz = (y - p) / n;
    } else if (is("logarithms for probabilities")) {
      dz = (log(p) - y) / n;
    }
    return net.gradients(dz);
  };
  return example;
}

Example hinge(std::uint64_t seed, bool squared) {
  Draw draw{seed};
  const Parameter W = draw.parameter({2, 3}, "W");
  const Parameter b = draw.parameter({2}, "b");
  const Tensor x = draw.normal({samples, 3}).named("x");
  const Tensor y = tensor({{1, -1}, {-1, -1}, {1, 1}, {-1, 1}, {1, -1}, {-1, 1}}, float64).eval().named("y");
  Example example{squared ? "squared hinge" : "hinge", {{"W", W}, {"b", b}}, {}, {}};
  example.loss = [=] {
    const Tensor z = (matmul(x, t(W)) + b.value()).named("z");
    return squared ? nn::SquaredHingeLoss{.reduction = nn::Reduction::sum}(z, y)
                   : nn::HingeLoss{.reduction = nn::Reduction::sum}(z, y);
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor z = matmul(x, t(W)) + b.value();
    const Tensor m = 1.0 - y * z;
    Tensor active = as_numbers(m > 0.0);
    if (is("no condition")) {
      active = ones_like(m);
    } else if (is("condition the other way round")) {
      active = as_numbers(m < 0.0);
    } else if (is("condition on the output")) {
      active = as_numbers(z > 0.0);
    } else if (is("margin forgotten in the condition")) {
      active = as_numbers(y * z < 0.0);
    }
    Tensor dz = squared ? -2.0 * y * active * m : -1.0 * y * active;
    if (is("label forgotten")) {
      dz = squared ? -2.0 * active * m : -1.0 * active;
    } else if (is("sign")) {
      dz = -1.0 * dz;
    } else if (is("half")) {
      dz = 0.5 * dz;
    } else if (is("hinge's derivative")) {
      dz = -1.0 * y * active;
    }
    return std::vector<Tensor>{matmul(t(dz), x), sum(dz, 0)};
  };
  return example;
}

Example focal(std::uint64_t seed) {
  Draw draw{seed};
  const Classifier net{draw};
  const Tensor target = labels();
  Example example{"focal loss", net.parameters(), {}, {}};
  example.loss = [=] {
    return nn::FocalLoss{.reduction = nn::Reduction::sum, .gamma = 3}(net.logits().named("z"), target);
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor p = softmax(net.logits(), -1);
    const Tensor hot = one_hot(target, classes, float64);
    const Tensor of_label = sum(p * hot, -1, true);
    const Tensor rest = 1.0 - of_label;
    // By log p: −(1 − p)³ + 3 (1 − p)² p log p.
    Tensor by_log = 3.0 * square(rest) * of_label * log(of_label) - rest * square(rest);
    if (is("weight taken for a constant")) {
      by_log = -1.0 * rest * square(rest);
    } else if (is("only the weight's derivative")) {
      by_log = 3.0 * square(rest) * of_label * log(of_label);
    } else if (is("cross-entropy's")) {
      by_log = -1.0 * ones_like(rest);
    } else if (is("exponent not lowered")) {
      by_log = 3.0 * rest * square(rest) * of_label * log(of_label) - rest * square(rest);
    } else if (is("exponent forgotten as a factor")) {
      by_log = square(rest) * of_label * log(of_label) - rest * square(rest);
    } else if (is("p forgotten")) {
      by_log = 3.0 * square(rest) * log(of_label) - rest * square(rest);
    } else if (is("sign of the weight's derivative")) {
      by_log = -3.0 * square(rest) * of_label * log(of_label) - rest * square(rest);
    }
    return net.gradients(by_log * (hot - p));
  };
  return example;
}

Example huber(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter W = draw.parameter({2, 3}, "W");
  const Parameter b = draw.parameter({2}, "b");
  const Tensor x = draw.normal({samples, 3}).named("x");
  const Tensor y = draw.normal({samples, 2}).named("y");
  Example example{"Huber's loss", {{"W", W}, {"b", b}}, {}, {}};
  example.loss = [=] {
    return nn::HuberLoss{.reduction = nn::Reduction::sum, .delta = 0.75}((matmul(x, t(W)) + b.value()).named("z"), y);
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor d = matmul(x, t(W)) + b.value() - y;
    const Tensor signs = as_numbers(d > 0.0) - as_numbers(d < 0.0);
    const Tensor inside = as_numbers(abs(d) < 0.75);
    Tensor dz = inside * d + (1.0 - inside) * 0.75 * signs;
    if (is("quadratic everywhere")) {
      dz = d;
    } else if (is("linear everywhere")) {
      dz = 0.75 * signs;
    } else if (is("zero outside")) {
      dz = inside * d;
    } else if (is("zero inside")) {
      dz = (1.0 - inside) * 0.75 * signs;
    } else if (is("δ forgotten outside")) {
      dz = inside * d + (1.0 - inside) * signs;
    } else if (is("cases exchanged")) {
      dz = (1.0 - inside) * d + inside * 0.75 * signs;
    }
    return std::vector<Tensor>{matmul(t(dz), x), sum(dz, 0)};
  };
  return example;
}

// A mean and a variance of each target, from two layers.
Example gaussian(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter A = draw.parameter({2, 3}, "A");
  const Parameter B = draw.parameter({2, 3}, "B");
  const Tensor x = draw.normal({samples, 3}).named("x");
  const Tensor y = draw.normal({samples, 2}).named("y");
  Example example{"Gaussian likelihood", {{"A", A}, {"B", B}}, {}, {}};
  example.loss = [=] {
    const Tensor m = matmul(x, t(A)).named("m");
    const Tensor l = matmul(x, t(B)).named("l");
    const Tensor v = exp(l).named("v");
    return sum(0.5 * (log(v) + square(m - y) / v));
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor d = matmul(x, t(A)) - y;
    const Tensor v = exp(matmul(x, t(B)));
    const Tensor dm = is("not divided by the variance") ? d : d / v;
    Tensor dl = 0.5 * (1.0 - square(d) / v);
    if (is("variance a constant")) {
      dl = zeros_like(v);
    } else if (is("logarithm's term forgotten")) {
      dl = -0.5 * square(d) / v;
    } else if (is("square's term forgotten")) {
      dl = 0.5 * ones_like(v);
    } else if (is("exp's slope forgotten")) {
      dl = 0.5 * (1.0 / v - square(d) / square(v));
    } else if (is("error not squared")) {
      dl = 0.5 * (1.0 - d / v);
    }
    return std::vector<Tensor>{matmul(t(dm), x), matmul(t(dl), x)};
  };
  return example;
}

Example dice(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter W = draw.parameter({5, 3}, "W");
  const Tensor x = draw.normal({samples, 3}).named("x");
  const Tensor y = as_numbers(draw.normal({samples, 5}) > 0.0).eval().named("y");
  Example example{"dice loss", {{"W", W}}, {}, {}};
  example.loss = [=] {
    const Tensor p = sigmoid(matmul(x, t(W)).named("z")).named("p");
    const Tensor shared = (2.0 * sum(p * y, -1) + 1.0).named("n");
    const Tensor both = (sum(p, -1) + sum(y, -1) + 1.0).named("d");
    return sum(1.0 - shared / both);
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor p = sigmoid(matmul(x, t(W)));
    const Tensor shared = 2.0 * sum(p * y, -1, true) + 1.0;
    const Tensor both = sum(p, -1, true) + sum(y, -1, true) + 1.0;
    Tensor dp = shared / square(both) - 2.0 * y / both;
    if (is("denominator a constant")) {
      dp = -2.0 * y / both;
    } else if (is("numerator a constant")) {
      dp = broadcast_to(shared / square(both), p.shape());
    } else if (is("denominator not squared")) {
      dp = shared / both - 2.0 * y / both;
    } else if (is("sign of the quotient rule")) {
      dp = -1.0 * shared / square(both) - 2.0 * y / both;
    } else if (is("2 forgotten")) {
      dp = shared / square(both) - y / both;
    }
    const Tensor dz = is("no slope") ? dp : dp * p * (1.0 - p);
    return std::vector<Tensor>{matmul(t(dz), x)};
  };
  return example;
}

// One W for the anchor, the positive and the negative.
Example triplet(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter W = draw.parameter({3, 4}, "W");
  const Tensor x = draw.normal({samples, 4}).named("x");
  const Tensor p = draw.normal({samples, 4}).named("p");
  const Tensor n = draw.normal({samples, 4}).named("n");
  Example example{"triplets of one network", {{"W", W}}, {}, {}};
  const auto distance = [](const Tensor& a, const Tensor& b) { return sqrt(sum(square(a - b), -1, true)); };
  example.loss = [=] {
    const Tensor a = matmul(x, t(W)).named("a");
    const Tensor near = distance(a, matmul(p, t(W)).named("b")).named("d");
    const Tensor far = distance(a, matmul(n, t(W)).named("c")).named("e");
    return sum(relu((near - far + 1.0).named("m")));
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor a = matmul(x, t(W));
    const Tensor b = matmul(p, t(W));
    const Tensor c = matmul(n, t(W));
    const Tensor near = distance(a, b);
    const Tensor far = distance(a, c);
    const Tensor active = is("no condition") ? ones_like(near) : as_numbers(near - far + 1.0 > 0.0);
    const bool plain = is("not divided by the distances");
    const Tensor to_near = active * (plain ? a - b : (a - b) / near);
    const Tensor to_far = active * (plain ? a - c : (a - c) / far);
    const Tensor of_anchor = matmul(t(is("anchor's use without the negative") ? to_near : to_near - to_far), x);
    const Tensor of_near = matmul(t(-1.0 * to_near), p);
    const Tensor of_far = matmul(t(is("negative's sign") ? -1.0 * to_far : to_far), n);
    if (is("anchor's use only")) {
      return std::vector<Tensor>{of_anchor};
    }
    if (is("anchor's use forgotten")) {
      return std::vector<Tensor>{of_near + of_far};
    }
    if (is("negative's use forgotten")) {
      return std::vector<Tensor>{of_anchor + of_near};
    }
    return std::vector<Tensor>{of_anchor + of_near + of_far};
  };
  return example;
}

// 1 − cos of two outputs of one network.
Example cosine(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter W = draw.parameter({3, 4}, "W");
  const Tensor x = draw.normal({samples, 4}).named("x");
  const Tensor y = draw.normal({samples, 3}).named("y");
  Example example{"cosine similarity", {{"W", W}}, {}, {}};
  example.loss = [=] {
    const Tensor u = matmul(x, t(W)).named("u");
    const Tensor r = rsqrt(sum(square(u), -1, true)).named("r");
    const Tensor n = (u * r).named("n");
    return sum(1.0 - sum(n * y, -1));
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor u = matmul(x, t(W));
    const Tensor r = rsqrt(sum(square(u), -1, true));
    const Tensor dr = -1.0 * sum(u * y, -1, true);
    Tensor du = -1.0 * y * r - dr * r * r * r * u;
    if (is("norm a constant")) {
      du = -1.0 * y * r;
    } else if (is("norm's sign")) {
      du = -1.0 * y * r + dr * r * r * r * u;
    } else if (is("norm squared")) {
      du = -1.0 * y * r - dr * r * r * u;
    } else if (is("not divided by the norm")) {
      du = -1.0 * y - dr * r * r * r * u;
    }
    return std::vector<Tensor>{matmul(t(du), x)};
  };
  return example;
}

Example weighted_samples(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter W = draw.parameter({1, 3}, "W");
  const Parameter b = draw.parameter({1}, "b");
  const Tensor x = draw.normal({samples, 3}).named("x");
  const Tensor y = draw.normal({samples, 1}).named("y");
  const Tensor w = (draw.uniform({samples, 1}) + 0.25).eval().named("w");
  Example example{"weighted samples", {{"W", W}, {"b", b}}, {}, {}};
  example.loss = [=] { return nn::MeanSquaredError{}((matmul(x, t(W)) + b.value()).named("z"), y, w); };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor d = matmul(x, t(W)) + b.value() - y;
    Tensor dz = 2.0 * w * d / sum(w);
    if (is("weights forgotten")) {
      dz = 2.0 * d / sum(w);
    } else if (is("not divided by the weights")) {
      dz = 2.0 * w * d;
    } else if (is("divided by the number of samples")) {
      dz = 2.0 * w * d / static_cast<double>(samples);
    } else if (is("weights squared")) {
      dz = 2.0 * square(w) * d / sum(w);
    } else if (is("half")) {
      dz = w * d / sum(w);
    }
    return std::vector<Tensor>{matmul(t(dz), x), sum(dz, 0)};
  };
  return example;
}

Example positive_weight(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter W = draw.parameter({2, 3}, "W");
  const Tensor x = draw.normal({samples, 3}).named("x");
  const Tensor y = as_numbers(draw.normal({samples, 2}) > 0.0).eval().named("y");
  const Tensor w = (draw.uniform({2}) + 1.5).eval().named("w");
  Example example{"weighted positives", {{"W", W}}, {}, {}};
  example.loss = [=] {
    const Tensor z = matmul(x, t(W)).named("z");
    return -1.0 * sum(w * y * log_sigmoid(z) + (1.0 - y) * log_sigmoid(-1.0 * z));
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor s = sigmoid(matmul(x, t(W)));
    Tensor dz = (1.0 - y) * s - w * y * (1.0 - s);
    if (is("weight forgotten")) {
      dz = s - y;
    } else if (is("positives forgotten")) {
      dz = (1.0 - y) * s;
    } else if (is("negatives forgotten")) {
      dz = -1.0 * w * y * (1.0 - s);
    } else if (is("sign of the positives")) {
      dz = (1.0 - y) * s + w * y * (1.0 - s);
    }
    return std::vector<Tensor>{matmul(t(dz), x)};
  };
  return example;
}

// The probability of each class in each frame given the target, by the sums over prefixes and suffixes of alignments
// (Graves et al., ICML 2006), on plain arrays. `p` is (T, C).
std::vector<double> posteriors(const std::vector<double>& p, std::size_t frames, std::size_t count,
                               const std::vector<std::size_t>& target, const std::string& mistake) {
  std::vector<std::size_t> path{0};
  for (const std::size_t label : target) {
    path.push_back(label);
    path.push_back(0);
  }
  const std::size_t states = path.size();
  const auto at = [&](std::size_t frame, std::size_t state) { return p[frame * count + path[state]]; };
  const auto may_skip = [&](std::size_t to) { return to >= 2 && path[to] != 0 && path[to] != path[to - 2]; };
  std::vector<std::vector<double>> before(frames, std::vector<double>(states, 0));
  std::vector<std::vector<double>> after = before;
  before[0][0] = at(0, 0);
  before[0][1] = at(0, 1);
  for (std::size_t f = 1; f < frames; ++f) {
    for (std::size_t s = 0; s < states; ++s) {
      before[f][s] =
          (before[f - 1][s] + (s > 0 ? before[f - 1][s - 1] : 0) + (may_skip(s) ? before[f - 1][s - 2] : 0)) * at(f, s);
    }
  }
  after[frames - 1][states - 1] = 1;
  after[frames - 1][states - 2] = 1;
  for (std::size_t f = frames - 1; f > 0; --f) {
    for (std::size_t s = 0; s < states; ++s) {
      after[f - 1][s] = after[f][s] * at(f, s) + (s + 1 < states ? after[f][s + 1] * at(f, s + 1) : 0) +
                        (s + 2 < states && may_skip(s + 2) ? after[f][s + 2] * at(f, s + 2) : 0);
    }
  }
  const double total = before[frames - 1][states - 1] + before[frames - 1][states - 2];
  std::vector<double> result(frames * count, 0);
  for (std::size_t f = 0; f < frames; ++f) {
    for (std::size_t s = 0; s < states; ++s) {
      double& share = result[f * count + path[s]];
      const double mine = before[f][s] * after[f][s] / total;
      share = mistake == "equal labels not added up" ? mine : share + mine;
    }
  }
  return result;
}

Example alignments(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter W = draw.parameter({3, 4}, "W");
  const Tensor x = draw.normal({6, 3}).named("x");
  Example example{"alignments (CTC)", {{"W", W}}, {}, {}};
  const Tensor target = tensor({{1, 2, 1}}, int64).eval();
  const Tensor frames = tensor({6}, int64).eval();
  const Tensor length = tensor({3}, int64).eval();
  example.loss = [=] {
    const Tensor a = log_softmax(matmul(x, W).named("z"), -1).named("a");
    return nn::CTCLoss{.reduction = nn::Reduction::sum}(reshape(a, {6, 1, 4}), target, frames, length);
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor p = softmax(matmul(x, W), -1).eval();
    const std::vector<double> values{p.data<double>().begin(), p.data<double>().end()};
    const Tensor g = from_vector(posteriors(values, 6, 4, {1, 2, 1}, mistake), Shape{6, 4});
    Tensor dz = p - g;
    if (is("softmax passed by")) {
      dz = -1.0 * g;
    } else if (is("sign")) {
      dz = g - p;
    } else if (is("mean over the target")) {
      dz = dz / 3.0;
    } else if (is("posteriors forgotten")) {
      dz = p;
    }
    return std::vector<Tensor>{matmul(t(x), dz)};
  };
  return example;
}

// x → μ, log σ²; z = μ + σ ⊙ ε; the decoder V; ½ Σ (z Vᵀ − x)² + KL.
Example autoencoder(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter M = draw.parameter({2, 4}, "M");
  const Parameter L = draw.parameter({2, 4}, "L");
  const Parameter V = draw.parameter({4, 2}, "V");
  const Tensor x = draw.normal({samples, 4}).named("x");
  const Tensor noise = draw.normal({samples, 2}).named("ε");
  Example example{"variational autoencoder", {{"M", M}, {"L", L}, {"V", V}}, {}, {}};
  example.loss = [=] {
    const Tensor m = matmul(x, t(M)).named("μ");
    const Tensor l = matmul(x, t(L)).named("l");
    const Tensor s = exp(0.5 * l).named("σ");
    const Tensor z = (m + s * noise).named("z");
    const Tensor o = matmul(z, t(V)).named("o");
    const Tensor kl = 0.5 * sum(square(m) + square(s) - l - 1.0);
    return 0.5 * sum(square(o - x)) + kl;
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor m = matmul(x, t(M));
    const Tensor l = matmul(x, t(L));
    const Tensor s = exp(0.5 * l);
    const Tensor z = m + s * noise;
    const Tensor d = matmul(z, t(V)) - x;
    const Tensor dV = matmul(t(d), is("μ for z") ? m : z);
    const Tensor dz = matmul(d, V);
    Tensor dm = dz + m;
    if (is("divergence forgotten for μ")) {
      dm = dz;
    } else if (is("no gradient through the draw")) {
      dm = m;
    } else if (is("divergence's sign")) {
      dm = dz - m;
    }
    Tensor ds = dz * noise + s;
    if (is("ε forgotten")) {
      ds = dz + s;
    } else if (is("divergence forgotten for σ")) {
      ds = dz * noise;
    } else if (is("draw a constant for σ")) {
      ds = s;
    }
    Tensor dl = 0.5 * s * ds - 0.5;
    if (is("½ of the logarithm forgotten")) {
      dl = s * ds - 0.5;
    } else if (is("logarithm's own term forgotten")) {
      dl = 0.5 * s * ds;
    } else if (is("slope of exp forgotten")) {
      dl = 0.5 * ds - 0.5;
    } else if (is("σ² for σ")) {
      dl = 0.5 * s * s * ds - 0.5;
    } else if (is("divergence's sign")) {
      dl = 0.5 * s * (dz * noise - s) + 0.5;
    }
    return std::vector<Tensor>{matmul(t(dm), x), matmul(t(dl), x), dV};
  };
  return example;
}

}  // namespace

const Family& loss_family() {
  static const Family family{
      "losses",
      {{smoothed,
        {{"smoothing forgotten", "the smoothing of the targets left out in δ_z"},
         {"smoothing over the other classes", "the smoothing over the other classes alone in δ_z"},
         {"sum for mean", "a factor 6 too much, the number of samples (a sum in place of a mean?) in δ_z"},
         {"mean over the classes, too", "a factor 1/4 too much in δ_z"},
         {"target forgotten", "taken (the others not added up) in δ_z"},
         {"logits for probabilities", "z in place of softmax(z) in δ_z"},
         {"softmax's diagonal on top", "a factor softmax(z) ⊙ (1 − softmax(z)) too much in δ_z"}}},
       {weighted_classes,
        {{"weights forgotten", "the factor w of"},
         {"divided by the number of samples", "6, the number of samples, in place of Σ (Σ₁ (w ⊙ one_hot(j))) in δ_z"},
         {"not divided", "the factor 1 / (Σ (Σ₁ (w ⊙ one_hot(j))))"}}},
       {ignored_index,
        {{"ignored ones in the gradient", "the factor [j ≠ −1]"},
         {"ignored ones in the mean", "6, the number of samples, in place of Σ [j ≠ −1] in δ_z"}}},
       {divergence,
        {{"sum for mean", "the factor ⅙ left out in δ_z"},
         {"mean over all elements", "a factor 1/4 too much in δ_z"},
         {"log softmax passed by", "the summand softmax(z) left out in δ_z"},
         {"sign", "the sign flipped in δ_z"},
         {"logarithms for probabilities", "log_softmax(z) in place of softmax(z) in δ_z"}}},
       {[](std::uint64_t seed) { return hinge(seed, false); },
        {{"no condition", "the factor relu′(1 − y ⊙ z) left out in δ_z"},
         {"condition the other way round", "1 − relu′(1 − y ⊙ z) in place of relu′(1 − y ⊙ z) in δ_z"},
         {"condition on the output", "relu′(z) in place of relu′(1 − y ⊙ z) in δ_z"},
         {"margin forgotten in the condition", "the summand 1 left out in δ_z"},
         {"label forgotten", "the factor y of"},
         {"sign", "the sign flipped in δ_z"}}},
       {[](std::uint64_t seed) { return hinge(seed, true); },
        {{"no condition", "1 − y ⊙ z in place of relu(1 − y ⊙ z)"},
         {"label forgotten", "the factor y of"},
         {"half", "the factor 2 left out in δ_z"},
         {"hinge's derivative", "the summand y ⊙ z left out in δ_z, and a factor ½ too much"}}},
       {focal,
        {{"weight taken for a constant", "the summand 3"},
         {"only the weight's derivative", "the summand expm1("},
         {"cross-entropy's", "the factor δ_ℓ of δ_ℓ ⊙ one_hot(j) left out in δ_z, and the sign flipped"},
         {"exponent not lowered", "in place of expm1("},
         {"exponent forgotten as a factor", "the factor 3 left out"},
         {"p forgotten", "the factor exp("},
         {"sign of the weight's derivative", "the sign of the summand 3"}}},
       {huber,
        {{"quadratic everywhere", "the case |z − y| < 0.75 everywhere in δ_z"},
         {"linear everywhere", "the case |z − y| ≥ 0.75 everywhere in δ_z"},
         {"zero outside", "the summand 0.75 [|z − y| ≥ 0.75] ⊙ sign(z − y) left out in δ_z"},
         {"zero inside", "the summand [|z − y| < 0.75] ⊙ (z − y) left out in δ_z"},
         {"δ forgotten outside", "the factor 0.75 left out in δ_z"},
         {"cases exchanged", "the cases exchanged in δ_z"}}},
       {gaussian,
        {{"not divided by the variance", "the factor 1 / v left out in δ_m"},
         {"variance a constant", "zero in its place in δ_l"},
         {"logarithm's term forgotten", "the summand ½ left out in δ_l"},
         {"square's term forgotten", "zero in its place in δ_v"},
         {"exp's slope forgotten", "a factor 1 / v too much in δ_l"},
         {"error not squared", "m − y in place of (m − y)² in δ_v"}}},
       {dice,
        {{"denominator a constant", "zero in its place in δ_d"},
         {"numerator a constant", "zero in its place in δ_n"},
         {"denominator not squared", "1 / d in place of 1 / d² in δ_d"},
         {"sign of the quotient rule", "the sign flipped in δ_d"},
         {"2 forgotten", "a factor ½ too much in δ_n"},
         {"no slope", "the factor σ′(z) left out in δ_z"}}},
       {triplet,
        {{"no condition", "1 in place of relu′(m) in δ_d"},
         {"not divided by the distances", "the factor 1 / "},
         {"anchor's use without the negative", "the summand δ_e ⊙ (a − c) / e left out in δ_a"},
         {"negative's sign", "the sign flipped in δ_c"},
         {"anchor's use only", "only the summand δ_aᵀ x taken (the others not added up) in ∂Loss/∂W"},
         {"anchor's use forgotten", "zero in its place in δ_a"},
         {"negative's use forgotten", "zero in its place in δ_c"}}},
       {cosine,
        {{"norm a constant", "zero in its place in δ_r"},
         {"norm's sign", "y in place of δ_n in δ_r"},
         {"norm squared", "the factor r of"},
         {"not divided by the norm", "the factor r of δ_n ⊙ r left out in δ_u"}}},
       {weighted_samples,
        {{"weights forgotten", "the factor w of"},
         {"not divided by the weights", "the factor 1 / (Σ w)"},
         {"divided by the number of samples", "6, the number of samples, in place of Σ w in δ_z"},
         {"weights squared", "w² in place of w in δ_z"},
         {"half", "the factor 2 left out in δ_z"}}},
       {positive_weight,
        {{"weight forgotten", "the factor w left out in δ_z"},
         {"positives forgotten", "the summand w ⊙ y ⊙ (1 − σ(z)) left out in δ_z"},
         {"negatives forgotten", "the summand (y − 1) ⊙ σ(z) left out in δ_z"},
         {"sign of the positives", "the sign of the summand w ⊙ y ⊙ (1 − σ(z)) wrong in δ_z"}}},
       {alignments,
        {{"softmax passed by", "the summand (Σ₁ δ_a) ⊙ softmax(z) left out in δ_z"},
         {"sign", "the sign flipped in"},
         {"mean over the target", "a factor 1/3 too much in"},
         {"posteriors forgotten", "the summand δ_a left out in δ_z"},
         {"equal labels not added up", "repeated indices overwritten, not added up, in"}}},
       {autoencoder,
        {{"μ for z", "μ in place of z in ∂Loss/∂V"},
         {"divergence forgotten for μ", "the summand μ left out in δ_μ"},
         {"no gradient through the draw", "the summand δ_z left out in δ_μ"},
         {"divergence's sign", "the sign of the summand μ wrong in δ_μ"},
         {"ε forgotten", "the factor ε left out in δ_σ"},
         {"divergence forgotten for σ", "the summand σ left out in δ_σ"},
         {"draw a constant for σ", "the summand δ_z ⊙ ε left out in δ_σ"},
         {"½ of the logarithm forgotten", "a factor 2 too much in δ_σ"},
         {"logarithm's own term forgotten", "the summand −1 left out in δ_l"},
         {"slope of exp forgotten", "the factor σ left out in δ_l"},
         {"σ² for σ", "σ² in place of σ in δ_l"}}}}};
  return family;
}

}  // namespace xgrad::test
