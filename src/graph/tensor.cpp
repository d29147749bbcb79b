#include "xgrad/tensor.hpp"

#include <cstring>
#include <fmt/format.h>

#include "xgrad/error.hpp"

#include "graph/node.hpp"
#include "graph/trace.hpp"
#include "graph/values.hpp"

namespace xgrad {

namespace {

graph::Node& checked(graph::Node* node, const char* what) {
  if (node == nullptr) {
    throw ValueError(fmt::format("[{}] of an undefined Tensor", what));
  }
  return *node;
}

}  // namespace

const Shape& Tensor::shape() const& {
  return checked(node_, "shape").shape;
}

DType Tensor::dtype() const {
  return checked(node_, "dtype").dtype;
}

std::int64_t Tensor::dim(std::int64_t axis) const {
  const auto end = static_cast<std::int64_t>(rank());
  if (axis < -end || axis >= end) {
    throw ShapeError(fmt::format("[dim] axis {} of {}; expected {}", axis, graph::label(*this),
                                 end == 0 ? "none: a scalar has no axes" : fmt::format("{} to {}", -end, end - 1)));
  }
  return shape()[normalize_axis(axis, rank(), "dim")];
}

const Tensor& Tensor::named(std::string name) const& {
  checked(node_, "named").name = graph::SharedName::make(std::move(name));
  return *this;
}

std::string Tensor::name() const {
  const graph::Node& node = checked(node_, "name");
  return node.name ? *node.name : std::string{};
}

bool Tensor::evaluated() const {
  return checked(node_, "evaluated").has_value();
}

bool Tensor::has_history() const {
  return checked(node_, "has_history").history;
}

double Tensor::item() const {
  if (size() != 1) {
    throw ShapeError(fmt::format("[item] {} has {} elements, not one", graph::label(*this), size()));
  }
  graph::require_untraced(*node_, "item()");
  eval();
  return graph::element_of(*node_, 0);
}

const void* Tensor::raw_data(DType wanted) const {
  if (dtype() != wanted) {
    throw DTypeError(
        fmt::format("[data] {} is {}, read as {}", graph::label(*this), to_string(dtype()), to_string(wanted)));
  }
  graph::require_untraced(*node_, "reading the elements");
  eval();
  return node_->value.data();
}

Tensor Tensor::detach() const {
  if (checked(node_, "detach").traced) {
    return graph::alias_of(*this, false);
  }
  eval();
  Tensor result = graph::make_leaf(node_->shape, node_->dtype, node_->value);
  result.node()->name = node_->name;
  return result;
}

Tensor Tensor::clone() const {
  if (checked(node_, "clone").traced) {
    return graph::alias_of(*this, false);
  }
  eval();
  auto [result, array] = graph::make_uninitialised(node_->shape, node_->dtype);
  std::memcpy(array.data, node_->value.data(), static_cast<std::size_t>(size()) * size_of(dtype()));
  return result;
}

Tensor variable(const Tensor& value) {
  value.eval();
  const graph::Node& node = checked(value.node(), "variable");
  if (!is_floating(node.dtype)) {
    throw DTypeError(fmt::format("[variable] {} is {}; only floating tensors have gradients", graph::label(value),
                                 to_string(node.dtype)));
  }
  Tensor result =
      node.traced ? graph::alias_of(value, true) : graph::make_leaf(node.shape, node.dtype, node.value, true);
  result.node()->name = node.name;
  return result;
}

}  // namespace xgrad
