// The catalogue of wrong backward passes: all are called wrong, and the cause that is named first is the true one; and
// right ones, none of which is called wrong.
#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"
#include "support/sanitizers.hpp"
#include "support/wrong_passes.hpp"

namespace xg = xgrad;
using xg::Tensor;
using xg::check::Diagnosis;
using xg::check::Verdict;
using namespace xgrad::test;

namespace {

std::string text_of(const std::vector<Diagnosis>& all) {
  std::string text;
  for (const Diagnosis& diagnosis : all) {
    text += diagnosis.text() + "\n";
  }
  return text;
}

bool any_wrong(const std::vector<Diagnosis>& all) {
  return std::any_of(all.begin(), all.end(), [](const Diagnosis& d) { return d.verdict == Verdict::wrong; });
}

}  // namespace

TEST_CASE("diagnose: what fits but isn't the only thing that does is called ambiguous") {
  // Equal columns: the sum over samples and the last sample times their number are the same.
  const xg::Parameter w{xg::tensor({0.5, -0.25, 0.75}, xg::float64), "w"};
  const Tensor x = xg::ones({4, 3}, xg::float64).eval().named("x");
  const Tensor v = xg::ones({4, 3}, xg::float64).eval().named("v");
  const auto loss = [&] { return xg::sum(x * v * xg::square(w.value())); };
  // With x = v = 1 nobody can tell whether x or v was left out.
  const Tensor manual = (xg::sum(x, 0) * w.value()).eval();
  const auto found = xg::check::diagnose(loss, {{"w", w}}, {manual});
  REQUIRE(found.size() == 1);
  CHECK(found[0].verdict == Verdict::wrong);
  CHECK((found[0].mistakes.empty() || !found[0].alternatives.empty() ||
         contains(found[0].text(), "a factor ½ too much")));
}

TEST_CASE("diagnose: errors name what doesn't fit") {
  const xg::Parameter w{xg::ones({3}, xg::float64), "w"};
  const auto loss = [&] { return xg::sum(w.value()); };
  const auto message = [&](const std::vector<Tensor>& manual) {
    return message_of<xg::Error>([&] { return xg::check::diagnose(loss, {{"w", w}}, manual); });
  };
  CHECK(contains(message({}), "0 manual gradients for 1 parameters"));
  CHECK(contains(message({xg::ones({2}, xg::float64)}), "manual gradient of w has shape (2,), expected (3,)"));
  CHECK(contains(message({xg::ones({3})}), "is float32, expected float64"));
  CHECK(xg::check::diagnose(loss, {{"w", w}}, {Tensor{}})[0].verdict == Verdict::inconclusive);
  // One that the loss doesn't depend on has nothing to be derived.
  const xg::Parameter other{xg::ones({2}, xg::float64), "other"};
  const auto two = xg::check::diagnose(loss, {{"w", w}, {"other", other}}, {xg::ones({3}, xg::float64), Tensor{}});
  CHECK(two[0].verdict == Verdict::right);
  CHECK(two[1].verdict == Verdict::inconclusive);
}

TEST_CASE("diagnose: a catalogue of wrong backward passes") {
  std::size_t count = 0;
  std::size_t named = 0;
  for (const Subject& subject : subjects()) {
    const Example example = subject.example(11);
    for (const Planted& planted : subject.mistakes) {
      const auto found = xg::check::diagnose(example.loss, example.parameters, example.by_hand(planted.mistake));
      const std::string text = text_of(found);
      INFO(example.architecture, ": ", planted.mistake, "\nexpected: ", planted.expected, "\n", text);
      CHECK(any_wrong(found));
      const bool right = text.find(planted.expected) != std::string::npos;
      ++count;
      named += right ? 1 : 0;
      if (!right) {
        // Then at least nothing else is claimed for certain.
        const bool certain = std::any_of(found.begin(), found.end(), [](const Diagnosis& d) {
          return d.verdict == Verdict::wrong && !d.mistakes.empty() && d.alternatives.empty();
        });
        CHECK_FALSE(certain);
        MESSAGE(example.architecture, ": ", planted.mistake, "\nexpected: ", planted.expected, "\n", text);
      }
    }
  }
  MESSAGE(named, " of ", count, " causes named");
  CHECK(count >= 60);
  CHECK(static_cast<double>(named) >= 0.95 * static_cast<double>(count));
}

TEST_CASE("diagnose: docs/wrong_passes.md lists the catalogue") {
  std::ifstream stream{XGRAD_WRONG_PASSES_DOC};
  const std::string document{std::istreambuf_iterator<char>{stream}, {}};
  std::size_t count = 0;
  for (const Subject& subject : subjects()) {
    for (const Planted& planted : subject.mistakes) {
      const std::string row =
          "| " + subject.example(1).architecture + " | " + planted.mistake + " | " + planted.expected + " |\n";
      CAPTURE(row);
      CHECK(contains(document, row));
      ++count;
    }
  }
  const std::size_t head = 2;
  std::size_t rows = 0;
  for (std::size_t at = 0; (at = document.find("\n|", at)) != std::string::npos; ++at) {
    ++rows;
  }
  CHECK(rows == count + head);
}

TEST_CASE("diagnose: right gradients, derived by hand, are never called wrong") {
  const std::uint64_t seeds = sanitized ? 5 : 60;
  std::size_t count = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    for (const Subject& subject : subjects()) {
      const Example example = subject.example(seed);
      const auto found = xg::check::diagnose(example.loss, example.parameters, example.by_hand(""));
      INFO(example.architecture, ", seed ", seed, "\n", text_of(found));
      CHECK_FALSE(any_wrong(found));
      ++count;
    }
  }
  CHECK(count >= (sanitized ? 50 : 500));
}
