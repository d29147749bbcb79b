// Tables whose rows are looked up: indices repeat, and one stands for padding.
#include <vector>

#include "support/values.hpp"
#include "support/wrong_layers.hpp"

namespace xgrad::test {

namespace {

constexpr std::int64_t rows = 6;
constexpr std::int64_t width = 4;
constexpr std::int64_t length = 3;

using Indices = std::vector<std::int64_t>;

// Each row but the last one occurs, the first ones more than once.
Indices drawn_indices(Draw& draw) {
  Indices result{0, 1, 2, 3, 4, 0, 1};
  while (result.size() < static_cast<std::size_t>(batch * length)) {
    result.push_back(draw.integer(5));
  }
  return result;
}

// d (N, L, width) to the rows of a table; `add` says how.
Tensor to_rows(const Indices& indices, const Tensor& d, const std::function<double(double, double)>& add,
               std::int64_t padding = -1, std::int64_t shift = 0) {
  const Values from = to_values(reshape(d, {batch * length, width}));
  Values table = build({rows, width}, [](const Position&) { return 0.0; });
  for_each_position(from.shape, [&](const Position& at) {
    const std::int64_t row = indices[static_cast<std::size_t>(at[0])];
    if (row != padding) {
      double& to = table({(row + shift) % rows, at[1]});
      to = add(to, from(at));
    }
  });
  return to_tensor(table);
}

double added(double a, double b) {
  return a + b;
}

double replaced(double /*a*/, double b) {
  return b;
}

Tensor occurrences(const Indices& indices) {
  std::vector<double> count(rows, 0);
  for (const std::int64_t index : indices) {
    count[static_cast<std::size_t>(index)] += 1;
  }
  for (double& each : count) {
    each = each == 0 ? 1 : each;
  }
  return from_vector(count, {rows, 1});
}

}  // namespace

// Rows side by side, a dense layer behind them.
Example embedding(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter E = draw.parameter({rows, width}, "E");
  const Parameter W = draw.parameter({5, length * width}, "W");
  const Indices drawn = drawn_indices(draw);
  const Tensor indices = from_vector(drawn, {batch, length}).named("indices");
  const Tensor y = draw.normal({batch, 5}).named("y");
  const nn::Embedding layer{E, 0};
  Example example{"embedding", {{"E", E}, {"W", W}}, {}, {}};
  example.loss = [=] {
    const Tensor e = reshape(layer(indices), {batch, length * width}).named("e");
    return half_of_squares(matmul(tanh(e).named("a"), t(W)) - y);
  };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor e = reshape(take(E.value(), indices, 0), {batch, length * width});
    const Tensor a = tanh(e);
    const Tensor d = matmul(a, t(W)) - y;
    const Tensor de = matmul(d, W.value()) * (1.0 - square(a));
    Tensor dE = to_rows(drawn, de, added, 0);
    if (is("repeated indices overwritten")) {
      dE = to_rows(drawn, de, replaced, 0);
    } else if (is("padding's row not left out")) {
      dE = to_rows(drawn, de, added);
    } else if (is("divided by how often an index occurs")) {
      dE = dE / occurrences(drawn);
    } else if (is("index off by one")) {
      dE = to_rows(drawn, de, added, 0, 1);
    } else if (is("no slope")) {
      dE = to_rows(drawn, matmul(d, W.value()), added, 0);
    }
    return std::vector<Tensor>{dE, matmul(t(d), a)};
  };
  return example;
}

Example embedding_bag(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter E = draw.parameter({rows, width}, "E");
  const Parameter W = draw.parameter({5, width}, "W");
  const Indices drawn = drawn_indices(draw);
  const Tensor indices = from_vector(drawn, {batch, length}).named("indices");
  const Tensor y = draw.normal({batch, 5}).named("y");
  const nn::EmbeddingBag layer{E, nn::BagMode::mean};
  Example example{"embedding bag", {{"E", E}, {"W", W}}, {}, {}};
  example.loss = [=] { return half_of_squares(matmul(tanh(layer(indices).named("u")).named("a"), t(W)) - y); };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Tensor u = mean(take(E.value(), indices, 0), 1);
    const Tensor a = tanh(u);
    const Tensor d = matmul(a, t(W)) - y;
    const Tensor du = matmul(d, W.value()) * (1.0 - square(a));
    const Tensor each = broadcast_to(expand_dims(du, 1), {batch, length, width});
    Tensor dE = to_rows(drawn, each / 3.0, added);
    if (is("sum in place of the mean")) {
      dE = to_rows(drawn, each, added);
    } else if (is("repeated indices overwritten")) {
      dE = to_rows(drawn, each / 3.0, replaced);
    }
    return std::vector<Tensor>{dE, is("u for a") ? matmul(t(d), u) : matmul(t(d), a)};
  };
  return example;
}

}  // namespace xgrad::test
