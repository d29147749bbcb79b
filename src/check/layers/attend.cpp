// Softmax attention by hand. Of one head, with queries q_i, keys k_j and values v_j, and what the mask adds M:
//
//   S_ij = scale q_i · k_j + M_ij      P_ij = exp S_ij / Σ_l exp S_il      y_i = Σ_j P_ij v_j
//
// From the output backwards:
//
//   dv_j  = Σ_i P_ij dy_i
//   dP_ij = dy_i · v_j
//   dS_ij = Σ_l dP_il ∂P_il/∂S_ij = Σ_l dP_il P_il ([l = j] − P_ij) = P_ij (dP_ij − Σ_l dP_il P_il)
//   dq_i  = scale Σ_j dS_ij k_j
//   dk_j  = scale Σ_i dS_ij q_i
//
// As matrices dS = P ⊙ (dP − rowsum(dP ⊙ P)). A hidden key has M_ij = −∞, so P_ij = 0 and dS_ij = 0. A query that sees
// no key has a row of zeros for P, and no gradient. A key that several heads share gets the sum of what they send.
//
// Vaswani et al., Attention is all you need, NeurIPS 2017, section 3.2.1; Dao et al., FlashAttention, NeurIPS 2022,
// appendix B.2.
#include "check/layers/attend.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace xgrad::check::manual {
namespace {

/// Σ_a a[n, i, a] b[m, j, a]
double dot(const Array<3>& a, std::int64_t n, std::int64_t i, const Array<3>& b, std::int64_t m, std::int64_t j) {
  double sum = 0;
  for (std::int64_t at = 0; at < a.length(2); ++at) {
    sum += a(n, i, at) * b(m, j, at);
  }
  return sum;
}

/// a[n, i, :] += factor b[m, j, :]
void add_row(Array<3>& a, std::int64_t n, std::int64_t i, double factor, const Array<3>& b, std::int64_t m,
             std::int64_t j) {
  for (std::int64_t at = 0; at < a.length(2); ++at) {
    a(n, i, at) += factor * b(m, j, at);
  }
}

/// Zeros if all are −∞, NaN if one is.
std::vector<double> softmax(const std::vector<double>& scores) {
  constexpr double hidden = -std::numeric_limits<double>::infinity();
  double largest = hidden;
  for (const double score : scores) {
    largest = std::isnan(score) ? score : std::max(largest, score);
  }
  std::vector<double> result(scores.size(), 0);
  if (largest == hidden) {
    return result;
  }
  double total = 0;
  for (std::size_t j = 0; j < scores.size(); ++j) {
    result[j] = std::exp(scores[j] - largest);
    total += result[j];
  }
  for (double& weight : result) {
    weight /= total;
  }
  return result;
}

}  // namespace

Attended attend(const Array<3>& q, const Array<3>& k, const Array<3>& v, const Array<3>& added, double scale,
                const Array<3>& dy) {
  Attended result{Array<3>{dy.lengths()}, Array<3>{q.lengths()}, Array<3>{k.lengths()}, Array<3>{v.lengths()}};
  const std::int64_t keys = k.length(1);
  const std::int64_t sharing = q.length(0) == 0 ? 1 : q.length(0) / k.length(0);
  std::vector<double> scores(static_cast<std::size_t>(keys));
  std::vector<double> dP(static_cast<std::size_t>(keys));
  for_each_index(Index<2>{q.length(0), q.length(1)}, [&](const Index<2>& query) {
    const std::int64_t b = query[0];
    const std::int64_t i = query[1];
    const std::int64_t head = b / sharing;
    for (std::int64_t j = 0; j < keys; ++j) {
      scores[static_cast<std::size_t>(j)] = scale * dot(q, b, i, k, head, j) + added(b, i, j);
    }
    const std::vector<double> P = softmax(scores);
    double row_sum = 0;  // of dP ⊙ P
    for (std::int64_t j = 0; j < keys; ++j) {
      const auto at = static_cast<std::size_t>(j);
      add_row(result.y, b, i, P[at], v, head, j);
      add_row(result.dv, head, j, P[at], dy, b, i);
      dP[at] = dot(dy, b, i, v, head, j);
      row_sum += dP[at] * P[at];
    }
    for (std::int64_t j = 0; j < keys; ++j) {
      const auto at = static_cast<std::size_t>(j);
      const double dS = P[at] * (dP[at] - row_sum);
      add_row(result.dq, b, i, scale * dS, k, head, j);
      add_row(result.dk, head, j, scale * dS, q, b, i);
    }
  });
  return result;
}

}  // namespace xgrad::check::manual
