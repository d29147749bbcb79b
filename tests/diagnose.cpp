// The catalogue of wrong backward passes: all are called wrong, and the cause that is named first is the true one; and
// right ones, none of which is called wrong.
#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
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
