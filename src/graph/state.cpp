#include "xgrad/state.hpp"

#include <fmt/format.h>
#include <utility>

#include "xgrad/error.hpp"

#include "graph/cell.hpp"
#include "graph/cell_rules.hpp"
#include "graph/node.hpp"
#include "graph/pending_states.hpp"
#include "graph/trace.hpp"

namespace xgrad {

namespace {

// Values that build on each other without being evaluated.
constexpr int most_unevaluated_sets = 64;

Tensor state_leaf(const Tensor& evaluated, const graph::SharedName& name) {
  const graph::Node& node = *evaluated.node();
  Tensor leaf = graph::make_leaf(node.shape, node.dtype, node.value);
  leaf.node()->name = name->empty() ? nullptr : name;
  leaf.node()->of_state = true;
  return leaf;
}

}  // namespace

void NamedState::set(const Tensor& value) const {
  if (!state.defined()) {
    throw ValueError(fmt::format("[state] '{}' is set, but it holds nothing", name));
  }
  graph::require_like("state", state.shape(), state.dtype(), value,
                      [this] { return fmt::format("'{}' {}", name, to_string(state.shape())); });
  state.set(value);
}

State::State(const Tensor& value, std::string name) {
  if (!value.defined()) {
    throw ValueError("[state] made of an undefined Tensor");
  }
  graph::require_untraced(*value.node(), "making a State of a tensor");
  if (name.empty()) {
    name = value.name();
  }
  auto shared_name = graph::SharedName::make(std::move(name));
  Tensor leaf = state_leaf(value.eval(), shared_name);
  cell_ = std::make_shared<graph::Cell>(std::move(leaf), std::move(shared_name), false);
}

State State::of_cell(std::shared_ptr<graph::Cell> cell) noexcept {
  State state;
  state.cell_ = std::move(cell);
  return state;
}

const Tensor& State::value() const& {
  const Tensor& outside = held();
  graph::Trace* trace = graph::Trace::current();
  return trace != nullptr ? trace->read(cell_) : outside;
}

const Tensor& State::held() const {
  if (cell_ == nullptr) {
    throw ValueError("[state] read, but it holds nothing");
  }
  return cell_->value;
}

const std::string& State::name() const& {
  static_cast<void>(held());
  return *cell_->name;
}

void State::set(const Tensor& value) const {
  graph::NoWrites::check("State");
  graph::require_like("state", held().shape(), held().dtype(), value, [this] { return graph::label(held()); });
  if (graph::Trace* trace = graph::Trace::current(); trace != nullptr) {
    trace->write(cell_, value);
    return;
  }
  graph::require_untraced(*value.node(), "setting a State to a tensor");
  graph::PendingStates* pending = graph::PendingStates::here();
  if (pending == nullptr) {  // the thread ends: there may be no later evaluation
    value.eval();
  }
  if (value.evaluated()) {
    Tensor leaf = state_leaf(value, cell_->name);
    graph::before_write(cell_);
    cell_->settle(std::move(leaf));
    return;
  }
  Tensor next = graph::alias_of(value, false);
  next.node()->name = held().node()->name;
  next.node()->of_state = true;
  pending->add(cell_);
  graph::before_write(cell_);
  if (held().evaluated()) {
    cell_->settle(cell_->value);
    cell_->settled = cell_->value;
  }
  cell_->value = std::move(next);
  if (++cell_->unevaluated_sets >= most_unevaluated_sets) {
    cell_->value.eval();
  }
}

State State::clone() const {
  if (graph::Trace* trace = graph::Trace::current(); trace != nullptr) {
    // Its value outside is never seen: it is written before it is read.
    auto cell = std::make_shared<graph::Cell>(
        state_leaf(cell_->settled.defined() ? cell_->settled : held(), cell_->name), cell_->name, false);
    trace->write(cell, value());
    return of_cell(std::move(cell));
  }
  return State{value().clone(), name()};
}

}  // namespace xgrad
