#include "data/dataset.hpp"

#include <algorithm>
#include <cstddef>
#include <fmt/format.h>
#include <span>

#include "xgrad/error.hpp"

#include "graph/node.hpp"

namespace xgrad::data {
namespace {

/// Its value, cut from its history.
Tensor value_of(const Tensor& tensor) {
  return tensor.has_history() ? tensor.detach() : tensor.eval();
}

void require_defined(const Tensor& tensor, std::string_view field, std::string_view operation) {
  if (!tensor.defined()) {
    throw ValueError(fmt::format("[{}] the {} are an undefined Tensor", operation, field));
  }
}

void require_samples(const Tensor& inputs, const Tensor& labels, std::string_view operation) {
  require_defined(inputs, "inputs", operation);
  require_defined(labels, "labels", operation);
  if (inputs.rank() < 2) {
    throw ShapeError(
        fmt::format("[{}] inputs {}: expected (samples, features) or (samples, …)", operation, graph::label(inputs)));
  }
  if (!is_floating(inputs.dtype())) {
    throw DTypeError(fmt::format("[{}] inputs {} are {}: expected float32 or float64", operation, graph::label(inputs),
                                 to_string(inputs.dtype())));
  }
  if (labels.rank() != 1 || labels.dim(0) != inputs.dim(0)) {
    throw ShapeError(fmt::format("[{}] labels {} and inputs {}: expected one label per sample, ({},)", operation,
                                 graph::label(labels), graph::label(inputs), inputs.dim(0)));
  }
  if (labels.dtype() != int64) {
    throw DTypeError(fmt::format("[{}] labels {} are {}: expected int64", operation, graph::label(labels),
                                 to_string(labels.dtype())));
  }
}

template <class T>
void fill_one_hot(std::span<const std::int64_t> labels, std::int64_t classes, T* rows) {
  const auto width = static_cast<std::size_t>(classes);
  std::fill_n(rows, labels.size() * width, T{0});
  for (std::size_t i = 0; i < labels.size(); ++i) {
    rows[i * width + static_cast<std::size_t>(labels[i])] = T{1};
  }
}

}  // namespace

std::int64_t Dataset::features() const {
  std::int64_t features = 1;
  for (std::size_t axis = 1; axis < inputs.rank(); ++axis) {
    features *= inputs.shape()[axis];
  }
  return features;
}

void require_floating(DType dtype, std::string_view operation) {
  if (!is_floating(dtype)) {
    throw DTypeError(fmt::format("[{}] dtype {}: expected float32 or float64", operation, to_string(dtype)));
  }
}

Dataset checked(const Dataset& dataset, std::string_view operation) {
  require_defined(dataset.targets, "targets", operation);
  require_samples(dataset.inputs, dataset.labels, operation);
  if (dataset.targets.rank() != 2 || dataset.targets.dim(0) != dataset.inputs.dim(0)) {
    throw ShapeError(fmt::format("[{}] targets {} and inputs {}: expected one row of targets per sample", operation,
                                 graph::label(dataset.targets), graph::label(dataset.inputs)));
  }
  if (dataset.targets.dtype() != dataset.inputs.dtype()) {
    throw DTypeError(fmt::format("[{}] targets are {} and inputs {}: expected the same dtype", operation,
                                 to_string(dataset.targets.dtype()), to_string(dataset.inputs.dtype())));
  }
  return {value_of(dataset.inputs), value_of(dataset.targets), value_of(dataset.labels)};
}

Dataset dataset(const Tensor& inputs, const Tensor& labels, std::int64_t classes) {
  require_samples(inputs, labels, "dataset");
  if (classes < 1) {
    throw ValueError(fmt::format("[dataset] {} classes: expected at least 1", classes));
  }
  Dataset result{value_of(inputs), {}, value_of(labels)};
  const auto indices = result.labels.data<std::int64_t>();
  const auto wrong =
      std::find_if(indices.begin(), indices.end(), [classes](std::int64_t k) { return k < 0 || k >= classes; });
  if (wrong != indices.end()) {
    throw ValueError(
        fmt::format("[dataset] label {} of sample {}: expected 0 to {}", *wrong, wrong - indices.begin(), classes - 1));
  }
  auto [targets, array] = graph::make_uninitialised({labels.size(), classes}, inputs.dtype());
  if (inputs.dtype() == float32) {
    fill_one_hot(indices, classes, array.as<float>());
  } else {
    fill_one_hot(indices, classes, array.as<double>());
  }
  result.targets = std::move(targets);
  return result;
}

}  // namespace xgrad::data
