#pragma once

#include <cstddef>

#include "xgrad/dtype.hpp"
#include "xgrad/export.hpp"
#include "xgrad/shape.hpp"

/// The arguments of kernels.
namespace xgrad {

class Operation;

/// A kernel's input: contiguous, row-major. Its first element is aligned as its type asks, and may be the middle of
/// another tensor's memory.
struct ConstArray {
  const void* data = nullptr;
  Shape shape;
  DType dtype = float32;

  template <Element T>
  [[nodiscard]] const T* as() const noexcept {
    return static_cast<const T*>(data);
  }
};

/// A kernel's output: contiguous, row-major, uninitialised.
struct Array {
  void* data = nullptr;
  Shape shape;
  DType dtype = float32;

  template <Element T>
  [[nodiscard]] T* as() const noexcept {
    return static_cast<T*>(data);
  }
};

/// Computes `count` elements of out from `count` elements of each input, all contiguous. `operation` is the instance,
/// for its attributes. `out` may be one of the inputs. Large tensors may be shared out among threads: then it is called
/// by several at once, for different elements.
using TileKernel = void (*)(const Operation& operation, const void* const* inputs, void* out, std::size_t count);

}  // namespace xgrad
