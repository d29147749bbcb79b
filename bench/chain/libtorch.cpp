#include <torch/torch.h>

#include "workload.hpp"

namespace bench::chain {

namespace {

torch::Tensor build(Graph graph, std::int64_t count, const torch::Tensor& x) {
  torch::Tensor y = graph == Graph::chain ? x : x.sin();
  for (std::int64_t i = graph == Graph::chain ? 0 : 1; i < count; ++i) {
    y = graph == Graph::chain ? y.sin() : y + x.sin();
  }
  return y;
}

}  // namespace

// Values come to exist while the graph is built, and the derivative while it is differentiated.
Result libtorch(Graph graph, std::int64_t count, float x, Phases& phases) {
  at::set_num_threads(1);
  Stopwatch watch;
  const torch::Tensor leaf = torch::scalar_tensor(x).requires_grad_();
  torch::Tensor y = build(graph, count, leaf);
  watch.add_to(phases.build);
  const torch::Tensor derivative = torch::autograd::grad({y}, {leaf})[0];
  watch.add_to(phases.differentiate);
  const Result result{y.item<double>(), derivative.item<double>()};
  y = torch::Tensor{};
  watch.add_to(phases.release);
  return result;
}

}  // namespace bench::chain
