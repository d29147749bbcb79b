#pragma once

#include <span>
#include <utility>
#include <vector>

#include "xgrad/export.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/state.hpp"
#include "xgrad/tensor.hpp"

namespace xgrad {

/// A parameter or a state, and the tensor that becomes its value.
struct Assignment {
  Assignment(Parameter set, Tensor next) : parameter{std::move(set)}, value{std::move(next)} {}
  Assignment(State set, Tensor next) : state{std::move(set)}, value{std::move(next)} {}

  Parameter parameter;  ///< one of the two is defined
  State state;
  Tensor value;
};

/// Evaluates `others` and all values in one plan, and then sets parameters and states, all of them or, after an error,
/// none.
///
/// A value is written over the memory of the old one where nobody can see that: where no tensor shares that memory, and
/// no graph refers to the old value but the one that the new values are computed from, which nobody else holds. Throws
/// ShapeError, DTypeError or ValueError as Parameter::set() does, and any error of the evaluation.
XGRAD_API void assign(std::vector<Assignment> assignments, std::span<const Tensor> others = {});

}  // namespace xgrad
