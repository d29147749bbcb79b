#pragma once

#include <cstdint>
#include <ctime>

/// Graphs of scalars in float32, whose arithmetic costs next to nothing: what is left is the price of a node.
///
/// chain: y = sin(sin(… sin(x))), `count` operations deep.
/// fan_out: y = Σ sin(x), `count` terms added one after the other: x has `count` users, and as many cotangents.
namespace bench::chain {

enum class Graph : bool { chain, fan_out };

struct Result {
  double value = 0;
  double derivative = 0;
};

/// Seconds of CPU time in each phase, added up.
struct Phases {
  double build = 0;
  double differentiate = 0;
  double evaluate = 0;
  double release = 0;
};

/// Adds the time since it was made, or since the last call, to a phase.
class Stopwatch {
 public:
  void add_to(double& phase) {
    const double time = now();
    phase += time - start_;
    start_ = time;
  }

 private:
  static double now() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  }

  double start_ = now();
};

/// y and dy/dx at x by the library: build, differentiate, evaluate both, free.
[[nodiscard]] Result xgrad_eager(Graph graph, std::int64_t count, float x, Phases& phases);

/// The same by libtorch, which computes as it builds.
[[nodiscard]] Result libtorch(Graph graph, std::int64_t count, float x, Phases& phases);

/// The same by a loop over preallocated arrays, for scale; it has no graph to build.
[[nodiscard]] Result plain_loop(Graph graph, std::int64_t count, float x, Phases& phases);

}  // namespace bench::chain
