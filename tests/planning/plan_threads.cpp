// Large element-wise passes and their sums on several threads: the same bits as on one.
#include <cmath>
#include <doctest/doctest.h>
#include <thread>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/thread_count.hpp"

namespace xg = xgrad;
using xgrad::test::ThreadCount;

namespace {

/// set_threads() while it lives.
struct Results {
  std::vector<float> elements;
  std::vector<float> rows;
  std::vector<float> columns;
  double total = 0;

  friend bool operator==(const Results&, const Results&) = default;
};

// 1,100 × 700 elements: more than two threads' worth, and no multiple of anything.
Results compute(const xg::Tensor& x, const xg::Tensor& bias, const xg::Tensor& scale) {
  const xg::Tensor y = xg::tanh(x * scale + bias);
  const xg::Tensor rows = xg::sum(y, 1);
  const xg::Tensor columns = xg::mean(y, 0);
  const xg::Tensor total = xg::sum(y * y);
  xg::eval({y, rows, columns, total});
  return {y.to_vector<float>(), rows.to_vector<float>(), columns.to_vector<float>(), total.item()};
}

}  // namespace

TEST_CASE("threads: fused passes and their sums give the same bits on 1, 2 and 3 threads, and the right ones") {
  xg::Random random{11};
  const xg::Tensor x = random.normal({1100, 700}).eval();
  const xg::Tensor bias = random.normal({700}).eval();
  const xg::Tensor scale = random.uniform({1100, 1}).eval();
  const Results one = compute(x, bias, scale);
  for (const int count : {2, 3}) {
    const ThreadCount threads{count};
    CHECK(compute(x, bias, scale) == one);
  }
  const auto xs = x.data<float>();
  const auto biases = bias.data<float>();
  const auto scales = scale.data<float>();
  double total = 0;
  double worst_row = 0;
  std::vector<double> columns(700, 0.0);
  for (std::size_t i = 0; i < 1100; ++i) {
    double row = 0;
    for (std::size_t j = 0; j < 700; ++j) {
      const double y = std::tanh(static_cast<double>(xs[i * 700 + j]) * static_cast<double>(scales[i]) +
                                 static_cast<double>(biases[j]));
      row += y;
      columns[j] += y / 1100;
      total += y * y;
    }
    worst_row = std::max(worst_row, std::abs(row - static_cast<double>(one.rows[i])));
  }
  CHECK(worst_row < 1e-3);
  CHECK(std::abs(one.total - total) < 1e-5 * total);
  for (std::size_t j = 0; j < 700; ++j) {
    CHECK(std::abs(static_cast<double>(one.columns[j]) - columns[j]) < 1e-6);
  }
}

TEST_CASE("threads: a compiled step of a large network on two threads trains as on one") {
  const auto train = [](int count) {
    const ThreadCount threads{count};
    xg::Random random{5};
    const xg::nn::Sequential net{xg::nn::Dense{300, 600, random}, xg::nn::Tanh{}, xg::nn::Dense{600, 10, random}};
    xg::optim::SGD sgd{net.parameters(), {.learning_rate = 0.1}};
    auto step = xg::compile(
        [&](const xg::Tensor& x, const xg::Tensor& y) { return sgd.step(xg::nn::QuadraticLoss{}(net(x), y)); });
    const xg::Tensor x = random.normal({500, 300});
    const xg::Tensor y = random.uniform({500, 10});
    double loss = 0;
    for (int i = 0; i < 5; ++i) {
      loss = step(x, y).item();
    }
    return loss;
  };
  const double one = train(1);
  CHECK(std::abs(train(2) - one) < 1e-4 * one);  // products differ in the last bits
}

TEST_CASE("threads: graphs on two threads at once, while passes are shared out") {
  const ThreadCount threads{2};
  std::vector<double> results(2);
  std::vector<std::thread> workers;
  for (std::size_t i = 0; i < 2; ++i) {
    workers.emplace_back([&results, i] {
      xg::Random random{i};
      const xg::Tensor x = random.normal({400, 700}).eval();
      results[i] = xg::sum(xg::sigmoid(x) * 2.0).item();
    });
  }
  for (std::thread& worker : workers) {
    worker.join();
  }
  for (std::size_t i = 0; i < 2; ++i) {
    xg::Random random{i};
    const xg::Tensor x = random.normal({400, 700}).eval();
    CHECK(xg::sum(xg::sigmoid(x) * 2.0).item() == results[i]);
  }
}
