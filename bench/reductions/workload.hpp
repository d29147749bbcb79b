#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "../support/floats.hpp"

/// A reduction of a matrix of float32, one thread: softmax, log-softmax and logsumexp over each row; the sum of all
/// elements, down the columns (axis 0) and along the rows (axis 1); the norm of its difference from another.
namespace bench::reductions {

enum class Operation : std::uint8_t { softmax, log_softmax, logsumexp, sum, sum_axis_0, sum_axis_1, distance };

struct Workload {
  Operation operation = Operation::softmax;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  Floats x;  ///< (rows, columns), in [−4, 4)
  Floats y;  ///< of distance: likewise
};

[[nodiscard]] Workload make_workload(Operation operation, std::int64_t rows, std::int64_t columns);

/// Elements in the operation's result.
[[nodiscard]] std::int64_t result_size(const Workload& workload);

class Contender {
 public:
  Contender() = default;
  Contender(const Contender&) = delete;
  Contender& operator=(const Contender&) = delete;
  virtual ~Contender() = default;

  virtual void run() = 0;
  /// Of the last run, row-major.
  [[nodiscard]] virtual Floats result() const = 0;
};

/// Loops that the compiler vectorises.
[[nodiscard]] std::unique_ptr<Contender> by_hand(const Workload& workload);
/// xtensor's reducers, evaluated at once, and its element-wise expressions on xsimd.
[[nodiscard]] std::unique_ptr<Contender> xtensor(const Workload& workload);
/// libtorch's own operations, into a tensor made beforehand.
[[nodiscard]] std::unique_ptr<Contender> libtorch(const Workload& workload);
/// Define-by-run: one operation, evaluated.
[[nodiscard]] std::unique_ptr<Contender> xgrad_eager(const Workload& workload);
[[nodiscard]] std::unique_ptr<Contender> xgrad_compiled(const Workload& workload);

/// What is wrong with the contender's result, by plain float64 computation; empty if nothing is.
[[nodiscard]] std::string check(const Workload& workload, Contender& contender);

}  // namespace bench::reductions
