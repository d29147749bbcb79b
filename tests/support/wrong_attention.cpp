// Attention with masks, heads and positions, transformer blocks, embeddings that are the output layer's weights, too.
#include <cmath>
#include <string>
#include <vector>

#include "support/wrong_sequences.hpp"

namespace xgrad::test {

namespace {

// P ⊙ (dP − rowsum(P ⊙ dP)), with a mistake if it is one of these.
Tensor softmax_backward(const Tensor& p, const Tensor& dp, const std::string& mistake) {
  const auto is = [&mistake](const char* name) { return mistake == name; };
  if (is("softmax's diagonal")) {
    return dp * p * (1.0 - p);
  }
  if (is("no row sum")) {
    return dp * p;
  }
  if (is("row sum without P")) {
    return p * (dp - sum(dp, -1, true));
  }
  if (is("mean for the row sum")) {
    return p * (dp - mean(dp * p, -1, true));
  }
  if (is("column sum")) {
    return p * (dp - sum(dp * p, -2, true));
  }
  if (is("row sum added")) {
    return p * (dp + sum(dp * p, -1, true));
  }
  if (is("softmax passed by")) {
    return dp;
  }
  return p * (dp - sum(dp * p, -1, true));
}

// (T, T): 1 where query i sees key j ≤ i.
Tensor lower(std::int64_t steps) {
  return tril(ones({steps, steps}, float64));
}

// A batch of sequences, causal: x (2, 4, 5).
Example causal_attention(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter Wq = draw.parameter({5, 3}, "W_q");
  const Parameter Wk = draw.parameter({5, 3}, "W_k");
  const Parameter Wv = draw.parameter({5, 3}, "W_v");
  const Tensor x = draw.normal({2, 4, 5}).named("X");
  const Tensor y = draw.normal({2, 4, 3}).named("Y");
  const double scale = 1 / std::sqrt(3.0);
  Example example{"causal attention", {{"W_q", Wq}, {"W_k", Wk}, {"W_v", Wv}}, {}, {}};
  example.loss = [=] {
    const Tensor q = matmul(x, Wq).named("Q");
    const Tensor k = matmul(x, Wk).named("K");
    const Tensor v = matmul(x, Wv).named("V");
    const Tensor o = nn::attention(q, k, v, {.causal = true}).named("O");
    return 0.5 * sum(square(o - y));
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor q = matmul(x, Wq);
    const Tensor k = matmul(x, Wk);
    const Tensor v = matmul(x, Wv);
    const Tensor seen = lower(4);
    const Tensor e = exp(matmul(q, t(k)) * scale) * seen;
    const Tensor p = e / sum(e, -1, true);
    const Tensor d = matmul(p, v) - y;
    Tensor dp = matmul(d, t(v));
    if (is("mask on the wrong side")) {
      dp = dp * t(seen);
    } else if (is("K for V")) {
      dp = matmul(d, t(k));
    }
    Tensor ds = softmax_backward(p, dp, mistake);
    if (is("mask of the scores' gradient transposed")) {
      ds = ds * t(seen);
    } else if (is("mask forgotten")) {
      const Tensor all = softmax(matmul(q, t(k)) * scale, -1);
      ds = softmax_backward(all, dp, "");
    }
    double used = scale;
    if (is("scale forgotten")) {
      used = 1;
    } else if (is("scale twice")) {
      used = scale * scale;
    } else if (is("scale the other way up")) {
      used = 1 / scale;
    }

    const Tensor dq = used * matmul(ds, is("V for K") ? v : k);
    const Tensor dk = used * matmul(is("S not transposed") ? ds : t(ds), q);
    const Tensor dv = matmul(is("P not transposed") ? p : is("S for P") ? t(matmul(q, t(k)) * scale) : t(p), d);
    const auto weight = [&](const Tensor& dz) {
      const Tensor each = matmul(t(x), dz);
      return is("first sequence only") ? reshape(slice(each, {0, 1}, 0), {5, 3}) : sum(each, 0);
    };
    return std::vector<Tensor>{weight(dq), weight(dk), weight(dv)};
  };
  return example;
}

// (N, T, d H) as (N, H, T, d), and back.
Tensor heads_of(const Tensor& x, std::int64_t heads) {
  return permute(reshape(x, {x.dim(0), x.dim(1), heads, x.dim(2) / heads}), {0, 2, 1, 3});
}
Tensor joined(const Tensor& x) {
  return reshape(permute(x, {0, 2, 1, 3}), {x.dim(0), x.dim(2), x.dim(1) * x.dim(3)});
}

// Two heads, keys of which some are padding.
Example multi_head(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter Wq = draw.parameter({4, 4}, "W_q");
  const Parameter Wk = draw.parameter({4, 4}, "W_k");
  const Parameter Wv = draw.parameter({4, 4}, "W_v");
  const Parameter Wo = draw.parameter({4, 4}, "W_o");
  const Tensor x = draw.normal({2, 4, 4}).named("X");
  const Tensor y = draw.normal({2, 4, 4}).named("Y");
  // (N, 1, 1, T)
  const Tensor keys =
      reshape(from_vector(std::vector<double>{1, 1, 1, 0, 1, 1, 0, 0}, Shape{2, 1, 1, 4}), {2, 1, 1, 4});
  const Tensor seen = (keys > 0.5).eval().named("M");
  const double scale = 1 / std::sqrt(2.0);
  Example example{"multi-head attention", {{"W_q", Wq}, {"W_k", Wk}, {"W_v", Wv}, {"W_o", Wo}}, {}, {}};
  example.loss = [=] {
    const Tensor q = heads_of(matmul(x, Wq), 2).named("Q");
    const Tensor k = heads_of(matmul(x, Wk), 2).named("K");
    const Tensor v = heads_of(matmul(x, Wv), 2).named("V");
    const Tensor o = joined(nn::attention(q, k, v, {.mask = seen}).named("O")).named("C");
    return 0.5 * sum(square(matmul(o, Wo) - y));
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor q = heads_of(matmul(x, Wq), 2);
    const Tensor k = heads_of(matmul(x, Wk), 2);
    const Tensor v = heads_of(matmul(x, Wv), 2);
    const Tensor e = exp(matmul(q, t(k)) * scale) * keys;
    const Tensor p = e / sum(e, -1, true);
    const Tensor c = joined(matmul(p, v));
    const Tensor dy = matmul(c, Wo) - y;
    const Tensor dWo = matmul(t(reshape(c, {8, 4})), reshape(dy, {8, 4}));
    const Tensor dc = matmul(dy, is("W_o not transposed") ? Wo.value() : t(Wo));
    Tensor d = heads_of(dc, 2);
    if (is("heads not exchanged with positions")) {
      d = reshape(dc, {2, 2, 4, 2});
    }
    Tensor dp = matmul(d, t(v));
    if (is("mask on the queries")) {
      dp = dp * reshape(keys, {2, 1, 4, 1});
    }
    Tensor ds = softmax_backward(p, dp, mistake);
    if (is("mask on the queries' side of S")) {
      ds = ds * reshape(keys, {2, 1, 4, 1});
    }
    const double width = is("scale of the whole width") ? 0.5 : scale;
    const auto weight = [&](const Tensor& dz) {
      const Tensor back = joined(dz);
      return matmul(t(reshape(x, {8, 4})), reshape(back, {8, 4}));
    };
    const Tensor dWv = weight(matmul(t(p), d));
    return std::vector<Tensor>{weight(width * matmul(ds, k)), weight(width * matmul(t(ds), q)), dWv, dWo};
  };
  return example;
}

// Four heads of queries share two of keys and values.
Example grouped(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter K = draw.parameter({2, 4, 3}, "K");
  const Parameter V = draw.parameter({2, 4, 3}, "V");
  const Parameter Q = draw.parameter({4, 4, 3}, "Q");
  const Tensor y = draw.normal({4, 4, 3}).named("Y");
  const double scale = 1 / std::sqrt(3.0);
  Example example{"grouped queries", {{"Q", Q}, {"K", K}, {"V", V}}, {}, {}};
  const auto each = [](const Tensor& shared) {
    return reshape(broadcast_to(reshape(shared, {2, 1, 4, 3}), {2, 2, 4, 3}), {4, 4, 3});
  };
  example.loss = [=] {
    const Tensor p = softmax(matmul(Q, t(each(K))) * scale, -1).named("P");
    return 0.5 * sum(square(matmul(p, each(V)) - y));
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor k = each(K);
    const Tensor v = each(V);
    const Tensor p = softmax(matmul(Q, t(k)) * scale, -1);
    const Tensor d = matmul(p, v) - y;
    const Tensor ds = softmax_backward(p, matmul(d, t(v)), mistake);
    const auto shared = [&](const Tensor& all) {
      const Tensor groups = reshape(all, {2, 2, 4, 3});
      if (is("first of the group only")) {
        return reshape(slice(groups, {0, 1}, 1), {2, 4, 3});
      }
      if (is("last of the group only")) {
        return reshape(slice(groups, {1, 2}, 1), {2, 4, 3});
      }
      return is("mean over the group") ? mean(groups, 1) : sum(groups, 1);
    };
    return std::vector<Tensor>{scale * matmul(ds, k), shared(scale * matmul(t(ds), Q)), shared(matmul(t(p), d))};
  };
  return example;
}

// Queries and keys turned by their positions.
Example rotary(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter Wq = draw.parameter({3, 4}, "W_q");
  const Parameter Wk = draw.parameter({3, 4}, "W_k");
  const Tensor x = draw.normal({5, 3}).named("X");
  const Tensor y = draw.normal({5, 5}).named("Y");
  const Tensor angles = draw.normal({5, 2}).eval();
  const Tensor c = cos(angles).eval().named("C");
  const Tensor s = sin(angles).eval().named("D");
  Example example{"rotary positions", {{"W_q", Wq}, {"W_k", Wk}}, {}, {}};
  const auto turned = [=](const Tensor& z, double sign) {
    const Tensor a = slice(z, {0, 2}, 1);
    const Tensor b = slice(z, {2, 4}, 1);
    return concatenate({a * c - sign * b * s, sign * a * s + b * c}, 1);
  };
  example.loss = [=] {
    const Tensor q = turned(matmul(x, Wq).named("Q"), 1).named("R");
    const Tensor k = turned(matmul(x, Wk).named("K"), 1).named("T");
    return 0.5 * sum(square(softmax(matmul(q, t(k)).named("S"), -1).named("P") - y));
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor q = turned(matmul(x, Wq), 1);
    const Tensor k = turned(matmul(x, Wk), 1);
    const Tensor p = softmax(matmul(q, t(k)), -1);
    const Tensor ds = softmax_backward(p, p - y, mistake);
    const double back = is("turned the same way again") ? 1 : -1;
    const Tensor dq = is("not turned back") ? matmul(ds, k) : turned(matmul(ds, k), back);
    const Tensor dk = is("not turned back") ? matmul(t(ds), q) : turned(matmul(t(ds), q), back);
    return std::vector<Tensor>{matmul(t(x), dq), matmul(t(x), dk)};
  };
  return example;
}

Tensor normal_distribution(const Tensor& z) {
  return 0.5 * (1.0 + erf(z / std::sqrt(2.0)));
}
Tensor normal_density(const Tensor& z) {
  return exp(-0.5 * square(z)) * (1 / std::sqrt(2 * 3.14159265358979323846));
}

// x + attention, then + a feed-forward part with gelu; causal; one sequence.
Example block(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter Wq = draw.parameter({4, 4}, "W_q");
  const Parameter Wk = draw.parameter({4, 4}, "W_k");
  const Parameter Wv = draw.parameter({4, 4}, "W_v");
  const Parameter W1 = draw.parameter({4, 6}, "W_1");
  const Parameter W2 = draw.parameter({6, 4}, "W_2");
  const Parameter E = draw.parameter({5, 4}, "E");
  const Tensor x = draw.normal({5, 4}).named("X");
  const Tensor y = draw.normal({5, 4}).named("Y");
  Example example{
      "transformer block", {{"E", E}, {"W_q", Wq}, {"W_k", Wk}, {"W_v", Wv}, {"W_1", W1}, {"W_2", W2}}, {}, {}};
  example.loss = [=] {
    const Tensor u = (x + E.value()).named("u");
    const Tensor a =
        nn::attention(matmul(u, Wq).named("Q"), matmul(u, Wk).named("K"), matmul(u, Wv).named("V"), {.causal = true});
    const Tensor h = (u + a).named("h");
    const Tensor z = matmul(h, W1).named("z");
    const Tensor o = (h + matmul(gelu(z).named("a"), W2)).named("o");
    return 0.5 * sum(square(o - y));
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor u = x + E.value();
    const Tensor q = matmul(u, Wq);
    const Tensor k = matmul(u, Wk);
    const Tensor v = matmul(u, Wv);
    const Tensor e = exp(matmul(q, t(k)) * 0.5) * lower(5);
    const Tensor p = e / sum(e, -1, true);
    const Tensor h = u + matmul(p, v);
    const Tensor z = matmul(h, W1);
    const Tensor a = z * normal_distribution(z);
    const Tensor d = h + matmul(a, W2) - y;
    const Tensor dW2 = matmul(t(is("z for a") ? z : a), d);
    const Tensor slope =
        is("gelu's first half") ? normal_distribution(z) : normal_distribution(z) + z * normal_density(z);
    const Tensor dz = is("no slope of gelu") ? matmul(d, t(W2)) : matmul(d, t(W2)) * slope;
    const Tensor dW1 = matmul(t(is("u for h") ? u : h), dz);
    Tensor dh = d + matmul(dz, t(W1));
    if (is("skip around the feed-forward part forgotten")) {
      dh = matmul(dz, t(W1));
    } else if (is("feed-forward part forgotten")) {
      dh = d;
    }
    const Tensor ds = softmax_backward(p, matmul(dh, t(v)), mistake);
    const Tensor dq = 0.5 * matmul(ds, k);
    const Tensor dk = 0.5 * matmul(t(ds), q);
    const Tensor dv = matmul(t(p), dh);
    Tensor du = dh + matmul(dq, t(Wq)) + matmul(dk, t(Wk)) + matmul(dv, t(Wv));
    if (is("skip around attention forgotten")) {
      du = du - dh;
    } else if (is("queries' path forgotten")) {
      du = dh + matmul(dk, t(Wk)) + matmul(dv, t(Wv));
    } else if (is("keys' path forgotten")) {
      du = dh + matmul(dq, t(Wq)) + matmul(dv, t(Wv));
    } else if (is("skip only")) {
      du = dh;
    }
    return std::vector<Tensor>{du, matmul(t(u), dq), matmul(t(u), dk), matmul(t(u), dv), dW1, dW2};
  };
  return example;
}

// E's rows are the tokens' vectors, and its transpose gives the logits.
Example tied_embedding(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter E = draw.parameter({6, 4}, "E");
  const Parameter W = draw.parameter({4, 4}, "W");
  const Tensor tokens = tensor({1, 4, 2, 4, 0, 5, 1}, int64).eval().named("i");
  const Tensor next = tensor({4, 2, 4, 0, 5, 1, 3}, int64).eval().named("j");
  Example example{"tied embedding", {{"E", E}, {"W", W}}, {}, {}};
  example.loss = [=] {
    const Tensor e = take(E, tokens).named("e");
    const Tensor z = matmul(e, W).named("z");
    const Tensor h = tanh(z).named("h");
    const Tensor o = matmul(h, t(E)).named("o");
    return nn::CrossEntropy{}(o, next);
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor hot = one_hot(tokens, 6, float64);
    const Tensor e = matmul(hot, E);
    const Tensor h = tanh(matmul(e, W));
    const Tensor d = (softmax(matmul(h, t(E)), -1) - one_hot(next, 6, float64)) / 7.0;
    const Tensor dz = matmul(d, E) * (1.0 - square(h));
    Tensor de = matmul(dz, t(W));
    if (is("W not transposed back")) {
      de = matmul(dz, W);
    }
    const Tensor of_output = matmul(t(d), h);
    const Tensor of_input = matmul(t(is("inputs and targets exchanged") ? one_hot(next, 6, float64) : hot), de);
    Tensor dE = of_output + of_input;
    if (is("embedding's use forgotten")) {
      dE = of_output;
    } else if (is("output layer's use forgotten")) {
      dE = of_input;
    } else if (is("output layer's use twice")) {
      dE = of_output + of_input + of_output;
    } else if (is("mean of the uses")) {
      dE = 0.5 * dE;
    } else if (is("sum for mean")) {
      dE = 7.0 * dE;
    }
    const Tensor dW = matmul(t(is("h for e") ? h : e), dz);
    return std::vector<Tensor>{dE, is("sum for mean") ? 7.0 * dW : dW};
  };
  return example;
}

}  // namespace

const Family& attention_family() {
  static const Family family{
      "attention",
      {{causal_attention,
        {{"softmax's diagonal", "the Jacobian of softmax taken for its diagonal in δ_S"},
         {"no row sum", "the summand Σ₂ (δ_P ⊙ P) left out in δ_S"},
         {"row sum without P", "the factor P of δ_P ⊙ P left out in δ_S"},
         {"mean for the row sum", "the mean in place of Σ₂ (δ_P ⊙ P) in δ_S"},
         {"column sum", "Σ₁ (δ_P ⊙ P) in place of Σ₂ (δ_P ⊙ P) in δ_S"},
         {"row sum added", "the sign of the summand Σ₂ (δ_P ⊙ P) wrong in δ_S"},
         {"softmax passed by", "the Jacobian of softmax left out in δ_S"},
         {"mask on the wrong side", "the mask [M] on the other axis in δ_P"},
         {"mask of the scores' gradient transposed", "the mask [M] on the other axis in δ_S"},
         {"mask forgotten", "the mask left out: softmax(S) in place of P in δ_S"},
         {"K for V", "K in place of V in δ_P"},
         {"scale forgotten", "the factor 1/√3 left out in δ_Q"},
         {"scale twice", "the factor 1/√3 twice in δ_Q"},
         {"scale the other way up", "a factor 3 too much in δ_P"},
         {"S not transposed", "δ_S in place of δ_Sᵀ in δ_K"},
         {"P not transposed", "P in place of Pᵀ in δ_V"},
         {"V for K", "V in place of K in δ_Q"},
         {"S for P", "S in place of P in δ_V"},
         {"first sequence only", "only the first sample taken in ∂Loss/∂W_q"}}},
       {multi_head,
        {{"softmax's diagonal", "the Jacobian of softmax taken for its diagonal in δ_S"},
         {"mask on the queries", "the mask [M] on the other axis in δ_P"},
         {"mask on the queries' side of S", "the mask [M] on the other axis in δ_P (or, just the same, in δ_S)"},
         {"W_o not transposed", "W_o in place of W_oᵀ in δ_C"},
         {"heads not exchanged with positions", "the exchange of axes left out in δ_O"},
         {"scale of the whole width", "the factor 1/√2 twice in δ_Q"}}},
       {grouped,
        {{"softmax's diagonal", "the Jacobian of softmax taken for its diagonal"},
         {"first of the group only", "only the first along axis 1 taken in ∂Loss/∂V"},
         {"last of the group only", "only the last along axis 1 taken in ∂Loss/∂V"},
         {"mean over the group", "a factor ½ too much in ∂Loss/∂V"}}},
       {rotary,
        {{"not turned back", "δ_R passed on as it is in δ_Q"},
         {"turned the same way again", "−D in place of D in δ_Q"}}},
       {block,
        {{"softmax's diagonal", "the Jacobian of softmax taken for its diagonal in δ_S"},
         {"z for a", "z in place of a in ∂Loss/∂W_2"},
         {"gelu's first half", "the first term of the product rule alone in δ_z"},
         {"no slope of gelu", "the factor gelu′(z) left out in δ_z"},
         {"u for h", "u in place of h in ∂Loss/∂W_1"},
         {"skip around the feed-forward part forgotten", "the summand δ_o left out in δ_h"},
         {"feed-forward part forgotten", "the summand δ_z W_1ᵀ left out in δ_h"},
         {"skip around attention forgotten", "the summand δ_h left out in δ_u"},
         {"queries' path forgotten", "the summand δ_Q W_qᵀ left out in δ_u"},
         {"keys' path forgotten", "the summand δ_K W_kᵀ left out in δ_u"},
         {"skip only", "only the summand δ_h taken (the others not added up) in δ_u"}}},
       {tied_embedding,
        {{"embedding's use forgotten", "zero in its place in δ_e"},
         {"output layer's use forgotten", "the summand δ_oᵀ h left out in ∂Loss/∂E"},
         {"output layer's use twice", "the summand δ_oᵀ h counted twice in ∂Loss/∂E"},
         {"mean of the uses", "a factor ½ too much in ∂Loss/∂E"},
         {"sum for mean", "the factor 1/7 left out in δ_o"},
         {"W not transposed back", "W in place of Wᵀ in δ_e"},
         {"inputs and targets exchanged", "j in place of i in ∂Loss/∂E"},
         {"h for e", "h in place of e in ∂Loss/∂W"}}}}};
  return family;
}

}  // namespace xgrad::test
