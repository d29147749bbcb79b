#include <cmath>

#include "../support/plain.hpp"
#include "workload.hpp"

namespace bench::recurrent {

namespace {

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

// The shares of the inputs and of the carry in a sequence's gates.
struct Gates {
  const double* of_input;
  const double* of_carry;
  std::size_t hidden;
  [[nodiscard]] double sum(std::size_t gate, std::size_t unit) const {
    return of_input[gate * hidden + unit] + of_carry[gate * hidden + unit];
  }
};

void lstm(const Gates& z, double* h, double* c) {
  for (std::size_t k = 0; k < z.hidden; ++k) {
    c[k] = sigmoid(z.sum(1, k)) * c[k] + sigmoid(z.sum(0, k)) * std::tanh(z.sum(2, k));
    h[k] = sigmoid(z.sum(3, k)) * std::tanh(c[k]);
  }
}

void gru(const Gates& z, double* h) {
  for (std::size_t k = 0; k < z.hidden; ++k) {
    const std::size_t n = 2 * z.hidden + k;
    const double update = sigmoid(z.sum(1, k));
    h[k] = (1 - update) * std::tanh(z.of_input[n] + sigmoid(z.sum(0, k)) * z.of_carry[n]) + update * h[k];
  }
}

}  // namespace

Workload make_workload(Kind kind, std::int64_t batch, std::int64_t steps, std::int64_t hidden) {
  Workload result{{}, kind, batch, steps, hidden};
  const std::int64_t rows = (kind == Kind::lstm ? 4 : 3) * hidden;
  const double bound = 1 / std::sqrt(static_cast<double>(hidden));
  result.parameters = {training::uniform({rows, hidden}, bound, 1), training::uniform({rows, hidden}, bound, 2),
                       training::uniform({rows}, bound, 3), training::uniform({rows}, bound, 4)};
  result.inputs = {training::uniform({batch, steps, hidden}, 1, 5), training::uniform({batch, steps, hidden}, 1, 6)};
  return result;
}

double reference_loss(const Workload& workload, const std::vector<Doubles>& p) {
  const auto hidden = static_cast<std::size_t>(workload.hidden);
  const auto steps = static_cast<std::size_t>(workload.steps);
  const std::size_t rows = p[2].size();
  const Doubles of_inputs = plain::dense(training::doubles(workload.inputs[0].values), p[0], p[2], hidden);
  Doubles y;
  for (std::size_t n = 0; n < of_inputs.size() / (rows * steps); ++n) {
    Doubles h(hidden);
    Doubles c(hidden);
    for (std::size_t t = 0; t < steps; ++t) {
      const Doubles of_carry = plain::dense(h, p[1], p[3], hidden);
      const Gates gates{of_inputs.data() + (n * steps + t) * rows, of_carry.data(), hidden};
      if (workload.kind == Kind::lstm) {
        lstm(gates, h.data(), c.data());
      } else {
        gru(gates, h.data());
      }
      y.insert(y.end(), h.begin(), h.end());
    }
  }
  return plain::half_mean_square(y, workload.inputs[1].values);
}

}  // namespace bench::recurrent
