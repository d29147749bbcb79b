#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <iterator>

#include "xgrad/error.hpp"
#include "xgrad/operation.hpp"

#include "graph/node.hpp"
#include "memory/buffer.hpp"

namespace xgrad {

Operation::~Operation() = default;

std::vector<Tensor> Operation::vjp(const Call& /*call*/, const Tensor& /*cotangent*/) const {
  throw ValueError(fmt::format("[{}] has no derivative: its operation doesn't define vjp", name()));
}

StableForm Operation::stable_form(std::span<const Tensor> /*inputs*/) const {
  return {};
}

std::optional<Arrangement> Operation::arrangement(const Shape& /*input*/) const {
  return std::nullopt;
}

void WorkspaceOperation::evaluate(std::span<const ConstArray> inputs, const Array& output) const {
  std::vector<Signature> signatures;
  signatures.reserve(inputs.size());
  std::transform(inputs.begin(), inputs.end(), std::back_inserter(signatures), [](const ConstArray& input) {
    return Signature{input.shape, input.dtype};
  });
  const std::size_t bytes = workspace_bytes(signatures, {output.shape, output.dtype});
  const memory::Buffer buffer = memory::Buffer::allocate(Shape{static_cast<std::int64_t>(bytes)}, boolean);
  evaluate_in({static_cast<std::byte*>(bytes == 0 ? nullptr : buffer.data()), bytes}, inputs, output);
}

namespace {

// The result is the first input's memory.
void require_alias(const Operation& operation, std::span<const Tensor> inputs, const Signature& signature) {
  if (inputs.empty() || inputs[0].size() != signature.shape.size() || inputs[0].dtype() != signature.dtype) {
    throw ValueError(fmt::format(
        "[{}] aliases its input, so its result must have as many elements of the same dtype: {} {} is no such view of "
        "{}",
        operation.name(), to_string(signature.dtype), to_string(signature.shape),
        inputs.empty() ? "nothing" : fmt::format("{} {}", to_string(inputs[0].dtype()), graph::label(inputs[0]))));
  }
}

}  // namespace

Tensor graph::apply_as_written(std::shared_ptr<const Operation> operation, std::span<const Tensor> inputs) {
  if (operation == nullptr) {
    throw ValueError("[apply] of no operation: the pointer is null");
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].defined()) {
      throw ValueError(fmt::format("[{}] input {} is an undefined Tensor", operation->name(), i));
    }
  }
  if (const unsigned expected = operation->input_count(); expected != 0 && inputs.size() != expected) {
    throw ValueError(fmt::format("[{}] is called with {} tensor{}; it takes {}, by its input_count()",
                                 operation->name(), inputs.size(), inputs.size() == 1 ? "" : "s", expected));
  }
  const Signature signature = operation->infer(inputs);
  if (operation->aliases_input()) {
    require_alias(*operation, inputs, signature);
  }
  auto node = std::make_unique<graph::Node>();
  node->counts.store(graph::Node::one_handle, std::memory_order_relaxed);
  node->shape = signature.shape;
  node->dtype = signature.dtype;
  node->scope = graph::current_scope();
  graph::Node** links = node->make_inputs(inputs.size()).data();
  for (const Tensor& input : inputs) {
    graph::Node* target = input.node();
    target->counts.fetch_add(graph::Node::one_reference, std::memory_order_relaxed);
    *links++ = target;
    node->history = node->history || target->history;
    node->traced = node->traced || target->traced;
    node->time = std::max(node->time, target->time);
  }
  node->time = graph::next_time(node->time);
  node->history = node->history && is_floating(signature.dtype) && operation->differentiable();
  node->operation = std::move(operation);
  return Tensor::adopt(node.release());
}

namespace {

// An operation's form is checked where it is made, not where its value fails later.
std::unique_ptr<const graph::Form> checked_form(const Operation& operation, const Tensor& call,
                                                const StableForm& form) {
  if (form.result.shape() != call.shape() || form.result.dtype() != call.dtype()) {
    throw ValueError(fmt::format("[{}] stable_form gave {} {} for a result {} {}", operation.name(),
                                 to_string(form.result.dtype()), to_string(form.result.shape()),
                                 to_string(call.dtype()), to_string(call.shape())));
  }
  auto checked = std::make_unique<graph::Form>();
  for (const Tensor& tensor : form.around) {
    checked->around.push_back(tensor.node());
  }
  graph::Node* node = form.result.node();
  // Of a form with other users, the call's own cotangent can't be told from theirs.
  if (!node->held_once()) {
    checked->around.push_back(call.node());
  }
  std::sort(checked->around.begin(), checked->around.end(), std::less<>{});
  node->counts.fetch_add(graph::Node::one_reference, std::memory_order_relaxed);
  checked->node = node;
  return checked;
}

}  // namespace

Tensor apply(std::shared_ptr<const Operation> operation, std::span<const Tensor> inputs) {
  const Operation* called = operation.get();
  Tensor call = graph::apply_as_written(std::move(operation), inputs);
  if (const StableForm form = called->stable_form(inputs); form.result.defined()) {
    call.node()->form = checked_form(*called, call, form);
  }
  return call;
}

Tensor apply(std::shared_ptr<const Operation> operation, std::initializer_list<Tensor> inputs) {
  return apply(std::move(operation), std::span{inputs.begin(), inputs.size()});
}

}  // namespace xgrad
