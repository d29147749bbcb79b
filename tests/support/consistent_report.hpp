#pragma once

#include <doctest/doctest.h>

#include "xgrad/check.hpp"

#include "support/message_of.hpp"

namespace xgrad::test {

/// Checks that what a report says in one place it says in all others.
inline void check_consistent(const check::Report& report) {
  using check::Verdict;
  bool any_wrong = false;
  for (const check::ParameterReport& row : report.parameters) {
    CAPTURE(row.name);
    CAPTURE(row.diagnosis);
    const bool wrong = row.manual_automatic.done && row.manual_automatic.verdict == Verdict::wrong;
    any_wrong = any_wrong || wrong;
    CHECK((row.verdict == Verdict::wrong) == (wrong || row.automatic_numerical.verdict == Verdict::wrong));
    CHECK(row.diagnosis.empty() == !wrong);
    CHECK(row.reason.empty() == (row.verdict == Verdict::right));
    CHECK((!wrong || contains(row.diagnosis, row.name + ": ")));
    CHECK_FALSE(contains(row.diagnosis, "nan"));
    CHECK_FALSE(contains(row.diagnosis, "inf times"));
    CHECK_FALSE(row.diagnosis.ends_with(": "));
  }
  CHECK(report.first_divergence.empty() == !any_wrong);
  CHECK_FALSE(report.text().empty());
  CHECK_FALSE(report.json().empty());
}

}  // namespace xgrad::test
