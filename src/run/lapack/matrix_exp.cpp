#include "run/lapack/matrix_exp.hpp"

#include <algorithm>
#include <array>
#include <cmath>
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

template <class T>
class Exponential {
 public:
  explicit Exponential(std::int64_t n)
      : n_{n},
        scaled_(elements()),
        square_(elements()),
        even_(elements()),
        odd_(elements()),
        power_(elements()),
        product_(elements()),
        factors_(elements() + static_cast<std::size_t>(n)) {}

  // With u odd and v even in A: e^A ≈ (v − u)⁻¹ (v + u), squared s times for A / 2^s.
  void find(const T* a, T* out) {
    const std::span<const Approximant> known =
        std::is_same_v<T, float> ? std::span<const Approximant>{of_float} : std::span<const Approximant>{of_double};
    const double norm = static_cast<double>(norm_1(n_, a));
    const auto fits = [norm](const Approximant& each) { return norm <= each.norm; };
    const auto found = std::find_if(known.begin(), known.end(), fits);
    const Approximant& chosen = found == known.end() ? known.back() : *found;
    const int squarings = found == known.end() ? static_cast<int>(std::ceil(std::log2(norm / chosen.norm))) : 0;
    std::transform(a, a + elements(), scaled_.data(), [&](T x) { return std::ldexp(x, -squarings); });
    approximate(chosen.coefficients, out);
    for (int i = 0; i < squarings; ++i) {
      multiply(out, out, product_.data());
      std::copy_n(product_.data(), elements(), out);
    }
  }

 private:
  [[nodiscard]] std::size_t elements() const noexcept { return static_cast<std::size_t>(n_ * n_); }

  void multiply(const T* a, const T* b, T* out) const {
    const auto n = static_cast<blasint>(n_);
    lapack::gemm(false, false, n, n, n, a, b, out);
  }

  void add_identity(double factor, std::vector<T>& x) const {
    for (std::int64_t i = 0; i < n_; ++i) {
      x[static_cast<std::size_t>(i * (n_ + 1))] += static_cast<T>(factor);
    }
  }
  static void add(double factor, const std::vector<T>& x, std::vector<T>& to) {
    std::transform(x.begin(), x.end(), to.begin(), to.begin(),
                   [factor](T each, T sum) { return sum + static_cast<T>(factor) * each; });
  }

  void approximate(std::span<const double> b, T* out) {
    // Divided by the constant term, so that the sums are near I.
    const double unit = b[0];
    std::fill(even_.begin(), even_.end(), T{0});
    std::fill(odd_.begin(), odd_.end(), T{0});
    add_identity(1, even_);
    add_identity(b[1] / unit, odd_);
    multiply(scaled_.data(), scaled_.data(), square_.data());
    power_ = square_;
    for (std::size_t k = 2; k + 1 < b.size(); k += 2) {
      add(b[k] / unit, power_, even_);
      add(b[k + 1] / unit, power_, odd_);
      if (k + 3 < b.size()) {
        multiply(power_.data(), square_.data(), product_.data());
        power_.swap(product_);
      }
    }
    multiply(scaled_.data(), odd_.data(), product_.data());
    std::transform(even_.begin(), even_.end(), product_.begin(), power_.begin(), [](T v, T u) { return v - u; });
    std::transform(even_.begin(), even_.end(), product_.begin(), out, [](T v, T u) { return v + u; });
    lu_one(n_, power_.data(), factors_.data());
    lu_solve_one(false, n_, n_, factors_.data(), out);
  }

  std::int64_t n_;
  std::vector<T> scaled_;
  std::vector<T> square_;
  std::vector<T> even_;
  std::vector<T> odd_;
  std::vector<T> power_;
  std::vector<T> product_;
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
    Exponential<T>{n}.find(matrix, result);
  });
}

template <class T>
void matrix_exp_derivative(std::string_view operation, const Shape& batch, std::int64_t n, const T* a, const T* e,
                           T* out) {
  require_countable(operation, 2 * n, 2 * n);
  const double cost = 160 * static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n);
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
    std::vector<T> both(static_cast<std::size_t>(4 * n * n));
    std::vector<T> exponential(both.size());
    for (std::int64_t i = 0; i < n; ++i) {
      T* above = both.data() + i * 2 * n;
      std::copy_n(matrix + i * n, n, above);
      std::transform(direction + i * n, direction + (i + 1) * n, above + n,
                     [exponent](T x) { return std::ldexp(x, -exponent); });
      std::copy_n(matrix + i * n, n, both.data() + (n + i) * 2 * n + n);
    }
    Exponential<T>{2 * n}.find(both.data(), exponential.data());
    for (std::int64_t i = 0; i < n; ++i) {
      const T* above = exponential.data() + i * 2 * n + n;
      std::transform(above, above + n, result + i * n, [exponent](T x) { return std::ldexp(x, exponent); });
    }
  });
}

template void matrix_exp_derivative<float>(std::string_view, const Shape&, std::int64_t, const float*, const float*,
                                           float*);
template void matrix_exp_derivative<double>(std::string_view, const Shape&, std::int64_t, const double*, const double*,
                                            double*);
template void matrix_exp<float>(std::string_view, const Shape&, std::int64_t, const float*, float*);
template void matrix_exp<double>(std::string_view, const Shape&, std::int64_t, const double*, double*);

}  // namespace xgrad::run
