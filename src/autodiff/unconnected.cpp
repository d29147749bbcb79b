#include "autodiff/unconnected.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>
#include <unordered_set>

#include "xgrad/operation.hpp"

#include "autodiff/targets.hpp"
#include "graph/node.hpp"
#include "graph/order.hpp"
#include "graph/values.hpp"

namespace xgrad::autodiff {

namespace {

/// Looks for the reason why the ys don't depend differentiably on x.
class Inquiry {
 public:
  Inquiry(std::span<const Tensor> ys, const graph::Node& x) : x_{x}, dependent_{&x} {
    const std::vector<const graph::Node*> roots = graph::nodes_of(ys);
    std::for_each(roots.begin(), roots.end(), [this](const graph::Node* root) { look_at(*root); });
    for (const graph::Node* node : graph::topological_order(roots, graph::Boundary::leaves).nodes) {
      bool depends = false;
      for (const graph::Node* input : node->inputs()) {
        look_at(*input);
        depends = depends || dependent_.contains(input);
      }
      if (depends) {
        dependent_.insert(node);
        if (!node->operation->differentiable() && barrier_ == nullptr) {
          barrier_ = node->operation.get();
        }
      }
    }
  }

  [[nodiscard]] std::string answer() const {
    constexpr std::string_view if_meant = "; leave it out, or ask for Unconnected::zeros, if that is meant";
    if (dependent_.size() > 1) {
      const std::string barrier = barrier_ == nullptr
                                      ? std::string{}
                                      : fmt::format(" but by way of {}, which has no derivative", barrier_->name());
      return fmt::format("{}{}", barrier, if_meant);
    }
    if (meets_older_) {
      return fmt::format(": '{}' has been set since, and y depends on another value of it; build y again", *x_.name);
    }
    if (x_.history && meets_alike_) {
      return fmt::format(
          ", but on another tensor of its shape: if it is a Parameter that has been set since, build y "
          "again{}",
          if_meant);
    }
    if (!x_.history && meets_cut_) {
      return fmt::format(
          "; y, or a tensor between, has been evaluated, and without a Parameter or a variable() behind "
          "it its history is gone{}",
          if_meant);
    }
    return std::string{if_meant};
  }

 private:
  // All values of a Parameter share its name, the very string.
  void look_at(const graph::Node& node) {
    const bool is_other_leaf = node.operation == nullptr && node.history && &node != &x_;
    meets_cut_ = meets_cut_ || node.cut;
    meets_older_ = meets_older_ || (is_other_leaf && x_.name != nullptr && node.name == x_.name);
    meets_alike_ = meets_alike_ || (is_other_leaf && x_.name == nullptr && node.name == nullptr &&
                                    node.shape == x_.shape && node.dtype == x_.dtype);
  }

  const graph::Node& x_;
  std::unordered_set<const graph::Node*> dependent_;
  const Operation* barrier_ = nullptr;  // the first on a path from x that has no derivative
  bool meets_cut_ = false;
  bool meets_older_ = false;
  bool meets_alike_ = false;
};

}  // namespace

std::string why_unconnected(std::span<const Tensor> ys, const Tensor& x) {
  return Inquiry{ys, *x.node()}.answer();
}

}  // namespace xgrad::autodiff
