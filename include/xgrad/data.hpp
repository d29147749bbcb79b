#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "xgrad/dtype.hpp"
#include "xgrad/export.hpp"
#include "xgrad/files.hpp"
#include "xgrad/random.hpp"
#include "xgrad/tensor.hpp"

namespace xgrad::data {

/// Labelled samples. batches() hands out `targets` as y. Inputs may have more axes than features: of 8×8 images
/// `inputs = reshape(inputs, {-1, 1, 8, 8})` are what a convolution takes.
struct XGRAD_API Dataset {
  Tensor inputs;   ///< (samples, features) or (samples, …), floating, images scaled to [0, 1]
  Tensor targets;  ///< (samples, classes), one-hot, of the inputs' dtype
  Tensor labels;   ///< (samples), int64

  [[nodiscard]] std::int64_t size() const { return labels.size(); }
  /// The number of elements of a sample.
  [[nodiscard]] std::int64_t features() const;
  [[nodiscard]] std::int64_t classes() const { return targets.dim(1); }
};

/// From features (samples, features) or (samples, …) and labels in [0, classes). Throws ShapeError, DTypeError,
/// ValueError.
[[nodiscard]] XGRAD_API Dataset dataset(const Tensor& inputs, const Tensor& labels, std::int64_t classes);

struct TrainTest {
  Dataset train;
  Dataset test;
};

/// The samples in an order drawn from `seed`, cut in two: test_fraction of them, rounded, are for the test. Throws
/// ValueError unless both parts get a sample.
[[nodiscard]] XGRAD_API TrainTest split(const Dataset& dataset, double test_fraction, std::uint64_t seed);

struct DigitsOptions {
  double test_fraction = 0.2;
  std::uint64_t seed = 0;
  DType dtype = float32;
};

/// The 1,797 handwritten digits of 8×8 pixels (UCI, Alpaydin and Kaynak 1998) that are built into the library: 64
/// features scaled to [0, 1], 10 classes.
[[nodiscard]] XGRAD_API TrainTest digits(const DigitsOptions& options = {});

/// MNIST's four files (also Fashion-MNIST's) from a folder: train-images-idx3-ubyte, train-labels-idx1-ubyte and the
/// t10k- ones, also with a dot, as train-images.idx3-ubyte, plain or with .gz. Pixels are scaled to [0, 1]. Throws
/// IoError, naming the file, if one is missing, truncated, longer than its header says, of a wrong magic number, larger
/// than the options allow, or if images and labels don't agree. A std::filesystem::path converts.
[[nodiscard]] XGRAD_API TrainTest mnist(const std::string& folder, DType dtype = float32,
                                        const ReadOptions& options = {});

struct Batch {
  Tensor inputs;   ///< (batch, features) or (batch, …)
  Tensor targets;  ///< (batch, classes), or (batch) int64 labels if asked for
};

struct BatchOptions {
  std::int64_t size = 32;  ///< 0 means all samples in one batch
  std::optional<std::reference_wrapper<Random>> shuffle = std::nullopt;
  bool labels = false;     ///< hand out class indices instead of one-hot rows
  bool drop_last = false;  ///< leave out a last batch that is smaller
};

/// A range of batches over one pass; a new call shuffles anew. The dataset's tensors are shared, each batch is a copy
/// of its rows.
class XGRAD_API Batches {
 public:
  class XGRAD_API Iterator {
   public:
    using value_type = Batch;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using iterator_concept = std::input_iterator_tag;

    [[nodiscard]] Batch operator*() const;
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    void operator++(int) { ++index_; }
    friend bool operator==(const Iterator& a, const Iterator& b) noexcept { return a.index_ == b.index_; }

   private:
    friend class Batches;
    Iterator(const Batches* range, std::int64_t index) : range_{range}, index_{index} {}
    const Batches* range_;
    std::int64_t index_;
  };

  Batches(const Dataset& dataset, const BatchOptions& options);

  [[nodiscard]] Iterator begin() const { return {this, 0}; }
  [[nodiscard]] Iterator end() const { return {this, count_}; }
  /// The number of batches.
  [[nodiscard]] std::int64_t size() const noexcept { return count_; }

 private:
  Dataset dataset_;
  std::vector<std::int64_t> order_;
  std::int64_t batch_ = 0;
  std::int64_t count_ = 0;
  bool labels_ = false;
};

/// Throws ValueError for a negative size, an empty dataset, and where drop_last would leave no batch at all.
[[nodiscard]] XGRAD_API Batches batches(const Dataset& dataset, const BatchOptions& options = {});

}  // namespace xgrad::data
