// Graphs built again on other inputs.
#include "graph/rebuild.hpp"

#include <doctest/doctest.h>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "graph/copy.hpp"
#include "graph/scope_path.hpp"
#include "graph/values.hpp"

namespace xg = xgrad;
using xg::Tensor;
using xg::graph::Node;
using xg::graph::Order;
using Doubles = std::vector<double>;

namespace {

Tensor float64(std::vector<double> values) {
  return xg::from_vector(std::move(values), {2});
}

Order order_of(const Tensor& root, const std::vector<Tensor>& looked_for) {
  const Node* node = root.node();
  return xg::graph::topological_order({&node, 1}, xg::graph::Boundary::leaves, xg::graph::nodes_of(looked_for),
                                      {.number_leaves = true});
}

}  // namespace

TEST_CASE("rebuild: a node on other inputs keeps operation, scope, name and value") {
  const Tensor x = xg::variable(float64({1, 2}));
  const Tensor other = float64({3, 4});
  const Tensor y = [&] {
    const xg::Scope scope{"layer"};
    return x * x;
  }();
  y.named("y");
  y.eval();
  const Tensor rebuilt = xg::graph::rebuilt(*y.node(), std::vector<Tensor>{other, x});
  CHECK(rebuilt.node() != y.node());
  CHECK(rebuilt.node()->operation == y.node()->operation);
  CHECK(rebuilt.node()->inputs()[0] == other.node());
  CHECK(rebuilt.node()->inputs()[1] == x.node());
  CHECK(rebuilt.name() == "y");
  CHECK(xg::graph::path(rebuilt.node()->scope.get()) == "layer");
  CHECK(rebuilt.to_vector<double>() == Doubles{1, 4});  // it isn't computed again
}

TEST_CASE("rebuild: on its own inputs a node is itself") {
  const Tensor x = float64({1, 2});
  const Tensor y = x + x;
  CHECK(xg::graph::rebuilt(*y.node(), std::vector<Tensor>{x, x}).node() == y.node());
}

TEST_CASE("rebuild: a call made again has its stable form and no value, one as written has neither form") {
  const Tensor x = xg::variable(float64({-1000, 0}));
  const Tensor y = xg::log(xg::sigmoid(x));
  y.named("y");
  y.eval();
  const Tensor other = xg::sigmoid(xg::variable(float64({-2000, 0})));
  const Tensor again = xg::graph::called_again(*y.node(), std::vector<Tensor>{other});
  CHECK_FALSE(again.evaluated());
  CHECK(again.name() == "y");
  CHECK(again.node()->form != nullptr);
  CHECK(again.to_vector<double>()[0] == -2000);  // log σ(x) = x − log(1 + eˣ)
  CHECK(xg::graph::rebuilt(*y.node(), std::vector<Tensor>{other}).node()->form == nullptr);
}

TEST_CASE("rebuild: replaces leaves and nodes by index, and what isn't replaced is itself") {
  const Tensor a = float64({1, 2});
  const Tensor b = float64({3, 4});
  const Tensor product = a * b;
  const Tensor root = product - b;
  const Order order = order_of(root, {root, a, b});
  xg::graph::Rebuild rebuild{order};
  rebuild.replace(order.found[1], float64({10, 20}));
  CHECK(rebuild[order.found[2]].node() == b.node());
  CHECK(rebuild[0].node() == product.node());
  rebuild.run(
      [&](std::size_t i, std::span<const Tensor> inputs) { return xg::graph::rebuilt(*order.nodes[i], inputs); });
  const std::vector<Tensor> found = rebuild.found();
  CHECK(found[0].to_vector<double>() == Doubles{27, 76});  // a b − b
  CHECK(found[2].node() == b.node());
  CHECK(root.to_vector<double>() == Doubles{0, 4});  // as it was
}

TEST_CASE("rebuild: users of a copied node may take another tensor than the copy") {
  const Tensor x = float64({1, 2});
  const Tensor y = x + x;
  const Tensor z = y * y;
  const xg::graph::Copy copy{std::vector<Tensor>{z}, [&](const Node& node, std::span<const Tensor> inputs) {
                               xg::graph::Copy::Made made = xg::graph::Copy::plain(node, inputs);
                               if (&node == y.node()) {
                                 made.for_users = made.copy + 1.0;
                               }
                               return made;
                             }};
  CHECK(copy.of(y).node() != y.node());
  CHECK(copy.of(x).node() == x.node());
  CHECK(copy.of(y).to_vector<double>() == Doubles{2, 4});
  CHECK(copy.of(z).to_vector<double>() == Doubles{9, 25});
}
