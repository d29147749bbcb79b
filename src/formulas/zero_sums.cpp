// Σ (x − μ) = 0 for the mean μ of x over the same axes: proven by what the formula is made of.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <unordered_map>
#include <vector>

#include "formulas/broadcasting.hpp"
#include "formulas/expression.hpp"

namespace xgrad::formulas {

namespace {

using Axes = std::vector<std::int64_t>;

// Whether an operand has the same element all along the axes of the whole, with whose last axes its own are aligned.
bool is_constant_along(const Shape& operand, const Axes& axes, const Shape& whole) {
  const std::size_t missing = whole.rank() - operand.rank();
  return std::ranges::all_of(axes, [&](std::int64_t axis) {
    const auto place = static_cast<std::size_t>(axis);
    return place < missing || operand[place - missing] == 1;
  });
}

// Σ of terms over axes, as Σ coefficient · Σ y over quantities y.
class TotalOfTerms {
 public:
  TotalOfTerms(Expressions& all, const Shape& whole, const Axes& axes) : all_{all}, whole_{whole}, axes_{axes} {
    for (const std::int64_t axis : axes) {
      count_ *= static_cast<double>(whole_[static_cast<std::size_t>(axis)]);
    }
  }

  // Adds Σ factor · term. False if the term isn't one of these: a quantity, or such a sum over the number of elements.
  bool add(double factor, Expr term) {
    term = without_spread(term);
    if (--left_ < 0) {
      return false;
    }
    if (term->head == Head::sum) {
      return std::ranges::all_of(term->arguments, [&](Expr each) { return add(factor, each); });
    }
    const auto [number, rest] = split(term);
    if (rest == nullptr) {
      return false;
    }
    if (is_constant_along(rest->shape, axes_, whole_)) {
      return add_mean(count_ * factor * number, rest);
    }
    Coefficient& coefficient = coefficients_[rest];  // once for the whole, however often it is repeated in it
    coefficient.sum += factor * number;
    coefficient.size += std::abs(factor * number);
    return true;
  }

  // n · (1/n) is 1 to rounding.
  [[nodiscard]] bool is_zero() const {
    return !coefficients_.empty() && std::ranges::all_of(coefficients_, [](const auto& of) {
      return std::abs(of.second.sum) <= 1e-12 * of.second.size;
    });
  }

 private:
  struct Split {
    double number = 1;
    Expr rest = nullptr;
  };

  struct Coefficient {
    double sum = 0;
    double size = 0;  ///< Σ of what was added, without signs
  };

  // A term as a number and the rest, which is null for a number alone.
  Split split(Expr term) {
    if (term->is_number()) {
      return {};
    }
    if (term->head != Head::product || term->number == 1) {
      return {1, term};
    }
    return {term->number, without_spread(all_.product(1, term->arguments))};
  }

  // factor · m, of an m that is the same all along the axes: number · Σ y over them, for a y of the whole's shape. Then
  // m has an element for each of the other axes' indices, and they are in order, whatever shapes it went through.
  bool add_mean(double factor, Expr m) {
    const auto [number, rest] = split(without_shape(all_.definition(m)));
    const Expr total = rest == nullptr ? nullptr : without_shape(rest);
    if (total == nullptr || total->head != Head::reduce || total->axes != axes_ ||
        total->arguments[0]->shape != whole_) {
      return false;
    }
    return add(factor * number, total->arguments[0]);
  }

  // Behind spreads of any kind: they keep the order of elements, and drop none.
  [[nodiscard]] static Expr without_shape(Expr x) {
    while (x->head == Head::spread) {
      x = x->arguments[0];
    }
    return x;
  }

  Expressions& all_;
  const Shape& whole_;
  const Axes& axes_;
  double count_ = 1;
  int left_ = 64;  // terms that are looked at, as those of means of means may be many
  std::unordered_map<Expr, Coefficient> coefficients_;
};

constexpr int most_names = 4;  // that are looked behind

bool sums_to_zero(Expressions& all, Expr x, const Axes& axes, int names) {
  if (x->head == Head::symbol && names < most_names) {
    const Expr definition = all.definition(x);
    return definition != x && definition->shape == x->shape && sums_to_zero(all, definition, axes, names + 1);
  }
  if (x->head == Head::product) {
    Expr varying = nullptr;
    for (Expr factor : x->arguments) {
      if (!is_constant_along(factor->shape, axes, x->shape)) {
        if (varying != nullptr) {
          return false;
        }
        varying = factor;
      }
    }
    return varying != nullptr && varying->shape == x->shape && sums_to_zero(all, varying, axes, names);
  }
  if (x->head != Head::sum) {
    return false;
  }
  TotalOfTerms total{all, x->shape, axes};
  return total.add(1, x) && total.is_zero();
}

}  // namespace

Expr Expressions::without_zero_sums(Expr x, const std::vector<std::int64_t>& axes) {
  if (sums_to_zero(*this, x, axes, 0)) {
    return number(0, x->shape, x->dtype);
  }
  const bool is_named = x->head == Head::symbol && !abbreviations_.contains(x->node);
  const Expr sum = is_named ? x : definition(x);
  if (sum->head != Head::sum || sum->shape != x->shape) {
    return x;
  }
  std::vector<Expr> left;
  std::ranges::copy_if(sum->arguments, std::back_inserter(left),
                       [&](Expr term) { return term->shape != x->shape || !sums_to_zero(*this, term, axes, 0); });
  return left.size() == sum->arguments.size() ? x : spread(this->sum(left), x->shape);
}

}  // namespace xgrad::formulas
