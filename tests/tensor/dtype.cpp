#include "xgrad/dtype.hpp"

#include <cstdint>
#include <doctest/doctest.h>
#include <string>
#include <type_traits>

#include "xgrad/error.hpp"

#include "support/message_of.hpp"

namespace xgrad {

TEST_CASE("dtype: the element types have the sizes that size_of says") {
  CHECK_EQ(size_of(float32), sizeof(float));
  CHECK_EQ(size_of(float64), sizeof(double));
  CHECK_EQ(size_of(int64), sizeof(std::int64_t));
  CHECK_EQ(size_of(boolean), sizeof(bool));
}

TEST_CASE("dtype: element types map to their dtype, and no other type does") {
  static_assert(dtype_of<float> == float32 && dtype_of<double> == float64);
  static_assert(dtype_of<std::int64_t> == int64 && dtype_of<bool> == boolean);
  static_assert(!Element<int> && !Element<char> && !Element<long double> && !Element<std::uint64_t>);
  CHECK(is_floating(float32));
  CHECK(is_floating(float64));
  CHECK_FALSE(is_floating(int64));
  CHECK_FALSE(is_floating(boolean));
}

TEST_CASE("dtype: names go to text and back") {
  CHECK_EQ(to_string(float32), "float32");
  CHECK_EQ(to_string(float64), "float64");
  CHECK_EQ(to_string(int64), "int64");
  CHECK_EQ(to_string(boolean), "bool");
  for (const DType dtype : {float32, float64, int64, boolean}) {
    CHECK_EQ(dtype_from_string(to_string(dtype)), dtype);
  }
}

TEST_CASE("dtype: another name is a ValueError that shows it") {
  for (const char* name : {"float16", "Float32", "", "bool "}) {
    const std::string message = message_of<ValueError>([&] { return dtype_from_string(name); });
    CHECK(contains(message, std::string{"'"} + name + "'"));
    CHECK(contains(message, "float64"));
  }
}

}  // namespace xgrad
