#pragma once

#include <memory>
#include <string>

#include "xgrad/tensor.hpp"

namespace xgrad::graph {

/// What the copies of a Parameter share. The value is a leaf with history and a value.
struct Cell {
  Tensor value;
  std::shared_ptr<const std::string> name;  ///< never null
};

}  // namespace xgrad::graph
