#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "xgrad/operation.hpp"

#include "ops/convolution/windows.hpp"
#include "run/convolution/convolve.hpp"

namespace xgrad::ops {

/// y = W ⋆ x or one of its adjoints, a bilinear map of its two inputs:
///
///   output  (W, x) → y = W ⋆ x
///   input   (W, g) → the cotangent of x, of lengths that it is told
///   weight  (x, g) → the cotangent of W, likewise
class ConvolutionOperation final : public WorkspaceOperation {
 public:
  using Part = run::ConvolutionPart;

  /// `lengths`: the spatial axes of x, or of W; none for the output.
  ConvolutionOperation(Part part, const Windows& windows, std::vector<std::int64_t> lengths)
      : part_{part}, windows_{windows}, lengths_{std::move(lengths)} {}

  [[nodiscard]] Part part() const noexcept { return part_; }
  [[nodiscard]] const Windows& windows() const noexcept { return windows_; }

  [[nodiscard]] std::string_view name() const noexcept override;
  [[nodiscard]] unsigned input_count() const noexcept override { return 2; }
  [[nodiscard]] std::vector<Attribute> attributes() const override;
  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override;
  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override;
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override;
  [[nodiscard]] bool may_throw() const noexcept override { return false; }
  [[nodiscard]] std::size_t workspace_bytes(std::span<const Signature> inputs, const Signature& output) const override;
  void evaluate_in(std::span<std::byte> workspace, std::span<const ConstArray> inputs,
                   const Array& output) const override;

 private:
  [[nodiscard]] ConvolutionLengths lengths_of(const Shape& first, const Shape& second) const;

  Part part_;
  Windows windows_;
  std::vector<std::int64_t> lengths_;
};

/// The call, of tensors with a batch axis.
[[nodiscard]] Tensor convolution(ConvolutionOperation::Part part, const Windows& windows,
                                 const std::vector<std::int64_t>& lengths, const Tensor& first, const Tensor& second);

/// The operation as one of the three; null if it is another.
[[nodiscard]] const ConvolutionOperation* as_convolution(const Operation& operation) noexcept;

}  // namespace xgrad::ops
