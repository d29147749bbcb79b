#pragma once

#include "check/layers/array.hpp"

/// Attention with several heads on plain arrays, for attention() and multi_head_attention().
namespace xgrad::check::manual {

struct Attended {
  Array<3> y;
  Array<3> dq;
  Array<3> dk;
  Array<3> dv;
};

/// q (B, T_q, d), k (B_k, T_k, d), v (B_k, T_k, d_v), where B is a multiple of B_k: neighbours share a k and a v.
/// `added` (B, T_q, T_k) is added to the scores, −∞ where a query doesn't see a key.
[[nodiscard]] Attended attend(const Array<3>& q, const Array<3>& k, const Array<3>& v, const Array<3>& added,
                              double scale, const Array<3>& dy);

}  // namespace xgrad::check::manual
