#include "xgrad/error.hpp"

namespace xgrad {

// Out of line, so that each has one type_info and can be caught across shared libraries.
Error::~Error() = default;
ShapeError::~ShapeError() = default;
DTypeError::~DTypeError() = default;
ValueError::~ValueError() = default;
IoError::~IoError() = default;

}  // namespace xgrad
