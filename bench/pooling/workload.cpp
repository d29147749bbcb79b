#include "workload.hpp"

#include <algorithm>
#include <random>

namespace bench::pooling {

Workload make_workload(Kind kind, std::int64_t images, std::int64_t channels, std::int64_t side) {
  std::mt19937 random{7};
  std::uniform_real_distribution<float> range{-4.0F, 4.0F};
  const auto size = static_cast<std::size_t>(images * channels * side * side);
  Workload workload{kind, images, channels, side, Floats(size), Floats(size / 4)};
  for (Floats* values : {&workload.x, &workload.cotangent}) {
    std::generate(values->begin(), values->end(), [&] { return range(random); });
  }
  return workload;
}

}  // namespace bench::pooling
