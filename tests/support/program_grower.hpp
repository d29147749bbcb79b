#pragma once

#include <array>
#include <cmath>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "xgrad/creation.hpp"
#include "xgrad/index.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"

#include "support/random_program.hpp"

/// What random_program.hpp grows its programs with.
namespace xgrad::test {

inline constexpr std::int64_t most_elements = 12'000;
inline constexpr double largest_value = 8;

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_{seed * 0x9E3779B97F4A7C15U + 1} {}

  std::size_t below(std::size_t count) { return static_cast<std::size_t>(engine_() >> 11U) % count; }
  bool one_in(std::size_t count) { return below(count) == 0; }
  double uniform(double low, double high) {
    return low + (high - low) * static_cast<double>(engine_() >> 11U) * 0x1p-53;
  }
  template <class T>
  const T& pick(const std::vector<T>& list) {
    return list[below(list.size())];
  }

 private:
  std::mt19937_64 engine_;
};

enum class Types : std::uint8_t { doubles, floats, both };

[[nodiscard]] Types types_of(std::uint64_t seed);

struct Entry {
  Tensor tensor;
  double bound = 1;    // of its elements' sizes
  bool exact = false;  // no rounding since the leaves
};

/// A program that grows from its leaves, one operation of random kind and operands after the other.
class Grower {
 public:
  Grower(std::uint64_t seed, Operations operations, std::span<const Tensor> leaves)
      : dice_{seed}, types_{types_of(seed)}, elementwise_{operations == Operations::elementwise} {
    for (const Tensor& leaf : leaves) {
      entries_.push_back({leaf, 1, true});
    }
  }

  [[nodiscard]] Program run();

 private:
  [[nodiscard]] Tensor inner(std::size_t leaf_count);
  void step();
  // Late ones and leaves alike, so that some nodes are shared and chains grow.
  [[nodiscard]] Entry some();
  [[nodiscard]] std::optional<Entry> some_exact();
  [[nodiscard]] static bool broadcasts(const Tensor& a, const Tensor& b, std::int64_t most = most_elements);
  // One of x's dtype that broadcasts with it.
  [[nodiscard]] Entry partner(const Entry& x);
  void add(const Tensor& tensor, double bound, bool exact, const std::string& text);

  // Element by element: random_elementwise.cpp.
  void unary(const Entry& x);
  void number(const Entry& x);
  void binary();
  [[nodiscard]] Tensor condition(const Entry& near);
  void choice();
  void conversion(const Entry& x);
  // What rules are made for.
  void pointwise_identity(const Entry& x);

  // Of other shapes: random_arrays.cpp.
  [[nodiscard]] std::int64_t some_axis(const Tensor& x);
  [[nodiscard]] std::vector<std::int64_t> some_order(const Tensor& x);
  void view(const Entry& x);
  [[nodiscard]] static bool is_factor(const Tensor& x);
  void product();
  // Sometimes added to something of its shape: what is folded into the product.
  void add_product(const Tensor& a, const Tensor& b, double bound);
  [[nodiscard]] Axes some_axes(const Tensor& x);
  void reduction(const Entry& x);
  void widening(const Entry& x);
  void composition(const Entry& x);

  Dice dice_;
  Types types_;
  bool elementwise_;
  std::vector<Entry> entries_;
  std::string listing_;
};

}  // namespace xgrad::test
