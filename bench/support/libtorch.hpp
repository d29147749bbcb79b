#pragma once

#include <torch/torch.h>

#include "floats.hpp"

namespace bench {

/// A copy of the values, in memory of libtorch's.
inline torch::Tensor libtorch_tensor(const Floats& values, at::IntArrayRef shape) {
  return torch::from_blob(const_cast<float*>(values.data()), shape, torch::kFloat32).clone();
}

inline Floats floats_of(const torch::Tensor& tensor) {
  const torch::Tensor values = tensor.detach().contiguous();
  const float* data = values.data_ptr<float>();
  return {data, data + values.numel()};
}

}  // namespace bench
