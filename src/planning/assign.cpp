#include "xgrad/assign.hpp"

#include <fmt/format.h>

#include "xgrad/error.hpp"

#include "graph/cell.hpp"
#include "graph/node.hpp"
#include "graph/pending_states.hpp"
#include "graph/trace.hpp"
#include "planning/eval.hpp"

namespace xgrad {

namespace {

// Of fewer elements a value is written anew sooner than it is found out who holds the old one.
constexpr std::int64_t worth_overwriting = 4096;

const std::shared_ptr<graph::Cell>& cell_of(const Assignment& assignment) {
  const auto& cell = assignment.parameter.defined() ? assignment.parameter.cell() : assignment.state.cell();
  if (cell == nullptr) {
    throw ValueError("[assign] to a Parameter or State that holds nothing");
  }
  return cell;
}

void require_like(const graph::Cell& cell, const Tensor& value) {
  const std::string& name = *cell.name;
  if (!value.defined()) {
    throw ValueError(fmt::format("[assign] '{}' is given an undefined Tensor", name));
  }
  if (value.shape() != cell.value.shape()) {
    throw ShapeError(fmt::format("[assign] '{}' is {}, can't be set to {}", name, to_string(cell.value.shape()),
                                 graph::label(value)));
  }
  if (value.dtype() != cell.value.dtype()) {
    throw DTypeError(fmt::format("[assign] '{}' is {}, can't be set to {}", name, to_string(cell.value.dtype()),
                                 to_string(value.dtype())));
  }
}

}  // namespace

// All that may fail comes before the first cell is written: the leaves are made, and empty, before their values are.
void assign(std::vector<Assignment> assignments, std::span<const Tensor> others) {
  for (const Assignment& assignment : assignments) {
    require_like(*cell_of(assignment), assignment.value);
  }
  if (graph::Trace* trace = graph::Trace::current(); trace != nullptr) {
    for (const Assignment& assignment : assignments) {
      trace->write(cell_of(assignment), assignment.value);
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
    const std::shared_ptr<graph::Cell>& cell = cell_of(assignments[i]);
    if (!cell->trained) {
      graph::before_write(cell);
    }
    Tensor& value = assignments[i].value;
    const graph::Node& old = *cell->value.node();
    leaves.push_back(graph::make_leaf(old.shape, old.dtype, {}, cell->trained));
    leaves.back().node()->name = old.name;
    leaves.back().node()->of_state = !cell->trained;
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
      cell_of(assignments[i])->settle(std::move(leaves[i]));
    }
  }
}

}  // namespace xgrad
