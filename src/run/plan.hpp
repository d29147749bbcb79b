#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "xgrad/dtype.hpp"
#include "xgrad/shape.hpp"

#include "memory/buffer.hpp"
#include "run/layout.hpp"

namespace xgrad::run {

/// A place of memory during a run: what the steps of a plan read and write. Every slot starts on a 64-byte boundary,
/// and what follows its last element up to the next one may be read and overwritten.
using Slot = std::uint32_t;

/// A value as a step sees it: the memory of a slot, or elements of that memory.
struct Operand {
  Slot slot = 0;
  Shape shape;
  DType dtype = float32;
  std::optional<Layout> layout = {};  ///< without one: contiguous, from the slot's first element on

  [[nodiscard]] std::size_t bytes() const noexcept { return static_cast<std::size_t>(shape.size()) * size_of(dtype); }
  /// Where it starts in the slot, in bytes.
  [[nodiscard]] std::ptrdiff_t offset_bytes() const noexcept {
    return layout ? static_cast<std::ptrdiff_t>(layout->offset) * static_cast<std::ptrdiff_t>(size_of(dtype)) : 0;
  }
  [[nodiscard]] Steps steps() const noexcept { return layout ? layout->steps : steps_of(shape); }
};

/// One step of a plan. Run by one thread at a time.
class PlanStep {
 public:
  PlanStep() = default;
  PlanStep(const PlanStep&) = delete;
  PlanStep& operator=(const PlanStep&) = delete;
  virtual ~PlanStep();

  virtual void run(void* const* slots) = 0;
  /// What it does, without its operands: "matmul: gemv".
  [[nodiscard]] virtual std::string describe() const = 0;
};

/// What describe() and profile() tell about a step.
struct StepInfo {
  std::vector<Slot> reads;
  std::vector<Slot> writes;
  bool may_throw = false;
  std::string result;     ///< what it gives: "'δ' (10, 30), (30,)"
  std::string scope;      ///< of the layer that it belongs to
  std::size_t bytes = 0;  ///< that it reads and writes
};

struct StepProfile {
  std::uint64_t nanoseconds = 0;
};

/// Steps in order over slots. Slots in the arena have their place for good; the others are pointed to what they stand
/// for before each run. A run on one thread allocates nothing. Belongs to one thread at a time.
class Plan {
 public:
  static constexpr std::size_t outside = ~std::size_t{0};

  std::vector<std::unique_ptr<PlanStep>> steps;
  std::vector<StepInfo> infos;       ///< of the steps
  std::vector<std::size_t> offsets;  ///< per slot: where in the arena, or outside
  std::size_t arena_bytes = 0;
  std::size_t unplanned_bytes = 0;  ///< what the arena would take if no memory were shared
  std::vector<std::pair<Slot, memory::Buffer>> constants;

  /// To be called once, when the above is set.
  void prepare();
  void point(Slot slot, const void* memory) noexcept { slots_[slot] = const_cast<void*>(memory); }
  [[nodiscard]] const void* at(Slot slot) const noexcept { return slots_[slot]; }

  void run() {
    if (profiling_) {
      run_timed();
      return;
    }
    for (const auto& step : steps) {
      step->run(slots_.data());
    }
  }

  void set_profiling(bool on);
  [[nodiscard]] std::uint64_t runs_timed() const noexcept { return runs_timed_; }
  [[nodiscard]] const std::vector<StepProfile>& profile() const noexcept { return profile_; }

 private:
  void run_timed();

  std::vector<void*> slots_;
  memory::Buffer arena_;
  bool profiling_ = false;
  std::uint64_t runs_timed_ = 0;
  std::vector<StepProfile> profile_;
};

}  // namespace xgrad::run
