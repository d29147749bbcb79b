// The cross-entropy by hand. Of one sample with logits z_1 … z_C and a target y, a distribution over the classes (for a
// class index k: y_c = [c = k]); with class weights w and label smoothing ε
//
//   p = softmax(z)      t_c = w_c ((1 − ε) y_c + ε / C)      ℓ = −Σ_c t_c log p_c
//
// As log p_c = z_c − log Σ_k exp z_k,
//
//   ∂ log p_c / ∂z_j = [c = j] − p_j        ∂ℓ/∂z_j = −Σ_c t_c ([c = j] − p_j) = p_j Σ_c t_c − t_j
//
// which is the well-known p − y if there is no smoothing, and weights are 1. Then the samples' losses are put together:
//
//   none   Loss_n = s_n ℓ_n                     dz_n = dLoss_n s_n ∂ℓ_n/∂z_n
//   sum    Loss = Σ s_n ℓ_n                     dz_n = dLoss s_n ∂ℓ_n/∂z_n
//   mean   Loss = Σ s_n ℓ_n / Σ s_n h_n         dz_n = dLoss s_n / (Σ s_m h_m) ∂ℓ_n/∂z_n
//
// with the weights of samples s, and h_n = Σ_c w_c y_c, how much a sample counts by its class: smoothing doesn't change
// that. A sample whose index is to be ignored has ℓ = 0, h = 0 and no gradient.
//
// Bridle, Training stochastic model recognition algorithms as networks can lead to maximum mutual information
// estimation of parameters, NeurIPS 1989; Szegedy et al., Rethinking the Inception architecture, CVPR 2016, section 7.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <fmt/format.h>
#include <limits>
#include <vector>

#include "xgrad/error.hpp"
#include "xgrad/manual_layers.hpp"

#include "check/layers/array.hpp"
#include "check/layers/values.hpp"

namespace xgrad::check::manual {
namespace {

constexpr const char* name = "cross_entropy";

/// Logits as (before, C, after): sample n is (n / after, :, n % after).
struct Layout {
  Index<3> lengths{};
  Shape samples;  ///< the shape of the losses
  [[nodiscard]] std::int64_t classes() const { return lengths[1]; }
};

Layout layout_of(const Tensor& z, const CrossEntropyOptions& options) {
  require_floating(name, "z", z);
  const auto rank = static_cast<std::int64_t>(z.rank());
  const std::int64_t from_front = options.axis < 0 ? options.axis + rank : options.axis;
  const std::int64_t axis = rank == 1 ? 0 : from_front;
  if (axis < 0 || axis >= rank) {
    throw ShapeError(fmt::format("[manual::{}] classes along axis {} of {}, expected one of its axes", name,
                                 options.axis, to_string(z.shape())));
  }
  const auto at = static_cast<std::size_t>(axis);
  return {{product_of(z.shape(), 0, at), z.shape()[at], product_of(z.shape(), at + 1, z.rank())},
          z.shape().without(at)};
}

/// What the target says: y, and which samples count.
struct Target {
  Array<3> y;
  std::vector<bool> is_counted;
};

Target of_indices(const Layout& l, const Tensor& target, const CrossEntropyOptions& options) {
  require(name, "the target of indices", target, int64, l.samples);
  Target result{Array<3>{l.lengths}, {}};
  std::int64_t n = 0;
  for (const std::int64_t index : read_integers(target)) {
    const bool ignored = options.ignore_index && index == *options.ignore_index;
    require_option(name, "class index", static_cast<double>(index), ignored || (index >= 0 && index < l.classes()),
                   "one of the classes, from 0");
    if (!ignored) {
      result.y(n / l.lengths[2], index, n % l.lengths[2]) = 1;
    }
    result.is_counted.push_back(!ignored);
    ++n;
  }
  return result;
}

Target target_of(const Layout& l, const Tensor& z, const Tensor& target, const CrossEntropyOptions& options) {
  if (target.defined() && target.dtype() == int64) {
    return of_indices(l, target, options);
  }
  require(name, "target", target, z.dtype(), z.shape());
  if (options.ignore_index) {
    throw ValueError(fmt::format("[manual::{}] ignore_index beside distributions, expected class indices", name));
  }
  return {read(target, l.lengths), std::vector<bool>(static_cast<std::size_t>(l.samples.size()), true)};
}

/// ℓ, h and ∂ℓ/∂z of a sample.
struct Sample {
  double loss = 0;
  double share = 0;
  std::vector<double> slope;
};

Sample sample_of(const std::vector<double>& z, const std::vector<double>& y, const std::vector<double>& w,
                 bool is_weighted, double smoothing) {
  const double largest = *std::max_element(z.begin(), z.end());
  double total = 0;
  for (const double value : z) {
    total += std::exp(value - largest);
  }
  Sample sample;
  double total_target = 0;
  std::vector<double> t;
  for (std::size_t c = 0; c < z.size(); ++c) {
    t.push_back(w[c] * ((1 - smoothing) * y[c] + smoothing / static_cast<double>(z.size())));
    total_target += t[c];
    sample.loss -= t[c] == 0 ? 0 : t[c] * (z[c] - largest - std::log(total));
    sample.share += w[c] * y[c];
  }
  sample.share = is_weighted ? sample.share : 1;
  for (std::size_t c = 0; c < z.size(); ++c) {
    sample.slope.push_back(std::exp(z[c] - largest) / total * total_target - t[c]);
  }
  return sample;
}

std::vector<double> values_or_ones(const Tensor& tensor, std::int64_t count) {
  return tensor.defined() ? read_values(tensor) : std::vector<double>(static_cast<std::size_t>(count), 1);
}

std::vector<double> along_classes(const Array<3>& a, std::int64_t n) {
  std::vector<double> result;
  result.reserve(static_cast<std::size_t>(a.length(1)));
  for (std::int64_t c = 0; c < a.length(1); ++c) {
    result.push_back(a(n / a.length(2), c, n % a.length(2)));
  }
  return result;
}

std::vector<Sample> samples_of(const Layout& l, const Array<3>& z, const Target& target,
                               const CrossEntropyOptions& options) {
  const std::vector<double> w = values_or_ones(options.class_weights, l.classes());
  std::vector<Sample> samples;
  for (std::int64_t n = 0; n < l.samples.size(); ++n) {
    if (target.is_counted[static_cast<std::size_t>(n)]) {
      samples.push_back(sample_of(along_classes(z, n), along_classes(target.y, n), w, options.class_weights.defined(),
                                  options.label_smoothing));
    } else {
      samples.push_back({0, 0, std::vector<double>(static_cast<std::size_t>(l.classes()), 0)});
    }
  }
  return samples;
}

}  // namespace

CrossEntropy cross_entropy(const Tensor& z_given, const Tensor& target, const Tensor& dloss_given,
                           const CrossEntropyOptions& options) {
  const Layout l = layout_of(z_given, options);
  const bool is_reduced = options.reduction != nn::Reduction::none;
  require_if_defined(name, "class_weights", options.class_weights, z_given.dtype(), Shape{l.classes()});
  require_if_defined(name, "weights", options.weights, z_given.dtype(), l.samples);
  require_option(name, "label_smoothing", options.label_smoothing,
                 options.label_smoothing >= 0 && options.label_smoothing <= 1, "a number in [0, 1]");
  const Shape shape_of_loss = is_reduced ? Shape{} : l.samples;
  require(name, "dloss", dloss_given, z_given.dtype(), shape_of_loss);
  if (l.classes() == 0 && l.samples.size() > 0) {
    refuse_shape(name, "z", z_given, "one class or more");
  }
  const Target y = target_of(l, z_given, target, options);
  const std::vector<Sample> samples = samples_of(l, read(z_given, l.lengths), y, options);
  const std::vector<double> s = values_or_ones(options.weights, l.samples.size());
  const std::vector<double> dloss = read_values(dloss_given);

  double divisor = 0;
  for (std::size_t n = 0; n < samples.size(); ++n) {
    divisor += s[n] * samples[n].share;
  }
  divisor = options.reduction == nn::Reduction::mean ? divisor : 1;

  std::vector<double> losses;
  double total = 0;
  Array<3> dz{l.lengths};
  for (std::size_t n = 0; n < samples.size(); ++n) {
    losses.push_back(s[n] == 0 ? 0 : s[n] * samples[n].loss);
    total += losses.back() / divisor;
    if (s[n] == 0 || !y.is_counted[n]) {
      continue;
    }
    const auto at = static_cast<std::int64_t>(n);
    const double factor = (is_reduced ? dloss[0] : dloss[n]) * s[n] / divisor;
    for (std::int64_t c = 0; c < l.classes(); ++c) {
      dz(at / l.lengths[2], c, at % l.lengths[2]) = factor * samples[n].slope[static_cast<std::size_t>(c)];
    }
  }
  if (samples.empty() && options.reduction == nn::Reduction::mean) {
    total = std::numeric_limits<double>::quiet_NaN();
  }
  return {write_values(is_reduced ? std::vector<double>{total} : losses, shape_of_loss, z_given.dtype()),
          write_like(dz, z_given)};
}

}  // namespace xgrad::check::manual
