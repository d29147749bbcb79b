#include "graph/trace.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "xgrad/error.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/parameter.hpp"

#include "memory/thread_store.hpp"

namespace xgrad::graph {

namespace {

constinit XGRAD_STATIC_TLS thread_local Trace* current_trace = nullptr;
constinit XGRAD_STATIC_TLS thread_local const char* unwritable = nullptr;  // the operation, while a NoWrites lives

// x itself. Not differentiable: to a derivative it is a leaf.
class BindOperation final : public Operation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "bind"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::bind; }
  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    return {inputs[0].shape(), inputs[0].dtype()};
  }
  [[nodiscard]] bool differentiable() const noexcept override { return false; }
  [[nodiscard]] bool aliases_input() const noexcept override { return true; }
  void evaluate(std::span<const ConstArray> /*inputs*/, const Array& /*output*/) const override {}
};

}  // namespace

Trace::Trace() {
  if (current_trace != nullptr) {
    throw ValueError("[compile] a trace is under way on this thread");
  }
  current_trace = this;
}

Trace::~Trace() {
  current_trace = nullptr;
}

Trace* Trace::current() noexcept {
  return current_trace;
}

Tensor Trace::placeholder(const Tensor& like, bool history) {
  Tensor result = make_leaf(like.shape(), like.dtype(), {}, history);
  result.node()->traced = true;
  result.node()->name = like.node()->name;
  return result;
}

Trace::Access& Trace::access(const std::shared_ptr<Cell>& cell) {
  Access*& known = by_cell_[cell.get()];
  if (known == nullptr) {
    accesses_.push_back(std::make_unique<Access>(Access{cell, {}, {}, false}));
    known = accesses_.back().get();
  }
  return *known;
}

const Tensor& Trace::read(const std::shared_ptr<Cell>& cell) {
  Access& found = access(cell);
  if (!found.value.defined()) {
    found.placeholder = placeholder(cell->value, cell->trained);
    found.placeholder.node()->of_state = !cell->trained;
    found.value = found.placeholder;
  }
  return found.value;
}

void Trace::write(const std::shared_ptr<Cell>& cell, const Tensor& value) {
  Access& found = access(cell);
  found.value = alias_of(value, cell->trained);
  found.value.node()->name = cell->value.node()->name;
  found.value.node()->of_state = !cell->trained;
  found.written = true;
}

NoWrites::NoWrites(const char* operation) noexcept : outer_{std::exchange(unwritable, operation)} {}

NoWrites::~NoWrites() {
  unwritable = outer_;
}

void NoWrites::check(const char* kind) {
  if (unwritable != nullptr) {
    throw ValueError(
        fmt::format("[{}] the step sets a {}, as a draw of random numbers does: it is traced once for all steps; do it "
                    "before, and pass what the steps need as a sequence",
                    unwritable, kind));
  }
}

void require_untraced(const Node& node, std::string_view what) {
  if (!node.traced) {
    return;
  }
  const std::string name = node.name ? fmt::format(" of '{}'", *node.name) : "";
  if (Trace::current() != nullptr) {
    throw ValueError(
        fmt::format("[compile] {}{} inside a compiled function: while it is traced nothing has a value; return the "
                    "tensor and read it outside",
                    what, name));
  }
  throw ValueError(
      fmt::format("[{}]{} of a tensor made while a function was compiled: it has no value; let the function return it",
                  what, name));
}

Tensor alias_of(const Tensor& tensor, bool history) {
  static const auto operation = std::make_shared<const BindOperation>();
  Tensor result = apply(operation, {tensor});
  result.node()->history = history && is_floating(tensor.dtype());
  return result;
}

}  // namespace xgrad::graph

namespace xgrad::detail {

Untraced::Untraced() noexcept : trace_{std::exchange(graph::current_trace, nullptr)} {}

Untraced::~Untraced() {
  graph::current_trace = static_cast<graph::Trace*>(trace_);
}

}  // namespace xgrad::detail
