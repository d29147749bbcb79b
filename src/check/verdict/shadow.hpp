#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <unordered_map>

#include "xgrad/tensor.hpp"

#include "graph/copy.hpp"

namespace xgrad::check {

/// How a Shadow rounds.
enum class Arithmetic : std::uint8_t {
  exact,      ///< as float64 does: exact, for this purpose
  rounded,    ///< operands and cotangents to the dtype that they have in the original, each time
  disturbed,  ///< these by up to the epsilon of that dtype, at random
};

/// Why a graph has no shadow, in words.
class NoShadow final : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A shadow computation: the same operations in float64, at the same values of the leaves. What was generated in
/// float32 from no floating tensor (random numbers, labels) is a value like a leaf's. A cast between float32 and
/// float64 casts nothing here.
class Shadow {
 public:
  /// `seed` is of disturbances; undefined without. Throws NoShadow where an operation refuses float64, in whatever way,
  /// or gives float32 all the same.
  Shadow(std::span<const Tensor> tensors, Arithmetic arithmetic, Tensor seed = {});
  Shadow(const Shadow&) = delete;
  Shadow& operator=(const Shadow&) = delete;
  ~Shadow() = default;

  /// Of one of the tensors, or of one behind them.
  [[nodiscard]] Tensor of(const Tensor& original);

 private:
  [[nodiscard]] Tensor leaf(const Tensor& original);
  [[nodiscard]] graph::Copy::Made make(const graph::Node& node, std::span<const Tensor> given);
  [[nodiscard]] Tensor as_operand(const Tensor& x, DType dtype);
  [[nodiscard]] Tensor disturbed(const Tensor& x, double base, double size);
  [[nodiscard]] Tensor displaced(const graph::Node& node, const Tensor& z);

  Arithmetic arithmetic_;
  Tensor seed_;
  std::int64_t count_ = 0;  // of disturbances
  std::unordered_map<const graph::Node*, Tensor> leaves_;
  graph::Copy copy_;
};

}  // namespace xgrad::check
