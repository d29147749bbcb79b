#include "workload.hpp"

#include <random>

namespace bench::elementwise {

Floats make_input(std::int64_t count) {
  std::mt19937 random{7};
  std::uniform_real_distribution<float> range{-3.0F, 3.0F};
  Floats x(static_cast<std::size_t>(count));
  for (float& value : x) {
    value = range(random);
  }
  return x;
}

}  // namespace bench::elementwise
