#include <algorithm>
#include <array>
#include <cmath>
#include <xtensor/xadapt.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xnoalias.hpp>
#include <xtensor/xtensor.hpp>

#include "workload.hpp"

namespace bench::reductions {

namespace {

constexpr auto at_once = xt::evaluation_strategy::immediate;

// Row by row through adaptors: expressions on contiguous arrays are vectorised, those that broadcast aren't.
auto row(xt::xtensor<float, 2>& matrix, std::size_t i) {
  const std::size_t columns = matrix.shape(1);
  return xt::adapt(matrix.data() + i * columns, columns, xt::no_ownership(), std::array<std::size_t, 1>{columns});
}

class Xtensor final : public Contender {
 public:
  explicit Xtensor(const Workload& workload)
      : operation_{workload.operation},
        x_{xt::xtensor<float, 2>::from_shape(
            {static_cast<std::size_t>(workload.rows), static_cast<std::size_t>(workload.columns)})},
        y_{x_},
        sums_{xt::xtensor<float, 1>::from_shape({x_.shape(0)})} {
    std::copy(workload.x.begin(), workload.x.end(), x_.begin());
    std::copy(workload.y.begin(), workload.y.end(), y_.begin());  // of distance alone, which doesn't change it
  }

  void run() override {
    switch (operation_) {
      case Operation::softmax:
        for (std::size_t i = 0; i < x_.shape(0); ++i) {
          auto y = row(y_, i);
          exponentials(i);
          y *= 1.0F / xt::sum<float>(y)();
        }
        break;
      case Operation::log_softmax:
        for (std::size_t i = 0; i < x_.shape(0); ++i) {
          const float shift = logsumexp(i);
          xt::noalias(row(y_, i)) = row(x_, i) - shift;
        }
        break;
      case Operation::logsumexp:
        for (std::size_t i = 0; i < x_.shape(0); ++i) {
          sums_(i) = logsumexp(i);
        }
        break;
      case Operation::sum:
        sum_ = xt::sum<float>(x_, at_once)();
        break;
      case Operation::distance:
        sum_ = std::sqrt(xt::sum<float>(xt::square(x_ - y_), at_once)());
        break;
      case Operation::sum_axis_0:
        sums_ = xt::sum<float>(x_, {0}, at_once);
        break;
      case Operation::sum_axis_1:
        sums_ = xt::sum<float>(x_, {1}, at_once);
        break;
    }
  }

  [[nodiscard]] Floats result() const override {
    switch (operation_) {
      case Operation::softmax:
      case Operation::log_softmax:
        return {y_.begin(), y_.end()};
      case Operation::sum:
      case Operation::distance:
        return {sum_};
      default:
        return {sums_.begin(), sums_.end()};
    }
  }

 private:
  // Row i of y is e^(x − max x); returns the maximum.
  float exponentials(std::size_t i) {
    const auto x = row(x_, i);
    const float shift = xt::amax(x)();
    xt::noalias(row(y_, i)) = xt::exp(x - shift);
    return shift;
  }

  float logsumexp(std::size_t i) {
    const float shift = exponentials(i);
    return shift + std::log(xt::sum<float>(row(y_, i))());
  }

  Operation operation_;
  xt::xtensor<float, 2> x_;
  xt::xtensor<float, 2> y_;
  xt::xtensor<float, 1> sums_;
  float sum_ = 0;
};

}  // namespace

std::unique_ptr<Contender> xtensor(const Workload& workload) {
  return std::make_unique<Xtensor>(workload);
}

}  // namespace bench::reductions
