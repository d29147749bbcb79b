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
  const T alpha = task_.alpha<T>(slots);
  const auto* a = static_cast<const T*>(slots[task_.a]);
  const auto* b = static_cast<const T*>(slots[task_.b]);
  T* c = static_cast<T*>(slots[task_.c.slot]);
  if (alpha == T{0} || (start != nullptr && beta == T{0})) {
    multiply_out(alpha, a, b, beta, start, c);
  } else {
    product<T>(task_.shape, form_, alpha, a, b, beta, c, start);
  }
}

// With a factor of 0, which a product leaves out: 0 times NaN or infinity is NaN.
template <class T>
void ProductStep::multiply_out(T alpha, const T* a, const T* b, T beta, const T* start, T* c) const {
  const Buffer memory = Buffer::allocate(task_.c.shape, task_.c.dtype);
  T* term = static_cast<T*>(memory.data());
  product<T>(task_.shape, form_, T{1}, a, b, T{0}, term);
  for (std::int64_t i = 0; i < task_.c.shape.size(); ++i) {
    c[i] = start == nullptr ? alpha * term[i] : beta * start[i] + alpha * term[i];
  }
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
