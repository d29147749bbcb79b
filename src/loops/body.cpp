#include "loops/body.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "graph/identity.hpp"
#include "graph/node.hpp"
#include "graph/order.hpp"
#include "graph/rebuild.hpp"
#include "graph/values.hpp"

namespace xgrad::loops {

namespace {

std::vector<Tensor> joined(const std::vector<Tensor>& a, const std::vector<Tensor>& b, const std::vector<Tensor>& c) {
  std::vector<Tensor> result = a;
  result.insert(result.end(), b.begin(), b.end());
  result.insert(result.end(), c.begin(), c.end());
  return result;
}

bool is_number(const graph::Node& node) {
  return node.has_value() && node.shape.rank() == 0 && !node.history && !node.of_state && !node.traced &&
         is_floating(node.dtype);
}

graph::Order order_of(std::span<const Tensor> results, std::uint64_t since = 0) {
  const std::vector<const graph::Node*> roots = graph::nodes_of(results);
  return graph::topological_order(roots, graph::Boundary::leaves, roots, {.oldest = since, .number_leaves = true});
}

/// Makes a body closed.
class Closure {
 public:
  Closure(const Body& traced, std::uint64_t since, std::vector<Tensor>& captured)
      : traced_{traced}, captured_{captured}, order_{order_of(traced.results(), since)}, rebuild_{order_} {}

  Body run() {
    replace(traced_.carry, body_.carry);
    replace(traced_.xs, body_.xs);
    replace(traced_.captured, body_.captured);
    find_dependent();
    for (std::uint32_t i = 0; i < order_.nodes.size(); ++i) {
      if (!dependent_[i]) {
        continue;
      }
      for (const std::uint32_t input : order_.inputs(i)) {
        if (!dependent_[input]) {
          capture(input);
        }
      }
      rebuild_.replace(i, graph::called_again(*order_.nodes[i], rebuild_.inputs(i)));
    }
    for (const std::uint32_t index : order_.found) {
      if (!dependent_[index]) {
        capture(index);
      }
    }
    const std::vector<Tensor> results = rebuild_.found();
    auto next = results.begin();
    for (const auto& [from, to] :
         {std::pair{&traced_.next_carry, &body_.next_carry}, std::pair{&traced_.outputs, &body_.outputs},
          std::pair{&traced_.sums, &body_.sums}}) {
      to->assign(next, next + static_cast<std::ptrdiff_t>(from->size()));
      next += static_cast<std::ptrdiff_t>(from->size());
    }
    return std::move(body_);
  }

 private:
  // By placeholders of its own, of which the old ones' users follow.
  void replace(const std::vector<Tensor>& old, std::vector<Tensor>& own) {
    for (const Tensor& each : old) {
      own.push_back(placeholder(each.shape(), each.dtype()));
      own.back().node()->name = each.node()->name;
      placeholders_.emplace(each.node(), own.back());
    }
  }

  void find_dependent() {
    dependent_.assign(order_.size(), false);
    for (std::uint32_t leaf = 0; leaf < order_.leaves.size(); ++leaf) {
      const auto known = placeholders_.find(order_.leaves[leaf]);
      const auto index = static_cast<std::uint32_t>(order_.nodes.size()) + leaf;
      if (known != placeholders_.end()) {
        dependent_[index] = true;
        rebuild_.replace(index, known->second);
      }
    }
    for (std::uint32_t i = 0; i < order_.nodes.size(); ++i) {
      const auto inputs = order_.inputs(i);
      dependent_[i] =
          std::any_of(inputs.begin(), inputs.end(), [this](std::uint32_t input) { return dependent_[input]; });
    }
  }

  // Something from outside: an input of every step.
  void capture(std::uint32_t index) {
    const graph::Node& node = *order_.node(index);
    if (is_number(node) || !met_.emplace(index).second) {
      return;
    }
    captured_.push_back(graph::handle(&node));
    body_.captured.push_back(placeholder(node.shape, node.dtype));
    body_.captured.back().node()->name = node.name;
    rebuild_.replace(index, body_.captured.back());
  }

  const Body& traced_;
  std::vector<Tensor>& captured_;
  graph::Order order_;
  graph::Rebuild rebuild_;
  Body body_;
  std::unordered_map<const graph::Node*, Tensor> placeholders_;
  std::vector<bool> dependent_;
  std::unordered_set<std::uint32_t> met_;
};

/// The numbers of structures.
class Numbers {
 public:
  std::int64_t of(const std::vector<std::uint64_t>& words) {
    const std::lock_guard lock{mutex_};
    return numbers_.try_emplace(words, static_cast<std::int64_t>(numbers_.size()) + 1).first->second;
  }

 private:
  std::mutex mutex_;
  std::map<std::vector<std::uint64_t>, std::int64_t> numbers_;
};

void append(const Tensor& tensor, std::vector<std::uint64_t>& words) {
  words.push_back(tensor.rank() << 8U | static_cast<std::uint64_t>(tensor.dtype()));
  for (const std::int64_t length : tensor.shape()) {
    words.push_back(static_cast<std::uint64_t>(length));
  }
}

}  // namespace

std::vector<Tensor> Body::inputs() const {
  return joined(carry, xs, captured);
}

std::vector<Tensor> Body::results() const {
  return joined(next_carry, outputs, sums);
}

Tensor placeholder(const Shape& shape, DType dtype) {
  Tensor result = graph::make_leaf(shape, dtype, {}, is_floating(dtype));
  result.node()->traced = true;
  return result;
}

Body closed(const Body& traced, std::uint64_t since, std::vector<Tensor>& captured) {
  return Closure{traced, since, captured}.run();
}

std::vector<Tensor> called(const Body& body, std::span<const Tensor> inputs) {
  const graph::Order order = order_of(body.results());
  graph::Rebuild rebuild{order};
  std::unordered_map<const graph::Node*, Tensor> given;
  const std::vector<Tensor> placeholders = body.inputs();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    given.emplace(placeholders[i].node(), inputs[i]);
  }
  for (std::uint32_t leaf = 0; leaf < order.leaves.size(); ++leaf) {
    if (const auto known = given.find(order.leaves[leaf]); known != given.end()) {
      rebuild.replace(static_cast<std::uint32_t>(order.nodes.size()) + leaf, known->second);
    }
  }
  rebuild.run([&order](std::size_t i, std::span<const Tensor> replaced) {
    return graph::called_again(*order.nodes[i], replaced);
  });
  return rebuild.found();
}

// Operations and what they are applied to, the shapes of the placeholders, and numbers, by their bits.
std::int64_t number_of(const Body& body) {
  static Numbers numbers;
  const graph::Order order = order_of(body.results());
  std::vector<std::uint64_t> words{body.carry.size(), body.xs.size(), body.captured.size(), body.outputs.size(),
                                   body.sums.size()};
  std::unordered_map<const graph::Node*, std::uint64_t> placeholders;
  for (const Tensor& each : body.inputs()) {
    placeholders.emplace(each.node(), placeholders.size());
    append(each, words);
  }
  for (const graph::Node* leaf : order.leaves) {
    const auto known = placeholders.find(leaf);
    const bool given = known != placeholders.end();
    words.push_back(given ? 0 : 1);
    words.push_back(given ? known->second : std::bit_cast<std::uint64_t>(graph::element_of(*leaf, 0)));
    words.push_back(static_cast<std::uint64_t>(leaf->dtype));
  }
  for (std::uint32_t i = 0; i < order.nodes.size(); ++i) {
    words.push_back(graph::OperationIdentity::of(*order.nodes[i]->operation));
    words.push_back(order.inputs(i).size());
    words.insert(words.end(), order.inputs(i).begin(), order.inputs(i).end());
  }
  words.insert(words.end(), order.found.begin(), order.found.end());
  return numbers.of(words);
}

}  // namespace xgrad::loops
