#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "xgrad/kernel.hpp"

#include "loops/body.hpp"

namespace xgrad::loops {

/// What a loop's result holds, one part after the other: a vector of the elements of all.
struct Part {
  enum class Kind : std::uint8_t {
    carries,     ///< a carry after every step: (T, …)
    last_carry,  ///< a carry after the last step
    outputs,     ///< an output of every step: (T, …)
    sum,
  };
  Kind kind;
  std::size_t index;    ///< of the carry, output or sum in the body
  std::int64_t offset;  ///< of its first element
  Shape shape;
};

/// Runs the step of a body over the sequences, as often as is asked for. Its plan is made at the first run, once for
/// every thread that runs it at the same time.
class Runner {
 public:
  explicit Runner(const Body& body);
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  ~Runner();

  /// `inputs` are the first carries, the sequences, and what is captured. Writes every element of `output`.
  void run(std::span<const ConstArray> inputs, std::int64_t steps, bool reverse, std::span<const Part> parts,
           const Array& output) const;

 private:
  class Planner;
  class Run;
  const Body& body_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Planner>> spare_;
};

}  // namespace xgrad::loops
