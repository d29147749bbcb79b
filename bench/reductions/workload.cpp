#include "workload.hpp"

#include <algorithm>
#include <random>

namespace bench::reductions {

Workload make_workload(Operation operation, std::int64_t rows, std::int64_t columns) {
  std::mt19937 random{7};
  std::uniform_real_distribution<float> range{-4.0F, 4.0F};
  Workload workload{operation, rows, columns, Floats(static_cast<std::size_t>(rows * columns)), {}};
  std::generate(workload.x.begin(), workload.x.end(), [&] { return range(random); });
  if (operation == Operation::distance) {
    workload.y.resize(workload.x.size());
    std::generate(workload.y.begin(), workload.y.end(), [&] { return range(random); });
  }
  return workload;
}

std::int64_t result_size(const Workload& workload) {
  switch (workload.operation) {
    case Operation::softmax:
    case Operation::log_softmax:
      return workload.rows * workload.columns;
    case Operation::logsumexp:
    case Operation::sum_axis_1:
      return workload.rows;
    case Operation::sum_axis_0:
      return workload.columns;
    case Operation::sum:
    case Operation::distance:
      break;
  }
  return 1;
}

}  // namespace bench::reductions
