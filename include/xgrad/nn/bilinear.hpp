#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "xgrad/dtype.hpp"
#include "xgrad/export.hpp"
#include "xgrad/nn/initializers.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/random.hpp"
#include "xgrad/tensor.hpp"

/// Layers of two inputs.
namespace xgrad::nn {

struct BilinearOptions {
  bool use_bias = true;
  DType dtype = float32;
  Initializer weight = {};  ///< unless told, U(−r, r) with r = 1/√in1, as PyTorch's
  Initializer bias = init::zeros;
};

/// y_o = x1ᵀ A_o x2 + b_o for x1 (…, in1) and x2 (…, in2), of equal axes before → (…, out).
class XGRAD_API Bilinear {
 public:
  Parameter weight;  ///< (out, in1, in2)
  Parameter bias;    ///< (out); undefined without bias
  static constexpr std::array<std::string_view, 2> field_names{"weight", "bias"};

  /// Throws ValueError unless all widths are positive.
  Bilinear(std::int64_t in1, std::int64_t in2, std::int64_t out, Random& random, const BilinearOptions& options = {});

  /// Throws ShapeError.
  [[nodiscard]] Tensor operator()(const Tensor& x1, const Tensor& x2) const;
  /// With another weight than its own, of that shape.
  [[nodiscard]] Tensor with_weight(const Tensor& other, const Tensor& x1, const Tensor& x2) const;
};

/// Σ x1 x2 / (max(‖x1‖, ε) max(‖x2‖, ε)) along an axis; x1 and x2 broadcast.
struct XGRAD_API CosineSimilarity {
  std::int64_t axis = 1;
  double epsilon = 1e-8;
  /// Throws ShapeError, and ValueError unless epsilon is positive.
  [[nodiscard]] Tensor operator()(const Tensor& x1, const Tensor& x2) const;
};

}  // namespace xgrad::nn
