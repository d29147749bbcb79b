#include <cmath>
#include <vector>

#include "workload.hpp"

namespace bench::chain {

namespace {

Result chain(std::int64_t count, float x) {
  thread_local std::vector<float> values;
  values.resize(static_cast<std::size_t>(count) + 1);
  values[0] = x;
  for (std::size_t i = 0; i + 1 < values.size(); ++i) {
    values[i + 1] = std::sin(values[i]);
  }
  float cotangent = 1;
  for (std::size_t i = values.size() - 1; i-- > 0;) {
    cotangent *= std::cos(values[i]);
  }
  return {static_cast<double>(values.back()), static_cast<double>(cotangent)};
}

// `volatile`, so that sin(x) isn't computed once for all.
Result fan_out(std::int64_t count, float value) {
  volatile float x = value;
  float y = 0;
  float cotangent = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    y += std::sin(x);
    cotangent += std::cos(x);
  }
  return {static_cast<double>(y), static_cast<double>(cotangent)};
}

}  // namespace

Result plain_loop(Graph graph, std::int64_t count, float x, Phases& phases) {
  Stopwatch watch;
  const Result result = graph == Graph::chain ? chain(count, x) : fan_out(count, x);
  watch.add_to(phases.evaluate);
  return result;
}

}  // namespace bench::chain
