#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

/// How NumPy prints numbers by default (numpy.set_printoptions: precision 8, floatmode "maxprec", no suppression).
namespace xgrad::text {

/// A number that stands alone: the shortest digits that read back as it; "1.0", "1e-05", "nan". T is float or double.
template <class T>
[[nodiscard]] std::string number(T value);

/// One format for all numbers of an array, so that their points are aligned: at most 8 digits after the point, no more
/// than tell the number apart, and exponents if the magnitudes demand them. T is float or double.
template <class T>
class AlignedFloats {
 public:
  explicit AlignedFloats(std::span<const T> values);
  [[nodiscard]] std::string operator()(T value) const;

 private:
  bool scientific_ = false;
  std::size_t integer_width_ = 0;   ///< of the digits before the point, the sign included
  std::size_t fraction_width_ = 0;  ///< of the digits after it
  std::size_t exponent_width_ = 0;  ///< of the exponent's digits
};

class AlignedIntegers {
 public:
  explicit AlignedIntegers(std::span<const std::int64_t> values);
  [[nodiscard]] std::string operator()(std::int64_t value) const;

 private:
  std::size_t width_ = 0;
};

}  // namespace xgrad::text
