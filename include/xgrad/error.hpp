#pragma once

#include <stdexcept>

#include "xgrad/export.hpp"

namespace xgrad {

/// The base of everything xgrad throws. A message names the operation in brackets, what was found and what was
/// expected: "[matmul] inner dimensions differ: W (30, 64) and x (10, 32)".
class XGRAD_API Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ~Error() override;
};

/// Shapes that don't fit, an axis or a static index out of range.
class XGRAD_API ShapeError : public Error {
 public:
  using Error::Error;
  ~ShapeError() override;
};

/// A dtype that the operation doesn't take, or dtypes that differ. Nothing is promoted silently; see cast().
class XGRAD_API DTypeError : public Error {
 public:
  using Error::Error;
  ~DTypeError() override;
};

/// A value outside its range: a negative size, a NaN learning rate, a class index past the last class.
class XGRAD_API ValueError : public Error {
 public:
  using Error::Error;
  ~ValueError() override;
};

/// A file that can't be read or written, or whose content is malformed.
class XGRAD_API IoError : public Error {
 public:
  using Error::Error;
  ~IoError() override;
};

}  // namespace xgrad
