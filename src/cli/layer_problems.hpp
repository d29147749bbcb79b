#pragma once

#include <span>
#include <string>
#include <string_view>

#include "xgrad/check.hpp"
#include "xgrad/dtype.hpp"
#include "xgrad/random.hpp"

/// Layers with formulas by hand, each with random inputs and parameters, for `xgrad check --layer`.
namespace xgrad::cli {

/// What check::compare_backward takes.
struct LayerProblem {
  std::string sizes;  ///< "x (7, 5), weight (5,)"
  check::ForwardFunction forward;
  std::vector<NamedTensor> inputs;
  std::vector<NamedParameter> parameters;
  check::BackwardFunction manual;
  check::CompareOptions options = {};
};

struct CheckedLayer {
  std::string_view name;
  std::string_view formula;  ///< what it computes, in one line
  std::string_view source;   ///< of its backward pass
  LayerProblem (*draw)(DType dtype, Random& random);
};

/// In the order of src/check/layers and its header.
[[nodiscard]] std::span<const CheckedLayer> checked_layers();

}  // namespace xgrad::cli
