#include <cmath>

#include "../support/plain.hpp"
#include "workload.hpp"

namespace bench::lenet {

Workload make_workload(std::int64_t batch) {
  Workload result;
  std::uint32_t seed = 1;
  for (const std::vector<std::int64_t>& shape : std::vector<std::vector<std::int64_t>>{
           {6, 1, 5, 5}, {6}, {16, 6, 5, 5}, {16}, {120, 400}, {120}, {84, 120}, {84}, {10, 84}, {10}}) {
    std::int64_t in = 1;
    for (std::size_t axis = 1; axis < shape.size(); ++axis) {
      in *= shape[axis];
    }
    result.parameters.push_back(
        training::uniform(shape, shape.size() == 1 ? 0.1 : std::sqrt(3 / static_cast<double>(in)), ++seed));
  }
  result.inputs.push_back(training::uniform({batch, 1, 28, 28}, 1, 1));
  result.indices = training::indices(static_cast<std::size_t>(batch), 10, 2);
  return result;
}

double reference_loss(const Workload& workload, const std::vector<Doubles>& p) {
  const std::size_t images = workload.indices.size();
  Doubles a = plain::convolution({images, 1, 28, 6, 5, 2}, training::doubles(workload.inputs[0].values), p[0], p[1]);
  plain::rectify(a);
  a = plain::convolution({images, 6, 14, 16, 5, 0}, plain::max_pool(a, 28), p[2], p[3]);
  plain::rectify(a);
  a = plain::dense(plain::max_pool(a, 10), p[4], p[5], 400);
  plain::rectify(a);
  a = plain::dense(a, p[6], p[7], 120);
  plain::rectify(a);
  a = plain::dense(a, p[8], p[9], 84);
  double loss = 0;
  for (std::size_t i = 0; i < images; ++i) {
    double sum = 0;
    for (std::size_t k = 0; k < 10; ++k) {
      sum += std::exp(a[i * 10 + k]);
    }
    loss += std::log(sum) - a[i * 10 + static_cast<std::size_t>(workload.indices[i])];
  }
  return loss / static_cast<double>(images);
}

}  // namespace bench::lenet
