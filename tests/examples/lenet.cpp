// examples/lenet, with settings that take a second.
#include <cstddef>
#include <cstdint>
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "xgrad/data.hpp"
#include "xgrad/index.hpp"

#include "support/idx_bytes.hpp"
#include "support/message_of.hpp"
#include "support/run_command.hpp"
#include "support/temporary_folder.hpp"

namespace xg = xgrad;
using xgrad::test::lines_of;
using xgrad::test::Outcome;
using xgrad::test::run_command;

namespace {

constexpr std::size_t small = 8;
constexpr std::size_t large = 28;

/// Some of the digits, enlarged to 28×28, in the two files that begin with `prefix`.
void write_part(const TemporaryFolder& folder, const std::string& prefix, const xg::data::Dataset& digits,
                std::int64_t count) {
  const std::vector<float> pixels = xg::slice(digits.inputs, {.stop = count}).to_vector<float>();
  const std::vector<std::int64_t> classes = xg::slice(digits.labels, {.stop = count}).to_vector<std::int64_t>();
  std::string images = idx_header({static_cast<std::uint32_t>(count), large, large});
  std::string labels = idx_header({static_cast<std::uint32_t>(count)});
  for (std::size_t i = 0; i < classes.size(); ++i) {
    labels += static_cast<char>(classes[i]);
    for (std::size_t row = 0; row < large; ++row) {
      for (std::size_t column = 0; column < large; ++column) {
        const std::size_t at = (i * small + row * small / large) * small + column * small / large;
        images += static_cast<char>(static_cast<unsigned char>(pixels[at] * 255));
      }
    }
  }
  folder.write(prefix + "-images-idx3-ubyte", images);
  folder.write(prefix + "-labels-idx1-ubyte", labels);
}

}  // namespace

TEST_CASE("lenet: reads digits after a short training, and its gradients are right") {
  const Outcome outcome = run_command({"--epochs", "3", "--expect", "0.85"});
  CAPTURE(outcome.out);
  CHECK(outcome.code == 0);
  CHECK(outcome.err.empty());
  CHECK(contains(outcome.out, "10 right, 0 wrong, 0 inconclusive"));
  CHECK(contains(outcome.out, "seed 1, epoch 3: training loss"));
  CHECK(contains(outcome.out, "; expected 0.85\n"));
}

TEST_CASE("lenet: an accuracy below what is expected is exit code 1; several seeds, data kept aside") {
  const Outcome outcome = run_command({"--validate", "--seeds", "2", "--epochs", "1", "--expect", "1"});
  CAPTURE(outcome.out);
  CHECK(outcome.code == 1);
  CHECK(contains(outcome.out, "seed 2: test accuracy"));
}

TEST_CASE("lenet: images of 28×28 from a folder") {
  const auto [train, test] = xg::data::digits();
  const TemporaryFolder folder;
  write_part(folder, "train", train, 320);
  write_part(folder, "t10k", test, 100);
  const Outcome outcome = run_command({folder.path().string(), "--epochs", "8", "--expect", "0.6"});
  CAPTURE(outcome.out);
  CHECK(outcome.code == 0);
  CHECK(contains(outcome.out, "10 right, 0 wrong, 0 inconclusive"));
}

TEST_CASE("lenet: arguments that it doesn't know are one line and exit code 2, what can't be read is exit code 1") {
  using Arguments = std::vector<std::string>;
  for (const Arguments& arguments :
       {Arguments{"--fast"}, Arguments{"--epochs"}, Arguments{"--epochs", "0"}, Arguments{"--epochs", "2.5"},
        Arguments{"--seeds", "-1"}, Arguments{"--expect", "nan"}, Arguments{"one", "two"}, Arguments{""}}) {
    const Outcome outcome = run_command(arguments);
    CAPTURE(arguments.back());
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK(lines_of(outcome.err).size() == 1);
    CHECK(outcome.err.starts_with("lenet: "));
  }
  const Outcome missing = run_command({"/no/such/folder"});
  CHECK(missing.code == 1);
  CHECK(contains(missing.err, "/no/such/folder"));
  CHECK(lines_of(missing.err).size() == 1);
  const Outcome help = run_command({"--help"});
  CHECK(help.code == 0);
  CHECK(contains(help.out, "--epochs N"));
}
