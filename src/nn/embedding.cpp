#include "xgrad/nn/embedding.hpp"

#include <fmt/format.h>
#include <limits>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/nn/functional.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/scope.hpp"

#include "nn/defined.hpp"
#include "nn/initial.hpp"
#include "nn/reweighted.hpp"

namespace xgrad::nn {

namespace {

using Padding = std::optional<std::int64_t>;

// In [0, count).
Padding checked_padding(const char* layer, const Padding& padding, std::int64_t count) {
  if (!padding) {
    return padding;
  }
  if (*padding < -count || *padding >= count) {
    throw ValueError(
        fmt::format("[{}] padding index {} of {} rows; expected {} to {}", layer, *padding, count, -count, count - 1));
  }
  return *padding < 0 ? *padding + count : *padding;
}

Parameter first_table(const char* layer, std::int64_t count, std::int64_t width, Random& random,
                      const EmbeddingOptions& options) {
  if (count <= 0 || width <= 0) {
    throw ValueError(fmt::format("[{}] of {} rows of {} elements; both must be positive", layer, count, width));
  }
  const Padding padding = checked_padding(layer, options.padding, count);
  Tensor table = initial_value(layer, "weight", options.weight, Shape{count, width}, options.dtype, random);
  if (padding) {
    const Tensor row = reshape(arange(0, static_cast<double>(count), 1, int64), {count, 1});
    table = where(equal(row, static_cast<double>(*padding)), 0.0, table);
  }
  return Parameter{table, "weight"};
}

const Tensor& require_table(const char* layer, const Tensor& table) {
  require_defined(layer, "weight", table);
  if (table.rank() != 2) {
    throw ShapeError(fmt::format("[{}] the weight is (count, width), not {}", layer, to_string(table.shape())));
  }
  return table;  // NOLINT(bugprone-return-const-ref-from-parameter): used before the call is over
}

void require_indices(const char* layer, const char* role, const Tensor& indices) {
  require_defined(layer, role, indices);
  if (indices.dtype() != int64) {
    throw DTypeError(fmt::format("[{}] the {} are {}; expected int64", layer, role, to_string(indices.dtype())));
  }
}

// Where the indices are the padding's, also as they count from the back; undefined without one.
Tensor is_padding(const Tensor& indices, const Padding& padding, std::int64_t count) {
  if (!padding) {
    return {};
  }
  return logical_or(equal(indices, static_cast<double>(*padding)),
                    equal(indices, static_cast<double>(*padding - count)));
}

}  // namespace

Embedding::Embedding(std::int64_t count, std::int64_t width, Random& random, const EmbeddingOptions& options)
    : weight{first_table("Embedding", count, width, random, options)},
      padding{checked_padding("Embedding", options.padding, count)} {}

Embedding::Embedding(const Tensor& table, std::optional<std::int64_t> padding_index)
    : weight{require_table("Embedding", table), "weight"},
      padding{checked_padding("Embedding", padding_index, table.dim(0))} {}

Embedding::Embedding(const Parameter& table, std::optional<std::int64_t> padding_index)
    : weight{table}, padding{checked_padding("Embedding", padding_index, require_table("Embedding", table).dim(0))} {}

Tensor Embedding::operator()(const Tensor& indices) const {
  return with_weight(weight, indices);
}

Tensor Embedding::with_weight(const Tensor& other, const Tensor& indices) const {
  const Scope scope{"Embedding", Scope::Role::layer};
  require_weight_like("Embedding", weight, other);
  require_indices("Embedding", "indices", indices);
  const Tensor rows = take(other, indices, 0);
  const Tensor padded = is_padding(indices, padding, weight.shape()[0]);
  return padded.defined() ? where(expand_dims(padded, -1), stop_gradient(rows), rows) : rows;
}

EmbeddingBag::EmbeddingBag(std::int64_t count, std::int64_t width, Random& random, BagMode of_bags,
                           const EmbeddingOptions& options)
    : weight{first_table("EmbeddingBag", count, width, random, options)},
      padding{checked_padding("EmbeddingBag", options.padding, count)},
      bag_mode{of_bags} {}

EmbeddingBag::EmbeddingBag(const Parameter& table, BagMode of_bags, std::optional<std::int64_t> padding_index)
    : weight{table},
      padding{checked_padding("EmbeddingBag", padding_index, require_table("EmbeddingBag", table).dim(0))},
      bag_mode{of_bags} {}

namespace {

constexpr double none = -std::numeric_limits<double>::infinity();

void require_per_sample(const EmbeddingBag& layer, const Tensor& indices, const Tensor& per_sample) {
  if (!per_sample.defined()) {
    return;
  }
  if (layer.bag_mode != BagMode::sum) {
    throw ValueError("[EmbeddingBag] weights per sample; expected none, but for a sum");
  }
  if (per_sample.shape() != indices.shape()) {
    throw ShapeError(fmt::format("[EmbeddingBag] weights per sample {} of indices {}; expected one per index",
                                 to_string(per_sample.shape()), to_string(indices.shape())));
  }
  if (per_sample.dtype() != layer.weight.dtype()) {
    throw DTypeError(fmt::format("[EmbeddingBag] weights per sample are {}; expected {}", to_string(per_sample.dtype()),
                                 to_string(layer.weight.dtype())));
  }
}

// The rows with `filler` where they don't count, times their weights.
Tensor rows_of(const Tensor& table, const Tensor& indices, const Tensor& padded, const Tensor& per_sample,
               double filler) {
  Tensor rows = take(table, indices, 0);
  rows = per_sample.defined() ? rows * expand_dims(per_sample, -1) : rows;
  return padded.defined() ? where(expand_dims(padded, -1), filler, rows) : rows;
}

// The largest of nothing is 0.
Tensor largest_along(const Tensor& rows, std::int64_t axis) {
  const Tensor largest = max(rows, axis);
  return where(equal(largest, none), 0.0, largest);
}

// 1 per index that counts.
Tensor counted(const Tensor& indices, const Tensor& padded, DType dtype) {
  return padded.defined() ? cast(logical_not(padded), dtype) : ones(indices.shape(), dtype);
}

}  // namespace

Tensor EmbeddingBag::operator()(const Tensor& indices, const Tensor& per_sample) const {
  return with_weight(weight, indices, per_sample);
}

Tensor EmbeddingBag::with_weight(const Tensor& other, const Tensor& indices, const Tensor& per_sample) const {
  const Scope scope{"EmbeddingBag", Scope::Role::layer};
  require_weight_like("EmbeddingBag", weight, other);
  require_indices("EmbeddingBag", "indices", indices);
  if (indices.rank() != 2) {
    throw ShapeError(fmt::format("[EmbeddingBag] takes indices (N, L), not {}", to_string(indices.shape())));
  }
  require_per_sample(*this, indices, per_sample);
  const Tensor padded = is_padding(indices, padding, weight.shape()[0]);
  if (bag_mode == BagMode::max) {
    return indices.dim(1) == 0 ? zeros({indices.dim(0), weight.shape()[1]}, weight.dtype())
                               : largest_along(rows_of(other, indices, padded, {}, none), 1);
  }
  const Tensor total = sum(rows_of(other, indices, padded, per_sample, 0), 1);
  return bag_mode == BagMode::sum ? total : total / maximum(sum(counted(indices, padded, weight.dtype()), 1, true), 1);
}

Tensor EmbeddingBag::bags(const Tensor& indices, const Tensor& offsets, const Tensor& per_sample) const {
  const Scope scope{"EmbeddingBag", Scope::Role::layer};
  require_indices("EmbeddingBag", "indices", indices);
  require_indices("EmbeddingBag", "offsets", offsets);
  if (indices.rank() != 1 || offsets.rank() != 1) {
    throw ShapeError(fmt::format("[EmbeddingBag] takes indices (T,) and offsets (B,), not {} and {}",
                                 to_string(indices.shape()), to_string(offsets.shape())));
  }
  require_per_sample(*this, indices, per_sample);
  const std::int64_t count = indices.dim(0);
  const std::int64_t bag_count = offsets.dim(0);
  // How many bags start up to an index, less one. Offsets in any order give the same, so a fall is looked for; what is
  // wrong becomes an index that isn't in the result.
  const Tensor starts = take_adjoint(ones({bag_count}, int64), offsets, count + 1);
  const Tensor before = slice(cumsum(starts), {.start = 0, .stop = count, .step = 1}) - 1;
  const Tensor falls = bag_count < 2 ? zeros({1}, int64)
                                     : max(cast(less(slice(offsets, {.start = 1, .stop = std::nullopt, .step = 1}),
                                                     slice(offsets, {.start = 0, .stop = -1, .step = 1})),
                                                int64),
                                           {}, true);
  const Tensor wrong = logical_or(less(before, 0), greater(falls, 0));
  const Tensor bag = where(wrong, static_cast<double>(bag_count), before);
  const Tensor padded = is_padding(indices, padding, weight.shape()[0]);
  if (bag_mode == BagMode::max) {
    if (bag_count == 0 || count == 0) {
      return zeros({bag_count, weight.shape()[1]}, weight.dtype());
    }
    const Tensor own = one_hot(bag, bag_count, boolean);  // (T, B)
    const Tensor rows = expand_dims(rows_of(weight, indices, padded, {}, none), 1);
    return largest_along(where(expand_dims(own, -1), rows, none), 0);
  }
  Tensor total = take_adjoint(rows_of(weight, indices, padded, per_sample, 0), bag, bag_count);
  if (bag_mode == BagMode::sum) {
    return total;
  }
  const Tensor counts = take_adjoint(counted(indices, padded, weight.dtype()), bag, bag_count);
  return total / expand_dims(maximum(counts, 1), -1);
}

namespace {

Tensor small_normal(const Shape& shape, DType dtype, Random& random) {
  return random.normal(shape, 0, 0.02, dtype);
}

}  // namespace

LearnedPositions::LearnedPositions(std::int64_t count, std::int64_t width, Random& random)
    : LearnedPositions{count, width, random, {.weight = small_normal}} {}

LearnedPositions::LearnedPositions(std::int64_t count, std::int64_t width, Random& random,
                                   const EmbeddingOptions& options)
    : weight{first_table("LearnedPositions", count, width, random, options)} {}

Tensor LearnedPositions::operator()(const Tensor& x, std::int64_t first) const {
  return with_weight(weight, x, first);
}

Tensor LearnedPositions::with_weight(const Tensor& other, const Tensor& x, std::int64_t first) const {
  const Scope scope{"LearnedPositions", Scope::Role::layer};
  require_weight_like("LearnedPositions", weight, other);
  require_defined("LearnedPositions", "input", x);
  const std::int64_t count = weight.shape()[0];
  if (x.rank() < 2 || x.dim(-1) != weight.shape()[1]) {
    throw ShapeError(
        fmt::format("[LearnedPositions] takes (…, T, {}), not {}", weight.shape()[1], to_string(x.shape())));
  }
  if (first < 0 || first + x.dim(-2) > count) {
    throw ShapeError(fmt::format("[LearnedPositions] positions {} to {} of {}, for {}", first, first + x.dim(-2), count,
                                 to_string(x.shape())));
  }
  return x + slice(other, {.start = first, .stop = first + x.dim(-2), .step = 1});
}

Tensor SinusoidalPositions::operator()(const Tensor& x, std::int64_t first) const {
  const Scope scope{"SinusoidalPositions", Scope::Role::layer};
  require_defined("SinusoidalPositions", "input", x);
  if (x.rank() < 2) {
    throw ShapeError(fmt::format("[SinusoidalPositions] takes (…, T, width), not {}", to_string(x.shape())));
  }
  if (first < 0) {
    throw ValueError(fmt::format("[SinusoidalPositions] from position {} on; expected 0 or more", first));
  }
  const std::int64_t behind = first + x.dim(-2);
  return x + slice(sinusoidal_positions(behind, x.dim(-1), x.dtype()), {.start = first, .stop = behind, .step = 1});
}

}  // namespace xgrad::nn
