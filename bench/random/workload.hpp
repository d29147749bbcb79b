#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "../support/floats.hpp"

/// Random numbers, one thread: 10⁶ uniform or standard normal float32, bernoulli as bool, or a permutation in int64.
namespace bench::random {

enum class Kind : std::uint8_t { uniform, normal, bernoulli, permutation };

struct Workload {
  Kind kind = Kind::uniform;
  std::int64_t count = 0;
};

constexpr double probability = 0.3;

class Contender {
 public:
  Contender() = default;
  Contender(const Contender&) = delete;
  Contender& operator=(const Contender&) = delete;
  virtual ~Contender() = default;

  virtual void run() = 0;
  /// Of the last run.
  [[nodiscard]] virtual Floats result() const = 0;
};

/// libtorch's generator for the CPU (MT19937), into a tensor made beforehand.
[[nodiscard]] std::unique_ptr<Contender> libtorch(const Workload& workload);
/// A draw, evaluated.
[[nodiscard]] std::unique_ptr<Contender> xgrad_eager(const Workload& workload);

/// What is wrong with the contender's numbers, by their mean, their variance and their range, or as a permutation;
/// empty if nothing is.
[[nodiscard]] std::string check(const Workload& workload, Contender& contender);

}  // namespace bench::random
