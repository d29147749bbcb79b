#include "ops/index/placement.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "xgrad/creation.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"

#include "graph/node.hpp"

namespace xgrad::ops {

namespace {

Tensor input(const Placed& term, std::size_t i) {
  return graph::handle(term.whole.node()->inputs()[i]);
}

std::int64_t signed_axis(const Placed& term) {
  return static_cast<std::int64_t>(term.placement.axis);
}

// Of one shape and axis, by index. Σ put(pᵢ, indicesᵢ) = put(p, indices), both concatenated.
Tensor sum_of_rows(const std::vector<Placed>& terms) {
  const std::size_t axis = terms.front().placement.axis;
  const Shape& whole = terms.front().whole.shape();
  std::vector<Tensor> parts;
  std::vector<Tensor> indices;
  for (const Placed& term : terms) {
    const Tensor rows = input(term, 1);
    parts.push_back(reshape(input(term, 0), whole.with(axis, rows.size())));
    indices.push_back(reshape(rows, Shape{rows.size()}));
  }
  return take_adjoint(concatenate(parts, signed_axis(terms.front())), concatenate(indices, 0), whole[axis],
                      signed_axis(terms.front()));
}

Tensor sum_of_elements(const std::vector<Placed>& terms) {
  const std::int64_t axis = signed_axis(terms.front());
  std::vector<Tensor> parts;
  std::vector<Tensor> indices;
  for (const Placed& term : terms) {
    parts.push_back(input(term, 0));
    indices.push_back(input(term, 1));
  }
  return scatter_add(concatenate(parts, axis), concatenate(indices, axis),
                     terms.front().whole.shape()[terms.front().placement.axis], axis);
}

bool are_disjoint(const std::vector<Placed>& sorted) {
  return std::all_of(sorted.begin(), sorted.end(), [](const Placed& term) { return term.placement.range.step == 1; }) &&
         std::adjacent_find(sorted.begin(), sorted.end(), [](const Placed& a, const Placed& b) {
           return a.placement.range.start + a.placement.range.count > b.placement.range.start;
         }) == sorted.end();
}

// Stretches one after another, with zeros between them.
Tensor concatenation(const std::vector<Placed>& sorted) {
  const std::size_t axis = sorted.front().placement.axis;
  const Shape& whole = sorted.front().whole.shape();
  std::vector<Tensor> parts;
  const std::int64_t start = sorted.front().placement.range.start;
  std::int64_t end = start;
  for (const Placed& term : sorted) {
    const Range& range = term.placement.range;
    if (range.start > end) {
      parts.push_back(zeros(whole.with(axis, range.start - end), term.whole.dtype()));
    }
    parts.push_back(input(term, 0));
    end = range.start + range.count;
  }
  const std::int64_t signed_axis = static_cast<std::int64_t>(axis);
  return put_range(concatenate(parts, signed_axis), {.start = start, .step = 1, .count = end - start}, whole[axis],
                   axis);
}

// Ranges that meet or jump: as rows by index.
Tensor accumulation(const std::vector<Placed>& terms, std::int64_t count) {
  const std::size_t axis = terms.front().placement.axis;
  std::vector<Tensor> parts;
  std::vector<std::int64_t> rows;
  rows.reserve(static_cast<std::size_t>(count));
  for (const Placed& term : terms) {
    const Range& range = term.placement.range;
    for (std::int64_t i = 0; i < range.count; ++i) {
      rows.push_back(range.start + i * range.step);
    }
    parts.push_back(input(term, 0));
  }
  return take_adjoint(concatenate(parts, signed_axis(terms.front())), from_vector(rows, {count}),
                      terms.front().whole.shape()[axis], signed_axis(terms.front()));
}

Tensor plain_sum(const std::vector<Placed>& terms) {
  Tensor total = terms.front().whole;
  for (std::size_t i = 1; i < terms.size(); ++i) {
    total = total + terms[i].whole;
  }
  return total;
}

Tensor sum_of_ranges(std::vector<Placed> terms) {
  Tensor nothing = terms.front().whole;
  std::erase_if(terms, [](const Placed& term) { return term.placement.range.count == 0; });
  if (terms.empty()) {
    return nothing;
  }
  std::vector<Placed> sorted = terms;
  std::sort(sorted.begin(), sorted.end(),
            [](const Placed& a, const Placed& b) { return a.placement.range.start < b.placement.range.start; });
  if (are_disjoint(sorted)) {
    return concatenation(sorted);
  }
  const std::int64_t count =
      std::accumulate(terms.begin(), terms.end(), std::int64_t{0},
                      [](auto sum, const auto& term) { return sum + term.placement.range.count; });
  // A few large ones are as well added up whole, by vector kernels.
  constexpr std::int64_t worth_it = 4;
  const std::int64_t length = terms.front().whole.shape()[terms.front().placement.axis];
  const bool large =
      static_cast<std::int64_t>(terms.size()) <= worth_it * (length + count) / std::max(length, std::int64_t{1});
  return large ? plain_sum(terms) : accumulation(terms, count);
}

}  // namespace

std::optional<Placed> placed(const Tensor& tensor) {
  const graph::Node* node = tensor.node();
  while (node->operation != nullptr && !node->has_value()) {
    if (const auto* operation = dynamic_cast<const PlacingOperation*>(node->operation.get())) {
      return Placed{graph::handle(node), operation->placement()};
    }
    if (!node->operation->aliases_input() || !node->operation->differentiable()) {
      break;
    }
    node = node->inputs()[0];
  }
  return std::nullopt;
}

Tensor sum_of_placed(const std::vector<Placed>& terms, const Shape& shape) {
  struct Group {
    Shape shape;
    Placement::Kind kind;
    std::size_t axis;
    std::vector<Placed> terms;
  };
  std::vector<Group> groups;
  for (const Placed& term : terms) {
    const auto [kind, axis, range] = term.placement;
    auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& known) {
      return known.kind == kind && known.axis == axis && known.shape == term.whole.shape();
    });
    if (group == groups.end()) {
      groups.push_back({term.whole.shape(), kind, axis, {}});
      group = std::prev(groups.end());
    }
    group->terms.push_back(term);
  }
  Tensor total;
  for (const Group& group : groups) {
    Tensor sum;
    if (group.terms.size() == 1) {
      sum = group.terms.front().whole;
    } else if (group.kind == Placement::Kind::range) {
      sum = sum_of_ranges(group.terms);
    } else {
      sum = group.kind == Placement::Kind::rows ? sum_of_rows(group.terms) : sum_of_elements(group.terms);
    }
    sum = reshape(sum, shape);
    total = total.defined() ? total + sum : sum;
  }
  return total;
}

}  // namespace xgrad::ops
