#include "formulas/layers.hpp"

#include <algorithm>
#include <unordered_set>

#include "formulas/expression.hpp"
#include "graph/node.hpp"
#include "ops/control/barrier.hpp"

namespace xgrad::formulas {

namespace {

using graph::Node;
using Role = Scope::Role;
/// A scope with a role is one call.
using Call = const graph::ScopeName*;

// The innermost layer from this scope on; null if there is none, or a derivative or a loss comes before.
Call layer_around(const graph::ScopeName* scope) noexcept {
  for (; scope != nullptr; scope = scope->outer.get()) {
    if (scope->derivative || scope->role == Role::loss) {
      return nullptr;
    }
    if (scope->role == Role::layer) {
      return scope;
    }
  }
  return nullptr;
}

Call next_layer_around(Call layer) noexcept {
  return layer_around(layer->outer.get());
}

// The outermost activation from this scope on, within the layer.
Call activation_around(const graph::ScopeName* scope) noexcept {
  Call result = nullptr;
  for (; scope != nullptr && scope->role != Role::layer; scope = scope->outer.get()) {
    if (scope->derivative || scope->role == Role::loss) {
      return nullptr;
    }
    result = scope->role == Role::activation ? scope : result;
  }
  return result;
}

bool is_differentiating(const graph::ScopeName* scope) noexcept {
  for (; scope != nullptr; scope = scope->outer.get()) {
    if (scope->derivative) {
      return true;
    }
  }
  return false;
}

bool is_parameter(const Node& node) noexcept {
  return node.operation == nullptr && node.history;
}

bool is_number(const Node& node) noexcept {
  return node.operation == nullptr && !node.history && node.shape.rank() == 0;
}

// Whether an operation outside of any scope of an activation is one.
bool is_activation_function(const Node& node) {
  const Operation& operation = *node.operation;
  return operation.algebra() == Algebra::sigmoid || operation.algebra() == Algebra::tanh ||
         operation.algebra() == Algebra::relu || operation.algebra() == Algebra::softmax ||
         is_written_primed(operation);
}

const Node* behind_barriers(const Node* node) noexcept {
  while (node->operation != nullptr && ops::as_barrier(*node->operation) != nullptr) {
    node = node->inputs()[0];
  }
  return node;
}

/// A call of a layer.
struct LayerCall {
  const Node* first_taken = nullptr;  ///< the first input of its own operations from outside
  bool takes_several = false;         ///< whether there are others; numbers don't count
  bool takes_parameter = false;
  bool has_inner = false;      ///< a layer with parameters is inside
  const Node* last = nullptr;  ///< the last value that is computed inside

  /// Whether it uses a parameter beside what it is given.
  [[nodiscard]] bool counts() const noexcept { return takes_parameter && takes_several; }
  [[nodiscard]] bool is_numbered() const noexcept { return counts() && !has_inner; }
};

/// The value of an activation, and its inputs behind barriers.
struct Activation {
  const Node* output = nullptr;
  std::vector<const Node*> inputs;
};

class Finder {
 public:
  explicit Finder(const graph::Order& order) : order_{order} {
    find_calls();
    if (calls_.empty()) {
      return;
    }
    for (std::size_t i = 0; i < order.nodes.size(); ++i) {
      position_.emplace(order.nodes[i], i);
    }
    find_activations();
  }

  [[nodiscard]] std::vector<Layer> layers() const {
    std::unordered_map<Call, Layer> by_call;
    for (const auto& [call, info] : calls_) {
      if (info.is_numbered() && info.last != nullptr) {
        by_call[call].z = preactivation(call, info);
      }
    }
    for (const Node* node : by_call.empty() ? std::vector<const Node*>{} : order_.nodes) {
      const auto layer = by_call.find(numbered_around(node->scope.get()));
      if (layer == by_call.end()) {
        continue;
      }
      std::vector<const Node*>& parameters = layer->second.parameters;
      for (const Node* input : node->inputs()) {
        if (is_parameter(*input) && std::find(parameters.begin(), parameters.end(), input) == parameters.end()) {
          parameters.push_back(input);
        }
      }
    }
    std::vector<Layer> result;
    result.reserve(by_call.size());
    for (auto& [call, layer] : by_call) {
      result.push_back(std::move(layer));
    }
    std::sort(result.begin(), result.end(),
              [this](const Layer& a, const Layer& b) { return position_.at(a.z) < position_.at(b.z); });
    return result;
  }

  [[nodiscard]] const std::vector<Activation>& activations() const noexcept { return activations_; }
  [[nodiscard]] bool is_activated(const Node* node) const { return by_output_.contains(node); }

  /// The last values of the calls around a layer, as far as it is the only layer inside.
  [[nodiscard]] std::vector<const Node*> ends_around(const Node* z) const {
    std::vector<const Node*> ends;
    for (Call call = numbered_around(z->scope.get()); call != nullptr; call = next_layer_around(call)) {
      if (numbered_inside_.at(call) > 1) {
        break;
      }
      ends.push_back(calls_.at(call).last);
    }
    return ends;
  }

 private:
  void find_calls() {
    for (const Node* node : order_.nodes) {
      const Call own = layer_around(node->scope.get());
      if (own == nullptr) {
        continue;
      }
      LayerCall& call = calls_[own];
      const bool in_activation = activation_around(node->scope.get()) != nullptr;  // whose slopes may be learned
      for (const Node* input : node->inputs()) {
        const bool is_inside = input->operation != nullptr && layer_around(input->scope.get()) == own;
        if (is_inside || is_number(*input)) {
          continue;
        }
        call.first_taken = call.first_taken == nullptr ? input : call.first_taken;
        call.takes_several = call.takes_several || input != call.first_taken;
        call.takes_parameter = call.takes_parameter || (is_parameter(*input) && !in_activation);
      }
      for (Call around = own; is_floating(node->dtype) && around != nullptr; around = next_layer_around(around)) {
        calls_[around].last = node;
      }
    }
    std::vector<Call> counted;
    for (const auto& [call, info] : calls_) {
      if (info.counts()) {
        counted.push_back(call);
      }
    }
    for (Call call : counted) {
      for (Call around = next_layer_around(call); around != nullptr; around = next_layer_around(around)) {
        calls_[around].has_inner = true;
      }
    }
    for (Call call : counted) {
      for (Call around = call; calls_.at(call).is_numbered() && around != nullptr; around = next_layer_around(around)) {
        ++numbered_inside_[around];
      }
    }
  }

  void find_activations() {
    std::unordered_map<Call, std::size_t> by_call;
    for (const Node* node : order_.nodes) {
      const Call call = activation_around(node->scope.get());
      if (call != nullptr) {
        const auto [known, added] = by_call.try_emplace(call, activations_.size());
        if (added) {
          activations_.emplace_back();
        }
        Activation& activation = activations_[known->second];
        activation.output = node;
        for (const Node* input : node->inputs()) {
          const Node* taken = behind_barriers(input);
          if (taken->operation != nullptr && activation_around(taken->scope.get()) != call) {
            activation.inputs.push_back(taken);
          }
        }
      } else if (is_activation_function(*node) && !is_in_loss(*node) && !is_differentiating(node->scope.get())) {
        activations_.push_back({node, {behind_barriers(node->inputs()[0])}});
      }
    }
    for (std::size_t i = 0; i < activations_.size(); ++i) {
      by_output_.emplace(activations_[i].output, i);
    }
  }

  // The numbered layer around this scope; null if there is none.
  [[nodiscard]] Call numbered_around(const graph::ScopeName* scope) const {
    Call call = layer_around(scope);
    for (; call != nullptr; call = next_layer_around(call)) {
      if (const auto known = calls_.find(call); known != calls_.end() && known->second.is_numbered()) {
        break;
      }
    }
    return call;
  }

  [[nodiscard]] const Node* preactivation(Call call, const LayerCall& info) const {
    const auto activation = by_output_.find(info.last);
    if (activation == by_output_.end()) {
      return info.last;
    }
    const Node* latest = nullptr;
    for (const Node* input : activations_[activation->second].inputs) {
      const bool is_inside = input->operation != nullptr && numbered_around(input->scope.get()) == call;
      if (is_inside && (latest == nullptr || position_.at(latest) < position_.at(input))) {
        latest = input;
      }
    }
    return latest == nullptr ? info.last : latest;
  }

  const graph::Order& order_;
  std::unordered_map<const Node*, std::size_t> position_;  // in the order
  std::unordered_map<Call, LayerCall> calls_;
  std::unordered_map<Call, std::size_t> numbered_inside_;  // the number of numbered layers, if not 0
  std::vector<Activation> activations_;
  std::unordered_map<const Node*, std::size_t> by_output_;
};

}  // namespace

bool is_in_loss(const graph::Node& node) noexcept {
  for (const graph::ScopeName* scope = node.scope.get(); scope != nullptr; scope = scope->outer.get()) {
    if (scope->role == Role::layer || scope->role == Role::loss) {
      return scope->role == Role::loss;
    }
  }
  return false;
}

Layers::Layers(const graph::Order& order) {
  const Finder finder{order};
  all_ = finder.layers();
  std::vector<bool> has_activation(all_.size(), false);
  for (std::size_t l = 0; l < all_.size(); ++l) {
    preactivations_.emplace(all_[l].z, l);
    for (const Node* parameter : all_[l].parameters) {
      parameters_.emplace(parameter, l);
    }
  }
  // An activation of one z and of no other.
  for (const Activation& activation : finder.activations()) {
    std::unordered_set<std::size_t> layers;
    for (const Node* input : activation.inputs) {
      if (const std::size_t l = of_preactivation(input); l != none) {
        layers.insert(l);
      }
    }
    if (layers.size() == 1 && !preactivations_.contains(activation.output)) {
      activations_.emplace(activation.output, *layers.begin());
      has_activation[*layers.begin()] = true;
    }
  }
  // One that ends the block around a layer.
  for (std::size_t l = 0; l < all_.size(); ++l) {
    const std::vector<const Node*> ends =
        has_activation[l] ? std::vector<const Node*>{} : finder.ends_around(all_[l].z);
    const auto end = std::find_if(ends.begin(), ends.end(), [&](const Node* node) {
      return finder.is_activated(node) && !preactivations_.contains(node);
    });
    if (end != ends.end()) {
      activations_.emplace(*end, l);
    }
  }
}

}  // namespace xgrad::formulas
