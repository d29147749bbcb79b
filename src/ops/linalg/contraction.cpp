#include "ops/linalg/contraction.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <fmt/format.h>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "xgrad/error.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"

namespace xgrad::ops {

namespace {

bool has(const Labels& labels, int label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

std::size_t place(const Labels& labels, int label) {
  return static_cast<std::size_t>(std::find(labels.begin(), labels.end(), label) - labels.begin());
}

Labels joined(const Labels& a, const Labels& b) {
  Labels both = a;
  both.insert(both.end(), b.begin(), b.end());
  return both;
}

template <class Condition>
Labels those(const Labels& labels, Condition condition) {
  Labels chosen;
  std::copy_if(labels.begin(), labels.end(), std::back_inserter(chosen), condition);
  return chosen;
}

using Lengths = std::vector<std::int64_t>;

Lengths lengths_of(const Labelled& x, const Labels& labels) {
  Lengths lengths;
  std::transform(labels.begin(), labels.end(), std::back_inserter(lengths),
                 [&](int label) { return x.tensor.shape()[place(x.labels, label)]; });
  return lengths;
}

std::int64_t product_of(const Lengths& lengths) {
  return std::accumulate(lengths.begin(), lengths.end(), std::int64_t{1}, std::multiplies<>{});
}

Labelled summed_to(const Labelled& x, const Labels& kept) {
  std::vector<std::int64_t> axes;
  for (std::size_t i = 0; i < x.labels.size(); ++i) {
    if (!has(kept, x.labels[i])) {
      axes.push_back(static_cast<std::int64_t>(i));
    }
  }
  return axes.empty() ? x : Labelled{sum(x.tensor, axes), those(x.labels, [&](int label) { return has(kept, label); })};
}

Tensor in_order(const Labelled& x, const Labels& order) {
  std::vector<std::int64_t> axes;
  std::transform(order.begin(), order.end(), std::back_inserter(axes),
                 [&](int label) { return static_cast<std::int64_t>(place(x.labels, label)); });
  return permute(x.tensor, axes);
}

// Of axes in one order (batch, first, second) as a batch of matrices, or a matrix. Where they are in memory as
// (batch, second, first) a transposition gives that, which a product takes as a flag.
Tensor as_matrix(const Labelled& x, const Labels& batch, const Labels& first, const Labels& second) {
  const std::int64_t rows = product_of(lengths_of(x, first));
  const std::int64_t columns = product_of(lengths_of(x, second));
  const auto shaped = [&](const Tensor& tensor, std::int64_t before_last, std::int64_t last) {
    return batch.empty() ? reshape(tensor, Shape{before_last, last})
                         : reshape(tensor, Shape{product_of(lengths_of(x, batch)), before_last, last});
  };
  if (!first.empty() && !second.empty() && x.labels == joined(batch, joined(second, first))) {
    return transpose(shaped(x.tensor, columns, rows));
  }
  return shaped(in_order(x, joined(batch, joined(first, second))), rows, columns);
}

Tensor as_vector(const Labelled& x, const Labels& order) {
  return reshape(in_order(x, order), Shape{product_of(lengths_of(x, order))});
}

/// The labels of two operands a and b, by what happens to them.
struct Roles {
  Labels batch;    // in both, kept
  Labels inner;    // in both, summed over
  Labels rows;     // in a only
  Labels columns;  // in b only
};

Tensor broadcast_product(const Labelled& a, const Labelled& b, const Roles& roles) {
  Lengths left = lengths_of(a, joined(roles.batch, roles.rows));
  left.resize(left.size() + roles.columns.size(), 1);
  Lengths right = lengths_of(b, roles.batch);
  right.resize(right.size() + roles.rows.size(), 1);
  const Lengths columns = lengths_of(b, roles.columns);
  right.insert(right.end(), columns.begin(), columns.end());
  return reshape(in_order(a, joined(roles.batch, roles.rows)), Shape{left}) *
         reshape(in_order(b, joined(roles.batch, roles.columns)), Shape{right});
}

Tensor product_over(const Labelled& a, const Labelled& b, const Roles& roles) {
  const auto& [batch, inner, rows, columns] = roles;
  if (rows.empty() && columns.empty() && !batch.empty()) {
    const Labels order = joined(batch, inner);
    std::vector<std::int64_t> axes(inner.size());
    std::iota(axes.begin(), axes.end(), static_cast<std::int64_t>(batch.size()));
    return sum(in_order(a, order) * in_order(b, order), axes);
  }
  const bool a_is_vector = rows.empty() && batch.empty();
  const bool b_is_vector = columns.empty() && batch.empty();
  return matmul(a_is_vector ? as_vector(a, inner) : as_matrix(a, batch, rows, inner),
                b_is_vector ? as_vector(b, inner) : as_matrix(b, batch, inner, columns));
}

// Where the first of the labels is in the result; the end, if none is.
std::size_t first_place(const Labels& labels, const Labels& result) {
  return std::transform_reduce(
      labels.begin(), labels.end(), result.size(), [](std::size_t p, std::size_t q) { return std::min(p, q); },
      [&](int label) { return place(result, label); });
}

Labelled contract_two(const Labelled& first, const Labelled& second, const Labels& kept, const Labels& result) {
  Labelled a = summed_to(first, joined(kept, second.labels));
  Labelled b = summed_to(second, joined(kept, first.labels));
  const auto only_in = [](const Labelled& x, const Labelled& other) {
    return those(x.labels, [&](int label) { return !has(other.labels, label); });
  };
  if (first_place(only_in(b, a), result) < first_place(only_in(a, b), result)) {
    std::swap(a, b);
  }
  const Labels shared = those(a.labels, [&](int label) { return has(b.labels, label); });
  const Roles roles{.batch = those(shared, [&](int label) { return has(kept, label); }),
                    .inner = those(shared, [&](int label) { return !has(kept, label); }),
                    .rows = only_in(a, b),
                    .columns = only_in(b, a)};
  Lengths lengths = lengths_of(a, joined(roles.batch, roles.rows));
  const Lengths columns = lengths_of(b, roles.columns);
  lengths.insert(lengths.end(), columns.begin(), columns.end());
  const Tensor product = roles.inner.empty() ? broadcast_product(a, b, roles) : product_over(a, b, roles);
  return {reshape(product, Shape{lengths}), joined(joined(roles.batch, roles.rows), roles.columns)};
}

[[noreturn]] void throw_too_many_axes(std::string_view operation, std::size_t operands) {
  throw ShapeError(fmt::format("[{}] {} operands are left, whose products have more than {} axes in any order",
                               operation, operands, Shape::max_rank));
}

// Of a and of those of b that a hasn't.
Labels united(const Labels& a, const Labels& b) {
  return joined(a, those(b, [&](int label) { return !has(a, label); }));
}

/// The operands of a contraction, and what any of them together, a bit for each, cost.
class Subsets {
 public:
  Subsets(const std::vector<Labelled>& operands, const Labels& result) : operands_{operands}, result_{result} {
    for (const Labelled& operand : operands) {
      for (std::size_t axis = 0; axis < operand.labels.size(); ++axis) {
        const auto label = static_cast<std::size_t>(operand.labels[axis]);
        lengths_.resize(std::max(lengths_.size(), label + 1), 1);
        lengths_[label] = static_cast<double>(operand.tensor.shape()[axis]);
      }
    }
  }

  /// Those labels of the operands in a subset that the result or an operand outside of it has.
  [[nodiscard]] Labels kept(std::size_t subset) const {
    Labels inside;
    Labels outside = result_;
    for (std::size_t i = 0; i < operands_.size(); ++i) {
      Labels& side = (subset >> i & 1U) != 0 ? inside : outside;
      side = united(side, operands_[i].labels);
    }
    return those(inside, [&](int label) { return has(outside, label); });
  }

  /// The product of the lengths.
  [[nodiscard]] double volume(const Labels& labels) const {
    return std::transform_reduce(labels.begin(), labels.end(), 1.0, std::multiplies<>{},
                                 [&](int label) { return lengths_[static_cast<std::size_t>(label)]; });
  }

 private:
  const std::vector<Labelled>& operands_;
  const Labels& result_;
  std::vector<double> lengths_;
};

constexpr std::size_t most_tried = 8;

// Two of many operands: those whose product has fewest elements, less their own. Nothing if all have too many axes.
std::optional<std::pair<std::size_t, std::size_t>> greedy_pair(const std::vector<Labelled>& operands,
                                                               const Labels& result) {
  const Subsets subsets{operands, result};
  std::optional<std::pair<std::size_t, std::size_t>> chosen;
  double least = 0;
  for (std::size_t a = 0; a < operands.size(); ++a) {
    for (std::size_t b = a + 1; b < operands.size(); ++b) {
      const Labels product = subsets.kept((std::size_t{1} << a) | (std::size_t{1} << b));
      const double more =
          subsets.volume(product) - subsets.volume(operands[a].labels) - subsets.volume(operands[b].labels);
      if (product.size() <= Shape::max_rank && (!chosen.has_value() || more < least)) {
        chosen = {a, b};
        least = more;
      }
    }
  }
  return chosen;
}

/// The best of all orders, found for all subsets of the operands from small to large ones.
class BestOrder {
 public:
  BestOrder(const std::vector<Labelled>& operands, const Labels& result)
      : subsets_{operands, result}, all_{(std::size_t{1} << operands.size()) - 1}, plans_(all_ + 1) {
    for (std::size_t subset = 1; subset <= all_; ++subset) {
      plans_[subset].kept = subsets_.kept(subset);
      if ((subset & (subset - 1)) == 0) {
        plans_[subset].kept = operands[static_cast<std::size_t>(std::countr_zero(subset))].labels;
        plans_[subset].cost = 0;
      } else if (plans_[subset].kept.size() <= Shape::max_rank) {
        find(subset);
      }
    }
  }

  [[nodiscard]] bool exists() const { return plans_[all_].cost < infinite; }
  /// The smaller part of a subset's best division into two, 0 for a single operand.
  [[nodiscard]] std::size_t part(std::size_t subset) const { return plans_[subset].part; }
  [[nodiscard]] const Labels& kept(std::size_t subset) const { return plans_[subset].kept; }
  [[nodiscard]] std::size_t all() const noexcept { return all_; }

 private:
  static constexpr double infinite = std::numeric_limits<double>::infinity();

  struct Plan {
    Labels kept;
    double cost = infinite;
    std::size_t part = 0;
  };

  // Multiplications, and the elements of the product, which are written.
  void find(std::size_t subset) {
    Plan& plan = plans_[subset];
    for (std::size_t part = (subset - 1) & subset; part > (subset ^ part); part = (part - 1) & subset) {
      const Plan& one = plans_[part];
      const Plan& other = plans_[subset ^ part];
      const double before = one.cost + other.cost;
      if (before >= plan.cost) {
        continue;
      }
      const double cost = before + subsets_.volume(united(one.kept, other.kept)) + subsets_.volume(plan.kept);
      if (cost < plan.cost) {
        plan.cost = cost;
        plan.part = subset ^ part;
      }
    }
  }

  Subsets subsets_;
  std::size_t all_;
  std::vector<Plan> plans_;
};

Labelled contract_few(std::string_view operation, std::vector<Labelled> operands, const Labels& result) {
  const BestOrder order{operands, result};
  if (!order.exists()) {
    throw_too_many_axes(operation, operands.size());
  }
  std::vector<char> is_needed(order.all() + 1, 0);
  is_needed[order.all()] = 1;
  for (std::size_t subset = order.all(); subset > 0; --subset) {
    if (is_needed[subset] != 0 && order.part(subset) != 0) {
      is_needed[order.part(subset)] = 1;
      is_needed[subset ^ order.part(subset)] = 1;
    }
  }
  std::vector<Labelled> products(order.all() + 1);
  for (std::size_t subset = 1; subset <= order.all(); ++subset) {
    if (is_needed[subset] == 0) {
      continue;
    }
    const std::size_t part = order.part(subset);
    products[subset] = part == 0 ? std::move(operands[static_cast<std::size_t>(std::countr_zero(subset))])
                                 : contract_two(products[part], products[subset ^ part], order.kept(subset), result);
  }
  return products[order.all()];
}

}  // namespace

Tensor contract(std::string_view operation, std::vector<Labelled> operands, const Labels& result) {
  if (result.size() > Shape::max_rank) {
    throw ShapeError(
        fmt::format("[{}] a result of {} axes; expected at most {}", operation, result.size(), Shape::max_rank));
  }
  while (operands.size() > most_tried) {
    const auto pair = greedy_pair(operands, result);
    if (!pair.has_value()) {
      throw_too_many_axes(operation, operands.size());
    }
    const auto [a, b] = *pair;
    const Labels kept = Subsets{operands, result}.kept((std::size_t{1} << a) | (std::size_t{1} << b));
    operands[a] = contract_two(operands[a], operands[b], kept, result);
    operands.erase(operands.begin() + static_cast<std::ptrdiff_t>(b));
  }
  return in_order(summed_to(contract_few(operation, std::move(operands), result), result), result);
}

}  // namespace xgrad::ops
