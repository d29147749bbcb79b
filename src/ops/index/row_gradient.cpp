#include "xgrad/row_gradient.hpp"

#include "xgrad/manipulate.hpp"
#include "xgrad/rows.hpp"

#include "graph/node.hpp"
#include "ops/index/placement.hpp"
#include "ops/rules.hpp"

namespace xgrad {

std::optional<RowGradient> row_gradient(const Tensor& gradient) {
  const std::optional<ops::Placed> found = ops::placed(ops::require_defined("row_gradient", gradient));
  if (!found || found->placement.kind != ops::Placement::Kind::rows || found->placement.axis != 0 ||
      found->whole.node() != gradient.node()) {
    return std::nullopt;
  }
  const auto inputs = gradient.node()->inputs();
  const Tensor indices = graph::handle(inputs[1]);
  const Shape flat{indices.size()};
  const std::int64_t length = gradient.shape()[0];
  const Tensor terms = reshape(graph::handle(inputs[0]), gradient.shape().with(0, indices.size()));
  const Tensor positions = reshape(indices, flat);
  return RowGradient{positions, index_sums(terms, positions, length)};
}

}  // namespace xgrad
