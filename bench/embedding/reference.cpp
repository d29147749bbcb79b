#include "../support/plain.hpp"
#include "workload.hpp"

namespace bench::embedding {

Workload make_workload(std::int64_t rows, std::int64_t width, std::size_t taken) {
  Workload result;
  result.parameters = {training::uniform({rows, width}, 1, 1)};
  result.inputs = {training::uniform({static_cast<std::int64_t>(taken), width}, 1, 2)};
  result.indices = training::indices(taken, rows, 3);
  return result;
}

double reference_loss(const Workload& workload, const std::vector<Doubles>& p) {
  const auto width = static_cast<std::ptrdiff_t>(workload.parameters[0].shape[1]);
  Doubles y;
  for (const std::int64_t row : workload.indices) {
    y.insert(y.end(), p[0].begin() + row * width, p[0].begin() + (row + 1) * width);
  }
  return plain::half_mean_square(y, workload.inputs[0].values);
}

}  // namespace bench::embedding
