#include "autodiff/reverse.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <unordered_map>

#include "xgrad/error.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "autodiff/targets.hpp"
#include "graph/order.hpp"
#include "ops/index/placement.hpp"

namespace xgrad::autodiff {

namespace {

// A derivative written outside the library is checked where it is called, not where its result fails later.
void check_cotangent(const Operation& operation, const Tensor& input, std::size_t i, const Tensor& cotangent) {
  if (cotangent.shape() != input.shape()) {
    throw ShapeError(fmt::format("[{}] vjp gave input {} of shape {} a cotangent of shape {}", operation.name(), i,
                                 to_string(input.shape()), to_string(cotangent.shape())));
  }
  if (cotangent.dtype() != input.dtype()) {
    throw DTypeError(fmt::format("[{}] vjp gave input {} of dtype {} a cotangent of dtype {}", operation.name(), i,
                                 to_string(input.dtype()), to_string(cotangent.dtype())));
  }
}

/// One sweep from the ys back to the xs. Every node is differentiated once, after all its users.
class ReverseSweep {
 public:
  ReverseSweep(const graph::Order& order, const Targets& targets, Sums sums)
      : order_{order},
        targets_{targets},
        sums_{sums},
        active_(order.nodes.size(), 0),
        adjoints_(order.nodes.size()),
        leaf_adjoints_(targets.leaf_count()) {
    std::size_t widest = 1;
    for (std::size_t i = 0; i < order.nodes.size(); ++i) {
      const auto links = order.inputs(i);
      bool active = targets.interior()[i];
      for (std::size_t j = 0; j < links.size() && !active; ++j) {
        active = wanted(order.nodes[i]->inputs()[j], links[j]);
      }
      active_[i] = active && order.nodes[i]->operation->differentiable() ? 1 : 0;
      widest = std::max(widest, links.size());
    }
    wanted_ = std::make_unique<bool[]>(widest);  // NOLINT(modernize-avoid-c-arrays): a span of bool
  }

  /// Adds to the cotangent of a node, given as its place in the order or, if that is leaf, as the node.
  void add(std::uint32_t place, const graph::Node* node, Tensor cotangent) {
    if (place != graph::Order::leaf) {
      add(adjoints_[place], std::move(cotangent));
    } else if (const std::uint32_t leaf = targets_.leaf(node); leaf != Targets::none) {
      add(leaf_adjoints_[leaf], std::move(cotangent));
    }
  }

  void run() {
    for (std::size_t i = order_.nodes.size(); i-- > 0;) {
      if (active_[i] != 0 && adjoints_[i].defined()) {
        const graph::ScopeGuard scope{derivative_scope(order_.nodes[i]->scope)};
        complete(adjoints_[i]);
        differentiate(i);
        if (!targets_.interior()[i]) {
          adjoints_[i] = Tensor{};
        }
      }
    }
  }

  [[nodiscard]] const Tensor& result(std::uint32_t place, const graph::Node* node) {
    Tensor& adjoint = place != graph::Order::leaf ? adjoints_[place] : leaf_adjoints_[targets_.leaf(node)];
    complete(adjoint);
    return adjoint;
  }

 private:
  using SharedScope = graph::SharedScope;

  // One for all nodes of a call that follow each other.
  [[nodiscard]] const SharedScope& derivative_scope(const SharedScope& scope) {
    if (scope != scope_) {
      scope_ = scope;
      derivative_scope_ = graph::derivative_of(scope);
    }
    return derivative_scope_;
  }

  // Terms that are zero but for a part wait until all are there: their sum costs less than its terms.
  void add(Tensor& total, Tensor term) {
    if (sums_ == Sums::combined && total.defined()) {
      if (auto placed = ops::placed(term)) {
        waiting_[&total].push_back(std::move(*placed));
        return;
      }
    }
    accumulate(total, std::move(term));
  }

  void complete(Tensor& total) {
    const auto waiting = waiting_.empty() ? waiting_.end() : waiting_.find(&total);
    if (waiting == waiting_.end()) {
      return;
    }
    std::vector<ops::Placed> terms = std::move(waiting->second);
    waiting_.erase(waiting);
    const Shape shape = total.shape();
    if (auto first = ops::placed(total)) {
      terms.insert(terms.begin(), std::move(*first));
      total = Tensor{};
    }
    accumulate(total, ops::sum_of_placed(terms, shape));
  }

  [[nodiscard]] bool wanted(const graph::Node* input, std::uint32_t place) const noexcept {
    return is_floating(input->dtype) && (place != graph::Order::leaf ? active_[place] != 0 || targets_.interior()[place]
                                                                     : targets_.leaf(input) != Targets::none);
  }

  void differentiate(std::size_t i) {
    const graph::Node& node = *order_.nodes[i];
    const auto links = order_.inputs(i);
    bool any = false;
    inputs_.clear();
    for (std::size_t j = 0; j < links.size(); ++j) {
      wanted_[j] = wanted(node.inputs()[j], links[j]);
      any = any || wanted_[j];
    }
    if (!any) {
      return;
    }
    for (const graph::Node* input : node.inputs()) {
      inputs_.push_back(graph::handle(input));
    }
    const Tensor output = graph::handle(&node);
    std::vector<Tensor> cotangents =
        node.operation->vjp(Call{inputs_, output, {wanted_.get(), links.size()}}, adjoints_[i]);
    if (cotangents.size() != links.size()) {
      throw ValueError(fmt::format("[{}] vjp gave {} cotangents for {} inputs", node.operation->name(),
                                   cotangents.size(), links.size()));
    }
    for (std::size_t j = 0; j < links.size(); ++j) {
      if (wanted_[j] && cotangents[j].defined()) {
        check_cotangent(*node.operation, inputs_[j], j, cotangents[j]);
        add(links[j], inputs_[j].node(), std::move(cotangents[j]));
      }
    }
  }

  const graph::Order& order_;
  const Targets& targets_;
  Sums sums_;
  std::vector<char> active_;  // per node: a way leads from an x to it
  std::vector<Tensor> adjoints_;
  std::vector<Tensor> leaf_adjoints_;
  std::unordered_map<const Tensor*, std::vector<ops::Placed>> waiting_;  // by the sum that they belong to
  std::unique_ptr<bool[]> wanted_;                                       // NOLINT(modernize-avoid-c-arrays)
  SharedScope scope_;                                                    // of the last node that was differentiated
  SharedScope derivative_scope_;
  std::vector<Tensor> inputs_;
};

}  // namespace

void accumulate(Tensor& total, Tensor term) {
  total = total.defined() ? total + term : std::move(term);
}

std::vector<Tensor> reverse(std::span<const Tensor> ys, std::span<const Tensor> xs, std::span<const Tensor> cotangents,
                            std::span<const Tensor> constants, Sums sums) {
  std::vector<Tensor> result(xs.size());
  for (const Part& part : parts(ys, xs, constants)) {
    const Targets targets{part.xs, part.order};
    ReverseSweep sweep{part.order, targets, sums};
    for (std::size_t k = 0; k < ys.size(); ++k) {
      sweep.add(part.order.found[part.xs.size() + k], ys[k].node(), cotangents[k]);
    }
    sweep.run();
    for (std::size_t k = 0; k < part.xs.size(); ++k) {
      result[part.indices[k]] = sweep.result(part.order.found[k], part.xs[k].node());
    }
  }
  return result;
}

}  // namespace xgrad::autodiff
