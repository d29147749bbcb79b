// Convolutional networks: LeNet, a residual net, a MobileNet block, U-Nets, a variational autoencoder.
#include "models/golden_model.hpp"

namespace xg = xgrad;
namespace nn = xgrad::nn;
using golden_model::check;
using golden_model::Result;
using xg::float64;
using xg::Tensor;

namespace {

const nn::DenseOptions in_float64{.dtype = float64};

nn::Conv2d conv(std::int64_t in, std::int64_t out, std::int64_t kernel, xg::Random& random,
                nn::ConvLayerOptions options = {}) {
  options.dtype = float64;
  return {in, out, {kernel, kernel}, random, options};
}

nn::BatchNorm2d norm(std::int64_t channels) {
  return nn::BatchNorm2d{channels, {.dtype = float64}};
}

struct LeNet {
  nn::Conv2d conv1, conv2;
  nn::Dense dense1, dense2, dense3;

  explicit LeNet(xg::Random& random)
      : conv1{conv(1, 6, 5, random, {.padding = 2})},
        conv2{conv(6, 16, 5, random)},
        dense1{400, 120, random, in_float64},
        dense2{120, 84, random, in_float64},
        dense3{84, 10, random, in_float64} {}
  static constexpr std::array<std::string_view, 5> field_names{"conv1", "conv2", "dense1", "dense2", "dense3"};

  Tensor operator()(const Tensor& x) const {
    const Tensor h = avg_pool(tanh(conv1(x)), {.kernel = {2, 2}});
    const Tensor flat = nn::Flatten{}(max_pool(relu(conv2(h)), {.kernel = {2, 2}}));
    return dense3(relu(dense2(relu(dense1(flat)))));
  }
};

struct ResidualBlock {
  nn::Conv2d conv1;
  nn::BatchNorm2d norm1;
  nn::Conv2d conv2;
  nn::BatchNorm2d norm2;
  std::optional<nn::Conv2d> conv3;
  std::optional<nn::BatchNorm2d> norm3;

  ResidualBlock(std::int64_t in, std::int64_t out, std::int64_t stride, xg::Random& random)
      : conv1{conv(in, out, 3, random, {.stride = stride, .padding = 1, .use_bias = false})},
        norm1{norm(out)},
        conv2{conv(out, out, 3, random, {.padding = 1, .use_bias = false})},
        norm2{norm(out)} {
    if (stride != 1 || in != out) {
      conv3 = conv(in, out, 1, random, {.stride = stride, .use_bias = false});
      norm3 = norm(out);
    }
  }
  static constexpr std::array<std::string_view, 6> field_names{"conv1", "norm1", "conv2", "norm2", "conv3", "norm3"};

  Tensor operator()(const Tensor& x) const {
    const Tensor y = norm2(conv2(relu(norm1(conv1(x)))));
    return relu(y + (conv3 ? (*norm3)((*conv3)(x)) : x));
  }
};

struct ResNet {
  nn::Conv2d stem;
  nn::BatchNorm2d norm;
  ResidualBlock block1, block2;
  nn::Dense last;

  Tensor operator()(const Tensor& x) const {
    const Tensor h = max_pool(relu(norm(stem(x))), {.kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}});
    return last(nn::Flatten{}(adaptive_avg_pool(block2(block1(h)), {1, 1})));
  }
};

struct MobileNet {
  nn::Conv2d expand, depthwise, pointwise, squeeze, excite;
  nn::Dense last;

  Tensor operator()(const Tensor& x) const {
    const Tensor h = silu(pointwise(relu6(depthwise(hardswish(expand(x))))));
    const Tensor gate = sigmoid(excite(silu(squeeze(global_avg_pool(h, 2, true)))));
    return last(global_avg_pool(h * gate));
  }
};

struct UNet {
  nn::Conv2d down1;
  nn::BatchNorm2d norm1;
  nn::Conv2d down2;
  nn::BatchNorm2d norm2;
  nn::ConvTranspose2d up;
  nn::Conv2d up1;
  nn::BatchNorm2d norm3;
  nn::Conv2d last;

  Tensor operator()(const Tensor& x) const {
    const Tensor a = relu(norm1(down1(x)));
    const Tensor b = relu(norm2(down2(max_pool(a, {.kernel = {2, 2}}))));
    return last(relu(norm3(up1(xg::concatenate({a, up(b)}, 1)))));
  }
};

struct VAE {
  nn::Conv2d conv1, conv2;
  nn::Dense mean, log_variance, dense;
  nn::ConvTranspose2d up1, up2;

  struct Output {
    Tensor image, mean, log_variance;
  };
  Output operator()(const Tensor& x, const Tensor& noise) const {
    const Tensor h = nn::Flatten{}(elu(conv2(leaky_relu(conv1(x), 0.2))));
    const Tensor m = mean(h);
    const Tensor v = log_variance(h);
    const Tensor z = m + exp(0.5 * v) * noise;
    return {up2(relu(up1(reshape(dense(z), {-1, 16, 7, 7})))), m, v};
  }
};

struct DiffusionBlock {
  nn::GroupNorm norm1;
  nn::Conv2d conv1;
  nn::Dense time;
  nn::GroupNorm norm2;
  nn::Conv2d conv2;
  std::optional<nn::Conv2d> skip;

  DiffusionBlock(std::int64_t in, std::int64_t out, std::int64_t width, xg::Random& random)
      : norm1{4, in, {.dtype = float64}},
        conv1{conv(in, out, 3, random, {.padding = 1})},
        time{width, out, random, in_float64},
        norm2{4, out, {.dtype = float64}},
        conv2{conv(out, out, 3, random, {.padding = 1})} {
    if (in != out) {
      skip = conv(in, out, 1, random);
    }
  }
  static constexpr std::array<std::string_view, 6> field_names{"norm1", "conv1", "time", "norm2", "conv2", "skip"};

  Tensor operator()(const Tensor& x, const Tensor& t) const {
    const Tensor shift = time(silu(t));
    const Tensor h = conv1(silu(norm1(x))) + reshape(shift, {shift.dim(0), shift.dim(1), 1, 1});
    return (skip ? (*skip)(x) : x) + conv2(silu(norm2(h)));
  }
};

struct Diffusion {
  nn::Dense time1, time2;
  nn::Conv2d first;
  DiffusionBlock block1;
  nn::Conv2d down;
  DiffusionBlock block2;
  nn::GroupNorm norm;
  nn::Conv1d qkv, project;
  nn::Conv2d up;
  DiffusionBlock block3;
  nn::Conv2d last;

  [[nodiscard]] Tensor embedded(const Tensor& times) const {
    const Tensor frequencies = exp(xg::arange(0, 8, 1, float64) * (-std::log(1e4) / 8));
    const Tensor angles = outer(cast(times, float64), frequencies);
    return time2(silu(time1(xg::concatenate({cos(angles), sin(angles)}, 1))));
  }

  Tensor operator()(const Tensor& x, const Tensor& times) const {
    const Tensor t = embedded(times);
    const Tensor a = block1(first(x), t);
    Tensor b = block2(down(a), t);
    const Tensor flat = reshape(norm(b), {b.dim(0), b.dim(1), -1});
    const std::vector<Tensor> parts = split(qkv(flat), 3, 1);
    const double scale = 1 / std::sqrt(static_cast<double>(b.dim(1)));
    const Tensor weights = softmax(xg::einsum("bct,bcs->bts", {parts[0], parts[1]}) * scale, -1);
    b = b + reshape(project(xg::einsum("bts,bcs->bct", {weights, parts[2]})), b.shape());
    const Tensor u = up(upsample(b, {.scale = {2, 2}}));
    return last(block3(xg::concatenate({u, a}, 1), t));
  }
};

}  // namespace

TEST_CASE("LeNet: PyTorch's figures") {
  xg::Random random{1};
  const LeNet model{random};
  const Tensor x = reproducible::tensor(1, {4, 1, 28, 28});
  const Tensor labels = reproducible::integers(2, {4}, 10);
  check("LeNet", model, [&](const LeNet& net) {
    const Tensor z = net(x);
    return Result{z, nn::CrossEntropy{}(z, labels)};
  });
}

TEST_CASE("residual net with label smoothing: PyTorch's figures") {
  xg::Random random{1};
  const ResNet model{conv(3, 16, 7, random, {.stride = 2, .padding = 3, .use_bias = false}), norm(16),
                     ResidualBlock{16, 16, 1, random}, ResidualBlock{16, 32, 2, random},
                     nn::Dense{32, 10, random, in_float64}};
  const Tensor x = reproducible::tensor(1, {4, 3, 32, 32});
  const Tensor labels = reproducible::integers(2, {4}, 10);
  check("ResNet", model, [&](const ResNet& net) {
    const Tensor z = net(x);
    return Result{z, nn::CrossEntropy{.label_smoothing = 0.1}(z, labels)};
  });
}

TEST_CASE("MobileNet block with squeeze and excitation: PyTorch's figures") {
  xg::Random random{1};
  const MobileNet model{conv(3, 16, 3, random, {.stride = 2, .padding = 1}),
                        conv(16, 16, 3, random, {.padding = 1, .groups = 16}),
                        conv(16, 24, 1, random),
                        conv(24, 6, 1, random),
                        conv(6, 24, 1, random),
                        nn::Dense{24, 10, random, in_float64}};
  const Tensor x = reproducible::tensor(1, {4, 3, 32, 32});
  const Tensor labels = reproducible::integers(2, {4}, 10);
  check("MobileNet", model, [&](const MobileNet& net) {
    const Tensor z = net(x);
    return Result{z, nn::CrossEntropy{}(z, labels)};
  });
}

TEST_CASE("U-Net: PyTorch's figures") {
  xg::Random random{1};
  const UNet model{conv(1, 8, 3, random, {.padding = 1}),
                   norm(8),
                   conv(8, 16, 3, random, {.padding = 1}),
                   norm(16),
                   nn::ConvTranspose2d{16, 8, {2, 2}, random, {.stride = 2, .dtype = float64}},
                   conv(16, 8, 3, random, {.padding = 1}),
                   norm(8),
                   conv(8, 2, 1, random)};
  const Tensor x = reproducible::tensor(1, {2, 1, 16, 16});
  const Tensor labels = reproducible::integers(2, {2, 16, 16}, 2);
  check("UNet", model, [&](const UNet& net) {
    const Tensor z = net(x);
    return Result{z, nn::CrossEntropy{}(z, labels)};
  });
}

TEST_CASE("variational autoencoder: PyTorch's figures") {
  xg::Random random{1};
  const nn::ConvTransposeLayerOptions upwards{.stride = 2, .padding = 1, .dtype = float64};
  const VAE model{conv(1, 8, 4, random, {.stride = 2, .padding = 1}),
                  conv(8, 16, 4, random, {.stride = 2, .padding = 1}),
                  nn::Dense{784, 8, random, in_float64},
                  nn::Dense{784, 8, random, in_float64},
                  nn::Dense{8, 784, random, in_float64},
                  nn::ConvTranspose2d{16, 8, {4, 4}, random, upwards},
                  nn::ConvTranspose2d{8, 1, {4, 4}, random, upwards}};
  const Tensor x = reproducible::tensor(1, {2, 1, 28, 28});
  const Tensor noise = reproducible::tensor(3, {2, 8});
  check("VAE", model, [&](const VAE& net) {
    const auto [image, mean, log_variance] = net(x, noise);
    const Tensor reconstruction = nn::BinaryCrossEntropy{.reduction = nn::Reduction::sum}(image, sigmoid(x));
    const Tensor divergence = -0.5 * sum(1 + log_variance - square(mean) - exp(log_variance));
    return Result{image, (reconstruction + divergence) / 100};
  });
}

TEST_CASE("diffusion U-Net with attention and an embedding of time: PyTorch's figures") {
  xg::Random random{1};
  const nn::ConvLayerOptions plain{.dtype = float64};
  const Diffusion model{nn::Dense{16, 32, random, in_float64},
                        nn::Dense{32, 32, random, in_float64},
                        conv(1, 8, 3, random, {.padding = 1}),
                        DiffusionBlock{8, 8, 32, random},
                        conv(8, 16, 3, random, {.stride = 2, .padding = 1}),
                        DiffusionBlock{16, 16, 32, random},
                        nn::GroupNorm{4, 16, {.dtype = float64}},
                        nn::Conv1d{16, 48, 1, random, plain},
                        nn::Conv1d{16, 16, 1, random, plain},
                        conv(16, 8, 3, random, {.padding = 1}),
                        DiffusionBlock{16, 8, 32, random},
                        conv(8, 1, 3, random, {.padding = 1})};
  const Tensor x = reproducible::tensor(1, {2, 1, 16, 16});
  const Tensor times = reproducible::integers(3, {2}, 99);
  const Tensor noise = reproducible::tensor(2, {2, 1, 16, 16});
  check("Diffusion", model, [&](const Diffusion& net) {
    const Tensor y = net(x, times);
    return Result{y, nn::MeanSquaredError{}(y, noise)};
  });
}
