#pragma once

#include <string>

#include "xgrad/tensor.hpp"

namespace xgrad::graph {

/// What the copies of a Parameter share. The value is a leaf with history and a value.
struct Cell {
  Tensor value;
  std::string name;
};

}  // namespace xgrad::graph
