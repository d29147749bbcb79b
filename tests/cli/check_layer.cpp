// xgrad check --layer: a layer's backward pass by hand, beside the automatic one and differences.
#include <algorithm>
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/message_of.hpp"
#include "support/run_command.hpp"

using nlohmann::json;
using xgrad::test::Outcome;
using xgrad::test::run_command;

namespace {

std::vector<std::string> listed_layers() {
  std::vector<std::string> names;
  for (const std::string& line : xgrad::test::lines_of(run_command({"check", "--layer", "list"}).out)) {
    names.push_back(line.substr(0, line.find(' ')));
  }
  return names;
}

json report_of(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "check");
  arguments.insert(arguments.end(), {"--json", "-"});
  return json::parse(run_command(arguments).out);
}

}  // namespace

TEST_CASE("xgrad check --layer list: the ten layers, with what they compute") {
  const Outcome outcome = run_command({"check", "--layer", "list"});
  CHECK(outcome.code == 0);
  CHECK(outcome.err.empty());
  CHECK(listed_layers() == std::vector<std::string>{"Conv1d", "Conv2d", "Conv3d", "MaxPool1d", "MaxPool2d", "MaxPool3d",
                                                    "BatchNorm", "LayerNorm", "attention", "MultiHeadAttention", "LSTM",
                                                    "GRU", "Embedding", "cholesky", "CrossEntropy"});
  CHECK(contains(outcome.out, "softmax(q kᵀ / √d + mask) v"));
}

TEST_CASE("xgrad check --layer: every layer is right in all three ways, in both dtypes and for several seeds") {
  for (const std::string& name : listed_layers()) {
    for (const char* dtype : {"float64", "float32"}) {
      for (const char* seed : {"1", "20261130"}) {
        CAPTURE(name);
        CAPTURE(dtype);
        CAPTURE(seed);
        const json report = report_of({"--layer", name, "--dtype", dtype, "--seed", seed});
        CHECK(report.at("verdict") == "right");
        CHECK(report.at("dtype") == dtype);
        CHECK(contains(report.at("manual_source"), "by hand, after "));
        REQUIRE(!report.at("parameters").empty());
        for (const json& parameter : report.at("parameters")) {
          CAPTURE(parameter.at("name"));
          CHECK(parameter.at("manual_automatic").at("done") == true);
          CHECK(parameter.at("automatic_numerical").at("done") == true);
          CHECK(parameter.at("automatic").get<double>() != 0);
        }
      }
    }
  }
}

TEST_CASE("xgrad check --layer: the title says sizes and seed, the options are in the JSON") {
  const Outcome outcome = run_command({"check", "--layer", "LayerNorm", "--seed", "5"});
  CHECK(outcome.code == 0);
  CHECK(contains(outcome.out, "LayerNorm, x (7, 5), weight (5,), bias (5,), seed 5\n"));
  CHECK(contains(outcome.out, "manual column: by hand, after Ba, Kiros and Hinton, 2016, section 3\n"));
  CHECK(contains(outcome.out, "3 right, 0 wrong, 0 inconclusive"));
  const json report = report_of({"--layer", "LSTM", "--seed", "3", "--max-entries", "10"});
  CHECK(report.at("command") == "check");
  CHECK(report.at("options") == json{{"layer", "LSTM"}, {"max_entries", 10}, {"seed", 3}});
  std::vector<std::string> names;
  for (const json& parameter : report.at("parameters")) {
    names.push_back(parameter.at("name"));
    CHECK(parameter.at("checked").get<int>() <= 10);
  }
  CHECK(names == std::vector<std::string>{"x", "h0", "c0", "weight_ih", "weight_hh", "bias_ih", "bias_hh"});
}

TEST_CASE("xgrad check --layer: another seed is another problem, the same seed the same report") {
  const json one = report_of({"--layer", "GRU"});
  CHECK(report_of({"--layer", "GRU", "--seed", "1"}) == one);
  CHECK(report_of({"--layer", "GRU", "--seed", "2"}).at("loss") != one.at("loss"));
}

TEST_CASE("xgrad check --layer: a name that isn't there, and options of networks, are one line and exit code 2") {
  const auto error = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "check");
    const Outcome outcome = run_command(arguments);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
    return outcome.err;
  };
  CHECK(contains(error({"--layer", "Conv"}), "--layer 'Conv': expected list, Conv1d, Conv2d, "));
  CHECK(contains(error({"--layer", ""}), "--layer '': expected the name of a layer, or list"));
  CHECK(contains(error({"--layer", "lstm"}), "cholesky or CrossEntropy"));
  CHECK(contains(error({"--layer", "list", "--json", "-"}), "--layer list checks nothing: expected it without --json"));
  const std::vector<std::vector<std::string>> of_networks{{"--layers", "4-3"}, {"--activation", "tanh"},
                                                          {"--loss", "mse"},   {"--reduction", "sum"},
                                                          {"--init", "he"},    {"--samples", "3"},
                                                          {"--manual", "x"},   {"--intermediates"},
                                                          {"--export", "x"},   {"--output-activation", "tanh"}};
  for (std::vector<std::string> arguments : of_networks) {
    const std::string option = arguments.front();
    arguments.insert(arguments.end(), {"--layer", "LSTM"});
    CHECK(contains(error(arguments), option + " is of networks: expected --layer without it"));
  }
}
