#include <algorithm>
#include <fmt/format.h>
#include <span>
#include <utility>

#include "xgrad/error.hpp"

#include "data/dataset.hpp"
#include "data/rows.hpp"

namespace xgrad::data {

Batches::Batches(const Dataset& dataset, const BatchOptions& options) : dataset_{checked(dataset, "batches")} {
  const std::int64_t samples = dataset_.size();
  if (samples == 0) {
    throw ValueError("[batches] the dataset is empty: expected at least one sample");
  }
  if (options.size < 0) {
    throw ValueError(fmt::format("[batches] size {}: expected a positive number, or 0 for all samples", options.size));
  }
  batch_ = options.size == 0 ? samples : std::min(options.size, samples);
  if (options.drop_last && options.size > samples) {
    throw ValueError(
        fmt::format("[batches] size {} with drop_last leaves no batch of {} samples", options.size, samples));
  }
  count_ = samples / batch_ + (options.drop_last || samples % batch_ == 0 ? 0 : 1);
  labels_ = options.labels;
  if (options.shuffle) {
    order_ = options.shuffle->get().permutation(samples);
  }
}

Batch Batches::Iterator::operator*() const {
  if (index_ >= range_->count_) {
    throw ValueError(fmt::format("[batches] batch {} of {} read: past the end", index_ + 1, range_->count_));
  }
  const Dataset& dataset = range_->dataset_;
  const Tensor& targets = range_->labels_ ? dataset.labels : dataset.targets;
  const std::int64_t first = index_ * range_->batch_;
  const std::int64_t count = std::min(range_->batch_, dataset.size() - first);
  if (range_->order_.empty()) {
    return {copy_rows(dataset.inputs, first, count), copy_rows(targets, first, count)};
  }
  const auto rows = std::span<const std::int64_t>{range_->order_}.subspan(static_cast<std::size_t>(first),
                                                                          static_cast<std::size_t>(count));
  return {gather_rows(dataset.inputs, rows), gather_rows(targets, rows)};
}

Batches batches(const Dataset& dataset, const BatchOptions& options) {
  return {dataset, options};
}

}  // namespace xgrad::data
