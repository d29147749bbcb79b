// The GRU by hand. A step, with the carry h of the step before it, and the gates r z n one below another:
//
//   (a_r, a_z, a_n) = W_ih x + b_ih      (u_r, u_z, u_n) = W_hh h + b_hh
//   r = σ(a_r + u_r)      z = σ(a_z + u_z)      n = tanh(a_n + r ⊙ u_n)
//   h′ = (1 − z) ⊙ n + z ⊙ h
//
// Backwards, with dh′ from the steps behind and from the loss:
//
//   dn = dh′ ⊙ (1 − z)      dz = dh′ ⊙ (h − n)      dh = dh′ ⊙ z
//   δ_n = dn ⊙ (1 − n²)                             of the argument of tanh
//   du_n = δ_n ⊙ r          dr = δ_n ⊙ u_n
//   δ_r = dr ⊙ r (1 − r)    δ_z = dz ⊙ z (1 − z)
//
// The arguments of the gates are sums, so a_r and u_r both get δ_r, and a_z and u_z δ_z. But n's two parts differ by
// the factor r: a_n gets δ_n, and u_n gets δ_n ⊙ r. So with α = (δ_r, δ_z, δ_n) and β = (δ_r, δ_z, δ_n ⊙ r)
//
//   dx = W_ihᵀ α      dW_ih += α xᵀ     db_ih += α
//   dh += W_hhᵀ β     dW_hh += β hᵀ     db_hh += β
//
// Cho et al., Learning phrase representations using RNN encoder-decoder for statistical machine translation, EMNLP
// 2014, section 2.3; Chung et al., Empirical evaluation of gated recurrent neural networks on sequence modeling, 2014.
// Both reset h before the product, W_hn (r ⊙ h); behind it, as here, is cuDNN's form and PyTorch's.
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

constexpr const char* name = "gru";

/// A step forward, as its backward needs it.
struct Step {
  Vector x;
  Vector before;
  Vector r, z, n;
  Vector u_n;
  Vector after;
};

Step forward(const Gates& gates, const Vector& x, const Vector& h) {
  const std::size_t hidden = h.size();
  const Vector a = gates.of_input(x);
  const Vector u = gates.of_carry(h);
  Step step{.x = x, .before = h, .r = {}, .z = {}, .n = {}, .u_n = {}, .after = {}};
  for (std::size_t j = 0; j < hidden; ++j) {
    step.r.push_back(sigmoid(a[j] + u[j]));
    step.z.push_back(sigmoid(a[hidden + j] + u[hidden + j]));
    step.u_n.push_back(u[2 * hidden + j]);
    step.n.push_back(std::tanh(a[2 * hidden + j] + step.r[j] * step.u_n[j]));
    step.after.push_back((1 - step.z[j]) * step.n[j] + step.z[j] * h[j]);
  }
  return step;
}

/// From dh′ in `dh` to dh there; gives dx, and adds to the gradients of the weights.
Vector backward(Gates& gates, const Step& s, Vector& dh) {
  const std::size_t hidden = dh.size();
  Vector alpha(3 * hidden);
  Vector beta(3 * hidden);
  for (std::size_t j = 0; j < hidden; ++j) {
    const double d_n = dh[j] * (1 - s.z[j]);
    const double d_z = dh[j] * (s.before[j] - s.n[j]);
    dh[j] *= s.z[j];
    const double delta_n = d_n * (1 - s.n[j] * s.n[j]);
    const double d_r = delta_n * s.u_n[j];
    const double delta_r = d_r * s.r[j] * (1 - s.r[j]);
    const double delta_z = d_z * s.z[j] * (1 - s.z[j]);
    alpha[j] = delta_r;
    alpha[hidden + j] = delta_z;
    alpha[2 * hidden + j] = delta_n;
    beta[j] = delta_r;
    beta[hidden + j] = delta_z;
    beta[2 * hidden + j] = delta_n * s.r[j];
  }
  gates.back_to_carry(beta, s.before, dh);
  return gates.back_to_input(alpha, s.x);
}

}  // namespace

Gru gru(const Tensor& x_given, const CellParameters& parameters, const Tensor& h0, const SequenceCotangents& cotangents,
        const SequenceOptions& options) {
  const Sequences s = sequences_of(name, 3, x_given, parameters, options);
  require_carry(name, "h0", h0, x_given, s);
  require_outputs(name, "the cotangent of y", cotangents.y, x_given, s);
  require_carry(name, "the cotangent of h", cotangents.h, x_given, s);
  require_option(name, "cotangents of c:", 1, !cotangents.c.defined(), "none, as a GRU has no c");
  const Array<3> x = read(x_given, Index<3>{s.samples, s.steps, s.in});
  const Array<3> dy = read(cotangents.y, s.of_output());
  const Array<2> first = read(h0, s.of_carry());
  const Array<2> dlast = read(cotangents.h, s.of_carry());
  Gates gates = gates_of(3, parameters, s);

  Array<3> y{s.of_output()};
  Array<2> last{s.of_carry()};
  Array<3> dx{x.lengths()};
  Array<2> dh0{s.of_carry()};
  for (std::int64_t n = 0; n < s.samples; ++n) {
    const std::vector<std::int64_t> order = s.order(n);
    Vector h = vector_at(first, n);
    std::vector<Step> steps;
    for (const std::int64_t t : order) {
      steps.push_back(forward(gates, vector_at(x, n, t), h));
      h = steps.back().after;
      set_vector(y, n, t, h);
    }
    set_vector(last, n, h);

    Vector dh = vector_at(dlast, n);
    for (std::size_t k = order.size(); k-- > 0;) {
      const Vector of_output = vector_at(dy, n, order[k]);
      for (std::size_t j = 0; j < dh.size(); ++j) {
        dh[j] += of_output[j];
      }
      set_vector(dx, n, order[k], backward(gates, steps[k], dh));
    }
    set_vector(dh0, n, dh);
  }

  const DType dtype = x_given.dtype();
  const Shape of_carry{s.samples, s.hidden};
  return {.y = write(y, Shape{s.samples, s.steps, s.hidden}, dtype),
          .h = write(last, of_carry, dtype),
          .dx = write_like(dx, x_given),
          .dh0 = write(dh0, of_carry, dtype),
          .gradients = gradients_of(gates, parameters)};
}

}  // namespace xgrad::check::manual
