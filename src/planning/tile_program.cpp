#include "planning/tile_program.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <optional>
#include <string>

#include "planning/algebra.hpp"
#include "planning/simplify.hpp"
#include "planning/tile_sums.hpp"
#include "run/elementwise/tiles.hpp"
#include "run/isa.hpp"

namespace xgrad::planning {

Storage::Storage(const graph::Order& order, std::vector<const graph::Node*> leaves) : leaves_{std::move(leaves)} {
  const std::size_t count = order.nodes.size();
  for (std::uint32_t i = 0; i < leaves_.size(); ++i) {
    numbers_.emplace(leaves_[i], i);
  }
  roots_.resize(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto links = order.inputs(i);
    for (std::size_t j = 0; j < links.size(); ++j) {
      const graph::Node* input = order.nodes[i]->inputs()[j];
      if (links[j] == graph::Order::leaf && numbers_.try_emplace(input, leaves_.size()).second) {
        leaves_.push_back(input);
      }
    }
    roots_[i] = i;
    if (is_alias(*order.nodes[i])) {
      roots_[i] = links[0] == graph::Order::leaf
                      ? static_cast<run::Slot>(count + numbers_.at(order.nodes[i]->inputs()[0]))
                      : roots_[links[0]];
    }
  }
}

run::Slot Storage::of(const Source& source) const {
  return source.place != graph::Order::leaf ? roots_[source.place] : leaf_slot(numbers_.at(source.node));
}

Source through_broadcasts(const graph::Order& order, Source from, bool fuse) {
  while (fuse && from.place != graph::Order::leaf && algebra_of(*from.node) == Algebra::broadcast_to) {
    from = source(order, from.place, 0);
  }
  return from;
}

namespace {

/// One kernel call before it has registers: a node's own, or one that does the work of several nodes.
struct Emission {
  std::uint32_t place = 0;  // of the node that it gives
  TileKernel kernel = nullptr;
  std::string name;
  std::vector<Source> inputs;
};

/// Chooses the kernels of a group: combinations first, where what lies between is needed nowhere else.
class Emissions {
 public:
  Emissions(const graph::Order& order, const Group& group, const std::vector<bool>& needed) : order_{order} {
    for (const std::uint32_t place : group.nodes) {
      for (std::size_t j = 0; j < order.inputs(place).size(); ++j) {
        ++uses_[operand(place, j).place];
      }
    }
    for (const std::uint32_t sum : group.sums) {
      ++uses_[source(order, sum, 0).place];
    }
    for (const std::uint32_t place : group.nodes) {
      inner_[place] = uses_[place] == 1 && !needed[place];
    }
    std::map<std::uint32_t, bool> done;
    for (auto place = group.nodes.rbegin(); place != group.nodes.rend(); ++place) {
      if (done[*place]) {
        continue;
      }
      const auto combined = combination(*place);
      list_.push_back(combined ? *combined : plain(*place));
      for (const std::uint32_t part : parts_) {
        done[part] = true;
      }
    }
    std::reverse(list_.begin(), list_.end());
  }

  [[nodiscard]] const std::vector<Emission>& list() const noexcept { return list_; }

 private:
  [[nodiscard]] Source operand(std::uint32_t place, std::size_t input) const {
    return through_broadcasts(order_, source(order_, place, input), true);
  }

  [[nodiscard]] Emission plain(std::uint32_t place) const {
    const graph::Node& node = *order_.nodes[place];
    Emission emission{place, nullptr, std::string{node.operation->name()}, {}};
    std::array<DType, 8> dtypes{};
    for (std::size_t j = 0; j < node.inputs().size(); ++j) {
      dtypes[j] = node.inputs()[j]->dtype;
      emission.inputs.push_back(operand(place, j));
    }
    emission.kernel = run::tile_of(static_cast<const ElementwiseOperation&>(*node.operation),
                                   {dtypes.data(), node.inputs().size()}, node.dtype);
    return emission;
  }

  // A node of this kind that lies inside.
  [[nodiscard]] bool is_inner(const Source& from, Algebra algebra) const {
    if (from.place == graph::Order::leaf) {
      return false;
    }
    const auto known = inner_.find(from.place);
    return known != inner_.end() && known->second && algebra_of(*from.node) == algebra;
  }

  [[nodiscard]] static bool is_one(const Source& from) {
    return from.place == graph::Order::leaf && special_number(*from.node) == 1.0;
  }

  [[nodiscard]] Emission combined(std::uint32_t place, run::VectorKernel run::VectorKernels::*kernel, const char* name,
                                  std::vector<Source> inputs) const {
    return {place, run::vector_tile(kernel, order_.nodes[place]->dtype), name, std::move(inputs)};
  }

  std::optional<Emission> combination(std::uint32_t place) {
    parts_.clear();
    const graph::Node& node = *order_.nodes[place];
    if (!is_floating(node.dtype)) {
      return std::nullopt;
    }
    if (node.operation->algebra() == Algebra::chain_mul) {
      return slope_of(place, 0);
    }
    switch (algebra_of(node)) {
      case Algebra::mul: {
        auto slope = slope_of(place, 0);
        return slope ? slope : slope_of(place, 1);
      }
      case Algebra::add: {
        auto sum = product_beside(place, 1);
        return sum ? sum : product_beside(place, 0);
      }
      case Algebra::sub:
        return product_beside(place, 1);
      default:
        return std::nullopt;
    }
  }

  // t (a (1 − a)) or t (1 − a²), t being input i of a product or chain product.
  std::optional<Emission> slope_of(std::uint32_t place, std::size_t i) {
    const Source slope = operand(place, 1 - i);
    const bool chained = order_.nodes[place]->operation->algebra() == Algebra::chain_mul;
    if (is_inner(slope, Algebra::mul)) {
      const Source a = operand(slope.place, 0);
      const Source rest = operand(slope.place, 1);
      if (is_inner(rest, Algebra::sub) && is_one(operand(rest.place, 0)) && operand(rest.place, 1).node == a.node) {
        parts_ = {slope.place, rest.place};
        return combined(place,
                        chained ? &run::VectorKernels::chain_logistic_slope : &run::VectorKernels::logistic_slope,
                        "a·(1−a)·", {operand(place, i), a});
      }
    }
    if (is_inner(slope, Algebra::sub) && is_one(operand(slope.place, 0))) {
      const Source power = operand(slope.place, 1);
      if (is_inner(power, Algebra::square)) {
        parts_ = {slope.place, power.place};
        return combined(place,
                        chained ? &run::VectorKernels::chain_hyperbolic_slope : &run::VectorKernels::hyperbolic_slope,
                        "(1−a²)·", {operand(place, i), operand(power.place, 0)});
      }
    }
    return std::nullopt;
  }

  // a ± b c, b c being input i.
  std::optional<Emission> product_beside(std::uint32_t place, std::size_t i) {
    const Source product = operand(place, i);
    if (!is_inner(product, Algebra::mul) || slope_of(product.place, 0) || slope_of(product.place, 1)) {
      parts_.clear();
      return std::nullopt;
    }
    parts_ = {product.place};
    const bool adds = algebra_of(*order_.nodes[place]) == Algebra::add;
    return combined(place, adds ? &run::VectorKernels::add_product : &run::VectorKernels::sub_product,
                    adds ? "+b·c" : "−b·c",
                    {operand(place, 1 - i), operand(product.place, 0), operand(product.place, 1)});
  }

  const graph::Order& order_;
  std::map<std::uint32_t, std::size_t> uses_;
  std::map<std::uint32_t, bool> inner_;  // used once, and inside
  std::vector<std::uint32_t> parts_;     // of the last combination, but for its result
  std::vector<Emission> list_;
};

/// Builds the pass call by call. Temporaries are used again once their last reader is past.
class TileProgram {
 public:
  TileProgram(const graph::Order& order, const Group& group, const Storage& storage, const std::vector<bool>& needed)
      : order_{order}, group_{group}, storage_{storage}, needed_{needed}, emissions_{order, group, needed} {
    task_.shape = order.nodes[group.nodes.front()]->shape;
    task_.scratch = storage.scratch();
    for (std::size_t i = 0; i < emissions_.list().size(); ++i) {
      for (const Source& input : emissions_.list()[i].inputs) {
        last_use_[input.place] = i;
      }
    }
    for (const std::uint32_t sum : group.sums) {
      last_use_[source(order, sum, 0).place] = std::numeric_limits<std::size_t>::max();
    }
  }

  run::ElementwiseTask run() {
    for (std::size_t i = 0; i < emissions_.list().size(); ++i) {
      add_call(i);
    }
    for (const std::uint32_t place : group_.sums) {
      if (auto sum = tile_sum(*order_.nodes[place])) {
        sum->source = results_.at(source(order_, place, 0).place);
        sum->output.slot = storage_.of_place(place);
        task_.sums.push_back(*sum);
      }
    }
    return std::move(task_);
  }

 private:
  void add_call(std::size_t i) {
    const Emission& emission = emissions_.list()[i];
    const graph::Node& node = *order_.nodes[emission.place];
    run::TileCall call;
    call.operation = node.operation;
    call.kernel = emission.kernel;
    call.name = emission.name;
    unsigned scalars = scalar_inputs(emission);
    if (const TileKernel form = scalars == 0 ? nullptr : run::scalar_form(call.kernel, scalars)) {
      call.kernel = form;
    } else {
      scalars = 0;
    }
    for (std::size_t j = 0; j < emission.inputs.size(); ++j) {
      call.inputs.push_back(input_register(emission.inputs[j], (scalars >> j & 1U) != 0));
    }
    for (const Source& input : emission.inputs) {
      release(input.place, i);
    }
    call.output = output_register(emission.place, node.dtype);
    results_[emission.place] = call.output;
    task_.calls.push_back(std::move(call));
  }

  [[nodiscard]] bool is_inside(const Source& from) const {
    return from.place != graph::Order::leaf && results_.contains(from.place);
  }

  // Bit j: input j is one element for the whole pass.
  [[nodiscard]] unsigned scalar_inputs(const Emission& emission) const {
    unsigned scalars = 0;
    for (std::size_t j = 0; j < emission.inputs.size() && task_.shape.size() > 1; ++j) {
      if (emission.inputs[j].node->shape.size() == 1 && !is_inside(emission.inputs[j])) {
        scalars |= 1U << j;
      }
    }
    return scalars;
  }

  std::uint16_t input_register(const Source& from, bool scalar) {
    if (is_inside(from)) {
      return results_.at(from.place);
    }
    const auto kind = scalar ? run::TileRegister::Kind::scalar : run::TileRegister::Kind::input;
    const run::Operand operand = storage_.operand(from);
    for (std::size_t i = 0; i < task_.registers.size(); ++i) {
      const run::TileRegister& known = task_.registers[i];
      if (known.kind == kind && known.operand.slot == operand.slot && known.operand.shape == operand.shape) {
        return static_cast<std::uint16_t>(i);
      }
    }
    return append({kind, operand});
  }

  std::uint16_t output_register(std::uint32_t place, DType dtype) {
    if (needed_[place]) {
      return append({run::TileRegister::Kind::output, {storage_.of_place(place), task_.shape, dtype}});
    }
    const auto unused = std::find_if(free_.begin(), free_.end(), [&](std::uint16_t candidate) {
      return task_.registers[candidate].operand.dtype == dtype;
    });
    if (unused != free_.end()) {
      const std::uint16_t index = *unused;
      free_.erase(unused);
      return index;
    }
    return append({run::TileRegister::Kind::temporary, {0, {}, dtype}});
  }

  void release(std::uint32_t place, std::size_t i) {
    const auto result = results_.find(place);
    if (place == graph::Order::leaf || result == results_.end() || last_use_.at(place) != i ||
        task_.registers[result->second].kind != run::TileRegister::Kind::temporary) {
      return;
    }
    if (std::find(free_.begin(), free_.end(), result->second) == free_.end()) {
      free_.push_back(result->second);
    }
  }

  std::uint16_t append(const run::TileRegister& tile) {
    task_.registers.push_back(tile);
    return static_cast<std::uint16_t>(task_.registers.size() - 1);
  }

  const graph::Order& order_;
  const Group& group_;
  const Storage& storage_;
  const std::vector<bool>& needed_;
  Emissions emissions_;
  run::ElementwiseTask task_;
  std::map<std::uint32_t, std::uint16_t> results_;
  std::map<std::uint32_t, std::size_t> last_use_;
  std::vector<std::uint16_t> free_;
};

}  // namespace

run::ElementwiseTask tile_program(const graph::Order& order, const Group& group, const Storage& storage,
                                  const std::vector<bool>& needed) {
  return TileProgram{order, group, storage, needed}.run();
}

bool can_overwrite(const run::ElementwiseTask& task, run::Slot input, run::Slot output) {
  std::vector<std::uint16_t> readers;
  std::uint16_t writer = 0;
  for (std::size_t i = 0; i < task.registers.size(); ++i) {
    const run::TileRegister& tile = task.registers[i];
    if (tile.kind == run::TileRegister::Kind::scalar && tile.operand.slot == input) {
      return false;
    }
    if (tile.kind == run::TileRegister::Kind::input && tile.operand.slot == input) {
      if (!run::BroadcastReader{tile.operand.shape, tile.operand.dtype, task.shape}.contiguous()) {
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
