// The second catalogue of wrong backward passes, of recurrence, attention, shared weights and losses: all are called
// wrong, and the cause that is named first is the true one; and right ones, none of which is called wrong.
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
#include "support/wrong_sequences.hpp"

namespace xg = xgrad;
using xg::Tensor;
using xg::check::Diagnosis;
using xg::check::Verdict;
using namespace xgrad::test;

namespace {

std::vector<const Family*> families() {
  return {&recurrent_family(), &attention_family(), &loss_family()};
}

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

// Whether the words are those of a mistake, not of an alternative to one.
bool names(const std::vector<Diagnosis>& all, const std::string& words) {
  return std::any_of(all.begin(), all.end(), [&](const Diagnosis& d) {
    std::string mistakes;
    for (const std::string& mistake : d.mistakes) {
      mistakes += mistake + ", and ";
    }
    return d.verdict == Verdict::wrong && contains(mistakes, words);
  });
}

}  // namespace

TEST_CASE("diagnose: a catalogue of wrong passes of sequences, attention and losses") {
  std::size_t met = 0;
  std::size_t count = 0;
  std::size_t named = 0;
  for (const Family* family : families()) {
    std::size_t of_family = 0;
    std::size_t named_of_family = 0;
    for (const Subject& subject : family->subjects) {
      const Example example = subject.example(11);
      CHECK_FALSE(subject.mistakes.empty());
      for (const Planted& planted : subject.mistakes) {
        if (sanitized && ++met % 8 != 0) {
          continue;
        }
        const auto found = xg::check::diagnose(example.loss, example.parameters, example.by_hand(planted.mistake));
        INFO(example.architecture, ": ", planted.mistake, "\nexpected: ", planted.expected, "\n", text_of(found));
        CHECK(any_wrong(found));
        const bool right = names(found, planted.expected);
        ++of_family;
        named_of_family += right ? 1 : 0;
        if (!right) {
          MESSAGE(example.architecture, ": ", planted.mistake, "\nexpected: ", planted.expected, "\n", text_of(found));
        }
      }
    }
    MESSAGE(family->name, ": ", named_of_family, " of ", of_family, " causes named");
    count += of_family;
    named += named_of_family;
  }
  MESSAGE(named, " of ", count, " causes named");
  CHECK(count >= (sanitized ? 20 : 45));
  CHECK(static_cast<double>(named) >= 0.95 * static_cast<double>(count));
}

TEST_CASE("diagnose: docs/wrong_sequence_passes.md lists the second catalogue") {
  std::ifstream stream{XGRAD_WRONG_SEQUENCE_PASSES_DOC};
  const std::string document{std::istreambuf_iterator<char>{stream}, {}};
  // In a table | is written \|.
  const auto cell = [](const std::string& text) {
    std::string escaped;
    for (const char c : text) {
      escaped += c == '|' ? "\\|" : std::string(1, c);
    }
    return escaped;
  };
  std::size_t count = 0;
  std::size_t heads = 0;
  for (const Family* family : families()) {
    heads += 2;
    for (const Subject& subject : family->subjects) {
      for (const Planted& planted : subject.mistakes) {
        const std::string row =
            "| " + subject.example(1).architecture + " | " + planted.mistake + " | " + cell(planted.expected) + " |\n";
        CAPTURE(row);
        CHECK(contains(document, row));
        ++count;
      }
    }
  }
  std::size_t rows = 0;
  for (std::size_t at = 0; (at = document.find("\n|", at)) != std::string::npos; ++at) {
    ++rows;
  }
  CHECK(rows == count + heads);
}

TEST_CASE("diagnose: right gradients of sequences, attention and losses are never called wrong") {
  const std::uint64_t seeds = sanitized ? 2 : 12;
  std::size_t count = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    for (const Family* family : families()) {
      for (const Subject& subject : family->subjects) {
        const Example example = subject.example(seed);
        const auto found = xg::check::diagnose(example.loss, example.parameters, example.by_hand(""));
        INFO(example.architecture, ", seed ", seed, "\n", text_of(found));
        CHECK_FALSE(any_wrong(found));
        ++count;
      }
    }
  }
  CHECK(count >= (sanitized ? 50 : 330));
}

namespace {

// ½ Σ c² of the last c ← a c + x.
Tensor loss_of_loop(const xg::Parameter& a, const Tensor& x) {
  const auto [last, all] = xg::scan(
      [&](const Tensor& c, const Tensor& x_t) {
        const Tensor next = (a.value() * c + x_t).named("c");
        return std::pair{next, next};
      },
      xg::zeros({3}, xg::float64), x);
  return 0.5 * xg::sum(xg::square(last));
}

}  // namespace

TEST_CASE("diagnose: a short loop is read as its steps; a long one is one formula, and the text says so") {
  xg::Random random{3};
  const xg::Parameter a{random.uniform({3}, 0.5, 0.9, xg::float64), "a"};
  for (const std::int64_t steps : {4, 40}) {
    CAPTURE(steps);
    const Tensor x = random.normal({steps, 3}, 0, 1, xg::float64).eval().named("x");
    std::vector<Tensor> c{xg::zeros({3}, xg::float64)};
    for (std::int64_t t = 0; t < steps; ++t) {
      c.push_back(a.value() * c.back() + x.at({t}));
    }
    const auto by_hand = [&](bool is_carried_by_a) {
      Tensor dc = c.back();
      Tensor da = xg::zeros({3}, xg::float64);
      for (auto t = static_cast<std::size_t>(steps); t > 0; --t) {
        da = da + dc * c[t - 1];
        dc = is_carried_by_a ? dc * a.value() : dc;
      }
      return da;
    };
    const auto loss = [&] { return loss_of_loop(a, x); };
    CHECK(xg::check::diagnose(loss, {{"a", a}}, {by_hand(true)})[0].verdict == Verdict::right);
    const auto found = xg::check::diagnose(loss, {{"a", a}}, {by_hand(false)});
    CHECK(found[0].verdict == Verdict::wrong);
    const std::string expected = steps < 16 ? "the factor a left out in δ_c³, and likewise in δ_c², δ_c¹"
                                            : "a loop of 40 steps is one formula here";
    INFO(found[0].text());
    CHECK(contains(found[0].text(), expected));
  }
}

TEST_CASE("diagnose: loops in loops, backwards and without sequences, are read as their steps") {
  xg::Random random{4};
  const xg::Parameter a{random.uniform({3}, 0.5, 0.9, xg::float64), "a"};
  const Tensor x = random.normal({3, 3}, 0, 1, xg::float64).eval().named("x");
  const auto loss = [&] {
    const xg::ScanFunction outer = [&](const std::vector<Tensor>& carry, const std::vector<Tensor>& xs) {
      const xg::ScanFunction inner = [&](const std::vector<Tensor>& c, const std::vector<Tensor>&) {
        return xg::ScanStep{{a.value() * c[0] + xs[0]}, {}};
      };
      const Tensor next = xg::scan(inner, carry, {}, {.length = 2}).carry[0];
      return xg::ScanStep{{next}, {xg::square(next)}};
    };
    const xg::Scanned result = xg::scan(outer, {xg::ones({3}, xg::float64)}, {x}, {.reverse = true});
    return xg::sum(result.outputs[0]) + xg::sum(result.carry[0]);
  };
  const Tensor right = xg::gradients(loss(), {a})[0].eval();
  CHECK(xg::check::diagnose(loss, {{"a", a}}, {right})[0].verdict == Verdict::right);
  const auto found = xg::check::diagnose(loss, {{"a", a}}, {2.0 * right});
  INFO(found[0].text());
  CHECK(contains(found[0].text(), "a factor 2 too much in ∂Loss/∂a"));
}

TEST_CASE("diagnose: a mistake at every step is found in float32, too, and beside gradients of tensors on the way") {
  xg::Random random{5};
  const xg::Parameter W{random.normal({3, 3}), "W"};
  const std::vector<Tensor> x{random.normal({4, 3}).eval().named("x1"), random.normal({4, 3}).eval().named("x2"),
                              random.normal({4, 3}).eval().named("x3")};
  const Tensor h0 = random.normal({4, 3}).eval().named("h0");
  const auto states = [&] {
    std::vector<Tensor> h{h0};
    for (std::size_t t = 1; t <= x.size(); ++t) {
      const Tensor z = (xg::matmul(h.back(), xg::transpose(W)) + x[t - 1]).named("z" + std::to_string(t));
      h.push_back(xg::tanh(z).named("h" + std::to_string(t)));
    }
    return h;
  };
  const auto loss = [&] {
    const std::vector<Tensor> h = states();
    return xg::sum(xg::square(h[1])) + xg::sum(xg::square(h[2])) + xg::sum(xg::square(h[3]));
  };
  const std::vector<Tensor> h = states();
  Tensor dW = xg::zeros({3, 3});
  Tensor dz;
  for (std::size_t t = 3; t > 0; --t) {
    dz = 2.0 * h[t] * (1.0 - xg::square(h[t]));  // nothing from the step behind it
    dW = dW + xg::matmul(xg::transpose(dz), h[t - 1]);
  }
  const std::string expected = "the summand δ_z3 W left out in δ_h2, and likewise in δ_h1";
  const std::string alone = text_of(xg::check::diagnose(loss, {{"W", W}}, {dW}));
  const std::string beside = text_of(xg::check::diagnose(loss, {{"W", W}}, {dW}, {.manual_of = {{"z1", dz}}}));
  INFO(alone, beside);
  CHECK(contains(alone, expected));
  CHECK(contains(beside, "W: your ∂Loss/∂W equals the derived one with " + expected));
  CHECK(contains(beside, "z1: your ∂Loss/∂z1 equals the derived one with " + expected));
}
