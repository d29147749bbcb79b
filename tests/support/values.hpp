#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "xgrad/dtype.hpp"
#include "xgrad/shape.hpp"
#include "xgrad/tensor.hpp"

/// Plain arrays of doubles that references are written with: loops over positions, nothing of the library's arithmetic.
namespace xgrad::test {

using Position = std::vector<std::int64_t>;

struct Values {
  Shape shape;
  std::vector<double> data;  ///< row-major

  [[nodiscard]] double operator()(const Position& position) const { return data[offset(position)]; }
  [[nodiscard]] double& operator()(const Position& position) { return data[offset(position)]; }
  [[nodiscard]] std::size_t offset(const Position& position) const;
};

/// Calls `visit` at every position, in row-major order.
void for_each_position(const Shape& shape, const std::function<void(const Position&)>& visit);

/// The array whose element at a position is f(position).
[[nodiscard]] Values build(const Shape& shape, const std::function<double(const Position&)>& f);
[[nodiscard]] Values map(const Values& x, const std::function<double(double)>& f);
/// f of all pairs that NumPy's broadcasting brings together.
[[nodiscard]] Values zip(const Values& a, const Values& b, const std::function<double(double, double)>& f);
/// f of the elements along the axes, in order; negative axes allowed, none means all.
[[nodiscard]] Values fold(const Values& x, const std::vector<std::int64_t>& axes, bool keep_dims,
                          const std::function<double(std::span<const double>)>& f);
/// f of the elements along one axis: as many out as in.
[[nodiscard]] Values along(const Values& x, std::int64_t axis,
                           const std::function<std::vector<double>(std::span<const double>)>& f);

/// The shape of two that broadcast; wrong callers fail the test.
[[nodiscard]] Shape common_shape(const Shape& a, const Shape& b);
/// The element that broadcasting puts at a position of a larger shape.
[[nodiscard]] double broadcast_at(const Values& x, const Position& position);

/// Reproducible numbers in [low, high), different for each seed.
[[nodiscard]] Values uniform(const Shape& shape, double low, double high, std::uint64_t seed);
/// 1, 2, 3, …
[[nodiscard]] Values counting(const Shape& shape);
[[nodiscard]] Values vector_of(std::vector<double> data);
[[nodiscard]] Values scalar_of(double value);

[[nodiscard]] Tensor to_tensor(const Values& values, DType dtype = float64);
/// Elements of any dtype as doubles; evaluates.
[[nodiscard]] Values to_values(const Tensor& tensor);
/// The values rounded to the dtype and back.
[[nodiscard]] Values rounded(const Values& values, DType dtype);

/// Empty if both have the same shape and |found − expected| ≤ tolerance · max(|expected|, floor) everywhere (NaN equals
/// NaN, an infinity itself); else what differs first.
[[nodiscard]] std::string difference(const Values& found, const Values& expected, double tolerance, double floor = 1);

/// Σ a b over all elements.
[[nodiscard]] double inner(const Values& a, const Values& b);
[[nodiscard]] double largest(const Values& x);

}  // namespace xgrad::test
