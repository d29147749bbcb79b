// Networks with pools, and with results on finer grids.
#include <algorithm>

#include "support/plain_taps.hpp"
#include "support/wrong_layers.hpp"

namespace xgrad::test {

namespace {

using Window = std::vector<Position>;

Window all_of_window(const Values& /*x*/, const Window& window) {
  return window;
}

Window first_of_window(const Values& /*x*/, const Window& window) {
  return {window.front()};
}

Window largest_of_window(const Values& x, const Window& window) {
  return {*std::max_element(window.begin(), window.end(),
                            [&](const Position& a, const Position& b) { return x(a) < x(b); })};
}

Window smallest_of_window(const Values& x, const Window& window) {
  return {*std::min_element(window.begin(), window.end(),
                            [&](const Position& a, const Position& b) { return x(a) < x(b); })};
}

double whole(std::size_t /*count*/) {
  return 1;
}

double part(std::size_t count) {
  return 1 / static_cast<double>(count);
}

// A convolution with padding 1, an activation, and pools behind it.
struct Pooled {
  Parameter W;
  Parameter b;
  Tensor x;
  Tensor y;
  Taps taps{.stride = {1, 1}, .before = {1, 1}};

  Pooled(Draw& draw, const Shape& of_y)
      : W{draw.parameter({3, 2, 3, 3}, "W")},
        b{draw.parameter({3}, "b")},
        x{draw.normal({5, 2, 8, 6}).named("x")},
        y{draw.normal(of_y).named("y")} {}

  [[nodiscard]] nn::Conv2d layer() const { return nn::Conv2d{W, b, {.padding = 1}}; }
  [[nodiscard]] Tensor z() const { return taps.output(x, W.value(), {5, 3, 8, 6}) + reshape(b.value(), {3, 1, 1}); }
  [[nodiscard]] std::vector<Tensor> gradients(const Tensor& dz) const {
    return {taps.weight(x, dz, W.shape()), sum(dz, {0, 2, 3})};
  }
};

}  // namespace

Example max_pooling(std::uint64_t seed) {
  Draw draw{seed};
  const Pooled net{draw, {5, 3, 4, 3}};
  Example example{"max pool", {{"W", net.W}, {"b", net.b}}, {}, {}};
  example.loss = [=] { return half_of_squares(nn::MaxPool2d{2}(tanh(net.layer()(net.x))) - net.y); };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Pools pools;
    const Tensor z = net.z();
    const Tensor a = tanh(z);
    const Tensor dp = pools.largest(a) - net.y;
    Tensor da = pools.spread(dp, a, largest_of_window, whole);
    if (is("all elements of a window")) {
      da = pools.spread(dp, a, all_of_window, whole);
    } else if (is("shared out as a mean's")) {
      da = pools.spread(dp, a, all_of_window, part);
    } else if (is("first element of a window")) {
      da = pools.spread(dp, a, first_of_window, whole);
    } else if (is("smallest element of a window")) {
      da = pools.spread(dp, a, smallest_of_window, whole);
    }
    return net.gradients(is("no slope") ? da : da * (1.0 - square(a)));
  };
  return example;
}

Example overlapping_max_pooling(std::uint64_t seed) {
  Draw draw{seed};
  const Pooled net{draw, {5, 3, 4, 3}};
  Example example{"overlapping max pool", {{"W", net.W}, {"b", net.b}}, {}, {}};
  const nn::MaxPool2d layer{{.kernel = {3}, .stride = {2}, .padding = {1}}};
  example.loss = [=] { return half_of_squares(layer(relu(net.layer()(net.x))) - net.y); };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Pools pools{3, 2, 1};
    const Tensor z = net.z();
    const Tensor a = relu(z);
    const Tensor dp = pools.largest(a) - net.y;
    Tensor da = pools.spread(dp, a, largest_of_window, whole);
    if (is("windows overwritten")) {
      da = pools.spread(dp, a, largest_of_window, whole, true);
    } else if (is("all elements of a window")) {
      da = pools.spread(dp, a, all_of_window, whole);
    }
    return net.gradients(da * cast(z > 0.0, float64));
  };
  return example;
}

Example average_pooling(std::uint64_t seed) {
  Draw draw{seed};
  const Pooled net{draw, {5, 3, 4, 3}};
  Example example{"average pool", {{"W", net.W}, {"b", net.b}}, {}, {}};
  const nn::AvgPool2d layer{{.kernel = {3}, .stride = {2}, .padding = {1}}};
  example.loss = [=] { return half_of_squares(layer(tanh(net.layer()(net.x))) - net.y); };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Pools pools{3, 2, 1};
    const Tensor a = tanh(net.z());
    const Tensor dp = pools.mean(a) - net.y;
    const auto ninth = [](std::size_t /*count*/) { return 1.0 / 9; };
    Tensor da = pools.spread(dp, a, all_of_window, ninth);
    if (is("not divided")) {
      da = pools.spread(dp, a, all_of_window, whole);
    } else if (is("padding not counted")) {
      da = pools.spread(dp, a, all_of_window, part);
    } else if (is("windows overwritten")) {
      da = pools.spread(dp, a, all_of_window, ninth, true);
    } else if (is("stride 3")) {
      da = Pools{3, 3, 1}.spread(dp, a, all_of_window, ninth);
    }
    return net.gradients(da * (1.0 - square(a)));
  };
  return example;
}

Example upsampling(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter W1 = draw.parameter({2, 2, 3}, "W");
  const Parameter W2 = draw.parameter({3, 2, 3}, "W");
  const Tensor x = draw.normal({5, 2, 6}).named("x");
  const Tensor y = draw.normal({5, 3, 10}).named("y");
  const nn::Conv1d first{W1, Parameter{}, {}};
  const nn::Conv1d second{W2, Parameter{}, {}};
  Example example{"upsampling", {{"W1", W1}, {"W2", W2}}, {}, {}};
  example.loss = [=] { return half_of_squares(second(upsample(tanh(first(x)), {.scale = {3}})) - y); };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Taps plain{.stride = {1}, .before = {0}};
    const Tensor a = tanh(plain.output(x, W1.value(), {5, 2, 4}));
    const Tensor u = reshape(broadcast_to(expand_dims(a, 3), {5, 2, 4, 3}), {5, 2, 12});
    const Tensor d2 = plain.output(u, W2.value(), y.shape()) - y;
    const Tensor du = reshape(plain.input(d2, W2.value(), u.shape()), {5, 2, 4, 3});
    Tensor da = sum(du, 3);
    if (is("first of the repeated elements")) {
      da = reshape(slice(du, {0, 1}, 3), {5, 2, 4});
    } else if (is("mean of the repeated elements")) {
      da = mean(du, 3);
    } else if (is("not passed on")) {
      da = zeros_like(da);
    }
    const Tensor d1 = da * (1.0 - square(a));
    return std::vector<Tensor>{plain.weight(x, d1, W1.shape()), plain.weight(u, d2, W2.shape())};
  };
  return example;
}

Example pixel_shuffling(std::uint64_t seed) {
  Draw draw{seed};
  const Parameter W = draw.parameter({8, 3, 3, 3}, "W");
  const Parameter b = draw.parameter({8}, "b");
  const Tensor x = draw.normal({5, 3, 4, 3}).named("x");
  const Tensor y = draw.normal({5, 2, 8, 6}).named("y");
  const nn::Conv2d layer{W, b, {.padding = 1}};
  Example example{"pixel shuffle", {{"W", W}, {"b", b}}, {}, {}};
  example.loss = [=] { return half_of_squares(pixel_shuffle(layer(x), 2) - y); };
  example.by_hand = [=](const std::string& mistake) {
    const auto is = [&mistake](const char* name) { return mistake == name; };
    const Taps taps{.stride = {1, 1}, .before = {1, 1}};
    const Tensor z = taps.output(x, W.value(), {5, 8, 4, 3}) + reshape(b.value(), {8, 1, 1});
    // Channel 4 c + 2 i + j is pixel (2 h + i, 2 w + j) of channel c.
    const Tensor u = reshape(permute(reshape(z, {5, 2, 2, 2, 4, 3}), {0, 1, 4, 2, 5, 3}), y.shape());
    const Tensor d = reshape(u - y, {5, 2, 4, 2, 3, 2});
    Tensor dz = permute(d, {0, 1, 3, 5, 2, 4});
    if (is("rows and columns of a channel's pixels exchanged")) {
      dz = permute(d, {0, 1, 5, 3, 2, 4});
    } else if (is("channels behind the pixels, as TensorFlow has them")) {
      dz = permute(d, {0, 3, 5, 1, 2, 4});
    }
    dz = reshape(dz, {5, 8, 4, 3});
    return std::vector<Tensor>{taps.weight(x, dz, W.shape()), sum(dz, {0, 2, 3})};
  };
  return example;
}

}  // namespace xgrad::test
