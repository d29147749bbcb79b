#include "cli/network.hpp"

#include <fmt/ranges.h>

#include "xgrad/nn/layers.hpp"

namespace xgrad::cli {
namespace {

constexpr std::uint64_t max_parameters = 100'000'000;

void add_activation(nn::Sequential& network, Activation activation) {
  switch (activation) {
    case Activation::sigmoid:
      network.add(nn::Sigmoid{});
      break;
    case Activation::tanh:
      network.add(nn::Tanh{});
      break;
    case Activation::relu:
      network.add(nn::ReLU{});
      break;
    case Activation::softmax:
      network.add(nn::Softmax{});
      break;
    case Activation::identity:
      break;
  }
}

nn::Initializer initializer_of(Init init) {
  switch (init) {
    case Init::glorot:
      return nn::init::glorot;
    case Init::he:
      return nn::init::he;
    case Init::normal:
      return nn::init::standard_normal;
    case Init::zeros:
      return nn::init::zeros;
  }
  throw std::logic_error("an initialiser without a function");
}

}  // namespace

Widths read_widths(std::string_view option, const std::string& text) {
  Widths widths;
  std::uint64_t count = 0;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find('-', begin), text.size());
    std::uint64_t width = 0;
    try {
      width = read_integer(option, std::string_view{text}.substr(begin, end - begin), 1, max_parameters);
    } catch (const UsageError&) {
      throw UsageError(fmt::format("{} '{}': expected widths from 1 to {} with '-' between them, such as 64-30-10",
                                   option, text, max_parameters));
    }
    if (!widths.empty()) {
      count += width * (static_cast<std::uint64_t>(widths.back()) + 1);
    }
    widths.push_back(static_cast<std::int64_t>(width));
    if (count > max_parameters) {
      throw UsageError(fmt::format("{} '{}': more than {} parameters", option, text, max_parameters));
    }
    begin = end + 1;
  }
  if (widths.size() < 2) {
    throw UsageError(
        fmt::format("{} '{}': expected at least two widths, those of the input and of the output", option, text));
  }
  return widths;
}

std::string to_string(const Widths& widths) {
  return fmt::format("{}", fmt::join(widths, "-"));
}

bool Model::takes_logits() const {
  return loss == Loss::cross_entropy || loss == Loss::binary_cross_entropy;
}

Activation Model::output_activation() const {
  return last.value_or(takes_logits() ? Activation::identity : activation);
}

bool Model::is_all_sigmoid() const {
  const bool is_hidden_sigmoid = widths.size() == 2 || activation == Activation::sigmoid;
  return is_hidden_sigmoid && output_activation() == Activation::sigmoid;
}

std::string Model::description() const {
  std::string layers = fmt::format("{}, {}", to_string(widths), name_of(activations, activation));
  if (output_activation() != activation) {
    layers += fmt::format(" and {} at the output", name_of(activations, output_activation()));
  }
  return fmt::format("{}, {} loss ({})", layers, name_of(losses, loss), name_of(reductions, reduction));
}

void add_model_options(CLI::App& app, Model& model, const std::string& layers_fallback) {
  add_value(app, "--layers", "WIDTHS", layers_fallback, "Widths of the layers, from input to output",
            [&model](const std::string& option, const std::string& text) { model.widths = read_widths(option, text); });
  add_choice(app, "--activation", activations, model.activation, "After each layer");
  add_value(app, "--output-activation", "NAME", "",
            "After the last layer. If not given: identity for the cross-entropies,\n"
            "which take logits, else that of --activation",
            [&model](const std::string& option, const std::string& text) {
              model.last = read_choice(option, text, activations);
            });
  add_choice(app, "--loss", losses, model.loss,
             "quadratic is 1/2 sum (a - y)^2 over a sample's outputs,\nmse the mean of (a - y)^2. One of");
  add_choice(app, "--reduction", reductions, model.reduction, "Of the loss over a batch (the document takes the sum)");
  add_choice(app, "--init", inits, model.init, "Initial weights; normal is N(0, 1), the document's. One of");
  add_choice(app, "--dtype", dtypes, model.dtype, "Of all numbers");
}

nn::Sequential build(const Model& model, Random& random, const nn::Initializer& biases) {
  const nn::Initializer zero_or_normal = model.init == Init::normal ? nn::init::standard_normal : nn::init::zeros;
  const nn::DenseOptions options{
      .dtype = model.dtype, .weight = initializer_of(model.init), .bias = biases ? biases : zero_or_normal};
  nn::Sequential network;
  for (std::size_t l = 1; l < model.widths.size(); ++l) {
    network.add(nn::Dense{model.widths[l - 1], model.widths[l], random, options});
    add_activation(network, l + 1 == model.widths.size() ? model.output_activation() : model.activation);
  }
  return network;
}

LossFunction loss_of(const Model& model) {
  switch (model.loss) {
    case Loss::quadratic:
      return nn::QuadraticLoss{model.reduction};
    case Loss::cross_entropy:
      return nn::CrossEntropy{model.reduction};
    case Loss::binary_cross_entropy:
      return nn::BinaryCrossEntropy{model.reduction};
    case Loss::mean_squared_error:
      return nn::MeanSquaredError{model.reduction};
  }
  throw std::logic_error("a loss without a function");
}

}  // namespace xgrad::cli
