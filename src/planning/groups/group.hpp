#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "planning/schedule.hpp"
#include "planning/slots.hpp"
#include "run/plan.hpp"

namespace xgrad::planning {

/// Nodes that run as one step, while a plan is made. What it reads is known at once. When it is known which values
/// other groups read, assign() gives it its slots, and everything else may be asked; make() comes last.
class Group {
 public:
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  virtual ~Group();

  /// The nodes whose values it can give, by index in the order.
  [[nodiscard]] const std::vector<std::uint32_t>& nodes() const noexcept { return nodes_; }
  /// The node that it stands for: its place in the model, and how early it should run.
  [[nodiscard]] std::uint32_t rank() const noexcept { return rank_; }
  /// The values that it takes from leaves and from other groups.
  [[nodiscard]] const std::vector<Source>& reads() const noexcept { return reads_; }

  /// Fixes its slots. `needed` says of every node whether its value is read by another group, or is an output.
  virtual void assign(const Storage& storage, const std::vector<bool>& needed) = 0;
  [[nodiscard]] const StepAccess& access() const noexcept { return access_; }
  /// Memory of its own during a run.
  [[nodiscard]] virtual std::size_t scratch_bytes() const { return 0; }
  /// Whether the output, one of those it writes, may have the memory of the input, one of those it reads: each element
  /// is read for the last time before it is written over.
  [[nodiscard]] virtual bool may_overwrite(run::Slot output, run::Slot input) const = 0;
  [[nodiscard]] virtual std::unique_ptr<run::PlanStep> make() = 0;

 protected:
  Group(const graph::Order& order, std::vector<std::uint32_t> nodes, std::uint32_t rank, std::vector<Source> reads)
      : order_{order}, nodes_{std::move(nodes)}, rank_{rank}, reads_{std::move(reads)} {
    access_.rank = rank;
  }
  [[nodiscard]] const graph::Order& order() const noexcept { return order_; }
  [[nodiscard]] StepAccess& own_access() noexcept { return access_; }

 private:
  const graph::Order& order_;
  std::vector<std::uint32_t> nodes_;
  std::uint32_t rank_;
  std::vector<Source> reads_;
  StepAccess access_;
};

/// One node, by its operation's own kernel.
[[nodiscard]] std::unique_ptr<Group> operation_group(const graph::Order& order, std::uint32_t node);

/// A matrix product with what is folded into it: C = ± Π scalars · op(A) op(B) + scale · start.
struct FoldedProduct {
  std::uint32_t product = 0;  ///< the matmul or outer
  std::optional<Source> start;
  std::optional<Source> start_scale;
  std::vector<Source> scalars;
  bool negative = false;
};
/// The product whose result is the value of `node`.
[[nodiscard]] std::unique_ptr<Group> product_group(const graph::Order& order, std::uint32_t node, FoldedProduct folded);

/// A product of matrices in batches, or of ones that aren't contiguous.
[[nodiscard]] std::unique_ptr<Group> batched_product_group(const graph::Order& order, std::uint32_t node);

/// Element-wise nodes of one shape, in ascending order, and the sums and means over their results that end the pass.
[[nodiscard]] std::unique_ptr<Group> elementwise_group(const graph::Order& order, std::vector<std::uint32_t> nodes,
                                                       std::vector<std::uint32_t> sums);

}  // namespace xgrad::planning
