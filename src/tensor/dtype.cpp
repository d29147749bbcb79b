#include "xgrad/dtype.hpp"

#include <fmt/format.h>
#include <ostream>

#include "xgrad/error.hpp"

namespace xgrad {

std::string_view to_string(DType dtype) noexcept {
  switch (dtype) {
    case DType::float32:
      return "float32";
    case DType::float64:
      return "float64";
    case DType::int64:
      return "int64";
    case DType::boolean:
      return "bool";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, DType dtype) {
  return out << to_string(dtype);
}

DType dtype_from_string(std::string_view text) {
  for (const DType dtype : {float32, float64, int64, boolean}) {
    if (text == to_string(dtype)) {
      return dtype;
    }
  }
  throw ValueError(fmt::format("[dtype] '{}' is none of float32, float64, int64, bool", text));
}

}  // namespace xgrad
