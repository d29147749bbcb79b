#include "xgrad/parameter.hpp"

#include <fmt/format.h>

#include "xgrad/error.hpp"

#include "graph/cell.hpp"
#include "graph/cell_rules.hpp"
#include "graph/node.hpp"
#include "graph/trace.hpp"

namespace xgrad {

namespace {

Tensor leaf_of(const Tensor& value, const graph::SharedName& name) {
  Tensor leaf = variable(value);
  leaf.node()->name = name->empty() ? nullptr : name;
  return leaf;
}

void require_like(const Tensor& current, const Tensor& value) {
  graph::require_like("parameter", current.shape(), current.dtype(), value,
                      [&current] { return graph::label(current); });
}

}  // namespace

void NamedParameter::set(const Tensor& value) const {
  if (!parameter.defined()) {
    throw ValueError(fmt::format("[parameter] '{}' is set, but it holds nothing", name));
  }
  graph::require_like("parameter", parameter.shape(), parameter.dtype(), value,
                      [this] { return fmt::format("'{}' {}", name, to_string(parameter.shape())); });
  parameter.set(value);
}

Parameter::Parameter(const Tensor& value, std::string name) {
  if (value.defined()) {
    graph::require_untraced(*value.node(), "making a Parameter of a tensor");
  }
  if (name.empty()) {
    name = value.name();
  }
  auto shared_name = graph::SharedName::make(std::move(name));
  Tensor leaf = leaf_of(value, shared_name);
  cell_ = std::make_shared<graph::Cell>(std::move(leaf), std::move(shared_name), true);
}

const Tensor& Parameter::value() const& {
  if (cell_ == nullptr) {
    throw ValueError("[parameter] read, but it holds nothing");
  }
  graph::Trace* trace = graph::Trace::current();
  return trace != nullptr ? trace->read(cell_) : cell_->value;
}

const Tensor& Parameter::held() const {
  if (cell_ == nullptr) {
    throw ValueError("[parameter] read, but it holds nothing");
  }
  return cell_->value;
}

const std::string& Parameter::name() const& {
  static_cast<void>(held());
  return *cell_->name;
}

void Parameter::set(const Tensor& value) const {
  graph::NoWrites::check("Parameter");
  require_like(held(), value);
  if (graph::Trace* trace = graph::Trace::current(); trace != nullptr) {
    trace->write(cell_, value);
    return;
  }
  cell_->value = leaf_of(value, cell_->name);
}

void Parameter::restore(const Tensor& value) const {
  graph::NoWrites::check("Parameter");
  require_like(held(), value);
  if (graph::Trace::current() != nullptr) {
    throw ValueError(fmt::format("[parameter] {} is restored inside a compiled function: set() it to the value instead",
                                 graph::label(held())));
  }
  if (value.node()->operation != nullptr || !value.node()->history) {
    throw ValueError(fmt::format("[parameter] {} can't be restored to {}: expected a value it had before",
                                 graph::label(held()), graph::label(value)));
  }
  cell_->value = value;
}

Parameter Parameter::clone() const {
  return Parameter{value().clone(), name()};
}

}  // namespace xgrad
