#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "floats.hpp"
#include "suite.hpp"

/// What benchmarks of layers have in common: values, a loss in plain float64, and a check of each contender against it.
namespace bench::training {

struct Array {
  std::vector<std::int64_t> shape;
  Floats values;
};
/// Of U(middle − bound, middle + bound).
[[nodiscard]] Array uniform(std::vector<std::int64_t> shape, double bound, std::uint32_t seed, double middle = 0);
/// `count` numbers from 0 up to and without `end`.
[[nodiscard]] std::vector<std::int64_t> indices(std::size_t count, std::int64_t end, std::uint32_t seed);

/// What each workload consists of; its own says what stands where.
struct Workload {
  std::vector<Array> parameters;  ///< in the order of the layer's, before the first step
  std::vector<Array> inputs;
  std::vector<std::int64_t> indices;  ///< classes of samples, or rows
};

class Contender {
 public:
  Contender() = default;
  Contender(const Contender&) = delete;
  Contender& operator=(const Contender&) = delete;
  virtual ~Contender() = default;

  virtual void run() = 0;
  /// Of the first run, as the next.
  [[nodiscard]] virtual double loss() const = 0;
  /// By every parameter of the workload, in its order. A contender that trains infers it from what it made of them.
  [[nodiscard]] virtual std::vector<Floats> gradients() const = 0;
};

/// (before − after) / rate: what a step of plain SGD took for the gradient.
[[nodiscard]] std::vector<Floats> gradients_of_step(const std::vector<Array>& before, const std::vector<Floats>& after,
                                                    double rate);

using Doubles = std::vector<double>;
[[nodiscard]] Doubles doubles(const Floats& values);
/// The loss for these values of the parameters.
using Loss = std::function<double(const std::vector<Doubles>& parameters)>;

/// The loss, and its derivative by each parameter along a direction of ±1, by differences.
class Expected {
 public:
  Expected(const Workload& workload, const Loss& loss);
  /// What is wrong after a contender's first run; empty if nothing is.
  [[nodiscard]] std::string check(const Contender& contender) const;

 private:
  double loss_;
  std::vector<std::vector<signed char>> directions_;
  std::vector<double> derivatives_;
};

/// The rate of timed steps is low, so that a long benchmark changes nothing; that of checked ones is so high that
/// float32 parameters show the gradient.
constexpr double timed_rate = 1e-4;
constexpr double checked_rate = 1024;

template <class Work>
struct Entry {
  const char* name;
  std::unique_ptr<Contender> (*make)(const Work& workload, double rate);
};

/// Registers all contenders of a workload as "<name>/<contender>".
template <class Work>
void add(const std::string& name, Work made, double (*loss)(const Work&, const std::vector<Doubles>&),
         const std::vector<Entry<Work>>& entries) {
  const auto workload = std::make_shared<const Work>(std::move(made));
  const auto expected = std::make_shared<std::unique_ptr<const Expected>>();
  for (const Entry<Work>& entry : entries) {
    const auto check = [=] {
      if (!*expected) {
        *expected = std::make_unique<const Expected>(
            *workload, [&](const std::vector<Doubles>& parameters) { return loss(*workload, parameters); });
      }
      const std::unique_ptr<Contender> contender = entry.make(*workload, checked_rate);
      contender->run();
      return (*expected)->check(*contender);
    };
    bench::add(name + "/" + entry.name, check, [=](benchmark::State& state) {
      const std::unique_ptr<Contender> contender = entry.make(*workload, timed_rate);
      for (int i = 0; i < 3; ++i) {
        contender->run();
      }
      for (auto _ : state) {
        contender->run();
        benchmark::ClobberMemory();
      }
    });
  }
}

}  // namespace bench::training
