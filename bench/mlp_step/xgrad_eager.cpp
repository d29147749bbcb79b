#include <span>
#include <xgrad/xgrad.hpp>

#include "workload.hpp"

namespace bench::mlp_step {

namespace {

xgrad::Tensor tensor_of(const Floats& values, const xgrad::Shape& shape) {
  return xgrad::from_data(std::span<const float>{values}, shape);
}

xgrad::nn::Sequential network_of(const Workload& workload) {
  xgrad::nn::Sequential net;
  for (const LayerValues& layer : workload.layers) {
    net.add(xgrad::nn::Dense{tensor_of(layer.W, {layer.out, layer.in}), tensor_of(layer.b, {layer.out})});
    net.add(xgrad::nn::Sigmoid{});
  }
  return net;
}

xgrad::Shape shape_of(std::int64_t features, std::int64_t batch, bool rows) {
  return rows ? xgrad::Shape{batch, features} : xgrad::Shape{features};
}

class XgradEager final : public Contender {
 public:
  XgradEager(const Workload& workload, bool rows)
      : net_{network_of(workload)},
        sgd_{net_.parameters(), {.learning_rate = static_cast<double>(workload.learning_rate)}},
        x_{tensor_of(workload.x, shape_of(workload.layers.front().in, workload.batch, rows))},
        y_{tensor_of(workload.y, shape_of(workload.layers.back().out, workload.batch, rows))} {}

  void step() override {
    const xgrad::Tensor loss = xgrad::nn::QuadraticLoss{}(net_(x_), y_);
    loss_ = sgd_.step(loss).item();
  }

  [[nodiscard]] double loss() const override { return loss_; }
  [[nodiscard]] std::vector<Floats> parameters() const override {
    std::vector<Floats> result;
    for (const auto& named : net_.parameters()) {
      const auto values = named.parameter.value().data<float>();
      result.emplace_back(values.begin(), values.end());
    }
    return result;
  }

 private:
  xgrad::nn::Sequential net_;
  xgrad::optim::SGD sgd_;
  xgrad::Tensor x_;
  xgrad::Tensor y_;
  double loss_ = 0;
};

}  // namespace

std::unique_ptr<Contender> xgrad_eager(const Workload& workload) {
  return std::make_unique<XgradEager>(workload, workload.batch != 1);
}

std::unique_ptr<Contender> xgrad_eager_rows(const Workload& workload) {
  return std::make_unique<XgradEager>(workload, true);
}

}  // namespace bench::mlp_step
