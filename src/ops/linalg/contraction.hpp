#pragma once

#include <string_view>
#include <vector>

#include "xgrad/tensor.hpp"

namespace xgrad::ops {

using Labels = std::vector<int>;  // from 0 on

/// A tensor whose axes have names, each another one. Axes of one name in several tensors have one length.
struct Labelled {
  Tensor tensor;
  Labels labels;
};

/// The product of the operands, one or more, summed over all labels that the result lacks. The result has each of its
/// labels once, and operands have them all. Pairwise, greedily: see einsum.hpp. Throws ShapeError that names the
/// operation where a product of two has more axes than a shape.
[[nodiscard]] Tensor contract(std::string_view operation, std::vector<Labelled> operands, const Labels& result);

}  // namespace xgrad::ops
