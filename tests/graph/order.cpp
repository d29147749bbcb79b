// Traversals: which nodes and leaves they give, and by which indices.
#include "graph/order.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <set>
#include <vector>

#include "xgrad/xgrad.hpp"

namespace xg = xgrad;
using xg::Tensor;
using xg::graph::Boundary;
using xg::graph::Node;
using xg::graph::Order;
using Indices = std::vector<std::uint32_t>;
using Nodes = std::vector<const Node*>;

namespace {

Order order_of(const Tensor& root, const Nodes& looked_for = {}, bool number_leaves = true) {
  const Node* node = root.node();
  return xg::graph::topological_order({&node, 1}, Boundary::leaves, looked_for, {.number_leaves = number_leaves});
}

Indices inputs_of(const Order& order, std::size_t i) {
  const auto inputs = order.inputs(i);
  return {inputs.begin(), inputs.end()};
}

}  // namespace

TEST_CASE("order: leaves follow the nodes, each once, inputs from left to right") {
  const Tensor a = xg::tensor({1.0, 2.0});
  const Tensor b = xg::tensor({3.0, 4.0});
  const Tensor c = xg::tensor({5.0, 6.0});
  const Tensor sum = a + b;
  const Tensor product = sum * a;
  const Tensor root = c - product;
  const Order order = order_of(root);
  CHECK(order.nodes == Nodes{sum.node(), product.node(), root.node()});
  CHECK(order.leaves == Nodes{a.node(), b.node(), c.node()});
  CHECK(inputs_of(order, 0) == Indices{3, 4});
  CHECK(inputs_of(order, 1) == Indices{0, 3});
  CHECK(inputs_of(order, 2) == Indices{5, 1});
  CHECK(order.size() == 6);
  CHECK(order.node(1) == product.node());
  CHECK(order.node(5) == c.node());
  CHECK(order.is_leaf(3));
  CHECK_FALSE(order.is_leaf(2));
}

TEST_CASE("order: a node looked for that the traversal doesn't reach gets an index after the other leaves") {
  const Tensor a = xg::tensor({1.0, 2.0});
  const Tensor elsewhere = xg::exp(xg::tensor({0.0}));
  const Tensor root = xg::tanh(a);
  const Order order = order_of(root, {elsewhere.node(), root.node(), a.node()});
  CHECK(order.found == Indices{2, 0, 1});
  CHECK(order.leaves == Nodes{a.node(), elsewhere.node()});
}

TEST_CASE("order: where leaves aren't numbered, all have the same index") {
  const Tensor a = xg::tensor({1.0, 2.0});
  const Order order = order_of(a + xg::exp(a), {a.node()}, false);
  CHECK(order.leaves.empty());
  CHECK(inputs_of(order, 0) == Indices{Order::leaf});
  CHECK(inputs_of(order, 1) == Indices{Order::leaf, 0});
  CHECK(order.found == Indices{Order::leaf});
  CHECK(order.is_leaf(Order::leaf));
}

TEST_CASE("order: of thousands of leaves each has one index, however often it is used") {
  constexpr std::size_t count = 3000;
  std::vector<Tensor> leaves;
  for (std::size_t i = 0; i < count; ++i) {
    leaves.push_back(xg::tensor({static_cast<double>(i)}));
  }
  Tensor sum = leaves[0];
  for (std::size_t i = 0; i < 2 * count; ++i) {
    sum = sum + leaves[(7 * i + 1) % count];  // 7 doesn't divide 3000: each twice
  }
  const Order order = order_of(sum);
  CHECK(order.leaves.size() == count);
  CHECK(std::set<const Node*>{order.leaves.begin(), order.leaves.end()}.size() == count);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < order.nodes.size(); ++i) {
    const auto inputs = order.nodes[i]->inputs();
    for (std::size_t j = 0; j < inputs.size(); ++j) {
      wrong += order.node(order.inputs(i)[j]) == inputs[j] ? 0U : 1U;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("order: a leaf that is a node's stable form stands for the node") {
  const Tensor x = xg::tensor({1.0, 2.0});
  const Tensor w = xg::tensor({3.0, 4.0});
  const Tensor logarithm = xg::log(xg::exp(x));  // computed as x
  const Tensor root = logarithm * w;
  const Node* node = root.node();
  const Order order = xg::graph::topological_order({&node, 1}, Boundary::leaves, Nodes{logarithm.node()},
                                                   {.follow_forms = true, .number_leaves = true});
  CHECK(order.nodes == Nodes{root.node()});
  CHECK(order.leaves == Nodes{x.node(), w.node()});
  CHECK(inputs_of(order, 0) == Indices{1, 2});
  CHECK(order.found == Indices{1});
  CHECK(order.computed(logarithm.node()) == x.node());
}

TEST_CASE("order: with_leaves has each leaf before its first user, and those without users at the end") {
  const Tensor a = xg::tensor({1.0, 2.0});
  const Tensor b = xg::tensor({3.0, 4.0});
  const Tensor c = xg::tensor({5.0, 6.0});
  const Tensor unused = xg::tensor({7.0});
  const Tensor sum = a + b;
  const Tensor root = c - sum * a;
  const Node* product = root.node()->inputs()[1];
  const Order order = xg::graph::with_leaves(order_of(root, {unused.node(), root.node(), b.node()}));
  CHECK(order.nodes == Nodes{a.node(), b.node(), sum.node(), product, c.node(), root.node(), unused.node()});
  CHECK(inputs_of(order, 0).empty());
  CHECK(inputs_of(order, 2) == Indices{0, 1});
  CHECK(inputs_of(order, 3) == Indices{2, 0});
  CHECK(inputs_of(order, 5) == Indices{4, 3});
  CHECK(inputs_of(order, 6).empty());
  CHECK(order.found == Indices{6, 5, 1});
}

TEST_CASE("order: a root that is a leaf is no node") {
  const Tensor a = xg::tensor({1.0});
  const Order order = order_of(a, {a.node()});
  CHECK(order.nodes.empty());
  CHECK(order.found == Indices{0});
  CHECK(order.node(0) == a.node());
  CHECK(xg::nodes(a).size() == 1);
}

TEST_CASE("order: no node is marked after a traversal") {
  const Tensor a = xg::tensor({1.0});
  const Tensor root = xg::exp(xg::tanh(a)) + a;
  const Order order = order_of(root);
  CHECK(std::all_of(order.nodes.begin(), order.nodes.end(), [](const Node* node) { return node->slot == 0; }));
  CHECK(a.node()->slot == 0);
}
