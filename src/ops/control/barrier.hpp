#pragma once

#include <cstddef>
#include <cstdint>

#include "xgrad/operation.hpp"

namespace xgrad::ops {

/// x itself, behind which rules of planning see nothing: none goes around x, and x isn't merged with an equal tensor.
/// Two barriers are the same if they have the same side and number.
class Barrier final : public Operation {
 public:
  /// A barrier in a forward pass, or the one that its derivative puts before a cotangent.
  enum class Side : bool { forward, backward };

  Barrier(Side side, std::size_t number) : side_{side}, number_{static_cast<std::int64_t>(number)} {}

  [[nodiscard]] Side side() const noexcept { return side_; }
  [[nodiscard]] std::string_view name() const noexcept override { return "barrier"; }
  [[nodiscard]] std::vector<Attribute> attributes() const override;
  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override;
  /// The cotangent, behind the barrier of the same number on the backward side.
  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override;
  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override;

 private:
  Side side_;
  std::int64_t number_;
};

/// x behind the forward barrier of this number.
[[nodiscard]] Tensor barrier(const Tensor& x, std::size_t number);
/// The operation as a barrier; null if it is another.
[[nodiscard]] const Barrier* as_barrier(const Operation& operation) noexcept;

/// stop_gradient(x) that no rule of planning drops.
[[nodiscard]] Tensor lasting_stop_gradient(const Tensor& x);

}  // namespace xgrad::ops
