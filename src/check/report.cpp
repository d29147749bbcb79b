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
  const auto any = [this](const auto& condition) {
    return std::any_of(parameters.begin(), parameters.end(), condition) ||
           std::any_of(tensors.begin(), tensors.end(), condition);
  };
  if (any(is(Verdict::wrong))) {
    return Verdict::wrong;
  }
  return any(is(Verdict::inconclusive)) || parameters.empty() ? Verdict::inconclusive : Verdict::right;
}

std::ostream& operator<<(std::ostream& out, const Report& report) {
  return out << report.text();
}

}  // namespace xgrad::check
