#include "planning/build.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <unordered_map>
#include <unordered_set>

#include "graph/computed.hpp"
#include "graph/order.hpp"
#include "graph/scope_path.hpp"
#include "graph/trace.hpp"
#include "planning/arena.hpp"
#include "planning/groups/grouping.hpp"
#include "planning/schedule.hpp"
#include "planning/slots.hpp"
#include "run/products/vector_update_step.hpp"

namespace xgrad::planning {

namespace {

class Builder {
 public:
  explicit Builder(const Request& request)
      : request_{request},
        outputs_{request.options.simplify ? simplify(request.outputs, run_facts(request.facts))
                                          : graph::as_computed(request.outputs, graph::Boundary::values)},
        order_{order_of(outputs_)},
        kept_{kept_of(order_)},
        fuse_{request.options.fuse},
        grouped_{make_groups(order_, kept_, fuse_)},
        storage_{order_, request.leaves, std::move(grouped_.views)} {}

  Planned run() {
    find_needed();
    for (const auto& group : grouped_.groups) {
      group->assign(storage_, needed_);
    }
    locate_outputs();
    sort_groups();
    Planned planned;
    planned.plan = std::make_unique<run::Plan>();
    planned.outputs = result_;
    for (std::size_t i = 0; i < request_.leaves.size(); ++i) {
      planned.leaf_slots.push_back(storage_.leaf_slot(i));
    }
    place_values(*planned.plan);
    for (const auto& group : grouped_.groups) {
      planned.plan->infos.push_back(info(*group));
      planned.plan->steps.push_back(group->make());
    }
    if (fuse_) {
      run::merge_vector_updates(*planned.plan, leaf_of_output_);
    }
    planned.plan->prepare();
    return planned;
  }

 private:
  static Facts run_facts(Facts facts) {
    facts.only_run = true;
    return facts;
  }

  static graph::Order order_of(const std::vector<Tensor>& outputs) {
    std::vector<const graph::Node*> roots;
    std::transform(outputs.begin(), outputs.end(), std::back_inserter(roots),
                   [](const Tensor& output) { return output.node(); });
    return graph::topological_order(roots, graph::Boundary::values, roots, {.number_leaves = true});
  }

  // Whose values are outputs.
  static std::vector<bool> kept_of(const graph::Order& order) {
    std::vector<bool> kept(order.nodes.size(), false);
    for (const std::uint32_t index : order.found) {
      if (!order.is_leaf(index)) {
        kept[index] = true;
      }
    }
    return kept;
  }

  // Which nodes' values groups read, or are outputs.
  void find_needed() {
    needed_.assign(order_.nodes.size(), false);
    const auto need = [this](run::Slot slot) {
      if (!storage_.is_leaf(slot)) {
        needed_[slot] = true;
      }
    };
    for (const auto& group : grouped_.groups) {
      for (const Source& read : group->reads()) {
        need(storage_.of(read));
      }
    }
    for (std::uint32_t i = 0; i < order_.nodes.size(); ++i) {
      if (kept_[i]) {
        need(storage_.of_node(i));
      }
    }
  }

  void locate_outputs() {
    std::unordered_map<run::Slot, std::uint32_t> known;
    for (std::uint32_t i = 0; i < outputs_.size(); ++i) {
      PlannedOutput& output = result_.emplace_back();
      output.slot = storage_.of({order_.found[i], outputs_[i].node(), order_.is_leaf(order_.found[i])});
      const auto earlier = known.find(output.slot);
      if (storage_.is_leaf(output.slot)) {
        const std::uint32_t leaf = storage_.leaf(output.slot);
        const auto given = static_cast<std::uint32_t>(request_.leaves.size());
        output.from = leaf < given ? PlannedOutput::From::leaf : PlannedOutput::From::constant;
        output.index = leaf < given ? leaf : leaf - given;
      } else if (earlier != known.end()) {
        output.from = PlannedOutput::From::output;
        output.index = earlier->second;
      } else {
        known.emplace(output.slot, i);
      }
    }
  }

  // Whether the group reads nothing of the leaf that it has written over already, and can't end half-way.
  static bool can_write_over(const Group& group, run::Slot output, run::Slot leaf) {
    const StepAccess& access = group.access();
    if (access.may_throw) {
      return false;
    }
    const bool reads = std::find(access.reads.begin(), access.reads.end(), leaf) != access.reads.end();
    return !reads || group.may_overwrite(output, leaf);
  }

  // The outputs that may have the memory of the leaf that they were asked to be written over, as far as their step and
  // the other outputs are concerned.
  [[nodiscard]] std::vector<Overwrite> possible_overwrites() const {
    std::vector<Overwrite> overwrites;
    if (request_.over_leaf.empty()) {
      return overwrites;
    }
    std::unordered_set<std::uint32_t> given_back;  // leaves
    for (const PlannedOutput& output : result_) {
      if (output.from == PlannedOutput::From::leaf) {
        given_back.insert(output.index);
      }
    }
    std::unordered_map<run::Slot, const Group*> writers;
    for (const auto& group : grouped_.groups) {
      for (const run::Slot slot : group->access().writes) {
        writers.emplace(slot, group.get());
      }
    }
    for (std::size_t i = 0; i < result_.size(); ++i) {
      const std::uint32_t over = request_.over_leaf[i];
      if (over == Request::no_leaf || result_[i].from != PlannedOutput::From::memory || given_back.contains(over)) {
        continue;
      }
      const run::Slot leaf = storage_.leaf_slot(over);
      const auto writer = writers.find(result_[i].slot);
      if (writer != writers.end() && can_write_over(*writer->second, result_[i].slot, leaf)) {
        overwrites.push_back({result_[i].slot, leaf});
      }
    }
    return overwrites;
  }

  void sort_groups() {
    std::vector<Overwrite> overwrites = possible_overwrites();
    const auto sequence = schedule(accesses(), storage_.slot_count(), overwrites);
    for (const Overwrite& overwrite : overwrites) {
      leaf_of_output_.emplace(overwrite.output, overwrite.leaf);
    }
    for (PlannedOutput& output : result_) {
      output.may_overwrite = leaf_of_output_.contains(output.slot);
    }
    std::vector<std::unique_ptr<Group>> sorted;
    sorted.reserve(sequence.size());
    for (const std::uint32_t i : sequence) {
      sorted.push_back(std::move(grouped_.groups[i]));
    }
    grouped_.groups = std::move(sorted);
  }

  [[nodiscard]] Steps accesses() const {
    Steps result;
    result.reserve(grouped_.groups.size());
    std::transform(grouped_.groups.begin(), grouped_.groups.end(), std::back_inserter(result),
                   [](const auto& group) { return &group->access(); });
    return result;
  }

  void place_values(run::Plan& plan) const {
    std::vector<ArenaValue> values(storage_.slot_count());
    for (std::uint32_t i = 0; i < order_.nodes.size(); ++i) {
      const graph::Node& node = *order_.nodes[i];
      if (!is_alias(node) && needed_[i]) {
        values[i].bytes = std::max<std::size_t>(static_cast<std::size_t>(node.shape.size()) * size_of(node.dtype), 1);
      }
    }
    std::size_t scratch_bytes = 0;
    for (const auto& group : grouped_.groups) {
      scratch_bytes = std::max(scratch_bytes, group->scratch_bytes());
      add_overwrites(*group, values);
    }
    for (const PlannedOutput& output : result_) {
      values[output.slot].bytes = 0;
    }
    const Arena arena = planning::place_values(accesses(), values);
    plan.offsets = arena.offsets;
    plan.arena_bytes = arena.bytes;
    plan.unplanned_bytes = arena.unshared_bytes;
    if (scratch_bytes > 0) {
      plan.offsets[storage_.scratch()] = plan.arena_bytes;
      plan.arena_bytes += scratch_bytes;
      plan.unplanned_bytes += scratch_bytes;
    }
    for (std::size_t leaf = request_.leaves.size(); leaf < storage_.leaves().size(); ++leaf) {
      plan.constants.emplace_back(storage_.leaf_slot(leaf), storage_.leaves()[leaf]->value);
    }
  }

  void add_overwrites(const Group& group, std::vector<ArenaValue>& values) const {
    for (const run::Slot output : group.access().writes) {
      for (const run::Slot input : group.access().reads) {
        if (!storage_.is_leaf(input) && group.may_overwrite(output, input)) {
          values[output].may_overwrite.push_back(input);
        }
      }
    }
  }

  [[nodiscard]] run::StepInfo info(const Group& group) const {
    run::StepInfo result;
    result.reads = group.access().reads;
    result.writes = group.access().writes;
    result.may_throw = group.access().may_throw;
    result.scope = graph::path(order_.nodes[group.rank()]->scope.get());
    for (const std::uint32_t index : group.nodes()) {
      const graph::Node& node = *order_.nodes[index];
      const run::Slot slot = storage_.of_node(index);
      if (std::find(result.writes.begin(), result.writes.end(), slot) == result.writes.end()) {
        continue;
      }
      result.bytes += static_cast<std::size_t>(node.shape.size()) * size_of(node.dtype);
      const std::string separator = result.result.empty() ? "" : ", ";
      result.result += separator + (node.name ? fmt::format("'{}' ", *node.name) : "") + to_string(node.shape);
    }
    std::vector<const graph::Node*> read;
    read.reserve(group.reads().size());
    std::transform(group.reads().begin(), group.reads().end(), std::back_inserter(read),
                   [](const Source& each) { return each.node; });
    std::sort(read.begin(), read.end());
    read.erase(std::unique(read.begin(), read.end()), read.end());
    for (const graph::Node* node : read) {
      result.bytes += static_cast<std::size_t>(node->shape.size()) * size_of(node->dtype);
    }
    return result;
  }

  const Request& request_;
  std::vector<Tensor> outputs_;
  graph::Order order_;
  std::vector<bool> kept_;
  bool fuse_;
  Grouped grouped_;
  Storage storage_;
  std::vector<bool> needed_;
  std::vector<PlannedOutput> result_;
  std::unordered_map<run::Slot, run::Slot> leaf_of_output_;  // of outputs that may be written over a leaf
};

}  // namespace

Planned build(const Request& request) {
  return Builder{request}.run();
}

}  // namespace xgrad::planning
