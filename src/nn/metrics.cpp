#include "xgrad/nn/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <fmt/format.h>
#include <numeric>
#include <span>

#include "xgrad/error.hpp"
#include "xgrad/math.hpp"
#include "xgrad/nn/classification_losses.hpp"
#include "xgrad/reduce.hpp"

#include "nn/defined.hpp"
#include "nn/loss_rules.hpp"

namespace xgrad::nn {

namespace {

void require_labels(const char* metric, const char* role, const Tensor& labels) {
  if (labels.dtype() != int64) {
    throw DTypeError(fmt::format("[{}] {} {} are {}; expected int64", metric, role, to_string(labels.shape()),
                                 to_string(labels.dtype())));
  }
}

// Throws unless there are outputs for each label, which is their class.
void require_outputs(const char* metric, const Tensor& outputs, const Tensor& labels) {
  require_defined(metric, "output", outputs);
  require_defined(metric, "tensor of labels", labels);
  if (outputs.rank() != 2 || labels.shape() != Shape{outputs.dim(0)}) {
    throw ShapeError(fmt::format("[{}] takes outputs (batch, classes) and labels (batch), not {} and {}", metric,
                                 to_string(outputs.shape()), to_string(labels.shape())));
  }
  require_labels(metric, "labels", labels);
  if (outputs.size() == 0) {
    throw ValueError(fmt::format("[{}] there is nothing to judge: outputs are {}", metric, to_string(outputs.shape())));
  }
  const std::span<const std::int64_t> classes = labels.data<std::int64_t>();
  const std::int64_t count = outputs.dim(1);
  const auto wrong = std::find_if(classes.begin(), classes.end(), [count](auto c) { return c < 0 || c >= count; });
  if (wrong != classes.end()) {
    throw ValueError(fmt::format("[{}] the label of row {} is {}; expected 0 to {} for outputs {}", metric,
                                 wrong - classes.begin(), *wrong, count - 1, to_string(outputs.shape())));
  }
}

// Throws unless both are (N) of one or more.
void require_vectors(const char* metric, const char* role, const Tensor& first, const char* other_role,
                     const Tensor& second) {
  require_defined(metric, role, first);
  require_defined(metric, other_role, second);
  if (first.rank() != 1 || first.shape() != second.shape()) {
    throw ShapeError(fmt::format("[{}] takes {} and {} (batch), not {} and {}", metric, role, other_role,
                                 to_string(first.shape()), to_string(second.shape())));
  }
  if (first.size() == 0) {
    throw ValueError(fmt::format("[{}] there is nothing to judge: {} are {}", metric, role, to_string(first.shape())));
  }
}

// The classes that a vector names, all of them below `count`.
std::span<const std::int64_t> classes_of(const char* metric, const char* role, const Tensor& classes,
                                         std::int64_t count) {
  require_labels(metric, role, classes);
  const std::span<const std::int64_t> values = classes.data<std::int64_t>();
  const auto wrong = std::find_if(values.begin(), values.end(), [count](auto c) { return c < 0 || c >= count; });
  if (wrong != values.end()) {
    throw ValueError(fmt::format("[{}] the class at row {} of the {} is {}; expected 0 to {}", metric,
                                 wrong - values.begin(), role, *wrong, count - 1));
  }
  return values;
}

double share(double part, double whole) noexcept {
  return whole == 0 ? 0 : part / whole;
}

/// Of one class, or of several together.
struct Counts {
  double hits = 0;       ///< taken for it, and of it
  double predicted = 0;  ///< taken for it
  double actual = 0;     ///< of it

  [[nodiscard]] double precision() const noexcept { return share(hits, predicted); }
  [[nodiscard]] double recall() const noexcept { return share(hits, actual); }
  [[nodiscard]] double f1() const noexcept { return share(2 * hits, predicted + actual); }
};

std::vector<Counts> counts_per_class(const char* metric, const Tensor& predictions, const Tensor& labels,
                                     Average average) {
  require_vectors(metric, "predictions", predictions, "labels", labels);
  constexpr std::int64_t most = std::int64_t{1} << 24U;
  const std::int64_t bound = average == Average::binary ? 2 : most;
  const std::span<const std::int64_t> predicted = classes_of(metric, "predictions", predictions, bound);
  const std::span<const std::int64_t> actual = classes_of(metric, "labels", labels, bound);
  const std::int64_t largest =
      std::max(*std::max_element(predicted.begin(), predicted.end()), *std::max_element(actual.begin(), actual.end()));
  std::vector<Counts> counts(static_cast<std::size_t>(std::max<std::int64_t>(largest + 1, 2)));
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    Counts& of_predicted = counts[static_cast<std::size_t>(predicted[i])];
    of_predicted.predicted += 1;
    of_predicted.hits += predicted[i] == actual[i] ? 1 : 0;
    counts[static_cast<std::size_t>(actual[i])].actual += 1;
  }
  return counts;
}

double averaged(const char* metric, const Tensor& predictions, const Tensor& labels, Average average,
                double (Counts::*number)() const noexcept) {
  const std::vector<Counts> counts = counts_per_class(metric, predictions, labels, average);
  if (average == Average::binary) {
    return (counts[1].*number)();
  }
  Counts all;
  double total = 0;
  double classes = 0;
  for (const Counts& each : counts) {
    all.hits += each.hits;
    all.predicted += each.predicted;
    all.actual += each.actual;
    if (each.predicted + each.actual > 0) {
      total += (each.*number)();
      classes += 1;
    }
  }
  return average == Average::micro ? (all.*number)() : total / classes;
}

std::vector<double> doubles(const Tensor& x) {
  return cast(x, float64).to_vector<double>();
}

}  // namespace

double accuracy(const Tensor& outputs, const Tensor& labels) {
  require_outputs("accuracy", outputs, labels);
  const Tensor largest = max(outputs, -1);
  const Tensor finite_row = equal(largest, largest);  // false for NaN
  return mean(cast(logical_and(equal(argmax(outputs, -1), labels), finite_row), float64)).item();
}

double top_k_accuracy(const Tensor& outputs, const Tensor& labels, std::int64_t k) {
  require_outputs("top_k_accuracy", outputs, labels);
  const auto classes = static_cast<std::size_t>(outputs.dim(1));
  if (k < 1 || k > outputs.dim(1)) {
    throw ValueError(
        fmt::format("[top_k_accuracy] k {}; expected 1 to {} for outputs {}", k, classes, to_string(outputs.shape())));
  }
  const std::vector<double> values = doubles(outputs);
  const std::span<const std::int64_t> labelled = labels.data<std::int64_t>();
  std::size_t hits = 0;
  for (std::size_t row = 0; row < labelled.size(); ++row) {
    const std::span<const double> scores{values.data() + row * classes, classes};
    const auto label = static_cast<std::size_t>(labelled[row]);
    std::int64_t before = 0;
    for (std::size_t c = 0; c < classes; ++c) {
      before += scores[c] > scores[label] || (scores[c] == scores[label] && c < label) ? 1 : 0;
    }
    const bool has_nan = std::any_of(scores.begin(), scores.end(), [](double score) { return std::isnan(score); });
    hits += !has_nan && before < k ? 1 : 0;
  }
  return static_cast<double>(hits) / static_cast<double>(labelled.size());
}

std::vector<std::vector<std::int64_t>> confusion_matrix(const Tensor& predictions, const Tensor& labels,
                                                        std::int64_t classes) {
  require_vectors("confusion_matrix", "predictions", predictions, "labels", labels);
  if (classes < 1) {
    throw ValueError(fmt::format("[confusion_matrix] of {} classes; expected one or more", classes));
  }
  const std::span<const std::int64_t> predicted = classes_of("confusion_matrix", "predictions", predictions, classes);
  const std::span<const std::int64_t> actual = classes_of("confusion_matrix", "labels", labels, classes);
  const auto size = static_cast<std::size_t>(classes);
  std::vector<std::vector<std::int64_t>> counts(size, std::vector<std::int64_t>(size, 0));
  for (std::size_t i = 0; i < actual.size(); ++i) {
    ++counts[static_cast<std::size_t>(actual[i])][static_cast<std::size_t>(predicted[i])];
  }
  return counts;
}

double precision(const Tensor& predictions, const Tensor& labels, Average average) {
  return averaged("precision", predictions, labels, average, &Counts::precision);
}

double recall(const Tensor& predictions, const Tensor& labels, Average average) {
  return averaged("recall", predictions, labels, average, &Counts::recall);
}

double f1(const Tensor& predictions, const Tensor& labels, Average average) {
  return averaged("f1", predictions, labels, average, &Counts::f1);
}

double auc(const Tensor& scores, const Tensor& labels) {
  require_vectors("auc", "scores", scores, "labels", labels);
  require_floating("auc", "scores", scores);
  const std::span<const std::int64_t> classes = classes_of("auc", "labels", labels, 2);
  const std::vector<double> values = doubles(scores);
  const auto nan = std::find_if(values.begin(), values.end(), [](double value) { return std::isnan(value); });
  if (nan != values.end()) {
    throw ValueError(fmt::format("[auc] the score of row {} is NaN, which has no rank", nan - values.begin()));
  }
  const auto ones = static_cast<double>(std::count(classes.begin(), classes.end(), 1));
  const double zeros = static_cast<double>(classes.size()) - ones;
  if (ones == 0 || zeros == 0) {
    throw ValueError(fmt::format("[auc] all {} labels are {}; expected both 0 and 1", classes.size(), classes[0]));
  }
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&values](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  // The ranks of class 1 added up, from 1; equal scores share the mean of their ranks.
  double ranks = 0;
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    double of_ones = 0;
    while (last < order.size() && values[order[last]] == values[order[first]]) {
      of_ones += static_cast<double>(classes[order[last]]);
      ++last;
    }
    ranks += of_ones * 0.5 * static_cast<double>(first + 1 + last);
    first = last;
  }
  return (ranks - ones * (ones + 1) / 2) / (ones * zeros);
}

double perplexity(const Tensor& logits, const Tensor& labels) {
  require_floating("perplexity", "output", logits);
  require_defined("perplexity", "tensor of labels", labels);
  if (logits.rank() < 2) {
    throw ShapeError(fmt::format("[perplexity] takes outputs (batch, classes, …), not {}", to_string(logits.shape())));
  }
  require_class_indices("perplexity", logits, 1, labels);
  if (logits.size() == 0) {
    throw ValueError(fmt::format("[perplexity] there is nothing to judge: outputs are {}", to_string(logits.shape())));
  }
  return std::exp(CrossEntropy{}(cast(logits, float64), labels).item());
}

double r_squared(const Tensor& predictions, const Tensor& targets) {
  require_vectors("r_squared", "predictions", predictions, "targets", targets);
  require_alike("r_squared", predictions, targets);
  const std::vector<double> a = doubles(predictions);
  const std::vector<double> y = doubles(targets);
  const double mean = std::accumulate(y.begin(), y.end(), 0.0) / static_cast<double>(y.size());
  double rest = 0;
  double all = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    rest += (y[i] - a[i]) * (y[i] - a[i]);
    all += (y[i] - mean) * (y[i] - mean);
  }
  if (std::all_of(y.begin(), y.end(), [&y](double value) { return value == y[0]; })) {
    throw ValueError(fmt::format("[r_squared] all {} targets are {}, which have no variance", y.size(), y[0]));
  }
  return 1 - rest / all;
}

double mean_absolute_error(const Tensor& predictions, const Tensor& targets) {
  require_alike("mean_absolute_error", predictions, targets);
  if (predictions.size() == 0) {
    throw ValueError(fmt::format("[mean_absolute_error] there is nothing to judge: predictions are {}",
                                 to_string(predictions.shape())));
  }
  return mean(abs(cast(predictions, float64) - cast(targets, float64))).item();
}

}  // namespace xgrad::nn
