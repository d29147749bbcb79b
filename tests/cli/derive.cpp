#include <cstdlib>
#include <doctest/doctest.h>
#include <fstream>
#include <string>
#include <vector>

#include "support/message_of.hpp"
#include "support/run_command.hpp"
#include "support/temporary_folder.hpp"

using xgrad::test::Outcome;
using xgrad::test::run_command;

TEST_CASE("xgrad derive: without options, the document's four formulas, labelled") {
  const Outcome outcome = run_command({"derive"});
  CHECK(outcome.code == 0);
  CHECK(outcome.err.empty());
  for (const char* line :
       {"δ²        = (a² − y) ⊙ σ′(z²)  (1,)        BP1", "δ¹        = (W²ᵀ δ²) ⊙ σ′(z¹)  (3,)        BP2",
        "∂Loss/∂b¹ = δ¹                 (3,)        BP3", "∂Loss/∂W¹ = δ¹ xᵀ              (3, 2)      BP4"}) {
    CAPTURE(line);
    CHECK(contains(outcome.out, line));
  }
}

TEST_CASE("xgrad derive: runs for every activation and loss, one sample and several") {
  for (const char* activation : {"sigmoid", "tanh", "relu", "softmax", "identity"}) {
    for (const char* loss : {"quadratic", "cross-entropy", "binary-cross-entropy", "mse"}) {
      for (const char* samples : {"1", "5"}) {
        CAPTURE(activation);
        CAPTURE(loss);
        CAPTURE(samples);
        const Outcome outcome = run_command(
            {"derive", "--layers", "3-4-2", "--activation", activation, "--loss", loss, "--samples", samples});
        CHECK(outcome.code == 0);
        CHECK(contains(outcome.out, "∂Loss/∂W¹ = "));
        CHECK(contains(outcome.out, "δ²"));
      }
    }
  }
}

TEST_CASE("xgrad derive: a layer by itself") {
  const Outcome dense = run_command({"derive", "--layer", "Dense", "--samples", "5"});
  CHECK(contains(dense.out, "∂Loss/∂W = Gᵀ x"));
  CHECK(contains(dense.out, "∂Loss/∂b = Σ₀ G"));
  CHECK(contains(dense.out, "∂Loss/∂x = G W"));
  CHECK(contains(dense.out, "G := ∂Loss/∂z, given"));
  CHECK(contains(run_command({"derive", "--layer", "Sigmoid"}).out, "∂Loss/∂x = G ⊙ σ′(x)"));
  CHECK(contains(run_command({"derive", "--layer", "Tanh"}).out, "∂Loss/∂x = G ⊙ tanh′(x)"));
  CHECK(contains(run_command({"derive", "--layer", "ReLU"}).out, "∂Loss/∂x = G ⊙ relu′(x)"));
  CHECK(contains(run_command({"derive", "--layer", "Softmax"}).out, "∂Loss/∂x = (G − Σ (G ⊙ a)) ⊙ a"));
}

TEST_CASE("xgrad derive: as LaTeX and as a graph") {
  const Outcome latex = run_command({"derive", "--latex"});
  CHECK(latex.out.starts_with("\\documentclass{article}"));
  CHECK(latex.out.ends_with("\\end{document}\n"));
  const Outcome dot = run_command({"derive", "--dot"});
  CHECK(dot.out.starts_with("digraph derivation {"));
  CHECK(contains(dot.out, "\"δ²\" -> \"∂Loss/∂W²\""));
}

// Where LaTeX is installed: .ci/run sees to it.
TEST_CASE("xgrad derive: the LaTeX compiles") {
  if (std::system("command -v pdflatex >/dev/null 2>&1") != 0) {  // NOLINT(cert-env33-c,concurrency-mt-unsafe)
    MESSAGE("no pdflatex here");
    return;
  }
  const std::vector<std::vector<std::string>> cases{
      {"derive", "--latex"},
      {"derive", "--latex", "--activation", "softmax", "--loss", "mse", "--samples", "5"},
      {"derive", "--latex", "--activation", "relu", "--loss", "cross-entropy", "--samples", "5"},
      {"derive", "--latex", "--activation", "tanh", "--loss", "binary-cross-entropy"},
      {"derive", "--latex", "--layer", "Dense"}};
  for (const std::vector<std::string>& arguments : cases) {
    const TemporaryFolder folder;
    const std::string file = (folder.path() / "derivation.tex").string();
    std::ofstream{file} << run_command(arguments).out;
    const std::string command = "cd '" + folder.path().string() +
                                "' && pdflatex -interaction=nonstopmode -halt-on-error derivation.tex >log.txt 2>&1";
    const int code = std::system(command.c_str());  // NOLINT(cert-env33-c,concurrency-mt-unsafe)
    INFO(xgrad::test::read_file((folder.path() / "log.txt").string()));
    CHECK(code == 0);
  }
}

TEST_CASE("xgrad derive: bad options are one line and exit code 2") {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"derive", "--latex", "--dot"},
                                                    {"derive", "--layer", "Conv"},
                                                    {"derive", "--samples", "0"},
                                                    {"derive", "--layers", "3"},
                                                    {"derive", "extra"}}) {
    const Outcome outcome = run_command(arguments);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK(xgrad::test::lines_of(outcome.err).size() == 1);
    CHECK(outcome.err.starts_with("xgrad: "));
  }
}

TEST_CASE("xgrad derive --layer: refuses options of networks") {
  for (const std::vector<std::string>& option :
       {std::vector<std::string>{"--loss", "mse"}, {"--activation", "tanh"}, {"--reduction", "sum"}}) {
    const Outcome outcome = run_command({"derive", "--layer", "Dense", option[0], option[1]});
    CHECK(outcome.code == 2);
    CHECK(contains(outcome.err, option[0] + " is of networks: expected --layer without it"));
  }
}
