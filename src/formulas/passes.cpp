#include "formulas/passes.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <map>
#include <unordered_set>
#include <utility>

#include "xgrad/autodiff.hpp"
#include "xgrad/creation.hpp"

#include "autodiff/reverse.hpp"
#include "formulas/layers.hpp"
#include "graph/copy.hpp"
#include "graph/order.hpp"
#include "graph/values.hpp"
#include "ops/control/barrier.hpp"
#include "planning/simplify.hpp"

namespace xgrad::formulas {

namespace {

/// A copy of the graph behind some tensors, which keeps it whole: a node that is evaluated may let its inputs go. A
/// computed x stands between two barriers, so that no rule goes around it and it isn't merged with an equal tensor.
class ForwardCopy {
 public:
  ForwardCopy(std::span<const Tensor> tensors, std::span<const Tensor> xs)
      : copy_{tensors, [this, screened = set_of(xs)](const graph::Node& node, std::span<const Tensor> inputs) {
                graph::Copy::Made made = make(node, inputs);
                if (screened.contains(&node)) {
                  screen(node, made);
                }
                return made;
              }} {}
  ForwardCopy(const ForwardCopy&) = delete;
  ForwardCopy& operator=(const ForwardCopy&) = delete;

  [[nodiscard]] Tensor of(const Tensor& original) const { return copy_.of(original); }
  /// The tensor between the barriers of an x, which gradients are taken by; the copy of any other.
  [[nodiscard]] Tensor source_of(const Tensor& original) const {
    const auto source = sources_.find(original.node());
    return source == sources_.end() ? of(original) : source->second;
  }

 private:
  [[nodiscard]] static std::unordered_set<const graph::Node*> set_of(std::span<const Tensor> tensors) {
    const std::vector<const graph::Node*> nodes = graph::nodes_of(tensors);
    return {nodes.begin(), nodes.end()};
  }

  [[nodiscard]] static graph::Copy::Made make(const graph::Node& node, std::span<const Tensor> inputs) {
    if (node.operation->algebra() != Algebra::stop_gradient) {
      return graph::Copy::plain(node, inputs);
    }
    const graph::ScopeGuard scope{node.scope};
    const Tensor copy = ops::lasting_stop_gradient(inputs[0]);
    copy.node()->name = node.name;
    return {copy, {}};
  }

  void screen(const graph::Node& node, graph::Copy::Made& made) {
    const std::size_t number = 2 * sources_.size();
    const Tensor source = ops::barrier(made.copy, number);
    sources_.emplace(&node, source);
    made.for_users = ops::barrier(source, number + 1);
  }

  std::unordered_map<const graph::Node*, Tensor> sources_;
  graph::Copy copy_;
};

std::vector<Tensor> without_forward_barriers(std::span<const Tensor> tensors) {
  const graph::Copy copy{tensors, [](const graph::Node& node, std::span<const Tensor> inputs) {
                           const ops::Barrier* barrier = ops::as_barrier(*node.operation);
                           return barrier != nullptr && barrier->side() == ops::Barrier::Side::forward
                                      ? graph::Copy::Made{inputs[0], {}}
                                      : graph::Copy::plain(node, inputs);
                         }};
  std::vector<Tensor> result(tensors.size());
  std::transform(tensors.begin(), tensors.end(), result.begin(), [&copy](const Tensor& t) { return copy.of(t); });
  return result;
}

// The same graph with one leaf for all equal numbers that have no name, so that equal formulas are one node however
// often their numbers were written.
std::vector<Tensor> with_merged_numbers(std::span<const Tensor> tensors, const GivenNames& given) {
  std::unordered_map<const graph::Node*, Tensor> first;  // of a number's leaf, the one that stands for it
  std::map<std::pair<DType, std::uint64_t>, Tensor> numbers;
  bool any = false;
  const auto is_number = [&given](const graph::Node& leaf) {
    return leaf.operation == nullptr && leaf.shape.rank() == 0 && !leaf.history && !leaf.name && leaf.has_value() &&
           is_floating(leaf.dtype) && !given.contains(&leaf);
  };
  for (const graph::Node* node : graph::topological_order(graph::nodes_of(tensors), graph::Boundary::leaves).nodes) {
    for (const graph::Node* leaf : node->inputs()) {
      if (is_number(*leaf) && !first.contains(leaf)) {
        const auto bits = std::bit_cast<std::uint64_t>(graph::element_of(*leaf, 0));
        const auto [known, added] = numbers.try_emplace({leaf->dtype, bits}, graph::handle(leaf));
        first.emplace(leaf, known->second);
        any = any || !added;
      }
    }
  }
  if (!any) {
    return {tensors.begin(), tensors.end()};
  }
  const auto merged = [&first](const Tensor& input) {
    const auto known = first.find(input.node());
    return known == first.end() ? input : known->second;
  };
  const graph::Copy copy{tensors, [&merged](const graph::Node& node, std::span<const Tensor> inputs) {
                           std::vector<Tensor> own(inputs.size());
                           std::transform(inputs.begin(), inputs.end(), own.begin(), merged);
                           return graph::Copy::plain(node, own);
                         }};
  std::vector<Tensor> result(tensors.size());
  std::transform(tensors.begin(), tensors.end(), result.begin(), [&copy](const Tensor& t) { return copy.of(t); });
  return result;
}

std::vector<Tensor> simplified(std::span<const Tensor> tensors) {
  return planning::simplify(tensors, {});
}

graph::Order order_of(const Tensor& root) {
  const graph::Node* node = root.node();
  return graph::topological_order({&node, 1}, graph::Boundary::leaves);
}

std::vector<Tensor> joined(const Tensor& y, std::span<const Tensor> xs) {
  std::vector<Tensor> all{y};
  all.insert(all.end(), xs.begin(), xs.end());
  return all;
}

bool is_leaf(const Tensor& tensor) noexcept {
  return tensor.node()->operation == nullptr;
}

/// Makes the two passes of y. Each rewriting of the graph replaces every tensor held here by its counterpart, which
/// gets its name.
class Differentiation {
 public:
  Differentiation(const Tensor& y, std::span<const Tensor> xs, const DeriveOptions& options)
      : original_y_{y}, xs_{xs}, options_{options} {
    const ForwardCopy copy{joined(y, xs), xs};
    y_ = copy.of(y);
    for (const NamedTensor& named : options.names) {
      given_.emplace(copy.of(named.tensor).node(), named.name);
    }
    for (const Tensor& x : xs) {
      add_target(copy, x);
    }
  }

  [[nodiscard]] Passes passes(Connection connection) {
    const auto merged = [this](std::span<const Tensor> tensors) { return with_merged_numbers(tensors, given_); };
    find_named();
    rewrite(merged);
    rewrite(simplified);  // the derivative is that of the stable forms
    if (!xs_.empty()) {
      if (connection == Connection::unknown) {
        static_cast<void>(gradients(original_y_, xs_, {.cotangent = options_.cotangent}));  // its errors name the xs
      }
      find_interior();
      differentiate();
    }
    if (std::any_of(targets_.begin(), targets_.end(), [](const Quantity& x) { return !is_leaf(x.tensor); })) {
      rewrite(without_forward_barriers);
    }
    rewrite(merged);
    rewrite(simplified);
    return result();
  }

 private:
  /// A tensor of the forward pass that gradients are taken by, or will be.
  struct Quantity {
    Tensor tensor;
    Tensor source;    ///< the tensor itself, or the one between its barriers; undefined once there is a gradient
    Tensor gradient;  ///< of y by the source
    std::string name = {};
  };

  void add_target(const ForwardCopy& copy, const Tensor& x) {
    // The graph ends at y, before its barriers.
    Quantity target{copy.of(x), x.node() == original_y_.node() ? copy.of(x) : copy.source_of(x), {}};
    const graph::Node* node = target.tensor.node();
    const auto name = given_.find(node);
    target.name = name != given_.end() ? name->second : x.name();
    if (!is_leaf(target.tensor) && !target.name.empty()) {
      given_.emplace(node, target.name);
    }
    targets_.push_back(std::move(target));
  }

  void find_named() {
    for (const graph::Node* node : order_of(y_).nodes) {
      if (node->name || given_.contains(node)) {
        named_.push_back(graph::handle(node));
      }
    }
  }

  // The order decides which of several equal tensors stays, and whose name comes first.
  [[nodiscard]] std::vector<Tensor*> tensors() {
    std::vector<Tensor*> all{&y_};
    const auto add = [&all](std::vector<Quantity>& quantities, Tensor Quantity::*member) {
      for (Quantity& each : quantities) {
        if ((each.*member).defined()) {
          all.push_back(&(each.*member));
        }
      }
    };
    add(targets_, &Quantity::tensor);
    std::transform(named_.begin(), named_.end(), std::back_inserter(all), [](Tensor& tensor) { return &tensor; });
    add(interior_, &Quantity::tensor);
    add(targets_, &Quantity::source);
    add(interior_, &Quantity::gradient);
    add(targets_, &Quantity::gradient);
    return all;
  }

  void rewrite(const std::function<std::vector<Tensor>(std::span<const Tensor>)>& rewritten) {
    const std::vector<Tensor*> all = tensors();
    std::vector<Tensor> before(all.size());
    std::transform(all.begin(), all.end(), before.begin(), [](const Tensor* tensor) { return *tensor; });
    const std::vector<Tensor> after = rewritten(before);
    for (std::size_t i = 0; i < all.size(); ++i) {
      keep_name(before[i], after[i]);
      *all[i] = after[i];
    }
    if (!given_.empty()) {
      held_.insert(held_.end(), before.begin(), before.end());
    }
  }

  // Another leaf keeps a name of its own.
  void keep_name(const Tensor& before, const Tensor& after) {
    const bool has_own = is_leaf(after) && after.node()->name && after.node() != before.node();
    if (const auto name = given_.find(before.node()); name != given_.end() && !has_own) {
      given_.emplace(after.node(), std::string{name->second});
    }
  }

  // Tensors other than y with a name, targets, and z of layers.
  void find_interior() {
    const graph::Order order = order_of(y_);
    const Layers layers{order};
    std::unordered_map<const graph::Node*, Tensor> sources;
    for (const Quantity& target : targets_) {
      sources.emplace(target.tensor.node(), target.source);
    }
    for (const graph::Node* node : order.nodes) {
      const auto source = sources.find(node);
      const bool is_target = source != sources.end();
      const bool is_named =
          node->history && (layers.of_preactivation(node) != Layers::none || node->name || given_.contains(node));
      if ((is_target || is_named) && node != y_.node() && is_floating(node->dtype)) {
        const Tensor tensor = graph::handle(node);
        interior_.push_back({tensor, is_target ? source->second : tensor, {}});
      }
    }
  }

  void differentiate() {
    std::vector<Quantity*> quantities;
    std::vector<Tensor> sources;
    for (std::vector<Quantity>* part : {&interior_, &targets_}) {
      for (Quantity& each : *part) {
        quantities.push_back(&each);
        sources.push_back(each.source);
      }
    }
    const Tensor upstream = options_.cotangent.defined() ? options_.cotangent : scalar(1, y_.dtype());
    const std::vector<Tensor> cotangents =
        autodiff::reverse({&y_, 1}, sources, {&upstream, 1}, {}, autodiff::Sums::written_out);
    for (std::size_t i = 0; i < quantities.size(); ++i) {
      quantities[i]->gradient = cotangents[i].defined() ? cotangents[i] : zeros_like(sources[i]);
      quantities[i]->source = {};
    }
  }

  [[nodiscard]] Passes result() {
    Passes passes;
    passes.y = y_;
    passes.named = named_;
    passes.cotangent = options_.cotangent;
    passes.given = std::move(given_);
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      Quantity& target = targets_[i];
      const auto name = passes.given.find(target.tensor.node());
      const bool has_kept_name = name != passes.given.end() && name->second == target.name;
      if (is_leaf(xs_[i]) || has_kept_name) {
        target.name.clear();
      }
      passes.targets.push_back({{target.tensor, target.gradient}, target.name});
    }
    for (const Quantity& each : interior_) {
      passes.interior.push_back({each.tensor, each.gradient});
    }
    return passes;
  }

  const Tensor& original_y_;
  std::span<const Tensor> xs_;
  const DeriveOptions& options_;
  Tensor y_;
  std::vector<Quantity> targets_;
  std::vector<Quantity> interior_;
  std::vector<Tensor> named_;
  GivenNames given_;          // of nodes that live as long as this
  std::vector<Tensor> held_;  // the tensors before each rewriting, for as long as their nodes may have names
};

// Keeps names of nodes in the forward pass only: another node may be made at the address of one that is gone.
void drop_names_of_others(Passes& passes) {
  GivenNames names;
  const auto keep = [&](const graph::Node* node) {
    if (const auto name = passes.given.find(node); name != passes.given.end()) {
      names.insert(*name);
    }
  };
  const std::vector<const graph::Node*> roots = graph::nodes_of(passes.forward_roots());
  std::for_each(roots.begin(), roots.end(), keep);
  for (const graph::Node* node : graph::topological_order(roots, graph::Boundary::leaves).nodes) {
    keep(node);
    std::for_each(node->inputs().begin(), node->inputs().end(), keep);
  }
  passes.given = std::move(names);
}

}  // namespace

std::vector<Tensor> Passes::forward_roots() const {
  std::vector<Tensor> roots;
  std::transform(outputs.begin(), outputs.end(), std::back_inserter(roots),
                 [](const NamedTensor& output) { return output.tensor; });
  roots.insert(roots.end(), named.begin(), named.end());
  if (y.defined()) {
    roots.push_back(y);
  }
  return roots;
}

Passes passes_of(const Tensor& y, std::span<const Tensor> xs, const DeriveOptions& options, Connection connection) {
  Differentiation differentiation{y, xs, options};
  Passes passes = differentiation.passes(connection);
  drop_names_of_others(passes);
  return passes;
}

Passes passes_of(const std::vector<NamedTensor>& tensors, const DeriveOptions& options) {
  std::vector<Tensor> originals(tensors.size());
  std::transform(tensors.begin(), tensors.end(), originals.begin(),
                 [](const NamedTensor& each) { return each.tensor; });
  const ForwardCopy copy{originals, {}};
  Passes passes;
  for (const NamedTensor& named : options.names) {
    passes.given.emplace(copy.of(named.tensor).node(), named.name);
  }
  std::vector<Tensor> copies(tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    copies[i] = copy.of(tensors[i].tensor);
    passes.given.insert_or_assign(copies[i].node(), tensors[i].name);
  }
  const std::vector<Tensor> merged = with_merged_numbers(copies, passes.given);
  const std::vector<Tensor> after = simplified(merged);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (!is_leaf(after[i])) {
      passes.given.insert_or_assign(after[i].node(), tensors[i].name);
    }
    passes.outputs.push_back({tensors[i].name, after[i]});
  }
  drop_names_of_others(passes);
  return passes;
}

}  // namespace xgrad::formulas
