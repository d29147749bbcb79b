#include <algorithm>
#include <deque>
#include <fmt/format.h>
#include <iterator>
#include <unordered_set>

#include "xgrad/compile.hpp"
#include "xgrad/error.hpp"
#include "xgrad/threads.hpp"

#include "compile/build.hpp"
#include "compile/describe.hpp"
#include "compile/kind.hpp"
#include "graph/cell.hpp"
#include "graph/computed.hpp"
#include "graph/node.hpp"
#include "graph/order.hpp"
#include "graph/trace.hpp"

namespace xgrad::detail {

namespace {

using planning::Planned;
using planning::PlannedOutput;
using From = PlannedOutput::From;

struct Argument {
  Shape shape;
  DType dtype;
};

/// What one trace of the function became. The leaves of the plan are the arguments, then the cells that are read; its
/// outputs the results, then what is written to cells.
struct TracedPlan {
  std::vector<Argument> arguments;
  int threads = 1;  // that it was planned for
  std::vector<std::shared_ptr<graph::Cell>> read;
  std::vector<std::shared_ptr<graph::Cell>> written;
  std::vector<Argument> results;
  Planned planned;
  bool shares = false;               // whether an output is somebody else's memory
  std::vector<run::Buffer> buffers;  // of the outputs, during a run
};

bool matches(const TracedPlan& trace, std::span<const Tensor> arguments) {
  return trace.threads == threads() &&
         std::equal(arguments.begin(), arguments.end(), trace.arguments.begin(), trace.arguments.end(),
                    [](const Tensor& tensor, const Argument& argument) {
                      const graph::Node& node = *tensor.node();
                      return node.dtype == argument.dtype && node.shape == argument.shape;
                    });
}

// The one element that the node repeats, or gives more axes; else the node itself.
const graph::Node* spread_element(const graph::Node* node) {
  const graph::Node* source = node;
  while (planning::kind_of(*source) == planning::Kind::broadcast ||
         planning::kind_of(*source) == planning::Kind::reshape) {
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
    const bool broadcasts = dynamic_cast<const ElementwiseOperation*>(node->operation.get()) != nullptr;
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
          "between calls as an argument, or keep it in a Parameter");
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
    traced.trace(traced.context, placeholders, request.outputs);
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
        result.read.push_back(access->cell);
      }
      if (access->written) {
        request.outputs.push_back(access->value);
        const bool read = access->placeholder.defined();
        request.over_leaf.push_back(read ? static_cast<std::uint32_t>(arguments.size() + result.read.size() - 1)
                                         : planning::Request::no_leaf);
        result.written.push_back(access->cell);
      }
    }
  }
  for (const auto* list : {&placeholders, &parameters}) {
    std::transform(list->begin(), list->end(), std::back_inserter(request.leaves),
                   [](const Tensor& leaf) { return leaf.node(); });
  }
  request.outputs = graph::as_computed(request.outputs, graph::Boundary::values);
  require_own_leaves(request);
  compute_constants(request.outputs);
  request.options = options;
  request.facts.constants_fixed = true;
  result.planned = planning::build(request);
  result.buffers.resize(request.outputs.size());
  result.shares = std::any_of(result.planned.outputs.begin(), result.planned.outputs.end(),
                              [](const PlannedOutput& output) { return output.from != From::memory; });
  return result;
}

// Of an output that has its memory: its own, or the cell's that it was written over.
run::Buffer value_of(const TracedPlan& trace, std::uint32_t output) {
  return trace.buffers[output] ? trace.buffers[output]
                               : trace.written[output - trace.results.size()]->value.node()->value;
}

/// Empties the buffers of a run, also after an error.
class BufferGuard {
 public:
  explicit BufferGuard(std::vector<run::Buffer>& buffers) noexcept : buffers_{buffers} {}
  BufferGuard(const BufferGuard&) = delete;
  BufferGuard& operator=(const BufferGuard&) = delete;
  ~BufferGuard() { std::fill(buffers_.begin(), buffers_.end(), run::Buffer{}); }

 private:
  std::vector<run::Buffer>& buffers_;
};

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
      trace.buffers[i] = run::Buffer::allocate(trace.results[i].shape, trace.results[i].dtype);
    } else {
      const graph::Node& old = *trace.written[i - result_count]->value.node();
      if (output.may_overwrite && old.held_once() && old.value.unique()) {
        plan.point(output.slot, old.value.data());
        continue;
      }
      trace.buffers[i] = run::Buffer::allocate(old.shape, old.dtype);
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
  std::deque<TracedPlan> traces;  // which stay where they are
  std::size_t last = 0;
  bool profiling = false;
};

CompiledCore::CompiledCore(const PlanOptions& options) : state_{std::make_unique<State>()} {
  state_->options = options;
}
CompiledCore::CompiledCore(CompiledCore&&) noexcept = default;
CompiledCore& CompiledCore::operator=(CompiledCore&&) noexcept = default;
CompiledCore::~CompiledCore() = default;

bool tracing() noexcept {
  return graph::Trace::current() != nullptr;
}

std::size_t CompiledCore::select(std::span<const Tensor> arguments, const Traced& traced) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!arguments[i].defined()) {
      throw ValueError(fmt::format("[compile] argument {} is an undefined Tensor", i));
    }
  }
  State& state = *state_;
  if (state.last < state.traces.size() && matches(state.traces[state.last], arguments)) {
    return state.last;
  }
  const auto known = std::find_if(state.traces.begin(), state.traces.end(),
                                  [&](const TracedPlan& trace) { return matches(trace, arguments); });
  state.last = static_cast<std::size_t>(known - state.traces.begin());
  if (known == state.traces.end()) {
    const PlanScope scope{state.options};
    state.traces.push_back(trace_function(arguments, traced, state.options));
    state.traces.back().planned.plan->set_profiling(state.profiling);
  }
  return state.last;
}

std::size_t CompiledCore::result_count(std::size_t trace) const noexcept {
  return state_->traces[trace].results.size();
}

void CompiledCore::run(std::size_t trace_number, std::span<const Tensor> arguments, std::span<Tensor> results) {
  for (const Tensor& argument : arguments) {
    argument.eval();
  }
  TracedPlan& trace = state_->traces[trace_number];
  if (trace.planned.running) {
    throw ValueError("[compile] a compiled function is called while it runs, by an operation of its own");
  }
  const planning::RunningGuard running{trace.planned};
  run::Plan& plan = *trace.planned.plan;
  const auto& slots = trace.planned.leaf_slots;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    plan.point(slots[i], arguments[i].node()->value.data());
  }
  for (std::size_t i = 0; i < trace.read.size(); ++i) {
    plan.point(slots[arguments.size() + i], trace.read[i]->value.node()->value.data());
  }
  const BufferGuard guard{trace.buffers};
  point_outputs(trace);
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
    results[i] = graph::make_leaf(trace.results[i].shape, trace.results[i].dtype, std::move(trace.buffers[i]));
  }
  for (std::size_t i = result_count; i < trace.buffers.size(); ++i) {
    if (!trace.buffers[i]) {
      continue;  // it was written in place
    }
    graph::Cell& cell = *trace.written[i - result_count];
    const graph::Node& old = *cell.value.node();
    Tensor leaf = graph::make_leaf(old.shape, old.dtype, std::move(trace.buffers[i]), true);
    leaf.node()->name = old.name;
    cell.value = std::move(leaf);
  }
}

std::size_t CompiledCore::trace_count() const noexcept {
  return state_->traces.size();
}

std::string CompiledCore::describe(std::size_t trace) const {
  return trace < state_->traces.size() ? planning::describe(*state_->traces[trace].planned.plan) : "";
}

void CompiledCore::set_profiling(bool on) {
  state_->profiling = on;
  for (const TracedPlan& trace : state_->traces) {
    trace.planned.plan->set_profiling(on);
  }
}

std::string CompiledCore::profile(std::size_t trace) const {
  return trace < state_->traces.size() ? planning::profile(*state_->traces[trace].planned.plan) : "";
}

}  // namespace xgrad::detail
