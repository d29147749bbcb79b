#include "run/products/product_step.hpp"

#include <cstdint>
#include <exception>
#include <fmt/format.h>

#include "memory/buffer.hpp"

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
  const auto* a = static_cast<const T*>(slots[task_.a]) + task_.a_offset;
  const auto* b = static_cast<const T*>(slots[task_.b]) + task_.b_offset;
  T* c = static_cast<T*>(slots[task_.c.slot]);
  if (alpha == T{0} || (start != nullptr && beta == T{0})) {
    multiply_out(alpha, a, b, beta, start, c);
  } else {
    product<T>(task_.shape, form_, alpha, a, b, beta, c, start);
  }
}

namespace {

memory::Buffer memory_if_there(const Operand& like) noexcept {
  try {
    return memory::Buffer::allocate(like.shape, like.dtype);
  } catch (const std::exception&) {
    return {};
  }
}

template <class T>
T element_of_product(const ProductShape& s, const T* a, const T* b, std::int64_t row, std::int64_t column) {
  T sum = 0;
  for (std::int64_t i = 0; i < s.k; ++i) {
    sum += a[s.transpose_a ? i * s.m + row : row * s.k + i] * b[s.transpose_b ? column * s.k + i : i * s.n + column];
  }
  return sum;
}

}  // namespace

// With a factor of 0, which a product leaves out: 0 times NaN or infinity is NaN. Must not fail, since C may be a
// parameter's own memory: without memory for the product its elements are computed one by one.
template <class T>
void ProductStep::multiply_out(T alpha, const T* a, const T* b, T beta, const T* start, T* c) const {
  const memory::Buffer scratch = memory_if_there(task_.c);
  const T* term = nullptr;
  if (scratch) {
    product<T>(task_.shape, form_, T{1}, a, b, T{0}, static_cast<T*>(scratch.data()));
    term = static_cast<const T*>(scratch.data());
  }
  for (std::int64_t i = 0; i < task_.c.shape.size(); ++i) {
    const T scaled =
        alpha *
        (term != nullptr ? term[i] : element_of_product(task_.shape, a, b, i / task_.shape.n, i % task_.shape.n));
    c[i] = start == nullptr ? scaled : beta * start[i] + scaled;
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
