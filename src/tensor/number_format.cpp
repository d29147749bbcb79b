#include "tensor/number_format.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <string_view>

namespace xgrad::text {

namespace {

constexpr std::size_t precision = 8;

/// A decimal numeral. No trailing zeros in the fraction.
struct Numeral {
  std::string integer;  ///< with the sign
  std::string fraction;
  std::string exponent;  ///< sign and digits, at least two; empty without one
};

std::string non_finite(double value) {
  if (std::isnan(value)) {
    return "nan";
  }
  return value < 0 ? "-inf" : "inf";
}

template <class T, class... Format>
std::string digits_of(T value, Format... format) {
  std::array<char, 512> buffer;  // NOLINT: filled before it is read; 309 digits and a fraction fit
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format...);
  return {buffer.data(), end.ptr};
}

Numeral parsed(std::string_view text) {
  Numeral numeral;
  const std::size_t e = text.find('e');
  const std::string_view mantissa = text.substr(0, e);
  const std::size_t point = mantissa.find('.');
  numeral.integer = mantissa.substr(0, point);
  if (point != std::string_view::npos) {
    const std::string_view fraction = mantissa.substr(point + 1);
    numeral.fraction = fraction.substr(0, fraction.find_last_not_of('0') + 1);
  }
  if (e != std::string_view::npos) {
    numeral.exponent = text.substr(e + 1);
  }
  return numeral;
}

template <class T>
Numeral scientific(T value, std::size_t digits) {
  Numeral numeral = parsed(digits_of(value, std::chars_format::scientific));
  return numeral.fraction.size() <= digits
             ? numeral
             : parsed(digits_of(value, std::chars_format::scientific, static_cast<int>(digits)));
}

// The shortest digits of a number, with the point where it belongs and zeros between. Digits of a large number that the
// shortest ones leave open are zeros too.
Numeral positional(const Numeral& shortest) {
  const bool negative = shortest.integer.front() == '-';
  std::string digits = shortest.integer.substr(negative ? 1 : 0) + shortest.fraction;
  const int exponent = std::stoi(shortest.exponent);
  if (exponent < 0) {
    digits.insert(0, static_cast<std::size_t>(-exponent), '0');
  }
  const std::size_t whole = exponent < 0 ? 1 : static_cast<std::size_t>(exponent) + 1;
  digits.resize(std::max(digits.size(), whole), '0');
  Numeral numeral{(negative ? "-" : "") + digits.substr(0, whole), digits.substr(whole), ""};
  numeral.fraction.resize(numeral.fraction.find_last_not_of('0') + 1);
  return numeral;
}

template <class T>
Numeral fixed(T value, std::size_t digits) {
  Numeral numeral = positional(parsed(digits_of(value, std::chars_format::scientific)));
  return numeral.fraction.size() <= digits
             ? numeral
             : parsed(digits_of(value, std::chars_format::fixed, static_cast<int>(digits)));
}

// Whether the magnitudes demand exponents: from 10⁸ on, below 10⁻⁴, or more than 1000 apart.
template <class T>
bool demands_exponents(std::span<const T> values) {
  T largest = 0;
  T smallest = 0;
  for (const T value : values) {
    const T magnitude = std::abs(value);
    if (std::isfinite(value) && magnitude != 0) {
      largest = std::max(largest, magnitude);
      smallest = smallest == 0 ? magnitude : std::min(smallest, magnitude);
    }
  }
  return largest != 0 &&
         (static_cast<double>(largest) >= 1e8 || static_cast<double>(smallest) < 1e-4 || largest / smallest > T{1000});
}

}  // namespace

template <class T>
std::string number(T value) {
  if (!std::isfinite(value)) {
    return non_finite(static_cast<double>(value));
  }
  const double magnitude = std::abs(static_cast<double>(value));
  const Numeral shortest = parsed(digits_of(value, std::chars_format::scientific));
  if (magnitude == 0 || (magnitude >= 1e-4 && magnitude < 1e16)) {
    const Numeral numeral = positional(shortest);
    return fmt::format("{}.{}", numeral.integer, numeral.fraction.empty() ? "0" : numeral.fraction);
  }
  return fmt::format("{}{}{}e{}", shortest.integer, shortest.fraction.empty() ? "" : ".", shortest.fraction,
                     shortest.exponent);
}

template <class T>
AlignedFloats<T>::AlignedFloats(std::span<const T> values) : scientific_{demands_exponents(values)} {
  std::size_t widest_non_finite = 0;
  for (const T value : values) {
    if (!std::isfinite(value)) {
      widest_non_finite = std::max(widest_non_finite, non_finite(static_cast<double>(value)).size());
      continue;
    }
    const Numeral numeral = scientific_ ? scientific(value, precision) : fixed(value, precision);
    integer_width_ = std::max(integer_width_, numeral.integer.size());
    fraction_width_ = std::max(fraction_width_, numeral.fraction.size());
    exponent_width_ = std::max(exponent_width_, numeral.exponent.size());
  }
  // "nan" and "inf" may stand over the point, the fraction and the exponent.
  const std::size_t behind = 1 + fraction_width_ + (scientific_ ? exponent_width_ + 1 : 0);
  if (widest_non_finite > integer_width_ + behind) {
    integer_width_ = widest_non_finite - behind;
  }
}

template <class T>
std::string AlignedFloats<T>::operator()(T value) const {
  if (!std::isfinite(value)) {
    const std::size_t width = integer_width_ + 1 + fraction_width_ + (scientific_ ? exponent_width_ + 1 : 0);
    return fmt::format("{:>{}}", non_finite(static_cast<double>(value)), width);
  }
  if (!scientific_) {
    const Numeral numeral = fixed(value, precision);
    return fmt::format("{:>{}}.{:<{}}", numeral.integer, integer_width_, numeral.fraction, fraction_width_);
  }
  // Every number gets the digits of the longest, be they needed to tell it apart or not.
  const std::string digits = digits_of(value, std::chars_format::scientific, static_cast<int>(fraction_width_));
  const std::size_t e = digits.find('e');
  const std::string mantissa = digits.substr(0, e) + (fraction_width_ == 0 ? "." : "");
  return fmt::format("{:>{}}e{}{:0>{}}", mantissa, integer_width_ + 1 + fraction_width_, digits[e + 1],
                     digits.substr(e + 2), exponent_width_ - 1);
}

AlignedIntegers::AlignedIntegers(std::span<const std::int64_t> values) {
  for (const std::int64_t value : values) {
    width_ = std::max(width_, fmt::formatted_size("{}", value));
  }
}

std::string AlignedIntegers::operator()(std::int64_t value) const {
  return fmt::format("{:>{}}", value, width_);
}

template std::string number<float>(float);
template std::string number<double>(double);
template class AlignedFloats<float>;
template class AlignedFloats<double>;

}  // namespace xgrad::text
