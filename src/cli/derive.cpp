#include "xgrad/derive.hpp"

#include <fmt/format.h>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "xgrad/creation.hpp"

#include "cli/commands.hpp"
#include "cli/derive_layers/groups.hpp"
#include "cli/network.hpp"
#include "cli/suggestion.hpp"

namespace xgrad::cli {
namespace {

struct Options {
  Model model{.widths = {2, 3, 1}, .dtype = float64};
  std::optional<std::int64_t> samples;  ///< 1 unless told, or what a layer needs
  const LayerEntry* layer = nullptr;
  bool list = false;                            ///< the layers there are, instead
  std::optional<std::string> of_networks_only;  ///< an option that was given, and that --layer doesn't know
  bool latex = false;
  bool dot = false;
};

Shape shape_of(std::int64_t samples, std::int64_t width) {
  return samples == 1 ? Shape{width} : Shape{samples, width};
}

Derivation of_network(const Options& options) {
  const Model& model = options.model;
  const std::int64_t samples = options.samples.value_or(1);
  Random random{1};
  const Tensor x = random.normal(shape_of(samples, model.widths.front()), 0, 1, model.dtype).eval();
  Tensor y = random.uniform(shape_of(samples, model.widths.back()), 0, 1, model.dtype).eval();
  if (model.loss == Loss::cross_entropy) {
    const std::vector<std::int64_t> classes(static_cast<std::size_t>(samples), 0);
    y = from_vector(classes, samples == 1 ? Shape{} : Shape{samples});
  }
  const nn::Sequential network = build(model, random);
  return derive(loss_of(model)(network(x), y), network.parameters());
}

// The backward pass of one layer, for any cotangent G of its output; of a loss, its gradient.
Derivation of_layer(const Options& options) {
  return derivation_of(*options.layer,
                       {options.model.widths[0], options.model.widths[1], options.samples, options.model.dtype});
}

const LayerEntry* read_layer(const std::string& option, const std::string& text) {
  const LayerEntry* entry = find_layer(text);
  if (entry == nullptr) {
    const std::string meant = nearest(text, layer_names());
    throw UsageError(fmt::format("{} '{}': {}xgrad derive --layer list has all", option, text,
                                 meant.empty() ? "" : fmt::format("did you mean {}? ", meant)));
  }
  return entry;
}

int print(const Options& options) {
  if (options.latex && options.dot) {
    throw UsageError("--latex and --dot: only one of them");
  }
  if ((options.list || options.layer != nullptr) && options.of_networks_only) {
    throw UsageError(fmt::format("{} is of networks: expected --layer without it", *options.of_networks_only));
  }
  if (options.list) {
    std::cout << layer_list();
    return exit_code::success;
  }
  const Derivation derivation = options.layer != nullptr ? of_layer(options) : of_network(options);
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
  add_value(*command, "--layer", "NAME", "",
            "The backward pass of one layer instead, for any cotangent G of\nits output, or of one loss; list: which "
            "there are",
            [options](const std::string& option, const std::string& text) {
              options->list = text == "list";
              options->layer = options->list ? nullptr : read_layer(option, text);
            });
  command->add_flag("--latex", options->latex, "As a LaTeX document");
  command->add_flag("--dot", options->dot, "As a graph for Graphviz: which equation uses which");
  command->footer(
      "Exit codes: 0 printed; 2 a bad option, or any other error.\n\n"
      "Examples:\n"
      "  xgrad derive                                  the document's BP1 to BP4\n"
      "  xgrad derive --layers 20-10-5 --activation tanh --loss cross-entropy --samples 32\n"
      "  xgrad derive --layer Dense --samples 5\n"
      "  xgrad derive --layer LSTM\n"
      "  xgrad derive --layer list                     layers, losses and functions\n"
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
