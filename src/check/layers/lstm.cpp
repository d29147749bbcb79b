// The LSTM by hand. A step, with the carry h, c of the step before it, and the gates i f g o one below another in z:
//
//   z = W_ih x + b_ih + W_hh h + b_hh
//   i = σ(z_i)      f = σ(z_f)      g = tanh(z_g)      o = σ(z_o)
//   c′ = f ⊙ c + i ⊙ g
//   h′ = o ⊙ tanh(c′)
//
// Backpropagation through time starts at the last step, with dh′ and dc′ what comes from behind: what the loss sends to
// the last carry, then what each step sends to the one before it. dh′ also gets what the loss sends to the step's
// output. Then, as h′ has o and c′ behind it, and c′ all others,
//
//   do = dh′ ⊙ tanh(c′)
//   dc′ ← dc′ + dh′ ⊙ o ⊙ (1 − tanh²(c′))
//   df = dc′ ⊙ c      di = dc′ ⊙ g      dg = dc′ ⊙ i
//
// through the gates' functions, σ′ = σ (1 − σ) and tanh′ = 1 − tanh²,
//
//   δ_i = di ⊙ i (1 − i)      δ_f = df ⊙ f (1 − f)      δ_g = dg ⊙ (1 − g²)      δ_o = do ⊙ o (1 − o)
//
// and with δ = (δ_i, δ_f, δ_g, δ_o)
//
//   dx = W_ihᵀ δ      dh = W_hhᵀ δ      dc = dc′ ⊙ f
//   dW_ih += δ xᵀ     dW_hh += δ hᵀ     db_ih += δ      db_hh += δ
//
// All steps have the same weights, so what they send adds up. dc has f alone as its factor, and no weight: by that way
// gradients reach far back.
//
// Hochreiter and Schmidhuber, Long short-term memory, Neural Computation 9, 1997; Gers, Schmidhuber and Cummins,
// Learning to forget, Neural Computation 12, 2000; Werbos, Backpropagation through time, Proceedings of the IEEE 78,
// 1990; the full gradient: Greff et al., LSTM: a search space odyssey, IEEE TNNLS 28, 2017, section II.
#include <cmath>
#include <cstddef>
#include <vector>

#include "xgrad/manual_layers.hpp"

#include "check/layers/array.hpp"
#include "check/layers/products.hpp"
#include "check/layers/sequences.hpp"
#include "check/layers/values.hpp"

namespace xgrad::check::manual {
namespace {

constexpr const char* name = "lstm";

struct Carry {
  Vector h;
  Vector c;
};

/// A step forward, as its backward needs it.
struct Step {
  Vector x;
  Carry before;
  Vector i, f, g, o;
  Carry after;
};

Step forward(const Gates& gates, const Vector& x, const Carry& before) {
  const std::size_t hidden = before.h.size();
  const Vector of_input = gates.of_input(x);
  const Vector of_carry = gates.of_carry(before.h);
  Step step{.x = x, .before = before, .i = {}, .f = {}, .g = {}, .o = {}, .after = {}};
  const auto z = [&](std::size_t gate, std::size_t j) {
    return of_input[gate * hidden + j] + of_carry[gate * hidden + j];
  };
  for (std::size_t j = 0; j < hidden; ++j) {
    step.i.push_back(sigmoid(z(0, j)));
    step.f.push_back(sigmoid(z(1, j)));
    step.g.push_back(std::tanh(z(2, j)));
    step.o.push_back(sigmoid(z(3, j)));
    step.after.c.push_back(step.f[j] * before.c[j] + step.i[j] * step.g[j]);
    step.after.h.push_back(step.o[j] * std::tanh(step.after.c[j]));
  }
  return step;
}

/// From dh′ and dc′ in `d` to dh and dc there; gives dx, and adds to the gradients of the weights.
Vector backward(Gates& gates, const Step& s, Carry& d) {
  const std::size_t hidden = d.h.size();
  Vector delta(4 * hidden);
  for (std::size_t j = 0; j < hidden; ++j) {
    const double t = std::tanh(s.after.c[j]);
    const double d_o = d.h[j] * t;
    d.c[j] += d.h[j] * s.o[j] * (1 - t * t);
    const double d_f = d.c[j] * s.before.c[j];
    const double d_i = d.c[j] * s.g[j];
    const double d_g = d.c[j] * s.i[j];
    delta[j] = d_i * s.i[j] * (1 - s.i[j]);
    delta[hidden + j] = d_f * s.f[j] * (1 - s.f[j]);
    delta[2 * hidden + j] = d_g * (1 - s.g[j] * s.g[j]);
    delta[3 * hidden + j] = d_o * s.o[j] * (1 - s.o[j]);
    d.h[j] = 0;
    d.c[j] *= s.f[j];
  }
  gates.back_to_carry(delta, s.before.h, d.h);
  return gates.back_to_input(delta, s.x);
}

}  // namespace

Lstm lstm(const Tensor& x_given, const CellParameters& parameters, const Tensor& h0, const Tensor& c0,
          const SequenceCotangents& cotangents, const SequenceOptions& options) {
  const Sequences s = sequences_of(name, 4, x_given, parameters, options);
  require_carry(name, "h0", h0, x_given, s);
  require_carry(name, "c0", c0, x_given, s);
  require_outputs(name, "the cotangent of y", cotangents.y, x_given, s);
  require_carry(name, "the cotangent of h", cotangents.h, x_given, s);
  require_carry(name, "the cotangent of c", cotangents.c, x_given, s);
  const Array<3> x = read(x_given, Index<3>{s.samples, s.steps, s.in});
  const Array<3> dy = read(cotangents.y, s.of_output());
  const Array<2> first_h = read(h0, s.of_carry());
  const Array<2> first_c = read(c0, s.of_carry());
  const Array<2> dlast_h = read(cotangents.h, s.of_carry());
  const Array<2> dlast_c = read(cotangents.c, s.of_carry());
  Gates gates = gates_of(4, parameters, s);

  Array<3> y{s.of_output()};
  Array<2> last_h{s.of_carry()};
  Array<2> last_c{s.of_carry()};
  Array<3> dx{x.lengths()};
  Array<2> dh0{s.of_carry()};
  Array<2> dc0{s.of_carry()};
  for (std::int64_t n = 0; n < s.samples; ++n) {
    const std::vector<std::int64_t> order = s.order(n);
    Carry carry{vector_at(first_h, n), vector_at(first_c, n)};
    std::vector<Step> steps;
    for (const std::int64_t t : order) {
      steps.push_back(forward(gates, vector_at(x, n, t), carry));
      carry = steps.back().after;
      set_vector(y, n, t, carry.h);
    }
    set_vector(last_h, n, carry.h);
    set_vector(last_c, n, carry.c);

    Carry d{vector_at(dlast_h, n), vector_at(dlast_c, n)};
    for (std::size_t k = order.size(); k-- > 0;) {
      const Vector of_output = vector_at(dy, n, order[k]);
      for (std::size_t j = 0; j < d.h.size(); ++j) {
        d.h[j] += of_output[j];
      }
      set_vector(dx, n, order[k], backward(gates, steps[k], d));
    }
    set_vector(dh0, n, d.h);
    set_vector(dc0, n, d.c);
  }

  const DType dtype = x_given.dtype();
  const Shape of_carry{s.samples, s.hidden};
  return {.y = write(y, Shape{s.samples, s.steps, s.hidden}, dtype),
          .h = write(last_h, of_carry, dtype),
          .c = write(last_c, of_carry, dtype),
          .dx = write_like(dx, x_given),
          .dh0 = write(dh0, of_carry, dtype),
          .dc0 = write(dc0, of_carry, dtype),
          .gradients = gradients_of(gates, parameters)};
}

}  // namespace xgrad::check::manual
