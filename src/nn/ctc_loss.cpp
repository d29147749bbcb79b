// CTC by the forward algorithm. A target y₁ … y_S is extended by blanks to y′ = b y₁ b y₂ … y_S b, of 2 S + 1 labels.
// α_t(s) is the log-probability of all ways to have come to label s of y′ at frame t:
//
//   α_t(s) = log (e^α_(t−1)(s) + e^α_(t−1)(s−1) + [y′_s ≠ b and y′_s ≠ y′_(s−2)] e^α_(t−1)(s−2)) + log p_t(y′_s)
//
// All targets of a batch are extended to the longest one; what is beyond a target's end is never reached from within.
#include "xgrad/nn/ctc_loss.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <string>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/scope.hpp"

#include "nn/defined.hpp"
#include "nn/loss_rules.hpp"
#include "ops/index/checked_labels.hpp"

namespace xgrad::nn {

namespace {

using ops::LabelRule;

constexpr const char* name = "CTCLoss";
constexpr double infinity = std::numeric_limits<double>::infinity();
// Stands for log 0 in α. Unlike −∞ it has derivatives: those of what can't happen are e^never = 0. Any number of frames
// adds up to a float32, and no log-probability of what can happen comes near.
constexpr double never = -1e30;

void require_integers(const char* role, const Tensor& x, const Shape& shape) {
  require_defined(name, role, x);
  if (x.shape() != shape) {
    throw ShapeError(
        fmt::format("[{}] the {} are {}; expected {}", name, role, to_string(x.shape()), to_string(shape)));
  }
  if (x.dtype() != int64) {
    throw DTypeError(fmt::format("[{}] the {} are {}; expected int64", name, role, to_string(x.dtype())));
  }
}

void require_fitting(const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
                     const Tensor& target_lengths, std::int64_t blank) {
  require_floating(name, "prediction", log_probs);
  require_defined(name, "target", targets);
  if (log_probs.rank() != 3 || targets.rank() != 2 || targets.dim(0) != log_probs.dim(1)) {
    throw ShapeError(
        fmt::format("[{}] takes log-probabilities (frames, batch, classes) and targets (batch, labels), "
                    "not {} and {}",
                    name, to_string(log_probs.shape()), to_string(targets.shape())));
  }
  require_integers("targets", targets, targets.shape());
  const Shape batch{log_probs.dim(1)};
  require_integers("input lengths", input_lengths, batch);
  require_integers("target lengths", target_lengths, batch);
  if (blank < 0 || blank >= log_probs.dim(2)) {
    throw ValueError(fmt::format("[{}] blank {}; expected a class of {}", name, blank, to_string(log_probs.shape())));
  }
}

// 0, 1, … n − 1.
Tensor counted(std::int64_t n) {
  return arange(0, static_cast<double>(n), 1, int64).named("k");
}

// x, (N, n), moved to the right by `steps`, `never` coming in.
Tensor moved(const Tensor& x, std::int64_t steps) {
  const std::int64_t kept = x.dim(1) > steps ? x.dim(1) - steps : 0;
  return pad(slice(x, {.start = 0, .stop = kept}, 1), {{0, 0}, {x.dim(1) - kept, 0}}, never);
}

/// The labels of a batch, extended by blanks.
struct Extended {
  Tensor labels;     ///< (N, 2 S + 1)
  Tensor may_skip;   ///< bool, likewise: whether the way from the label before the last one is open
  Tensor end;        ///< (N, 2): the last two labels of each, the first of which an empty target doesn't have
  Tensor has_label;  ///< bool (N, 2)
};

Extended extended(const Tensor& targets, const Tensor& lengths, std::int64_t classes, std::int64_t blank) {
  const std::int64_t batch = targets.dim(0);
  const std::int64_t most = targets.dim(1);
  const Tensor is_label = expand_dims(lengths, 1) > broadcast_to(counted(most), targets.shape());
  // What is beyond the end isn't looked at: any label will do for the check, and the blank for the rest.
  const LabelRule rule{.loss = name,
                       .kind = LabelRule::Kind::class_index,
                       .low = 0,
                       .high = std::max<std::int64_t>(classes - 1, 1),
                       .blank = blank};
  const Tensor given = ops::checked_labels(where(is_label, targets, blank == 0 ? 1.0 : 0.0), rule);
  const Tensor labels = where(is_label, given, static_cast<double>(blank));
  const Tensor blanks = full({batch, most}, static_cast<double>(blank), int64);
  const Tensor last_blank = full({batch, 1}, static_cast<double>(blank), int64);
  const Tensor pairs = reshape(stack({blanks, labels}, 2), {batch, 2 * most});
  Extended result;
  result.labels = concatenate({pairs, last_blank}, 1).named("l");
  // Label k may follow label k − 1 directly unless they are equal; a blank may follow a label only.
  Tensor differs = zeros({batch, most}, boolean);
  if (most > 0) {
    const Tensor first = ones({batch, 1}, boolean);
    const Tensor before = slice(labels, {.start = 0, .stop = most - 1}, 1);
    const Tensor after = slice(labels, {.start = 1, .stop = most}, 1);
    differs = concatenate({first, not_equal(after, before)}, 1);
  }
  const Tensor no_skip = zeros({batch, most}, boolean);
  result.may_skip =
      concatenate({reshape(stack({no_skip, differs}, 2), {batch, 2 * most}), zeros({batch, 1}, boolean)}, 1)
          .named("skips");
  const Tensor last = (lengths * 2.0).named("e");
  const Tensor before_last = where(lengths > 0.0, last - 1.0, 0.0);
  result.end = stack({before_last, last}, 1);
  result.has_label = stack({lengths > 0.0, lengths >= 0.0}, 1);
  return result;
}

// α at the last frame of each, (N, 2 S + 1).
Tensor last_alpha(const Tensor& log_probs, const Extended& target, const Tensor& input_lengths) {
  const std::int64_t frames = log_probs.dim(0);
  const std::int64_t batch = log_probs.dim(1);
  const std::int64_t states = target.labels.dim(1);
  // Before the first frame: in front of the first blank, from where it or the first label is reached.
  const Tensor start = expand_dims(equal(counted(states), 0.0), 0);
  Tensor alpha = where(broadcast_to(start, {batch, states}), 0.0, full({batch, states}, never, log_probs.dtype()));
  // (T, N, 2 S + 1)
  const Tensor emitted =
      maximum(gather(log_probs, broadcast_to(expand_dims(target.labels, 0), {frames, batch, states}), 2), never)
          .named("b");
  for (std::int64_t t = 0; t < frames; ++t) {
    const Tensor skipped = where(target.may_skip, moved(alpha, 2), never);
    const Tensor reached = t == 0 ? logsumexp(stack({alpha, moved(alpha, 1)}, 0), 0)
                                  : logsumexp(stack({alpha, moved(alpha, 1), skipped}, 0), 0);
    const Tensor next = reached + emitted.at({t, ellipsis});
    alpha = where(expand_dims(input_lengths > static_cast<double>(t), 1), next, alpha).named("α");
  }
  return alpha;
}

}  // namespace

Tensor CTCLoss::operator()(const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
                           const Tensor& target_lengths, const Tensor& weights) const {
  const Scope scope{name, Scope::Role::loss};
  require_fitting(log_probs, targets, input_lengths, target_lengths, blank);
  const Tensor frames = ops::checked_labels(
      input_lengths, {.loss = name, .kind = LabelRule::Kind::input_length, .low = 0, .high = log_probs.dim(0)});
  const Tensor lengths = ops::checked_labels(
      target_lengths, {.loss = name, .kind = LabelRule::Kind::target_length, .low = 0, .high = targets.dim(1)});
  const Extended target = extended(targets, lengths, log_probs.dim(2), blank);
  const Tensor alpha = last_alpha(log_probs, target, frames);
  const Tensor likelihoods = logsumexp(where(target.has_label, gather(alpha, target.end, 1), never), 1).named("ℓ");
  Tensor losses = where(likelihoods < 0.5 * never, zero_infinity ? 0.0 : infinity, -likelihoods);
  if (reduction == Reduction::mean) {
    losses = losses / cast(where(lengths > 0.0, lengths, 1.0), log_probs.dtype());
  }
  return reduced(name, losses, reduction, weights);
}

}  // namespace xgrad::nn
