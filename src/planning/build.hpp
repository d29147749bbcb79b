#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "xgrad/plan.hpp"
#include "xgrad/tensor.hpp"

#include "planning/simplify.hpp"
#include "run/plan.hpp"

namespace xgrad::planning {

/// What to plan for.
struct Request {
  std::vector<Tensor> outputs;
  /// Leaves of the outputs that every run gives memory for. Other leaves are constants of the plan.
  std::vector<const graph::Node*> leaves;
  static constexpr std::uint32_t no_leaf = 0xFFFFFFFFU;
  /// Per output: which leaf's memory a run may want it written to, or no_leaf. Empty means none.
  std::vector<std::uint32_t> over_leaf;
  PlanOptions options;
  Facts facts;
};

/// Where an output is after a run.
struct PlannedOutput {
  enum class From : std::uint8_t {
    memory,    ///< in the memory that its slot was pointed to before the run
    leaf,      ///< it is the leaf `index`
    constant,  ///< it is the constant `index` of the plan
    output,    ///< it is the earlier output `index`
  };
  From from = From::memory;
  std::uint32_t index = 0;
  run::Slot slot = 0;
  /// Whether its slot may be pointed to its leaf's memory.
  bool may_overwrite = false;
};

struct Planned {
  std::unique_ptr<run::Plan> plan;
  std::vector<run::Slot> leaf_slots;
  std::vector<PlannedOutput> outputs;
  bool running = false;  ///< its memory is in use
};

/// Sets `running` while it lives.
class RunningGuard {
 public:
  explicit RunningGuard(Planned& planned) noexcept : running_{planned.running} { running_ = true; }
  RunningGuard(const RunningGuard&) = delete;
  RunningGuard& operator=(const RunningGuard&) = delete;
  ~RunningGuard() { running_ = false; }

 private:
  bool& running_;
};

/// Simplifies, groups, orders and places. Linear in nodes, but for small factors.
[[nodiscard]] Planned build(const Request& request);

}  // namespace xgrad::planning
