#include <algorithm>
#include <fmt/format.h>

#include "xgrad/autodiff.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"

#include "autodiff/reverse.hpp"
#include "graph/node.hpp"
#include "graph/order.hpp"

namespace xgrad {

namespace autodiff {

std::string spoken(std::string_view role, std::size_t i, const Tensor& tensor) {
  return fmt::format("{}[{}] {}", role, i, graph::spoken(tensor));
}

}  // namespace autodiff

namespace {

using autodiff::spoken;

void require_floating(std::string_view transform, std::string_view role, std::span<const Tensor> tensors) {
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (!tensors[i].defined()) {
      throw ValueError(fmt::format("[{}] {}[{}] is an undefined Tensor", transform, role, i));
    }
    if (!is_floating(tensors[i].dtype())) {
      throw DTypeError(fmt::format("[{}] {} is {}; only floating tensors have derivatives", transform,
                                   spoken(role, i, tensors[i]), to_string(tensors[i].dtype())));
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
      throw ShapeError(fmt::format("[{}] {} needs a {} of its shape, not {}", transform, spoken(role, i, tensors[i]),
                                   direction, to_string(directions[i].shape())));
    }
    if (directions[i].dtype() != tensors[i].dtype()) {
      throw DTypeError(fmt::format("[{}] {} is {}, its {} is {}", transform, spoken(role, i, tensors[i]),
                                   to_string(tensors[i].dtype()), direction, to_string(directions[i].dtype())));
    }
  }
}

// Whether y, or a node behind it, was evaluated and let its history go.
bool meets_cut(const Tensor& y) {
  const graph::Node* root = y.node();
  const graph::Order order = graph::topological_order({&root, 1}, graph::Boundary::leaves);
  return root->cut || std::any_of(order.nodes.begin(), order.nodes.end(), [](const graph::Node* node) {
           return std::any_of(node->inputs().begin(), node->inputs().end(),
                              [](const graph::Node* input) { return input->cut; });
         });
}

std::string lost_history(const Tensor& y) {
  return meets_cut(y)
             ? "; y, or a tensor between, has been evaluated, and without a Parameter or a variable() behind it "
               "its history is gone"
             : "";
}

// `names` may be empty.
std::vector<Tensor> checked_gradients(const Tensor& y, std::span<const Tensor> xs, const GradientOptions& options,
                                      std::span<const NamedParameter> names) {
  require_floating("gradients", "y", {&y, 1});
  require_floating("gradients", "x", xs);
  Tensor cotangent = options.cotangent;
  if (cotangent.defined()) {
    require_match("gradients", "y", {&y, 1}, "cotangent", {&cotangent, 1});
  } else if (y.rank() != 0) {
    throw ShapeError(
        fmt::format("[gradients] y is {}, not a scalar: reduce it, or give its cotangent", graph::spoken(y)));
  } else {
    cotangent = scalar(1, y.dtype());
  }
  std::vector<Tensor> result = autodiff::reverse({&y, 1}, xs, {&cotangent, 1});
  for (std::size_t i = 0; i < xs.size(); ++i) {
    if (result[i].defined()) {
      continue;
    }
    if (options.unconnected == Unconnected::error) {
      const std::string x =
          names.empty() ? spoken("x", i, xs[i]) : fmt::format("'{}' {}", names[i].name, to_string(xs[i].shape()));
      throw ValueError(fmt::format("[gradients] y doesn't depend on {}{}; ask for Unconnected::zeros if that is meant",
                                   x, lost_history(y)));
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
  require_floating("vjp", "x", xs);
  require_match("vjp", "y", ys, "cotangent", cotangents);
  std::vector<Tensor> result = autodiff::reverse(ys, xs, cotangents);
  for (std::size_t i = 0; i < xs.size(); ++i) {
    if (!result[i].defined()) {
      if (unconnected == Unconnected::error) {
        throw ValueError(fmt::format("[vjp] no y depends on {}", spoken("x", i, xs[i])));
      }
      result[i] = zeros_like(xs[i]);
    }
  }
  return result;
}

std::vector<Tensor> jvp(std::span<const Tensor> ys, std::span<const Tensor> xs, std::span<const Tensor> tangents,
                        Unconnected unconnected) {
  require_floating("jvp", "y", ys);
  require_floating("jvp", "x", xs);
  require_match("jvp", "x", xs, "tangent", tangents);
  std::vector<Tensor> result = autodiff::forward(ys, xs, tangents);
  for (std::size_t i = 0; i < ys.size(); ++i) {
    if (!result[i].defined()) {
      if (unconnected == Unconnected::error) {
        throw ValueError(fmt::format("[jvp] {} depends on no x", spoken("y", i, ys[i])));
      }
      result[i] = zeros_like(ys[i]);
    }
  }
  return result;
}

}  // namespace xgrad
