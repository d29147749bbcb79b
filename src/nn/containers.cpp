#include "xgrad/nn/containers.hpp"

#include <fmt/format.h>
#include <string>

#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/scope.hpp"

#include "nn/defined.hpp"

namespace xgrad::nn {

Tensor Identity::operator()(const Tensor& x) const {
  require_defined("Identity", "input", x);
  return x;
}

Tensor Lambda::operator()(const Tensor& x) const {
  if (function == nullptr) {
    throw ValueError("[Lambda] without a function");
  }
  return function(x);
}

namespace {

void require_equal_shapes(const char* container, const Tensor& x, const Tensor& y) {
  if (x.shape() != y.shape()) {
    throw ShapeError(fmt::format("[{}] adds up {} and {}; expected one shape", container, to_string(x.shape()),
                                 to_string(y.shape())));
  }
}

}  // namespace

Tensor detail::add_residual(const Tensor& x, const Tensor& y) {
  require_defined("Residual", "input", x);
  require_defined("Residual", "layer's result", y);
  require_equal_shapes("Residual", x, y);
  return x + y;
}

Tensor Parallel::operator()(const Tensor& x) const {
  if (layers.empty()) {
    throw ValueError("[Parallel] without layers; expected one or more");
  }
  std::vector<Tensor> results;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const Scope scope{std::to_string(i), Scope::Role::layer};
    results.push_back(layers[i](x));
  }
  if (merge == Merge::concatenate) {
    return concatenate(results, axis);
  }
  Tensor total = results[0];
  for (std::size_t i = 1; i < results.size(); ++i) {
    require_equal_shapes("Parallel", total, results[i]);
    total = total + results[i];
  }
  return total;
}

}  // namespace xgrad::nn
