// meshgrid: vectors repeated along each other's axes. Broadcasting.
#include <fmt/format.h>
#include <utility>

#include "xgrad/arrays.hpp"
#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"

namespace xgrad {

std::vector<Tensor> meshgrid(const std::vector<Tensor>& vectors, GridOrder order) {
  if (vectors.empty()) {
    throw ValueError("[meshgrid] of no vectors; expected one or more");
  }
  std::vector<std::int64_t> lengths;
  for (const Tensor& vector : vectors) {
    if (ops::require_defined("meshgrid", vector).rank() != 1) {
      throw ShapeError(fmt::format("[meshgrid] {}; expected vectors", graph::label(vector)));
    }
    lengths.push_back(vector.size());
  }
  static_cast<void>(ops::require_same("meshgrid", vectors));
  if (vectors.size() > Shape::max_rank) {
    throw ShapeError(fmt::format("[meshgrid] of {} vectors; expected at most {}", vectors.size(), Shape::max_rank));
  }
  const bool exchanged = order == GridOrder::xy && vectors.size() > 1;
  if (exchanged) {
    std::swap(lengths[0], lengths[1]);
  }
  std::vector<Tensor> grids;
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    const std::size_t axis = exchanged && i < 2 ? 1 - i : i;
    std::vector<std::int64_t> alone(vectors.size(), 1);
    alone[axis] = lengths[axis];
    grids.push_back(broadcast_to(reshape(vectors[i], Shape{alone}), Shape{lengths}));
  }
  return grids;
}

}  // namespace xgrad
