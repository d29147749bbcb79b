#include "run/plan.hpp"

#include <chrono>

namespace xgrad::run {

PlanStep::~PlanStep() = default;

void Plan::prepare() {
  slots_.assign(offsets.size(), nullptr);
  if (arena_bytes > 0) {
    arena_ = memory::Buffer::allocate(Shape{static_cast<std::int64_t>((arena_bytes + 7) / 8)}, float64);
  }
  for (Slot slot = 0; slot < offsets.size(); ++slot) {
    if (offsets[slot] != outside) {
      slots_[slot] = static_cast<std::byte*>(arena_.data()) + offsets[slot];
    }
  }
  for (const auto& [slot, buffer] : constants) {
    slots_[slot] = buffer.data();
  }
}

void Plan::set_profiling(bool on) {
  profiling_ = on;
  if (on) {
    runs_timed_ = 0;
    profile_.assign(steps.size(), {});
  }
}

void Plan::run_timed() {
  using Clock = std::chrono::steady_clock;
  ++runs_timed_;
  auto before = Clock::now();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    steps[i]->run(slots_.data());
    const auto after = Clock::now();
    profile_[i].nanoseconds +=
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(after - before).count());
    before = after;
  }
}

}  // namespace xgrad::run
