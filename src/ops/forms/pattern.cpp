#include "ops/forms/pattern.hpp"

#include <algorithm>
#include <variant>

#include "graph/identity.hpp"
#include "graph/values.hpp"
#include "ops/recognise.hpp"

namespace xgrad::ops {

const graph::Node* Pattern::call(const Tensor& x, Is is) {
  const graph::Node* node = computed(x.node());
  if (node->operation == nullptr || !is(*node->operation)) {
    return nullptr;
  }
  for (const graph::Node* each = x.node(); each != node; each = each->form->node) {
    around_.push_back(graph::handle(each));
    for (const graph::Node* behind : each->form->around) {
      around_.push_back(graph::handle(behind));
    }
  }
  around_.push_back(graph::handle(node));
  return node;
}

std::optional<double> number_of(const graph::Node& x) {
  const bool is_constant = x.operation == nullptr && x.has_value() && !x.history && !x.of_state &&
                           x.shape.rank() == 0 && is_floating(x.dtype);
  return is_constant ? std::optional{graph::element_of(x, 0)} : std::nullopt;
}

bool Pattern::is_number(const Tensor& x) {
  const bool found = number_of(*x.node()).has_value();
  if (found) {
    around_.push_back(x);
  }
  return found;
}

bool Pattern::is_number(const Tensor& x, double number) {
  const bool found = number_of(*x.node()) == number;
  if (found) {
    around_.push_back(x);
  }
  return found;
}

Tensor Pattern::argument(const Tensor& x, Is is) {
  const graph::Node* found = call(x, is);
  return found == nullptr ? Tensor{} : input(*found, 0);
}

Tensor Pattern::beside_one(const Tensor& x) {
  const graph::Node* sum = call(x, is_add);
  if (sum == nullptr) {
    return {};
  }
  if (is_number(input(*sum, 0), 1)) {
    return input(*sum, 1);
  }
  return is_number(input(*sum, 1), 1) ? input(*sum, 0) : Tensor{};
}

Tensor Pattern::taken_from_one(const Tensor& x) {
  const graph::Node* difference = call(x, is_sub);
  return difference != nullptr && is_number(input(*difference, 0), 1) ? input(*difference, 1) : Tensor{};
}

namespace {

bool same_nodes(const graph::Node* a, const graph::Node* b, int steps) {
  a = computed(a);
  b = computed(b);
  if (a == b) {
    return true;
  }
  return steps > 0 && a->operation != nullptr && b->operation != nullptr && a->input_count > 0 &&
         graph::OperationIdentity::of(*a->operation) == graph::OperationIdentity::of(*b->operation) &&
         std::equal(a->inputs().begin(), a->inputs().end(), b->inputs().begin(), b->inputs().end(),
                    [steps](const graph::Node* x, const graph::Node* y) { return same_nodes(x, y, steps - 1); });
}

}  // namespace

bool same(const Tensor& a, const Tensor& b) {
  constexpr int most_steps = 6;
  return same_nodes(a.node(), b.node(), most_steps);
}

std::vector<std::int64_t> axes_of(const Operation& operation) {
  for (const Attribute& attribute : operation.attributes()) {
    if (attribute.name == "axes") {
      return std::get<std::vector<std::int64_t>>(attribute.value);
    }
  }
  return {};
}

bool keeps_dims(const Operation& operation) {
  for (const Attribute& attribute : operation.attributes()) {
    if (attribute.name == "keep_dims") {
      return std::get<bool>(attribute.value);
    }
  }
  return false;
}

}  // namespace xgrad::ops
