#include "run/reductions/running.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <type_traits>

namespace xgrad::run {

namespace {

// step(carry, at, j) for every element `at`, in order along the axis, where it is the j-th. Each of the columns that
// run along it has a carry of its own, which is `start` at first.
template <class Carry, class Step>
void scan(const AxisView& view, bool reverse, const Carry& start, Step step) {
  constexpr std::int64_t tile = 256;
  const auto [outer, length, inner] = view;
  const std::int64_t front = reverse ? (length - 1) * inner : 0;
  const std::int64_t next = reverse ? -inner : inner;
  std::array<Carry, static_cast<std::size_t>(tile)> carries;  // NOLINT: filled before it is read
  for (std::int64_t o = 0; o < outer; ++o) {
    for (std::int64_t column = 0; column < inner; column += tile) {
      const std::int64_t width = std::min(tile, inner - column);
      std::int64_t at = o * length * inner + front + column;
      if (width == 1) {
        Carry carry = start;
        for (std::int64_t j = 0; j < length; ++j, at += next) {
          step(carry, at, j);
        }
        continue;
      }
      std::fill_n(carries.data(), width, start);
      for (std::int64_t j = 0; j < length; ++j, at += next) {
        for (std::int64_t i = 0; i < width; ++i) {
          step(carries[static_cast<std::size_t>(i)], at + i, j);
        }
      }
    }
  }
}

template <class T>
struct Best {
  T value = T{};
  std::int64_t index = -1;
};

template <class T, class Better>
void running_best(const T* x, const AxisView& view, std::int64_t* out, Better better) {
  scan(view, false, Best<T>{}, [=](Best<T>& best, std::int64_t at, std::int64_t j) {
    const T value = x[at];
    const bool first_nan = value != value && best.value == best.value;  // NOLINT(misc-redundant-expression)
    if (best.index < 0 || better(value, best.value) || first_nan) {
      best = {value, j};
    }
    out[at] = best.index;
  });
}

/// log Σ e^x as the largest x, and Σ e^(x − largest).
struct LogSum {
  double largest = -std::numeric_limits<double>::infinity();
  double sum = 0;

  void add(double x) noexcept {
    if (x > largest) {
      sum = sum * std::exp(largest - x) + 1;
      largest = x;
    } else if (std::isnan(x)) {
      largest = x;
    } else if (x == largest) {
      sum += x == -std::numeric_limits<double>::infinity() ? 0 : 1;
    } else {
      sum += std::exp(x - largest);
    }
  }
  [[nodiscard]] double value() const noexcept { return largest + std::log(sum); }
  /// What other e^x make of the sum, which holds them: `parts` of them, at x = `size`.
  [[nodiscard]] double share(double parts, double size) const noexcept {
    if (sum == 0) {
      return std::numeric_limits<double>::quiet_NaN();
    }
    return parts * (size == largest ? 1 : std::exp(size - largest)) / sum;
  }
};

// share(sum, sum before, x) is that of an element behind others.
template <class T, class Share>
void shares(const T* x, const AxisView& view, double at_first, T* out, Share share) {
  scan(view, false, LogSum{}, [=](LogSum& sum, std::int64_t at, std::int64_t j) {
    const LogSum before = sum;
    const auto value = static_cast<double>(x[at]);
    sum.add(value);
    if (j == 0) {
      out[at] = std::isnan(value) ? x[at] : static_cast<T>(at_first);
    } else {
      out[at] = static_cast<T>(share(sum, before, value));
    }
  });
}

}  // namespace

template <class T>
void cumulative_product(const T* x, const AxisView& view, T* out) {
  using Carry = std::conditional_t<std::is_integral_v<T>, std::uint64_t, double>;
  scan(view, false, Carry{1}, [=](Carry& product, std::int64_t at, std::int64_t /*j*/) {
    product *= static_cast<Carry>(x[at]);
    out[at] = static_cast<T>(product);
  });
}

template <class T>
void cumulative_logsumexp(const T* x, const AxisView& view, T* out) {
  scan(view, false, LogSum{}, [=](LogSum& sum, std::int64_t at, std::int64_t /*j*/) {
    sum.add(static_cast<double>(x[at]));
    out[at] = static_cast<T>(sum.value());
  });
}

template <class T>
void shares_of_last(const T* x, const AxisView& view, T* out) {
  shares(x, view, 1, out,
         [](const LogSum& sum, const LogSum& /*before*/, double value) { return sum.share(1, value); });
}

template <class T>
void shares_before_last(const T* x, const AxisView& view, T* out) {
  shares(x, view, 0, out, [](const LogSum& sum, const LogSum& before, double /*value*/) {
    return sum.share(before.sum, before.largest);
  });
}

template <class T>
void running_max(const T* x, const AxisView& view, std::int64_t* out) {
  running_best(x, view, out, [](T a, T b) { return a > b; });
}

template <class T>
void running_min(const T* x, const AxisView& view, std::int64_t* out) {
  running_best(x, view, out, [](T a, T b) { return a < b; });
}

template <class T>
void linear_recurrence(const T* a, const T* b, const AxisView& view, bool reverse, T* out) {
  scan(view, reverse, 0.0, [=](double& carry, std::int64_t at, std::int64_t /*j*/) {
    const auto factor = static_cast<double>(a[at]);
    const bool nothing = carry == 0 || (factor == 0 && std::isinf(carry));
    carry = static_cast<double>(b[at]) + (nothing ? 0.0 : factor * carry);
    out[at] = static_cast<T>(carry);
  });
}

template void cumulative_product<float>(const float*, const AxisView&, float*);
template void cumulative_product<double>(const double*, const AxisView&, double*);
template void cumulative_product<std::int64_t>(const std::int64_t*, const AxisView&, std::int64_t*);
template void cumulative_logsumexp<float>(const float*, const AxisView&, float*);
template void cumulative_logsumexp<double>(const double*, const AxisView&, double*);
template void shares_of_last<float>(const float*, const AxisView&, float*);
template void shares_of_last<double>(const double*, const AxisView&, double*);
template void shares_before_last<float>(const float*, const AxisView&, float*);
template void shares_before_last<double>(const double*, const AxisView&, double*);
template void running_max<float>(const float*, const AxisView&, std::int64_t*);
template void running_max<double>(const double*, const AxisView&, std::int64_t*);
template void running_max<std::int64_t>(const std::int64_t*, const AxisView&, std::int64_t*);
template void running_min<float>(const float*, const AxisView&, std::int64_t*);
template void running_min<double>(const double*, const AxisView&, std::int64_t*);
template void running_min<std::int64_t>(const std::int64_t*, const AxisView&, std::int64_t*);
template void linear_recurrence<float>(const float*, const float*, const AxisView&, bool, float*);
template void linear_recurrence<double>(const double*, const double*, const AxisView&, bool, double*);

}  // namespace xgrad::run
