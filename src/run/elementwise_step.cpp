#include "run/elementwise_step.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <numeric>

#include "run/folds.hpp"

namespace xgrad::run {

namespace {

constexpr std::int64_t block = 64;  // elements: 64 bytes for a bool, more for the others

std::size_t rounded_up(std::size_t bytes) noexcept {
  return (bytes + 63) / 64 * 64;
}

bool in_scratch(const TileRegister& tile, const Shape& shape) {
  if (tile.kind != TileRegister::Kind::input) {
    return tile.kind == TileRegister::Kind::temporary;
  }
  return !BroadcastReader{tile.operand.shape, tile.operand.dtype, shape}.contiguous();
}

}  // namespace

// As many elements as fit into half of a small first-level cache, and whole repeats of an input that repeats a row.
TileLayout tile_layout(const ElementwiseTask& task) {
  constexpr std::size_t budget = 24 * 1024;
  constexpr std::int64_t most = 2048;
  constexpr std::int64_t least = 256;
  std::size_t bytes_per_element = 0;
  std::int64_t period = 0;
  for (const TileRegister& tile : task.registers) {
    bytes_per_element += size_of(tile.operand.dtype);
    if (tile.kind == TileRegister::Kind::input) {
      const BroadcastReader reader{tile.operand.shape, tile.operand.dtype, task.shape};
      period = std::max(period, reader.period());
    }
  }
  const std::int64_t total = task.shape.size();
  auto elements = static_cast<std::int64_t>(budget / std::max<std::size_t>(bytes_per_element, 1));
  elements = std::clamp(elements / block * block, least, most);
  if (period > 0) {
    if (const std::int64_t repeat = std::lcm(period, block); repeat <= elements) {
      elements = elements / repeat * repeat;
    } else if (period <= elements) {
      elements = elements / period * period;
    }
  }
  elements = std::min(elements, std::max<std::int64_t>(total, 1));
  TileLayout layout{elements, 0, elements % block == 0 || elements == total};
  for (const TileRegister& tile : task.registers) {
    if (in_scratch(tile, task.shape)) {
      layout.scratch_bytes += rounded_up(static_cast<std::size_t>(elements) * size_of(tile.operand.dtype));
    }
  }
  return layout;
}

ElementwiseStep::ElementwiseStep(ElementwiseTask task)
    : task_{std::move(task)},
      total_{task_.shape.size()},
      layout_{tile_layout(task_)},
      pointers_(task_.registers.size()),
      partials_(task_.sums.size()),
      sum_outputs_(task_.sums.size()) {
  std::size_t offset = 0;
  for (std::size_t i = 0; i < task_.registers.size(); ++i) {
    const TileRegister& tile = task_.registers[i];
    const auto index = static_cast<std::uint16_t>(i);
    const std::size_t tile_bytes = static_cast<std::size_t>(layout_.elements) * size_of(tile.operand.dtype);
    if (!in_scratch(tile, task_.shape)) {
      moving_.push_back({index, tile.operand.slot, tile_bytes});
      continue;
    }
    if (tile.kind == TileRegister::Kind::input) {
      const BroadcastReader reader{tile.operand.shape, tile.operand.dtype, task_.shape};
      const bool once = reader.constant() || (reader.period() > 0 && layout_.elements % reader.period() == 0);
      filled_.push_back({index, tile.operand.slot, reader, offset, once});
    } else {
      fixed_.push_back({index, offset});
    }
    offset += rounded_up(tile_bytes);
  }
  for (const TileCall& call : task_.calls) {
    Call& flat = calls_.emplace_back();
    flat.kernel = call.kernel;
    flat.operation = call.operation.get();
    std::copy(call.inputs.begin(), call.inputs.end(), flat.inputs.begin());
    flat.input_count = static_cast<std::uint16_t>(call.inputs.size());
    flat.output = call.output;
    // Whole vectors: what is computed beyond the last element lands where nobody looks.
    flat.granule = call.padded && layout_.aligned
                       ? 64 / static_cast<std::int64_t>(size_of(task_.registers[call.output].operand.dtype))
                       : 1;
  }
}

void ElementwiseStep::run(void* const* slots) {
  start_sums(slots);
  if (total_ > 0) {
    auto* scratch = static_cast<std::byte*>(slots[task_.scratch]);
    for (const Moving& tile : moving_) {
      pointers_[tile.index] = static_cast<std::byte*>(slots[tile.slot]);
    }
    if (scratch != scratch_) {
      scratch_ = scratch;
      for (const Fixed& tile : fixed_) {
        pointers_[tile.index] = scratch + tile.offset;
      }
    }
    for (Filled& tile : filled_) {
      std::byte* memory = scratch + tile.offset;
      pointers_[tile.index] = memory;
      if (tile.reader.constant()) {
        splat(memory, slots[tile.slot], layout_.elements, tile.reader.element());
        continue;
      }
      tile.reader.seek(slots[tile.slot], 0);
      if (tile.once) {
        tile.reader.read(memory, layout_.elements);
      }
    }
    for (std::int64_t start = 0; start < total_; start += layout_.elements) {
      if (start > 0) {
        for (const Moving& tile : moving_) {
          pointers_[tile.index] += tile.tile_bytes;
        }
      }
      run_tile(start, std::min(layout_.elements, total_ - start));
    }
  }
  finish_sums();
}

void ElementwiseStep::run_tile(std::int64_t start, std::int64_t count) {
  for (Filled& tile : filled_) {
    if (!tile.once) {
      tile.reader.read(pointers_[tile.index], count);
    }
  }
  for (const Call& call : calls_) {
    std::array<const void*, 8> inputs;  // NOLINT: filled as far as it is read
    for (std::size_t i = 0; i < call.input_count; ++i) {
      inputs[i] = pointers_[call.inputs[i]];
    }
    const std::int64_t whole = (count + call.granule - 1) & -call.granule;  // a power of two
    call.kernel(*call.operation, inputs.data(), pointers_[call.output], static_cast<std::size_t>(whole));
  }
  for (std::size_t i = 0; i < task_.sums.size(); ++i) {
    add_tile(i, start, count);
  }
}

void ElementwiseStep::start_sums(void* const* slots) {
  for (std::size_t i = 0; i < task_.sums.size(); ++i) {
    const TileSum& sum = task_.sums[i];
    partials_[i] = 0;
    sum_outputs_[i] = slots[sum.output.slot];
    std::memset(sum_outputs_[i], 0, sum.output.bytes());
  }
}

void ElementwiseStep::add_tile(std::size_t i, std::int64_t start, std::int64_t count) {
  const TileSum& sum = task_.sums[i];
  const std::byte* values = pointers_[sum.source];
  if (sum.output.dtype == float32) {
    add_tile_as(sum, partials_[i], sum_outputs_[i], reinterpret_cast<const float*>(values), start, count);
  } else {
    add_tile_as(sum, partials_[i], sum_outputs_[i], reinterpret_cast<const double*>(values), start, count);
  }
}

// A tile may start and end anywhere in a row.
template <class T>
void ElementwiseStep::add_tile_as(const TileSum& sum, double& partial, void* out, const T* values, std::int64_t start,
                                  std::int64_t count) {
  T* result = static_cast<T*>(out);
  if (sum.over_rows && sum.over_columns) {
    partial += static_cast<double>(Sum<T>::run(values, count));
    return;
  }
  const std::int64_t columns = sum.columns;
  if (sum.over_rows && start % columns == 0 && count % columns == 0) {
    Sum<T>::rows(result, values, count / columns, columns);
    return;
  }
  while (count > 0) {
    const std::int64_t column = start % columns;
    const std::int64_t run = std::min(count, columns - column);
    if (sum.over_rows) {
      for (std::int64_t i = 0; i < run; ++i) {
        result[column + i] += values[i];
      }
    } else {
      partial += static_cast<double>(Sum<T>::run(values, run));
      if (column + run == columns) {
        result[start / columns] = static_cast<T>(partial);
        partial = 0;
      }
    }
    start += run;
    values += run;
    count -= run;
  }
}

void ElementwiseStep::finish_sums() {
  for (std::size_t i = 0; i < task_.sums.size(); ++i) {
    const TileSum& sum = task_.sums[i];
    const bool total = sum.over_rows && sum.over_columns;
    const auto finish = [&]<class T>(T* result) {
      if (total) {
        *result = static_cast<T>(partials_[i]);
      }
      if (sum.divisor != 1) {
        const T divisor = static_cast<T>(sum.divisor);
        std::transform(result, result + sum.output.shape.size(), result, [=](T x) { return x / divisor; });
      }
    };
    if (sum.output.dtype == float32) {
      finish(static_cast<float*>(sum_outputs_[i]));
    } else {
      finish(static_cast<double*>(sum_outputs_[i]));
    }
  }
}

std::string ElementwiseStep::describe() const {
  std::string text = task_.calls.size() == 1 ? "" : fmt::format("{} fused: ", task_.calls.size());
  for (std::size_t i = 0; i < task_.calls.size(); ++i) {
    text += (i == 0 ? "" : " ") + task_.calls[i].name;
  }
  for (const TileSum& sum : task_.sums) {
    text += sum.divisor == 1 ? ", then sum" : ", then mean";
  }
  return text;
}

}  // namespace xgrad::run
