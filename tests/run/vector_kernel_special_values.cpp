// One table of special values for every vector kernel: on every instruction set, for every length, offset and form, the
// bits that IEEE 754 and long double give; and no floating-point exception for ordinary numbers.
#include <algorithm>
#include <array>
#include <bit>
#include <cfenv>
#include <cmath>
#include <cstdint>
#include <doctest/doctest.h>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "run/kernels/row_kernels.hpp"
#include "support/vector_kernels.hpp"

using namespace xgrad::test;

namespace {

template <class T>
using Bits = std::conditional_t<std::is_same_v<T, float>, std::uint32_t, std::uint64_t>;

/// The bits; of any NaN the same ones, since IEEE 754 leaves its sign and payload open.
template <class T>
Bits<T> bits(T x) {
  return std::bit_cast<Bits<T>>(std::isnan(x) ? std::numeric_limits<T>::quiet_NaN() : x);
}

template <class T>
std::vector<T> special_values() {
  using Limits = std::numeric_limits<T>;
  std::vector<T> values;
  for (const T x : {T{0}, Limits::infinity(), Limits::denorm_min(), Limits::min(), Limits::min() / 2, Limits::max(),
                    Limits::max() / 2, T{1}, T{2}, T{10000}, T{0.5}, T{1.5}, T{0.25}}) {
    values.insert(values.end(), {x, -x});
  }
  values.push_back(Limits::quiet_NaN());
  return values;
}

struct Kernel {
  std::string name;
  std::size_t arity;
  const VectorKernel* kernel;
  unsigned scalars = 0;  // bit i: input i is one element
};

/// What IEEE 754 and the definitions of chain_mul, chain_div and log_product give; NaN of another name.
template <class T>
T by_rules(const std::string& name, T a, T b, T c) {
  const auto zero_or = [](bool zero, T product) { return zero ? T{0} : product; };
  const bool first_zero = std::signbit(a) && a == 0 && b == 0;  // −0 beside a zero
  const std::vector<std::pair<std::string, T>> table{
      {"neg", std::copysign(a, std::signbit(a) ? T{1} : T{-1})},
      {"square", a * a},
      {"abs", std::fabs(a)},
      {"sqrt", std::sqrt(a)},
      {"relu", std::isnan(a) || a > 0 ? a : T{0}},
      {"floor", std::floor(a)},
      {"ceil", std::ceil(a)},
      {"round", std::nearbyint(a)},
      {"trunc", std::trunc(a)},
      {"relu_slope", std::isnan(a) ? a : T(a > 0 ? 1 : 0)},
      {"add", a + b},
      {"sub", a - b},
      {"mul", a * b},
      {"div", a / b},
      {"chain_mul", zero_or(a == 0 || (b == 0 && !std::isnan(a)), a * b)},
      {"chain_div", zero_or(a == 0, a / b)},
      {"log_product", zero_or(a == 0 && !std::isnan(b), a * b)},
      {"maximum", std::isnan(a)                      ? a
                  : a > b || (a == b && !first_zero) ? a
                                                     : b},
      {"minimum", std::isnan(a)                     ? a
                  : a < b || (a == b && first_zero) ? a
                                                    : b},
      {"logistic_slope", a * (b * (1 - b))},
      {"hyperbolic_slope", a * (1 - b * b)},
      {"chain_logistic_slope", zero_or(a == 0 || (b * (1 - b) == 0 && !std::isnan(a)), a * (b * (1 - b)))},
      {"chain_hyperbolic_slope", zero_or(a == 0 || (1 - b * b == 0 && !std::isnan(a)), a * (1 - b * b))},
      {"add_product", a + b * c},
      {"sub_product", a - b * c},
  };
  for (const auto& [known, value] : table) {
    if (known == name) {
      return value;
    }
  }
  return std::numeric_limits<T>::quiet_NaN();
}

/// Whether `found` is what the kernel has to give: every bit of it where the exact value is a number of type T.
template <class T>
bool is_right(const Kernel& kernel, const std::array<T, 3>& x, T found) {
  for (const RoundedKernel& function : rounded_kernels) {
    if (function.name != kernel.name) {
      continue;
    }
    const long double exact = std::isnan(x[0]) ? x[0] : function.exactly(x[0]);
    const auto rounded = static_cast<T>(exact);
    if (std::isnan(exact) || static_cast<long double>(rounded) == exact || std::isinf(rounded)) {
      return bits(found) == bits(rounded);
    }
    for (const auto& known : xgrad::run::vector_errors) {
      if (known.name == kernel.name) {
        const auto size = static_cast<T>(function.size(x[0]));
        const long double unit = std::nextafter(size, std::numeric_limits<T>::infinity()) - size;
        const double bound = std::is_same_v<T, float> ? known.float32 : known.float64;
        return std::fabs(static_cast<long double>(found) - exact) <= static_cast<long double>(bound) * unit;
      }
    }
  }
  return bits(found) == bits(by_rules(kernel.name, x[0], x[1], x[2]));
}

/// Whether sets have to agree to the bit: where only one number is right.
template <class T>
bool is_decided(const Kernel& kernel, const std::array<T, 3>& x) {
  return std::none_of(rounded_kernels.begin(), rounded_kernels.end(), [&](const RoundedKernel& function) {
    const long double exact = function.name == kernel.name && !std::isnan(x[0]) ? function.exactly(x[0]) : 0;
    return std::isfinite(exact) && static_cast<long double>(static_cast<T>(exact)) != exact;
  });
}

std::vector<Kernel> all_kernels(const VectorKernels& k) {
  std::vector<Kernel> kernels{
      {"neg", 1, &k.neg},
      {"square", 1, &k.square},
      {"abs", 1, &k.abs},
      {"sqrt", 1, &k.sqrt},
      {"relu", 1, &k.relu},
      {"relu_slope", 1, &k.relu_slope},
      {"floor", 1, &k.floor},
      {"ceil", 1, &k.ceil},
      {"round", 1, &k.round},
      {"trunc", 1, &k.trunc},
      {"add", 2, &k.add},
      {"sub", 2, &k.sub},
      {"mul", 2, &k.mul},
      {"div", 2, &k.div},
      {"chain_mul", 2, &k.chain_mul},
      {"chain_div", 2, &k.chain_div},
      {"log_product", 2, &k.log_product},
      {"maximum", 2, &k.maximum},
      {"minimum", 2, &k.minimum},
      {"logistic_slope", 2, &k.logistic_slope},
      {"hyperbolic_slope", 2, &k.hyperbolic_slope},
      {"chain_logistic_slope", 2, &k.chain_logistic_slope},
      {"chain_hyperbolic_slope", 2, &k.chain_hyperbolic_slope},
      {"add_product", 3, &k.add_product},
      {"sub_product", 3, &k.sub_product},
  };
  for (const RoundedKernel& rounded : rounded_kernels) {
    kernels.push_back({std::string{rounded.name}, 1, &(k.*rounded.kernel)});
  }
  constexpr std::size_t forms = 6 * VectorKernels::scalar_masks;
  REQUIRE(kernels.size() == sizeof(VectorKernels) / sizeof(VectorKernel) - forms);  // none is forgotten
  for (unsigned scalars = 1; scalars < VectorKernels::scalar_masks; ++scalars) {
    if (scalars <= 2) {
      kernels.push_back({"add", 2, &k.add_scalars[scalars], scalars});
      kernels.push_back({"sub", 2, &k.sub_scalars[scalars], scalars});
      kernels.push_back({"mul", 2, &k.mul_scalars[scalars], scalars});
      kernels.push_back({"div", 2, &k.div_scalars[scalars], scalars});
    }
    kernels.push_back({"add_product", 3, &k.add_product_scalars[scalars], scalars});
    kernels.push_back({"sub_product", 3, &k.sub_product_scalars[scalars], scalars});
  }
  return kernels;
}

/// `count` results for equal arguments, which lie `offset` elements behind a line's start.
template <class T>
std::vector<T> results(const Kernel& kernel, const std::array<T, 3>& arguments, std::size_t count, std::size_t offset) {
  std::array<std::vector<T>, 3> memory;
  std::array<const void*, 3> inputs{};
  for (std::size_t i = 0; i < 3; ++i) {
    memory[i].assign(offset + count, arguments[i]);
    inputs[i] = (kernel.scalars >> i & 1U) != 0 ? &arguments[i] : memory[i].data() + offset;
  }
  std::vector<T> out(offset + count + 1, T{77});
  of_type<T> (*kernel.kernel)(NoOperation{}, inputs.data(), out.data() + offset, count);
  if (out.back() != T{77}) {
    return {};  // written behind the end
  }
  out.pop_back();
  out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(offset));
  return out;
}

template <class T>
struct RowSet {
  std::string name;
  const xgrad::run::RowKernels<T>& kernels;
};

template <class T>
std::vector<RowSet<T>> row_sets() {
  std::vector<RowSet<T>> sets;
  const auto of = [](const auto& float32, const auto& float64) -> const xgrad::run::RowKernels<T>& {
    if constexpr (std::is_same_v<T, float>) {
      return float32;
    } else {
      return float64;
    }
  };
  for (const InstructionSet& set : instruction_sets()) {
    if (set.name == "baseline") {
      sets.push_back(
          {set.name, of(xgrad::run::baseline::row_kernels_float32(), xgrad::run::baseline::row_kernels_float64())});
    } else if (set.name == "avx2") {
      sets.push_back({set.name, of(xgrad::run::avx2::row_kernels_float32(), xgrad::run::avx2::row_kernels_float64())});
    } else {
      sets.push_back(
          {set.name, of(xgrad::run::avx512::row_kernels_float32(), xgrad::run::avx512::row_kernels_float64())});
    }
  }
  return sets;
}

constexpr int raised = FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW;

}  // namespace

TEST_CASE_TEMPLATE("vector kernels: special values give the right bits on every instruction set, length and offset", T,
                   float, double) {
  const std::vector<T> values = special_values<T>();
  const std::vector<Kernel> baseline = all_kernels(instruction_sets()[0].kernels);
  for (const InstructionSet& set : instruction_sets()) {
    const std::vector<Kernel> kernels = all_kernels(set.kernels);
    for (std::size_t k = 0; k < kernels.size(); ++k) {
      const Kernel& kernel = kernels[k];
      const bool unary = kernel.arity == 1;
      for (const T a : values) {
        for (std::size_t j = 0; j < (unary ? 1 : values.size()); ++j) {
          const std::array<T, 3> x{a, values[j], kernel.arity > 2 ? values[(3 * j + 1) % values.size()] : T{1}};
          const T one = results(kernel, x, 1, 0)[0];
          INFO(set.name << " " << kernel.name << " (form " << kernel.scalars << ") of " << x[0] << ", " << x[1] << ", "
                        << x[2] << ": " << one);
          bool right = is_right(kernel, x, one);
          right = right && (!is_decided(kernel, x) || bits(results(baseline[k], x, 1, 0)[0]) == bits(one));
          for (std::size_t count = 0; count <= 70; count += unary ? 1 : 23) {
            for (std::size_t offset = 0; offset < 16; offset += unary ? 1 : 5) {
              const std::vector<T> found = results(kernel, x, count, offset);
              right = right && found.size() == count &&
                      std::all_of(found.begin(), found.end(), [one](T y) { return bits(y) == bits(one); });
            }
          }
          CHECK(right);
        }
      }
    }
  }
}

TEST_CASE_TEMPLATE("vector kernels: special values in every lane and with every other one beside them", T, float,
                   double) {
  const std::vector<T> values = special_values<T>();
  for (const InstructionSet& set : instruction_sets()) {
    for (const Kernel& kernel : all_kernels(set.kernels)) {
      if (kernel.arity > 1) {
        continue;
      }
      INFO(set.name << " " << kernel.name);
      int wrong = 0;
      for (std::size_t count = 0; count <= 70; ++count) {
        std::vector<T> x(count);
        for (std::size_t i = 0; i < count; ++i) {
          x[i] = values[(i * 5 + count) % values.size()];
        }
        const std::vector<T> together = run_on(*kernel.kernel, x);
        for (std::size_t i = 0; i < count; ++i) {
          wrong += bits(together[i]) == bits(run_on<T>(*kernel.kernel, {x[i]})[0]) ? 0 : 1;
        }
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE_TEMPLATE("row kernels: special values give equal bits on every instruction set, length and offset", T, float,
                   double) {
  const auto sets = row_sets<T>();
  for (const T value : special_values<T>()) {
    for (std::size_t count = 1; count <= 70; ++count) {
      INFO(value << ", " << count << " times");
      const auto all_of = [&](const xgrad::run::RowKernels<T>& k) {
        std::vector<T> padded(count + count % 5, value);
        const T* x = padded.data() + count % 5;
        std::vector<T> out(count);
        std::vector<double> wide(count, -0.0);
        std::vector<std::uint64_t> found{bits(static_cast<T>(k.sum(x, count))), bits(k.largest(x, count)),
                                         bits(k.smallest(x, count)), bits(k.sum_exponentials(x, value, count))};
        const auto add = [&] {
          for (std::size_t i = 0; i < count; ++i) {
            found.push_back(bits(out[i]));
            found.push_back(bits(static_cast<T>(wide[i])));
          }
        };
        found.push_back(bits(k.exponentials(x, value, out.data(), count)));
        add();
        k.shift(x, value, T{2}, out.data(), count);
        add();
        k.scale(out.data(), value, count);
        add();
        k.running_sums(wide.data(), x, out.data(), 1, count, static_cast<std::ptrdiff_t>(count));
        add();
        k.add_rows(wide.data(), x, 1, count, count);
        k.add_few_rows(out.data(), x, 1, count, count);
        add();
        std::uint8_t hits = 0;
        const std::int64_t index = 0;
        k.add_rows_at(out.data(), &hits, &index, 1, x, 1, count);
        add();
        k.restart_row(wide.data(), out.data(), x, count);
        add();
        return found;
      };
      const auto expected = all_of(sets[0].kernels);
      for (const auto& [isa, kernels] : sets) {
        INFO(isa);
        CHECK(all_of(kernels) == expected);
      }
    }
  }
}

TEST_CASE_TEMPLATE("row kernels: the largest, smallest, sum and product of one special value among others", T, float,
                   double) {
  const std::vector<T> values = special_values<T>();
  for (const auto& [isa, k] : row_sets<T>()) {
    for (const T special : values) {
      for (const T rest : {T{-0.0}, T{0}, T{2}}) {
        int wrong = 0;
        for (std::size_t count = 1; count <= 70; ++count) {
          for (std::size_t at = 0; at < count; at += count < 20 ? 1 : 5) {
            std::vector<T> x(count, rest);
            x[at] = special;
            const bool alone = count == 1;
            const T largest = alone ? special : by_rules<T>("maximum", special, rest, 0);
            const T smallest = alone ? special : by_rules<T>("minimum", special, rest, 0);
            T top = -std::numeric_limits<T>::infinity();
            T bottom = -top;
            double product = 1;
            double exact = static_cast<double>(special);
            k.largest_rows(&top, x.data(), count, 1, 1);
            k.smallest_rows(&bottom, x.data(), count, 1, 1);
            k.multiply_rows(&product, x.data(), count, 1, 1);
            for (std::size_t i = 1; i < count; ++i) {
              exact *= static_cast<double>(rest);
            }
            wrong += bits(k.largest(x.data(), count)) == bits(largest) && bits(top) == bits(largest) ? 0 : 1;
            wrong += bits(k.smallest(x.data(), count)) == bits(smallest) && bits(bottom) == bits(smallest) ? 0 : 1;
            wrong += std::is_same_v<T, double> || bits(product) == bits(exact) ? 0 : 1;
          }
        }
        INFO(isa << ": " << special << " among " << rest);
        CHECK(wrong == 0);
      }
    }
  }
}

TEST_CASE_TEMPLATE("row kernels: rows added at indices are their sums, up to a row that is full", T, float, double) {
  constexpr std::int64_t length = 3;
  const std::array<std::int64_t, 5> pattern{1, -2, 0, 1, -1};  // rows 1, 1, 0, 1, 2
  for (const auto& [isa, k] : row_sets<T>()) {
    for (const std::size_t width : {1U, 3U, 16U, 17U, 64U, 70U}) {
      INFO(isa << ", " << width << " columns");
      std::vector<std::int64_t> indices;
      std::vector<T> x;
      for (std::size_t j = 0; j < 60; ++j) {
        indices.push_back(pattern[j % pattern.size()]);
        for (std::size_t i = 0; i < width; ++i) {
          x.push_back(static_cast<T>(j * 7 % 11 + i));  // whole numbers, whose sums are exact
        }
      }
      // Row 1 takes three of five: five times that is full.
      constexpr std::size_t before = 25;
      std::vector<T> expected(static_cast<std::size_t>(length) * width, T{0});
      for (std::size_t j = 0; j < before; ++j) {
        const auto row = static_cast<std::size_t>((indices[j] + length) % length);
        for (std::size_t i = 0; i < width; ++i) {
          expected[row * width + i] += x[j * width + i];
        }
      }
      std::vector<T> rows(expected.size(), T{0});
      std::vector<std::uint8_t> hits(static_cast<std::size_t>(length), 0);
      CHECK(k.add_rows_at(rows.data(), hits.data(), indices.data(), length, x.data(), indices.size(), width) == before);
      CHECK(rows == expected);
      CHECK(hits == std::vector<std::uint8_t>{5, 15, 5});
    }
  }
}

TEST_CASE_TEMPLATE("kernels raise no divide-by-zero, invalid or overflow for ordinary numbers, at any length", T, float,
                   double) {
  for (const InstructionSet& set : instruction_sets()) {
    for (const Kernel& kernel : all_kernels(set.kernels)) {
      INFO(set.name << " " << kernel.name << " (form " << kernel.scalars << ")");
      for (const T x : {T(0.75), T(3), T(12), T(80)}) {
        for (std::size_t count = 0; count <= 70; ++count) {
          const std::array<T, 3> arguments{x, T(2), T(0.5)};
          std::feclearexcept(FE_ALL_EXCEPT);
          static_cast<void>(results(kernel, arguments, count, count % 3));
          CHECK(std::fetestexcept(raised) == 0);
        }
      }
    }
    for (const auto& kernel :
         {set.kernels.exp,      set.kernels.expm1,       set.kernels.tanh, set.kernels.erf,   set.kernels.sigmoid,
          set.kernels.softplus, set.kernels.log_sigmoid, set.kernels.sin,  set.kernels.tan,   set.kernels.asin,
          set.kernels.acos,     set.kernels.atan,        set.kernels.sinh, set.kernels.cosh,  set.kernels.asinh,
          set.kernels.acosh,    set.kernels.atanh,       set.kernels.exp2, set.kernels.floor, set.kernels.ceil,
          set.kernels.round,    set.kernels.trunc}) {
      std::vector<T> x(67);
      for (std::size_t i = 0; i < x.size(); ++i) {
        x[i] = static_cast<T>(static_cast<double>(i) * 2.5 - 87.5);
      }
      std::feclearexcept(FE_ALL_EXCEPT);
      static_cast<void>(run_on(kernel, x));
      INFO(set.name);
      CHECK(std::fetestexcept(raised) == 0);
    }
  }
  for (const auto& [isa, k] : row_sets<T>()) {
    INFO(isa);
    for (std::size_t count = 1; count <= 70; ++count) {
      const std::vector<T> x(count * 20, T(1.5));
      std::vector<T> out(count * 20);
      std::vector<double> wide(count, 0.0);
      std::feclearexcept(FE_ALL_EXCEPT);
      static_cast<void>(k.sum(x.data(), count) + static_cast<double>(k.largest(x.data(), count)) +
                        static_cast<double>(k.smallest(x.data(), count)));
      static_cast<void>(k.exponentials(x.data(), T(1.5), out.data(), count));
      static_cast<void>(k.sum_exponentials(x.data(), T(2), count));
      k.shift(x.data(), T(1), T(2), out.data(), count);
      k.scale(out.data(), T(3), count);
      k.add_rows(wide.data(), x.data(), 20, count, count);
      k.add_few_rows(out.data(), x.data(), 13, count, count);
      k.running_sums(wide.data(), x.data(), out.data(), 20, count, static_cast<std::ptrdiff_t>(count));
      k.restart_row(wide.data(), out.data(), x.data(), count);
      std::array<std::uint8_t, 3> hits{};
      const std::array<std::int64_t, 3> indices{2, -3, 1};
      k.add_rows_at(out.data(), hits.data(), indices.data(), 3, x.data(), 3, count);
      CHECK(std::fetestexcept(raised) == 0);
    }
  }
}
