// The catalogue of wrong backward passes through layers: all are called wrong, and the cause that is named first is the
// true one; and right ones, none of which is called wrong.
#include <algorithm>
#include <doctest/doctest.h>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"
#include "support/sanitizers.hpp"
#include "support/wrong_layers.hpp"

namespace xg = xgrad;
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

// Whether it is what is said first, of a gradient that is wrong.
bool is_named_first(const std::vector<Diagnosis>& all, const std::string& words) {
  return std::any_of(all.begin(), all.end(), [&](const Diagnosis& d) {
    return d.verdict == Verdict::wrong && !d.mistakes.empty() && contains(d.mistakes.front(), words);
  });
}

std::vector<Diagnosis> found_in(const Example& example, const std::string& mistake) {
  return xg::check::diagnose(example.loss, example.parameters, example.by_hand(mistake));
}

}  // namespace

TEST_CASE("diagnose, layers: a catalogue of wrong backward passes") {
  std::size_t count = 0;
  std::size_t named = 0;
  for (const Subject& subject : layer_subjects()) {
    const Example example = subject.example(11);
    std::size_t here = 0;
    for (const Planted& planted : subject.mistakes) {
      const auto found = found_in(example, planted.mistake);
      INFO(example.architecture, ": ", planted.mistake, "\nexpected: ", planted.expected, "\n", text_of(found));
      CHECK(any_wrong(found));
      const bool right = is_named_first(found, planted.expected);
      ++count;
      named += right ? 1 : 0;
      here += right ? 1 : 0;
      if (!right) {
        // Then at least nothing else is claimed for certain.
        const bool certain = std::any_of(found.begin(), found.end(), [](const Diagnosis& d) {
          return d.verdict == Verdict::wrong && !d.mistakes.empty() && d.alternatives.empty();
        });
        CHECK_FALSE(certain);
        MESSAGE(example.architecture, ": ", planted.mistake, "\nexpected: ", planted.expected, "\n", text_of(found));
      }
    }
    CHECK(here + 1 >= subject.mistakes.size());  // no architecture is left to chance
  }
  MESSAGE(named, " of ", count, " causes named");
  CHECK(count >= 100);
  CHECK(static_cast<double>(named) >= 0.95 * static_cast<double>(count));
}

TEST_CASE("diagnose, layers: what is named doesn't hang on the data") {
  std::size_t count = 0;
  std::size_t named = 0;
  for (const std::uint64_t seed : {3U, 29U}) {
    for (const Subject& subject : layer_subjects()) {
      const Example example = subject.example(seed);
      for (const Planted& planted : subject.mistakes) {
        const auto found = found_in(example, planted.mistake);
        INFO(example.architecture, ": ", planted.mistake, ", seed ", seed, "\n", text_of(found));
        CHECK(any_wrong(found));
        ++count;
        named += is_named_first(found, planted.expected) ? 1 : 0;
      }
    }
    if (sanitized) {
      break;
    }
  }
  MESSAGE(named, " of ", count, " causes named");
  CHECK(static_cast<double>(named) >= 0.95 * static_cast<double>(count));
}

TEST_CASE("diagnose, layers: docs/wrong_layer_passes.md lists the catalogue") {
  std::ifstream stream{XGRAD_WRONG_PASSES_DOC};
  const std::string document{std::istreambuf_iterator<char>{stream}, {}};
  std::size_t count = 0;
  for (const Subject& subject : layer_subjects()) {
    const std::string architecture = subject.example(1).architecture;
    for (const Planted& planted : subject.mistakes) {
      const std::string row = "| " + architecture + " | " + planted.mistake + " | " + planted.expected + " |\n";
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

TEST_CASE("diagnose, layers: right gradients, derived by hand, are never called wrong") {
  const std::uint64_t seeds = sanitized ? 1 : 8;
  std::size_t count = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    for (const Subject& subject : layer_subjects()) {
      const Example example = subject.example(seed);
      const auto found = found_in(example, "");
      INFO(example.architecture, ", seed ", seed, "\n", text_of(found));
      CHECK(std::all_of(found.begin(), found.end(), [](const Diagnosis& d) { return d.verdict == Verdict::right; }));
      ++count;
    }
  }
  CHECK(count >= (sanitized ? 20 : 200));
}
