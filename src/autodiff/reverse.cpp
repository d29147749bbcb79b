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
#include "ops/rules.hpp"

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
  ReverseSweep(const Part& part, Sums sums)
      : order_{part.order}, is_x_{part.is_x}, sums_{sums}, active_(order_.size(), 0), adjoints_(order_.size()) {
    std::size_t widest = 1;
    for (std::size_t i = 0; i < order_.nodes.size(); ++i) {
      const auto inputs = order_.inputs(i);
      const bool active =
          is_x_[i] || std::any_of(inputs.begin(), inputs.end(), [this](std::uint32_t input) { return wanted(input); });
      active_[i] = active && order_.nodes[i]->operation->differentiable() ? 1 : 0;
      widest = std::max(widest, inputs.size());
    }
    wanted_ = std::make_unique<bool[]>(widest);  // NOLINT(modernize-avoid-c-arrays): a span of bool
  }

  /// Adds to the cotangent of a node or leaf. Terms that are zero but for a part wait until all are there: their sum
  /// costs less than its terms.
  void add(std::uint32_t index, const Tensor& cotangent) {
    Tensor& total = adjoints_[index];
    if (sums_ == Sums::combined && total.defined()) {
      if (auto placed = ops::placed(cotangent)) {
        waiting_[index].push_back(std::move(*placed));
        return;
      }
    }
    total = ops::add_defined(total, cotangent);
  }

  void run() {
    for (std::size_t i = order_.nodes.size(); i-- > 0;) {
      if (active_[i] != 0 && adjoints_[i].defined()) {
        const graph::ScopeGuard scope{derivative_scope(order_.nodes[i]->scope)};
        complete(i);
        differentiate(i);
        if (!is_x_[i]) {
          adjoints_[i] = Tensor{};
        }
      }
    }
  }

  /// The cotangent of an x.
  [[nodiscard]] const Tensor& result(std::uint32_t index) {
    complete(index);
    return adjoints_[index];
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

  void complete(std::size_t index) {
    const auto waiting = waiting_.empty() ? waiting_.end() : waiting_.find(index);
    if (waiting == waiting_.end()) {
      return;
    }
    Tensor& total = adjoints_[index];
    std::vector<ops::Placed> terms = std::move(waiting->second);
    waiting_.erase(waiting);
    const Shape shape = total.shape();
    if (auto first = ops::placed(total)) {
      terms.insert(terms.begin(), std::move(*first));
      total = Tensor{};
    }
    total = ops::add_defined(total, ops::sum_of_placed(terms, shape));
  }

  // Whether the cotangent of the node or leaf is needed.
  [[nodiscard]] bool wanted(std::uint32_t index) const noexcept {
    return (active_[index] != 0 || is_x_[index]) && is_floating(order_.node(index)->dtype);
  }

  void differentiate(std::size_t i) {
    const graph::Node& node = *order_.nodes[i];
    const auto indices = order_.inputs(i);
    bool any = false;
    inputs_.clear();
    for (std::size_t j = 0; j < indices.size(); ++j) {
      wanted_[j] = wanted(indices[j]);
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
        node.operation->vjp(Call{inputs_, output, {wanted_.get(), indices.size()}}, adjoints_[i]);
    if (cotangents.size() != indices.size()) {
      throw ValueError(fmt::format("[{}] vjp gave {} cotangents for {} inputs", node.operation->name(),
                                   cotangents.size(), indices.size()));
    }
    for (std::size_t j = 0; j < indices.size(); ++j) {
      if (wanted_[j] && cotangents[j].defined()) {
        check_cotangent(*node.operation, inputs_[j], j, cotangents[j]);
        add(indices[j], cotangents[j]);
      }
    }
  }

  const graph::Order& order_;
  const std::vector<bool>& is_x_;
  Sums sums_;
  // By index of the order.
  std::vector<char> active_;  // whether the node depends differentiably on an x
  std::vector<Tensor> adjoints_;
  std::unordered_map<std::size_t, std::vector<ops::Placed>> waiting_;
  std::unique_ptr<bool[]> wanted_;  // NOLINT(modernize-avoid-c-arrays)
  SharedScope scope_;               // of the last node that was differentiated
  SharedScope derivative_scope_;
  std::vector<Tensor> inputs_;
};

}  // namespace

std::vector<Tensor> reverse(std::span<const Tensor> ys, std::span<const Tensor> xs, std::span<const Tensor> cotangents,
                            std::span<const Tensor> constants, Sums sums) {
  std::vector<Tensor> result(xs.size());
  for (const Part& part : parts(ys, xs, constants)) {
    ReverseSweep sweep{part, sums};
    for (std::size_t k = 0; k < ys.size(); ++k) {
      sweep.add(part.order.found[part.xs.size() + k], cotangents[k]);
    }
    sweep.run();
    for (std::size_t k = 0; k < part.xs.size(); ++k) {
      result[part.indices[k]] = sweep.result(part.order.found[k]);
    }
  }
  return result;
}

}  // namespace xgrad::autodiff
