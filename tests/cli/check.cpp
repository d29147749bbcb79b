#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/message_of.hpp"
#include "support/run_command.hpp"
#include "support/temporary_folder.hpp"

using nlohmann::json;
using xgrad::test::Outcome;
using xgrad::test::run_command;

namespace {

struct Checked {
  Outcome outcome;
  json report;
};

Checked check_with(std::vector<std::string> arguments) {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "report.json").string();
  arguments.insert(arguments.begin(), "check");
  arguments.insert(arguments.end(), {"--json", file});
  Outcome outcome = run_command(arguments);
  json report = std::filesystem::exists(file) ? json::parse(xgrad::test::read_file(file)) : json{};
  return {std::move(outcome), std::move(report)};
}

bool is_close(const json& a, const json& b, double tolerance) {
  const double x = a.get<double>();
  const double y = b.get<double>();
  return std::abs(x - y) <= tolerance * std::max(std::abs(x), std::abs(y));
}

}  // namespace

TEST_CASE("xgrad check: without options, 64-30-10 in float64 with seven samples is right in all three ways") {
  const auto [outcome, report] = check_with({});
  CAPTURE(outcome.out);
  CAPTURE(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK(outcome.err.empty());
  CHECK(contains(outcome.out, "64-30-10, sigmoid, quadratic loss (mean), 7 samples"));
  CHECK(contains(outcome.out, "4 right, 0 wrong, 0 inconclusive"));
  CHECK(report.at("dtype") == "float64");
  CHECK(report.at("verdict") == "right");
  CHECK(report.at("options").at("layers") == json{64, 30, 10});
  CHECK(report.at("options").at("samples") == 7);
  const std::vector<std::string> names{"W1", "b1", "W2", "b2"};
  REQUIRE(report.at("parameters").size() == names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    const json& parameter = report.at("parameters").at(i);
    CAPTURE(names[i]);
    CHECK(parameter.at("name") == names[i]);
    CHECK(is_close(parameter.at("manual"), parameter.at("automatic"), 1e-10));
    CHECK(is_close(parameter.at("numerical"), parameter.at("automatic"), 1e-6));
    CHECK(parameter.at("automatic").get<double>() != 0);
    CHECK(contains(outcome.out, names[i] + " "));
  }
  CHECK(report.at("parameters").at(0).at("shape") == json{30, 64});
}

TEST_CASE("xgrad check --json -: standard output is the JSON alone") {
  const Outcome outcome = run_command({"check", "--layers", "2-3-1", "--json", "-"});
  CHECK(outcome.code == 0);
  CHECK(json::parse(outcome.out).at("verdict") == "right");
  CHECK(contains(outcome.err, "W1"));
}

TEST_CASE("xgrad check: the document's formulas are the manual column for sigmoid and quadratic loss only") {
  CHECK(contains(check_with({"--layers", "2-3-1", "--samples", "1"}).report.at("manual_source"), "BP1-BP4"));
  const json by_mean = check_with({"--layers", "2-3-1", "--samples", "5"}).report;
  CHECK(contains(by_mean.at("manual_source"), "divided by 5 samples"));
  const json by_sum = check_with({"--layers", "2-3-1", "--samples", "5", "--reduction", "sum"}).report;
  CHECK_FALSE(contains(by_sum.at("manual_source"), "divided"));
  CHECK(is_close(by_sum.at("loss"), 5 * by_mean.at("loss").get<double>(), 1e-14));

  const std::vector<std::vector<std::string>> others{{"--activation", "tanh"},
                                                     {"--activation", "relu"},
                                                     {"--activation", "softmax"},
                                                     {"--output-activation", "identity"},
                                                     {"--loss", "mse"},
                                                     {"--loss", "cross-entropy"},
                                                     {"--loss", "binary-cross-entropy"}};
  for (std::vector<std::string> arguments : others) {
    CAPTURE(arguments.at(1));
    arguments.insert(arguments.end(), {"--layers", "5-4-3"});
    const auto [outcome, report] = check_with(arguments);
    CAPTURE(outcome.out);
    CHECK(outcome.code == 0);
    CHECK(contains(outcome.out, "manual column: none: the document's formulas hold only for sigmoid layers"));
    for (const json& parameter : report.at("parameters")) {
      CHECK(parameter.at("manual").is_null());
      CHECK(parameter.at("verdict") == "right");
    }
  }
}

TEST_CASE("xgrad check: right for one sample and several, deep and shallow, both reductions, float32") {
  const std::vector<std::vector<std::string>> all{
      {"--layers", "1-1", "--samples", "1"},
      {"--layers", "3-2"},
      {"--layers", "5-4-3-2", "--samples", "1", "--reduction", "sum"},
      {"--layers", "5-4-3-2", "--samples", "13", "--reduction", "sum", "--init", "normal"},
      {"--layers", "10-9-8-7-6-5", "--seed", "12345678901234567890"},
      {"--layers", "8-6-4", "--dtype", "float32"},
      {"--layers", "40-30-2", "--max-entries", "10", "--init", "he"}};
  for (const std::vector<std::string>& arguments : all) {
    const auto [outcome, report] = check_with(arguments);
    CAPTURE(outcome.out);
    CAPTURE(outcome.err);
    CHECK(outcome.code == 0);
    CHECK(report.at("verdict") == "right");
  }
}

TEST_CASE("xgrad check: with equal logits the cross-entropy is the logarithm of the number of classes") {
  const std::vector<std::string> zeros{"--layers", "6-4-10", "--init", "zeros"};
  std::vector<std::string> arguments = zeros;
  arguments.insert(arguments.end(), {"--loss", "cross-entropy"});
  CHECK(check_with(arguments).report.at("loss").get<double>() == doctest::Approx(std::log(10.0)).epsilon(1e-14));
  arguments = zeros;
  arguments.insert(arguments.end(), {"--loss", "binary-cross-entropy"});
  CHECK(check_with(arguments).report.at("loss").get<double>() == doctest::Approx(10 * std::log(2.0)).epsilon(1e-14));
}

TEST_CASE("xgrad check: --max-entries limits the entries compared") {
  const json report = check_with({"--layers", "9-7-5", "--max-entries", "11"}).report;
  std::vector<int> checked;
  for (const json& parameter : report.at("parameters")) {
    checked.push_back(parameter.at("checked"));
  }
  CHECK(checked == std::vector<int>{11, 7, 11, 5});
}

TEST_CASE("xgrad check: another seed is another network, the same seed the same report") {
  const json one = check_with({"--layers", "4-3-2", "--seed", "1"}).report;
  CHECK(check_with({"--layers", "4-3-2", "--seed", "1"}).report == one);
  CHECK(check_with({"--layers", "4-3-2", "--seed", "2"}).report.at("loss") != one.at("loss"));
}

TEST_CASE("xgrad check --intermediates: what layers compute, in the order of the backward pass; BP1 and BP2 by hand") {
  const auto [outcome, report] = check_with({"--layers", "5-4-3", "--intermediates"});
  CAPTURE(outcome.out);
  REQUIRE(outcome.code == 0);
  CHECK(contains(outcome.out, "8 right, 0 wrong, 0 inconclusive"));
  std::vector<std::pair<std::size_t, std::string>> order;
  for (const char* list : {"parameters", "tensors"}) {
    for (const json& row : report.at(list)) {
      order.emplace_back(row.at("place").get<std::size_t>(), row.at("name").get<std::string>());
      CHECK(is_close(row.at("numerical"), row.at("automatic"), 1e-6));
    }
  }
  std::sort(order.begin(), order.end());
  std::vector<std::string> names;
  std::transform(order.begin(), order.end(), std::back_inserter(names), [](const auto& row) { return row.second; });
  CHECK(names == std::vector<std::string>{"a²", "z²", "b2", "W2", "a¹", "z¹", "b1", "W1"});
  const json& tensors = report.at("tensors");
  REQUIRE(tensors.size() == 4);
  for (const json& row : tensors) {
    const bool by_formula = row.at("name").get<std::string>().front() == 'z';
    CHECK(row.at("manual_automatic").at("done") == by_formula);
    CHECK(row.at("shape") == (row.at("name").get<std::string>().ends_with("²") ? json{7, 3} : json{7, 4}));
  }
  CHECK(report.at("first_divergence") == "");

  // One layer has no number; without an activation there is no a; without the document's formulas nothing is by hand.
  const auto [logits, logits_report] =
      check_with({"--layers", "5-3", "--loss", "cross-entropy", "--samples", "1", "--intermediates"});
  CHECK(logits.code == 0);
  REQUIRE(logits_report.at("tensors").size() == 1);
  CHECK(logits_report.at("tensors").at(0).at("name") == "z");
  CHECK(logits_report.at("tensors").at(0).at("shape") == json{3});
  CHECK(check_with({"--layers", "5-3"}).report.at("tensors").empty());
}
