#pragma once

#include <array>
#include <cstdint>

#include "run/convolution/geometry.hpp"

/// Convolutions of one channel with kernels of its own (depthwise): a sum of shifted rows, without a matrix. `w` has
/// (outputs, taps), `y` and `g` have (outputs, *out). Of the Convolution, axes and outputs are read.
namespace xgrad::run {

/// The channel as taps read it: with what they meet around it, and without what none of them reaches.
class Plane {
 public:
  explicit Plane(const Convolution& c) noexcept;

  /// Elements of scratch memory that a plane takes, 0 if taps can read the channel itself.
  [[nodiscard]] std::int64_t scratch() const noexcept { return scratch_; }
  /// The elements that one output's tap is after another's, along each axis.
  [[nodiscard]] const std::array<std::int64_t, 3>& steps() const noexcept { return steps_; }

  /// The channel's elements in their places between zeros, in `memory`; or the channel itself.
  template <class T>
  [[nodiscard]] const T* padded(const T* channel, T* memory) const noexcept;
  /// channel ← what lies in its places; 0 where no tap reads.
  template <class T>
  void cut(const T* plane, T* channel) const noexcept;

 private:
  // f(offset in the channel, offset in the plane, count) for each row of the channel that is in the plane.
  template <class F>
  void for_each_row(F f) const noexcept;

  const Convolution& c_;
  std::array<std::int64_t, 3> lengths_{};
  std::array<std::int64_t, 3> steps_{};
  std::int64_t scratch_ = 0;
};

/// y ← the convolution.
template <class T>
void convolve_plane(const Convolution& c, const Plane& layout, const T* plane, const T* w, T* y);
/// plane ← plane + its adjoint, of g.
template <class T>
void add_to_plane(const Convolution& c, const Plane& layout, const T* g, const T* w, T* plane) noexcept;
/// w ← w + the adjoint by w.
template <class T>
void add_to_taps(const Convolution& c, const Plane& layout, const T* plane, const T* g, T* w);

}  // namespace xgrad::run
