#include "planning/build.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <limits>
#include <unordered_map>
#include <unordered_set>

#include "graph/computed.hpp"
#include "graph/order.hpp"
#include "graph/scope_path.hpp"
#include "graph/trace.hpp"
#include "planning/algebra.hpp"
#include "planning/groups.hpp"
#include "planning/schedule.hpp"
#include "planning/tile_program.hpp"
#include "run/elementwise/elementwise_step.hpp"
#include "run/operation_step.hpp"
#include "run/products/product_step.hpp"
#include "run/products/vector_update_step.hpp"

namespace xgrad::planning {

namespace {

/// A group on its way to become a step.
struct Draft {
  Group group;
  std::optional<run::ElementwiseTask> tiles;  // of an element-wise group
  StepAccess access;
  std::size_t scratch_bytes = 0;
};

class Builder {
 public:
  explicit Builder(const Request& request)
      : request_{request},
        outputs_{request.options.simplify ? simplify(request.outputs, request.facts)
                                          : graph::as_computed(request.outputs, graph::Boundary::values)},
        order_{order_of(outputs_)},
        storage_{order_, leaves_of(request, outputs_, order_)},
        kept_(order_.nodes.size(), false),
        fuse_{request.options.fuse} {}

  Planned run() {
    for (const std::uint32_t place : order_.found) {
      if (place != graph::Order::leaf) {
        kept_[place] = true;
      }
    }
    for (Group& group : make_groups(order_, kept_, fuse_)) {
      drafts_.emplace_back().group = std::move(group);
    }
    find_needed();
    std::for_each(drafts_.begin(), drafts_.end(), [this](Draft& draft) { find_access(draft); });
    locate_outputs();
    sort_drafts();
    Planned planned;
    planned.plan = std::make_unique<run::Plan>();
    planned.outputs = result_;
    for (std::size_t i = 0; i < request_.leaves.size(); ++i) {
      planned.leaf_slots.push_back(storage_.leaf_slot(i));
    }
    place_values(*planned.plan);
    for (Draft& draft : drafts_) {
      planned.plan->infos.push_back(info(draft));
      planned.plan->steps.push_back(step(draft));
    }
    if (fuse_) {
      run::merge_vector_updates(*planned.plan);
    }
    planned.plan->prepare();
    return planned;
  }

 private:
  static graph::Order order_of(const std::vector<Tensor>& outputs) {
    std::vector<const graph::Node*> roots;
    std::transform(outputs.begin(), outputs.end(), std::back_inserter(roots),
                   [](const Tensor& output) { return output.node(); });
    return graph::topological_order(roots, graph::Boundary::values, roots);
  }

  // Outputs that are leaves stand among them too.
  static std::vector<const graph::Node*> leaves_of(const Request& request, const std::vector<Tensor>& outputs,
                                                   const graph::Order& order) {
    auto leaves = request.leaves;
    std::unordered_set<const graph::Node*> known{leaves.begin(), leaves.end()};
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (order.found[i] == graph::Order::leaf && known.insert(outputs[i].node()).second) {
        leaves.push_back(outputs[i].node());
      }
    }
    return leaves;
  }

  [[nodiscard]] Source operand(std::uint32_t place, std::size_t input, const Group& group) const {
    return through_broadcasts(order_, source(order_, place, input), group.kind == Group::Kind::elementwise);
  }

  // Which nodes' values other steps read, or are outputs.
  void find_needed() {
    std::vector<std::size_t> group_of(order_.nodes.size(), drafts_.size());
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
      for (const std::uint32_t place : drafts_[i].group.nodes) {
        group_of[place] = i;
      }
    }
    needed_.assign(order_.nodes.size(), false);
    const auto need = [this](run::Slot slot) {
      if (!storage_.is_leaf(slot)) {
        needed_[slot] = true;
      }
    };
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
      const Group& group = drafts_[i].group;
      if (group.kind == Group::Kind::product) {
        for (const Source& read : product_reads(group)) {
          need(storage_.of(read));
        }
        continue;
      }
      for (const std::uint32_t place : group.nodes) {
        for (std::size_t j = 0; j < order_.inputs(place).size(); ++j) {
          const Source from = operand(place, j, group);
          if (from.place == graph::Order::leaf || group_of[from.place] != i) {
            need(storage_.of(from));
          }
        }
      }
    }
    for (std::uint32_t place = 0; place < order_.nodes.size(); ++place) {
      if (kept_[place]) {
        need(storage_.of_place(place));
      }
    }
  }

  [[nodiscard]] std::vector<Source> product_reads(const Group& group) const {
    const FoldedProduct& folded = group.folded;
    std::vector<Source> reads{source(order_, folded.product, 0), source(order_, folded.product, 1)};
    reads.insert(reads.end(), folded.scalars.begin(), folded.scalars.end());
    if (folded.start) {
      reads.push_back(*folded.start);
    }
    if (folded.start_scale) {
      reads.push_back(*folded.start_scale);
    }
    return reads;
  }

  void find_access(Draft& draft) {
    StepAccess& access = draft.access;
    access.rank = draft.group.nodes.back();
    switch (draft.group.kind) {
      case Group::Kind::elementwise: {
        draft.tiles = tile_program(order_, draft.group, storage_, needed_);
        draft.scratch_bytes = run::tile_layout(*draft.tiles).scratch_bytes;
        for (const run::TileRegister& tile : draft.tiles->registers) {
          if (tile.kind == run::TileRegister::Kind::input || tile.kind == run::TileRegister::Kind::scalar) {
            access.reads.push_back(tile.operand.slot);
          } else if (tile.kind == run::TileRegister::Kind::output) {
            access.writes.push_back(tile.operand.slot);
          }
        }
        for (const run::TileSum& sum : draft.tiles->sums) {
          access.writes.push_back(sum.output.slot);
        }
        access.may_throw = std::any_of(draft.group.nodes.begin(), draft.group.nodes.end(), [this](std::uint32_t place) {
          return order_.nodes[place]->operation->may_throw();
        });
        break;
      }
      case Group::Kind::product:
        for (const Source& read : product_reads(draft.group)) {
          access.reads.push_back(storage_.of(read));
          access.may_throw = access.may_throw || read.node->shape.size() > std::numeric_limits<std::int32_t>::max();
        }
        access.writes.push_back(storage_.of_place(draft.group.nodes[0]));
        break;
      case Group::Kind::operation: {
        const std::uint32_t place = draft.group.nodes[0];
        for (std::size_t j = 0; j < order_.inputs(place).size(); ++j) {
          access.reads.push_back(storage_.of(source(order_, place, j)));
        }
        access.writes.push_back(storage_.of_place(place));
        access.may_throw = order_.nodes[place]->operation->may_throw();
        break;
      }
    }
  }

  void locate_outputs() {
    std::unordered_map<run::Slot, std::uint32_t> known;
    for (std::uint32_t i = 0; i < outputs_.size(); ++i) {
      PlannedOutput& output = result_.emplace_back();
      output.slot = storage_.of({order_.found[i], outputs_[i].node()});
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

  // Whether the step that writes the output reads nothing of the leaf that it has written over already, and can't end
  // half-way.
  [[nodiscard]] bool can_write_over(const Draft& draft, run::Slot output, run::Slot leaf) const {
    const StepAccess& access = draft.access;
    if (access.may_throw) {
      return false;
    }
    if (std::find(access.reads.begin(), access.reads.end(), leaf) == access.reads.end()) {
      return true;
    }
    if (draft.tiles) {
      return !is_sum(*draft.tiles, output) && can_overwrite(*draft.tiles, leaf, output);
    }
    return draft.group.kind == Group::Kind::product && only_start(draft, leaf);
  }

  [[nodiscard]] static bool is_sum(const run::ElementwiseTask& tiles, run::Slot output) {
    return std::any_of(tiles.sums.begin(), tiles.sums.end(),
                       [output](const run::TileSum& sum) { return sum.output.slot == output; });
  }

  // Whether a product reads the slot as what it is added to, and nowhere else.
  [[nodiscard]] bool only_start(const Draft& draft, run::Slot slot) const {
    const FoldedProduct& folded = draft.group.folded;
    const auto& reads = draft.access.reads;
    return folded.start && storage_.of(*folded.start) == slot && std::count(reads.begin(), reads.end(), slot) == 1;
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
    std::unordered_map<run::Slot, const Draft*> writers;
    for (const Draft& draft : drafts_) {
      for (const run::Slot slot : draft.access.writes) {
        writers.emplace(slot, &draft);
      }
    }
    for (std::size_t i = 0; i < result_.size(); ++i) {
      const std::uint32_t place = request_.over_leaf[i];
      if (place == Request::no_leaf || result_[i].from != PlannedOutput::From::memory || given_back.contains(place)) {
        continue;
      }
      const run::Slot leaf = storage_.leaf_slot(place);
      const auto writer = writers.find(result_[i].slot);
      if (writer != writers.end() && can_write_over(*writer->second, result_[i].slot, leaf)) {
        overwrites.push_back({result_[i].slot, leaf});
      }
    }
    return overwrites;
  }

  void sort_drafts() {
    std::vector<Overwrite> overwrites = possible_overwrites();
    std::vector<StepAccess> accesses;
    accesses.reserve(drafts_.size());
    std::transform(drafts_.begin(), drafts_.end(), std::back_inserter(accesses),
                   [](const Draft& draft) { return draft.access; });
    const auto sequence = schedule(accesses, storage_.slot_count(), overwrites);
    std::unordered_set<run::Slot> overwriting;
    for (const Overwrite& overwrite : overwrites) {
      overwriting.insert(overwrite.output);
    }
    for (PlannedOutput& output : result_) {
      output.may_overwrite = overwriting.contains(output.slot);
    }
    std::vector<Draft> sorted;
    sorted.reserve(sequence.size());
    for (const std::uint32_t i : sequence) {
      sorted.push_back(std::move(drafts_[i]));
    }
    drafts_ = std::move(sorted);
  }

  void place_values(run::Plan& plan) const {
    std::vector<ArenaValue> values(storage_.slot_count());
    for (std::uint32_t place = 0; place < order_.nodes.size(); ++place) {
      const graph::Node& node = *order_.nodes[place];
      if (!is_alias(node) && (needed_[place] || kept_[place])) {
        values[place].bytes =
            std::max<std::size_t>(static_cast<std::size_t>(node.shape.size()) * size_of(node.dtype), 1);
      }
    }
    std::vector<StepAccess> accesses;
    std::size_t scratch_bytes = 0;
    for (const Draft& draft : drafts_) {
      accesses.push_back(draft.access);
      scratch_bytes = std::max(scratch_bytes, draft.scratch_bytes);
      add_overwrites(draft, values);
      for (const run::TileSum& sum : draft.tiles ? draft.tiles->sums : std::vector<run::TileSum>{}) {
        values[sum.output.slot].bytes = std::max<std::size_t>(sum.output.bytes(), 1);
      }
    }
    for (const PlannedOutput& output : result_) {
      values[output.slot].bytes = 0;
    }
    const Arena arena = planning::place_values(accesses, values);
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

  void add_overwrites(const Draft& draft, std::vector<ArenaValue>& values) const {
    for (const run::Slot output : draft.access.writes) {
      for (const run::Slot input : draft.access.reads) {
        if (storage_.is_leaf(input)) {
          continue;
        }
        bool allowed = false;
        if (draft.tiles) {
          allowed = !is_sum(*draft.tiles, output) && can_overwrite(*draft.tiles, input, output);
        } else if (draft.group.kind == Group::Kind::product) {
          allowed = only_start(draft, input);
        } else {
          const graph::Node& node = *order_.nodes[draft.group.nodes[0]];
          allowed = node.operation->runs_in_place() && in_place_inputs_alike(node);
        }
        if (allowed) {
          values[output].may_overwrite.push_back(input);
        }
      }
    }
  }

  static bool in_place_inputs_alike(const graph::Node& node) {
    return std::all_of(node.inputs().begin(), node.inputs().end(), [&](const graph::Node* input) {
      return input->shape == node.shape && input->dtype == node.dtype;
    });
  }

  [[nodiscard]] std::unique_ptr<run::PlanStep> step(Draft& draft) const {
    if (draft.tiles) {
      return std::make_unique<run::ElementwiseStep>(std::move(*draft.tiles));
    }
    if (draft.group.kind == Group::Kind::product) {
      return std::make_unique<run::ProductStep>(product_task(draft.group));
    }
    const std::uint32_t place = draft.group.nodes[0];
    const graph::Node& node = *order_.nodes[place];
    std::vector<run::Operand> inputs;
    for (std::size_t j = 0; j < node.inputs().size(); ++j) {
      inputs.push_back(storage_.operand(source(order_, place, j)));
    }
    return std::make_unique<run::OperationStep>(node.operation, inputs, storage_.operand({place, order_.nodes[place]}));
  }

  [[nodiscard]] run::ProductTask product_task(const Group& group) const {
    const FoldedProduct& folded = group.folded;
    run::ProductTask task;
    task.shape = product_shape(*order_.nodes[folded.product]);
    task.a = storage_.of(source(order_, folded.product, 0));
    task.b = storage_.of(source(order_, folded.product, 1));
    const std::uint32_t place = group.nodes[0];
    task.c = storage_.operand({place, order_.nodes[place]});
    task.negative = folded.negative;
    for (const Source& scalar : folded.scalars) {
      task.scalars.push_back(storage_.of(scalar));
    }
    if (folded.start) {
      task.start = storage_.of(*folded.start);
    }
    if (folded.start_scale) {
      task.start_scale = storage_.of(*folded.start_scale);
    }
    return task;
  }

  // (m, k) · (k, n). A vector is a matrix of one column at the right, and of one row at the left; the rows of a batch
  // are one tall matrix.
  static run::ProductShape product_shape(const graph::Node& node) {
    const Shape& a = node.inputs()[0]->shape;
    const Shape& b = node.inputs()[1]->shape;
    run::ProductShape shape;
    shape.dtype = node.dtype;
    if (algebra_of(node) == Algebra::outer) {
      shape.m = a[0];
      shape.n = b[0];
      shape.k = 1;
      return shape;
    }
    shape.transpose_a = a.rank() > 1 && ops::flag(*node.operation, "transpose_a");
    shape.transpose_b = b.rank() > 1 && ops::flag(*node.operation, "transpose_b");
    shape.k = a.rank() == 1 ? a[0] : a[a.rank() - (shape.transpose_a ? 2 : 1)];
    shape.n = b.rank() == 1 ? 1 : b[shape.transpose_b ? 0 : 1];
    shape.m = 1;
    for (std::size_t axis = 0; axis + 1 < a.rank(); ++axis) {
      shape.m *= a[axis];
    }
    if (shape.transpose_a) {
      shape.m = a[a.rank() - 1];
    }
    return shape;
  }

  [[nodiscard]] run::StepInfo info(const Draft& draft) const {
    run::StepInfo result;
    result.reads = draft.access.reads;
    result.writes = draft.access.writes;
    result.may_throw = draft.access.may_throw;
    result.scope = graph::path(order_.nodes[draft.group.nodes.back()]->scope.get());
    auto places = draft.group.nodes;
    places.insert(places.end(), draft.group.sums.begin(), draft.group.sums.end());
    for (const std::uint32_t place : places) {
      const graph::Node& node = *order_.nodes[place];
      const run::Slot slot = storage_.of_place(place);
      if (std::find(result.writes.begin(), result.writes.end(), slot) == result.writes.end()) {
        continue;
      }
      result.bytes += static_cast<std::size_t>(node.shape.size()) * size_of(node.dtype);
      const std::string separator = result.result.empty() ? "" : ", ";
      result.result += separator + (node.name ? fmt::format("'{}' ", *node.name) : "") + to_string(node.shape);
    }
    for (const run::Slot slot : result.reads) {
      const graph::Node* node = storage_.is_leaf(slot) ? storage_.leaves()[storage_.leaf(slot)] : order_.nodes[slot];
      result.bytes += static_cast<std::size_t>(node->shape.size()) * size_of(node->dtype);
    }
    return result;
  }

  const Request& request_;
  std::vector<Tensor> outputs_;
  graph::Order order_;
  Storage storage_;
  std::vector<bool> kept_;
  std::vector<bool> needed_;
  bool fuse_;
  std::vector<Draft> drafts_;
  std::vector<PlannedOutput> result_;
};

}  // namespace

Planned build(const Request& request) {
  return Builder{request}.run();
}

}  // namespace xgrad::planning
