#include "run/tiles.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

namespace xgrad::run {

namespace {

constexpr std::int64_t tile_elements = 1024;

void copy_run(std::byte* to, const std::byte* from, std::int64_t count, std::size_t element) noexcept {
  std::memcpy(to, from, static_cast<std::size_t>(count) * element);
}

template <class T>
void splat_as(std::byte* to, const std::byte* from, std::int64_t count) noexcept {
  T value;
  std::memcpy(&value, from, sizeof(T));
  std::fill_n(reinterpret_cast<T*>(to), count, value);
}

void splat_run(std::byte* to, const std::byte* from, std::int64_t count, std::size_t element) noexcept {
  switch (element) {
    case 4:
      splat_as<std::uint32_t>(to, from, count);
      break;
    case 8:
      splat_as<std::uint64_t>(to, from, count);
      break;
    default:
      splat_as<std::uint8_t>(to, from, count);
  }
}

/// Reads an input that broadcasts to the output's shape as a stream of its elements in the output's order.
///
/// The output's axes are merged into as few as the input allows: axis lengths `lengths_`, the input's step per axis in
/// elements `steps_`, 0 where it broadcasts. The innermost axis is then a run that is either copied or repeated.
class BroadcastReader {
 public:
  BroadcastReader(const ConstArray& input, const Shape& output)
      : source_{static_cast<const std::byte*>(input.data)}, element_{size_of(input.dtype)} {
    const std::size_t offset = output.rank() - input.shape.rank();
    std::array<std::int64_t, Shape::max_rank> steps{};
    std::int64_t step = 1;
    for (std::size_t axis = output.rank(); axis-- > offset;) {
      const std::int64_t length = input.shape[axis - offset];
      steps[axis] = length == 1 ? 0 : step;
      step *= length;
    }
    for (std::size_t axis = 0; axis < output.rank(); ++axis) {
      if (output[axis] == 1) {
        continue;
      }
      const bool merges = rank_ > 0 && steps_[rank_ - 1] == steps[axis] * output[axis];
      if (merges) {
        lengths_[rank_ - 1] *= output[axis];
        steps_[rank_ - 1] = steps[axis];
      } else {
        lengths_[rank_] = output[axis];
        steps_[rank_] = steps[axis];
        ++rank_;
      }
    }
  }

  /// Every element of the output is the same element of the input.
  [[nodiscard]] bool constant() const noexcept { return rank_ == 0 || (rank_ == 1 && steps_[0] == 0); }
  /// The input has the output's elements in the output's order.
  [[nodiscard]] bool contiguous() const noexcept { return rank_ == 0 || (rank_ == 1 && steps_[0] == 1); }
  [[nodiscard]] const std::byte* source() const noexcept { return source_; }
  [[nodiscard]] std::size_t element() const noexcept { return element_; }

  /// The next `count` elements.
  void read(std::byte* to, std::int64_t count) noexcept {
    const std::size_t inner = rank_ - 1;
    while (count > 0) {
      const std::int64_t run = std::min(count, lengths_[inner] - position_[inner]);
      const std::byte* from = source_ + offset_ * static_cast<std::int64_t>(element_);
      if (steps_[inner] == 0) {
        splat_run(to, from, run, element_);
      } else {
        copy_run(to, from, run, element_);
      }
      to += run * static_cast<std::int64_t>(element_);
      count -= run;
      advance(run);
    }
  }

 private:
  void advance(std::int64_t run) noexcept {
    std::size_t axis = rank_ - 1;
    position_[axis] += run;
    offset_ += run * steps_[axis];
    while (position_[axis] == lengths_[axis] && axis > 0) {
      offset_ -= position_[axis] * steps_[axis];
      position_[axis] = 0;
      --axis;
      ++position_[axis];
      offset_ += steps_[axis];
    }
  }

  const std::byte* source_;
  std::size_t element_;
  std::size_t rank_ = 0;
  std::array<std::int64_t, Shape::max_rank> lengths_{};
  std::array<std::int64_t, Shape::max_rank> steps_{};
  std::array<std::int64_t, Shape::max_rank> position_{};
  std::int64_t offset_ = 0;  // of the next element, in elements
};

struct alignas(64) TileBuffer {
  std::array<std::byte, tile_elements * 8> bytes;
};

template <std::size_t Bytes>
void copy_elements(const Operation& /*operation*/, const void* const* inputs, void* out, std::size_t count) {
  std::memcpy(out, inputs[0], count * Bytes);
}

}  // namespace

void run_tiles(const Operation& operation, TileKernel kernel, std::span<const ConstArray> inputs, const Array& output) {
  constexpr std::size_t usual_inputs = 3;
  const std::int64_t total = output.shape.size();
  if (total == 0) {
    return;
  }
  std::array<const void*, usual_inputs> few{};
  const bool direct =
      inputs.size() <= usual_inputs &&
      std::all_of(inputs.begin(), inputs.end(), [&](const ConstArray& input) { return input.shape == output.shape; });
  if (direct) {
    std::transform(inputs.begin(), inputs.end(), few.begin(), [](const ConstArray& input) { return input.data; });
    kernel(operation, few.data(), output.data, static_cast<std::size_t>(total));
    return;
  }

  std::vector<BroadcastReader> readers;
  readers.reserve(inputs.size());
  for (const ConstArray& input : inputs) {
    readers.emplace_back(input, output.shape);
  }
  std::array<TileBuffer, usual_inputs> few_tiles;  // NOLINT: filled before it is read
  std::vector<TileBuffer> more_tiles(inputs.size() > usual_inputs ? inputs.size() : 0);
  TileBuffer* tiles = more_tiles.empty() ? few_tiles.data() : more_tiles.data();
  std::vector<const void*> pointers(inputs.size());
  const std::int64_t tile = std::min(total, tile_elements);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (readers[i].constant() && !readers[i].contiguous()) {
      splat_run(tiles[i].bytes.data(), readers[i].source(), tile, readers[i].element());
    }
    pointers[i] = tiles[i].bytes.data();
  }
  const std::size_t output_element = size_of(output.dtype);
  for (std::int64_t start = 0; start < total; start += tile) {
    const std::int64_t count = std::min(tile, total - start);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      BroadcastReader& reader = readers[i];
      if (reader.contiguous()) {
        pointers[i] = reader.source() + start * static_cast<std::int64_t>(reader.element());
      } else if (!reader.constant()) {
        reader.read(tiles[i].bytes.data(), count);
      }
    }
    kernel(operation, pointers.data(),
           static_cast<std::byte*>(output.data) + start * static_cast<std::int64_t>(output_element),
           static_cast<std::size_t>(count));
  }
}

TileKernel copy_tile(DType dtype) noexcept {
  switch (size_of(dtype)) {
    case 4:
      return copy_elements<4>;
    case 8:
      return copy_elements<8>;
    default:
      return copy_elements<1>;
  }
}

}  // namespace xgrad::run
