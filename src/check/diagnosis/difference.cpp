#include "check/diagnosis/difference.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "check/verdict/agreement.hpp"

namespace xgrad::check::diagnosis {

namespace {

// Of rows or columns: whether one factor for each explains everything.
bool scaled_along(const Values& manual, const Values& derived, std::int64_t rows, std::int64_t columns, bool by_rows) {
  double left = 0;
  for (std::int64_t i = 0; i < (by_rows ? rows : columns); ++i) {
    double products = 0;
    double squares = 0;
    const auto at = [&](std::int64_t j) {
      return static_cast<std::size_t>(by_rows ? i * columns + j : j * columns + i);
    };
    const std::int64_t count = by_rows ? columns : rows;
    for (std::int64_t j = 0; j < count; ++j) {
      products += manual[at(j)] * derived[at(j)];
      squares += derived[at(j)] * derived[at(j)];
    }
    const double factor = squares > 0 ? products / squares : 0;
    for (std::int64_t j = 0; j < count; ++j) {
      const double rest = manual[at(j)] - factor * derived[at(j)];
      left += rest * rest;
    }
  }
  return std::sqrt(left) <= 1e-7 * norm(manual);
}

// Where only few entries differ by more than rounding: how many, and where most.
std::string few_entries(const Values& manual, const Values& derived, const Shape& shape, const Tolerance& tolerance) {
  const double floor = Tolerance::floor_factor * tolerance.epsilon * norm(derived);
  std::size_t count = 0;
  std::size_t worst = 0;
  double largest = 0;
  for (std::size_t i = 0; i < manual.size(); ++i) {
    const double difference = std::abs(manual[i] - derived[i]);
    if (difference > tolerance.relative * std::max(std::abs(manual[i]), std::abs(derived[i])) + floor) {
      ++count;
      worst = difference > largest ? i : worst;
      largest = std::max(largest, difference);
    }
  }
  if (count == 0 || 4 * count > manual.size()) {
    return {};
  }
  return fmt::format("only {} of its {} entries differ, most at {}", count, manual.size(),
                     index_text(unravel(static_cast<std::int64_t>(worst), shape)));
}

// Of positive numbers; the quotient itself may leave their range.
std::string written_ratio(double a, double b) {
  const double ratio = a / b;
  if (std::isfinite(ratio) && ratio > 0) {
    return fmt::format("{:.3g}", ratio);
  }
  return ratio > 0 ? "over 1e308" : "less than 1e-308";
}

}  // namespace

std::string difference_of(const Values& manual, const Values& derived, const Shape& shape, const Tolerance& tolerance) {
  if (!is_finite(manual)) {
    return "it isn't finite";
  }
  if (!is_finite(derived)) {
    return "the derived one isn't finite";
  }
  const double size = norm(manual);
  const double expected = norm(derived);
  if (size == 0) {
    return "it is zero everywhere";
  }
  if (expected == 0) {
    return "the derived one is zero everywhere";
  }
  if (const std::string few = few_entries(manual, derived, shape, tolerance); !few.empty()) {
    return few;
  }
  if (!std::isfinite(size)) {
    return "its norm is beyond the largest number";
  }
  constexpr double small = 1e-3;
  const double apart = norm(difference(manual, derived)) / std::max(size, expected);
  if (apart < small) {
    return fmt::format("‖manual − derived‖ is {:.2g} times ‖derived‖", apart);
  }
  double cosine = 0;
  for (std::size_t i = 0; i < manual.size(); ++i) {
    cosine += (manual[i] / size) * (derived[i] / expected);
  }
  std::string text = fmt::format("‖manual‖ is {} times ‖derived‖, the cosine between them {:.3f}",
                                 written_ratio(size, expected), cosine);
  if (shape.rank() == 2 && shape[0] > 1 && shape[1] > 1) {
    if (scaled_along(manual, derived, shape[0], shape[1], true)) {
      text += "; each row is the derived one times a factor of its own";
    } else if (scaled_along(manual, derived, shape[0], shape[1], false)) {
      text += "; each column is the derived one times a factor of its own";
    }
  }
  const auto zeros_alike = [&] {
    for (std::size_t i = 0; i < manual.size(); ++i) {
      if ((manual[i] == 0) != (derived[i] == 0)) {
        return false;
      }
    }
    return std::find(derived.begin(), derived.end(), 0.0) != derived.end();
  }();
  return text + (zeros_alike ? "; zeros are where they should be" : "");
}

}  // namespace xgrad::check::diagnosis
