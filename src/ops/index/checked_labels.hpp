#pragma once

#include <cstdint>
#include <optional>

#include "xgrad/operation.hpp"

namespace xgrad::ops {

/// What a loss asks of its labels: integers in [low, high], but for one, or numbers that are −1 or 1.
struct LabelRule {
  enum class Kind : std::uint8_t { class_index, input_length, target_length, sign };
  const char* loss;  ///< a literal
  Kind kind;
  std::int64_t low = 0;
  std::int64_t high = 0;
  std::optional<std::int64_t> blank = std::nullopt;  ///< a class that labels mustn't be
};

/// The labels, a constant to every derivative. When it is evaluated: throws ValueError that names the loss, the label
/// and its place.
[[nodiscard]] Tensor checked_labels(const Tensor& labels, const LabelRule& rule);

/// Whether a call is such a check, which formulas leave out.
[[nodiscard]] bool is_label_check(const Operation& operation) noexcept;

}  // namespace xgrad::ops
