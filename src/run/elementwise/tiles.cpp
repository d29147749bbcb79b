#include "run/elementwise/tiles.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <fmt/format.h>
#include <vector>

#include "xgrad/error.hpp"

#include "run/elementwise/broadcast_reader.hpp"

namespace xgrad::run {

namespace {

constexpr std::int64_t tile_elements = 1024;

struct alignas(64) TileBuffer {
  std::array<std::byte, tile_elements * 8> bytes;
};

template <std::size_t Bytes>
void copy_elements(const Operation& /*operation*/, const void* const* inputs, void* out, std::size_t count) {
  std::memcpy(out, inputs[0], count * Bytes);
}

}  // namespace

TileKernel tile_of(const ElementwiseOperation& operation, std::span<const DType> inputs, DType output) {
  const TileKernel kernel = operation.tile(inputs, output);
  if (kernel == nullptr) {
    throw ValueError(
        fmt::format("[{}] tile() gave no kernel for a result of dtype {}", operation.name(), to_string(output)));
  }
  return kernel;
}

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
    readers.emplace_back(input.shape, input.dtype, output.shape).seek(input.data, 0);
  }
  std::array<TileBuffer, usual_inputs> few_tiles;  // NOLINT: filled before it is read
  std::vector<TileBuffer> more_tiles(inputs.size() > usual_inputs ? inputs.size() : 0);
  TileBuffer* tiles = more_tiles.empty() ? few_tiles.data() : more_tiles.data();
  std::vector<const void*> pointers(inputs.size());
  const std::int64_t tile = std::min(total, tile_elements);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (readers[i].constant() && !readers[i].contiguous()) {
      splat(tiles[i].bytes.data(), inputs[i].data, tile, readers[i].element());
    }
    pointers[i] = tiles[i].bytes.data();
  }
  const std::size_t output_element = size_of(output.dtype);
  for (std::int64_t start = 0; start < total; start += tile) {
    const std::int64_t count = std::min(tile, total - start);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      BroadcastReader& reader = readers[i];
      if (reader.contiguous()) {
        pointers[i] =
            static_cast<const std::byte*>(inputs[i].data) + start * static_cast<std::int64_t>(reader.element());
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
