#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <string>
#include <vector>

#include "support/message_of.hpp"
#include "support/run_command.hpp"
#include "support/temporary_folder.hpp"

using xgrad::test::Outcome;
using xgrad::test::run_command;

namespace {

struct BadCall {
  std::vector<std::string> arguments;
  std::string complaint;  ///< part of it
};

void check_bad_call(const BadCall& call) {
  std::string line;
  for (const std::string& argument : call.arguments) {
    line += argument + ' ';
  }
  CAPTURE(line);
  const Outcome outcome = run_command(call.arguments);
  CAPTURE(outcome.err);
  CHECK(outcome.code == 2);
  CHECK(outcome.out.empty());
  CHECK(outcome.err.starts_with("xgrad: "));
  CHECK(outcome.err.find('\n') == outcome.err.size() - 1);
  CHECK(contains(outcome.err, call.complaint));
}

}  // namespace

TEST_CASE("xgrad: every bad argument is one line on standard error and exit code 2") {
  const std::vector<BadCall> calls{
      {{}, "expected train, check or derive"},
      {{"fly"}, "fly"},
      {{"fly", "--help"}, "'fly' is no command of xgrad: see xgrad --help"},
      {{"trian", "--help"}, "'trian' is no command of xgrad: did you mean train?"},
      {{"chek", "--version"}, "did you mean check?"},
      {{"check", "--export", ""}, "--export '': expected a folder to write"},
      {{"check", "--manual", ""}, "--manual '': expected a folder or a .json file"},
      {{"check", "--json", ""}, "--json '': expected a file"},
      {{"train", "--json", ""}, "--json '': expected a file"},
      {{"train", "--data", ""}, "--data '': expected digits or a folder"},
      {{"train", "fly"}, "fly"},
      {{"train\nfly"}, "fly"},
      {{"train", "check"}, "check"},
      {{"train", "--fly", "1"}, "--fly"},
      {{"train", "--epochs"}, "--epochs"},
      {{"train", "--seed", "1", "--seed", "2"}, "--seed"},
      {{"train", "--layers", "64-0-10"}, "--layers '64-0-10'"},
      {{"train", "--layers", "64--30-10"}, "--layers '64--30-10'"},
      {{"train", "--layers", "-64-10"}, "--layers '-64-10'"},
      {{"train", "--layers", "64-30-10-"}, "--layers '64-30-10-'"},
      {{"train", "--layers", "a-b"}, "--layers 'a-b'"},
      {{"train", "--layers", "64-3.5-10"}, "--layers '64-3.5-10'"},
      {{"train", "--layers", ""}, "--layers ''"},
      {{"train", "--layers", "64"}, "at least two widths"},
      {{"train", "--layers", "64-99999999999999999999-10"}, "--layers"},
      {{"train", "--layers", "64-50000000-10"}, "100000000 parameters"},
      {{"train", "--layers", "63-30-10"}, "begins with 63, but the data has 64 features"},
      {{"train", "--layers", "64-30-9"}, "ends with 9, but the data has 10 classes"},
      {{"train", "--learning-rate", "nan"}, "--learning-rate 'nan': expected a number above 0"},
      {{"train", "--learning-rate", "inf"}, "--learning-rate 'inf'"},
      {{"train", "--learning-rate", "1e999"}, "--learning-rate '1e999'"},
      {{"train", "--learning-rate", "-3"}, "--learning-rate '-3'"},
      {{"train", "--learning-rate", "0"}, "--learning-rate '0'"},
      {{"train", "--learning-rate", "3 "}, "--learning-rate '3 '"},
      {{"train", "--momentum", "1"}, "--momentum '1'"},
      {{"train", "--momentum", "-0.1"}, "--momentum '-0.1'"},
      {{"train", "--momentum", "0.9", "--optimizer", "adam"}, "--momentum"},
      {{"train", "--nesterov"}, "--nesterov needs a --momentum"},
      {{"train", "--weight-decay", "-1"}, "--weight-decay '-1'"},
      {{"train", "--epochs", "0"}, "--epochs '0'"},
      {{"train", "--epochs", "1.5"}, "--epochs '1.5'"},
      {{"train", "--batch", "0"}, "--batch '0': expected an integer from 1 to 1000000000, or 'all'"},
      {{"train", "--batch", "1439"}, "--batch 1439: there are 1438 samples"},
      {{"train", "--seed", "-1"}, "--seed '-1'"},
      {{"train", "--seed", "18446744073709551616"}, "--seed '18446744073709551616'"},
      {{"train", "--seeds", "3-1"}, "--seeds '3-1'"},
      {{"train", "--seeds", "1-"}, "--seeds '1-'"},
      {{"train", "--seed", "1", "--seeds", "1-2"}, "--seeds"},
      {{"train", "--test-fraction", "1"}, "--test-fraction '1'"},
      {{"train", "--test-fraction", "0.00001"}, "0 to test"},
      {{"train", "--test-fraction", "0.5", "--data", "folder"}, "--test-fraction"},
      {{"train", "--activation", "step"}, "--activation 'step': expected sigmoid, tanh, relu, softmax or identity"},
      {{"train", "--output-activation", "step"}, "expected sigmoid, tanh, relu, softmax or identity"},
      {{"train", "--loss", "hinge"}, "expected quadratic, cross-entropy, binary-cross-entropy or mse"},
      {{"train", "--optimizer", "lbfgs"}, "--optimizer 'lbfgs': expected sgd or adam"},
      {{"train", "--reduction", "max"}, "--reduction 'max': expected mean or sum"},
      {{"train", "--init", "ones"}, "--init 'ones': expected glorot, he, normal or zeros"},
      {{"train", "--dtype", "float16"}, "--dtype 'float16': expected float32 or float64"},
      {{"train", "--data", "/nonexistent/folder"}, "/nonexistent/folder: no such folder"},
      {{"train", "--json", "/nonexistent/result.json"}, "/nonexistent/result.json can't be written"},
      {{"train", "--json", "/"}, "can't be written"},
      {{"check", "--layers", "2-0-1"}, "--layers '2-0-1'"},
      {{"check", "--samples", "0"}, "--samples '0'"},
      {{"check", "--samples", "1000000", "--layers", "1000-10"}, "--samples 1000000"},
      {{"check", "--max-entries", "0"}, "--max-entries '0'"},
      {{"check", "--loss", "hinge"}, "--loss 'hinge'"},
      {{"check", "--json", "/nonexistent/report.json"}, "/nonexistent/report.json can't be written"},
  };
  for (const BadCall& call : calls) {
    check_bad_call(call);
  }
}

namespace {

/// The long options that a command's help lists.
std::vector<std::string> options_of(const std::string& command) {
  std::vector<std::string> options;
  const std::string help = run_command({command, "--help"}).out;
  for (const std::string& line : xgrad::test::lines_of(help)) {
    const std::size_t begin = line.find("--");
    if (line.starts_with("  ") && begin != std::string::npos && begin < 8) {
      options.push_back(line.substr(begin, line.find_first_of(" ,", begin) - begin));
    }
  }
  return options;
}

}  // namespace

TEST_CASE("xgrad: of an option that is misspelt or abbreviated, the one that was meant is named") {
  const std::vector<BadCall> calls{
      {{"train", "--lr", "0.1"}, "'--lr' is no option of xgrad train: did you mean --learning-rate?"},
      {{"train", "--lr=0.1"}, "did you mean --learning-rate?"},
      {{"train", "--learning_rate", "1"}, "did you mean --learning-rate?"},
      {{"train", "--wd", "1"}, "did you mean --weight-decay?"},
      {{"train", "--optim", "sgd"}, "did you mean --optimizer?"},
      {{"train", "--batch-size", "5"}, "did you mean --batch?"},
      {{"train", "--num-epochs", "5"}, "did you mean --epochs?"},
      {{"check", "--intermediate"}, "did you mean --intermediates?"},
      {{"trian"}, "'trian' is no command of xgrad: did you mean train?"},
      {{"train", "--zzzzzzzz"}, "'--zzzzzzzz' is no option of xgrad train: see xgrad train --help"},
      {{"derive", "fly"}, "'fly' is no argument of xgrad derive: see xgrad derive --help"},
  };
  for (const BadCall& call : calls) {
    check_bad_call(call);
  }
  for (const char* command : {"train", "check", "derive"}) {
    const std::vector<std::string> options = options_of(command);
    CHECK(options.size() > 8);
    for (const std::string& option : options) {
      // --layerx is as near to --layers
      check_bad_call({{command, option + "x"}, "did you mean " + option + (option == "--layer" ? "" : "?")});
    }
  }
}

TEST_CASE("xgrad --version: the project's version on standard output") {
  const Outcome outcome = run_command({"--version"});
  CHECK(outcome.code == 0);
  CHECK(outcome.out == "xgrad " XGRAD_VERSION "\n");
  CHECK(outcome.err.empty());
}

TEST_CASE("xgrad --help: lists the commands; a command's help lists options with defaults, exit codes, an example") {
  const Outcome general = run_command({"--help"});
  CHECK(general.code == 0);
  CHECK(contains(general.out, "train "));
  CHECK(contains(general.out, "check "));
  CHECK(contains(general.out, "Examples:\n  xgrad train"));
  const Outcome train = run_command({"train", "--help"});
  CHECK(train.code == 0);
  for (const char* text : {"--layers", "64-30-10", "--activation NAME=sigmoid", "--loss NAME=quadratic",
                           "--epochs N=30", "--batch N|all=10", "--data digits|PATH=digits", "--seed N=1",
                           "--dtype NAME=float32", "--json", "Exit codes: 0", "Examples:\n  xgrad train"}) {
    CAPTURE(text);
    CHECK(contains(train.out, text));
  }
  const Outcome check = run_command({"check", "--help"});
  CHECK(check.code == 0);
  for (const char* text : {"--layers WIDTHS=64-30-10", "--samples N=7", "--max-entries N=256", "--dtype NAME=float64",
                           "Exit codes: 0", "Examples:\n  xgrad check"}) {
    CAPTURE(text);
    CHECK(contains(check.out, text));
  }
}

TEST_CASE("xgrad: standard output that can't be written is an error") {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--help"}, {"train", "--epochs", "1"}, {"check", "--layers", "2-1"}}) {
    const Outcome outcome = run_command(arguments, "/dev/full");
    CHECK(outcome.code == 2);
    CHECK(outcome.err == "xgrad: standard output can't be written\n");
  }
}

TEST_CASE("xgrad: a setting in the environment that isn't known is an error before anything is done") {
  for (const char* variable : {"XGRAD_ISA", "XGRAD_PRODUCTS", "XGRAD_OPTIMIZE"}) {
    const char* const was = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): one thread
    const std::string before = was == nullptr ? "" : was;
    REQUIRE(setenv(variable, "fastest", 1) == 0);  // NOLINT(concurrency-mt-unsafe): likewise
    check_bad_call({{"derive"}, std::string{"[environment] "} + variable + "=fastest: expected "});
    REQUIRE(setenv(variable, before.c_str(), 1) == 0);  // NOLINT(concurrency-mt-unsafe): likewise; empty is not set
  }
}

TEST_CASE("xgrad: a JSON file that is there stays as it was if training fails") {
  const TemporaryFolder folder;
  const std::string file = folder.write("result.json", "old").string();
  const Outcome outcome = run_command(
      {"train", "--activation", "identity", "--learning-rate", "1e30", "--dtype", "float64", "--json", file});
  CHECK(outcome.code == 1);
  CHECK(xgrad::test::read_file(file) == "old");
  const auto entries = std::filesystem::directory_iterator{folder.path()};
  CHECK(std::distance(begin(entries), end(entries)) == 1);
}
