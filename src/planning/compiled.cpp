#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iterator>
#include <unordered_set>

#include "xgrad/compile.hpp"
#include "xgrad/error.hpp"
#include "xgrad/threads.hpp"

#include "graph/cell.hpp"
#include "graph/computed.hpp"
#include "graph/node.hpp"
#include "graph/order.hpp"
#include "graph/pending_states.hpp"
#include "graph/trace.hpp"
#include "planning/algebra.hpp"
#include "planning/build.hpp"
#include "planning/captured.hpp"
#include "planning/compiled_traces.hpp"
#include "planning/describe.hpp"

namespace xgrad::detail {

namespace {

using planning::PlannedOutput;
using planning::TracedPlan;
using planning::Traces;
using From = PlannedOutput::From;

// The one element that the node repeats, or gives more axes; else the node itself.
const graph::Node* spread_element(const graph::Node* node) {
  const graph::Node* source = node;
  while (planning::algebra_of(*source) == Algebra::broadcast_to || planning::algebra_of(*source) == Algebra::reshape) {
    source = source->inputs()[0];
  }
  return source->shape.size() == 1 ? source : node;
}

// What doesn't depend on arguments or parameters is computed now, for good. But not a number as an array, where
// element-wise operations take it as a number: the array would be read at every call, and hide that it is a 1.
void compute_constants(std::span<const Tensor> outputs) {
  std::vector<const graph::Node*> roots;
  std::transform(outputs.begin(), outputs.end(), std::back_inserter(roots),
                 [](const Tensor& output) { return output.node(); });
  const graph::Order order = graph::topological_order(roots, graph::Boundary::values);
  std::vector<Tensor> constants;
  const auto take = [&constants](const graph::Node* node) {
    if (!node->traced && !node->has_value()) {
      constants.push_back(graph::handle(node));
    }
  };
  for (const graph::Node* node : order.nodes) {
    if (!node->traced) {
      continue;
    }
    const bool broadcasts = node->operation->elementwise() != nullptr;
    for (const graph::Node* input : node->inputs()) {
      take(broadcasts && !input->traced ? spread_element(input) : input);
    }
  }
  std::for_each(roots.begin(), roots.end(), take);
  eval(constants);
}

// A placeholder of another trace has got in if the function kept a tensor of that one.
void require_own_leaves(const planning::Request& request) {
  std::vector<const graph::Node*> roots;
  std::transform(request.outputs.begin(), request.outputs.end(), std::back_inserter(roots),
                 [](const Tensor& output) { return output.node(); });
  const graph::Order order = graph::topological_order(roots, graph::Boundary::values);
  const std::unordered_set<const graph::Node*> own{request.leaves.begin(), request.leaves.end()};
  const auto require_own = [&](const graph::Node* node) {
    const bool placeholder = node->traced && node->operation == nullptr;
    if (placeholder && !own.contains(node)) {
      throw ValueError(
          "[compile] the function uses a tensor that it made in an earlier trace: that has no value; pass what is kept "
          "between calls as an argument, or keep it in a Parameter or a State");
    }
  };
  for (const graph::Node* node : order.nodes) {
    std::for_each(node->inputs().begin(), node->inputs().end(), require_own);
  }
  std::for_each(roots.begin(), roots.end(), require_own);
}

TracedPlan trace_function(std::span<const Tensor> arguments, const Traced& traced, const PlanOptions& options) {
  TracedPlan result;
  result.threads = threads();
  planning::Request request;
  std::vector<Tensor> placeholders;
  std::vector<Tensor> parameters;
  std::vector<Tensor> locals;
  {
    graph::Trace trace;
    for (const Tensor& argument : arguments) {
      result.arguments.push_back({argument.shape(), argument.dtype()});
      placeholders.push_back(graph::Trace::placeholder(argument, false));
    }
    result.form = traced.trace(traced.context, placeholders, request.outputs);
    for (const Tensor& output : request.outputs) {
      if (!output.defined()) {
        throw ValueError("[compile] the function returned an undefined Tensor");
      }
      result.results.push_back({output.shape(), output.dtype()});
    }
    request.over_leaf.assign(request.outputs.size(), planning::Request::no_leaf);
    for (const auto& access : trace.accesses()) {
      if (access->cell.use_count() == 1) {  // made inside the function, and gone: every call has its own
        if (access->placeholder.defined()) {
          graph::Node& node = *access->placeholder.node();
          node.value = access->cell->value.node()->value;
          node.traced = false;
          locals.push_back(access->placeholder);
        }
        continue;
      }
      if (access->placeholder.defined()) {
        parameters.push_back(access->placeholder);
        result.read.emplace_back(access->cell);
      }
      if (access->written) {
        request.outputs.push_back(access->value);
        const bool read = access->placeholder.defined();
        request.over_leaf.push_back(read ? static_cast<std::uint32_t>(arguments.size() + result.read.size() - 1)
                                         : planning::Request::no_leaf);
        result.written.emplace_back(access->cell);
        result.writes_states = result.writes_states || !access->cell->trained;
      }
    }
  }
  for (const auto* list : {&placeholders, &parameters}) {
    std::transform(list->begin(), list->end(), std::back_inserter(request.leaves),
                   [](const Tensor& leaf) { return leaf.node(); });
  }
  request.outputs = graph::as_computed(request.outputs, graph::Boundary::values);
  require_own_leaves(request);
  result.constants = planning::captured_constants(request.outputs);
  compute_constants(request.outputs);
  request.options = options;
  request.facts.constants_fixed = true;
  result.planned = planning::build(request);
  result.buffers.resize(request.outputs.size());
  result.leaves.resize(request.outputs.size());
  result.shares = std::any_of(result.planned.outputs.begin(), result.planned.outputs.end(),
                              [](const PlannedOutput& output) { return output.from != From::memory; });
  return result;
}

// Of an output that has its memory: its own, or the cell's that it was written over.
memory::Buffer value_of(const TracedPlan& trace, std::uint32_t output) {
  return trace.buffers[output] ? trace.buffers[output]
                               : trace.written[output - trace.results.size()]->value.node()->value;
}

/// Empties the buffers and leaves of a run, also after an error.
class RunGuard {
 public:
  explicit RunGuard(TracedPlan& trace) noexcept : trace_{trace} {}
  RunGuard(const RunGuard&) = delete;
  RunGuard& operator=(const RunGuard&) = delete;
  ~RunGuard() {
    std::fill(trace_.buffers.begin(), trace_.buffers.end(), memory::Buffer{});
    std::fill(trace_.leaves.begin(), trace_.leaves.end(), Tensor{});
  }

 private:
  TracedPlan& trace_;
};

// The leaves that the outputs become, without values yet: once the plan runs, nothing may fail any more for want of
// memory. What is written in place needs none.
void make_leaves(TracedPlan& trace) {
  const std::size_t result_count = trace.results.size();
  for (std::size_t i = 0; i < trace.buffers.size(); ++i) {
    if (i < result_count) {
      trace.leaves[i] = graph::make_leaf(trace.results[i].shape, trace.results[i].dtype, {});
    } else if (trace.planned.outputs[i].from != From::memory || trace.buffers[i]) {
      const graph::Node& old = *trace.written[i - result_count]->value.node();
      const bool trained = trace.written[i - result_count]->trained;
      trace.leaves[i] = graph::make_leaf(old.shape, old.dtype, {}, trained);
      trace.leaves[i].node()->name = old.name;
      trace.leaves[i].node()->of_state = !trained;
    }
  }
}

std::string spoken(const graph::Cell& cell) {
  if (cell.name->empty()) {
    return cell.trained ? "a parameter" : "a state";
  }
  return fmt::format("'{}'", *cell.name);
}

// The function isn't looked at again once it is traced. What it captures by reference may be another model or optimiser
// by now: that shows where the cells of the one before are held by traces only.
[[noreturn]] void throw_abandoned(const graph::KeptCell& cell) {
  throw ValueError(
      fmt::format("[compile] {} {}, which the function used when it was traced, is held by no model or optimiser any "
                  "more: what the function captures was replaced or destroyed; call clear(), and the next call traces "
                  "what is captured then",
                  spoken(*cell.shared()), to_string(cell->value.shape())));
}

inline void require_held(const graph::KeptCell& cell) {
  if (cell.is_abandoned()) [[unlikely]] {
    throw_abandoned(cell);
  }
}

// Makes sure that there is a value.
const void* value_in(const Tensor& tensor) {
  if (!tensor.node()->has_value()) [[unlikely]] {
    tensor.eval();
  }
  return tensor.node()->value.data();
}

// Arguments and states may be pending.
void point_inputs(TracedPlan& trace, std::span<const Tensor> arguments) {
  run::Plan& plan = *trace.planned.plan;
  const auto& slots = trace.planned.leaf_slots;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    plan.point(slots[i], value_in(arguments[i]));
  }
  for (std::size_t i = 0; i < trace.read.size(); ++i) {
    require_held(trace.read[i]);
    plan.point(slots[arguments.size() + i], value_in(trace.read[i]->value));
  }
}

// States may be guarded.
void prepare_written(const TracedPlan& trace) {
  for (const graph::KeptCell& cell : trace.written) {
    require_held(cell);
  }
  if (trace.writes_states && graph::StateGuard::any()) {
    for (const graph::KeptCell& cell : trace.written) {
      if (!cell->trained) {
        graph::before_write(cell.shared());
      }
    }
  }
}

// Gives every output memory: that of the cell which it is for, where that may be overwritten.
void point_outputs(TracedPlan& trace) {
  run::Plan& plan = *trace.planned.plan;
  const std::size_t result_count = trace.results.size();
  for (std::size_t i = 0; i < trace.buffers.size(); ++i) {
    const PlannedOutput& output = trace.planned.outputs[i];
    if (output.from != From::memory) {
      continue;
    }
    if (i < result_count) {
      trace.buffers[i] = memory::Buffer::allocate(trace.results[i].shape, trace.results[i].dtype);
    } else {
      const graph::Node& old = *trace.written[i - result_count]->value.node();
      if (output.may_overwrite && old.held_once() && old.value.unique()) {
        plan.point(output.slot, old.value.data());
        continue;
      }
      trace.buffers[i] = memory::Buffer::allocate(old.shape, old.dtype);
    }
    plan.point(output.slot, trace.buffers[i].data());
  }
}

// The outputs that are somebody else's memory.
void share_values(TracedPlan& trace, std::span<const Tensor> arguments) {
  for (std::size_t i = 0; i < trace.buffers.size(); ++i) {
    const PlannedOutput& output = trace.planned.outputs[i];
    switch (output.from) {
      case From::memory:
        break;
      case From::leaf:
        trace.buffers[i] = output.index < arguments.size()
                               ? arguments[output.index].node()->value
                               : trace.read[output.index - arguments.size()]->value.node()->value;
        break;
      case From::constant:
        trace.buffers[i] = trace.planned.plan->constants[output.index].second;
        break;
      case From::output:
        trace.buffers[i] = value_of(trace, output.index);
        break;
    }
  }
}

}  // namespace

struct CompiledCore::State {
  PlanOptions options;
  Traces traces;
  bool profiling = false;
};

CompiledCore::CompiledCore(const PlanOptions& options) : state_{std::make_unique<State>()} {
  state_->options = options;
}
CompiledCore::CompiledCore(CompiledCore&&) noexcept = default;
CompiledCore& CompiledCore::operator=(CompiledCore&&) noexcept = default;
CompiledCore::~CompiledCore() = default;

namespace {

// A line for each state that is read or written.
std::vector<std::string> states_of(const TracedPlan& trace) {
  std::vector<std::string> lines;
  const auto is_same_as = [](const graph::KeptCell& cell) {
    return [&cell](const graph::KeptCell& other) { return other.shared() == cell.shared(); };
  };
  const auto add = [&lines](const graph::KeptCell& cell, std::string_view access) {
    if (!cell->trained) {
      lines.push_back(fmt::format("{}{} {}, {}", cell->name->empty() ? "" : fmt::format("'{}' ", *cell->name),
                                  to_string(cell->value.shape()), to_string(cell->value.dtype()), access));
    }
  };
  for (const graph::KeptCell& cell : trace.read) {
    const bool written = std::any_of(trace.written.begin(), trace.written.end(), is_same_as(cell));
    add(cell, written ? "read and written" : "read");
  }
  for (const graph::KeptCell& cell : trace.written) {
    if (std::none_of(trace.read.begin(), trace.read.end(), is_same_as(cell))) {
      add(cell, "written");
    }
  }
  return lines;
}

void require_state(const void* state) {
  if (state == nullptr) {
    throw ValueError("[compile] this compiled function was moved from: call the one that it was moved to");
  }
}

}  // namespace

bool tracing() noexcept {
  return graph::Trace::current() != nullptr;
}

void CompiledCore::select(std::span<const Tensor> arguments, const Traced& traced) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!arguments[i].defined()) {
      throw ValueError(fmt::format("[compile] argument {} is an undefined Tensor", i));
    }
  }
  require_state(state_.get());
  State& state = *state_;
  if (state.traces.find(arguments) != nullptr) {
    return;
  }
  const PlanScope scope{state.options};
  TracedPlan trace = trace_function(arguments, traced, state.options);
  trace.planned.plan->set_profiling(state.profiling);
  state.traces.add(std::move(trace), arguments);
}

const void* CompiledCore::form() const noexcept {
  return state_->traces.latest()->form.get();
}

std::size_t CompiledCore::result_count() const noexcept {
  return state_->traces.latest()->results.size();
}

void CompiledCore::run(std::span<const Tensor> arguments, std::span<Tensor> results) {
  TracedPlan& trace = *state_->traces.latest();
  if (trace.planned.running) {
    throw ValueError("[compile] a compiled function is called while it runs, by an operation of its own");
  }
  const planning::RunningGuard running{trace.planned};  // also keeps the trace
  point_inputs(trace, arguments);
  prepare_written(trace);
  run::Plan& plan = *trace.planned.plan;
  const RunGuard guard{trace};
  point_outputs(trace);
  make_leaves(trace);
  if (state_->options.measure_products) {
    plan.run();
  } else {
    const PlanScope scope{state_->options};
    plan.run();
  }
  if (trace.shares) {
    share_values(trace, arguments);
  }
  const std::size_t result_count = trace.results.size();
  for (std::size_t i = 0; i < result_count; ++i) {
    trace.leaves[i].node()->value = std::move(trace.buffers[i]);
    results[i] = std::move(trace.leaves[i]);
  }
  for (std::size_t i = result_count; i < trace.buffers.size(); ++i) {
    if (!trace.buffers[i]) {
      continue;  // it was written in place
    }
    trace.leaves[i].node()->value = std::move(trace.buffers[i]);
    trace.written[i - result_count]->settle(std::move(trace.leaves[i]));
  }
}

std::size_t CompiledCore::trace_count() const noexcept {
  return state_ == nullptr ? 0 : state_->traces.size();
}

void CompiledCore::clear() {
  require_state(state_.get());
  state_->traces.clear();
}

std::string CompiledCore::describe() const {
  if (trace_count() == 0) {
    return "";
  }
  const TracedPlan& trace = *state_->traces.latest();
  std::string text = planning::describe(*trace.planned.plan);
  if (const std::vector<std::string> states = states_of(trace); !states.empty()) {
    text += fmt::format("states:\n  {}\n", fmt::join(states, "\n  "));
  }
  if (!trace.constants.empty()) {
    text += fmt::format("constants, as they were when this was traced:\n  {}\n", fmt::join(trace.constants, "\n  "));
  }
  return text;
}

void CompiledCore::set_profiling(bool on) {
  require_state(state_.get());
  state_->profiling = on;
  state_->traces.set_profiling(on);
}

std::string CompiledCore::profile() const {
  return trace_count() == 0 ? "" : planning::profile(*state_->traces.latest()->planned.plan);
}

}  // namespace xgrad::detail
