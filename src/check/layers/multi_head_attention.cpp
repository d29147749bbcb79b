// Multi-head attention by hand. At every position, of width E, in H heads of d = E / H elements each:
//
//   q = W_q query + b_q      k = W_k key + b_k      v = W_v value + b_v
//   u = the attention of head h of q, k, v in the elements h d up to (h + 1) d
//   y = W_o u + b_o
//
// Each projection is a fully connected layer, whose backward pass is the document's: with δ the gradient of what it
// gives, summed over all positions,
//
//   dW = Σ δ inputᵀ      db = Σ δ      dinput = Wᵀ δ
//
// So: dW_o = Σ dy uᵀ, db_o = Σ dy, du = W_oᵀ dy; dq, dk, dv from du as in attend.cpp; then the same for W_q, W_k and
// W_v with δ = dq, dk and dv. Where one tensor is the query, the key and the value, what it gets from the three adds
// up.
//
// Vaswani et al., Attention is all you need, NeurIPS 2017, section 3.2.2.
#include <cmath>
#include <cstddef>
#include <fmt/format.h>
#include <limits>
#include <span>
#include <vector>

#include "xgrad/error.hpp"
#include "xgrad/manual_layers.hpp"

#include "check/layers/attend.hpp"
#include "check/layers/masks.hpp"
#include "check/layers/products.hpp"
#include "check/layers/values.hpp"

namespace xgrad::check::manual {
namespace {

constexpr const char* name = "multi_head_attention";

/// Rows [first, first + rows) of a matrix and a vector, and their gradients.
struct Projection {
  Array<2> W;
  Array<1> b;
  Array<2> dW;
  Array<1> db;

  /// W x + b at every position of x (N, T, in).
  [[nodiscard]] Array<3> forward(const Array<3>& x) const {
    Array<3> z{{x.length(0), x.length(1), W.length(0)}};
    for_each_index(Index<2>{x.length(0), x.length(1)}, [&](const Index<2>& at) {
      Vector sum = b.values();
      add_product(sum, W, vector_at(x, at[0], at[1]));
      set_vector(z, at[0], at[1], sum);
    });
    return z;
  }

  /// Adds to dW and db; gives dx.
  Array<3> backward(const Array<3>& x, const Array<3>& delta) {
    Array<3> dx{x.lengths()};
    for_each_index(Index<2>{x.length(0), x.length(1)}, [&](const Index<2>& at) {
      const Vector d = vector_at(delta, at[0], at[1]);
      Vector dinput(static_cast<std::size_t>(x.length(2)), 0);
      add_transposed_product(dinput, W, d);
      set_vector(dx, at[0], at[1], dinput);
      add_outer(dW, d, vector_at(x, at[0], at[1]));
      add(db, d);
    });
    return dx;
  }
};

/// Of all rows of a weight, and those of a bias from `first` on.
Projection projection_of(const Array<2>& W, const std::vector<double>& biases, std::int64_t first) {
  Projection result{W, Array<1>{{W.length(0)}}, Array<2>{W.lengths()}, Array<1>{{W.length(0)}}};
  for (std::int64_t i = 0; i < W.length(0) && !biases.empty(); ++i) {
    result.b(i) = biases[static_cast<std::size_t>(first + i)];
  }
  return result;
}

/// (N, T, heads · d) → (N · heads, T, d)
Array<3> in_heads(const Array<3>& x, std::int64_t heads) {
  const std::int64_t d = x.length(2) / heads;
  Array<3> result{{x.length(0) * heads, x.length(1), d}};
  for_each_index(x.lengths(), [&](const Index<3>& at) { result(at[0] * heads + at[2] / d, at[1], at[2] % d) = x[at]; });
  return result;
}

/// Its inverse.
Array<3> joined(const Array<3>& x, std::int64_t heads) {
  const std::int64_t d = x.length(2);
  Array<3> result{{x.length(0) / heads, x.length(1), heads * d}};
  for_each_index(result.lengths(),
                 [&](const Index<3>& at) { result[at] = x(at[0] * heads + at[2] / d, at[1], at[2] % d); });
  return result;
}

/// Widths, and the numbers of heads.
struct Layout {
  std::int64_t samples = 0;
  std::int64_t queries = 0;
  std::int64_t keys = 0;
  std::int64_t width = 0;
  std::int64_t heads = 1;
  std::int64_t key_heads = 1;
  std::int64_t key_rows = 0;  ///< of W_k, and of W_v
  bool is_packed = true;
};

void require_parameters(const Layout& l, const AttentionParameters& p, const Tensor& key, const Tensor& value,
                        DType dtype) {
  const std::int64_t rows = l.width + 2 * l.key_rows;
  if (l.is_packed) {
    require(name, "in_proj_weight", p.in_proj_weight, dtype, Shape{rows, l.width});
  } else {
    require(name, "q_proj_weight", p.q_proj_weight, dtype, Shape{l.width, l.width});
    require(name, "k_proj_weight", p.k_proj_weight, dtype, Shape{l.key_rows, key.shape()[2]});
    require(name, "v_proj_weight", p.v_proj_weight, dtype, Shape{l.key_rows, value.shape()[2]});
  }
  require(name, "out_proj_weight", p.out_proj_weight, dtype, Shape{l.width, l.width});
  require_if_defined(name, "in_proj_bias", p.in_proj_bias, dtype, Shape{rows});
  require_if_defined(name, "out_proj_bias", p.out_proj_bias, dtype, Shape{l.width});
}

Layout layout_of(const Tensor& query, const Tensor& key, const Tensor& value, const AttentionParameters& p,
                 const Tensor& dy, const MultiHeadOptions& options) {
  for (const auto& [role, x] : {std::pair{"query", &query}, std::pair{"key", &key}, std::pair{"value", &value}}) {
    require_floating(name, role, *x);
    if (x->rank() != 3) {
      refuse_shape(name, role, *x, "(N, T, width)");
    }
  }
  Layout l;
  l.samples = query.shape()[0];
  l.queries = query.shape()[1];
  l.keys = key.shape()[1];
  l.width = query.shape()[2];
  l.heads = options.heads;
  l.key_heads = options.key_heads == 0 ? options.heads : options.key_heads;
  l.is_packed = p.in_proj_weight.defined();
  require_option(name, "heads", static_cast<double>(l.heads), l.heads >= 1 && l.width % l.heads == 0,
                 "a divisor of the width");
  require_option(name, "key_heads", static_cast<double>(l.key_heads), l.key_heads >= 1 && l.heads % l.key_heads == 0,
                 "a divisor of the heads");
  l.key_rows = l.width / l.heads * l.key_heads;
  require(name, "key", key, query.dtype(), Shape{l.samples, l.keys, l.is_packed ? l.width : key.shape()[2]});
  require(name, "value", value, query.dtype(), Shape{l.samples, l.keys, l.is_packed ? l.width : value.shape()[2]});
  require_parameters(l, p, key, value, query.dtype());
  require(name, "dy", dy, query.dtype(), query.shape());
  if (options.keys.defined()) {
    require(name, "the mask of keys", options.keys, boolean, Shape{l.samples, l.keys});
  }
  return l;
}

Array<3> added_to_scores(const Layout& l, const MultiHeadOptions& options, DType dtype) {
  Array<3> added = added_by_mask(name, options.mask, Shape{l.samples, l.heads, l.queries, l.keys}, dtype);
  if (options.causal) {
    hide_later_keys(added);
  }
  if (options.keys.defined()) {
    const Array<2> seen = read(options.keys, Index<2>{l.samples, l.keys});
    for_each_index(added.lengths(), [&](const Index<3>& at) {
      if (seen(at[0] / l.heads, at[2]) == 0) {
        added[at] = -std::numeric_limits<double>::infinity();
      }
    });
  }
  return added;
}

/// W_q, W_k and W_v with their biases.
std::vector<Projection> projections_of(const Layout& l, const AttentionParameters& p) {
  const std::vector<double> biases = p.in_proj_bias.defined() ? read_values(p.in_proj_bias) : std::vector<double>{};
  const std::vector<std::int64_t> rows{l.width, l.key_rows, l.key_rows};
  const std::vector<const Tensor*> own{&p.q_proj_weight, &p.k_proj_weight, &p.v_proj_weight};
  std::vector<double> packed = l.is_packed ? read_values(p.in_proj_weight) : std::vector<double>{};
  std::vector<Projection> result;
  std::int64_t first = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (l.is_packed) {
      const auto part = std::span{packed}.subspan(static_cast<std::size_t>(first * l.width),
                                                  static_cast<std::size_t>(rows[i] * l.width));
      result.push_back(projection_of({{rows[i], l.width}, {part.begin(), part.end()}}, biases, first));
    } else {
      const Shape& shape = own[i]->shape();
      result.push_back(projection_of(read(*own[i], Index<2>{shape[0], shape[1]}), biases, first));
    }
    first += rows[i];
  }
  return result;
}

AttentionParameters gradients_of(const std::vector<Projection>& in, const Projection& out,
                                 const AttentionParameters& p) {
  AttentionParameters d;
  std::vector<double> weights;
  std::vector<double> biases;
  for (const Projection& projection : in) {
    weights.insert(weights.end(), projection.dW.values().begin(), projection.dW.values().end());
    biases.insert(biases.end(), projection.db.values().begin(), projection.db.values().end());
  }
  if (p.in_proj_weight.defined()) {
    d.in_proj_weight = write_values(weights, p.in_proj_weight.shape(), p.in_proj_weight.dtype());
  } else {
    d.q_proj_weight = write_like(in[0].dW, p.q_proj_weight);
    d.k_proj_weight = write_like(in[1].dW, p.k_proj_weight);
    d.v_proj_weight = write_like(in[2].dW, p.v_proj_weight);
  }
  if (p.in_proj_bias.defined()) {
    d.in_proj_bias = write_values(biases, p.in_proj_bias.shape(), p.in_proj_bias.dtype());
  }
  d.out_proj_weight = write_like(out.dW, p.out_proj_weight);
  d.out_proj_bias = write_like(out.db, p.out_proj_bias);
  return d;
}

Array<3> read_sequences(const Tensor& x) {
  return read(x, Index<3>{x.shape()[0], x.shape()[1], x.shape()[2]});
}

}  // namespace

MultiHeadAttention multi_head_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                                        const AttentionParameters& parameters, const Tensor& dy_given,
                                        const MultiHeadOptions& options) {
  const Layout l = layout_of(query, key, value, parameters, dy_given, options);
  const Array<3> inputs[] = {read_sequences(query), read_sequences(key), read_sequences(value)};
  const Array<3> dy = read_sequences(dy_given);
  std::vector<Projection> in = projections_of(l, parameters);
  Projection out = projection_of(
      read(parameters.out_proj_weight, Index<2>{l.width, l.width}),
      parameters.out_proj_bias.defined() ? read_values(parameters.out_proj_bias) : std::vector<double>{}, 0);

  const Array<3> q = in_heads(in[0].forward(inputs[0]), l.heads);
  const Array<3> k = in_heads(in[1].forward(inputs[1]), l.key_heads);
  const Array<3> v = in_heads(in[2].forward(inputs[2]), l.key_heads);
  const Array<3> added = added_to_scores(l, options, query.dtype());
  const std::int64_t head_width = l.width / l.heads;
  const double scale = 1 / std::sqrt(static_cast<double>(head_width));

  // du asks for y's weights alone, so the heads go forward and backward at once, and u comes out with dq, dk and dv.
  Array<3> du{dy.lengths()};
  for_each_index(Index<2>{dy.length(0), dy.length(1)}, [&](const Index<2>& at) {
    Vector sum(static_cast<std::size_t>(l.width), 0);
    add_transposed_product(sum, out.W, vector_at(dy, at[0], at[1]));
    set_vector(du, at[0], at[1], sum);
  });
  const Attended heads = attend(q, k, v, added, scale, in_heads(du, l.heads));
  const Array<3> u = joined(heads.y, l.heads);
  const Array<3> y = out.forward(u);
  static_cast<void>(out.backward(u, dy));
  const Array<3> dquery = in[0].backward(inputs[0], joined(heads.dq, l.heads));
  const Array<3> dkey = in[1].backward(inputs[1], joined(heads.dk, l.key_heads));
  const Array<3> dvalue = in[2].backward(inputs[2], joined(heads.dv, l.key_heads));
  return {write_like(y, query), write_like(dquery, query), write_like(dkey, key), write_like(dvalue, value),
          gradients_of(in, out, parameters)};
}

}  // namespace xgrad::check::manual
