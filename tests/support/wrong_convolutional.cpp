// Networks of convolutions.
#include "support/plain_taps.hpp"
#include "support/wrong_layers.hpp"

namespace xgrad::test {

namespace {

// (C) beside (N, C, H, W) or (N, C, L).
Tensor per_channel(const Tensor& b, std::size_t spatial) {
  std::vector<std::int64_t> lengths(spatial + 1, 1);
  lengths[0] = b.dim(0);
  return reshape(b, Shape{lengths});
}

}  // namespace

// As many samples as channels, so that these can be exchanged.
Example convolutions(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter W1 = draw.parameter({4, 2, 3, 3}, "W");
  const Parameter b1 = draw.parameter({4}, "b");
  const Parameter W2 = draw.parameter({4, 4, 3, 3}, "W");
  const Parameter b2 = draw.parameter({4}, "b");
  const Tensor x = draw.normal({4, 2, 7, 6}).named("x");
  const Tensor y = draw.normal({4, 4, 4, 3}).named("y");
  const nn::Conv2d first{W1, b1, {.padding = 1}};
  const nn::Conv2d second{W2, b2, {.stride = 2, .padding = 1}};
  Example example{"convolutions", {{"W1", W1}, {"b1", b1}, {"W2", W2}, {"b2", b2}}, {}, {}};
  example.loss = [=] { return half_of_squares(second(tanh(first(x))) - y); };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Taps one{.stride = {1, 1}, .before = {1, 1}};
    const Taps two{.stride = {2, 2}, .before = {1, 1}};
    const Shape hidden{4, 4, 7, 6};
    const Tensor& w = W2.value();
    const Tensor z1 = one.output(x, W1.value(), hidden) + per_channel(b1, 2);
    const Tensor a = tanh(z1);
    const Tensor z2 = two.output(a, w, y.shape()) + per_channel(b2, 2);
    const Tensor d2 = z2 - y;
    Tensor da = two.input(d2, w, hidden);
    if (is("kernel not flipped")) {
      da = two.input(d2, flip(w, {2, 3}), hidden);
    } else if (is("stride 1")) {
      da = Taps{.stride = {1, 1}, .before = {1, 1}}.input(d2, w, hidden);
    } else if (is("stride 3")) {
      da = Taps{.stride = {3, 3}, .before = {1, 1}}.input(d2, w, hidden);
    } else if (is("no padding")) {
      da = Taps{.stride = {2, 2}, .before = {0, 0}}.input(d2, w, hidden);
    } else if (is("padding 2")) {
      da = Taps{.stride = {2, 2}, .before = {2, 2}}.input(d2, w, hidden);
    } else if (is("in- and output channels exchanged")) {
      da = two.input(d2, permute(w, {1, 0, 2, 3}), hidden);
    } else if (is("rows and columns of the kernel exchanged")) {
      da = two.input(d2, transpose(w), hidden);
    } else if (is("windows overwritten")) {
      da = two.overwritten_input(d2, w, hidden);
    } else if (is("last row of the kernel forgotten")) {
      da = two.input(d2, concatenate({slice(w, {0, 2}, 2), zeros({4, 4, 1, 3}, float64)}, 2), hidden);
    } else if (is("not passed on")) {
      da = zeros_like(da);
    }
    Tensor d1 = da * (1.0 - square(a));
    if (is("no slope")) {
      d1 = da;
    } else if (is("slope at the activation")) {
      d1 = da * (1.0 - square(tanh(a)));
    }
    Tensor dW1 = one.weight(x, d1, W1.shape());
    Tensor db1 = sum(d1, {0, 2, 3});
    Tensor dW2 = two.weight(a, d2, w.shape());
    Tensor db2 = sum(d2, {0, 2, 3});
    if (is("kernel flipped twice")) {
      dW2 = flip(dW2, {2, 3});
    } else if (is("stride forgotten for the weight")) {
      dW2 = Taps{.stride = {1, 1}, .before = {1, 1}}.weight(a, d2, w.shape());
    } else if (is("padding forgotten for the weight")) {
      dW1 = Taps{.stride = {1, 1}, .before = {0, 0}}.weight(x, d1, W1.shape());
    } else if (is("z for a")) {
      dW2 = two.weight(z1, d2, w.shape());
    } else if (is("batch and channels exchanged")) {
      dW2 = two.weight(permute(a, {1, 0, 2, 3}), d2, w.shape());
    } else if (is("weight of the last sample")) {
      dW1 = one.weight(slice(x, {3, 4}, 0), slice(d1, {3, 4}, 0), W1.shape());
    } else if (is("mean over samples for the weight")) {
      dW2 = dW2 / 4.0;
    } else if (is("bias as a mean")) {
      db1 = mean(d1, {0, 2, 3});
    } else if (is("bias over the channels")) {
      db2 = sum(d2, {1, 2, 3});
    } else if (is("bias of the last sample")) {
      db2 = sum(slice(d2, {3, 4}, 0), {0, 2, 3});
    } else if (is("channels of the weight's gradient exchanged")) {
      dW2 = permute(dW2, {1, 0, 2, 3});
    }
    return std::vector<Tensor>{dW1, db1, dW2, db2};
  };
  return example;
}

// One axis: pointwise, then two groups with gaps between the taps.
Example grouped_convolution(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter W1 = draw.parameter({4, 3, 1}, "W");
  const Parameter b1 = draw.parameter({4}, "b");
  const Parameter W2 = draw.parameter({6, 2, 3}, "W");
  const Tensor x = draw.normal({3, 3, 11}).named("x");
  const Tensor y = draw.normal({3, 6, 11}).named("y");
  const nn::Conv1d first{W1, b1, {}};
  const nn::Conv1d second{W2, Parameter{}, {.padding = 2, .dilation = 2, .groups = 2}};
  Example example{"grouped convolution", {{"W1", W1}, {"b1", b1}, {"W2", W2}}, {}, {}};
  example.loss = [=] { return half_of_squares(second(sigmoid(first(x))) - y); };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Taps one{.stride = {1}, .before = {0}, .dilation = {1}};
    const Taps two{.stride = {1}, .before = {2}, .dilation = {2}, .groups = 2};
    const Shape hidden{3, 4, 11};
    const Tensor& w = W2.value();
    const Tensor a = sigmoid(one.output(x, W1.value(), hidden) + per_channel(b1, 1));
    const Tensor d2 = two.output(a, w, y.shape()) - y;
    Taps back = two;
    Taps of_weight = two;
    if (is("dilation forgotten")) {
      back.dilation = {1};
    } else if (is("dilation forgotten for the weight")) {
      of_weight.dilation = {1};
    } else if (is("groups dealt out in turn")) {
      back.grouping = Grouping::dealt;
    } else if (is("groups dealt out in turn for the weight")) {
      of_weight.grouping = Grouping::dealt;
    } else if (is("first group's channels for all")) {
      of_weight.grouping = Grouping::first;
    } else if (is("padding off by one")) {
      back.before = {1};
    }
    Tensor da = back.input(d2, w, hidden);
    if (is("kernel not flipped")) {
      da = two.input(d2, flip(w, {2}), hidden);
    }
    const Tensor d1 = da * a * (1.0 - a);
    return std::vector<Tensor>{one.weight(x, d1, W1.shape()), sum(d1, {0, 2}), of_weight.weight(a, d2, w.shape())};
  };
  return example;
}

// A convolution, and a transposed one that makes the result longer.
Example transposed_convolution(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter W1 = draw.parameter({4, 2, 3}, "W");
  const Parameter b1 = draw.parameter({4}, "b");
  const Parameter W2 = draw.parameter({4, 4, 3}, "W");
  const Parameter b2 = draw.parameter({4}, "b");
  const Tensor x = draw.normal({3, 2, 7}).named("x");
  const Tensor y = draw.normal({3, 4, 10}).named("y");
  const nn::Conv1d first{W1, b1, {}};
  const nn::ConvTranspose1d second{W2, b2, {.stride = 2, .padding = 1, .output_padding = 1}};
  Example example{"transposed convolution", {{"W1", W1}, {"b1", b1}, {"W2", W2}, {"b2", b2}}, {}, {}};
  example.loss = [=] { return half_of_squares(second(tanh(first(x))) - y); };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Taps one{.stride = {1}, .before = {0}};
    const Taps two{.stride = {2}, .before = {1}};
    const Shape hidden{3, 4, 5};
    const Tensor& w = W2.value();
    const Tensor a = tanh(one.output(x, W1.value(), hidden) + per_channel(b1, 1));
    const Tensor d2 = two.input(a, w, y.shape()) + per_channel(b2, 1) - y;
    Tensor da = two.output(d2, w, hidden);
    if (is("kernel flipped")) {
      da = two.output(d2, flip(w, {2}), hidden);
    } else if (is("stride 1")) {
      da = Taps{.stride = {1}, .before = {1}}.output(d2, w, hidden);
    } else if (is("no padding")) {
      da = Taps{.stride = {2}, .before = {0}}.output(d2, w, hidden);
    } else if (is("in- and output channels exchanged")) {
      da = two.output(d2, permute(w, {1, 0, 2}), hidden);
    }
    const Tensor d1 = da * (1.0 - square(a));
    Tensor dW2 = two.weight(d2, a, w.shape());
    if (is("stride forgotten for the weight")) {
      dW2 = Taps{.stride = {1}, .before = {1}}.weight(d2, a, w.shape());
    } else if (is("weight flipped")) {
      dW2 = flip(dW2, {2});
    } else if (is("weight as a convolution's")) {
      dW2 = permute(dW2, {1, 0, 2});
    }
    return std::vector<Tensor>{one.weight(x, d1, W1.shape()), sum(d1, {0, 2}), dW2, sum(d2, {0, 2})};
  };
  return example;
}

// Elements before the first and behind the last one are those next to it, mirrored.
Example reflected_convolution(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter W1 = draw.parameter({2, 2, 3}, "W");
  const Parameter W2 = draw.parameter({3, 2, 3}, "W");
  const Tensor x = draw.normal({3, 2, 9}).named("x");
  const Tensor y = draw.normal({3, 3, 7}).named("y");
  const nn::Conv1d first{W1, Parameter{}, {}};
  const nn::Conv1d second{W2, Parameter{}, {.padding = 1, .mode = PaddingMode::reflect}};
  Example example{"reflected convolution", {{"W1", W1}, {"W2", W2}}, {}, {}};
  example.loss = [=] { return half_of_squares(second(tanh(first(x))) - y); };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Taps plain{.stride = {1}, .before = {0}};
    const Tensor a = tanh(plain.output(x, W1.value(), {3, 2, 7}));
    const auto part = [](const Tensor& of, std::int64_t from, std::int64_t to) { return slice(of, {from, to}, 2); };
    const Tensor padded = concatenate({part(a, 1, 2), a, part(a, 5, 6)}, 2);
    const Tensor d2 = plain.output(padded, W2.value(), y.shape()) - y;
    const Tensor dp = plain.input(d2, W2.value(), padded.shape());
    const Tensor nothing = zeros({3, 2, 1}, float64);
    // Of the padded row r a₀ a₁ … a₅ a₆ s with r = a₁ and s = a₅.
    Tensor da =
        part(dp, 1, 8) + concatenate({nothing, part(dp, 0, 1), zeros({3, 2, 3}, float64), part(dp, 8, 9), nothing}, 2);
    if (is("reflected elements' share forgotten")) {
      da = part(dp, 1, 8);
    } else if (is("added to the edge, as a replicated one's")) {
      da = part(dp, 1, 8) + concatenate({part(dp, 0, 1), zeros({3, 2, 5}, float64), part(dp, 8, 9)}, 2);
    }
    const Tensor d1 = da * (1.0 - square(a));
    Tensor dW2 = plain.weight(padded, d2, W2.shape());
    if (is("zeros for the reflected elements")) {
      dW2 = plain.weight(concatenate({nothing, a, nothing}, 2), d2, W2.shape());
    }
    return std::vector<Tensor>{plain.weight(x, d1, W1.shape()), dW2};
  };
  return example;
}

}  // namespace xgrad::test
