#include "run/reductions/row_sums.hpp"

#include <algorithm>
#include <bit>
#include <type_traits>

#include "run/reductions/index_range.hpp"
#include "run/reductions/indexed_sums.hpp"

namespace xgrad::run {

namespace {

constexpr std::int64_t nobody = -1;

/// An open hash table of positions, by the row that the index there names.
class FirstPositions {
 public:
  FirstPositions(const std::int64_t* indices, std::int64_t length, std::int64_t count, Carver& memory)
      : indices_{indices},
        length_{length},
        size_{places(count)},
        shift_{64 - std::countr_zero(static_cast<std::uint64_t>(size_))},
        table_{memory.take<std::int64_t>(size_)} {
    std::fill_n(table_, size_, nobody);
  }

  /// At most half full, so that a search is short.
  static std::int64_t places(std::int64_t count) noexcept {
    return static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(std::max<std::int64_t>(2 * count, 2))));
  }

  /// The first position with the index of this one; to be asked in their order.
  std::int64_t of(std::int64_t position) noexcept {
    const std::int64_t row = row_of(indices_[position], length_);
    // Knuth's multiplicative hash: 2⁶⁴ / golden ratio.
    auto place = static_cast<std::int64_t>((static_cast<std::uint64_t>(row) * 0x9E3779B97F4A7C15U) >> shift_);
    while (table_[place] != nobody && row_of(indices_[table_[place]], length_) != row) {
      place = place + 1 == size_ ? 0 : place + 1;
    }
    if (table_[place] == nobody) {
      table_[place] = position;
    }
    return table_[place];
  }

 private:
  const std::int64_t* indices_;
  std::int64_t length_;
  std::int64_t size_;  // a power of two, 2 at least
  int shift_;
  std::int64_t* table_;
};

template <class T>
void add_up(const T* x, const std::int64_t* firsts, Rows rows, T* out, [[maybe_unused]] std::byte* memory) {
  if constexpr (std::is_same_v<T, float>) {
    add_indexed_rows(out, rows.count, rows.width, firsts, rows.count, x, memory);
  } else {
    using Sum = std::conditional_t<std::is_integral_v<T>, std::uint64_t, T>;  // int64 wraps
    std::fill_n(out, rows.count * rows.width, T{0});
    for (std::int64_t j = 0; j < rows.count; ++j, x += rows.width) {
      T* sum = out + firsts[j] * rows.width;
      std::transform(x, x + rows.width, sum, sum, [](T term, T so_far) {
        return static_cast<T>(static_cast<Sum>(so_far) + static_cast<Sum>(term));
      });
    }
  }
}

}  // namespace

std::size_t row_sums_bytes(DType dtype, std::int64_t count, std::int64_t width) noexcept {
  Carver memory;
  memory.take<std::int64_t>(FirstPositions::places(count));
  memory.take<std::int64_t>(count);
  return memory.used() + (dtype == float32 ? indexed_sums_bytes(count, width, count, count) : 0);
}

template <class T>
void row_sums(std::string_view operation, const T* x, const std::int64_t* indices, std::int64_t length, Rows rows,
              T* out, std::byte* workspace) {
  require_in_range(operation, indices, rows.count, length);
  Carver memory{workspace};
  FirstPositions positions{indices, length, rows.count, memory};
  auto* firsts = memory.take<std::int64_t>(rows.count);
  for (std::int64_t j = 0; j < rows.count; ++j) {
    firsts[j] = positions.of(j);
  }
  add_up(x, firsts, rows, out, workspace + memory.used());
  for (std::int64_t j = 0; j < rows.count; ++j) {
    if (firsts[j] != j) {
      std::copy_n(out + firsts[j] * rows.width, rows.width, out + j * rows.width);
    }
  }
}

template void row_sums<float>(std::string_view, const float*, const std::int64_t*, std::int64_t, Rows, float*,
                              std::byte*);
template void row_sums<double>(std::string_view, const double*, const std::int64_t*, std::int64_t, Rows, double*,
                               std::byte*);
template void row_sums<std::int64_t>(std::string_view, const std::int64_t*, const std::int64_t*, std::int64_t, Rows,
                                     std::int64_t*, std::byte*);

}  // namespace xgrad::run
