#include "cli/training.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>

#include "xgrad/nonfinite.hpp"
#include "xgrad/optim.hpp"

#include "cli/interruption.hpp"

namespace xgrad::cli {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::unique_ptr<optim::Optimizer> make_optimizer(const Training& training, std::vector<NamedParameter> parameters,
                                                 double learning_rate) {
  return training.optimizer->make(std::move(parameters), {.learning_rate = learning_rate,
                                                          .momentum = training.momentum,
                                                          .nesterov = training.nesterov,
                                                          .weight_decay = training.weight_decay});
}

bool is_finite(const Tensor& tensor) {
  const auto all_finite = [](const auto& values) {
    return std::all_of(values.begin(), values.end(), [](auto value) { return std::isfinite(value); });
  };
  return tensor.dtype() == float32 ? all_finite(tensor.data<float>()) : all_finite(tensor.data<double>());
}

/// For the mean over the batch of a loss on logits, by trial on the digits.
double logits_rate(const Model& model) {
  return model.widths.size() > 2 && model.activation == Activation::sigmoid ? 0.5 : 0.1;
}

/// For the mean over the batch of the quadratic loss, by trial on the digits.
double quadratic_rate(Activation output) {
  switch (output) {
    case Activation::sigmoid:
    case Activation::softmax:
      return 3;
    case Activation::tanh:
      return 0.1;
    case Activation::relu:
    case Activation::identity:
      return 0.03;
  }
  throw std::logic_error("an activation without a learning rate");
}

/// One run on its way.
class Trainer {
 public:
  Trainer(const Training& training, const data::TrainTest& data, std::uint64_t seed, Progress& progress)
      : training_{training},
        data_{data},
        progress_{progress},
        root_{seed},
        weights_{root_.split()},
        shuffle_{root_.split()},
        network_{build(training.model, weights_)},
        loss_{loss_of(training.model)},
        optimizer_{make_optimizer(training, network_.parameters(), learning_rate_of(training, data))} {}

  [[nodiscard]] Run run() {
    const auto start = Clock::now();
    Run run;
    run.seed = root_.seed();
    for (state_.epoch = 1; state_.epoch <= training_.epochs && !run.is_interrupted; ++state_.epoch) {
      Epoch epoch = train_epoch();
      epoch.accuracy = test_accuracy();
      run.epochs.push_back(epoch);
      state_.accuracy = epoch.accuracy;
      const bool is_whole = epoch.samples == data_.train.size();
      run.is_interrupted = !is_whole || (Interruption::came() && state_.epoch < training_.epochs);
      if (is_whole) {
        progress_.end_epoch(state_);
      }
    }
    run.accuracy = run.epochs.back().accuracy;
    run.correct = std::llround(run.accuracy * static_cast<double>(data_.test.size()));
    run.seconds = seconds_since(start);
    return run;
  }

 private:
  [[nodiscard]] Epoch train_epoch() {
    const auto start = Clock::now();
    const std::int64_t count = data_.train.size();
    data::BatchOptions options{.size = training_.batch};
    if (training_.batch != 0) {
      options.shuffle = std::ref(shuffle_);
    }
    const bool is_mean = training_.model.reduction == nn::Reduction::mean;
    double total = 0;
    std::int64_t samples = 0;
    for (const auto& [x, y] : data::batches(data_.train, options)) {
      Step step{.x = x, .y = y, .result = loss_(network_(x), y), .parameters = {}};
      if (training_.trace_nonfinite) {
        step.parameters = values(network_.parameters());
      }
      const double loss = optimizer_->step(step.result).item();
      if (!std::isfinite(loss)) {
        throw not_finite(fmt::format("loss is {}", std::isnan(loss) ? "NaN" : "infinite"), step);
      }
      if (training_.trace_nonfinite) {
        last_step_ = std::move(step);
      }
      samples += x.dim(0);
      total += is_mean ? loss * static_cast<double>(x.dim(0)) : loss;
      const bool is_last = samples == count || Interruption::came();
      if (is_last || progress_.is_due()) {
        report(is_mean ? total / static_cast<double>(samples) : total, samples, seconds_since(start));
      }
      if (is_last) {
        break;
      }
    }
    return {.samples = samples, .loss = state_.loss, .accuracy = nan, .seconds = seconds_since(start)};
  }

  void report(double loss, std::int64_t samples, double seconds) {
    const double share = static_cast<double>(samples) / static_cast<double>(data_.train.size());
    state_.loss = loss;
    state_.samples_per_second = static_cast<double>(samples) / std::max(seconds, 1e-9);
    state_.fraction = (static_cast<double>(state_.epoch - 1) + share) / static_cast<double>(training_.epochs);
    if (progress_.is_due()) {
      progress_.update(state_);
    }
  }

  /// What was computed from what: a step's loss, or outputs. Parameters only for traces.
  struct Step {
    Tensor x;
    Tensor y;
    Tensor result;
    std::vector<Tensor> parameters;
  };

  [[nodiscard]] static std::vector<Tensor> values(const std::vector<NamedParameter>& parameters) {
    return {parameters.begin(), parameters.end()};
  }

  [[nodiscard]] NotFinite not_finite(std::string_view what, const Step& step) const {
    return NotFinite{
        fmt::format("the {} after {} steps, in epoch {} of {}: training stopped; try a learning rate "
                    "below {:.6g}",
                    what, optimizer_->steps(), state_.epoch, training_.epochs, optimizer_->learning_rate()),
        training_.trace_nonfinite ? origin_of(step) : ""};
  }

  /// Where it comes from; if from parameters, where they have it from.
  [[nodiscard]] std::string origin_of(const Step& step) const {
    const auto found = traced(step);
    if (!found) {
      return {};
    }
    std::string text = found->text();
    if (found->operation != "leaf" || !last_step_.result.defined()) {
      return text;
    }
    const auto before = traced(last_step_);
    text += "In the step before, ";
    return text + (before ? before->text()
                          : fmt::format("all gradients are finite: it is the update, with learning rate {:.6g}.\n",
                                        optimizer_->learning_rate()));
  }

  [[nodiscard]] std::optional<check::NonFinite> traced(const Step& step) const {
    const std::vector<NamedParameter> named = network_.parameters();
    for (std::size_t i = 0; i < step.parameters.size(); ++i) {
      step.parameters[i].named(named[i].name);
    }
    step.x.named("x");
    step.result.named(step.y.defined() ? "loss" : "the output");
    if (step.y.defined()) {
      step.y.named("y");
    }
    return check::trace_nonfinite(step.result);
  }

  [[nodiscard]] double test_accuracy() const {
    const Tensor outputs = network_(data_.test.inputs);
    if (!is_finite(outputs)) {
      throw not_finite(
          "network's outputs on the test samples aren't finite",
          {.x = data_.test.inputs, .y = {}, .result = outputs, .parameters = values(network_.parameters())});
    }
    return nn::accuracy(outputs, data_.test.labels);
  }

  const Training& training_;
  const data::TrainTest& data_;
  Progress& progress_;
  Random root_;
  Random weights_;
  Random shuffle_;
  nn::Sequential network_;
  LossFunction loss_;
  std::unique_ptr<optim::Optimizer> optimizer_;
  ProgressState state_{.accuracy = nan};
  Step last_step_;  // with traces: the last whose loss is finite
};

}  // namespace

std::int64_t samples_per_step(const Training& training, const data::TrainTest& data) {
  const std::int64_t samples = data.train.size();
  if (training.batch > samples) {
    throw UsageError(fmt::format("--batch {}: there are {} samples to train with; 'all' takes all of them",
                                 training.batch, samples));
  }
  return training.batch == 0 ? samples : training.batch;
}

double learning_rate_of(const Training& training, const data::TrainTest& data) {
  if (training.learning_rate) {
    return *training.learning_rate;
  }
  if (training.optimizer->learning_rate != 0) {
    return training.optimizer->learning_rate;
  }
  const Model& model = training.model;
  const auto classes = static_cast<double>(model.widths.back());
  double rate = model.takes_logits() ? logits_rate(model) : quadratic_rate(model.output_activation());
  // MeanSquaredError is 2 / classes of the quadratic loss; its sum is twice that loss.
  if (model.loss == Loss::mean_squared_error) {
    rate *= model.reduction == nn::Reduction::mean ? classes / 2 : 0.5;
  }
  if (model.reduction == nn::Reduction::sum) {
    rate /= static_cast<double>(samples_per_step(training, data));
  }
  return rate * (1 - training.momentum);
}

void require_fit(const Training& training, const data::TrainTest& data) {
  const Widths& widths = training.model.widths;
  if (widths.front() != data.train.features()) {
    throw UsageError(fmt::format("--layers {}: begins with {}, but the data has {} features", to_string(widths),
                                 widths.front(), data.train.features()));
  }
  if (widths.back() != data.train.classes()) {
    throw UsageError(fmt::format("--layers {}: ends with {}, but the data has {} classes", to_string(widths),
                                 widths.back(), data.train.classes()));
  }
}

Run train_once(const Training& training, const data::TrainTest& data, std::uint64_t seed, Progress& progress) {
  return Trainer{training, data, seed, progress}.run();
}

}  // namespace xgrad::cli
