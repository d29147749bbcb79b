#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "xgrad/operation.hpp"

#include "run/reductions/segments.hpp"

/// What operations on segments of rows have in common.
namespace xgrad::ops {

/// Throws ShapeError unless x is (n, …), segments (n) and count 0 or more, and DTypeError unless the segments are
/// int64.
void require_segments(std::string_view operation, const Tensor& x, const Tensor& segments, std::int64_t count);

/// An operation on x (n, …) and segments (n), of which there are count().
class SegmentOperation : public WorkspaceOperation {
 public:
  explicit SegmentOperation(std::int64_t count) : count_{count} {}

  [[nodiscard]] unsigned input_count() const noexcept override { return 2; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return {{"count", count_}}; }

 protected:
  [[nodiscard]] std::int64_t count() const noexcept { return count_; }
  [[nodiscard]] run::Segments segments_of(std::span<const ConstArray> inputs) const noexcept;
  /// A row of s, which has one per segment, for each row of x.
  [[nodiscard]] Tensor of_rows(const Call& call, const Tensor& s) const;

 private:
  std::int64_t count_;
};

}  // namespace xgrad::ops
