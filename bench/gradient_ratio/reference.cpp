#include "workload.hpp"

namespace bench::gradient_ratio {

namespace {

/// A step with the contender's gradients, for mlp_step's check.
class Step final : public mlp_step::Contender {
 public:
  Step(const Workload& workload, gradient_ratio::Contender& contender) : workload_{workload}, contender_{contender} {}

  void step() override { contender_.value_and_gradient(); }
  [[nodiscard]] double loss() const override { return contender_.loss(); }
  [[nodiscard]] std::vector<Floats> parameters() const override {
    std::vector<Floats> result;
    const std::vector<Floats> gradients = contender_.gradients();
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      const mlp_step::LayerValues& layer = workload_.layers[i / 2];
      Floats values = i % 2 == 0 ? layer.W : layer.b;
      for (std::size_t j = 0; j < values.size(); ++j) {
        values[j] -= workload_.learning_rate * gradients[i][j];
      }
      result.push_back(std::move(values));
    }
    return result;
  }

 private:
  const Workload& workload_;
  gradient_ratio::Contender& contender_;
};

}  // namespace

std::string check(const Workload& workload, Contender& contender) {
  Step step{workload, contender};
  if (std::string mistake = check_step(workload, step); !mistake.empty()) {
    return mistake;
  }
  const double loss = contender.loss();
  contender.value();
  const double difference = contender.loss() - loss;
  return difference <= 1e-5 * loss && -difference <= 1e-5 * loss ? "" : "the loss isn't the same without gradients";
}

}  // namespace bench::gradient_ratio
