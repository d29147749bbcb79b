// A residual network (He et al., CVPR 2016) with batch normalisation, trained with label smoothing.
//
// The digits in the library: test accuracy 99.2 %, mean over ten seeds, from 98.1 to 100; 5 seconds each. A seed also
// decides which digits are for the test. Settings were chosen with --validate.
// Fashion-MNIST: 92.4 % after three epochs, one seed; 4 minutes.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <numbers>
#include <numeric>
#include <optional>
#include <vector>
#include <xgrad/xgrad.hpp>

#include "options.hpp"

namespace xg = xgrad;
namespace nn = xgrad::nn;
using xg::Tensor;

// Two convolutions 3×3, and the way around them: x itself where shapes allow it, else a convolution 1×1.
struct Block {
  nn::Conv2d conv1;
  nn::BatchNorm2d norm1;
  nn::Conv2d conv2;
  nn::BatchNorm2d norm2;
  std::optional<nn::Conv2d> shortcut;

  Tensor operator()(const Tensor& x) const {
    const Tensor y = norm2(conv2(xg::relu(norm1(conv1(x)))));
    return xg::relu(y + (shortcut ? (*shortcut)(x) : x));
  }
};

struct ResNet {
  nn::Conv2d stem;
  nn::BatchNorm2d norm;
  std::vector<Block> blocks;
  nn::Dense last;

  // (N, 1, height, width) → logits (N, 10).
  Tensor operator()(const Tensor& x) const {
    Tensor h = xg::relu(norm(stem(x)));
    for (const Block& block : blocks) {
      h = block(h);
    }
    return last(xg::global_avg_pool(h));
  }
};

// No bias before a norm, which would take it out again.
nn::Conv2d conv(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride, xg::Random& random,
                xg::DType dtype) {
  return {
      in,
      out,
      kernel,
      random,
      {.stride = stride, .padding = kernel / 2, .use_bias = false, .dtype = dtype, .weight = nn::init::he_normal()}};
}

Block block(std::int64_t in, std::int64_t out, std::int64_t stride, xg::Random& random, xg::DType dtype) {
  Block result{.conv1 = conv(in, out, 3, stride, random, dtype),
               .norm1 = nn::BatchNorm2d{out, {.dtype = dtype}},
               .conv2 = conv(out, out, 3, 1, random, dtype),
               .norm2 = nn::BatchNorm2d{out, {.dtype = dtype}},
               .shortcut = std::nullopt};
  if (stride != 1 || in != out) {
    result.shortcut = conv(in, out, 1, stride, random, dtype);
  }
  return result;
}

// `width` channels at first; each block after the first one doubles them and halves the image.
ResNet resnet(std::int64_t width, xg::Random& random, xg::DType dtype = xg::float32) {
  return {.stem = conv(1, width, 3, 1, random, dtype),
          .norm = nn::BatchNorm2d{width, {.dtype = dtype}},
          .blocks = {block(width, width, 1, random, dtype), block(width, 2 * width, 2, random, dtype),
                     block(2 * width, 4 * width, 2, random, dtype)},
          .last = {4 * width, 10, random, {.dtype = dtype}}};
}

struct Task {
  std::int64_t side;  // of the images, in pixels
  std::int64_t epochs;
  std::int64_t batch;
  double rate;      // of the first step; it falls to 0 along half a cosine
  double decay;     // of the weights
  double expected;  // test accuracy
};
constexpr Task digits{8, 15, 32, 0.1, 5e-3, 0.985};
constexpr Task fashion{28, 3, 64, 0.1, 5e-4, 0.9};

// 0.9 of the target is the class, the rest is spread over all ten.
constexpr double smoothing = 0.1;

ResNet train(const Task& task, const xg::data::Dataset& data, std::uint64_t seed) {
  xg::Random random{seed};
  const ResNet net = resnet(16, random);
  const nn::CrossEntropy objective{.label_smoothing = smoothing};
  xg::optim::SGD sgd{nn::parameters(net), {.momentum = 0.9, .nesterov = true, .weight_decay = task.decay}};
  // Running statistics are written by the step, too.
  auto step = xg::compile([&](const Tensor& x, const Tensor& y) { return sgd.step(objective(net(x), y)); });

  for (std::int64_t epoch = 0; epoch < task.epochs; ++epoch) {
    const auto start = std::chrono::steady_clock::now();
    const auto batches = xg::data::batches(data, {.size = task.batch, .shuffle = random, .drop_last = true});
    const auto steps = static_cast<double>(task.epochs * batches.size());
    double sum = 0;
    for (const auto& [x, y] : batches) {
      const double progress = static_cast<double>(sgd.steps()) / steps;
      sgd.set_learning_rate(task.rate * (1 + std::cos(std::numbers::pi * progress)) / 2);
      sum += step(x, y).item();
    }
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    std::cout << "seed " << seed << ", epoch " << epoch + 1 << ": training loss "
              << sum / static_cast<double>(batches.size()) << ", " << time.count() << " s\n"
              << std::flush;
  }
  return net;
}

double accuracy(const ResNet& trained, const xg::data::Dataset& test) {
  const ResNet net = nn::inference(trained);  // running statistics instead of a batch's; shares all parameters
  double right = 0;
  for (const auto& [x, labels] : xg::data::batches(test, {.size = 500, .labels = true})) {
    right += nn::accuracy(net(x), labels) * static_cast<double>(labels.size());
  }
  return right / static_cast<double>(test.size());
}

// The derived gradients of a narrower network in float64 beside differences of its loss, for five images, through the
// statistics of the batch.
xg::check::Report check(const xg::data::Dataset& data) {
  xg::Random random{1};
  const ResNet net = resnet(2, random, xg::float64);
  const Tensor x = xg::cast(xg::slice(data.inputs, {.stop = 5}), xg::float64);
  const Tensor labels = xg::slice(data.labels, {.stop = 5});
  const nn::CrossEntropy objective{.label_smoothing = smoothing};
  return xg::check::compare([&] { return objective(net(x), labels); }, nn::parameters(net),
                            {.numeric = {.max_entries = 8, .directions = 2}});
}

xg::data::TrainTest load(const Task& task, const Options& options, std::uint64_t seed) {
  auto data = options.folder.empty() ? xg::data::digits({.seed = seed}) : xg::data::mnist(options.folder);
  if (options.validate) {
    data = xg::data::split(data.train, 0.2, seed);
  }
  for (xg::data::Dataset* part : {&data.train, &data.test}) {
    part->inputs = xg::reshape(part->inputs, {-1, 1, task.side, task.side});
  }
  return data;
}

int main(int argc, char** argv) try {
  const Options options = parse(argc, argv);
  if (options.help) {
    std::cout << usage;
    return 0;
  }
  Task task = options.folder.empty() ? digits : fashion;
  task.epochs = options.epochs.value_or(task.epochs);
  task.expected = options.expected.value_or(task.expected);

  std::vector<double> accuracies;
  for (std::uint64_t seed = 1; seed <= options.seeds; ++seed) {
    const auto [data, test] = load(task, options, seed);
    accuracies.push_back(accuracy(train(task, data, seed), test));
    std::cout << "seed " << seed << ": test accuracy " << accuracies.back() << '\n' << std::flush;
  }
  const double mean = std::accumulate(accuracies.begin(), accuracies.end(), 0.0) / static_cast<double>(options.seeds);
  const auto [low, high] = std::minmax_element(accuracies.begin(), accuracies.end());
  const xg::check::Report report = check(load(task, options, 1).test);
  std::cout << report << "test accuracy " << mean << ", from " << *low << " to " << *high << "; expected "
            << task.expected << '\n';
  return mean >= task.expected && report.verdict() == xg::check::Verdict::right ? 0 : 1;
} catch (const UsageError& error) {
  std::cerr << "resnet: " << error.what() << '\n';
  return 2;
} catch (const xg::Error& error) {
  std::cerr << "resnet: " << error.what() << '\n';
  return 1;
}
