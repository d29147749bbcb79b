#include "xgrad/nonfinite.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "xgrad/autodiff.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"

#include "check/entries/entries.hpp"
#include "check/nonfinite/cause.hpp"
#include "check/nonfinite/formula.hpp"
#include "check/nonfinite/replay.hpp"
#include "graph/computed.hpp"
#include "graph/node.hpp"
#include "graph/order.hpp"
#include "graph/rebuild.hpp"
#include "graph/scope_path.hpp"
#include "graph/trace.hpp"
#include "graph/values.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad::check {
namespace {

constexpr std::uint32_t none = 0xFFFFFFFFU;

/// A node on the path from a cause to a root.
struct Mark {
  std::int64_t element = -1;  ///< of its value; −1 for a node that is on no path
  std::uint32_t user = none;  ///< the next node on the path; none at a root
  std::uint32_t root = 0;     ///< the root's number among the roots
};

/// A cause, by its index in the replay, and the marks of all nodes.
struct Cause {
  std::uint32_t node = none;
  std::vector<Mark> marks;
};

/// Follows each root's first element that isn't finite back to the causes; of these the first.
Cause first_cause(const Replay& replay, std::size_t roots) {
  Cause cause;
  cause.marks.resize(replay.size());
  for (std::size_t i = roots; i-- > 0;) {
    const std::uint32_t root = replay.root(i);
    if (!replay.finite(root)) {
      const ConstArray value = replay.value(root);
      cause.marks[root] = {nonfinite_elements(value.data, value.shape.size(), value.dtype).front(), none,
                           static_cast<std::uint32_t>(i)};
    }
  }
  for (std::size_t i = replay.size(); i-- > 0;) {
    const Mark mark = cause.marks[i];
    if (mark.element < 0) {
      continue;
    }
    const auto node = static_cast<std::uint32_t>(i);
    const std::vector<Element> behind = causes_of(replay, {node, mark.element});
    if (behind.empty()) {
      cause.node = node;
    }
    for (const Element& element : behind) {
      if (cause.marks[element.node].element < 0) {
        cause.marks[element.node] = {element.index, node, mark.root};
      }
    }
  }
  return cause;
}

std::string operation_name(const graph::Node& node) {
  return node.operation ? std::string{node.operation->name()} : "leaf";
}

Operand operand_of(const Replay& replay, std::uint32_t at, std::size_t i, const NonFinite& found,
                   std::int64_t element) {
  const graph::Node& node = replay.node(at);
  const ConstArray value = replay.value(replay.inputs(at)[i]);
  Operand operand{.name = operand_name(node, i), .shape = value.shape, .dtype = value.dtype};
  operand.min = std::numeric_limits<double>::infinity();
  operand.max = -operand.min;
  for (std::int64_t k = 0; k < value.shape.size(); ++k) {
    const double number = graph::element_of(value, k);
    if (std::isfinite(number)) {
      operand.min = std::min(operand.min, number);
      operand.max = std::max(operand.max, number);
    } else {
      ++operand.nonfinite;
    }
  }
  if (operand.min > operand.max) {
    operand.min = operand.max = std::numeric_limits<double>::quiet_NaN();
  }
  if (node.operation->elementwise() != nullptr) {
    const std::int64_t met = broadcast_index(element, found.shape, value.shape);
    operand.element = graph::element_of(value, met);
    operand.index = unravel(met, value.shape);
  }
  return operand;
}

std::optional<TurnedNaN> turned_nan(const Replay& replay, const Cause& cause) {
  const auto is_nan = [&](std::uint32_t at) {
    return std::isnan(graph::element_of(replay.value(at), cause.marks[at].element));
  };
  std::uint32_t at = cause.node;
  if (is_nan(at)) {
    return std::nullopt;
  }
  while (at != none && !is_nan(at)) {
    at = cause.marks[at].user;
  }
  if (at == none) {
    return std::nullopt;
  }
  const graph::Node& node = replay.node(at);
  return TurnedNaN{.operation = operation_name(node),
                   .formula = formula_of(node),
                   .layer = graph::path(node.scope.get()),
                   .index = unravel(cause.marks[at].element, node.shape)};
}

/// All but what the pass adds.
NonFinite report_of(const Replay& replay, const Cause& cause) {
  const std::uint32_t at = cause.node;
  const Mark& mark = cause.marks[at];
  const graph::Node& node = replay.node(at);
  const ConstArray value = replay.value(at);
  NonFinite found;
  found.operation = operation_name(node);
  found.formula = formula_of(node);
  found.name = node.name ? *node.name : std::string{};
  const graph::Node& shown = node.operation == nullptr && mark.user != none ? replay.node(mark.user) : node;
  found.layer = graph::path(shown.scope.get());
  found.shape = node.shape;
  found.dtype = node.dtype;
  found.index = unravel(mark.element, node.shape);
  found.value = graph::element_of(value, mark.element);
  found.nonfinite = static_cast<std::int64_t>(nonfinite_elements(value.data, value.shape.size(), value.dtype).size());
  for (std::size_t i = 0; i < replay.inputs(at).size(); ++i) {
    found.operands.push_back(operand_of(replay, at, i, found, mark.element));
  }
  found.turned_nan = turned_nan(replay, cause);
  found.history_gone = node.cut;
  return found;
}

std::string name_or(const Tensor& tensor, std::string otherwise) {
  return tensor.name().empty() ? std::move(otherwise) : tensor.name();
}

/// A copy of a graph, with its leaves and values, in which every node has a scope of its own. A derivative belongs to
/// the scope of the node that it differentiates, so it tells which one that is.
class ScopedCopy {
 public:
  ScopedCopy(const Tensor& tensor, std::span<const Tensor> xs) {
    std::vector<const graph::Node*> looked_for = graph::nodes_of(xs);
    const graph::Node* root = tensor.node();
    looked_for.push_back(root);
    const graph::Order order =
        graph::topological_order({&root, 1}, graph::Boundary::leaves, looked_for, {.number_leaves = true});
    graph::Rebuild rebuild{order};
    nodes_.reserve(order.nodes.size());
    rebuild.run([&](std::size_t i, std::span<const Tensor> inputs) {
      const graph::Node& node = *order.nodes[i];
      auto scope = graph::SharedScope::make(std::string{}, node.scope);
      by_scope_.emplace(scope.get(), static_cast<std::uint32_t>(i));
      return nodes_.emplace_back(graph::rebuilt(node, inputs, std::move(scope)));
    });
    xs_ = rebuild.found();
    result_ = xs_.back();
    xs_.pop_back();
  }

  [[nodiscard]] const Tensor& result() const noexcept { return result_; }
  [[nodiscard]] const std::vector<Tensor>& xs() const noexcept { return xs_; }

  /// The node of the copy whose derivative this node is part of; null for nodes of the copy itself and for others.
  [[nodiscard]] const graph::Node* differentiated(const graph::Node& node) const {
    for (const graph::ScopeName* part = node.scope.get(); part != nullptr; part = part->outer.get()) {
      if (const auto known = by_scope_.find(part); known != by_scope_.end()) {
        const graph::Node* origin = nodes_[known->second].node();
        return origin == &node ? nullptr : origin;
      }
    }
    return nullptr;
  }

 private:
  std::vector<Tensor> nodes_;
  std::unordered_map<const graph::ScopeName*, std::uint32_t> by_scope_;
  Tensor result_;
  std::vector<Tensor> xs_;
};

/// Its value as a plan gives it, without a trace of that in its own graph.
Tensor value_of(const Tensor& tensor) {
  if (tensor.evaluated()) {
    return tensor;
  }
  const Tensor copy = ScopedCopy{tensor, {}}.result();
  return copy.eval();
}

bool all_finite(std::span<const Tensor> values) {
  return std::none_of(values.begin(), values.end(), [](const Tensor& value) {
    return any_nonfinite(value.node()->value.data(), value.size(), value.dtype());
  });
}

std::optional<NonFinite> trace_forward(const Tensor& tensor) {
  const Tensor value = value_of(tensor);
  if (all_finite({&value, 1})) {
    return std::nullopt;
  }
  Replay replay{{&tensor, 1}};
  replay.run({&value, 1});
  NonFinite found = report_of(replay, first_cause(replay, 1));
  found.pass = NonFinite::Pass::forward;
  found.result = name_or(tensor, "the tensor");
  return found;
}

std::vector<Tensor> gradients_of(const ScopedCopy& copy) {
  GradientOptions options{.unconnected = Unconnected::zeros};
  const Tensor& y = copy.result();
  if (y.rank() != 0) {
    options.cotangent = ones(y.shape(), y.dtype());
  }
  return gradients(y, copy.xs(), options);
}

std::optional<NonFinite> trace_backward(const Tensor& tensor, std::span<const Tensor> xs) {
  const std::vector<Tensor> values = gradients_of(ScopedCopy{tensor, xs});
  eval(values);
  if (all_finite(values)) {
    return std::nullopt;
  }
  const ScopedCopy copy{tensor, xs};
  const std::vector<Tensor> roots = graph::as_computed(gradients_of(copy), graph::Boundary::leaves);
  Replay replay{roots};
  replay.run(values);
  const Cause cause = first_cause(replay, roots.size());
  NonFinite found = report_of(replay, cause);
  found.pass = NonFinite::Pass::backward;
  const std::uint32_t root = cause.marks[cause.node].root;
  found.result = fmt::format("∂{}/∂{}", name_or(tensor, "y"), name_or(xs[root], fmt::format("x[{}]", root)));
  if (const graph::Node* forward = copy.differentiated(replay.node(cause.node)); forward != nullptr) {
    found.derivative_of = formula_of(*forward);
    if (forward->name && !forward->name->empty()) {
      found.derivative_of = fmt::format("{} = {}", *forward->name, found.derivative_of);
    }
  }
  return found;
}

/// Parameters and variables behind it, in the order of their first use.
std::vector<Tensor> trained_leaves(const Tensor& tensor) {
  const graph::Node* root = tensor.node();
  std::vector<Tensor> leaves;
  std::unordered_set<const graph::Node*> known;
  const auto take = [&](const graph::Node* node) {
    if (node->operation == nullptr && node->history && known.insert(node).second) {
      leaves.push_back(graph::handle(node));
    }
  };
  take(root);
  for (const graph::Node* node : graph::topological_order({&root, 1}, graph::Boundary::leaves).nodes) {
    std::for_each(node->inputs().begin(), node->inputs().end(), take);
  }
  return leaves;
}

void require_traceable(const Tensor& tensor, std::string_view what) {
  if (!tensor.defined()) {
    throw ValueError(fmt::format("[trace_nonfinite] {} is an undefined Tensor", what));
  }
  graph::require_untraced(*tensor.node(), "trace_nonfinite");
}

}  // namespace

std::optional<NonFinite> trace_nonfinite(const Tensor& tensor) {
  require_traceable(tensor, "the tensor");
  const Tensor computed = graph::as_computed({&tensor, 1}, graph::Boundary::leaves)[0];
  std::optional<NonFinite> found = trace_forward(computed);
  if (found || tensor.rank() != 0 || !tensor.has_history()) {
    return found;
  }
  return trace_backward(computed, trained_leaves(computed));
}

std::optional<NonFinite> trace_nonfinite(const Tensor& tensor, std::span<const Tensor> xs) {
  require_traceable(tensor, "the tensor");
  for (std::size_t i = 0; i < xs.size(); ++i) {
    require_traceable(xs[i], fmt::format("x[{}]", i));
    if (!is_floating(xs[i].dtype())) {
      throw DTypeError(fmt::format("[trace_nonfinite] x[{}] {} is {}; only floating tensors have gradients", i,
                                   graph::label(xs[i]), to_string(xs[i].dtype())));
    }
  }
  if (!xs.empty() && !is_floating(tensor.dtype())) {
    throw DTypeError(fmt::format("[trace_nonfinite] {} is {}; only floating tensors have gradients",
                                 graph::label(tensor), to_string(tensor.dtype())));
  }
  // A stable form may go around an x that isn't a leaf: then the graph as it was written is looked at.
  const bool all_leaves =
      std::all_of(xs.begin(), xs.end(), [](const Tensor& x) { return x.node()->operation == nullptr; });
  const Tensor computed = graph::as_computed({&tensor, 1}, graph::Boundary::leaves)[0];
  std::optional<NonFinite> found = trace_forward(computed);
  return found || xs.empty() ? found : trace_backward(all_leaves ? computed : tensor, xs);
}

}  // namespace xgrad::check
