#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "xgrad/operation.hpp"

#include "run/elementwise/broadcast_reader.hpp"
#include "run/plan.hpp"

namespace xgrad::run {

/// A tile of values while a chain runs. Inputs are read from their slots (broadcasting to the chain's shape), outputs
/// are written to theirs and may be read by later calls, temporaries exist for one tile. A scalar is an input of one
/// element that only kernels read which take it as such.
struct TileRegister {
  enum class Kind : std::uint8_t { input, scalar, output, temporary };
  Kind kind = Kind::temporary;
  Operand operand;  ///< of a temporary the dtype only
};

/// One element-wise operation on registers, or several that one kernel does. `output` may be one of the inputs if its
/// dtype is the same.
struct TileCall {
  std::shared_ptr<const Operation> operation;
  TileKernel kernel = nullptr;
  std::string name;
  std::vector<std::uint16_t> inputs;
  std::uint16_t output = 0;
};

/// Σ over some axes of a register, divided by `divisor`. The axes are all, the first ones or the last ones, after
/// merging: the chain's shape is seen as (rows, columns), and rows or columns are summed over.
struct TileSum {
  std::uint16_t source = 0;
  Operand output;  ///< float32 or float64
  std::int64_t rows = 1;
  std::int64_t columns = 1;
  bool over_rows = false;
  bool over_columns = false;
  double divisor = 1;
};

/// Element-wise calls of one shape, in order, and sums of what they give: done in one pass.
struct ElementwiseTask {
  Shape shape;
  std::vector<TileRegister> registers;
  std::vector<TileCall> calls;
  std::vector<TileSum> sums;
  Slot scratch = 0;  ///< at least scratch_bytes()
};

/// How many elements a pass takes at a time, and the memory that it needs for that.
struct TileLayout {
  std::int64_t elements = 0;
  std::size_t scratch_bytes = 0;
};
[[nodiscard]] TileLayout tile_layout(const ElementwiseTask& task);

class ElementwiseStep final : public PlanStep {
 public:
  explicit ElementwiseStep(ElementwiseTask task);

  void run(void* const* slots) override;
  [[nodiscard]] std::string describe() const override;

 private:
  /// Where an input or output starts.
  struct Start {
    Slot slot;
    std::ptrdiff_t bytes;

    [[nodiscard]] std::byte* in(void* const* slots) const noexcept {
      return static_cast<std::byte*>(slots[slot]) + bytes;
    }
  };
  struct Moving {
    std::uint16_t index;
    Start from;
    std::size_t element_bytes;
  };
  struct Filled {
    std::uint16_t index;
    Start from;
    BroadcastReader reader;
    std::size_t offset;  // in the scratch
    bool once;           // the same in every tile
  };
  struct Fixed {
    std::uint16_t index;
    std::size_t offset;
  };
  struct Scalar {
    std::uint16_t index;
    Start from;
  };
  struct Call {
    TileKernel kernel;
    const Operation* operation;
    std::array<std::uint16_t, 8> inputs;
    std::uint16_t input_count;
    std::uint16_t output;
  };
  /// A sum over rows. Where tiles hold many rows they are added up in double. Else float32 rows are first added to a
  /// float32 row, as long as that is exact enough, and then in double.
  struct RowSum {
    bool wide = false;          // there are enough rows for float32 to lose digits
    bool staged = false;        // by way of a float32 row
    std::vector<double> rows;   // one per chunk
    std::vector<float> stages;  // one per chunk
  };
  /// Where a chunk's part of a sum over rows is added to.
  struct RowTarget {
    double* row = nullptr;
    void* stage = nullptr;       // a row of the sum's dtype
    std::int64_t additions = 0;  // to the stage
  };
  /// What one thread works with.
  struct Worker {
    std::vector<std::byte*> pointers;  // per register: the tile under way
    std::vector<Filled> filled;
    std::byte* scratch = nullptr;
    std::vector<double> partials;  // per sum: of the chunk or row under way
    std::vector<RowTarget> targets;
  };

  void plan_chunks();
  /// On several threads. False, with nothing done, if there is no memory for it.
  [[nodiscard]] bool run_shared(void* const* slots, std::int64_t grain);
  void enter(Worker& worker, void* const* slots, std::byte* scratch) const;
  void run_chunk(Worker& worker, void* const* slots, std::int64_t chunk);
  void run_tile(Worker& worker, std::int64_t start, std::int64_t count) const;
  void run_calls(const Worker& worker, std::int64_t count) const;
  void plan_row_sums();
  static void flush(RowTarget& target, std::int64_t columns);
  template <class T>
  void add_values(Worker& worker, std::size_t i, const T* values, std::int64_t start, std::int64_t count) const;
  void aim(Worker& worker, void* const* slots, std::int64_t chunk);
  void add_tile(Worker& worker, std::size_t i, std::int64_t start, std::int64_t count) const;
  void finish_sums(void* const* slots);

  ElementwiseTask task_;
  std::int64_t total_;
  TileLayout layout_;
  std::vector<Moving> moving_;
  std::vector<Fixed> fixed_;
  std::vector<Scalar> scalars_;
  std::vector<Call> calls_;
  Worker worker_;
  // Chunks are what threads share out, and what sums are taken of first; neither depends on how many threads there are.
  std::int64_t chunk_ = 0;
  std::int64_t chunks_ = 1;
  std::vector<double> chunk_totals_;  // per chunk and sum
  std::vector<RowSum> row_sums_;      // per sum
};

}  // namespace xgrad::run
