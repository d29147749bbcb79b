#pragma once

#include <cstddef>
#include <cstdint>

#include "xgrad/dtype.hpp"
#include "xgrad/shape.hpp"

#include "run/layout.hpp"

namespace xgrad::run {

/// `count` times the element of `element` bytes at `from`.
void splat(std::byte* to, const void* from, std::int64_t count, std::size_t element) noexcept;

/// Reads an input that broadcasts to the output's shape as a stream of its elements in the output's order.
///
/// The output's axes are merged into as few as the input allows: axis lengths `lengths_`, the input's step per axis in
/// elements `steps_`, 0 where it broadcasts. The innermost axis is then a run that is copied, repeated or gathered.
class BroadcastReader {
 public:
  /// Of an input that is contiguous.
  BroadcastReader(const Shape& input, DType dtype, const Shape& output)
      : BroadcastReader{input, steps_of(input), dtype, output} {}

  BroadcastReader(const Shape& input, const Steps& input_steps, DType dtype, const Shape& output)
      : element_{size_of(dtype)} {
    const std::size_t offset = output.rank() - input.rank();
    Steps steps{};
    for (std::size_t axis = offset; axis < output.rank(); ++axis) {
      steps[axis] = input[axis - offset] == 1 ? 0 : input_steps[axis - offset];
    }
    for (std::size_t axis = 0; axis < output.rank(); ++axis) {
      if (output[axis] == 1) {
        continue;
      }
      const bool merges = rank_ > 0 && steps_[rank_ - 1] == steps[axis] * output[axis];
      if (merges) {
        lengths_[rank_ - 1] *= output[axis];
        steps_[rank_ - 1] = steps[axis];
      } else {
        lengths_[rank_] = output[axis];
        steps_[rank_] = steps[axis];
        ++rank_;
      }
    }
  }

  /// Every element of the output is the same element of the input.
  [[nodiscard]] bool constant() const noexcept { return rank_ == 0 || (rank_ == 1 && steps_[0] == 0); }
  /// The input has the output's elements in the output's order.
  [[nodiscard]] bool contiguous() const noexcept { return rank_ == 0 || (rank_ == 1 && steps_[0] == 1); }
  /// The length of the run that the output repeats over and over, if that is all it does; else 0.
  [[nodiscard]] std::int64_t period() const noexcept {
    return rank_ == 2 && steps_[0] == 0 && steps_[1] == 1 ? lengths_[1] : 0;
  }
  [[nodiscard]] std::size_t element() const noexcept { return element_; }

  /// What is read next: `source` is the input's first element, `element` the output's number.
  void seek(const void* source, std::int64_t element) noexcept {
    source_ = static_cast<const std::byte*>(source);
    offset_ = 0;
    if (element == 0) {  // as most often: no division
      position_.fill(0);
      return;
    }
    for (std::size_t axis = rank_; axis-- > 0;) {
      position_[axis] = element % lengths_[axis];
      element /= lengths_[axis];
      offset_ += position_[axis] * steps_[axis];
    }
  }

  /// The next `count` elements. Not for one that is constant.
  void read(std::byte* to, std::int64_t count) noexcept;
  /// Whether the next `count` elements, and `before` elements before them, are one element repeated; then they are
  /// passed over: who read those before has them.
  [[nodiscard]] bool passes_repeated(std::int64_t count, std::int64_t before) noexcept;

 private:
  /// To the next index of the axes outside of the innermost one.
  void advance_outer() noexcept;

  const std::byte* source_ = nullptr;
  std::size_t element_;
  std::size_t rank_ = 0;
  Steps lengths_{};
  Steps steps_{};
  Steps position_{};
  std::int64_t offset_ = 0;  // of the next element, in elements
};

}  // namespace xgrad::run
