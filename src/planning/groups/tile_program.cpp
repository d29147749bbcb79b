#include "planning/groups/tile_program.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>

#include "planning/algebra.hpp"
#include "planning/groups/tile_sums.hpp"
#include "planning/simplify.hpp"
#include "run/elementwise/tiles.hpp"
#include "run/isa.hpp"

namespace xgrad::planning {

Source through_broadcasts(const graph::Order& order, Source from) {
  while (!from.is_leaf && algebra_of(*from.node) == Algebra::broadcast_to) {
    from = source(order, from.index, 0);
  }
  return from;
}

namespace {

/// One kernel call before it has registers: a node's own, or one that does the work of several nodes.
struct ChosenKernel {
  std::uint32_t index = 0;  // of the node that it gives
  TileKernel kernel = nullptr;
  std::string name;
  std::vector<Source> inputs;
};

/// What is known of each node of a pass.
template <class T>
class OfNodes {
 public:
  explicit OfNodes(const std::vector<std::uint32_t>& nodes) : nodes_{nodes}, values_(nodes.size()) {}

  /// Null for a value that isn't one of theirs.
  [[nodiscard]] T* find(const Source& from) noexcept {
    const std::size_t position = position_of(from.index);
    return from.is_leaf || position == values_.size() ? nullptr : &values_[position];
  }
  [[nodiscard]] const T* find(const Source& from) const noexcept {
    const std::size_t position = position_of(from.index);
    return from.is_leaf || position == values_.size() ? nullptr : &values_[position];
  }
  [[nodiscard]] T& operator[](std::uint32_t node) noexcept { return values_[position_of(node)]; }

 private:
  [[nodiscard]] std::size_t position_of(std::uint32_t node) const noexcept {
    const auto found = std::lower_bound(nodes_.begin(), nodes_.end(), node);
    return found == nodes_.end() || *found != node ? nodes_.size() : static_cast<std::size_t>(found - nodes_.begin());
  }

  const std::vector<std::uint32_t>& nodes_;
  std::vector<T> values_;
};

/// Chooses the kernels of a group: combinations first, where what lies between is needed nowhere else.
class KernelSelection {
 public:
  KernelSelection(const graph::Order& order, const TilePass& pass, const std::vector<bool>& needed)
      : order_{order}, nodes_{pass.nodes} {
    const auto count = [this](const Source& from) {
      if (Known* const known = nodes_.find(from)) {
        ++known->uses;
      }
    };
    for (const std::uint32_t index : pass.nodes) {
      for (std::size_t j = 0; j < order.inputs(index).size(); ++j) {
        count(operand(index, j));
      }
    }
    for (const std::uint32_t sum : pass.sums) {
      count(source(order, sum, 0));
    }
    for (const std::uint32_t index : pass.nodes) {
      nodes_[index].inner = nodes_[index].uses == 1 && !needed[index];
    }
    list_.reserve(pass.nodes.size());
    for (auto index = pass.nodes.rbegin(); index != pass.nodes.rend(); ++index) {
      if (nodes_[*index].done) {
        continue;
      }
      auto combined = combination(*index);
      list_.push_back(combined ? std::move(*combined) : plain(*index));
      for (const std::uint32_t part : parts_) {
        nodes_[part].done = true;
      }
    }
    std::reverse(list_.begin(), list_.end());
  }

  [[nodiscard]] const std::vector<ChosenKernel>& list() const noexcept { return list_; }

 private:
  struct Known {
    std::uint32_t uses = 0;
    bool inner = false;  // used once, and inside
    bool done = false;   // has a kernel, or is part of another's
  };

  [[nodiscard]] Source operand(std::uint32_t index, std::size_t input) const {
    return through_broadcasts(order_, source(order_, index, input));
  }

  [[nodiscard]] ChosenKernel plain(std::uint32_t index) const {
    const graph::Node& node = *order_.nodes[index];
    ChosenKernel chosen{index, nullptr, std::string{node.operation->name()}, {}};
    std::array<DType, 8> dtypes{};
    for (std::size_t j = 0; j < node.inputs().size(); ++j) {
      dtypes[j] = node.inputs()[j]->dtype;
      chosen.inputs.push_back(operand(index, j));
    }
    chosen.kernel = run::tile_of(static_cast<const ElementwiseOperation&>(*node.operation),
                                 {dtypes.data(), node.inputs().size()}, node.dtype);
    return chosen;
  }

  // A node of this kind that lies inside.
  [[nodiscard]] bool is_inner(const Source& from, Algebra algebra) const {
    const Known* const known = nodes_.find(from);
    return known != nullptr && known->inner && algebra_of(*from.node) == algebra;
  }

  [[nodiscard]] static bool is_one(const Source& from) { return from.is_leaf && special_number(*from.node) == 1.0; }

  [[nodiscard]] ChosenKernel combined(std::uint32_t index, run::VectorKernel run::VectorKernels::*kernel,
                                      const char* name, std::vector<Source> inputs) const {
    return {index, run::vector_tile(kernel, order_.nodes[index]->dtype), name, std::move(inputs)};
  }

  std::optional<ChosenKernel> combination(std::uint32_t index) {
    parts_.clear();
    const graph::Node& node = *order_.nodes[index];
    if (!is_floating(node.dtype)) {
      return std::nullopt;
    }
    if (node.operation->algebra() == Algebra::chain_mul) {
      return slope_of(index, 0);
    }
    switch (algebra_of(node)) {
      case Algebra::mul: {
        auto slope = slope_of(index, 0);
        return slope ? slope : slope_of(index, 1);
      }
      case Algebra::add: {
        auto sum = product_beside(index, 1);
        return sum ? sum : product_beside(index, 0);
      }
      case Algebra::sub:
        return product_beside(index, 1);
      default:
        return std::nullopt;
    }
  }

  // t (a (1 − a)) or t (1 − a²), t being input i of a product or chain product.
  std::optional<ChosenKernel> slope_of(std::uint32_t index, std::size_t i) {
    const Source slope = operand(index, 1 - i);
    const bool chained = order_.nodes[index]->operation->algebra() == Algebra::chain_mul;
    if (is_inner(slope, Algebra::mul)) {
      const Source a = operand(slope.index, 0);
      const Source rest = operand(slope.index, 1);
      if (is_inner(rest, Algebra::sub) && is_one(operand(rest.index, 0)) && operand(rest.index, 1).node == a.node) {
        parts_ = {slope.index, rest.index};
        return combined(index,
                        chained ? &run::VectorKernels::chain_logistic_slope : &run::VectorKernels::logistic_slope,
                        "a·(1−a)·", {operand(index, i), a});
      }
    }
    if (is_inner(slope, Algebra::sub) && is_one(operand(slope.index, 0))) {
      const Source power = operand(slope.index, 1);
      if (is_inner(power, Algebra::square)) {
        parts_ = {slope.index, power.index};
        return combined(index,
                        chained ? &run::VectorKernels::chain_hyperbolic_slope : &run::VectorKernels::hyperbolic_slope,
                        "(1−a²)·", {operand(index, i), operand(power.index, 0)});
      }
    }
    return std::nullopt;
  }

  // a ± b c, b c being input i.
  std::optional<ChosenKernel> product_beside(std::uint32_t index, std::size_t i) {
    const Source product = operand(index, i);
    if (!is_inner(product, Algebra::mul) || slope_of(product.index, 0) || slope_of(product.index, 1)) {
      parts_.clear();
      return std::nullopt;
    }
    parts_ = {product.index};
    const bool adds = algebra_of(*order_.nodes[index]) == Algebra::add;
    return combined(index, adds ? &run::VectorKernels::add_product : &run::VectorKernels::sub_product,
                    adds ? "+b·c" : "−b·c",
                    {operand(index, 1 - i), operand(product.index, 0), operand(product.index, 1)});
  }

  const graph::Order& order_;
  OfNodes<Known> nodes_;
  std::vector<std::uint32_t> parts_;  // of the last combination, but for its result
  std::vector<ChosenKernel> list_;
};

/// Builds the pass call by call. Temporaries are used again once their last reader is past.
class TileProgram {
 public:
  TileProgram(const graph::Order& order, const TilePass& pass, const Storage& storage, const std::vector<bool>& needed)
      : order_{order},
        pass_{pass},
        storage_{storage},
        needed_{needed},
        kernels_{order, pass, needed},
        results_{pass.nodes} {
    task_.shape = order.nodes[pass.nodes.front()]->shape;
    task_.scratch = storage.scratch();
    for (std::size_t i = 0; i < kernels_.list().size(); ++i) {
      for (const Source& input : kernels_.list()[i].inputs) {
        if (Result* const result = results_.find(input)) {
          result->last_use = i;
        }
      }
    }
    for (const std::uint32_t sum : pass.sums) {
      results_[source(order, sum, 0).index].last_use = std::numeric_limits<std::size_t>::max();
    }
  }

  run::ElementwiseTask run() {
    for (std::size_t i = 0; i < kernels_.list().size(); ++i) {
      add_call(i);
    }
    for (const std::uint32_t index : pass_.sums) {
      if (auto sum = tile_sum(*order_.nodes[index])) {
        sum->source = results_[source(order_, index, 0).index].tile;
        sum->output.slot = storage_.of_node(index);
        task_.sums.push_back(*sum);
      }
    }
    return std::move(task_);
  }

 private:
  void add_call(std::size_t i) {
    const ChosenKernel& chosen = kernels_.list()[i];
    const graph::Node& node = *order_.nodes[chosen.index];
    run::TileCall call;
    call.operation = node.operation;
    call.kernel = chosen.kernel;
    call.name = chosen.name;
    unsigned scalars = scalar_inputs(chosen);
    if (const TileKernel form = scalars == 0 ? nullptr : run::scalar_form(call.kernel, scalars)) {
      call.kernel = form;
    } else {
      scalars = 0;
    }
    for (std::size_t j = 0; j < chosen.inputs.size(); ++j) {
      call.inputs.push_back(input_register(chosen.inputs[j], (scalars >> j & 1U) != 0));
    }
    for (const Source& input : chosen.inputs) {
      release(input, i);
    }
    call.output = output_register(chosen.index, node.dtype);
    results_[chosen.index].tile = call.output;
    task_.calls.push_back(std::move(call));
  }

  struct Result {
    static constexpr std::uint16_t none = 0xFFFF;
    std::uint16_t tile = none;  // its register, once it is computed
    std::size_t last_use = 0;   // the call that reads it last
  };

  [[nodiscard]] bool is_inside(const Source& from) const {
    const Result* const result = results_.find(from);
    return result != nullptr && result->tile != Result::none;
  }

  // Bit j: input j is one element for the whole pass.
  [[nodiscard]] unsigned scalar_inputs(const ChosenKernel& chosen) const {
    unsigned scalars = 0;
    for (std::size_t j = 0; j < chosen.inputs.size() && task_.shape.size() > 1; ++j) {
      if (chosen.inputs[j].node->shape.size() == 1 && !is_inside(chosen.inputs[j])) {
        scalars |= 1U << j;
      }
    }
    return scalars;
  }

  std::uint16_t input_register(const Source& from, bool scalar) {
    if (is_inside(from)) {
      return results_.find(from)->tile;
    }
    const auto kind = scalar ? run::TileRegister::Kind::scalar : run::TileRegister::Kind::input;
    const run::Operand operand = storage_.operand(from);
    for (std::size_t i = 0; i < task_.registers.size(); ++i) {
      const run::TileRegister& known = task_.registers[i];
      if (known.kind == kind && known.operand.slot == operand.slot && known.operand.shape == operand.shape &&
          known.operand.layout == operand.layout) {
        return static_cast<std::uint16_t>(i);
      }
    }
    return append({kind, operand});
  }

  std::uint16_t output_register(std::uint32_t index, DType dtype) {
    if (needed_[index]) {
      return append({run::TileRegister::Kind::output, {storage_.of_node(index), task_.shape, dtype}});
    }
    const auto unused = std::find_if(free_.begin(), free_.end(), [&](std::uint16_t candidate) {
      return task_.registers[candidate].operand.dtype == dtype;
    });
    if (unused != free_.end()) {
      const std::uint16_t temporary = *unused;
      free_.erase(unused);
      return temporary;
    }
    return append({run::TileRegister::Kind::temporary, {0, {}, dtype}});
  }

  void release(const Source& from, std::size_t i) {
    const Result* const result = results_.find(from);
    if (result == nullptr || result->tile == Result::none || result->last_use != i ||
        task_.registers[result->tile].kind != run::TileRegister::Kind::temporary) {
      return;
    }
    if (std::find(free_.begin(), free_.end(), result->tile) == free_.end()) {
      free_.push_back(result->tile);
    }
  }

  std::uint16_t append(const run::TileRegister& tile) {
    task_.registers.push_back(tile);
    return static_cast<std::uint16_t>(task_.registers.size() - 1);
  }

  const graph::Order& order_;
  const TilePass& pass_;
  const Storage& storage_;
  const std::vector<bool>& needed_;
  KernelSelection kernels_;
  run::ElementwiseTask task_;
  OfNodes<Result> results_;
  std::vector<std::uint16_t> free_;
};

}  // namespace

run::ElementwiseTask tile_program(const graph::Order& order, const TilePass& pass, const Storage& storage,
                                  const std::vector<bool>& needed) {
  return TileProgram{order, pass, storage, needed}.run();
}

bool can_overwrite(const run::ElementwiseTask& task, run::Slot input, run::Slot output) {
  if (std::any_of(task.sums.begin(), task.sums.end(),
                  [output](const run::TileSum& sum) { return sum.output.slot == output; })) {
    return false;
  }
  std::vector<std::uint16_t> readers;
  std::uint16_t writer = 0;
  for (std::size_t i = 0; i < task.registers.size(); ++i) {
    const run::TileRegister& tile = task.registers[i];
    if (tile.kind == run::TileRegister::Kind::scalar && tile.operand.slot == input) {
      return false;
    }
    if (tile.kind == run::TileRegister::Kind::input && tile.operand.slot == input) {
      if (tile.operand.layout ||
          !run::BroadcastReader{tile.operand.shape, tile.operand.dtype, task.shape}.contiguous()) {
        return false;
      }
      readers.push_back(static_cast<std::uint16_t>(i));
    } else if (tile.kind == run::TileRegister::Kind::output && tile.operand.slot == output) {
      writer = static_cast<std::uint16_t>(i);
    }
  }
  bool written = false;
  for (const run::TileCall& call : task.calls) {
    for (const std::uint16_t reader : readers) {
      if (written && std::find(call.inputs.begin(), call.inputs.end(), reader) != call.inputs.end()) {
        return false;
      }
      if (call.output == writer &&
          size_of(task.registers[reader].operand.dtype) != size_of(task.registers[writer].operand.dtype)) {
        return false;
      }
    }
    written = written || call.output == writer;
  }
  return true;
}

}  // namespace xgrad::planning
