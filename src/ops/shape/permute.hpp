#pragma once

#include <vector>

#include "xgrad/operation.hpp"

namespace xgrad::ops {

/// permute: result axis i is the input's axis axes()[i].
class PermuteOperation final : public Operation {
 public:
  explicit PermuteOperation(std::vector<std::size_t> axes);

  /// Every axis once; never the identity.
  [[nodiscard]] const std::vector<std::size_t>& axes() const noexcept { return axes_; }
  /// Whether it is a transposition: the last two axes exchanged, the others as they were.
  [[nodiscard]] bool is_transposition() const noexcept { return is_transposition_; }

  [[nodiscard]] std::string_view name() const noexcept override { return "permute"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::permute; }
  [[nodiscard]] std::vector<Attribute> attributes() const override;
  [[nodiscard]] Notation notation() const noexcept override;
  [[nodiscard]] std::optional<Arrangement> arrangement(const Shape& input) const override;
  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override;
  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override;
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override;
  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override;

 private:
  std::vector<std::size_t> axes_;
  bool is_transposition_;
};

/// Whether an operation of this algebra exchanges the last two axes and leaves the others.
[[nodiscard]] bool is_transposition(const Operation& permute);

}  // namespace xgrad::ops
