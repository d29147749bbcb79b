#pragma once

#include <cstdint>
#include <functional>

#include "xgrad/tensor.hpp"

#include "support/values.hpp"

/// Convolutions and pools by loops over results and the taps of a window. What a tap finds outside of the input counts
/// as zero, whatever strides and paddings are, so that mistakes in these can be made.
namespace xgrad::test {

/// Which input channels the output channels of a grouped convolution see.
enum class Grouping {
  blocks,  ///< as it should be: those of their own group, which are neighbours
  dealt,   ///< output channels are dealt out to the groups in turn
  first,   ///< those of the first group
};

struct Taps {
  Position stride;
  Position before;
  Position dilation = {1, 1, 1};
  std::int64_t groups = 1;
  Grouping grouping = Grouping::blocks;

  using Visit = std::function<void(const Position& in, const Position& tap, const Position& out)>;
  /// Every triple of elements of x (N, C, *), a kernel (out, C / groups, *) and a result (N, out, *) that belong
  /// together: results in order, for each its taps in order.
  void visit(const Shape& x, const Shape& w, const Shape& y, const Visit& visit) const;

  [[nodiscard]] Tensor output(const Tensor& x, const Tensor& w, const Shape& shape) const;
  [[nodiscard]] Tensor input(const Tensor& g, const Tensor& w, const Shape& shape) const;
  [[nodiscard]] Tensor weight(const Tensor& x, const Tensor& g, const Shape& shape) const;
  /// As input(), but each window's share is written over what was there, where it should be added.
  [[nodiscard]] Tensor overwritten_input(const Tensor& g, const Tensor& w, const Shape& shape) const;
};

/// Windows that are reduced to one element each, in planes (…, H, W).
struct Pools {
  std::int64_t kernel = 2;
  std::int64_t stride = 2;
  std::int64_t before = 0;

  /// The positions of a window that are inside of the plane, in order.
  void visit(const Shape& x, const Position& out, const std::function<void(const Position& in)>& visit) const;
  [[nodiscard]] Shape output(const Shape& x) const;

  [[nodiscard]] Tensor largest(const Tensor& x) const;
  [[nodiscard]] Tensor mean(const Tensor& x) const;
  /// g at elements that `chosen` names for each window, added up; times `share` of their number if it is given.
  using Chosen = std::function<std::vector<Position>(const Values& x, const std::vector<Position>& window)>;
  [[nodiscard]] Tensor spread(const Tensor& g, const Tensor& x, const Chosen& chosen,
                              const std::function<double(std::size_t)>& share, bool overwrite = false) const;
};

}  // namespace xgrad::test
