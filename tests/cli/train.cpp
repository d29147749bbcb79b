#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <doctest/doctest.h>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>
#include <xgrad/data.hpp>

#include "support/idx_bytes.hpp"
#include "support/message_of.hpp"
#include "support/run_command.hpp"
#include "support/sanitizers.hpp"
#include "support/temporary_folder.hpp"

using nlohmann::json;
using xgrad::test::lines_of;
using xgrad::test::Outcome;
using xgrad::test::run_command;

namespace {

struct Trained {
  Outcome outcome;
  json result;
};

Trained train_with(std::vector<std::string> arguments) {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "result.json").string();
  arguments.insert(arguments.begin(), "train");
  arguments.insert(arguments.end(), {"--json", file});
  Outcome outcome = run_command(arguments);
  json result = std::filesystem::exists(file) ? json::parse(xgrad::test::read_file(file)) : json{};
  return {std::move(outcome), std::move(result)};
}

/// The losses of the epochs of one run from zero weights on all samples at once, in float64.
std::vector<double> losses_from_zeros(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--init", "zeros", "--batch", "all", "--epochs", "2", "--dtype", "float64"});
  const auto [outcome, result] = train_with(arguments);
  CAPTURE(outcome.err);
  REQUIRE(outcome.code == 0);
  std::vector<double> losses;
  for (const json& epoch : result.at("runs").at(0).at("epochs")) {
    losses.push_back(epoch.at("loss"));
  }
  return losses;
}

/// The share of each class among labels.
std::array<double, 10> class_shares(const xgrad::Tensor& labels) {
  std::array<double, 10> shares{};
  for (const std::int64_t label : labels.data<std::int64_t>()) {
    shares.at(static_cast<std::size_t>(label)) += 1 / static_cast<double>(labels.size());
  }
  return shares;
}

/// The mean quadratic loss of 64-30-10 after one step from zero weights, by hand: all samples have the outputs σ(0) =
/// ½, so that with p the share of class k, ∂Loss/∂b_k = g = ¼ (½ − p), ∂Loss/∂W_kj = ½ g, and afterwards z_k = −(step
/// of b_k) − 30 · ½ · (step of W_kj). `step` gives the step for a gradient.
template <class Step>
double loss_after_one_step(const Step& step) {
  double loss = 0;
  for (const double p : class_shares(xgrad::data::digits({.seed = 1}).train.labels)) {
    const double g = 0.25 * (0.5 - p);
    const double a = 1 / (1 + std::exp(step(g) + 15 * step(0.5 * g)));
    loss += 0.5 * (a * a - 2 * a * p + p);
  }
  return loss;
}

/// A folder with MNIST's four files of 2×2 images: class k has pixel k % 4 lit, half as bright from class 4 on.
void write_mnist(const TemporaryFolder& folder, const std::string& prefix, unsigned count) {
  std::string images = idx_header({count, 2, 2});
  std::string labels = idx_header({count});
  for (unsigned i = 0; i < count; ++i) {
    const unsigned label = i % 8;
    std::string image(4, '\0');
    image[label % 4] = static_cast<char>(label < 4 ? 255 : 128);
    images += image;
    labels += static_cast<char>(label);
  }
  folder.write(prefix + "-images-idx3-ubyte", images);
  folder.write(prefix + "-labels-idx1-ubyte", labels);
}

}  // namespace

TEST_CASE("xgrad train: without options, at least 95 % as the mean over seeds 1 to 10") {
  const std::size_t seeds = xgrad::test::sanitized ? 3 : 10;
  const auto [outcome, result] = train_with({"--seeds", "1-" + std::to_string(seeds)});
  CAPTURE(outcome.out);
  REQUIRE(outcome.code == 0);
  CHECK(outcome.err.empty());
  double total = 0;
  double lowest = 1;
  double highest = 0;
  REQUIRE(result.at("runs").size() == seeds);
  for (std::size_t i = 0; i < seeds; ++i) {
    const json& run = result.at("runs").at(i);
    CHECK(run.at("seed") == i + 1);
    CHECK(run.at("epochs").size() == 30);
    const double accuracy = run.at("test_accuracy");
    CHECK(accuracy == doctest::Approx(run.at("test_correct").get<double>() / 359).epsilon(1e-12));
    total += accuracy;
    lowest = std::min(lowest, accuracy);
    highest = std::max(highest, accuracy);
  }
  CHECK(total / static_cast<double>(seeds) >= 0.95);
  CHECK(result.at("test_accuracy").at("mean").get<double>() ==
        doctest::Approx(total / static_cast<double>(seeds)).epsilon(1e-12));
  CHECK(result.at("test_accuracy").at("min") == lowest);
  CHECK(result.at("test_accuracy").at("max") == highest);
  const std::vector<std::string> lines = lines_of(outcome.out);
  REQUIRE(lines.size() == seeds + 3);
  CHECK(lines.back().starts_with("test accuracy over seeds 1-" + std::to_string(seeds) + ": mean "));
}

TEST_CASE("xgrad train: the defaults are those that are documented") {
  const json without = train_with({}).result;
  const json with = train_with({"--layers",    "64-30-10", "--activation",    "sigmoid", "--loss",      "quadratic",
                                "--optimizer", "sgd",      "--learning-rate", "3",       "--batch",     "10",
                                "--epochs",    "30",       "--init",          "glorot",  "--data",      "digits",
                                "--seed",      "1",        "--dtype",         "float32", "--reduction", "mean"})
                        .result;
  CHECK(with.at("options") == without.at("options"));
  const json& a = with.at("runs").at(0).at("epochs");
  const json& b = without.at("runs").at(0).at("epochs");
  REQUIRE(a.size() == 30);
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(a.at(i).at("loss") == b.at(i).at("loss"));
    CHECK(a.at(i).at("test_accuracy") == b.at(i).at("test_accuracy"));
  }
}

TEST_CASE("xgrad train: the first loss from zero weights is the one by hand, for each loss and reduction") {
  const double samples = 1438;
  CHECK(losses_from_zeros({})[0] == doctest::Approx(1.25).epsilon(1e-13));
  CHECK(losses_from_zeros({"--reduction", "sum"})[0] == doctest::Approx(1.25 * samples).epsilon(1e-13));
  CHECK(losses_from_zeros({"--loss", "mse"})[0] == doctest::Approx(0.25).epsilon(1e-13));
  CHECK(losses_from_zeros({"--loss", "cross-entropy"})[0] == doctest::Approx(std::log(10.0)).epsilon(1e-13));
  CHECK(losses_from_zeros({"--loss", "binary-cross-entropy"})[0] == doctest::Approx(10 * std::log(2.0)).epsilon(1e-13));
  // With outputs of zero: ½ · 1 for the one that should be 1.
  CHECK(losses_from_zeros({"--activation", "tanh"})[0] == doctest::Approx(0.5).epsilon(1e-13));
  // Softmax: 10 outputs of 0.1.
  CHECK(losses_from_zeros({"--output-activation", "softmax"})[0] ==
        doctest::Approx(0.5 * (9 * 0.01 + 0.81)).epsilon(1e-13));
}

TEST_CASE("xgrad train: the second loss is that after one step of the optimiser by hand") {
  const double rate = 2;
  const auto descent = [&](double g) { return rate * g; };
  const double after_descent = loss_after_one_step(descent);
  const std::vector<std::string> sgd{"--learning-rate", "2"};
  CHECK(losses_from_zeros(sgd)[1] == doctest::Approx(after_descent).epsilon(1e-12));
  // The first velocity is the gradient; decay has nothing to pull at yet.
  CHECK(losses_from_zeros({"--learning-rate", "2", "--momentum", "0.5", "--weight-decay", "0.1"})[1] ==
        doctest::Approx(after_descent).epsilon(1e-12));
  CHECK(losses_from_zeros({"--learning-rate", "2", "--momentum", "0.5", "--nesterov"})[1] ==
        doctest::Approx(loss_after_one_step([&](double g) { return 1.5 * rate * g; })).epsilon(1e-12));
  // Adam's first step is η g / (|g| + ε).
  CHECK(losses_from_zeros({"--learning-rate", "0.01", "--optimizer", "adam"})[1] ==
        doctest::Approx(loss_after_one_step([](double g) { return 0.01 * g / (std::abs(g) + 1e-8); })).epsilon(1e-12));
  // The sum's gradient is that of the mean times the samples.
  CHECK(losses_from_zeros({"--learning-rate", "0.001", "--reduction", "sum"})[1] ==
        doctest::Approx(1438 * loss_after_one_step([](double g) { return 0.001 * 1438 * g; })).epsilon(1e-12));
}

TEST_CASE("xgrad train: equal outputs are counted as the first class") {
  const json result = train_with({"--init", "zeros", "--learning-rate", "1e-300", "--dtype", "float64", "--epochs", "1",
                                  "--seed", "5", "--test-fraction", "0.3"})
                          .result;
  const auto labels = xgrad::data::digits({.test_fraction = 0.3, .seed = 5}).test.labels;
  CHECK(result.at("test_accuracy").at("mean").get<double>() == doctest::Approx(class_shares(labels)[0]).epsilon(1e-12));
  CHECK(result.at("options").at("test_samples") == labels.size());
}

TEST_CASE("xgrad train: every loss, and Adam, reach 95 % with their default learning rates") {
  const std::vector<std::vector<std::string>> all{{"--loss", "cross-entropy"},
                                                  {"--loss", "binary-cross-entropy"},
                                                  {"--loss", "mse"},
                                                  {"--optimizer", "adam"},
                                                  {"--momentum", "0.9", "--nesterov"},
                                                  {"--reduction", "sum"},
                                                  {"--activation", "tanh", "--loss", "cross-entropy"},
                                                  {"--activation", "relu", "--loss", "cross-entropy"}};
  for (std::vector<std::string> arguments : all) {
    CAPTURE(arguments.at(0) + " " + arguments.at(1));
    arguments.insert(arguments.end(), {"--seeds", xgrad::test::sanitized ? "1" : "1-3"});
    const auto [outcome, result] = train_with(arguments);
    REQUIRE(outcome.code == 0);
    CHECK(result.at("test_accuracy").at("mean").get<double>() >= (xgrad::test::sanitized ? 0.93 : 0.95));
  }
}

TEST_CASE("xgrad train: plain lines when standard output isn't a terminal, one per epoch, at most about a hundred") {
  const Outcome short_run = run_command({"train", "--epochs", "3"});
  const std::vector<std::string> lines = lines_of(short_run.out);
  REQUIRE(lines.size() == 6);
  CHECK(lines[2].starts_with("epoch 1/3  loss "));
  CHECK(contains(lines[2], "samples/s"));
  CHECK(contains(lines[2], " left"));
  CHECK(lines[4].starts_with("epoch 3/3  loss "));
  CHECK(lines[5].starts_with("test accuracy "));
  CHECK(short_run.out.find('\r') == std::string::npos);
  CHECK(short_run.out.find('\x1b') == std::string::npos);

  const std::vector<std::string> many = lines_of(run_command({"train", "--epochs", "250", "--batch", "all"}).out);
  CHECK(many.size() == 2 + 84 + 1);  // every third, and the last
  CHECK(lines_of(run_command({"train", "--epochs", "3", "--quiet"}).out).size() == 1);
}

TEST_CASE("xgrad train: a single line that is written over on a terminal, never wider than it") {
  constexpr unsigned short columns = 50;
  const Outcome outcome = xgrad::test::run_on_terminal({"train", "--epochs", "400"}, columns);
  REQUIRE(outcome.code == 0);
  const std::vector<std::string> lines = lines_of(outcome.out);
  REQUIRE(lines.size() == 4);
  const std::string& progress = lines[2];
  REQUIRE(progress.starts_with("\repoch "));
  CHECK(std::count(progress.begin(), progress.end(), '\r') >= 2);
  std::size_t begin = 0;
  while (begin < progress.size()) {
    const std::size_t end = std::min(progress.find('\r', begin + 1), progress.size());
    const std::string update = progress.substr(begin, end - begin);
    const std::size_t erase = update.find("\x1b[K");
    CHECK((erase == std::string::npos ? update.size() : erase) <= columns);
    begin = end;
  }
  CHECK(lines[3].starts_with("test accuracy "));
}

TEST_CASE("xgrad train: a loss that isn't finite stops with one line, exit code 1 and no result") {
  for (const char* const dtype : {"float32", "float64"}) {
    const auto [outcome, result] =
        train_with({"--activation", "identity", "--learning-rate", "1e30", "--dtype", dtype});
    CAPTURE(outcome.err);
    CHECK(outcome.code == 1);
    CHECK(result.is_null());
    CHECK(lines_of(outcome.err).size() == 1);
    CHECK(outcome.err.starts_with("xgrad: the "));
    CHECK(contains(outcome.err, "training stopped"));
    CHECK_FALSE(contains(outcome.out, "test accuracy"));
  }
  // The only step has a finite loss, and leaves weights whose products with the test samples aren't.
  const Outcome last =
      run_command({"train", "--activation", "identity", "--learning-rate", "1e38", "--batch", "all", "--epochs", "1"});
  CAPTURE(last.err);
  CHECK(last.code == 1);
  CHECK(contains(last.err, "outputs on the test samples aren't finite"));
}

TEST_CASE("xgrad train: --trace-nonfinite says where what isn't finite comes from") {
  const auto failed = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"train", "--trace-nonfinite"});
    const Outcome outcome = run_command(arguments);
    CAPTURE(outcome.err);
    CHECK(outcome.code == 1);
    const std::vector<std::string> lines = lines_of(outcome.err);
    REQUIRE(lines.size() > 2);
    CHECK(lines[0].starts_with("xgrad: the "));
    CHECK(contains(lines[0], "training stopped"));
    return std::vector<std::string>{lines.begin() + 1, lines.end()};
  };
  const std::vector<std::string> one_layer{"--layers", "64-10", "--activation", "identity",
                                           "--init",   "zeros", "--batch",      "all"};
  const auto with = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = one_layer;
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  };

  // Weights and outputs of about 1e30 after the first step: their squares are beyond float32.
  const std::vector<std::string> loss = failed(with({"--learning-rate", "1e30"}));
  CHECK(loss[0] == "loss isn't finite, because of square in QuadraticLoss:");
  CHECK(contains(loss[1], "is inf at (0, "));
  CHECK(contains(loss[1], "− y)²"));

  // The only step leaves weights whose products with the test samples are beyond float32.
  const std::vector<std::string> output = failed(with({"--learning-rate", "3e38", "--epochs", "1"}));
  CHECK(output[0] == "the output isn't finite, because of matmul in 0/Dense:");
  CHECK(contains(output[1], "x 0.Wᵀ is "));

  // Decay alone takes the weights there, from a step whose loss and gradients are finite.
  const std::vector<std::string> update = failed({"--learning-rate", "1e30", "--weight-decay", "1e30"});
  CHECK(update[0] == "loss isn't finite, because of a value that was given to 0/Dense:");
  CHECK(contains(update[1], "0.W is "));
  CHECK(update.back() == "In the step before, all gradients are finite: it is the update, with learning rate 1e+30.");
}

TEST_CASE("xgrad train: --trace-nonfinite changes nothing while all is finite") {
  const auto with = train_with({"--epochs", "3", "--trace-nonfinite"});
  const auto without = train_with({"--epochs", "3"});
  REQUIRE(with.outcome.code == 0);
  CHECK(with.outcome.err.empty());
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(with.result.at("runs").at(0).at("epochs").at(i).at("loss") ==
          without.result.at("runs").at(0).at("epochs").at(i).at("loss"));
  }
}

TEST_CASE("xgrad train: a folder of IDX files gives the layers' ends, and is learnt") {
  const TemporaryFolder folder;
  write_mnist(folder, "train", 400);
  write_mnist(folder, "t10k", 80);
  const auto [outcome, result] = train_with({"--data", folder.path().string()});
  CAPTURE(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK(result.at("options").at("layers") == json{4, 30, 10});
  CHECK(result.at("options").at("train_samples") == 400);
  CHECK(result.at("options").at("test_samples") == 80);
  CHECK(result.at("test_accuracy").at("mean") == 1.0);
}

TEST_CASE("xgrad train: a truncated, oversized or wrong-magic IDX file is one line that names it") {
  const std::string name = "train-images-idx3-ubyte";
  const auto complaint = [&](const std::string& bytes) {
    const TemporaryFolder folder;
    write_mnist(folder, "train", 8);
    write_mnist(folder, "t10k", 8);
    folder.write(name, bytes);
    const Outcome outcome = run_command({"train", "--data", folder.path().string()});
    CAPTURE(outcome.err);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK(lines_of(outcome.err).size() == 1);
    CHECK(contains(outcome.err, name));
    return outcome.err;
  };
  const std::string header = idx_header({8, 2, 2});
  CHECK(contains(complaint(header + std::string(31, 'x')), "truncated"));
  CHECK(complaint(header + std::string(33, 'x')).starts_with("xgrad: "));
  std::string wrong_magic = header + std::string(32, 'x');
  wrong_magic[0] = 1;
  CHECK(contains(complaint(wrong_magic), "magic"));
  CHECK(complaint("").starts_with("xgrad: "));
}

TEST_CASE("xgrad train: SIGINT and SIGTERM end it after the current step, with JSON, summary and exit code") {
  struct Case {
    int signal;
    int code;
    std::string name;
  };
  for (const auto& [signal, code, name] : {Case{SIGINT, 130, "SIGINT"}, Case{SIGTERM, 143, "SIGTERM"}}) {
    CAPTURE(name);
    const TemporaryFolder folder;
    const std::string file = (folder.path() / "result.json").string();
    const Outcome outcome = xgrad::test::run_and_signal({"train", "--epochs", "1000000000", "--json", file}, {signal});
    CHECK(outcome.code == code);
    CHECK(outcome.signal == 0);
    CHECK(contains(lines_of(outcome.out).back(), "test accuracy "));
    CHECK(contains(lines_of(outcome.out).back(), "ended by " + name));
    const json result = json::parse(xgrad::test::read_file(file));
    CHECK(result.at("interrupted_by") == name);
    const json& epochs = result.at("runs").at(0).at("epochs");
    const std::int64_t samples = epochs.back().at("samples");
    CHECK(samples > 0);
    CHECK((samples % 10 == 0 || samples == 1438));
    CHECK(result.at("runs").at(0).at("test_accuracy") == epochs.back().at("test_accuracy"));
  }
}

TEST_CASE("xgrad train: of several seeds, those that ended before the signal are summed up") {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "result.json").string();
  const Outcome outcome =
      xgrad::test::run_and_signal({"train", "--seeds", "1-10000", "--epochs", "1000000000", "--json", file}, {SIGINT});
  CHECK(outcome.code == 130);
  CHECK(contains(lines_of(outcome.out).back(), "test accuracy over seed 1 of seeds 1-10000, ended by SIGINT: mean "));
  CHECK(json::parse(xgrad::test::read_file(file)).at("runs").size() == 1);
}

TEST_CASE("xgrad train: a second signal ends it at once, without results") {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "result.json").string();
  const Outcome outcome =
      xgrad::test::run_and_signal({"train", "--epochs", "1000000000", "--json", file}, {SIGINT, SIGTERM});
  CHECK((outcome.signal == SIGTERM || outcome.signal == SIGINT));  // whichever came second, to one of the threads
  CHECK_FALSE(contains(outcome.out, "test accuracy"));
  CHECK_FALSE(std::filesystem::exists(file));
}

TEST_CASE("xgrad train --json -: standard output is the JSON alone") {
  const Outcome outcome = run_command({"train", "--epochs", "2", "--json", "-"});
  CHECK(outcome.code == 0);
  CHECK(json::parse(outcome.out).at("runs").at(0).at("epochs").size() == 2);
  CHECK(contains(outcome.err, "test accuracy "));
  CHECK(contains(outcome.err, "epoch 2/2"));
  CHECK_FALSE(std::filesystem::exists("-"));
}
