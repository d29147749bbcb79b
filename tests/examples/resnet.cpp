// examples/resnet, with settings that take a second.
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "support/message_of.hpp"
#include "support/run_command.hpp"

using xgrad::test::lines_of;
using xgrad::test::Outcome;
using xgrad::test::run_command;

TEST_CASE("resnet: reads digits by its running statistics after a short training, and its gradients are right") {
  const Outcome outcome = run_command({"--epochs", "2", "--expect", "0.9"});
  CAPTURE(outcome.out);
  CHECK(outcome.code == 0);
  CHECK(outcome.err.empty());
  CHECK(contains(outcome.out, "25 right, 0 wrong, 0 inconclusive"));
  CHECK(contains(outcome.out, "; expected 0.9\n"));
}

TEST_CASE("resnet: an accuracy below what is expected is exit code 1") {
  CHECK(run_command({"--validate", "--epochs", "1", "--expect", "1"}).code == 1);
}

TEST_CASE("resnet: arguments that it doesn't know are one line and exit code 2, what can't be read is exit code 1") {
  using Arguments = std::vector<std::string>;
  for (const Arguments& arguments :
       {Arguments{"--deep"}, Arguments{"--seeds"}, Arguments{"--epochs", "many"}, Arguments{"one", "two"}}) {
    const Outcome outcome = run_command(arguments);
    CAPTURE(arguments.back());
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK(lines_of(outcome.err).size() == 1);
    CHECK(outcome.err.starts_with("resnet: "));
  }
  CHECK(run_command({"/no/such/folder"}).code == 1);
  CHECK(contains(run_command({"--help"}).out, "--epochs N"));
}
