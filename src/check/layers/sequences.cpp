#include "check/layers/sequences.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>

#include "xgrad/error.hpp"

#include "check/layers/values.hpp"

namespace xgrad::check::manual {

std::vector<std::int64_t> Sequences::order(std::int64_t sample) const {
  std::vector<std::int64_t> result(static_cast<std::size_t>(lengths[static_cast<std::size_t>(sample)]));
  std::iota(result.begin(), result.end(), 0);
  if (reverse) {
    std::reverse(result.begin(), result.end());
  }
  return result;
}

Sequences sequences_of(const char* function, std::int64_t gates, const Tensor& x, const CellParameters& parameters,
                       const SequenceOptions& options) {
  require_floating(function, "x", x);
  if (x.rank() != 3) {
    refuse_shape(function, "x", x, "(N, T, in)");
  }
  require_floating(function, "weight_hh", parameters.weight_hh);
  if (parameters.weight_hh.rank() != 2) {
    refuse_shape(function, "weight_hh", parameters.weight_hh, fmt::format("({} hidden, hidden)", gates));
  }
  Sequences s;
  s.samples = x.shape()[0];
  s.steps = x.shape()[1];
  s.in = x.shape()[2];
  s.hidden = parameters.weight_hh.shape()[1];
  s.reverse = options.reverse;
  const Shape of_gates{gates * s.hidden};
  require(function, "weight_hh", parameters.weight_hh, x.dtype(), Shape{gates * s.hidden, s.hidden});
  require(function, "weight_ih", parameters.weight_ih, x.dtype(), Shape{gates * s.hidden, s.in});
  require_if_defined(function, "bias_ih", parameters.bias_ih, x.dtype(), of_gates);
  require_if_defined(function, "bias_hh", parameters.bias_hh, x.dtype(), of_gates);
  s.lengths.assign(static_cast<std::size_t>(s.samples), s.steps);
  if (options.lengths.defined()) {
    require(function, "lengths", options.lengths, int64, Shape{s.samples});
    s.lengths = read_integers(options.lengths);
    for (const std::int64_t length : s.lengths) {
      if (length < 0 || length > s.steps) {
        throw ValueError(fmt::format("[manual::{}] a length {}, expected 0 to {}", function, length, s.steps));
      }
    }
  }
  return s;
}

void require_carry(const char* function, const char* role, const Tensor& carry, const Tensor& x, const Sequences& s) {
  require_if_defined(function, role, carry, x.dtype(), Shape{s.samples, s.hidden});
}

void require_outputs(const char* function, const char* role, const Tensor& y, const Tensor& x, const Sequences& s) {
  require_if_defined(function, role, y, x.dtype(), Shape{s.samples, s.steps, s.hidden});
}

Gates gates_of(std::int64_t gates, const CellParameters& parameters, const Sequences& s) {
  const std::int64_t rows = gates * s.hidden;
  const auto bias = [rows](const Tensor& values) {
    return values.defined() ? read_values(values) : Vector(static_cast<std::size_t>(rows), 0);
  };
  const Index<2> of_input{rows, s.in};
  const Index<2> of_carry{rows, s.hidden};
  return {read(parameters.weight_ih, of_input),
          read(parameters.weight_hh, of_carry),
          bias(parameters.bias_ih),
          bias(parameters.bias_hh),
          Array<2>{of_input},
          Array<2>{of_carry},
          Array<1>{{rows}},
          Array<1>{{rows}}};
}

CellParameters gradients_of(const Gates& gates, const CellParameters& parameters) {
  return {write_like(gates.dW_ih, parameters.weight_ih), write_like(gates.dW_hh, parameters.weight_hh),
          write_like(gates.db_ih, parameters.bias_ih), write_like(gates.db_hh, parameters.bias_hh)};
}

}  // namespace xgrad::check::manual
