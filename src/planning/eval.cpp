#include "planning/eval.hpp"

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "xgrad/error.hpp"
#include "xgrad/plan.hpp"
#include "xgrad/tensor.hpp"

#include "graph/node.hpp"
#include "graph/order.hpp"
#include "graph/pending_states.hpp"
#include "graph/trace.hpp"
#include "memory/thread_store.hpp"
#include "planning/build.hpp"
#include "planning/cache.hpp"
#include "planning/describe.hpp"
#include "planning/key.hpp"
#include "planning/leaf_overwrites.hpp"
#include "planning/worth.hpp"
#include "run/program.hpp"

namespace xgrad {

namespace {

// A plan takes about a kilobyte a node. More are run one by one.
constexpr std::size_t most_planned = 400'000;

void keep(const graph::Node& node, memory::Buffer value) {
  graph::set_value(const_cast<graph::Node&>(node), std::move(value));  // NOLINT: eval's duty
}

// The pending nodes as a program. A node is kept if it is held; every root is, by the tensor it was given as.
run::Program program_of(const graph::Order& order) {
  run::Program program;
  program.steps.reserve(order.nodes.size());
  program.first.assign(order.first.begin(), order.first.end());
  for (const graph::Node* node : order.nodes) {
    program.steps.push_back({node->operation.get(), &node->shape, node->dtype, node->has_handles()});
  }
  program.inputs.reserve(order.leaves.size());
  for (const graph::Node* leaf : order.leaves) {
    program.inputs.push_back({&leaf->shape, leaf->dtype, leaf->value});
  }
  const auto count = static_cast<std::int32_t>(order.nodes.size());
  program.operands.reserve(order.operands.size());
  for (const std::uint32_t index : order.operands) {
    const auto operand = static_cast<std::int32_t>(index);
    program.operands.push_back(order.is_leaf(index) ? count - operand - 1 : operand);
  }
  return program;
}

void run_node_by_node(const graph::Order& order) {
  const run::Program program = program_of(order);
  std::vector<memory::Buffer> values = run::execute(program);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (program.steps[i].keep) {
      keep(*order.nodes[i], std::move(values[i]));
    }
  }
}

// Held nodes behind the order that a form goes around, and that are pending: they are computed too, as all that is
// held.
void add_held_around(const graph::Order& order, std::vector<const graph::Node*>& roots) {
  for (const graph::Replaced& each : order.replaced) {
    for (const graph::Node* node : each.node->form->around) {
      if (node->operation != nullptr && node->has_handles() && !node->has_value() &&
          std::find(roots.begin(), roots.end(), node) == roots.end()) {
        roots.push_back(node);
      }
    }
  }
}

// `roots` grows by what is held besides.
graph::Order pending_order(std::vector<const graph::Node*>& roots) {
  while (true) {
    graph::Order order =
        graph::topological_order(roots, graph::Boundary::values, {}, {.follow_forms = true, .number_leaves = true});
    const std::size_t known = roots.size();
    if (!order.replaced.empty()) {
      add_held_around(order, roots);
    }
    if (roots.size() == known) {
      return order;
    }
  }
}

/// Nodes that someone holds and that are computed as another. While this lives, that one is held for them.
class HeldReplaced {
 public:
  explicit HeldReplaced(const graph::Order& order) {
    for (const graph::Replaced& each : order.replaced) {
      if (each.node->has_handles()) {
        pairs_.emplace_back(graph::handle(each.node), graph::handle(each.computed));
      }
    }
  }

  void keep_values() {
    for (const auto& [node, computed] : pairs_) {
      keep(*node.node(), computed.node()->value);
    }
  }

 private:
  std::vector<std::pair<Tensor, Tensor>> pairs_;
};

std::vector<const graph::Node*> kept_nodes(const graph::Order& order) {
  std::vector<const graph::Node*> kept;
  std::copy_if(order.nodes.begin(), order.nodes.end(), std::back_inserter(kept),
               [](const graph::Node* node) { return node->has_handles(); });
  return kept;
}

planning::Planned plan_of(std::span<const graph::Node* const> kept, const graph::Order& order,
                          const PlanOptions& options, const std::vector<std::uint32_t>& over_leaf = {}) {
  planning::Request request;
  request.over_leaf = over_leaf;
  std::transform(kept.begin(), kept.end(), std::back_inserter(request.outputs), graph::handle);
  request.leaves = order.leaves;
  request.options = options;
  return planning::build(request);
}

void run_plan(planning::Planned& planned, const graph::Order& order, std::span<const graph::Node* const> kept,
              planning::LeafOverwrites& overwrites) {
  const std::vector<std::uint32_t>& over_leaf = overwrites.over_leaf();
  using From = planning::PlannedOutput::From;
  const planning::RunningGuard guard{planned};
  run::Plan& plan = *planned.plan;
  for (std::size_t i = 0; i < order.leaves.size(); ++i) {
    plan.point(planned.leaf_slots[i], order.leaves[i]->value.data());
  }
  std::vector<memory::Buffer> values(kept.size());
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (planned.outputs[i].from == From::memory) {
      const bool overwrites_leaf = planned.outputs[i].may_overwrite && !over_leaf.empty();
      values[i] = overwrites_leaf ? order.leaves[over_leaf[i]]->value
                                  : memory::Buffer::allocate(kept[i]->shape, kept[i]->dtype);
      if (overwrites_leaf) {
        overwrites.set_done(i);
      }
      plan.point(planned.outputs[i].slot, values[i].data());
    }
  }
  plan.run();
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const planning::PlannedOutput& output = planned.outputs[i];
    switch (output.from) {
      case From::memory:
        break;
      case From::leaf:
        values[i] = order.leaves[output.index]->value;
        break;
      case From::constant:
        values[i] = plan.constants[output.index].second;
        break;
      case From::output:
        values[i] = values[output.index];
        break;
    }
  }
  for (std::size_t i = 0; i < kept.size(); ++i) {
    keep(*kept[i], std::move(values[i]));
  }
}

// Operations without inputs, random numbers, get their values first: a plan that held one would hold its numbers.
bool run_sources(const graph::Order& order) {
  bool any = false;
  for (const graph::Node* node : order.nodes) {
    if (node->input_count == 0) {
      memory::Buffer value = memory::Buffer::allocate(node->shape, node->dtype);
      node->operation->evaluate({}, Array{value.data(), node->shape, node->dtype});
      keep(*node, std::move(value));
      any = true;
    }
  }
  return any;
}

// Whether a plan would run a call by the operation's own kernel: it is no pass over tiles and no product.
bool runs_as_it_is(const Operation& operation) {
  const Algebra algebra = operation.algebra();
  return !operation.aliases_input() && operation.elementwise() == nullptr && algebra != Algebra::matmul &&
         algebra != Algebra::outer;
}

// Whether the order is one such call: nothing to plan.
bool is_one_call(const graph::Order& order) {
  return order.nodes.size() == 1 && order.replaced.empty() && runs_as_it_is(*order.nodes[0]->operation);
}

// Whether the pending node is all that an order would find.
bool is_one_call(const graph::Node& node) {
  return node.form == nullptr && runs_as_it_is(*node.operation) &&
         std::all_of(node.inputs().begin(), node.inputs().end(),
                     [](const graph::Node* input) { return input->has_value(); });
}

void run_one_call(const graph::Node& node) {
  std::vector<ConstArray> inputs;
  inputs.reserve(node.input_count);
  for (const graph::Node* input : node.inputs()) {
    inputs.push_back({input->value.data(), input->shape, input->dtype});
  }
  memory::Buffer value = memory::Buffer::allocate(node.shape, node.dtype);
  node.operation->evaluate(inputs, Array{value.data(), node.shape, node.dtype});
  keep(node, std::move(value));
}

std::vector<const graph::Node*> pending(std::span<const Tensor> tensors) {
  std::vector<const graph::Node*> roots;
  roots.reserve(tensors.size());
  for (const Tensor& tensor : tensors) {
    if (!tensor.defined()) {
      throw ValueError("[eval] of an undefined Tensor");
    }
    const graph::Node& node = *tensor.node();
    if (node.traced && graph::Trace::current() == nullptr) {
      graph::require_untraced(node, "eval()");
    }
    if (!node.has_value() && !node.traced) {
      roots.push_back(&node);
    }
  }
  return roots;
}

bool any_state_waits() noexcept {
  const graph::PendingStates* all = graph::PendingStates::here();
  return all != nullptr && !all->empty();
}

/// The states whose pending values are computed together with the roots, which they join. An error takes them back.
class StateWrites {
 public:
  explicit StateWrites(std::vector<const graph::Node*>& roots) : roots_{roots} {
    graph::PendingStates* all = graph::PendingStates::here();
    if (all != nullptr && !all->empty() && graph::Trace::current() == nullptr) {
      cells_ = all->take_stock();
    }
  }
  StateWrites(const StateWrites&) = delete;
  StateWrites& operator=(const StateWrites&) = delete;
  ~StateWrites() {
    if (joined_ && !done_) {
      graph::revert(cells_);
    }
  }

  /// Of the roots and of those states that depend on something which is computed for the roots.
  graph::Order pending_order() {
    if (cells_.empty()) {
      return xgrad::pending_order(roots_);
    }
    const std::vector<const graph::Node*> asked_for = roots_;
    add_states();
    graph::Order order = xgrad::pending_order(roots_);
    if (drop_unrelated(order, asked_for)) {
      roots_ = asked_for;
      add_states();
      order = xgrad::pending_order(roots_);
    }
    joined_ = true;
    return order;
  }

  void set_done() noexcept {
    done_ = true;
    for (const auto& cell : cells_) {
      if (cell->settled.defined() && cell->value.node()->has_value()) {
        cell->settle(cell->value);
      }
    }
  }

 private:
  void add_states() {
    for (const auto& cell : cells_) {
      roots_.push_back(cell->value.node());
    }
  }

  // Whether there are any.
  bool drop_unrelated(const graph::Order& order, std::span<const graph::Node* const> asked_for) {
    const std::vector<bool> related = related_to(order, asked_for);
    std::unordered_map<const graph::Node*, std::size_t> index_of;
    for (const auto& cell : cells_) {
      index_of.emplace(order.computed(cell->value.node()), related.size());
    }
    for (std::size_t i = 0; i < order.nodes.size(); ++i) {
      if (const auto found = index_of.find(order.nodes[i]); found != index_of.end()) {
        found->second = i;
      }
    }
    const auto is_unrelated = [&](const std::shared_ptr<graph::Cell>& cell) {
      const std::size_t index = index_of.at(order.computed(cell->value.node()));
      return index < related.size() && !related[index];
    };
    const auto kept = std::remove_if(cells_.begin(), cells_.end(), is_unrelated);
    const bool any = kept != cells_.end();
    cells_.erase(kept, cells_.end());
    return any;
  }

  // Per node of the order, whether it, or something behind it, is computed for these.
  static std::vector<bool> related_to(const graph::Order& order, std::span<const graph::Node* const> asked_for) {
    std::unordered_set<const graph::Node*> roots;
    for (const graph::Node* root : asked_for) {
      roots.insert(order.computed(root));
    }
    std::vector<bool> related(order.nodes.size(), false);
    for (std::size_t i = order.nodes.size(); i-- > 0;) {
      related[i] = related[i] || roots.contains(order.nodes[i]);
      for (const std::uint32_t input : related[i] ? order.inputs(i) : std::span<const std::uint32_t>{}) {
        if (!order.is_leaf(input)) {
          related[input] = true;
        }
      }
    }
    for (std::size_t i = 0; i < order.nodes.size(); ++i) {
      for (const std::uint32_t input : order.inputs(i)) {
        related[i] = related[i] || (!order.is_leaf(input) && related[input]);
      }
    }
    return related;
  }

  std::vector<const graph::Node*>& roots_;
  std::vector<std::shared_ptr<graph::Cell>> cells_;
  bool joined_ = false;
  bool done_ = false;
};

// Node by node, or by a plan.
void run_pending(graph::Order order, std::vector<const graph::Node*>& roots,
                 std::span<planning::LeafOverwrite> overwrites) {
  const PlanOptions options = plan_options();
  if (order.nodes.size() > most_planned || (!options.simplify && !options.fuse)) {
    run_node_by_node(order);
    return;
  }
  if (run_sources(order)) {
    order = pending_order(roots);
  }
  if (order.nodes.empty()) {
    return;
  }
  if (is_one_call(order)) {
    run_one_call(*order.nodes[0]);
    return;
  }
  const auto kept = kept_nodes(order);
  planning::ScratchKey scratch;
  planning::GraphKey& key = scratch.get();
  planning::make_key(order, options, key);
  planning::LeafOverwrites over{overwrites, order, kept};
  over.append_to(key);
  const std::uint64_t hash = key.hash();
  const auto make = [&] { return plan_of(kept, order, options, over.over_leaf()); };
  auto* cache = memory::of_this_thread<planning::PlanCache>();
  if (cache == nullptr) {  // the thread ends
    planning::Planned planned = make();
    run_plan(planned, order, kept, over);
    return;
  }
  std::shared_ptr<planning::Planned> planned = cache->find(key.words, hash);
  if (planned == nullptr && !planning::is_worth_a_plan(order) && !cache->seen_before(hash)) {
    run_node_by_node(order);
    return;
  }
  if (planned == nullptr) {
    planned = cache->add(key.words, hash, make());
  } else if (planned->running) {  // an operation of it evaluates a graph of the same structure
    planned = std::make_shared<planning::Planned>(make());
  }
  run_plan(*planned, order, kept, over);
}

}  // namespace

void eval(std::span<const Tensor> tensors) {
  planning::evaluate(tensors, {});
}

void planning::evaluate(std::span<const Tensor> tensors, std::span<LeafOverwrite> overwrites) {
  auto roots = pending(tensors);
  if (roots.empty()) {
    return;
  }
  if (roots.size() == 1 && overwrites.empty() && is_one_call(*roots[0]) && !any_state_waits()) {
    run_one_call(*roots[0]);
    return;
  }
  StateWrites states{roots};
  graph::Order order = states.pending_order();
  HeldReplaced replaced{order};
  run_pending(std::move(order), roots, overwrites);
  replaced.keep_values();
  states.set_done();
}

void eval(std::initializer_list<Tensor> tensors) {
  eval(std::span{tensors.begin(), tensors.size()});
}

const Tensor& Tensor::eval() const& {
  if (node_ == nullptr || !node_->has_value()) {
    xgrad::eval(std::span{this, 1});
  }
  return *this;
}

std::string describe_plan(std::span<const Tensor> tensors) {
  auto roots = pending(tensors);
  const graph::Order order = pending_order(roots);
  const HeldReplaced replaced{order};
  return planning::describe(*plan_of(kept_nodes(order), order, plan_options()).plan);
}

std::string describe_plan(const Tensor& tensor) {
  return describe_plan(std::span{&tensor, 1});
}

}  // namespace xgrad
