#pragma once

#include "xgrad/tensor.hpp"

/// Two operations whose classes are called the same, each in the unnamed namespace of a file of its own.
namespace xgrad::test {

[[nodiscard]] Tensor twin_plus_one(const Tensor& x);
[[nodiscard]] Tensor twin_times_two(const Tensor& x);

}  // namespace xgrad::test
