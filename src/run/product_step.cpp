#include "run/product_step.hpp"

#include <fmt/format.h>

namespace xgrad::run {

ProductStep::ProductStep(ProductTask task) : task_{std::move(task)} {
  task_.shape.adds = task_.start.has_value();
  form_ = product_form(task_.shape);
}

void ProductStep::run(void* const* slots) {
  if (task_.shape.dtype == float32) {
    run_as<float>(slots);
  } else {
    run_as<double>(slots);
  }
}

template <class T>
void ProductStep::run_as(void* const* slots) const {
  T beta = 0;
  const T* start = nullptr;
  if (task_.start) {
    beta = task_.start_scale ? *static_cast<const T*>(slots[*task_.start_scale]) : T{1};
    start = static_cast<const T*>(slots[*task_.start]);
  }
  product<T>(task_.shape, form_, task_.alpha<T>(slots), static_cast<const T*>(slots[task_.a]),
             static_cast<const T*>(slots[task_.b]), beta, static_cast<T*>(slots[task_.c.slot]), start);
}

std::string ProductStep::describe() const {
  std::string text = "matmul: " + to_string(form_);
  if (task_.start) {
    text += task_.start_scale ? ", added to a scaled tensor" : ", added to a tensor";
  }
  if (!task_.scalars.empty()) {
    text += ", scaled";
  }
  return text;
}

}  // namespace xgrad::run
