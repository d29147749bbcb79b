#include "data/rows.hpp"

#include <cstddef>
#include <cstring>
#include <utility>

#include "graph/node.hpp"

namespace xgrad::data {
namespace {

const std::byte* bytes_of(const Tensor& evaluated) {
  return static_cast<const std::byte*>(evaluated.node()->value.data());
}

std::size_t row_bytes(const Tensor& tensor) {
  std::size_t bytes = size_of(tensor.dtype());
  for (std::size_t axis = 1; axis < tensor.rank(); ++axis) {
    bytes *= static_cast<std::size_t>(tensor.shape()[axis]);
  }
  return bytes;
}

}  // namespace

Tensor gather_rows(const Tensor& source, std::span<const std::int64_t> rows) {
  auto [tensor, array] =
      graph::make_uninitialised(source.shape().with(0, static_cast<std::int64_t>(rows.size())), source.dtype());
  const std::byte* from = bytes_of(source);
  auto* to = static_cast<std::byte*>(array.data);
  const std::size_t bytes = row_bytes(source);
  for (const std::int64_t row : rows) {
    std::memcpy(to, from + static_cast<std::size_t>(row) * bytes, bytes);
    to += bytes;
  }
  return std::move(tensor);
}

Tensor copy_rows(const Tensor& source, std::int64_t first, std::int64_t count) {
  auto [tensor, array] = graph::make_uninitialised(source.shape().with(0, count), source.dtype());
  const std::size_t bytes = row_bytes(source);
  std::memcpy(array.data, bytes_of(source) + static_cast<std::size_t>(first) * bytes,
              static_cast<std::size_t>(count) * bytes);
  return std::move(tensor);
}

}  // namespace xgrad::data
