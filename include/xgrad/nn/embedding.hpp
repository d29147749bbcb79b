#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "xgrad/dtype.hpp"
#include "xgrad/export.hpp"
#include "xgrad/nn/initializers.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/random.hpp"
#include "xgrad/tensor.hpp"

/// Tables of vectors, looked up by int64 indices. An index that isn't in the table is a ValueError at evaluation.
namespace xgrad::nn {

struct EmbeddingOptions {
  /// An index whose row is 0 at first and never gets a gradient from here; negative ones count from the back.
  std::optional<std::int64_t> padding = std::nullopt;
  DType dtype = float32;
  Initializer weight = init::standard_normal;
};

/// indices (…) → (…, width): the rows of `weight` at the indices.
class XGRAD_API Embedding {
 public:
  Parameter weight;                     ///< (count, width)
  std::optional<std::int64_t> padding;  ///< in [0, count)
  static constexpr std::array<std::string_view, 2> field_names{"weight", "padding"};

  /// Throws ValueError unless count and width are positive, and for a padding index that isn't in the table.
  Embedding(std::int64_t count, std::int64_t width, Random& random, const EmbeddingOptions& options = {});
  /// From values (count, width), which stay as they are. Throws ShapeError, ValueError.
  explicit Embedding(const Tensor& table, std::optional<std::int64_t> padding_index = std::nullopt);
  /// With this very cell, so that an output layer may share it: Dense{embedding.weight} has logits x weightᵀ. Through
  /// such a layer the padding row is trained. Likewise.
  explicit Embedding(const Parameter& table, std::optional<std::int64_t> padding_index = std::nullopt);

  /// Throws DTypeError unless the indices are int64.
  [[nodiscard]] Tensor operator()(const Tensor& indices) const;
  /// From another table than its own, of that shape.
  [[nodiscard]] Tensor with_weight(const Tensor& other, const Tensor& indices) const;
};

/// What becomes of the rows of a bag.
enum class BagMode : std::uint8_t { sum, mean, max };

/// Embedding's rows, taken together by bags; 0 of an empty bag. Rows at the padding index count as not there.
class XGRAD_API EmbeddingBag {
 public:
  Parameter weight;                     ///< (count, width)
  std::optional<std::int64_t> padding;  ///< in [0, count)
  BagMode bag_mode;
  static constexpr std::array<std::string_view, 3> field_names{"weight", "padding", "bag_mode"};

  EmbeddingBag(std::int64_t count, std::int64_t width, Random& random, BagMode of_bags = BagMode::mean,
               const EmbeddingOptions& options = {});
  explicit EmbeddingBag(const Parameter& table, BagMode of_bags = BagMode::mean,
                        std::optional<std::int64_t> padding_index = std::nullopt);

  /// indices (N, L) → (N, width): a bag per row. `per_sample` (N, L), if defined, multiplies the rows, of a sum only
  /// (ValueError). Throws ShapeError, DTypeError.
  [[nodiscard]] Tensor operator()(const Tensor& indices, const Tensor& per_sample = {}) const;
  /// From another table than its own, of that shape.
  [[nodiscard]] Tensor with_weight(const Tensor& other, const Tensor& indices, const Tensor& per_sample = {}) const;
  /// indices (T), offsets (B) → (B, width): bag i has the indices from offsets[i] on, up to the next bag's. Offsets are
  /// int64, start at 0 and don't fall; one of T or less is a bag that may be empty. Otherwise: ValueError at
  /// evaluation. `per_sample` is (T). A maximum takes memory for B T width elements.
  [[nodiscard]] Tensor bags(const Tensor& indices, const Tensor& offsets, const Tensor& per_sample = {}) const;
};

/// x (…, T, width) → x + the rows first, first + 1, … of `weight`.
class XGRAD_API LearnedPositions {
 public:
  Parameter weight;  ///< (count, width)
  static constexpr std::array<std::string_view, 1> field_names{"weight"};

  /// N(0, 0.02²), as BERT's (Devlin et al., NAACL 2019), unless the options say otherwise. Throws ValueError unless
  /// count and width are positive.
  LearnedPositions(std::int64_t count, std::int64_t width, Random& random);
  LearnedPositions(std::int64_t count, std::int64_t width, Random& random, const EmbeddingOptions& options);

  /// Throws ShapeError if there aren't as many positions, or of another width.
  [[nodiscard]] Tensor operator()(const Tensor& x, std::int64_t first = 0) const;
  /// From another table than its own, of that shape.
  [[nodiscard]] Tensor with_weight(const Tensor& other, const Tensor& x, std::int64_t first = 0) const;
};

/// x (…, T, width) → x + sinusoidal_positions() first, first + 1, …; there is nothing to train and no last position.
struct XGRAD_API SinusoidalPositions {
  /// Throws ShapeError for less than two axes, ValueError for an odd width or a negative first position.
  [[nodiscard]] Tensor operator()(const Tensor& x, std::int64_t first = 0) const;
};

}  // namespace xgrad::nn
