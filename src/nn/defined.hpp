#pragma once

#include <string>

#include "xgrad/error.hpp"
#include "xgrad/tensor.hpp"

namespace xgrad::nn {

/// Throws ValueError that says whose tensor is undefined.
inline void require_defined(const char* layer, const char* role, const Tensor& tensor) {
  if (!tensor.defined()) {
    throw ValueError("[" + std::string{layer} + "] the " + role + " is an undefined Tensor");
  }
}

}  // namespace xgrad::nn
