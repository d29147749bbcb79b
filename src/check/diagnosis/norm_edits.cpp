// δ_x = (δ − mean δ − x̂ ⊙ mean(δ ⊙ x̂)) / s of a normalisation x̂ = (x − μ) / s, and (δ − x̂ ⊙ mean(δ ⊙ x̂)) / s of one
// by the root mean square, with mistakes.
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <vector>

#include "check/diagnosis/attribute_of.hpp"
#include "check/diagnosis/layer_edits.hpp"

namespace xgrad::check::diagnosis {

namespace {

using formulas::Expressions;
using formulas::Head;
using Axes = std::vector<std::int64_t>;

Expr without_spread(Expr x) {
  while (x->head == Head::spread) {
    x = x->arguments[0];
  }
  return x;
}

/// A sum over axes in a term c · Σ x · others.
struct Mean {
  std::size_t term = 0;    // of the sum
  std::size_t factor = 0;  // of the term
  bool is_alone = false;   // there are no others
};

class NormEdits {
 public:
  /// `here` is `sum` / `deviation`, perhaps times other factors.
  NormEdits(Rewritings& to, std::size_t sum, std::size_t divisor)
      : to_{to},
        e_{to.e},
        sum_position_{sum},
        divisor_position_{divisor},
        sum_{to.here->arguments[sum]},
        deviation_{to.here->arguments[divisor]->arguments[0]} {
    const Operation& operation = *without_spread(deviation_)->operation;
    is_centred_ = operation.name() == "deviation";
    axes_ = attribute_of<Axes>(operation, "axes").value_or(Axes{});
    epsilon_ = attribute_of<double>(operation, "epsilon").value_or(0);
    const Expr x = without_spread(deviation_)->arguments[0];
    rank_ = x->shape.rank();
    for (const std::int64_t axis : axes_) {
      count_ *= static_cast<double>(x->shape[static_cast<std::size_t>(axis)]);
    }
    find_means();
  }

  void add() {
    if (means_.empty() || sum_->shape.rank() != rank_) {
      return;
    }
    add_constants();
    add_deviations();
    to_.add(with_sum(with_means(axes_, 1)), "sums in place of means");
    add_axes();
    if (!is_centred_) {
      add_layer_norms();
    }
  }

 private:
  void find_means() {
    for (std::size_t i = 0; i < sum_->arguments.size(); ++i) {
      const Expr term = without_spread(sum_->arguments[i]);
      if (term->head != Head::product) {
        continue;
      }
      for (std::size_t j = 0; j < term->arguments.size(); ++j) {
        const Expr factor = without_spread(term->arguments[j]);
        if (factor->head == Head::reduce && factor->axes == axes_ && factor->keeps_axes) {
          means_.push_back({i, j, term->arguments.size() == 1});
          break;
        }
      }
    }
  }

  // The whole part with another sum or another divisor.
  [[nodiscard]] Expr with_sum(Expr sum) const { return rebuilt(sum_position_, sum); }
  [[nodiscard]] Expr divided_by(Expr divisor) const { return rebuilt(divisor_position_, e_.power(divisor, -1)); }
  [[nodiscard]] Expr rebuilt(std::size_t position, Expr factor) const {
    std::vector<Expr> factors = to_.here->arguments;
    factors[position] = factor;
    return e_.spread(e_.product(to_.here->number, factors), to_.here->shape);
  }

  [[nodiscard]] Expr without(const std::function<bool(const Mean&)>& is_left_out) const {
    std::vector<Expr> terms;
    for (std::size_t i = 0; i < sum_->arguments.size(); ++i) {
      if (std::none_of(means_.begin(), means_.end(), [&](const Mean& m) { return m.term == i && is_left_out(m); })) {
        terms.push_back(sum_->arguments[i]);
      }
    }
    return terms.empty() ? nullptr : with_sum(e_.spread(e_.sum(terms), sum_->shape));
  }

  void add_constants() {
    const bool has_alone = std::any_of(means_.begin(), means_.end(), [](const Mean& m) { return m.is_alone; });
    const bool has_other = std::any_of(means_.begin(), means_.end(), [](const Mean& m) { return !m.is_alone; });
    if (!is_centred_) {
      to_.add(without([](const Mean&) { return true; }), "the root mean square taken as a constant");
      return;
    }
    if (has_alone && has_other) {
      to_.add(without([](const Mean&) { return true; }), "mean and variance taken as constants");
    }
    if (has_alone) {
      to_.add(without([](const Mean& m) { return m.is_alone; }), "the mean taken as a constant");
    }
    if (has_other) {
      to_.add(without([](const Mean& m) { return !m.is_alone; }), "the variance taken as a constant");
    }
  }

  // √(c (s² − ε) + ε).
  [[nodiscard]] Expr deviation_with(double factor, double epsilon) const {
    const Expr offset = e_.number(epsilon - factor * epsilon_, deviation_->shape, deviation_->dtype);
    return e_.power(e_.spread(e_.sum(e_.scaled(factor, e_.power(deviation_, 2)), offset), deviation_->shape), 0.5);
  }

  void add_deviations() {
    const char* const squared =
        is_centred_ ? "the variance in place of the deviation" : "the mean square in place of its root";
    const char* const undivided =
        is_centred_ ? "the division by the deviation left out" : "the division by the root mean square left out";
    to_.add(divided_by(e_.power(deviation_, 2)), squared);
    to_.add(divided_by(e_.number(1, deviation_->shape, deviation_->dtype)), undivided);
    to_.add(divided_by(deviation_with(1, 0)),
            is_centred_ ? "ε left out of the deviation" : "ε left out of the root mean square", Rank::common);
    if (!is_centred_ || count_ < 2) {
      return;
    }
    const double unbiased = count_ / (count_ - 1);
    const Expr biased_share = with_scaled_variance(unbiased);
    to_.add(biased_share == nullptr ? nullptr : with_sum(biased_share),
            "n − 1 in place of n in the variance's part, as for an unbiased one", Rank::common);
    to_.add(divided_by(deviation_with(unbiased, epsilon_)), "the unbiased deviation, by n − 1, in place of that by n",
            Rank::common);
  }

  [[nodiscard]] Expr with_scaled_variance(double factor) const {
    std::vector<Expr> terms = sum_->arguments;
    for (const Mean& m : means_) {
      terms[m.term] = m.is_alone ? terms[m.term] : e_.scaled(factor, terms[m.term]);
    }
    return e_.spread(e_.sum(terms), sum_->shape);
  }

  // All means over these axes, as sums divided by `count`. Null if they don't fit.
  [[nodiscard]] Expr with_means(const Axes& axes, double count) const {
    std::vector<Expr> terms = sum_->arguments;
    for (const Mean& m : means_) {
      const Expr term = without_spread(terms[m.term]);
      std::vector<Expr> factors = term->arguments;
      const Expr reduced = without_spread(factors[m.factor])->arguments[0];
      factors[m.factor] = e_.reduce(reduced, axes, true);
      terms[m.term] = e_.product(term->number * count_ / count, factors);
    }
    Shape common = sum_->shape;
    for (Expr term : terms) {
      Shape wider;
      if (!broadcast(common, term->shape, wider) || wider != sum_->shape) {
        return nullptr;
      }
      common = wider;
    }
    return e_.spread(e_.sum(terms), sum_->shape);
  }

  // All sets of axes that leave one out or have one too much would be many: those of the other norms.
  void add_axes() {
    std::vector<Axes> sets;
    Axes all;
    Axes but_first;
    Axes but_second{0};
    Axes spatial;
    for (std::int64_t axis = 0; axis < static_cast<std::int64_t>(rank_); ++axis) {
      all.push_back(axis);
      if (axis > 0) {
        but_first.push_back(axis);
      }
      if (axis > 1) {
        but_second.push_back(axis);
        spatial.push_back(axis);
      }
    }
    const Axes last{static_cast<std::int64_t>(rank_) - 1};
    for (const Axes& axes : {Axes{0}, Axes{1}, but_first, but_second, spatial, last, all}) {
      const bool fits = !axes.empty() && axes.back() < static_cast<std::int64_t>(rank_);
      if (!fits || axes == axes_ || std::find(sets.begin(), sets.end(), axes) != sets.end()) {
        continue;
      }
      sets.push_back(axes);
      double count = 1;
      for (const std::int64_t axis : axes) {
        count *= static_cast<double>(sum_->shape[static_cast<std::size_t>(axis)]);
      }
      const Expr other = with_means(axes, count);
      to_.add(other == nullptr ? nullptr : with_sum(other),
              fmt::format("means over axes ({}) in place of ({})", fmt::join(axes, ", "), fmt::join(axes_, ", ")));
    }
  }

  // −mean δ, which a norm that takes the mean off has.
  void add_layer_norms() {
    std::vector<Expr> rest;
    for (std::size_t i = 0; i < sum_->arguments.size(); ++i) {
      if (std::none_of(means_.begin(), means_.end(), [i](const Mean& m) { return m.term == i; })) {
        rest.push_back(sum_->arguments[i]);
      }
    }
    if (rest.empty()) {
      return;
    }
    std::vector<Expr> terms = sum_->arguments;
    terms.push_back(e_.scaled(-1 / count_, e_.reduce(e_.spread(e_.sum(rest), sum_->shape), axes_, true)));
    to_.add(with_sum(e_.spread(e_.sum(terms), sum_->shape)), "a mean's part taken off, as a layer norm's");
  }

  Rewritings& to_;
  Expressions& e_;
  std::size_t sum_position_;
  std::size_t divisor_position_;
  Expr sum_;
  Expr deviation_;
  bool is_centred_ = true;
  Axes axes_;
  double epsilon_ = 0;
  double count_ = 1;
  std::size_t rank_ = 0;
  std::vector<Mean> means_;
};

bool is_division(Expr factor) {
  if (factor->head != Head::power || factor->number != -1) {
    return false;
  }
  const Expr divisor = without_spread(factor->arguments[0]);
  return divisor->head == Head::call &&
         (divisor->operation->name() == "deviation" || divisor->operation->name() == "root_mean_square");
}

}  // namespace

void add_norm_edits(Rewritings& to) {
  if (to.here->head != Head::product) {
    return;
  }
  const std::vector<Expr>& factors = to.here->arguments;
  const auto divisor = std::find_if(factors.begin(), factors.end(), is_division);
  const auto sum = std::find_if(factors.begin(), factors.end(), [&](Expr x) { return x->head == Head::sum; });
  if (divisor != factors.end() && sum != factors.end()) {
    NormEdits{to, static_cast<std::size_t>(sum - factors.begin()), static_cast<std::size_t>(divisor - factors.begin())}
        .add();
  }
}

}  // namespace xgrad::check::diagnosis
