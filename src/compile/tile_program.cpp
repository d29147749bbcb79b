#include "compile/tile_program.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include "compile/kind.hpp"
#include "compile/tile_sums.hpp"
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

Source through_broadcasts(const graph::Order& order, Source operand, bool fuse) {
  while (fuse && operand.place != graph::Order::leaf && kind_of(*operand.node) == Kind::broadcast) {
    operand = source(order, operand.place, 0);
  }
  return operand;
}

namespace {

/// Builds the pass call by call. Temporaries are used again once their last reader is past.
class TileProgram {
 public:
  TileProgram(const graph::Order& order, const Group& group, const Storage& storage, const std::vector<bool>& needed)
      : order_{order}, group_{group}, storage_{storage}, needed_{needed} {
    task_.shape = order.nodes[group.nodes.front()]->shape;
    task_.scratch = storage.scratch();
    for (std::size_t i = 0; i < group.nodes.size(); ++i) {
      for (std::size_t j = 0; j < order.inputs(group.nodes[i]).size(); ++j) {
        last_use_[operand(group.nodes[i], j).place] = i;
      }
    }
    for (const std::uint32_t sum : group.sums) {
      last_use_[source(order, sum, 0).place] = std::numeric_limits<std::size_t>::max();
    }
  }

  run::ElementwiseTask run() {
    for (std::size_t i = 0; i < group_.nodes.size(); ++i) {
      add_call(i);
    }
    for (const std::uint32_t place : group_.sums) {
      run::TileSum sum = *tile_sum(*order_.nodes[place]);
      sum.source = results_.at(source(order_, place, 0).place);
      sum.output.slot = storage_.of_place(place);
      task_.sums.push_back(sum);
    }
    return std::move(task_);
  }

 private:
  [[nodiscard]] Source operand(std::uint32_t place, std::size_t input) const {
    return through_broadcasts(order_, source(order_, place, input), true);
  }

  void add_call(std::size_t i) {
    const std::uint32_t place = group_.nodes[i];
    const graph::Node& node = *order_.nodes[place];
    run::TileCall call;
    call.operation = node.operation;
    std::array<DType, 8> dtypes{};
    const std::size_t count = node.inputs().size();
    for (std::size_t j = 0; j < count; ++j) {
      dtypes[j] = node.inputs()[j]->dtype;
      call.inputs.push_back(input_register(operand(place, j)));
    }
    call.kernel = static_cast<const ElementwiseOperation&>(*node.operation).tile({dtypes.data(), count}, node.dtype);
    call.padded = run::is_vector_kernel(call.kernel);
    for (std::size_t j = 0; j < count; ++j) {
      release(operand(place, j).place, i);
    }
    call.output = output_register(place, node.dtype);
    results_[place] = call.output;
    if (last_use_.find(place) == last_use_.end()) {
      last_use_[place] = i;
      release(place, i);
    }
    task_.calls.push_back(std::move(call));
  }

  std::uint16_t input_register(const Source& from) {
    if (from.place != graph::Order::leaf) {
      if (const auto inside = results_.find(from.place); inside != results_.end()) {
        return inside->second;
      }
    }
    const run::Operand operand = storage_.operand(from);
    for (std::size_t i = 0; i < task_.registers.size(); ++i) {
      const run::TileRegister& known = task_.registers[i];
      if (known.kind == run::TileRegister::Kind::input && known.operand.slot == operand.slot &&
          known.operand.shape == operand.shape) {
        return static_cast<std::uint16_t>(i);
      }
    }
    return append({run::TileRegister::Kind::input, operand});
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
