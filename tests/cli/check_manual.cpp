// xgrad check --manual: gradients from files, beside the automatic and the numerical ones.
#include <cmath>
#include <doctest/doctest.h>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "xgrad/check.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/data.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"

#include "support/exported_problem.hpp"
#include "support/message_of.hpp"
#include "support/run_command.hpp"

namespace fs = std::filesystem;
namespace xg = xgrad;
using nlohmann::json;
using xgrad::test::Arguments;
using xgrad::test::Outcome;
using xgrad::test::Problem;

namespace {

struct Gradient {
  std::string name;
  xg::Tensor value;
};

/// BP1 to BP4 from the exported files, which know nothing of the graph; the mean over the samples.
std::vector<Gradient> document_gradients(const Problem& problem) {
  const json network = json::parse(xg::test::read_file(problem.problem() / "network.json"));
  std::vector<xg::Tensor> weights;
  std::vector<xg::Tensor> biases;
  for (std::size_t l = 1; l < network.at("layers").size(); ++l) {
    weights.push_back(problem.read("W" + std::to_string(l)));
    biases.push_back(problem.read("b" + std::to_string(l)));
  }
  const auto sums = xg::check::document_gradients(weights, biases, problem.read("x"), problem.read("y"));
  const double factor = network.at("reduction") == "mean" ? 1 / network.at("samples").get<double>() : 1;
  std::vector<Gradient> gradients;
  for (std::size_t l = 0; l < weights.size(); ++l) {
    gradients.push_back({"W" + std::to_string(l + 1), sums.dW[l] * factor});
    gradients.push_back({"b" + std::to_string(l + 1), sums.db[l] * factor});
  }
  return gradients;
}

void give_document_gradients(const Problem& problem) {
  for (const Gradient& gradient : document_gradients(problem)) {
    problem.give(gradient.name, gradient.value);
  }
}

json nested(const xg::Tensor& tensor) {
  const auto values = tensor.to_vector<double>();
  if (tensor.rank() == 1) {
    return values;
  }
  json rows = json::array();
  const auto columns = static_cast<std::ptrdiff_t>(tensor.dim(1));
  for (auto row = values.begin(); row != values.end(); row += columns) {
    rows.push_back(std::vector<double>(row, row + columns));
  }
  return rows;
}

json document_json(const Problem& problem) {
  json root = json::object();
  for (const Gradient& gradient : document_gradients(problem)) {
    root[gradient.name] = nested(gradient.value);
  }
  return root;
}

const Arguments small{"--layers", "4-3-2"};

}  // namespace

TEST_CASE("xgrad check --manual: BP1 to BP4 from the exported files are right") {
  const std::vector<Arguments> networks{
      {"--layers", "4-3-2"},
      {"--layers", "5-4-3-2", "--samples", "1", "--seed", "3"},
      {"--layers", "5-4-3-2", "--reduction", "sum", "--samples", "11", "--init", "normal"},
      {"--layers", "20-15-4"},
      {"--layers", "6-4-3", "--dtype", "float32"},
  };
  for (const Arguments& options : networks) {
    CAPTURE(options);
    const Problem problem{options};
    give_document_gradients(problem);
    const Outcome outcome = problem.check();
    CAPTURE(outcome.out);
    CAPTURE(outcome.err);
    CHECK(outcome.code == 0);
    CHECK(contains(outcome.out, "manual column: from " + problem.gradients().string() + "\n"));
    CHECK(contains(outcome.out, " 0 wrong, 0 inconclusive"));
  }
}

TEST_CASE("xgrad check --manual: gradients of another network by loops over numbers, with classes for targets") {
  const Problem problem{{"--layers", "5-3", "--loss", "cross-entropy", "--samples", "4"}};
  const auto W = problem.read("W1").to_vector<double>();
  const auto b = problem.read("b1").to_vector<double>();
  const auto x = problem.read("x").to_vector<double>();
  const auto y = problem.read("y").to_vector<std::int64_t>();
  std::vector<double> dW(15);
  std::vector<double> db(3);
  for (std::size_t n = 0; n < 4; ++n) {
    std::vector<double> e(3);
    double sum = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      double z = b[i];
      for (std::size_t j = 0; j < 5; ++j) {
        z += W[i * 5 + j] * x[n * 5 + j];
      }
      e[i] = std::exp(z);
      sum += e[i];
    }
    for (std::size_t i = 0; i < 3; ++i) {
      const double delta = e[i] / sum - (static_cast<std::size_t>(y[n]) == i ? 1 : 0);
      db[i] += delta / 4;
      for (std::size_t j = 0; j < 5; ++j) {
        dW[i * 5 + j] += delta * x[n * 5 + j] / 4;
      }
    }
  }
  problem.give("W1", xg::from_vector(dW, {3, 5}));
  problem.give("b1", xg::from_vector(db, {3}));
  const Outcome outcome = problem.check();
  CAPTURE(outcome.out);
  CHECK(outcome.code == 0);
  CHECK(contains(outcome.out, "2 right, 0 wrong"));
}

TEST_CASE("xgrad check --manual: a sign, a factor, a transpose or one entry that is wrong is found where it is") {
  const Problem problem{{"--layers", "4-3-3"}};
  const auto gradients = document_gradients(problem);
  const xg::Tensor W2 = gradients[2].value;
  auto one_entry = W2.to_vector<double>();
  one_entry[5] *= 1 + 1e-6;
  for (const xg::Tensor& wrong :
       {-W2, W2 * 7.0, xg::transpose(W2), xg::from_vector(one_entry, W2.shape()), xg::zeros_like(W2)}) {
    give_document_gradients(problem);
    problem.give("W2", wrong);
    const Outcome outcome = problem.check();
    CAPTURE(outcome.out);
    CHECK(outcome.code == 1);
    CHECK(contains(outcome.out, "\n  W2: manual "));
    CHECK(contains(outcome.out, "so the manual gradient is wrong"));
    CHECK(contains(outcome.out, "W2: "));
    CHECK((contains(outcome.out, "your ∂Loss/∂W² equals the derived one with ") ||
           contains(outcome.out, "explains your ∂Loss/∂W²")));
    CHECK(contains(outcome.out, "3 right, 1 wrong"));
  }
  problem.give("W2", xg::full({3, 3}, std::nan(""), xg::float64));
  CHECK(problem.check().code == 1);
}

TEST_CASE("xgrad check --manual: gradients of what layers compute, and the first formula that is wrong") {
  for (const bool as_json : {false, true}) {
    const Problem problem{small};
    const xg::Tensor W1 = problem.read("W1");
    const xg::Tensor W2 = problem.read("W2");
    const xg::Tensor x = problem.read("x");
    const xg::Tensor a1 = xg::sigmoid(xg::matmul(x, xg::transpose(W1)) + problem.read("b1"));
    const xg::Tensor a2 = xg::sigmoid(xg::matmul(a1, xg::transpose(W2)) + problem.read("b2"));
    const auto samples = static_cast<double>(x.dim(0));
    const auto give = [&](const xg::Tensor& z2, const xg::Tensor& z1) {
      const std::vector<Gradient> gradients{
          {"z2", z2}, {"W2", xg::matmul(xg::transpose(z2), a1)}, {"b2", xg::sum(z2, 0)},
          {"z1", z1}, {"W1", xg::matmul(xg::transpose(z1), x)},  {"b1", xg::sum(z1, 0)}};
      json root = json::object();
      for (const Gradient& gradient : gradients) {
        root[gradient.name] = nested(gradient.value);
        if (!as_json) {
          problem.give(gradient.name, gradient.value);
        }
      }
      if (as_json) {
        problem.folder().write("gradients/gradients.json", root.dump());
      }
      return problem.check();
    };
    const xg::Tensor z2 = (a2 - problem.read("y")) * a2 * (1.0 - a2) / samples;
    const xg::Tensor z1 = xg::matmul(z2, W2) * a1 * (1.0 - a1);
    const Outcome right = give(z2, z1);
    CAPTURE(right.out);
    CHECK(right.code == 0);
    CHECK(contains(right.out, "6 right, 0 wrong, 0 inconclusive"));
    // σ′ is forgotten in BP2: what comes from z1 isn't blamed, what comes before is right.
    const Outcome wrong = give(z2, xg::matmul(z2, W2));
    CAPTURE(wrong.out);
    CHECK(wrong.code == 1);
    CHECK(contains(wrong.out, "\nfirst divergence: δ¹ = (δ² W²) ⊙ σ′(z¹)\n"));
    CHECK(contains(wrong.out, "z¹: your ∂Loss/∂z¹ equals the derived one with the factor σ′(z¹) left out in δ¹"));
    CHECK(contains(wrong.out, "W1: your ∂Loss/∂W¹ is what its formula gives with your ∂Loss/∂z¹, which is wrong"));
    CHECK(contains(wrong.out, "3 right, 3 wrong, 0 inconclusive"));
  }
}

TEST_CASE("xgrad check --manual: JSON, as a file and in a folder, is read likewise") {
  const Problem problem{small};
  json root = document_json(problem);
  const auto anywhere = problem.folder().write("mine.json", root.dump());
  const Outcome from_file = problem.check(anywhere);
  CAPTURE(from_file.out);
  CHECK(from_file.code == 0);
  CHECK(contains(from_file.out, "manual column: from " + anywhere.string()));
  problem.folder().write("gradients/gradients.json", root.dump(2));
  CHECK(problem.check().code == 0);
  problem.folder().write("problem/gradients.json", root.dump(2));
  CHECK(problem.check(problem.problem()).code == 0);

  root["b1"][1] = -root["b1"][1].get<double>();
  problem.folder().write("mine.json", root.dump());
  const Outcome flipped = problem.check(anywhere);
  CHECK(flipped.code == 1);
  CHECK(contains(flipped.out, "\n  b1: manual "));
  CHECK(contains(flipped.out, "differ at (1,) by more than rounding"));
}

TEST_CASE("xgrad check --manual: what isn't given has no manual column and isn't said to be right by it") {
  const Problem problem{small};
  give_document_gradients(problem);
  fs::remove(problem.gradients() / "b1.npy");
  fs::remove(problem.gradients() / "W2.npy");
  const fs::path file = problem.folder().path() / "report.json";
  const Outcome outcome = problem.run({"--manual", problem.gradients().string(), "--json", file.string()});
  CAPTURE(outcome.out);
  CHECK(outcome.code == 0);
  CHECK(contains(outcome.out, "manual column: from " + problem.gradients().string() + "; none for b1, W2\n"));
  const json report = json::parse(xg::test::read_file(file));
  const std::set<std::string> given{"W1", "b2"};
  for (const json& parameter : report.at("parameters")) {
    const bool is_given = given.contains(parameter.at("name").get<std::string>());
    CHECK(parameter.at("manual").is_null() != is_given);
    CHECK(parameter.at("manual_automatic").at("done") == is_given);
    CHECK(parameter.at("manual_automatic").at("verdict") == (is_given ? "right" : "inconclusive"));
  }

  json root = document_json(problem);
  root.erase("W1");
  const Outcome partly = problem.check(problem.folder().write("mine.json", root.dump()));
  CHECK(partly.code == 0);
  CHECK(contains(partly.out, "; none for W1\n"));
}

TEST_CASE("xgrad check --manual: numbers are cast to the dtype of the check") {
  const Problem problem{{"--layers", "3-2", "--dtype", "float32"}};
  for (const Gradient& gradient : document_gradients(problem)) {
    problem.give(gradient.name, xg::cast(gradient.value, xg::float64));
  }
  CHECK(problem.check().code == 0);

  // But float32 can't be held against float64.
  const Problem narrow{small};
  narrow.give("W1", xg::zeros({3, 4}, xg::float32));
  narrow.check_refused(narrow.gradients(),
                       {"W1.npy: the gradient of W1 is float32", "expected float64, or --dtype float32"});

  const Problem integers{{"--layers", "3-2", "--activation", "identity"}};
  integers.give("b1", xg::full({2}, 3, xg::int64));
  const Outcome outcome = integers.check();
  CAPTURE(outcome.out);
  CHECK(outcome.code == 1);
  CHECK(contains(outcome.out, "b1: manual 3 and automatic"));
}

TEST_CASE("xgrad check --manual: files that don't fit are refused in one line, with what was found and expected") {
  const Problem problem{small};
  const auto file_of = [&](const char* name) { return (problem.gradients() / name).string(); };
  problem.check_refused(problem.folder().path() / "absent", {"absent: no such file or folder"});
  problem.check_refused(problem.folder().write("file.txt", "x"), {"file.txt: expected a folder or a .json file"});
  problem.check_refused("/dev/null", {"/dev/null: expected a folder or a .json file"});
  problem.check_refused(problem.gradients(), {problem.gradients().string() + ": no gradients in it",
                                              "expected W1.npy, b1.npy, W2.npy, b2.npy or gradients.json"});
  problem.check_refused(problem.problem(), {"holds what --export wrote (network.json), the parameters"});

  give_document_gradients(problem);
  problem.give("W1", xg::zeros({4, 3}, xg::float64));
  problem.check_refused(problem.gradients(),
                        {file_of("W1.npy") + ": the gradient of W1 has shape (4, 3), expected (3, 4)"});
  problem.give("W1", xg::zeros({1, 3, 4}, xg::float64));
  problem.check_refused(problem.gradients(), {"has shape (1, 3, 4), expected (3, 4)"});
  problem.give("W1", xg::zeros({3, 4}, xg::boolean));
  problem.check_refused(problem.gradients(), {file_of("W1.npy") + ": the gradient of W1 is bool", "float64"});
  problem.folder().write("gradients/W1.npy", "hello, world");
  problem.check_refused(problem.gradients(), {file_of("W1.npy") + ": wrong magic number 0x68656c6c6f2c"});
  fs::remove(problem.gradients() / "W1.npy");
  fs::create_directory(problem.gradients() / "W1.npy");
  problem.check_refused(problem.gradients(), {file_of("W1.npy") + ": is a directory, expected a file"});
  fs::remove(problem.gradients() / "W1.npy");

  problem.give("w1", xg::zeros({3, 4}));
  problem.check_refused(problem.gradients(), {file_of("w1.npy") + ": 'w1' isn't a parameter of this network",
                                              "expected W1, b1, W2, b2, or of layers z1, a1, z2, a2"});
  fs::remove(problem.gradients() / "w1.npy");
  problem.give("z1", xg::zeros({3}));
  problem.check_refused(problem.gradients(),
                        {file_of("z1.npy") + ": the gradient of z1 has shape (3,), expected (7, 3)"});
  fs::remove(problem.gradients() / "z1.npy");
  problem.folder().write("gradients/gradients.json", "{}");
  problem.check_refused(problem.gradients(), {"gradients.json and .npy files beside it: expected one or the other"});
}

TEST_CASE("xgrad check --manual: JSON that doesn't fit is refused in one line, with what was found and expected") {
  const Problem problem{small};
  struct Case {
    std::string text;
    std::string complaint;
  };
  const std::vector<Case> cases{
      {"", "isn't JSON"},
      {"{\"b1\": [1, 2, NaN]}", "isn't JSON"},
      {"{\"b1\": [1, 2, 1e999]}", "isn't JSON"},
      {"{\"b1\": [1, 2, 3]} x", "isn't JSON"},
      {"{\"b1\": [1, 2, 3]\n", "isn't JSON"},
      {std::string(100'000, '['), "isn't JSON"},
      {"[1, 2, 3]", "holds JSON of type array, expected an object with W1, b1, W2, b2"},
      {"null", "holds JSON of type null"},
      {"{}", "no gradients in it: expected W1, b1, W2, b2"},
      {"{\"b1\": [1, 2, 3], \"b7\": [1]}", "'b7' isn't a parameter of this network: expected W1, b1, W2, b2"},
      {"{\"b1\": [1, 2, 3], \"b1\": [1, 2, 3]}", "'b1' is there twice, expected once"},
      {"{\"b1\": [1, 2]}", "the gradient of b1 has shape (2,), expected (3,)"},
      {"{\"b1\": []}", "the gradient of b1 has shape (0,), expected (3,)"},
      {"{\"b1\": 1}", "the gradient of b1 has shape (), expected (3,)"},
      {"{\"b1\": [[1], [2], [3]]}", "the gradient of b1 has shape (3, 1), expected (3,)"},
      {"{\"b1\": " + std::string(100'000, '[') + std::string(100'000, ']') + "}", "the gradient of b1 has shape (1, 1"},
      {"{\"W2\": [[1, 2], [3, 4], [5, 6]]}", "the gradient of W2 has shape (3, 2), expected (2, 3)"},
      {"{\"W2\": [[1, 2, 3], [4, 5]]}", "W2[1] is a list of 2, expected a list of 3"},
      {"{\"W2\": [[1, 2, 3], 4]}", "W2[1] is of type number, expected a list of 3"},
      {"{\"W2\": [[1, 2, 3], [4, \"5\", 6]]}", "W2[1][1] is of type string, expected a number"},
      {"{\"b1\": [1, null, 3]}", "b1[1] is of type null, expected a number"},
      {"{\"b1\": [1, 2, true]}", "b1[2] is of type boolean, expected a number"},
      {"{\"b1\": [1, 2, [3]]}", "b1[2] is of type array, expected a number"},
  };
  for (const Case& item : cases) {
    CAPTURE(item.text.substr(0, 60));
    const auto file = problem.folder().write("mine.json", item.text);
    problem.check_refused(file, {file.string() + ": ", item.complaint});
  }
}
