#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

/// Plain arrays of float64.
namespace xgrad::check::manual {

/// Lengths of axes, or an index into them.
template <std::size_t Rank>
using Index = std::array<std::int64_t, Rank>;

template <std::size_t Rank>
[[nodiscard]] std::size_t count_of(const Index<Rank>& lengths) {
  std::size_t count = 1;
  for (const std::int64_t length : lengths) {
    count *= static_cast<std::size_t>(length);
  }
  return count;
}

/// Row-major; a(i, j), or a[index]. Indices aren't checked.
template <std::size_t Rank>
class Array {
 public:
  explicit Array(const Index<Rank>& lengths) : lengths_{lengths}, values_(count_of(lengths)) {}
  Array(const Index<Rank>& lengths, std::vector<double> values) : lengths_{lengths}, values_{std::move(values)} {}

  [[nodiscard]] const Index<Rank>& lengths() const noexcept { return lengths_; }
  [[nodiscard]] std::int64_t length(std::size_t axis) const noexcept { return lengths_[axis]; }
  [[nodiscard]] const std::vector<double>& values() const noexcept { return values_; }

  [[nodiscard]] double& operator[](const Index<Rank>& index) { return values_[position(index)]; }
  [[nodiscard]] double operator[](const Index<Rank>& index) const { return values_[position(index)]; }
  template <class... I>
  [[nodiscard]] double& operator()(I... index) {
    return (*this)[Index<Rank>{index...}];
  }
  template <class... I>
  [[nodiscard]] double operator()(I... index) const {
    return (*this)[Index<Rank>{index...}];
  }

 private:
  [[nodiscard]] std::size_t position(const Index<Rank>& index) const {
    std::int64_t position = 0;
    for (std::size_t axis = 0; axis < Rank; ++axis) {
      position = position * lengths_[axis] + index[axis];
    }
    return static_cast<std::size_t>(position);
  }

  Index<Rank> lengths_;
  std::vector<double> values_;
};

/// Calls visit(index) for every index in row-major order.
template <std::size_t Rank, class Visit>
void for_each_index(const Index<Rank>& lengths, const Visit& visit) {
  Index<Rank> index{};
  for (std::size_t left = count_of(lengths); left > 0; --left) {
    visit(std::as_const(index));
    for (std::size_t axis = Rank; axis-- > 0;) {
      if (++index[axis] < lengths[axis]) {
        break;
      }
      index[axis] = 0;
    }
  }
}

}  // namespace xgrad::check::manual
