#include "xgrad/derive.hpp"

#include <fmt/format.h>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>

#include "xgrad/creation.hpp"
#include "xgrad/nn/layers.hpp"

#include "cli/commands.hpp"
#include "cli/network.hpp"

namespace xgrad::cli {
namespace {

enum class Layer : std::uint8_t { dense, sigmoid, tanh, relu, softmax };
constexpr std::array layer_choices{Choice<Layer>{"Dense", Layer::dense}, Choice<Layer>{"Sigmoid", Layer::sigmoid},
                                   Choice<Layer>{"Tanh", Layer::tanh}, Choice<Layer>{"ReLU", Layer::relu},
                                   Choice<Layer>{"Softmax", Layer::softmax}};
constexpr std::span<const Choice<Layer>> layers{layer_choices};

struct Options {
  Model model{.widths = {2, 3, 1}, .dtype = float64};
  std::int64_t samples = 1;
  std::optional<Layer> layer;
  std::optional<std::string> of_networks_only;  ///< an option that was given, and that --layer doesn't know
  bool latex = false;
  bool dot = false;
};

Shape shape_of(std::int64_t samples, std::int64_t width) {
  return samples == 1 ? Shape{width} : Shape{samples, width};
}

Derivation of_network(const Options& options) {
  const Model& model = options.model;
  Random random{1};
  const Tensor x = random.normal(shape_of(options.samples, model.widths.front()), 0, 1, model.dtype).eval();
  Tensor y = random.uniform(shape_of(options.samples, model.widths.back()), 0, 1, model.dtype).eval();
  if (model.loss == Loss::cross_entropy) {
    const std::vector<std::int64_t> classes(static_cast<std::size_t>(options.samples), 0);
    y = from_vector(classes, options.samples == 1 ? Shape{} : Shape{options.samples});
  }
  const nn::Sequential network = build(model, random);
  return derive(loss_of(model)(network(x), y), network.parameters());
}

// The backward pass of one layer, for any cotangent G of its output.
Derivation of_layer(const Options& options, Layer layer) {
  const std::int64_t in = options.model.widths[0];
  const DType dtype = options.model.dtype;
  Random random{1};
  const Tensor x = variable(random.normal(shape_of(options.samples, in), 0, 1, dtype)).named("x");
  std::vector<Tensor> xs{x};
  Tensor out;
  switch (layer) {
    case Layer::dense: {
      const nn::Dense dense{in, options.model.widths[1], random, {.dtype = dtype}};
      xs.insert(xs.end(), {dense.b, dense.W});
      out = dense(x).named("z");
      break;
    }
    case Layer::sigmoid:
      out = nn::Sigmoid{}(x).named("a");
      break;
    case Layer::tanh:
      out = nn::Tanh{}(x).named("a");
      break;
    case Layer::relu:
      out = nn::ReLU{}(x).named("a");
      break;
    case Layer::softmax:
      out = nn::Softmax{}(x).named("a");
      break;
  }
  const Tensor cotangent = random.normal(out.shape(), 0, 1, dtype).eval().named("G");
  return derive(out, xs, {.cotangent = cotangent});
}

int print(const Options& options) {
  if (options.latex && options.dot) {
    throw UsageError("--latex and --dot: only one of them");
  }
  if (options.layer && options.of_networks_only) {
    throw UsageError(fmt::format("{} is of networks: expected --layer without it", *options.of_networks_only));
  }
  const Derivation derivation = options.layer ? of_layer(options, *options.layer) : of_network(options);
  if (options.latex) {
    std::cout << derivation.latex();
  } else {
    std::cout << (options.dot ? derivation.dot() : derivation.text());
  }
  return exit_code::success;
}

}  // namespace

Command add_derive(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command =
      app.add_subcommand("derive", "Print the backward pass of a network as formulas, with shapes");
  add_model_options(*command, options->model, to_string(options->model.widths));
  add_value(*command, "--samples", "N", "1", "In the batch; a single one is a vector, as in the document",
            [options](const std::string& option, const std::string& text) {
              options->samples = static_cast<std::int64_t>(read_integer(option, text, 1, 1'000'000));
            });
  add_value(
      *command, "--layer", "NAME", "",
      fmt::format("The backward pass of one layer instead, for any cotangent G of\nits output: {}", names_of(layers)),
      [options](const std::string& option, const std::string& text) {
        options->layer = read_choice(option, text, layers);
      });
  command->add_flag("--latex", options->latex, "As a LaTeX document");
  command->add_flag("--dot", options->dot, "As a graph for Graphviz: which equation uses which");
  command->footer(
      "Exit codes: 0 printed; 2 a bad option, or any other error.\n\n"
      "Examples:\n"
      "  xgrad derive                                  the document's BP1 to BP4\n"
      "  xgrad derive --layers 20-10-5 --activation tanh --loss cross-entropy --samples 32\n"
      "  xgrad derive --layer Dense --samples 5\n"
      "  xgrad derive --latex > derivation.tex");
  return {command, [options, command] {
            for (const char* name : {"--activation", "--output-activation", "--loss", "--reduction", "--init"}) {
              if (command->count(name) > 0) {
                options->of_networks_only = name;
              }
            }
            return print(*options);
          }};
}

}  // namespace xgrad::cli
