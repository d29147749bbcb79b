#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "xgrad/tensor.hpp"

namespace xgrad::loops {

/// One step as a graph on placeholders: it refers to nothing else but numbers, so that two of equal structure are
/// equal.
struct Body {
  // The placeholders.
  std::vector<Tensor> carry;
  std::vector<Tensor> xs;        ///< one element of each sequence
  std::vector<Tensor> captured;  ///< the same in every step
  // What a step gives.
  std::vector<Tensor> next_carry;
  std::vector<Tensor> outputs;
  std::vector<Tensor> sums;  ///< added up over the steps

  [[nodiscard]] std::vector<Tensor> inputs() const;
  [[nodiscard]] std::vector<Tensor> results() const;
};

/// A placeholder for a tensor of this shape and dtype: without value, with history if it is floating.
[[nodiscard]] Tensor placeholder(const Shape& shape, DType dtype);

/// The body whose step was traced with these placeholders after the time `since`, on placeholders of its own. What else
/// the step uses is appended to `captured`; numbers stay numbers.
[[nodiscard]] Body closed(const Body& traced, std::uint64_t since, std::vector<Tensor>& captured);

/// Results of the body for other inputs, as a graph.
[[nodiscard]] std::vector<Tensor> called(const Body& body, std::span<const Tensor> inputs);

/// A number for the structure of a body: equal ones have the same.
[[nodiscard]] std::int64_t number_of(const Body& body);

}  // namespace xgrad::loops
