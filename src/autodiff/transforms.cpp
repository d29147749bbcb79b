#include <fmt/format.h>
#include <string>
#include <string_view>

#include "xgrad/autodiff.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"

#include "autodiff/reverse.hpp"
#include "autodiff/unconnected.hpp"
#include "graph/node.hpp"

namespace xgrad {

namespace {

// "x[1] 'W' (3, 2)".
std::string label(std::string_view role, std::size_t i, const Tensor& tensor) {
  return fmt::format("{}[{}] {}", role, i, graph::label(tensor));
}

void require_floating(std::string_view transform, std::string_view role, std::span<const Tensor> tensors) {
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (!tensors[i].defined()) {
      throw ValueError(fmt::format("[{}] {}[{}] is an undefined Tensor", transform, role, i));
    }
    if (!is_floating(tensors[i].dtype())) {
      throw DTypeError(fmt::format("[{}] {} is {}; only floating tensors have derivatives", transform,
                                   label(role, i, tensors[i]), to_string(tensors[i].dtype())));
    }
  }
}

void require_differentiated(std::string_view transform, std::span<const Tensor> xs) {
  require_floating(transform, "x", xs);
  for (std::size_t i = 0; i < xs.size(); ++i) {
    if (xs[i].node()->of_state) {
      throw ValueError(fmt::format(
          "[{}] {} is the value of a State, which isn't differentiated; expected a Parameter, or a variable() of it",
          transform, label("x", i, xs[i])));
    }
  }
}

// One direction per tensor, alike in shape and dtype.
void require_match(std::string_view transform, std::string_view role, std::span<const Tensor> tensors,
                   std::string_view direction, std::span<const Tensor> directions) {
  if (tensors.size() != directions.size()) {
    throw ValueError(
        fmt::format("[{}] {} {}s for {} {}s", transform, directions.size(), direction, tensors.size(), role));
  }
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (!directions[i].defined()) {
      throw ValueError(fmt::format("[{}] {}[{}] is an undefined Tensor", transform, direction, i));
    }
    if (directions[i].shape() != tensors[i].shape()) {
      throw ShapeError(fmt::format("[{}] {} needs a {} of its shape, not {}", transform, label(role, i, tensors[i]),
                                   direction, to_string(directions[i].shape())));
    }
    if (directions[i].dtype() != tensors[i].dtype()) {
      throw DTypeError(fmt::format("[{}] {} is {}, its {} is {}", transform, label(role, i, tensors[i]),
                                   to_string(tensors[i].dtype()), direction, to_string(directions[i].dtype())));
    }
  }
}

// Undefined for the xs that y doesn't depend on.
std::vector<Tensor> defined_gradients(const Tensor& y, std::span<const Tensor> xs, Tensor cotangent) {
  require_floating("gradients", "y", {&y, 1});
  require_differentiated("gradients", xs);
  if (cotangent.defined()) {
    require_match("gradients", "y", {&y, 1}, "cotangent", {&cotangent, 1});
  } else if (y.rank() != 0) {
    throw ShapeError(
        fmt::format("[gradients] y is {}, not a scalar: reduce it, or give its cotangent", graph::label(y)));
  } else {
    cotangent = scalar(1, y.dtype());
  }
  return autodiff::reverse({&y, 1}, xs, {&cotangent, 1});
}

// `names` may be empty.
std::vector<Tensor> checked_gradients(const Tensor& y, std::span<const Tensor> xs, const GradientOptions& options,
                                      std::span<const NamedParameter> names) {
  std::vector<Tensor> result = defined_gradients(y, xs, options.cotangent);
  for (std::size_t i = 0; i < xs.size(); ++i) {
    if (result[i].defined()) {
      continue;
    }
    if (options.unconnected == Unconnected::error) {
      const std::string x =
          names.empty() ? label("x", i, xs[i]) : fmt::format("'{}' {}", names[i].name, to_string(xs[i].shape()));
      throw ValueError(
          fmt::format("[gradients] y doesn't depend on {}{}", x, autodiff::why_unconnected({&y, 1}, xs[i])));
    }
    result[i] = zeros_like(xs[i]);
  }
  return result;
}

std::vector<Tensor> tensors_of(const std::vector<NamedParameter>& parameters) {
  std::vector<Tensor> tensors;
  tensors.reserve(parameters.size());
  for (const NamedParameter& named : parameters) {
    tensors.push_back(named.parameter.value());
  }
  return tensors;
}

ValueAndGradients evaluated(const Tensor& y, std::vector<Tensor> gradients) {
  gradients.push_back(y);
  eval(gradients);
  gradients.pop_back();
  return {y, std::move(gradients)};
}

}  // namespace

std::vector<Tensor> autodiff::connected_gradients(const Tensor& y, std::span<const Tensor> xs) {
  return defined_gradients(y, xs, {});
}

std::vector<Tensor> gradients(const Tensor& y, std::span<const Tensor> xs, const GradientOptions& options) {
  return checked_gradients(y, xs, options, {});
}

std::vector<Tensor> gradients(const Tensor& y, std::initializer_list<Tensor> xs, const GradientOptions& options) {
  return checked_gradients(y, std::span{xs.begin(), xs.size()}, options, {});
}

std::vector<Tensor> gradients(const Tensor& y, const std::vector<NamedParameter>& xs, const GradientOptions& options) {
  return checked_gradients(y, tensors_of(xs), options, xs);
}

ValueAndGradients value_and_gradients(const Tensor& y, std::span<const Tensor> xs, const GradientOptions& options) {
  return evaluated(y, gradients(y, xs, options));
}

ValueAndGradients value_and_gradients(const Tensor& y, std::initializer_list<Tensor> xs,
                                      const GradientOptions& options) {
  return evaluated(y, gradients(y, xs, options));
}

ValueAndGradients value_and_gradients(const Tensor& y, const std::vector<NamedParameter>& xs,
                                      const GradientOptions& options) {
  return evaluated(y, gradients(y, xs, options));
}

std::vector<Tensor> vjp(std::span<const Tensor> ys, std::span<const Tensor> xs, std::span<const Tensor> cotangents,
                        Unconnected unconnected) {
  require_floating("vjp", "y", ys);
  require_differentiated("vjp", xs);
  require_match("vjp", "y", ys, "cotangent", cotangents);
  std::vector<Tensor> result = autodiff::reverse(ys, xs, cotangents);
  for (std::size_t i = 0; i < xs.size(); ++i) {
    if (!result[i].defined()) {
      if (unconnected == Unconnected::error) {
        throw ValueError(
            fmt::format("[vjp] no y depends on {}{}", label("x", i, xs[i]), autodiff::why_unconnected(ys, xs[i])));
      }
      result[i] = zeros_like(xs[i]);
    }
  }
  return result;
}

std::vector<Tensor> jvp(std::span<const Tensor> ys, std::span<const Tensor> xs, std::span<const Tensor> tangents,
                        Unconnected unconnected) {
  require_floating("jvp", "y", ys);
  require_differentiated("jvp", xs);
  require_match("jvp", "x", xs, "tangent", tangents);
  std::vector<Tensor> result = autodiff::forward(ys, xs, tangents);
  for (std::size_t i = 0; i < ys.size(); ++i) {
    if (!result[i].defined()) {
      if (unconnected == Unconnected::error) {
        throw ValueError(fmt::format("[jvp] {} depends on no x", label("y", i, ys[i])));
      }
      result[i] = zeros_like(ys[i]);
    }
  }
  return result;
}

}  // namespace xgrad
