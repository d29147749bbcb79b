#pragma once

#include <unordered_map>

#include "run/plan.hpp"
#include "run/products/product_step.hpp"

namespace xgrad::run {

/// What a layer of one sample does to its weights, in one pass over them: y ← Wᵀ δ, and C ← W ± Π scalars · δ xᵀ.
class VectorUpdateStep final : public PlanStep {
 public:
  /// The two products, as merge_vector_updates() finds them, and W.
  VectorUpdateStep(const ProductTask& back, ProductTask update, Slot weights);

  void run(void* const* slots) override;
  [[nodiscard]] std::string describe() const override;

 private:
  template <class T>
  void run_as(void* const* slots) const;

  Slot y_;
  ProductTask update_;
  Slot weights_;
};

/// Puts one step in the place of two products wherever the second adds to the matrix that the first one multiplied with
/// the same vector, nothing between them stands in the way, and the matrix is large enough for a pass over it to count.
/// `leaves`: of an output that a run may want written over a leaf's memory, by slot, the slot of that leaf.
void merge_vector_updates(Plan& plan, const std::unordered_map<Slot, Slot>& leaves);

}  // namespace xgrad::run
