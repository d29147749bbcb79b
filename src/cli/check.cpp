#include "xgrad/check.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "xgrad/creation.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"

#include "cli/check_layer.hpp"
#include "cli/check_report.hpp"
#include "cli/commands.hpp"
#include "cli/json_output.hpp"
#include "cli/manual_gradients.hpp"
#include "cli/network.hpp"

namespace xgrad::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  Model model{.widths = {64, 30, 10}, .dtype = float64};
  std::int64_t samples = 7;
  std::int64_t max_entries = 256;
  std::uint64_t seed = 1;
  std::optional<std::string> json;
  std::optional<std::string> manual;
  std::optional<std::string> exported;
  std::optional<std::string> layer;
  bool intermediates = false;
};

struct Samples {
  Tensor x;  ///< (samples, in), or (in) for one sample
  Tensor y;  ///< likewise; class indices for the cross-entropy
};

void add_options(CLI::App& app, Options& options) {
  add_model_options(app, options.model, to_string(options.model.widths));
  add_value(app, "--samples", "N", fmt::format("{}", options.samples), "In the batch; a single one is a vector",
            [&options](const std::string& option, const std::string& text) {
              options.samples = static_cast<std::int64_t>(read_integer(option, text, 1, 1'000'000));
            });
  add_value(app, "--max-entries", "N", fmt::format("{}", options.max_entries),
            "Entries of a parameter that are checked by differences; of a larger one\n"
            "that many, drawn at random, and random directions",
            [&options](const std::string& option, const std::string& text) {
              options.max_entries = static_cast<std::int64_t>(read_integer(option, text, 1, 1'000'000'000));
            });
  add_value(
      app, "--seed", "N", fmt::format("{}", options.seed), "Of parameters, samples and drawn entries",
      [&options](const std::string& option, const std::string& text) { options.seed = read_integer(option, text, 0); });
  add_value(app, "--json", "FILE", "",
            "Also write the report there, - being standard output;\ndocs/command.md lists the keys",
            [&options](const std::string& option, const std::string& text) {
              options.json = read_path(option, text, "a file, or - for standard output");
            });
  add_value(app, "--manual", "PATH", "",
            "Take the manual gradients from there: a folder with W1.npy, b1.npy, ...\n"
            "or gradients.json, or a .json file {\"W1\": [[...], ...], \"b1\": [...], ...};\n"
            "z1, a1, ... may be among them: ∂Loss/∂ of what layers compute",
            [&options](const std::string& option, const std::string& text) {
              options.manual = read_path(option, text, "a folder or a .json file");
            });
  app.add_flag("--intermediates", options.intermediates,
               "Also compare the gradients of what the layers compute, z1, a1, z2, ...,\n"
               "in the order of the backward pass");
  add_value(app, "--layer", "NAME", "",
            "Check one layer instead, such as Conv2d or LSTM, with its backward pass\n"
            "by hand as the manual column; list: all names, and what each computes",
            [&options](const std::string& option, const std::string& text) {
              options.layer = read_path(option, text, "the name of a layer, or list");
            });
  add_value(app, "--export", "DIR", "",
            "Check nothing, but write there what deriving them by hand takes: W1.npy,\n"
            "b1.npy, ..., the samples x.npy and y.npy, and network.json",
            [&options](const std::string& option, const std::string& text) {
              options.exported = read_path(option, text, "a folder to write");
            });
}

/// The shape of the samples' side with this width.
Shape shape_of(std::int64_t samples, std::int64_t width) {
  return samples == 1 ? Shape{width} : Shape{samples, width};
}

/// Inputs from N(0, 1); targets from [0, 1), or classes.
Samples draw_samples(const Options& options, Random& random) {
  const Model& model = options.model;
  const Widths& widths = model.widths;
  constexpr std::int64_t most = 100'000'000;
  if (options.samples > most / *std::max_element(widths.begin(), widths.end())) {
    throw UsageError(
        fmt::format("--samples {}: more than {} numbers in a layer of {}", options.samples, most, to_string(widths)));
  }
  const Tensor x = random.normal(shape_of(options.samples, widths.front()), 0, 1, model.dtype);
  if (model.loss != Loss::cross_entropy) {
    return {x, random.uniform(shape_of(options.samples, widths.back()), 0, 1, model.dtype)};
  }
  std::vector<std::int64_t> classes;
  classes.reserve(static_cast<std::size_t>(options.samples));
  for (std::int64_t i = 0; i < options.samples; ++i) {
    classes.push_back(static_cast<std::int64_t>(random.integer(static_cast<std::uint64_t>(widths.back()))));
  }
  return {x, from_vector(classes, options.samples == 1 ? Shape{} : Shape{options.samples})};
}

/// In the document's order and with its names: W1, b1, W2, b2, …
std::vector<NamedParameter> named_as_in_the_document(const nn::Sequential& network) {
  std::vector<NamedParameter> parameters = network.parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    parameters[i].name = fmt::format("{}{}", i % 2 == 0 ? 'W' : 'b', i / 2 + 1);
  }
  return parameters;
}

/// What layers compute: z1, a1, z2, …; after a layer without an activation there is no a.
std::vector<Slot> layer_slots(const Model& model, std::int64_t samples) {
  std::vector<Slot> slots;
  for (std::size_t l = 1; l < model.widths.size(); ++l) {
    const Shape shape = shape_of(samples, model.widths[l]);
    const Activation activation = l + 1 == model.widths.size() ? model.output_activation() : model.activation;
    slots.push_back({fmt::format("z{}", l), shape, model.dtype});
    if (activation != Activation::identity) {
      slots.push_back({fmt::format("a{}", l), shape, model.dtype});
    }
  }
  return slots;
}

/// BP1 to BP4 add the samples up; divided by their number for the mean.
ManualGradients document_gradients(const Options& options, const std::vector<NamedParameter>& parameters,
                                   const Samples& samples) {
  std::vector<Tensor> weights;
  std::vector<Tensor> biases;
  for (std::size_t i = 0; i < parameters.size(); i += 2) {
    weights.emplace_back(parameters[i]);
    biases.emplace_back(parameters[i + 1]);
  }
  const check::ManualGradients by_hand = check::document_gradients(weights, biases, samples.x, samples.y);
  const bool is_mean = options.model.reduction == nn::Reduction::mean && samples.x.rank() == 2;
  const double factor = is_mean ? 1.0 / static_cast<double>(samples.x.dim(0)) : 1.0;
  ManualGradients manual;
  for (std::size_t l = 0; l < weights.size(); ++l) {
    manual.parameters.push_back((by_hand.dW[l] * factor).eval());
    manual.parameters.push_back((by_hand.db[l] * factor).eval());
    if (options.intermediates) {
      manual.tensors.push_back({fmt::format("z{}", l + 1), (by_hand.delta[l] * factor).eval()});
    }
  }
  return manual;
}

std::string document_source(const Options& options) {
  if (!options.model.is_the_documents()) {
    return "none: the document's formulas hold only for sigmoid layers and the quadratic loss";
  }
  const bool is_mean = options.model.reduction == nn::Reduction::mean && options.samples > 1;
  return is_mean ? fmt::format("BP1-BP4, the document's formulas, divided by {} samples", options.samples)
                 : "BP1-BP4, the document's formulas";
}

/// What the network, its parameters and the samples follow from, but for the dtype.
Json network_json(const Options& options) {
  const Model& model = options.model;
  return {{"layers", model.widths},
          {"activation", name_of(activations, model.activation)},
          {"output_activation", name_of(activations, model.output_activation())},
          {"loss", name_of(losses, model.loss)},
          {"reduction", name_of(reductions, model.reduction)},
          {"init", name_of(inits, model.init)},
          {"samples", options.samples},
          {"seed", options.seed}};
}

int export_problem(const Options& options, const std::string& folder, const std::vector<NamedParameter>& parameters,
                   const Samples& samples) {
  std::vector<NamedTensor> tensors;
  tensors.reserve(parameters.size() + 2);
  for (const NamedParameter& named : parameters) {
    tensors.push_back({named.name, named.parameter.value()});
  }
  tensors.push_back({"x", samples.x});
  tensors.push_back({"y", samples.y});
  Json network = network_json(options);
  network["dtype"] = name_of(dtypes, options.model.dtype);
  write_export(folder, tensors, network.dump(2) + '\n');
  std::string names;
  for (const NamedTensor& named : tensors) {
    names += named.name + ".npy, ";
  }
  std::cout << fmt::format("{}: {}{}\n", folder, names, network_file);
  return exit_code::success;
}

/// What was given, or else the document's formulas where they hold.
ManualGradients manual_gradients(const Options& options, const std::vector<NamedParameter>& parameters,
                                 const Samples& samples) {
  if (options.manual) {
    return read_manual_gradients(*options.manual, parameters, layer_slots(options.model, options.samples));
  }
  ManualGradients manual =
      options.model.is_the_documents() ? document_gradients(options, parameters, samples) : ManualGradients{};
  manual.source = document_source(options);
  return manual;
}

int check_gradients(const Options& options) {
  if (options.exported && (options.manual || options.json)) {
    throw UsageError(
        fmt::format("--export checks nothing: expected it without {}", options.manual ? "--manual" : "--json"));
  }
  const JsonOutput json{options.json};
  Random root{options.seed};
  Random for_samples = root.split();
  Random for_parameters = root.split();
  const Samples samples = draw_samples(options, for_samples);
  // Biases at zero would hide a formula that leaves them out.
  const nn::Sequential network =
      build(options.model, for_parameters,
            options.model.init == Init::zeros ? nn::Initializer{nn::init::zeros} : nn::init::standard_normal);
  const LossFunction loss = loss_of(options.model);
  const std::vector<NamedParameter> parameters = named_as_in_the_document(network);

  if (options.exported) {
    return export_problem(options, *options.exported, parameters, samples);
  }
  const ManualGradients manual = manual_gradients(options, parameters, samples);
  check::Report report = check::compare([&] { return loss(network(samples.x), samples.y); }, parameters,
                                        {.manual = manual.parameters,
                                         .manual_of = manual.tensors,
                                         .intermediates = options.intermediates,
                                         .manual_source = manual.source,
                                         .numeric = {.max_entries = options.max_entries, .seed = options.seed}});
  report.title = fmt::format("{}, {} sample{}, {} weights, seed {}", options.model.description(), options.samples,
                             options.samples == 1 ? "" : "s", name_of(inits, options.model.init), options.seed);
  Json shown = network_json(options);
  shown["max_entries"] = options.max_entries;
  return print_report(report, json, shown);
}

/// Of options that were given, the first that is of networks.
std::optional<std::string> of_networks_only(const CLI::App& app) {
  for (const char* name : {"--layers", "--activation", "--output-activation", "--loss", "--reduction", "--init",
                           "--samples", "--manual", "--intermediates", "--export"}) {
    if (app.count(name) > 0) {
      return name;
    }
  }
  return std::nullopt;
}

int check_one_layer(const std::string& layer, const Options& options, const CLI::App& app) {
  if (const std::optional<std::string> name = of_networks_only(app)) {
    throw UsageError(fmt::format("{} is of networks: expected --layer without it", *name));
  }
  return check_layer({.name = layer,
                      .dtype = options.model.dtype,
                      .max_entries = options.max_entries,
                      .seed = options.seed,
                      .json = options.json});
}

}  // namespace

Command add_check(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command =
      app.add_subcommand("check", "Compare manual, automatic and numerical gradients of a network on random samples");
  add_options(*command, *options);
  command->footer(
      "Exit codes: 0 every verdict is right; 1 one is wrong; 2 a bad option or file,\n"
      "or any other error; 3 none is wrong, but one is inconclusive.\n\n"
      "Below a wrong manual gradient stands the mistake that gives these numbers, in the\n"
      "terms of what 'xgrad derive' prints; docs/diagnose.md walks through a derivation\n"
      "gone wrong:\n"
      "  W1: your ∂Loss/∂W¹ equals the derived one with the factor σ′(z¹) left out in δ¹\n\n"
      "Examples:\n"
      "  xgrad check\n"
      "  xgrad check --layers 2-3-1 --samples 1 --reduction sum    the document's formulas, letter for letter\n"
      "  xgrad check --layers 5-4-3 --intermediates    also BP1 and BP2: the gradients of z2 and z1\n"
      "  xgrad check --layers 20-10-5 --activation tanh --loss cross-entropy --json report.json\n"
      "  xgrad check --layer LSTM    a layer's formulas by hand; --layer list: which there are\n"
      "  xgrad check --layers 4-3-2 --export problem    and then, with gradients from elsewhere,\n"
      "  xgrad check --layers 4-3-2 --manual gradients");
  return {command, [options, command] {
            return options->layer ? check_one_layer(*options->layer, *options, *command) : check_gradients(*options);
          }};
}

}  // namespace xgrad::cli
