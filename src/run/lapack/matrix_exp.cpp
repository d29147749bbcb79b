#include "run/lapack/matrix_exp.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include "run/lapack/batches.hpp"
#include "run/lapack/factors.hpp"
#include "run/lapack/lapack.hpp"
#include "run/lapack/solves.hpp"

namespace xgrad::run {

namespace {

// An approximant, and up to which ‖A‖₁ it is exact to rounding (Higham 2005, tables 2.3 and its text for float).
struct Approximant {
  double norm = 0;
  std::span<const double> coefficients;
};

constexpr std::array<double, 4> degree_3{120, 60, 12, 1};
constexpr std::array<double, 6> degree_5{30240, 15120, 3360, 420, 30, 1};
constexpr std::array<double, 8> degree_7{17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1};
constexpr std::array<double, 10> degree_9{17643225600.0, 8821612800.0, 2075673600.0, 302702400.0, 30270240.0,
                                          2162160.0,     110880.0,     3960.0,       90.0,        1.0};
constexpr std::array<double, 14> degree_13{64764752532480000.0,
                                           32382376266240000.0,
                                           7771770303897600.0,
                                           1187353796428800.0,
                                           129060195264000.0,
                                           10559470521600.0,
                                           670442572800.0,
                                           33522128640.0,
                                           1323241920.0,
                                           40840800.0,
                                           960960.0,
                                           16380.0,
                                           182.0,
                                           1.0};
constexpr std::array<Approximant, 5> of_double{{{1.495585217958292e-2, degree_3},
                                                {2.539398330063230e-1, degree_5},
                                                {9.504178996162932e-1, degree_7},
                                                {2.097847961257068, degree_9},
                                                {5.371920351148152, degree_13}}};
constexpr std::array<Approximant, 3> of_float{
    {{4.258730016922831e-1, degree_3}, {1.880152677804762, degree_5}, {3.925724783138660, degree_7}}};

template <class T>
T norm_1(std::int64_t n, const T* a) {
  T largest = 0;
  for (std::int64_t j = 0; j < n; ++j) {
    T sum = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      sum += std::abs(a[i * n + j]);
    }
    largest = std::max(largest, sum);
  }
  return largest;
}

// A matrix that depends on a number, and its derivative; without `derivative` the matrix alone.
template <class T>
struct Dual {
  std::vector<T> value;
  std::vector<T> derivative;

  Dual(std::int64_t n, bool differentiated)
      : value(static_cast<std::size_t>(n * n)), derivative(differentiated ? value.size() : 0) {}

  void add(double factor, const Dual& x) {
    add(factor, x.value, value);
    add(factor, x.derivative, derivative);
  }
  void set_identity(double factor, std::int64_t n) {
    std::fill(value.begin(), value.end(), T{0});
    std::fill(derivative.begin(), derivative.end(), T{0});
    for (std::int64_t i = 0; i < n; ++i) {
      value[static_cast<std::size_t>(i * (n + 1))] = static_cast<T>(factor);
    }
  }
  void swap(Dual& other) noexcept {
    value.swap(other.value);
    derivative.swap(other.derivative);
  }

 private:
  static void add(double factor, const std::vector<T>& x, std::vector<T>& to) {
    std::transform(x.begin(), x.end(), to.begin(), to.begin(),
                   [factor](T each, T sum) { return sum + static_cast<T>(factor) * each; });
  }
};

template <class T>
class Exponential {
 public:
  Exponential(std::int64_t n, bool differentiated)
      : n_{n},
        differentiated_{differentiated},
        scaled_{n, differentiated},
        square_{n, differentiated},
        even_{n, differentiated},
        odd_{n, differentiated},
        power_{n, differentiated},
        product_{n, differentiated},
        term_(differentiated ? elements() : 0),
        factors_(elements() + static_cast<std::size_t>(n)) {}

  // With u odd and v even in A: e^A ≈ (v − u)⁻¹ (v + u), squared s times for A / 2^s. e isn't read but for a
  // derivative. What e is multiplied by is bounded by the norm of A, for which the bounds are smaller then: Al-Mohy and
  // Higham have 0.72 to 0.88 of those of e^A.
  const Dual<T>& find(const T* a, const T* e) {
    const std::span<const Approximant> known =
        std::is_same_v<T, float> ? std::span<const Approximant>{of_float} : std::span<const Approximant>{of_double};
    const double norm = static_cast<double>(norm_1(n_, a)) * (differentiated_ ? 1 / 0.7 : 1);
    const auto fits = [norm](const Approximant& each) { return norm <= each.norm; };
    const auto found = std::find_if(known.begin(), known.end(), fits);
    const Approximant& chosen = found == known.end() ? known.back() : *found;
    const int squarings = found == known.end() ? static_cast<int>(std::ceil(std::log2(norm / chosen.norm))) : 0;
    const auto reduced = [squarings](T x) { return std::ldexp(x, -squarings); };
    std::transform(a, a + elements(), scaled_.value.begin(), reduced);
    if (differentiated_) {
      std::transform(e, e + elements(), scaled_.derivative.begin(), reduced);
    }
    approximate(chosen.coefficients);
    for (int i = 0; i < squarings; ++i) {
      multiply(even_, even_, product_);
      even_.swap(product_);
    }
    return even_;
  }

 private:
  [[nodiscard]] std::size_t elements() const noexcept { return static_cast<std::size_t>(n_ * n_); }

  void multiply(const std::vector<T>& a, const std::vector<T>& b, std::vector<T>& out) const {
    const auto n = static_cast<blasint>(n_);
    lapack::gemm(false, false, n, n, n, a.data(), b.data(), out.data());
  }
  // (a b)′ = a b′ + a′ b
  void multiply(const Dual<T>& a, const Dual<T>& b, Dual<T>& out) {
    multiply(a.value, b.value, out.value);
    if (differentiated_) {
      multiply(a.value, b.derivative, out.derivative);
      multiply(a.derivative, b.value, term_);
      std::transform(term_.begin(), term_.end(), out.derivative.begin(), out.derivative.begin(), std::plus<T>{});
    }
  }

  // Into even_.
  void approximate(std::span<const double> b) {
    // Divided by the constant term, so that the sums are near I.
    const double unit = b[0];
    even_.set_identity(1, n_);
    odd_.set_identity(b[1] / unit, n_);
    multiply(scaled_, scaled_, square_);
    power_ = square_;
    for (std::size_t k = 2; k + 1 < b.size(); k += 2) {
      even_.add(b[k] / unit, power_);
      odd_.add(b[k + 1] / unit, power_);
      if (k + 3 < b.size()) {
        multiply(power_, square_, product_);
        power_.swap(product_);
      }
    }
    multiply(scaled_, odd_, product_);
    power_ = even_;
    power_.add(-1, product_);
    even_.add(1, product_);
    divide();
  }

  // x = d⁻¹ p for d in power_ and p in even_, which becomes x; x′ = d⁻¹ (p′ − d′ x).
  void divide() {
    lu_one(n_, power_.value.data(), factors_.data());
    lu_solve_one(false, n_, n_, factors_.data(), even_.value.data());
    if (differentiated_) {
      multiply(power_.derivative, even_.value, term_);
      std::transform(even_.derivative.begin(), even_.derivative.end(), term_.begin(), even_.derivative.begin(),
                     std::minus<T>{});
      lu_solve_one(false, n_, n_, factors_.data(), even_.derivative.data());
    }
  }

  std::int64_t n_;
  bool differentiated_;
  Dual<T> scaled_;
  Dual<T> square_;
  Dual<T> even_;
  Dual<T> odd_;
  Dual<T> power_;
  Dual<T> product_;
  std::vector<T> term_;
  std::vector<T> factors_;
};

}  // namespace

template <class T>
void matrix_exp(std::string_view operation, const Shape& batch, std::int64_t n, const T* a, T* out) {
  require_countable(operation, n, n);
  const double cost = 20 * static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n);
  for_each_matrix(n == 0 ? 0 : batch.size(), cost, [&](std::int64_t index) {
    const T* matrix = a + index * n * n;
    T* result = out + index * n * n;
    if (!all_finite(matrix, n * n) || !std::isfinite(norm_1(n, matrix))) {
      std::fill_n(result, n * n, std::numeric_limits<T>::quiet_NaN());
      return;
    }
    Exponential<T> exponential{n, false};
    const std::vector<T>& found = exponential.find(matrix, nullptr).value;
    std::copy(found.begin(), found.end(), result);
  });
}

template <class T>
void matrix_exp_derivative(std::string_view operation, const Shape& batch, std::int64_t n, const T* a, const T* e,
                           T* out) {
  require_countable(operation, n, n);
  const double cost = 60 * static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n);
  for_each_matrix(n == 0 ? 0 : batch.size(), cost, [&](std::int64_t index) {
    const T* matrix = a + index * n * n;
    const T* direction = e + index * n * n;
    T* result = out + index * n * n;
    if (std::all_of(direction, direction + n * n, [](T x) { return x == 0; })) {
      std::fill_n(result, n * n, T{0});
      return;
    }
    const T length = norm_1(n, direction);
    if (!all_finite(direction, n * n) || !all_finite(matrix, n * n) || !std::isfinite(length) ||
        !std::isfinite(norm_1(n, matrix))) {
      std::fill_n(result, n * n, std::numeric_limits<T>::quiet_NaN());
      return;
    }
    const int exponent = std::ilogb(length) + 1;
    std::vector<T> reduced(static_cast<std::size_t>(n * n));
    std::transform(direction, direction + n * n, reduced.begin(), [exponent](T x) { return std::ldexp(x, -exponent); });
    Exponential<T> exponential{n, true};
    const std::vector<T>& found = exponential.find(matrix, reduced.data()).derivative;
    std::transform(found.begin(), found.end(), result, [exponent](T x) { return std::ldexp(x, exponent); });
  });
}

template void matrix_exp_derivative<float>(std::string_view, const Shape&, std::int64_t, const float*, const float*,
                                           float*);
template void matrix_exp_derivative<double>(std::string_view, const Shape&, std::int64_t, const double*, const double*,
                                            double*);
template void matrix_exp<float>(std::string_view, const Shape&, std::int64_t, const float*, float*);
template void matrix_exp<double>(std::string_view, const Shape&, std::int64_t, const double*, double*);

}  // namespace xgrad::run
