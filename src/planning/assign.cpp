#include "xgrad/assign.hpp"

#include <fmt/format.h>

#include "xgrad/error.hpp"

#include "graph/node.hpp"
#include "graph/trace.hpp"
#include "planning/evaluate.hpp"

namespace xgrad {

namespace {

// Of fewer elements a value is written anew sooner than it is found out who holds the old one.
constexpr std::int64_t worth_overwriting = 4096;

void require_like(const Parameter& parameter, const Tensor& value) {
  if (!value.defined()) {
    throw ValueError(fmt::format("[assign] '{}' is given an undefined Tensor", parameter.name()));
  }
  if (value.shape() != parameter.shape()) {
    throw ShapeError(fmt::format("[assign] '{}' is {}, can't be set to {}", parameter.name(),
                                 to_string(parameter.shape()), graph::spoken(value)));
  }
  if (value.dtype() != parameter.dtype()) {
    throw DTypeError(fmt::format("[assign] '{}' is {}, can't be set to {}", parameter.name(),
                                 to_string(parameter.dtype()), to_string(value.dtype())));
  }
}

}  // namespace

// All that may fail comes before the first cell is written: the leaves are made, and empty, before their values are.
void assign(std::vector<Assignment> assignments, std::span<const Tensor> others) {
  for (const Assignment& assignment : assignments) {
    require_like(assignment.parameter, assignment.value);
  }
  if (graph::Trace::current() != nullptr) {
    for (const Assignment& assignment : assignments) {
      assignment.parameter.set(assignment.value);
    }
    return;
  }
  std::vector<Tensor> leaves;
  std::vector<planning::LeafOverwrite> overwrites;
  std::vector<std::size_t> overwrite_of(assignments.size(), 0);
  std::vector<Tensor> wanted;
  leaves.reserve(assignments.size());
  wanted.reserve(assignments.size() + others.size());
  for (std::size_t i = 0; i < assignments.size(); ++i) {
    auto& [parameter, value] = assignments[i];
    const graph::Node& old = *parameter.value().node();
    leaves.push_back(graph::make_leaf(old.shape, old.dtype, {}, true));
    leaves.back().node()->name = old.name;
    if (old.shape.size() >= worth_overwriting && !value.node()->has_value()) {
      overwrites.push_back({value.node(), &old});
      overwrite_of[i] = overwrites.size();
    }
    wanted.push_back(std::move(value));
  }
  wanted.insert(wanted.end(), others.begin(), others.end());
  planning::evaluate(wanted, overwrites);
  for (std::size_t i = 0; i < assignments.size(); ++i) {
    if (overwrite_of[i] == 0 || !overwrites[overwrite_of[i] - 1].done) {
      leaves[i].node()->value = wanted[i].node()->value;
      assignments[i].parameter.restore(leaves[i]);
    }
  }
}

}  // namespace xgrad
