#pragma once

#include <optional>
#include <vector>

#include "run/plan.hpp"
#include "run/products/product.hpp"

namespace xgrad::run {

/// C ← ± Π scalars · op(A) op(B) + β C₀.
struct ProductTask {
  ProductShape shape;
  Slot a = 0;
  Slot b = 0;
  std::int64_t a_offset = 0;  ///< where A starts in its slot, in elements
  std::int64_t b_offset = 0;
  Operand c;
  bool negative = false;
  std::vector<Slot> scalars;        ///< numbers of the product's dtype, multiplied to α
  std::optional<Slot> start;        ///< C₀; without it β = 0. The memory of C itself, or else copied there first
  std::optional<Slot> start_scale;  ///< β, a number of the product's dtype; 1 without it

  /// ± Π scalars.
  template <class T>
  [[nodiscard]] T alpha(void* const* slots) const noexcept {
    T result = negative ? T{-1} : T{1};
    for (const Slot scalar : scalars) {
      result *= *static_cast<const T*>(slots[scalar]);
    }
    return result;
  }
};

class ProductStep final : public PlanStep {
 public:
  explicit ProductStep(ProductTask task);

  [[nodiscard]] const ProductTask& task() const noexcept { return task_; }

  void run(void* const* slots) override;
  [[nodiscard]] std::string describe() const override;

 private:
  template <class T>
  void run_as(void* const* slots) const;
  template <class T>
  void multiply_out(T alpha, const T* a, const T* b, T beta, const T* start, T* c) const;

  ProductTask task_;
  ProductForm form_;
};

}  // namespace xgrad::run
