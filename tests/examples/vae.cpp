// examples/vae, with settings that take a second.
#include <cstddef>
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "support/message_of.hpp"
#include "support/run_command.hpp"

using xgrad::test::lines_of;
using xgrad::test::Outcome;
using xgrad::test::run_command;

TEST_CASE("vae: a short training makes a code that is worth something; gradients through the draw are right") {
  const Outcome outcome = run_command({"--epochs", "8", "--expect", "26.5"});  // 27 without a code
  CAPTURE(outcome.out);
  CHECK(outcome.code == 0);
  CHECK(outcome.err.empty());
  CHECK(contains(outcome.out, "14 right, 0 wrong, 0 inconclusive"));
  CHECK(contains(outcome.out, "; expected 26.5\n"));
  const std::string before = "\ntest loss ";
  const std::size_t at = outcome.out.find(before);
  REQUIRE(at != std::string::npos);
  CHECK(std::stod(outcome.out.substr(at + before.size())) > 24);  // the reconstruction alone would be 18
}

TEST_CASE("vae: six images are drawn as text, eight rows of sixteen characters each") {
  const std::vector<std::string> lines = lines_of(run_command({"--epochs", "1"}).out);
  std::size_t first = 0;
  while (first < lines.size() && lines[first] != "six images drawn from the model:") {
    ++first;
  }
  REQUIRE(first + 9 < lines.size());
  bool any_ink = false;
  for (std::size_t row = first + 1; row <= first + 8; ++row) {
    CHECK(lines[row].size() == 6 * 18);
    CHECK(lines[row].find_first_not_of(" .:-=+*#%@") == std::string::npos);
    any_ink = any_ink || lines[row].find_first_not_of(' ') != std::string::npos;
  }
  CHECK(any_ink);
  CHECK(lines[first + 9] == "Gradient check");
}

TEST_CASE("vae: a loss above what is expected is exit code 1") {
  CHECK(run_command({"--validate", "--epochs", "1", "--expect", "20"}).code == 1);
}

TEST_CASE("vae: arguments that it doesn't know are one line and exit code 2") {
  using Arguments = std::vector<std::string>;
  for (const Arguments& arguments : {Arguments{"--deep"}, Arguments{"--seeds"}, Arguments{"--epochs", "many"},
                                     Arguments{"--expect", "inf"}, Arguments{"folder"}}) {
    const Outcome outcome = run_command(arguments);
    CAPTURE(arguments.back());
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK(lines_of(outcome.err).size() == 1);
    CHECK(outcome.err.starts_with("vae: "));
  }
  CHECK(contains(run_command({"--help"}).out, "--epochs N"));
}
