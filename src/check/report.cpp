#include <algorithm>
#include <ostream>

#include "xgrad/check.hpp"

namespace xgrad::check {

std::string_view to_string(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::right:
      return "right";
    case Verdict::wrong:
      return "wrong";
    case Verdict::inconclusive:
      break;
  }
  return "inconclusive";
}

Verdict Report::verdict() const noexcept {
  const auto is = [](Verdict wanted) { return [wanted](const ParameterReport& p) { return p.verdict == wanted; }; };
  if (std::any_of(parameters.begin(), parameters.end(), is(Verdict::wrong))) {
    return Verdict::wrong;
  }
  const bool all_right = std::all_of(parameters.begin(), parameters.end(), is(Verdict::right));
  return all_right && !parameters.empty() ? Verdict::right : Verdict::inconclusive;
}

std::ostream& operator<<(std::ostream& out, const Report& report) {
  return out << report.text();
}

}  // namespace xgrad::check
