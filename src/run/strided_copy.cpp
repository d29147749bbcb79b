#include "run/strided_copy.hpp"

#include <algorithm>
#include <cstdlib>

#include "tensor/dispatch.hpp"

namespace xgrad::run {

namespace {

struct Axis {
  std::int64_t length;
  std::int64_t from;
  std::int64_t to;
};

struct Loops {
  std::size_t rank = 0;
  std::array<Axis, Shape::max_rank> axes{};
};

// The axes of length other than 1, merged where both sides run on without a jump. Empty copies have no loops at all.
Loops merged(const StridedCopy& copy) {
  Loops loops;
  for (std::size_t i = 0; i < copy.rank; ++i) {
    const Axis axis{copy.lengths[i], copy.from_steps[i], copy.to_steps[i]};
    if (axis.length == 1) {
      continue;
    }
    if (loops.rank > 0) {
      Axis& outer = loops.axes[loops.rank - 1];
      if (outer.from == axis.from * axis.length && outer.to == axis.to * axis.length) {
        outer = {outer.length * axis.length, axis.from, axis.to};
        continue;
      }
    }
    loops.axes[loops.rank++] = axis;
  }
  return loops;
}

template <class T>
void copy_run(const T* from, T* to, const Axis& axis) noexcept {
  if (axis.from == 1 && axis.to == 1) {
    std::copy_n(from, axis.length, to);
  } else if (axis.from == -1 && axis.to == 1) {
    std::reverse_copy(from - (axis.length - 1), from + 1, to);
  } else {
    for (std::int64_t i = 0; i < axis.length; ++i) {
      to[i * axis.to] = from[i * axis.from];
    }
  }
}

// A transposition: rows.from == 1 and columns.to == 1. Blocks of 4 × 4 stay in registers.
template <class T>
void copy_tile(const T* from, T* to, const Axis& rows, const Axis& columns) noexcept {
  constexpr std::int64_t block = 4;
  std::int64_t i = 0;
  for (; i + block <= rows.length; i += block) {
    std::int64_t j = 0;
    for (; j + block <= columns.length; j += block) {
      T transposed[block][block];  // NOLINT: filled before it is read
      for (std::int64_t b = 0; b < block; ++b) {
        for (std::int64_t a = 0; a < block; ++a) {
          transposed[a][b] = from[(i + a) + (j + b) * columns.from];
        }
      }
      for (std::int64_t a = 0; a < block; ++a) {
        for (std::int64_t b = 0; b < block; ++b) {
          to[(i + a) * rows.to + (j + b)] = transposed[a][b];
        }
      }
    }
    for (; j < columns.length; ++j) {
      for (std::int64_t a = 0; a < block; ++a) {
        to[(i + a) * rows.to + j] = from[(i + a) + j * columns.from];
      }
    }
  }
  for (; i < rows.length; ++i) {
    for (std::int64_t j = 0; j < columns.length; ++j) {
      to[i * rows.to + j] = from[i + j * columns.from];
    }
  }
}

// A transposition in square tiles, so that every cache line that is touched is used up.
template <class T>
void copy_transposed(const T* from, T* to, const Axis& rows, const Axis& columns) noexcept {
  constexpr std::int64_t tile = 32;
  for (std::int64_t row = 0; row < rows.length; row += tile) {
    const Axis tile_rows{std::min(rows.length - row, tile), rows.from, rows.to};
    for (std::int64_t column = 0; column < columns.length; column += tile) {
      const Axis tile_columns{std::min(columns.length - column, tile), columns.from, columns.to};
      copy_tile(from + row + column * columns.from, to + row * rows.to + column, tile_rows, tile_columns);
    }
  }
}

// Calls f(from offset, to offset) for every position of the outer axes.
template <class F>
void for_each(const Loops& outer, F f) {
  std::array<std::int64_t, Shape::max_rank> position{};
  std::int64_t from = 0;
  std::int64_t to = 0;
  while (true) {
    f(from, to);
    std::size_t i = outer.rank;
    for (; i > 0; --i) {
      const Axis& axis = outer.axes[i - 1];
      from += axis.from;
      to += axis.to;
      if (++position[i - 1] < axis.length) {
        break;
      }
      from -= axis.from * axis.length;
      to -= axis.to * axis.length;
      position[i - 1] = 0;
    }
    if (i == 0) {
      return;
    }
  }
}

template <class T>
void run(Loops loops, const T* from, T* to) {
  if (loops.rank == 0) {
    *to = *from;
    return;
  }
  const Axis inner = loops.axes[--loops.rank];
  const auto end = loops.axes.begin() + static_cast<std::ptrdiff_t>(loops.rank);
  const auto rows = std::find_if(loops.axes.begin(), end, [](const Axis& axis) { return axis.from == 1; });
  if (inner.from == 1 || inner.to != 1 || rows == end) {
    for_each(loops, [&](std::int64_t source, std::int64_t target) { copy_run(from + source, to + target, inner); });
    return;
  }
  const Axis row_axis = *rows;
  std::move(rows + 1, end, rows);
  --loops.rank;
  for_each(loops, [&](std::int64_t source, std::int64_t target) {
    copy_transposed(from + source, to + target, row_axis, inner);
  });
}

}  // namespace

void strided_copy(DType dtype, const StridedCopy& copy) {
  const auto lengths_end = copy.lengths.begin() + static_cast<std::ptrdiff_t>(copy.rank);
  if (std::find(copy.lengths.begin(), lengths_end, 0) != lengths_end) {
    return;
  }
  dispatch(dtype, [&]<class T>(std::type_identity<T>) {
    run<T>(merged(copy), static_cast<const T*>(copy.from), static_cast<T*>(copy.to));
  });
}

}  // namespace xgrad::run
