#include <xgrad/xgrad.hpp>

#include "workload.hpp"

namespace bench::chain {

namespace {

xgrad::Tensor build(Graph graph, std::int64_t count, const xgrad::Tensor& x) {
  xgrad::Tensor y = graph == Graph::chain ? x : xgrad::sin(x);
  for (std::int64_t i = graph == Graph::chain ? 0 : 1; i < count; ++i) {
    y = graph == Graph::chain ? xgrad::sin(y) : y + xgrad::sin(x);
  }
  return y;
}

}  // namespace

Result xgrad_eager(Graph graph, std::int64_t count, float x, Phases& phases) {
  Stopwatch watch;
  xgrad::Tensor leaf = xgrad::variable(xgrad::scalar(static_cast<double>(x)));
  xgrad::Tensor y = build(graph, count, leaf);
  watch.add_to(phases.build);
  auto gradients = xgrad::gradients(y, {leaf});
  watch.add_to(phases.differentiate);
  xgrad::eval({y, gradients[0]});
  watch.add_to(phases.evaluate);
  const Result result{y.item(), gradients[0].item()};
  gradients.clear();
  y = {};
  leaf = {};
  watch.add_to(phases.release);
  return result;
}

}  // namespace bench::chain
