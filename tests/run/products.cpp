#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <doctest/doctest.h>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "xgrad/threads.hpp"

#include "run/products/product.hpp"
#include "support/product_kernels.hpp"

using namespace xgrad;
using namespace xgrad::test;
using run::ProductForm;
using run::ProductShape;

namespace {

// One element before the data, so that it is unaligned, and one behind, to see that it isn't written.
template <class T>
struct Padded {
  std::vector<T> elements;
  explicit Padded(std::int64_t count) : elements(static_cast<std::size_t>(count) + 2, T{77}) {}
  T* data() { return elements.data() + 1; }
  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(elements.size()) - 2; }
  [[nodiscard]] bool intact() const { return elements.front() == T{77} && elements.back() == T{77}; }
};

template <class T>
Padded<T> random_matrix(std::int64_t count, unsigned seed) {
  std::mt19937 random{seed};
  std::uniform_real_distribution<double> uniform{-1, 1};
  Padded<T> result{count};
  for (std::int64_t i = 0; i < count; ++i) {
    result.data()[i] = static_cast<T>(uniform(random));
  }
  return result;
}

// A product with operands, and what a loop in long double makes of it: with each element the bound of its error,
// (k + 4) ε (|α| Σ|a b| + |β c|), which any order of adding up keeps.
template <class T>
struct Case {
  ProductShape shape;
  T alpha;
  T beta;
  Padded<T> a;
  Padded<T> b;
  Padded<T> before;
  std::vector<long double> exact;
  std::vector<long double> bound;

  Case(ProductShape s, T alpha_, T beta_)
      : shape{s},
        alpha{alpha_},
        beta{beta_},
        a{random_matrix<T>(s.m * s.k, 1)},
        b{random_matrix<T>(s.k * s.n, 2)},
        before{random_matrix<T>(s.m * s.n, 3)} {
    shape.dtype = dtype_of<T>;
    for (std::int64_t i = 0; i < s.m; ++i) {
      for (std::int64_t j = 0; j < s.n; ++j) {
        long double sum = 0;
        long double size = 0;
        for (std::int64_t l = 0; l < s.k; ++l) {
          const long double term = static_cast<long double>(a.data()[s.transpose_a ? l * s.m + i : i * s.k + l]) *
                                   b.data()[s.transpose_b ? j * s.k + l : l * s.n + j];
          sum += term;
          size += std::abs(term);
        }
        const long double old = beta == T{0} ? 0 : static_cast<long double>(beta) * before.data()[i * s.n + j];
        exact.push_back(alpha * sum + old);
        bound.push_back(static_cast<long double>(s.k + 4) * std::numeric_limits<T>::epsilon() *
                        (std::abs(alpha) * size + std::abs(old)));
      }
    }
    if (beta == T{0}) {
      std::fill_n(before.data(), before.size(), std::numeric_limits<T>::quiet_NaN());
    }
  }

  // How many elements of C are wrong after `multiply` has been given C.
  template <class F>
  int wrong(F multiply) {
    Padded<T> c = before;
    multiply(c.data());
    int result = c.intact() ? 0 : 1;
    for (std::size_t i = 0; i < exact.size(); ++i) {
      const auto got = static_cast<long double>(c.data()[i]);
      result += std::abs(got - exact[i]) <= bound[i] ? 0 : 1;  // NaN is wrong
    }
    return result;
  }

  // The same where what is added to lies elsewhere, for a `multiply` of C and that: C comes with NaN in it.
  template <class F>
  int wrong_with_start(F multiply) {
    Padded<T> start = before;
    std::fill_n(before.data(), before.size(), std::numeric_limits<T>::quiet_NaN());
    const Padded<T> untouched = start;
    int result = wrong([&](T* c) { multiply(c, start.data()); });
    result +=
        std::memcmp(start.elements.data(), untouched.elements.data(), start.elements.size() * sizeof(T)) == 0 ? 0 : 1;
    before = start;
    return result;
  }

  void check_forms() {
    for (const ProductForm& form : run::product_forms(shape)) {
      CAPTURE(to_string(form));
      CHECK(wrong([&](T* c) { run::product<T>(shape, form, alpha, a.data(), b.data(), beta, c); }) == 0);
      CHECK(wrong([&](T* c) { run::product<T>(shape, form, alpha, a.data(), b.data(), beta, c, c); }) == 0);
      CHECK(wrong_with_start([&](T* c, const T* start) {
              run::product<T>(shape, form, alpha, a.data(), b.data(), beta, c, start);
            }) == 0);
    }
  }

  void check_kernels() {
    for (const auto& [name, kernels] : product_kernel_sets<T>()) {
      CAPTURE(name);
      const auto call = [&](T* c) {
        return run::ProductCall<T>{shape.transpose_a,
                                   shape.transpose_b,
                                   shape.m,
                                   shape.n,
                                   shape.k,
                                   alpha,
                                   a.data(),
                                   shape.transpose_a ? shape.m : shape.k,
                                   b.data(),
                                   beta,
                                   c};
      };
      CHECK(wrong([&](T* c) { kernels->small(call(c)); }) == 0);
      CHECK(wrong([&](T* c) { kernels->panels(call(c)); }) == 0);
      if (!shape.transpose_a && shape.transpose_b) {
        CHECK(wrong([&](T* c) { kernels->dots(call(c)); }) == 0);
      }
      if (shape.k == 1) {
        CHECK(wrong([&](T* c) { kernels->outer(call(c)); }) == 0);
        CHECK(wrong_with_start([&](T* c, const T* start) {
                run::ProductCall<T> elsewhere = call(c);
                elsewhere.start = start;
                kernels->outer(elsewhere);
              }) == 0);
      }
    }
  }
};

struct Factors {
  double alpha;
  double beta;
};
constexpr Factors all_factors[]{{1, 0}, {1, 1}, {-0.37, 1}, {2.5, -0.37}, {0, 0}, {0, 1}, {-1, 0}};

// f(Case) for every combination of transposes.
template <class T, class F>
void for_transposes(std::int64_t m, std::int64_t n, std::int64_t k, Factors factors, F f) {
  for (const bool transpose_a : {false, true}) {
    for (const bool transpose_b : {false, true}) {
      CAPTURE(transpose_a);
      CAPTURE(transpose_b);
      CAPTURE(m);
      CAPTURE(n);
      CAPTURE(k);
      CAPTURE(factors.alpha);
      CAPTURE(factors.beta);
      Case<T> instance{{transpose_a, transpose_b, m, n, k, dtype_of<T>},
                       static_cast<T>(factors.alpha),
                       static_cast<T>(factors.beta)};
      f(instance);
    }
  }
}

template <class T>
void check(std::int64_t m, std::int64_t n, std::int64_t k, Factors factors) {
  for_transposes<T>(m, n, k, factors, [](Case<T>& instance) {
    instance.check_forms();
    instance.check_kernels();
  });
}

}  // namespace

TEST_CASE_TEMPLATE("products: every form and kernel on every small size", T, float, double) {
  std::size_t turn = 0;
  for (std::int64_t m = 1; m <= 9; ++m) {
    for (std::int64_t n = 1; n <= 9; ++n) {
      for (const std::int64_t k : {1, 2, 3, 4, 5, 7, 8, 9, 10}) {
        check<T>(m, n, k, all_factors[turn++ % std::size(all_factors)]);
      }
    }
  }
}

TEST_CASE_TEMPLATE("products: every form and kernel around the widths of vectors, tiles, blocks and chunks", T, float,
                   double) {
  const std::vector<std::int64_t> lengths{1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17,
                                          18, 19, 20, 30, 31, 32, 33, 47, 48, 49, 63, 64, 65, 67, 96, 97, 100};
  std::size_t turn = 0;
  for (const std::int64_t length : lengths) {
    for (const auto& [m, n, k] : std::vector<std::array<std::int64_t, 3>>{{length, 7, 5},
                                                                          {3, length, 6},
                                                                          {5, 3, length},
                                                                          {length, 33, 17},
                                                                          {17, length, 65},
                                                                          {length, 1, 29},
                                                                          {1, length, 31},
                                                                          {1, 1, length},
                                                                          {13, length, 1},
                                                                          {length, 19, 1}}) {
      check<T>(m, n, k, all_factors[turn++ % std::size(all_factors)]);
    }
  }
}

TEST_CASE_TEMPLATE("products: every pair of factors", T, float, double) {
  for (const Factors& factors : all_factors) {
    check<T>(7, 35, 13, factors);
    check<T>(1, 35, 13, factors);
    check<T>(35, 1, 13, factors);
    check<T>(35, 14, 1, factors);
    check<T>(2, 3, 4, factors);
  }
}

TEST_CASE_TEMPLATE("products: longer than a block along k", T, float, double) {
  check<T>(5, 9, 1023, {1, 0});
  check<T>(49, 5, 1025, {-0.37, 1});
  check<T>(3, 37, 2050, {1, 0});
}

TEST_CASE_TEMPLATE("products: an inner length of 0 leaves β C", T, float, double) {
  for (const Factors& factors : all_factors) {
    for (const auto& [m, n] : std::vector<std::pair<std::int64_t, std::int64_t>>{{4, 3}, {1, 3}, {4, 1}, {1, 1}}) {
      for_transposes<T>(m, n, 0, factors, [](Case<T>& instance) { instance.check_forms(); });
    }
  }
}

TEST_CASE_TEMPLATE("products: a form that doesn't fit adds to what lies elsewhere too", T, float, double) {
  Case<T> instance{{true, false, 5, 6, 7}, T(-0.37), T(2.5)};
  for (const ProductForm form : {ProductForm{ProductForm::Kind::dots}, ProductForm{ProductForm::Kind::gemv},
                                 ProductForm{ProductForm::Kind::outer}, ProductForm{ProductForm::Kind::gemm_rows}}) {
    CHECK(instance.wrong_with_start([&](T* c, const T* start) {
      run::product<T>(instance.shape, form, instance.alpha, instance.a.data(), instance.b.data(), instance.beta, c,
                      start);
    }) == 0);
  }
}

TEST_CASE("products: no output, nothing read or written") {
  for (const ProductShape& shape : {ProductShape{false, false, 0, 3, 2}, ProductShape{true, false, 3, 0, 2},
                                    ProductShape{false, true, 0, 0, 0}, ProductShape{false, false, 0, 1, 5}}) {
    for (const ProductForm& form : run::product_forms(shape)) {
      run::product<float>(shape, form, 1, nullptr, nullptr, 0, nullptr);
    }
    CHECK(run::product_form(shape) == run::plain_product_form(shape));
  }
}

TEST_CASE_TEMPLATE("products: infinity and NaN pass through every form where they are used, and only there", T, float,
                   double) {
  const T infinity = std::numeric_limits<T>::infinity();
  for (const ProductShape& form_of : {ProductShape{false, true, 4, 11, 13}, ProductShape{false, false, 4, 11, 13},
                                      ProductShape{true, false, 4, 11, 13}, ProductShape{false, true, 1, 11, 13}}) {
    ProductShape shape = form_of;
    shape.dtype = dtype_of<T>;
    for (const ProductForm& form : run::product_forms(shape)) {
      CAPTURE(to_string(form));
      std::vector<T> a(static_cast<std::size_t>(shape.m * shape.k), T{1});
      std::vector<T> b(static_cast<std::size_t>(shape.k * shape.n), T{1});
      std::vector<T> c(static_cast<std::size_t>(shape.m * shape.n), T{0});
      const std::int64_t l = 12;
      const std::int64_t j = 10;
      b[static_cast<std::size_t>(shape.transpose_b ? j * shape.k + l : l * shape.n + j)] = infinity;
      run::product<T>(shape, form, T{1}, a.data(), b.data(), T{0}, c.data());
      for (std::size_t at = 0; at < c.size(); ++at) {
        CHECK(c[at] == (at % static_cast<std::size_t>(shape.n) == j ? infinity : T{13}));
      }
    }
  }
}

TEST_CASE_TEMPLATE("products: equal bits wherever the operands lie", T, float, double) {
  for (const bool transpose_a : {false, true}) {
    for (const bool transpose_b : {false, true}) {
      Padded<T> a = random_matrix<T>(7 * 41 + 8, 4);
      Padded<T> b = random_matrix<T>(41 * 37 + 8, 5);
      for (const auto& [name, kernels] : product_kernel_sets<T>()) {
        const auto run_at = [&](std::int64_t offset, auto kernel) {
          std::vector<T> moved_a(a.data(), a.data() + 7 * 41);
          std::vector<T> moved_b(b.data(), b.data() + 41 * 37);
          moved_a.insert(moved_a.begin(), static_cast<std::size_t>(offset), T{0});
          moved_b.insert(moved_b.begin(), static_cast<std::size_t>(offset), T{0});
          std::vector<T> c(static_cast<std::size_t>(7 * 37 + offset));
          kernel({transpose_a, transpose_b, 7, 37, 41, T{1}, moved_a.data() + offset, transpose_a ? 7 : 41,
                  moved_b.data() + offset, T{0}, c.data() + offset});
          c.erase(c.begin(), c.begin() + offset);
          return c;
        };
        for (const auto kernel : {kernels->small, kernels->panels}) {
          CHECK(run_at(0, kernel) == run_at(3, kernel));
        }
        if (!transpose_a && transpose_b) {
          CHECK(run_at(0, kernels->dots) == run_at(3, kernels->dots));
        }
      }
    }
  }
}

TEST_CASE("products: the chosen form is one that fits, and is chosen again") {
  for (const ProductShape& shape :
       {ProductShape{false, true, 10, 30, 784}, ProductShape{true, false, 30, 784, 10},
        ProductShape{true, false, 30, 784, 10, DType::float32, true}, ProductShape{false, true, 1, 30, 784},
        ProductShape{false, false, 512, 1, 100}, ProductShape{false, true, 10, 30, 784, DType::float64},
        ProductShape{false, false, 100, 100, 100}, ProductShape{false, true, 10, 3, 2},
        ProductShape{false, false, 1, 1, 1000}}) {
    const ProductForm form = run::product_form(shape);
    const std::vector<ProductForm> fitting = run::product_forms(shape);
    CHECK(std::find(fitting.begin(), fitting.end(), form) != fitting.end());
    for (int again = 0; again < 3; ++again) {
      CHECK(run::product_form(shape) == form);
    }
  }
}

TEST_CASE("products: several threads that ask at once get one answer") {
  const ProductShape shape{false, true, 11, 29, 131};
  std::vector<ProductForm> answers(4);
  std::vector<int> wrong(answers.size(), -1);
  {
    std::vector<std::jthread> askers;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      askers.emplace_back([&, i] {
        answers[i] = run::product_form(shape);
        Case<float> instance{shape, 1.0F, 0.0F};
        wrong[i] = instance.wrong(
            [&](float* c) { run::product<float>(shape, answers[i], 1, instance.a.data(), instance.b.data(), 0, c); });
      });
    }
  }
  for (std::size_t i = 0; i < answers.size(); ++i) {
    CHECK(answers[i] == answers[0]);
    CHECK(wrong[i] == 0);
  }
}

TEST_CASE("products: what isn't measured takes its plain form") {
  const auto plain = [](const ProductShape& shape) {
    CHECK(run::product_form(shape) == run::plain_product_form(shape));
    return to_string(run::plain_product_form(shape));
  };
  CHECK(plain({false, true, 10, 3, 2}) == "small");
  CHECK(plain({false, true, 1, 3, 2}) == "small");
  CHECK(plain({true, false, 30, 784, 1}) == "outer");
  CHECK(plain({false, false, 200, 200, 200}) == "gemm");
  CHECK(to_string(run::plain_product_form({false, true, 1, 30, 784})) == "gemv");
  CHECK(to_string(run::plain_product_form({false, false, 30, 1, 784})) == "gemv");
  CHECK(to_string(run::plain_product_form({false, false, 1, 1, 784})) == "dot");
  CHECK(to_string(run::plain_product_form({false, true, 10, 30, 784})) == "gemm");
}

TEST_CASE("products: forms have names") {
  using Kind = ProductForm::Kind;
  CHECK(to_string(ProductForm{}) == "gemm");
  CHECK(to_string(ProductForm{Kind::gemm_rows, 32}) == "gemm in chunks of 32 rows");
  CHECK(to_string(ProductForm{Kind::gemm_columns, 64}) == "gemm in chunks of 64 of k");
  CHECK(to_string(ProductForm{Kind::dots, 0}) == "dots");
  CHECK(to_string(ProductForm{Kind::panels, 0}) == "panels");
}

TEST_CASE("products: a form that doesn't fit is taken for gemm") {
  Case<float> instance{{true, false, 5, 6, 7}, 1.0F, 0.0F};
  for (const ProductForm form : {ProductForm{ProductForm::Kind::dots}, ProductForm{ProductForm::Kind::gemv},
                                 ProductForm{ProductForm::Kind::outer}, ProductForm{ProductForm::Kind::gemm_rows}}) {
    CHECK(instance.wrong([&](float* c) {
      run::product<float>(instance.shape, form, 1, instance.a.data(), instance.b.data(), 0, c);
    }) == 0);
  }
}

TEST_CASE_TEMPLATE("products: right on two threads, and the own kernels to the bit", T, float, double) {
  for (const ProductShape& shape : {ProductShape{false, true, 257, 30, 784}, ProductShape{true, false, 30, 784, 257},
                                    ProductShape{false, false, 200, 201, 203}}) {
    Case<T> instance{shape, T{1}, T{0}};
    for (const ProductForm& form : run::product_forms(instance.shape)) {
      CAPTURE(to_string(form));
      const auto multiply = [&] {
        std::vector<T> c(static_cast<std::size_t>(shape.m * shape.n));
        run::product<T>(instance.shape, form, T{1}, instance.a.data(), instance.b.data(), T{0}, c.data());
        return c;
      };
      const std::vector<T> alone = multiply();
      set_threads(2);
      const std::vector<T> together = multiply();
      CHECK(instance.wrong([&](T* c) {
        run::product<T>(instance.shape, form, T{1}, instance.a.data(), instance.b.data(), T{0}, c);
      }) == 0);
      set_threads(1);
      if (form.kind == ProductForm::Kind::dots || form.kind == ProductForm::Kind::panels) {
        CHECK(alone == together);
      }
    }
  }
}
