// Elman's network, LSTM and GRU, written out and as a loop.
#include <array>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "support/wrong_sequences.hpp"

namespace xgrad::test {

namespace {

std::string numbered(const char* name, std::size_t i) {
  return name + std::to_string(i);
}

Tensor one_minus_square(const Tensor& h) {
  return 1.0 - square(h);
}

Tensor slope_of_sigmoid(const Tensor& s) {
  return s * (1.0 - s);
}

Tensor sum_of(const std::vector<Tensor>& all) {
  Tensor total = all.front();
  for (std::size_t i = 1; i < all.size(); ++i) {
    total = total + all[i];
  }
  return total;
}

// Step t, counted from 1, of (N, T, n).
Tensor step(const Tensor& x, std::size_t t) {
  const auto i = static_cast<std::int64_t>(t);
  return reshape(slice(x, {i - 1, i}, 1), {x.dim(0), x.dim(2)});
}

// The part-th of `parts` equal parts of the last axis.
Tensor part_of(const Tensor& x, std::int64_t part, std::int64_t parts) {
  const std::int64_t width = x.dim(-1) / parts;
  return slice(x, {part * width, (part + 1) * width}, -1);
}

// What an Elman network's backward pass by hand goes back through.
struct Elman {
  std::vector<Tensor> x;   // x[t − 1] is step t's
  std::vector<Tensor> h;   // h[0] is the first carry
  std::vector<Tensor> dh;  // what comes into step t from its own output: dh[t − 1]; undefined if nothing does
  Tensor W;
  Tensor U;
};

struct ElmanGradients {
  Tensor W;
  Tensor U;
  Tensor b;
};

// Of h_t = tanh(U x_t + W h_{t − 1} + b), with a mistake if it is one of these.
ElmanGradients elman_by_hand(const Elman& net, const std::string& mistake) {
  const auto is = [&mistake](const char* name) { return mistake == name; };
  const std::size_t steps = net.x.size();
  std::vector<Tensor> dW;
  std::vector<Tensor> dU;
  std::vector<Tensor> db;
  Tensor carried;
  for (std::size_t t = steps; t > 0; --t) {
    const Tensor own = is("outputs before the last forgotten") && t < steps ? Tensor{} : net.dh[t - 1];
    Tensor dh = own.defined() ? own : zeros_like(net.h[t]);
    const bool cut = is("not carried between steps") || (is("carried over one step only") && t + 1 < steps);
    if (carried.defined() && !cut) {
      dh = dh + carried;
    }
    Tensor dz = dh * one_minus_square(net.h[t]);
    if (is("no slope in any step")) {
      dz = dh;
    } else if (is("slope at the activation in every step")) {
      dz = dh * one_minus_square(tanh(net.h[t]));
    } else if (is("slope of the step before")) {
      dz = dh * one_minus_square(net.h[t - 1]);
    } else if (is("activation for slope in every step")) {
      dz = dh * net.h[t];
    }
    carried = is("W not transposed in any step") ? matmul(dz, xgrad::test::t(net.W)) : matmul(dz, net.W);
    if (is("first step forgotten") && t == 1) {
      continue;
    }
    const Tensor before = is("h of the same step") ? net.h[t] : net.h[t - 1];
    if (!(is("h of two steps before") && t == 1)) {
      dW.push_back(matmul(xgrad::test::t(dz), is("h of two steps before") ? net.h[t - 2] : before));
    }
    if (is("x of the step before")) {
      if (t > 1) {
        dU.push_back(matmul(xgrad::test::t(dz), net.x[t - 2]));
      }
    } else if (is("x of the step after")) {
      if (t < steps) {
        dU.push_back(matmul(xgrad::test::t(dz), net.x[t]));
      }
    } else if (is("x in reverse order")) {
      dU.push_back(matmul(xgrad::test::t(dz), net.x[steps - t]));
    } else if (!(is("last step forgotten for U") && t == steps)) {
      dU.push_back(matmul(xgrad::test::t(dz), net.x[t - 1]));
    }
    db.push_back(sum(dz, 0));
  }
  Tensor W = sum_of(dW);
  if (is("last written step of W only")) {
    W = dW.back();
  } else if (is("last step of W only")) {
    W = dW.front();
  } else if (is("mean over the steps")) {
    W = W / static_cast<double>(steps);
  }
  return {W, sum_of(dU), is("bias of the last step only") ? db.front() : sum_of(db)};
}

Example elman(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter W = draw.parameter({4, 4}, "W");
  const Parameter U = draw.parameter({4, 3}, "U");
  const Parameter b = draw.parameter({4}, "b");
  const Parameter V = draw.parameter({2, 4}, "V");
  const Tensor h0 = draw.normal({5, 4}).named("h0");
  std::vector<Tensor> x;
  std::vector<Tensor> y;
  for (std::size_t i = 1; i <= 4; ++i) {
    x.push_back(draw.normal({5, 3}).named(numbered("x", i)));
    y.push_back(draw.normal({5, 2}).named(numbered("y", i)));
  }
  Example example{"recurrent network", {{"W", W}, {"U", U}, {"b", b}, {"V", V}}, {}, {}};
  example.loss = [=] {
    Tensor h = h0;
    std::vector<Tensor> losses;
    for (std::size_t i = 1; i <= x.size(); ++i) {
      const Tensor z = (matmul(x[i - 1], t(U)) + matmul(h, t(W)) + b.value()).named(numbered("z", i));
      h = tanh(z).named(numbered("h", i));
      const Tensor o = matmul(h, t(V)).named(numbered("o", i));
      losses.push_back(0.5 * sum(square(o - y[i - 1])));
    }
    return sum_of(losses);
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    Elman net{x, {h0}, {}, W.value(), U.value()};
    std::vector<Tensor> dV;
    for (std::size_t i = 0; i < x.size(); ++i) {
      net.h.push_back(tanh(matmul(x[i], t(U)) + matmul(net.h.back(), t(W)) + b.value()));
      const Tensor d = matmul(net.h.back(), t(V)) - y[i];
      dV.push_back(matmul(t(d), is("h of the step before for V") ? net.h[i] : net.h.back()));
      net.dh.push_back(matmul(d, V));
    }
    const ElmanGradients found = elman_by_hand(net, mistake);
    return std::vector<Tensor>{found.W, found.U, found.b, is("last step of V only") ? dV.back() : sum_of(dV)};
  };
  return example;
}

// Only the last step has an output; all in one tensor (N, T, n).
Example elman_last(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter W = draw.parameter({4, 4}, "W");
  const Parameter U = draw.parameter({4, 3}, "U");
  const Parameter b = draw.parameter({4}, "b");
  const Tensor x = draw.normal({5, 4, 3}).named("x");
  const Tensor h0 = draw.normal({5, 4}).named("h0");
  const Tensor y = draw.normal({5, 4}).named("y");
  Example example{"recurrent network, last output", {{"W", W}, {"U", U}, {"b", b}}, {}, {}};
  example.loss = [=] {
    Tensor h = h0;
    for (std::size_t i = 1; i <= 4; ++i) {
      const Tensor z = (matmul(step(x, i), t(U)) + matmul(h, t(W)) + b.value()).named(numbered("z", i));
      h = tanh(z).named(numbered("h", i));
    }
    return 0.5 * sum(square(h - y));
  };
  example.by_hand = [=](const std::string& mistake) {
    Elman net{{}, {h0}, std::vector<Tensor>(4), W.value(), U.value()};
    for (std::size_t i = 1; i <= 4; ++i) {
      net.x.push_back(step(x, i));
      net.h.push_back(tanh(matmul(net.x.back(), t(U)) + matmul(net.h.back(), t(W)) + b.value()));
    }
    net.dh.back() = net.h.back() - y;
    const ElmanGradients found = elman_by_hand(net, mistake);
    return std::vector<Tensor>{found.W, found.U, found.b};
  };
  return example;
}

// The same in the layer, whose steps are written out or one loop.
Example elman_layer(std::uint64_t seed, bool as_loop) {
  Draw draw{seed};
  Random random{seed};
  nn::RNN layer{3, 4, random, {.written_out = as_loop ? 0 : 16, .cell = {.dtype = float64}}};
  nn::RNNCell& cell = layer.cells[0];
  const Parameter W = draw.parameter({4, 4}, "W");
  const Parameter U = draw.parameter({4, 3}, "U");
  const Parameter b = draw.parameter({4}, "b");
  cell.weight_hh = W;
  cell.weight_ih = U;
  cell.bias_ih = b;
  cell.bias_hh = Parameter{};
  const Tensor x = draw.normal({5, 4, 3}).named("x");
  const Tensor y = draw.normal({5, 4, 4}).named("y");
  Example example{as_loop ? "recurrent layer, a loop" : "recurrent layer", {{"W", W}, {"U", U}, {"b", b}}, {}, {}};
  example.loss = [=] { return 0.5 * sum(square(layer(x) - y)); };
  example.by_hand = [=](const std::string& mistake) {
    Elman net{{}, {zeros({5, 4}, float64)}, {}, W.value(), U.value()};
    for (std::size_t i = 1; i <= 4; ++i) {
      net.x.push_back(step(x, i));
      net.h.push_back(tanh(matmul(net.x.back(), t(U)) + matmul(net.h.back(), t(W)) + b.value()));
      net.dh.push_back(net.h.back() - step(y, i));
    }
    const ElmanGradients found = elman_by_hand(net, mistake);
    return std::vector<Tensor>{found.W, found.U, found.b};
  };
  return example;
}

// c_t = a ⊙ c_{t − 1} + x_t ⊙ w, as a loop that a user wrote.
Example filter(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter a = draw.parameter({3}, "a");
  const Parameter w = draw.parameter({3}, "w");
  const Tensor x = draw.normal({5, 3}).named("x");
  const Tensor c0 = draw.normal({3}).named("c0");
  const Tensor y = draw.normal({5, 3}).named("y");
  Example example{"filter, a loop", {{"a", a}, {"w", w}}, {}, {}};
  example.loss = [=] {
    const auto [last, all] = scan(
        [&](const Tensor& c, const Tensor& x_t) {
          const Tensor next = (a.value() * c + x_t * w.value()).named("c");
          return std::pair{next, next};
        },
        c0, x);
    return 0.5 * sum(square(all - y));
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const auto row = [](const Tensor& all, std::int64_t t) { return reshape(slice(all, {t, t + 1}, 0), {3}); };
    std::vector<Tensor> c{c0};
    for (std::int64_t t = 0; t < 5; ++t) {
      c.push_back(a.value() * c.back() + row(x, t) * w.value());
    }
    std::vector<Tensor> da;
    std::vector<Tensor> dw;
    Tensor carried = zeros({3}, float64);
    for (std::int64_t t = 4; t >= 0; --t) {
      const auto i = static_cast<std::size_t>(t);
      const Tensor dc = (c[i + 1] - row(y, t)) + carried;
      if (!(is("first step forgotten") && t == 0)) {
        da.push_back(dc * (is("c of the same step") ? c[i + 1] : c[i]));
      }
      dw.push_back(dc * row(x, t));
      carried = is("a forgotten in the carry") ? dc : a.value() * dc;
      if (is("not carried between steps")) {
        carried = zeros({3}, float64);
      }
    }
    return std::vector<Tensor>{is("last written step only") ? da.back() : sum_of(da), sum_of(dw)};
  };
  return example;
}

struct Cells {
  Parameter W_ih;
  Parameter W_hh;
  Parameter b_ih;
  Parameter b_hh;
};

template <class Layer>
Cells cells_of(Layer& layer, Draw& draw, std::int64_t gates) {
  Cells made{draw.parameter({gates * 3, 2}, "W_ih"), draw.parameter({gates * 3, 3}, "W_hh"),
             draw.parameter({gates * 3}, "b_ih"), draw.parameter({gates * 3}, "b_hh")};
  layer.cells[0].weight_ih = made.W_ih;
  layer.cells[0].weight_hh = made.W_hh;
  layer.cells[0].bias_ih = made.b_ih;
  layer.cells[0].bias_hh = made.b_hh;
  return made;
}

Example lstm(std::uint64_t seed, bool as_loop) {
  Draw draw{seed};
  Random random{seed};
  nn::LSTM layer{2, 3, random, {.written_out = as_loop ? 0 : 16, .cell = {.dtype = float64}}};
  const Cells p = cells_of(layer, draw, 4);
  const Tensor x = draw.normal({5, 3, 2}).named("x");
  const Tensor y = draw.normal({5, 3, 3}).named("y");
  const Tensor h0 = draw.normal({1, 5, 3}).named("h0");
  const Tensor c0 = draw.normal({1, 5, 3}).named("c0");
  Example example{as_loop ? "LSTM, a loop" : "LSTM",
                  {{"W_ih", p.W_ih}, {"W_hh", p.W_hh}, {"b_ih", p.b_ih}, {"b_hh", p.b_hh}},
                  {},
                  {}};
  example.loss = [=] { return 0.5 * sum(square(layer.run(x, {h0, c0}).output - y)); };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    struct Step {
      Tensor i, f, g, o, c, h;
    };
    const std::size_t steps = 3;
    std::vector<Step> s{{{}, {}, {}, {}, reshape(c0, {5, 3}), reshape(h0, {5, 3})}};
    for (std::size_t k = 1; k <= steps; ++k) {
      const Tensor z = matmul(step(x, k), t(p.W_ih)) + matmul(s.back().h, t(p.W_hh)) + p.b_ih.value() + p.b_hh.value();
      Step now{sigmoid(part_of(z, 0, 4)),
               sigmoid(part_of(z, 1, 4)),
               tanh(part_of(z, 2, 4)),
               sigmoid(part_of(z, 3, 4)),
               {},
               {}};
      now.c = now.f * s.back().c + now.i * now.g;
      now.h = now.o * tanh(now.c);
      s.push_back(now);
    }
    Tensor dh_next = zeros({5, 3}, float64);
    Tensor dc_next = zeros({5, 3}, float64);
    std::vector<Tensor> dW_ih;
    std::vector<Tensor> dW_hh;
    std::vector<Tensor> db;
    for (std::size_t k = steps; k > 0; --k) {
      const Step& now = s[k];
      const Step& before = s[k - 1];
      const Tensor dh = now.h - step(y, k) + dh_next;
      const Tensor squashed = tanh(now.c);
      Tensor dc = dh * now.o * one_minus_square(squashed) + dc_next;
      if (is("no slope of the memory")) {
        dc = dh * now.o + dc_next;
      } else if (is("slope of the memory at c")) {
        dc = dh * now.o * one_minus_square(now.c) + dc_next;
      } else if (is("output gate forgotten")) {
        dc = dh * one_minus_square(squashed) + dc_next;
      }
      const Tensor di = dc * (is("i for g") ? now.i : now.g) * slope_of_sigmoid(now.i);
      const Tensor df = dc * (is("memory of the same step") ? now.c : before.c) * slope_of_sigmoid(now.f);
      Tensor dg = dc * now.i * one_minus_square(now.g);
      if (is("sigmoid's slope for g")) {
        dg = dc * now.i * slope_of_sigmoid(now.g);
      } else if (is("no slope of g")) {
        dg = dc * now.i;
      }
      const Tensor outwards = dh * (is("c for tanh c") ? now.c : squashed);
      const Tensor dgate = is("no slope of o") ? outwards : outwards * slope_of_sigmoid(now.o);
      std::vector<Tensor> gates{di, df, dg, dgate};
      if (is("gates i f o g")) {
        gates = {di, df, dgate, dg};
      } else if (is("gates f i g o")) {
        gates = {df, di, dg, dgate};
      }
      const Tensor dz = concatenate(gates, -1);
      dW_ih.push_back(matmul(t(dz), step(x, k)));
      if (!(is("first step forgotten") && k == 1)) {
        dW_hh.push_back(matmul(t(dz), is("h of the same step") ? now.h : before.h));
      }
      db.push_back(sum(dz, 0));
      dh_next = matmul(dz, p.W_hh);
      dc_next = is("forget gate left out in the carry") ? dc : dc * now.f;
      if (is("memory not carried between steps")) {
        dc_next = zeros({5, 3}, float64);
      } else if (is("h not carried between steps")) {
        dh_next = zeros({5, 3}, float64);
      }
    }
    Tensor W_ih = sum_of(dW_ih);
    if (is("last written step of W_ih only")) {
      W_ih = dW_ih.back();
    }
    return std::vector<Tensor>{W_ih, sum_of(dW_hh), sum_of(db),
                               is("one of the biases forgotten") ? zeros({12}, float64) : sum_of(db)};
  };
  return example;
}

Example gru(std::uint64_t seed) {
  Draw draw{seed};
  Random random{seed};
  nn::GRU layer{2, 3, random, {.cell = {.dtype = float64}}};
  const Cells p = cells_of(layer, draw, 3);
  const Tensor x = draw.normal({5, 3, 2}).named("x");
  const Tensor y = draw.normal({5, 3, 3}).named("y");
  const Tensor h0 = draw.normal({1, 5, 3}).named("h0");
  Example example{"GRU", {{"W_ih", p.W_ih}, {"W_hh", p.W_hh}, {"b_ih", p.b_ih}, {"b_hh", p.b_hh}}, {}, {}};
  example.loss = [=] { return 0.5 * sum(square(layer.run(x, h0).output - y)); };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    struct Step {
      Tensor r, z, n, inner, h;
    };
    const std::size_t steps = 3;
    std::vector<Step> s{{{}, {}, {}, {}, reshape(h0, {5, 3})}};
    for (std::size_t k = 1; k <= steps; ++k) {
      const Tensor u = matmul(step(x, k), t(p.W_ih)) + p.b_ih.value();
      const Tensor v = matmul(s.back().h, t(p.W_hh)) + p.b_hh.value();
      Step now{sigmoid(part_of(u, 0, 3) + part_of(v, 0, 3)),
               sigmoid(part_of(u, 1, 3) + part_of(v, 1, 3)),
               {},
               part_of(v, 2, 3),
               {}};
      now.n = tanh(part_of(u, 2, 3) + now.r * now.inner);
      now.h = (1.0 - now.z) * now.n + now.z * s.back().h;
      s.push_back(now);
    }
    Tensor dh_next = zeros({5, 3}, float64);
    std::vector<Tensor> dW_ih;
    std::vector<Tensor> dW_hh;
    std::vector<Tensor> db_ih;
    std::vector<Tensor> db_hh;
    for (std::size_t k = steps; k > 0; --k) {
      const Step& now = s[k];
      const Step& before = s[k - 1];
      const Tensor dh = now.h - step(y, k) + dh_next;
      const Tensor share = is("z for 1 − z") ? now.z : 1.0 - now.z;
      const Tensor dn = is("no slope of n") ? dh * share : dh * share * one_minus_square(now.n);
      const Tensor apart = is("sign of the update gate") ? now.n - before.h : before.h - now.n;
      const Tensor dz = is("n left out for the update gate") ? dh * before.h * slope_of_sigmoid(now.z)
                                                             : dh * apart * slope_of_sigmoid(now.z);
      const Tensor dr = dn * now.inner * slope_of_sigmoid(now.r);
      const Tensor dinner = is("reset gate left out") ? dn : dn * now.r;
      Tensor du = concatenate({dr, dz, dn}, -1);
      Tensor dv = concatenate({dr, dz, dinner}, -1);
      if (is("gates z r n")) {
        du = concatenate({dz, dr, dn}, -1);
        dv = concatenate({dz, dr, dinner}, -1);
      }
      dW_ih.push_back(matmul(t(du), step(x, k)));
      dW_hh.push_back(matmul(t(dv), is("h of the same step") ? now.h : before.h));
      db_ih.push_back(sum(du, 0));
      db_hh.push_back(sum(is("reset gate left out for the bias") ? du : dv, 0));
      Tensor direct = dh * now.z;
      if (is("direct path forgotten")) {
        direct = zeros({5, 3}, float64);
      } else if (is("direct path with 1 − z")) {
        direct = dh * (1.0 - now.z);
      }
      dh_next = direct + matmul(dv, p.W_hh);
      if (is("gates' path forgotten")) {
        dh_next = direct;
      }
    }
    return std::vector<Tensor>{sum_of(dW_ih), sum_of(dW_hh), sum_of(db_ih), sum_of(db_hh)};
  };
  return example;
}

}  // namespace

const Family& recurrent_family() {
  static const Family family{
      "recurrence",
      {{elman,
        {{"first step forgotten", "zero in its place in δ_h1 (or, just the same, in δ_z1)"},
         {"last step forgotten for U", "the summand δ_z4ᵀ x4 left out in ∂Loss/∂U"},
         {"last step of V only", "only the summand δ_o4ᵀ h4 taken (the others not added up) in ∂Loss/∂V"},
         {"h of the step before for V", "h3 in place of h4 and so on, off by one in time, in ∂Loss/∂V"},
         {"not carried between steps", "the summand δ_z4 W left out in δ_h3, and likewise in δ_h2, δ_h1"},
         {"outputs before the last forgotten", "the summand δ_o3 V left out in δ_h3, and likewise in δ_h2, δ_h1"},
         {"no slope in any step", "the factor tanh′(z4) left out in δ_z4, and likewise in δ_z3, δ_z2, δ_z1"},
         {"slope at the activation in every step",
          "tanh′(h4) in place of tanh′(z4): the derivative taken at the activation in δ_z4, and likewise in δ_z3, "
          "δ_z2, δ_z1"},
         {"activation for slope in every step", "h4 in place of tanh′(z4) in δ_z4, and likewise in δ_z3, δ_z2, δ_z1"},
         {"slope of the step before", "tanh′(z3) in place of tanh′(z4) in δ_z4, and likewise in δ_z3, δ_z2, δ_z1"},
         {"W not transposed in any step", "Wᵀ in place of W in δ_h3, and likewise in δ_h2, δ_h1"},
         {"h of the same step", "h4 in place of h3 and so on, off by one in time, in ∂Loss/∂W"},
         {"h of two steps before", "h2 in place of h3 and so on, off by one in time, in ∂Loss/∂W"},
         {"x of the step before", "x3 in place of x4 and so on, off by one in time, in ∂Loss/∂U"},
         {"x of the step after", "x4 in place of x3 and so on, off by one in time, in ∂Loss/∂U"},
         {"x in reverse order", "x1 in place of x4 and so on, in the reverse order of time, in ∂Loss/∂U"},
         {"last written step of W only", "only the summand δ_z1ᵀ h0 taken (the others not added up) in ∂Loss/∂W"},
         {"mean over the steps", "a factor 1/4 too much in ∂Loss/∂W"},
         {"bias of the last step only", "only the summand Σ₀ δ_z4 taken (the others not added up) in ∂Loss/∂b"}}},
       {elman_last,
        {{"not carried between steps", "zero in its place in δ_h3"},
         {"carried over one step only", "zero in its place in δ_h2"},
         {"h of the same step", "h4 in place of h3 and so on, off by one in time, in ∂Loss/∂W"},
         {"x of the step before", "x[:, 0, :] in place of x[:, 1, :] and so on, off by one in time, in ∂Loss/∂U"},
         {"no slope in any step", "the factor tanh′(z4) left out in δ_z4, and likewise in δ_z3, δ_z2, δ_z1"}}},
       {[](std::uint64_t seed) { return elman_layer(seed, false); },
        {{"not carried between steps", "left out in δ_h³, and likewise in δ_h², δ_h¹"},
         {"no slope in any step", "the factor tanh′(z⁴) left out in δ_z⁴, and likewise in δ_z³, δ_z², δ_z¹"},
         {"W not transposed in any step", "Wᵀ in place of W in δ_h³, and likewise in δ_h², δ_h¹"},
         {"h of the same step", "h⁴ in place of h³ and so on, off by one in time, in ∂Loss/∂W"},
         {"last step of W only", "taken (the others not added up) in ∂Loss/∂W"}}},
       {[](std::uint64_t seed) { return elman_layer(seed, true); },
        {{"not carried between steps", "left out in δ_h³, and likewise in δ_h², δ_h¹"},
         {"no slope in any step", "the factor tanh′(z⁴) left out in δ_z⁴, and likewise in δ_z³, δ_z², δ_z¹"},
         {"W not transposed in any step", "Wᵀ in place of W in δ_h³, and likewise in δ_h², δ_h¹"},
         {"h of the same step", "h⁴ in place of h³ and so on, off by one in time, in ∂Loss/∂W"},
         {"last step of W only", "taken (the others not added up) in ∂Loss/∂W"}}},
       {filter,
        {{"first step forgotten", "the summand δ_c¹ ⊙ c0 left out in ∂Loss/∂a"},
         {"c of the same step", "c⁵ in place of c⁴ and so on, off by one in time, in ∂Loss/∂a"},
         {"a forgotten in the carry", "the factor a left out in δ_c⁴, and likewise in δ_c³, δ_c², δ_c¹"},
         {"not carried between steps", "left out in δ_c⁴, and likewise in δ_c³, δ_c², δ_c¹"},
         {"last written step only", "taken (the others not added up) in ∂Loss/∂a"}}},
       {[](std::uint64_t seed) { return lstm(seed, false); },
        {{"no slope of the memory", "the factor tanh′(c³) left out in δ_c³, and likewise in δ_c², δ_c¹"},
         {"slope of the memory at c", "1 − (c³)² in place of tanh′(c³) in δ_c³, and likewise in δ_c², δ_c¹"},
         {"output gate forgotten", "the factor o³ left out in δ_c³, and likewise in δ_c², δ_c¹"},
         {"i for g", "i³ in place of g³ in δ_i³, and likewise in δ_i², δ_i¹"},
         {"memory of the same step", "c³ in place of c² in δ_f³, and likewise in δ_f², δ_f¹"},
         {"sigmoid's slope for g", "g³ ⊙ (1 − g³) in place of tanh′("},
         {"no slope of g", "the factor tanh′("},
         {"c for tanh c", "c³ in place of tanh(c³) in δ_o³, and likewise in δ_o², δ_o¹"},
         {"no slope of o", "the factor σ′("},
         {"gates i f o g", "the parts [:, 6:9] and [:, 9:12] exchanged"},
         {"gates f i g o", "the parts [:, 0:3] and [:, 3:6] exchanged"},
         {"first step forgotten", "h0 left out in ∂Loss/∂W_hh"},
         {"h of the same step", "h³ in place of h² and so on, off by one in time, in ∂Loss/∂W_hh"},
         {"forget gate left out in the carry", "the factor f³ left out in δ_c², and likewise in δ_c¹"},
         {"memory not carried between steps", "the summand δ_c³ ⊙ f³ left out in δ_c², and likewise in δ_c¹"},
         {"h not carried between steps", "left out in δ_h², and likewise in δ_h¹"},
         {"one of the biases forgotten", "zero in its place in ∂Loss/∂b_hh"},
         {"last written step of W_ih only", "taken (the others not added up) in δ_p as ∂Loss/∂W_ih uses it"}}},
       {[](std::uint64_t seed) { return lstm(seed, true); },
        {{"no slope of the memory", "the factor tanh′(c³) left out in δ_c³, and likewise in δ_c², δ_c¹"},
         {"gates i f o g", "the parts [:, 6:9] and [:, 9:12] exchanged"},
         {"h of the same step", "h³ in place of h² and so on, off by one in time, in ∂Loss/∂W_hh"},
         {"forget gate left out in the carry", "the factor f³ left out in δ_c², and likewise in δ_c¹"},
         {"memory not carried between steps", "the summand δ_c³ ⊙ f³ left out in δ_c², and likewise in δ_c¹"},
         {"one of the biases forgotten", "zero in its place in ∂Loss/∂b_hh"}}},
       {gru,
        {{"z for 1 − z", "z³ in place of 1 − z³ in δ_n³, and likewise in δ_n², δ_n¹"},
         {"no slope of n", "the factor tanh′("},
         {"sign of the update gate", "the sign flipped in δ_z³, and likewise in δ_z², δ_z¹"},
         {"n left out for the update gate", "the summand δ_h³ ⊙ n³ left out in δ_z³, and likewise in δ_z², δ_z¹"},
         {"reset gate left out", "the factor r³"},
         {"gates z r n", "the parts [:, 0:3] and [:, 3:6] exchanged"},
         {"h of the same step", "h³ in place of h² and so on, off by one in time, in ∂Loss/∂W_hh"},
         {"reset gate left out for the bias", "the factor r³"},
         {"direct path forgotten", "the summand δ_h³ ⊙ z³ left out in δ_h², and likewise in δ_h¹"},
         {"direct path with 1 − z", "1 − z³ in place of z³ in δ_h², and likewise in δ_h¹"},
         {"gates' path forgotten", "left out in δ_h², and likewise in δ_h¹"}}}}};
  return family;
}

}  // namespace xgrad::test
