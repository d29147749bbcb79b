#pragma once

#include <mpfr.h>
#include <utility>

namespace xgrad::test {

/// A real number of as many bits as the thread's default precision of MPFR had when it was made: the reference where
/// the parts of a formula overflow or cancel in any machine's numbers. Its exponent has 62 bits.
class Precise {
 public:
  Precise() { mpfr_init_set_si(value_, 0, MPFR_RNDN); }
  Precise(double value) { mpfr_init_set_d(value_, value, MPFR_RNDN); }  // NOLINT(google-explicit-constructor)
  Precise(const Precise& other) { mpfr_init_set(value_, other.value_, MPFR_RNDN); }
  Precise(Precise&& other) noexcept : Precise() { mpfr_swap(value_, other.value_); }
  Precise& operator=(Precise other) noexcept {
    mpfr_swap(value_, other.value_);
    return *this;
  }
  ~Precise() { mpfr_clear(value_); }

  static void set_bits(long bits) { mpfr_set_default_prec(bits); }

  [[nodiscard]] double to_double() const { return mpfr_get_d(value_, MPFR_RNDN); }
  [[nodiscard]] bool is_finite() const { return mpfr_number_p(value_) != 0; }
  [[nodiscard]] bool is_zero() const { return mpfr_zero_p(value_) != 0; }
  /// The exponent of 2: in [½, 1) for 0.
  [[nodiscard]] long exponent() const { return is_zero() ? 0 : mpfr_get_exp(value_); }

  using Binary = int (*)(mpfr_t, const mpfr_t, const mpfr_t, mpfr_rnd_t);
  using Unary = int (*)(mpfr_t, const mpfr_t, mpfr_rnd_t);
  [[nodiscard]] static Precise of(Binary f, const Precise& a, const Precise& b) {
    Precise result;
    f(result.value_, a.value_, b.value_, MPFR_RNDN);
    return result;
  }
  [[nodiscard]] static Precise of(Unary f, const Precise& x) {
    Precise result;
    f(result.value_, x.value_, MPFR_RNDN);
    return result;
  }
  friend Precise operator+(const Precise& a, const Precise& b) { return of(mpfr_add, a, b); }
  friend Precise operator-(const Precise& a, const Precise& b) { return of(mpfr_sub, a, b); }
  friend Precise operator*(const Precise& a, const Precise& b) { return of(mpfr_mul, a, b); }
  friend Precise operator/(const Precise& a, const Precise& b) { return of(mpfr_div, a, b); }
  friend Precise operator-(const Precise& x) { return Precise{} - x; }
  friend bool operator<(const Precise& a, const Precise& b) { return mpfr_less_p(a.value_, b.value_) != 0; }

 private:
  mpfr_t value_;
};

[[nodiscard]] inline Precise exp(const Precise& x) {
  return Precise::of(mpfr_exp, x);
}
[[nodiscard]] inline Precise log(const Precise& x) {
  return Precise::of(mpfr_log, x);
}
[[nodiscard]] inline Precise sqrt(const Precise& x) {
  return Precise::of(mpfr_sqrt, x);
}
[[nodiscard]] inline Precise tanh(const Precise& x) {
  return Precise::of(mpfr_tanh, x);
}
[[nodiscard]] inline Precise abs(const Precise& x) {
  return x < Precise{} ? -x : x;
}

}  // namespace xgrad::test
