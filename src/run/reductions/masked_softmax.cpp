#include "run/reductions/masked_softmax.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "run/reductions/axis_view.hpp"
#include "run/reductions/softmax.hpp"
#include "run/threads.hpp"

namespace xgrad::run {

namespace {

constexpr std::int64_t enough = 1 << 16;  // elements for a thread of their own

// Where a row's mask starts.
class MaskRows {
 public:
  MaskRows(const Shape& shape, const Shape& mask) : shape_{shape} {
    const std::size_t missing = shape.rank() - mask.rank();
    std::int64_t step = 1;
    for (std::size_t axis = mask.rank(); axis-- > 0;) {
      steps_[axis + missing] = mask[axis] == 1 ? 0 : step;
      step *= mask[axis];
    }
  }

  /// The step along the row: 0 or 1.
  [[nodiscard]] std::int64_t step() const noexcept { return steps_[shape_.rank() - 1]; }
  [[nodiscard]] std::int64_t start(std::int64_t row) const noexcept {
    std::int64_t start = 0;
    for (std::size_t axis = shape_.rank() - 1; axis-- > 0;) {
      start += row % shape_[axis] * steps_[axis];
      row /= shape_[axis];
    }
    return start;
  }

 private:
  Shape shape_;
  std::array<std::int64_t, Shape::max_rank> steps_{};
};

bool shows_any(const bool* mask, std::int64_t step, std::int64_t length) noexcept {
  return step == 1 ? std::find(mask, mask + length, true) != mask + length : *mask;
}

// −∞ for what is hidden; but 0 for a row that is hidden as a whole, whose softmax isn't used: ∞ − ∞ would raise a flag.
template <class T>
void hide(const T* x, const bool* mask, std::int64_t step, std::int64_t length, T* out) noexcept {
  constexpr T hidden = -std::numeric_limits<T>::infinity();
  if (!shows_any(mask, step, length)) {
    std::fill_n(out, length, T{0});
  } else if (step == 1) {
    for (std::int64_t i = 0; i < length; ++i) {
      out[i] = mask[i] ? x[i] : hidden;
    }
  } else {
    std::copy_n(x, length, out);
  }
}

}  // namespace

template <class T>
void masked_softmax(const T* x, const Shape& shape, const bool* mask, const Shape& mask_shape, T* out) {
  const std::int64_t length = shape.back();
  if (shape.size() == 0) {
    return;
  }
  const MaskRows masks{shape, mask_shape};
  const std::int64_t step = masks.step();
  parallel_for(shape.size() / length, std::max<std::int64_t>(enough / length, 1),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t row = begin; row < end; ++row) {
                   hide(x + row * length, mask + masks.start(row), step, length, out + row * length);
                 }
                 T* rows = out + begin * length;
                 softmax(rows, AxisView{end - begin, length, 1}, rows);
                 for (std::int64_t row = begin; row < end; ++row) {
                   if (!shows_any(mask + masks.start(row), step, length)) {
                     std::fill_n(out + row * length, length, T{0});
                   }
                 }
               });
}

template void masked_softmax<float>(const float*, const Shape&, const bool*, const Shape&, float*);
template void masked_softmax<double>(const double*, const Shape&, const bool*, const Shape&, double*);

}  // namespace xgrad::run
