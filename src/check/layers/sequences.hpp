#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "xgrad/manual_layers.hpp"

#include "check/layers/array.hpp"
#include "check/layers/products.hpp"

/// What an LSTM and a GRU have in common: the weights of their gates, and the order of steps.
namespace xgrad::check::manual {

/// Weights of `gates` gates below one another, and their gradients.
struct Gates {
  Array<2> W_ih;
  Array<2> W_hh;
  Vector b_ih;
  Vector b_hh;
  Array<2> dW_ih;
  Array<2> dW_hh;
  Array<1> db_ih;
  Array<1> db_hh;

  /// W_ih x + b_ih
  [[nodiscard]] Vector of_input(const Vector& x) const {
    Vector z = b_ih;
    add_product(z, W_ih, x);
    return z;
  }
  /// W_hh h + b_hh
  [[nodiscard]] Vector of_carry(const Vector& h) const {
    Vector z = b_hh;
    add_product(z, W_hh, h);
    return z;
  }
  /// With δ, the gradient of that: adds δ xᵀ to dW_ih and δ to db_ih, and gives W_ihᵀ δ.
  [[nodiscard]] Vector back_to_input(const Vector& delta, const Vector& x) {
    add_outer(dW_ih, delta, x);
    add(db_ih, delta);
    Vector dx(x.size(), 0);
    add_transposed_product(dx, W_ih, delta);
    return dx;
  }
  /// Adds δ hᵀ to dW_hh and δ to db_hh, and W_hhᵀ δ to dh.
  void back_to_carry(const Vector& delta, const Vector& h, Vector& dh) {
    add_outer(dW_hh, delta, h);
    add(db_hh, delta);
    add_transposed_product(dh, W_hh, delta);
  }
};

/// The batch of sequences, checked.
struct Sequences {
  std::int64_t samples = 0;
  std::int64_t steps = 0;
  std::int64_t in = 0;
  std::int64_t hidden = 0;
  std::vector<std::int64_t> lengths;  ///< one per sample
  bool reverse = false;

  [[nodiscard]] Index<2> of_carry() const { return {samples, hidden}; }
  [[nodiscard]] Index<3> of_output() const { return {samples, steps, hidden}; }
  /// The indices of a sample's steps, in the order in which they are taken.
  [[nodiscard]] std::vector<std::int64_t> order(std::int64_t sample) const;
};

/// Throws ShapeError, DTypeError, ValueError.
[[nodiscard]] Sequences sequences_of(const char* function, std::int64_t gates, const Tensor& x,
                                     const CellParameters& parameters, const SequenceOptions& options);
/// Throws them unless it is undefined or of a carry's shape.
void require_carry(const char* function, const char* role, const Tensor& carry, const Tensor& x, const Sequences& s);
/// And of the outputs' shape.
void require_outputs(const char* function, const char* role, const Tensor& y, const Tensor& x, const Sequences& s);

[[nodiscard]] Gates gates_of(std::int64_t gates, const CellParameters& parameters, const Sequences& s);
[[nodiscard]] CellParameters gradients_of(const Gates& gates, const CellParameters& parameters);

[[nodiscard]] inline double sigmoid(double z) {
  return 1 / (1 + std::exp(-z));
}

}  // namespace xgrad::check::manual
