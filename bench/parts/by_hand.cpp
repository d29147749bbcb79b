#include "by_hand.hpp"

#include <algorithm>
#include <cblas.h>
#include <cstddef>
#include <utility>

#include "../support/vector_math.hpp"

namespace bench::parts {

namespace {

// c ← a b + beta · c, or aᵀ b, or a bᵀ, row-major: c is (m, n), k the inner length.
void product(CBLAS_TRANSPOSE of_a, CBLAS_TRANSPOSE of_b, int m, int n, int k, const float* a, const float* b,
             float beta, float* c) noexcept {
  cblas_sgemm(CblasRowMajor, of_a, of_b, m, n, k, 1.0F, a, of_a == CblasTrans ? m : k, b, of_b == CblasTrans ? k : n,
              beta, c, n);
}

void add_tanh(float* __restrict h, const float* __restrict z, std::size_t size) noexcept {
#pragma omp simd
  for (std::size_t i = 0; i < size; ++i) {
    h[i] = vector_tanh(h[i] + z[i]);
  }
}

// δ_t = ∂Loss/∂h_t ⊙ (1 − h_t²)
void times_slope(float* __restrict delta, const float* __restrict h, std::size_t size) noexcept {
#pragma omp simd
  for (std::size_t i = 0; i < size; ++i) {
    delta[i] *= 1.0F - h[i] * h[i];
  }
}

}  // namespace

ByHand::ByHand(Data data)
    : data_{std::move(data)},
      rows_{static_cast<int>(data_.x.size()) / units},
      z_(data_.x.size()),
      h_(data_.x.size() + tile),
      delta_(data_.x.size()),
      dW_(data_.W.size()),
      db_(data_.b.size()),
      dU_(data_.U.size()) {}

double ByHand::loss() {
  for (std::size_t i = 0; i < z_.size(); i += units) {
    std::copy(data_.b.begin(), data_.b.end(), z_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  product(CblasNoTrans, CblasNoTrans, rows_, units, units, data_.x.data(), data_.W.data(), 1.0F, z_.data());
  for (std::size_t t = 0; t < z_.size(); t += tile) {  // h_[t] is h before, h_[t + tile] after
    product(CblasNoTrans, CblasNoTrans, batch, units, units, &h_[t], data_.U.data(), 0.0F, &h_[t + tile]);
    add_tanh(&h_[t + tile], &z_[t], tile);
  }
  double total = 0;
  for (std::size_t i = h_.size() - tile; i < h_.size(); ++i) {
    total += static_cast<double>(h_[i]) * static_cast<double>(h_[i]);
  }
  return total;
}

void ByHand::differentiate() {
  for (std::size_t i = 0; i < tile; ++i) {
    delta_[delta_.size() - tile + i] = 2.0F * h_[h_.size() - tile + i];
  }
  for (std::size_t t = delta_.size() - tile;; t -= tile) {
    times_slope(&delta_[t], &h_[t + tile], tile);
    if (t == 0) {
      break;
    }
    product(CblasNoTrans, CblasTrans, batch, units, units, &delta_[t], data_.U.data(), 0.0F, &delta_[t - tile]);
  }
  product(CblasTrans, CblasNoTrans, units, units, rows_, h_.data(), delta_.data(), 0.0F, dU_.data());
  product(CblasTrans, CblasNoTrans, units, units, rows_, data_.x.data(), delta_.data(), 0.0F, dW_.data());
  std::fill(db_.begin(), db_.end(), 0.0F);
  for (std::size_t i = 0; i < delta_.size(); i += units) {
    for (std::size_t j = 0; j < units; ++j) {
      db_[j] += delta_[i + j];
    }
  }
}

double ByHand::step(float rate) {
  const double value = loss();
  differentiate();
  cblas_saxpy(static_cast<int>(dW_.size()), -rate, dW_.data(), 1, data_.W.data(), 1);
  cblas_saxpy(static_cast<int>(db_.size()), -rate, db_.data(), 1, data_.b.data(), 1);
  cblas_saxpy(static_cast<int>(dU_.size()), -rate, dU_.data(), 1, data_.U.data(), 1);
  return value;
}

double ByHand::slope() {
  loss();
  differentiate();
  double total = 0;
  for (const float each : db_) {
    total += static_cast<double>(each);
  }
  return total;
}

}  // namespace bench::parts
