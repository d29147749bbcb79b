#include "run/elementwise/elementwise_step.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <exception>
#include <fmt/format.h>
#include <numeric>

#include "run/reductions/folds.hpp"
#include "run/threads.hpp"

namespace xgrad::run {

namespace {

constexpr std::int64_t block = 64;  // elements: 64 bytes for a bool, more for the others

bool over_rows_only(const TileSum& sum) noexcept {
  return sum.over_rows && !sum.over_columns;
}

std::size_t rounded_up(std::size_t bytes) noexcept {
  return (bytes + 63) / 64 * 64;
}

BroadcastReader reader_of(const Operand& input, const Shape& shape) {
  return {input.shape, input.steps(), input.dtype, shape};
}

bool in_scratch(const TileRegister& tile, const Shape& shape) {
  if (tile.kind != TileRegister::Kind::input) {
    return tile.kind == TileRegister::Kind::temporary;
  }
  return !reader_of(tile.operand, shape).contiguous();
}

}  // namespace

// As many elements as fit into half of a small first-level cache, and whole repeats of an input that repeats a row.
TileLayout tile_layout(const ElementwiseTask& task) {
  constexpr std::size_t budget = 24576;
  constexpr std::int64_t most = 2048;
  constexpr std::int64_t least = 256;
  std::size_t bytes_per_element = 0;
  std::int64_t period = 0;
  for (const TileRegister& tile : task.registers) {
    if (tile.kind == TileRegister::Kind::scalar) {
      continue;
    }
    bytes_per_element += size_of(tile.operand.dtype);
    if (tile.kind == TileRegister::Kind::input) {
      period = std::max(period, reader_of(tile.operand, task.shape).period());
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
  TileLayout layout{elements, 0};
  for (const TileRegister& tile : task.registers) {
    if (in_scratch(tile, task.shape)) {
      layout.scratch_bytes += rounded_up(static_cast<std::size_t>(elements) * size_of(tile.operand.dtype));
    }
  }
  return layout;
}

ElementwiseStep::ElementwiseStep(ElementwiseTask task)
    : task_{std::move(task)}, total_{task_.shape.size()}, layout_{tile_layout(task_)} {
  worker_.pointers.resize(task_.registers.size());
  worker_.partials.resize(task_.sums.size());
  worker_.targets.resize(task_.sums.size());
  std::size_t offset = 0;
  for (std::size_t i = 0; i < task_.registers.size(); ++i) {
    const TileRegister& tile = task_.registers[i];
    const auto index = static_cast<std::uint16_t>(i);
    const std::size_t element = size_of(tile.operand.dtype);
    if (tile.kind == TileRegister::Kind::scalar) {
      scalars_.push_back({index, {tile.operand.slot, tile.operand.offset_bytes()}});
      continue;
    }
    if (!in_scratch(tile, task_.shape)) {
      moving_.push_back({index, {tile.operand.slot, tile.operand.offset_bytes()}, element});
      continue;
    }
    if (tile.kind == TileRegister::Kind::input) {
      const BroadcastReader reader = reader_of(tile.operand, task_.shape);
      const bool once = reader.constant() || total_ == layout_.elements ||
                        (reader.period() > 0 && layout_.elements % reader.period() == 0);
      worker_.filled.push_back({index, {tile.operand.slot, tile.operand.offset_bytes()}, reader, offset, once});
    } else {
      fixed_.push_back({index, offset});
    }
    offset += rounded_up(static_cast<std::size_t>(layout_.elements) * element);
  }
  for (const TileCall& call : task_.calls) {
    Call& flat = calls_.emplace_back();
    flat.kernel = call.kernel;
    flat.operation = call.operation.get();
    std::copy(call.inputs.begin(), call.inputs.end(), flat.inputs.begin());
    flat.input_count = static_cast<std::uint16_t>(call.inputs.size());
    flat.output = call.output;
  }
  plan_chunks();
  plan_row_sums();
}

// A chunk is some tiles, and some rows of every sum.
void ElementwiseStep::plan_chunks() {
  constexpr std::int64_t least = 32768;
  chunk_ = std::max<std::int64_t>(total_, 1);
  if (total_ < 2 * least) {
    return;
  }
  std::int64_t unit = layout_.elements;
  for (const TileSum& sum : task_.sums) {
    if (!(sum.over_rows && sum.over_columns)) {
      unit = std::lcm(unit, sum.columns * (sum.over_rows ? 16 : 1));
    }
    if (unit > total_ / 2) {
      return;
    }
  }
  chunk_ = unit * std::max<std::int64_t>(least / unit, 1);
  chunks_ = (total_ + chunk_ - 1) / chunk_;
  chunk_totals_.resize(static_cast<std::size_t>(chunks_) * task_.sums.size());
}

// Few and long rows are added up in the output, which is exact enough.
void ElementwiseStep::plan_row_sums() {
  constexpr std::int64_t long_row = 128;
  constexpr std::int64_t many_rows = 16;
  for (const TileSum& sum : task_.sums) {
    RowSum& plan = row_sums_.emplace_back();
    if (!over_rows_only(sum) || sum.columns == 0) {
      continue;
    }
    const bool many_in_tile = layout_.elements % sum.columns == 0 && layout_.elements / sum.columns >= many_rows;
    plan.wide = sum.rows > exact_terms || sum.columns < long_row;
    plan.staged = plan.wide && sum.output.dtype == float32 && !many_in_tile;
    const auto elements = static_cast<std::size_t>(chunks_ * sum.columns);
    plan.rows.resize(plan.wide ? elements : 0);
    plan.stages.resize(plan.staged ? elements : 0);
  }
}

void ElementwiseStep::run(void* const* slots) {
  if (task_.sums.empty() && total_ == layout_.elements) {  // one tile, which starts where everything starts
    for (const Moving& tile : moving_) {
      worker_.pointers[tile.index] = tile.from.in(slots);
    }
    enter(worker_, slots, static_cast<std::byte*>(slots[task_.scratch]));
    run_calls(worker_, total_);
    return;
  }
  for (std::size_t i = 0; i < task_.sums.size(); ++i) {
    const TileSum& sum = task_.sums[i];
    if (total_ == 0 || (over_rows_only(sum) && !row_sums_[i].wide)) {
      std::memset(slots[sum.output.slot], 0, sum.output.bytes());
    }
  }
  if (total_ > 0) {
    constexpr std::int64_t worth_a_thread = 131072;  // elements
    const std::int64_t grain = std::max<std::int64_t>(worth_a_thread / chunk_, 1);
    if (chunks_ == 1 || piece_count(chunks_, grain) == 1 || !run_shared(slots, grain)) {
      enter(worker_, slots, static_cast<std::byte*>(slots[task_.scratch]));
      for (std::int64_t chunk = 0; chunk < chunks_; ++chunk) {
        run_chunk(worker_, slots, chunk);
      }
    }
  }
  finish_sums(slots);
}

// All memory is taken first: an output may be a parameter's own memory, which mustn't be left half written.
bool ElementwiseStep::run_shared(void* const* slots, std::int64_t grain) {
  struct Share {
    memory::Buffer scratch;
    Worker worker;
  };
  std::vector<Share> shares;
  try {
    shares.resize(static_cast<std::size_t>(piece_count(chunks_, grain)));
    for (Share& share : shares) {
      share.scratch = memory::Buffer::allocate(Shape{static_cast<std::int64_t>(layout_.scratch_bytes)}, boolean);
      share.worker = worker_;
    }
  } catch (const std::exception&) {
    return false;
  }
  std::atomic<std::size_t> next{0};
  parallel_for(chunks_, grain, [&](std::int64_t begin, std::int64_t end) {
    Share& share = shares[next.fetch_add(1)];
    share.worker.scratch = nullptr;
    enter(share.worker, slots, static_cast<std::byte*>(share.scratch.data()));
    for (std::int64_t chunk = begin; chunk < end; ++chunk) {
      run_chunk(share.worker, slots, chunk);
    }
  });
  return true;
}

void ElementwiseStep::enter(Worker& worker, void* const* slots, std::byte* scratch) const {
  if (scratch != worker.scratch) {
    worker.scratch = scratch;
    for (const Fixed& tile : fixed_) {
      worker.pointers[tile.index] = scratch + tile.offset;
    }
    for (const Filled& tile : worker.filled) {
      worker.pointers[tile.index] = scratch + tile.offset;
    }
  }
  for (const Scalar& tile : scalars_) {
    worker.pointers[tile.index] = tile.from.in(slots);
  }
  for (Filled& tile : worker.filled) {
    std::byte* memory = worker.pointers[tile.index];
    if (tile.reader.constant()) {
      splat(memory, tile.from.in(slots), layout_.elements, tile.reader.element());
    } else if (tile.once) {
      tile.reader.seek(tile.from.in(slots), 0);
      tile.reader.read(memory, layout_.elements);
    }
  }
}

void ElementwiseStep::run_chunk(Worker& worker, void* const* slots, std::int64_t chunk) {
  const std::int64_t begin = chunk * chunk_;
  const std::int64_t end = std::min(begin + chunk_, total_);
  for (const Moving& tile : moving_) {
    worker.pointers[tile.index] = tile.from.in(slots) + static_cast<std::size_t>(begin) * tile.element_bytes;
  }
  for (Filled& tile : worker.filled) {
    if (!tile.once) {
      tile.reader.seek(tile.from.in(slots), begin);
    }
  }
  aim(worker, slots, chunk);
  for (std::int64_t start = begin; start < end; start += layout_.elements) {
    run_tile(worker, start, std::min(layout_.elements, end - start));
    for (const Moving& tile : moving_) {
      worker.pointers[tile.index] += static_cast<std::size_t>(layout_.elements) * tile.element_bytes;
    }
  }
  for (std::size_t i = 0; i < task_.sums.size(); ++i) {
    if (chunks_ > 1) {
      chunk_totals_[static_cast<std::size_t>(chunk) * task_.sums.size() + i] = worker.partials[i];
    }
    if (RowTarget& target = worker.targets[i]; row_sums_[i].staged && target.additions > 0) {
      flush(target, task_.sums[i].columns);
    }
  }
}

// To the sums of a chunk, which are 0 then.
void ElementwiseStep::aim(Worker& worker, void* const* slots, std::int64_t chunk) {
  for (std::size_t i = 0; i < task_.sums.size(); ++i) {
    worker.partials[i] = 0;
    RowTarget& target = worker.targets[i];
    target.stage = slots[task_.sums[i].output.slot];
    RowSum& sum = row_sums_[i];
    if (!sum.wide) {
      continue;
    }
    const std::int64_t columns = task_.sums[i].columns;
    target.row = sum.rows.data() + chunk * columns;
    std::fill_n(target.row, columns, 0.0);
    target.stage = target.row;
    target.additions = 0;
    if (sum.staged) {
      float* stage = sum.stages.data() + chunk * columns;
      std::fill_n(stage, columns, 0.0F);
      target.stage = stage;
    }
  }
}

void ElementwiseStep::flush(RowTarget& target, std::int64_t columns) {
  auto* stage = static_cast<float*>(target.stage);
  Sum<float>::rows(target.row, stage, 1, columns, columns);
  std::fill_n(stage, columns, 0.0F);
  target.additions = 0;
}

void ElementwiseStep::run_tile(Worker& worker, std::int64_t start, std::int64_t count) const {
  const bool first = start % chunk_ == 0;  // of the worker's chunk: the tiles hold those of another
  for (Filled& tile : worker.filled) {
    if (!tile.once && (first || !tile.reader.passes_repeated(count, layout_.elements))) {
      tile.reader.read(worker.pointers[tile.index], count);
    }
  }
  run_calls(worker, count);
  for (std::size_t i = 0; i < task_.sums.size(); ++i) {
    add_tile(worker, i, start, count);
  }
}

void ElementwiseStep::run_calls(const Worker& worker, std::int64_t count) const {
  for (const Call& call : calls_) {
    std::array<const void*, 8> inputs;  // NOLINT: filled as far as it is read
    for (std::size_t i = 0; i < call.input_count; ++i) {
      inputs[i] = worker.pointers[call.inputs[i]];
    }
    call.kernel(*call.operation, inputs.data(), worker.pointers[call.output], static_cast<std::size_t>(count));
  }
}

// A tile may start and end anywhere in a row.
template <class T>
void ElementwiseStep::add_values(Worker& worker, std::size_t i, const T* values, std::int64_t start,
                                 std::int64_t count) const {
  const TileSum& sum = task_.sums[i];
  double& partial = worker.partials[i];
  RowTarget& target = worker.targets[i];
  if (sum.over_rows && sum.over_columns) {
    partial += Sum<T>::run(values, count);
    return;
  }
  const std::int64_t columns = sum.columns;
  const RowSum& plan = row_sums_[i];
  if (plan.wide && !plan.staged && start % columns == 0 && count % columns == 0) {
    Sum<T>::rows(target.row, values, count / columns, columns, columns);
    return;
  }
  constexpr std::int64_t together = 4;  // of them FewSum makes one term
  T* result = static_cast<T*>(target.stage);
  while (count > 0) {
    const std::int64_t column = start % columns;
    std::int64_t run = std::min(count, columns - column);
    const bool ends_row = column + run == columns;
    if (sum.over_rows) {
      const std::int64_t rows = column == 0 ? std::clamp<std::int64_t>(count / columns, 1, together) : 1;
      // NOLINTNEXTLINE(readability-suspicious-call-argument): a part of rows that lie `columns` apart
      FewSum<T>::rows(result + column, values, rows, run, columns);
      run *= rows;
      target.additions += ends_row ? 1 : 0;
      if (plan.staged && target.additions + 2 >= exact_terms) {
        flush(target, columns);
      }
    } else {
      partial += Sum<T>::run(values, run);
      if (ends_row) {
        result[start / columns] = static_cast<T>(partial / sum.divisor);
        partial = 0;
      }
    }
    start += run;
    values += run;
    count -= run;
  }
}

void ElementwiseStep::add_tile(Worker& worker, std::size_t i, std::int64_t start, std::int64_t count) const {
  const TileSum& sum = task_.sums[i];
  const std::byte* values = worker.pointers[sum.source];
  if (sum.output.dtype == float32) {
    add_values(worker, i, reinterpret_cast<const float*>(values), start, count);
  } else {
    add_values(worker, i, reinterpret_cast<const double*>(values), start, count);
  }
}

// Adds up what the chunks gave, in their order.
void ElementwiseStep::finish_sums(void* const* slots) {
  for (std::size_t i = 0; i < task_.sums.size(); ++i) {
    const TileSum& sum = task_.sums[i];
    const auto finish = [&]<class T>(T* result) {
      const std::int64_t size = sum.output.shape.size();
      const auto quotient = [divisor = sum.divisor](double total) { return static_cast<T>(total / divisor); };
      if (sum.over_rows && sum.over_columns) {
        double total = chunks_ == 1 && total_ > 0 ? worker_.partials[i] : 0;
        for (std::size_t chunk = 0; chunks_ > 1 && chunk < static_cast<std::size_t>(chunks_); ++chunk) {
          total += chunk_totals_[chunk * task_.sums.size() + i];
        }
        *result = quotient(total);
      } else if (row_sums_[i].wide && total_ > 0) {
        double* rows = row_sums_[i].rows.data();
        Sum<double>::rows(rows, rows + size, chunks_ - 1, size, size);
        if (sum.divisor == 1) {
          std::transform(rows, rows + size, result, [](double total) { return static_cast<T>(total); });
        } else {
          std::transform(rows, rows + size, result, quotient);
        }
      } else if (sum.divisor != 1 && (over_rows_only(sum) || total_ == 0)) {
        std::transform(result, result + size, result, [&](T total) { return quotient(static_cast<double>(total)); });
      }
    };
    if (sum.output.dtype == float32) {
      finish(static_cast<float*>(slots[sum.output.slot]));
    } else {
      finish(static_cast<double*>(slots[sum.output.slot]));
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
