#include "run/convolution/convolve.hpp"

#include <algorithm>
#include <cmath>

#include "run/convolution/columns.hpp"
#include "run/convolution/planes.hpp"
#include "run/products/blas.hpp"
#include "run/threads.hpp"

namespace xgrad::run {

namespace {

constexpr std::int64_t cached_bytes = 1 << 19;  // of columns, which a product reads again at once
constexpr std::int64_t most_lanes = 16;         // threads that have scratch memory of their own
constexpr std::int64_t most_slices = 8;

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) noexcept {
  return (a + b - 1) / b;
}

// Elements of scratch memory begin on a line of the cache.
constexpr std::int64_t on_lines(std::int64_t elements) noexcept {
  return ceil_div(elements, 16) * 16;
}

/// [0, count) in `blocks` blocks of equal length, but the last.
struct Blocks {
  std::int64_t count = 0;
  std::int64_t length = 1;
  std::int64_t blocks = 0;

  [[nodiscard]] std::int64_t begin(std::int64_t block) const noexcept { return block * length; }
  [[nodiscard]] std::int64_t end(std::int64_t block) const noexcept { return std::min(count, (block + 1) * length); }
};

// Of at most `most`, nearly equal.
Blocks blocks_of(std::int64_t count, std::int64_t most, std::int64_t multiple) noexcept {
  if (count == 0) {
    return {};
  }
  const std::int64_t blocks = ceil_div(count, std::max(most, multiple));
  const std::int64_t length = std::min(count, ceil_div(ceil_div(count, blocks), multiple) * multiple);
  return {count, length, ceil_div(count, length)};
}

// Outputs whose columns of `rows` elements stay in the cache; whole rows of an image, if they fit.
Blocks cached_outputs(const Convolution& c, std::int64_t rows, std::int64_t element) noexcept {
  const std::int64_t fitting = cached_bytes / std::max<std::int64_t>(rows * element, 1);
  const std::int64_t most = std::max<std::int64_t>(fitting, 64);
  const std::int64_t row = c.axes[2].out;
  return blocks_of(c.out_size(), most, row > 0 && row <= most ? row : 16);
}

// Input channels with so many taps that a product is worth its start.
Blocks channel_blocks(const Convolution& c) noexcept {
  constexpr std::int64_t rows = 256;
  return blocks_of(c.inputs, std::max<std::int64_t>(rows / std::max<std::int64_t>(c.taps(), 1), 1), 1);
}

double multiplications(const Convolution& c) noexcept {
  return static_cast<double>(c.batch) * static_cast<double>(c.weights()) * static_cast<double>(c.out_size());
}

// f(begin, end, lane) on pieces of [0, items); `lane` says whose scratch memory is free.
template <class F>
void share_out(std::int64_t items, double work, F f) {
  constexpr double enough = 2e6;  // multiplications of a piece
  const std::int64_t lanes = std::min(items, most_lanes);
  const double each = work / static_cast<double>(std::max<std::int64_t>(lanes, 1));
  const auto grain = static_cast<std::int64_t>(std::ceil(std::min(enough / std::max(each, 1.0), 1e6)));
  parallel_for(lanes, grain,
               [&](std::int64_t begin, std::int64_t end) { f(items * begin / lanes, items * end / lanes, begin); });
}

// A channel per group, and few kernels for it.
bool is_depthwise(const Convolution& c) noexcept {
  return c.inputs == 1 && c.outputs <= 2 && c.taps() > 1;
}

bool has_unit_strides(const Convolution& c) noexcept {
  return std::all_of(c.axes.begin(), c.axes.end(), [](const ConvolutionAxis& axis) { return axis.stride == 1; });
}

// The adjoint by x is a convolution, with the kernel flipped, channels exchanged and more around the image. It reads
// more than the sum of columns does where there are more output than input channels.
bool is_flipped(const Convolution& c) noexcept {
  return has_unit_strides(c) && c.outputs <= c.inputs && !c.is_pointwise();
}

Convolution flipped(const Convolution& c) noexcept {
  Convolution result = c;
  std::swap(result.inputs, result.outputs);
  for (ConvolutionAxis& axis : result.axes) {
    std::swap(axis.in, axis.out);
    axis.before = axis.dilation * (axis.kernel - 1) - axis.before;
  }
  return result;
}

template <class T>
void flip_weights(const Convolution& c, const T* w, T* to) noexcept {
  const std::int64_t taps = c.taps();
  for (std::int64_t g = 0; g < c.groups; ++g) {
    for (std::int64_t i = 0; i < c.inputs; ++i) {
      for (std::int64_t o = 0; o < c.outputs; ++o) {
        const T* kernel = w + ((g * c.outputs + o) * c.inputs + i) * taps;
        std::reverse_copy(kernel, kernel + taps, to + ((g * c.inputs + i) * c.outputs + o) * taps);
      }
    }
  }
}

struct Scratch {
  std::int64_t shared = 0;  // elements before the lanes'
  std::int64_t lane = 0;    // elements of each
  std::int64_t lanes = 0;

  [[nodiscard]] std::int64_t size() const noexcept { return shared + lanes * lane; }
};

struct OutputWork {
  Blocks outputs;
  std::int64_t items = 0;
  Scratch scratch;
};

OutputWork output_work(const Convolution& c, std::int64_t element) noexcept {
  OutputWork work;
  const std::int64_t rows = c.inputs * c.taps();
  work.outputs = cached_outputs(c, rows, element);
  work.items = c.batch * c.groups * work.outputs.blocks;
  work.scratch.lane = c.is_pointwise() ? 0 : on_lines(rows * work.outputs.length);
  work.scratch.lanes = std::min(work.items, most_lanes);
  return work;
}

Scratch plane_scratch(const Convolution& c, std::int64_t items) noexcept {
  return {0, on_lines(Plane{c}.scratch()), std::min(items, most_lanes)};
}

struct InputWork {
  Blocks channels;
  Blocks outputs;
  std::int64_t items = 0;
  Scratch scratch;
};

InputWork input_work(const Convolution& c, std::int64_t element) noexcept {
  InputWork work;
  work.channels = channel_blocks(c);
  const std::int64_t rows = work.channels.length * c.taps();
  work.outputs = cached_outputs(c, rows, element);
  work.items = c.batch * c.groups * work.channels.blocks;
  work.scratch.lane = c.is_pointwise() ? 0 : on_lines(rows * work.outputs.length);
  work.scratch.lanes = std::min(work.items, most_lanes);
  return work;
}

/// The weights' cotangent is a sum over samples. Where there are few blocks of channels, samples are put into slices
/// that are added up at the end: more items to share out.
struct WeightWork {
  Blocks channels;
  Blocks outputs;
  Blocks slices;
  std::int64_t items = 0;
  Scratch scratch;
};

WeightWork weight_work(const Convolution& c, std::int64_t element) noexcept {
  constexpr std::int64_t most_elements = 1 << 20;  // of all slices
  WeightWork work;
  work.channels = channel_blocks(c);
  const std::int64_t rows = work.channels.length * c.taps();
  work.outputs = cached_outputs(c, rows, element);
  const std::int64_t blocks = std::max<std::int64_t>(c.groups * work.channels.blocks, 1);
  const std::int64_t wanted = std::min(most_slices / blocks, most_elements / std::max<std::int64_t>(c.weights(), 1));
  work.slices = blocks_of(c.batch, ceil_div(c.batch, std::max<std::int64_t>(wanted, 1)), 1);
  work.items = work.slices.blocks * c.groups * work.channels.blocks;
  work.scratch.shared = work.slices.blocks > 1 ? on_lines((work.slices.blocks - 1) * c.weights()) : 0;
  work.scratch.lane = c.is_pointwise() ? 0 : on_lines(rows * work.outputs.length);
  work.scratch.lanes = std::min(work.items, most_lanes);
  return work;
}

template <class T>
void convolve_planes(const Convolution& c, const T* x, const T* w, T* y, T* scratch) {
  const Plane layout{c};
  const std::int64_t lane_size = on_lines(layout.scratch());
  share_out(c.batch * c.groups, multiplications(c), [&](std::int64_t begin, std::int64_t end, std::int64_t lane) {
    for (std::int64_t item = begin; item < end; ++item) {
      const T* plane = layout.padded(x + item * c.in_size(), scratch + lane * lane_size);
      convolve_plane(c, layout, plane, w + item % c.groups * c.outputs * c.taps(), y + item * c.outputs * c.out_size());
    }
  });
}

template <class T>
void convolve_input_planes(const Convolution& c, const T* g, const T* w, T* x, T* scratch) {
  const Plane layout{c};
  const std::int64_t lane_size = on_lines(layout.scratch());
  share_out(c.batch * c.groups, multiplications(c), [&](std::int64_t begin, std::int64_t end, std::int64_t lane) {
    for (std::int64_t item = begin; item < end; ++item) {
      T* channel = x + item * c.in_size();
      T* plane = lane_size == 0 ? channel : scratch + lane * lane_size;
      std::fill_n(plane, lane_size == 0 ? c.in_size() : layout.scratch(), T{0});
      add_to_plane(c, layout, g + item * c.outputs * c.out_size(), w + item % c.groups * c.outputs * c.taps(), plane);
      if (lane_size != 0) {
        layout.cut(plane, channel);
      }
    }
  });
}

template <class T>
void convolve_weight_planes(const Convolution& c, const T* x, const T* g, T* w, T* scratch) {
  const Plane layout{c};
  const std::int64_t lane_size = on_lines(layout.scratch());
  const std::int64_t kernels = c.outputs * c.taps();
  share_out(c.groups, multiplications(c), [&](std::int64_t begin, std::int64_t end, std::int64_t lane) {
    std::fill_n(w + begin * kernels, (end - begin) * kernels, T{0});
    for (std::int64_t group = begin; group < end; ++group) {
      for (std::int64_t n = 0; n < c.batch; ++n) {
        const std::int64_t item = n * c.groups + group;
        const T* plane = layout.padded(x + item * c.in_size(), scratch + lane * lane_size);
        add_to_taps(c, layout, plane, g + item * c.outputs * c.out_size(), w + group * kernels);
      }
    }
  });
}

// x or y of a sample and group, at once.
template <class T>
T* image(T* array, std::int64_t item, std::int64_t channels, std::int64_t size) noexcept {
  return array + item * channels * size;
}

template <class T>
void convolve_blocks(const Convolution& c, const T* x, const T* w, T* y, T* scratch) {
  const OutputWork work = output_work(c, sizeof(T));
  const std::int64_t rows = c.inputs * c.taps();
  const std::int64_t size = c.out_size();
  const bool pointwise = c.is_pointwise();
  share_out(work.items, multiplications(c), [&](std::int64_t begin, std::int64_t end, std::int64_t lane) {
    T* matrix = scratch + lane * work.scratch.lane;
    for (std::int64_t item = begin; item < end; ++item) {
      const std::int64_t sample = item / work.outputs.blocks;
      const std::int64_t first = work.outputs.begin(item % work.outputs.blocks);
      const std::int64_t last = work.outputs.end(item % work.outputs.blocks);
      const T* from = image(x, sample, c.inputs, c.in_size());
      if (!pointwise) {
        to_columns(c, from, c.inputs, first, last, matrix);
      }
      gemm<T>({.m = c.outputs,
               .n = last - first,
               .k = rows,
               .a = w + sample % c.groups * c.outputs * rows,
               .lda = rows,
               .b = pointwise ? from + first : matrix,
               .ldb = pointwise ? size : last - first,
               .c = image(y, sample, c.outputs, size) + first,
               .ldc = size,
               .alone = true});
    }
  });
}

// xᵀ-columns = wᵀ g, added where they came from.
template <class T>
void add_up_columns(const Convolution& c, const T* g, const T* w, T* x, T* scratch) {
  const InputWork work = input_work(c, sizeof(T));
  const std::int64_t taps = c.taps();
  const std::int64_t size = c.out_size();
  const bool pointwise = c.is_pointwise();
  share_out(work.items, multiplications(c), [&](std::int64_t begin, std::int64_t end, std::int64_t lane) {
    T* matrix = scratch + lane * work.scratch.lane;
    for (std::int64_t item = begin; item < end; ++item) {
      const std::int64_t sample = item / work.channels.blocks;
      const std::int64_t channel = work.channels.begin(item % work.channels.blocks);
      const std::int64_t channels = work.channels.end(item % work.channels.blocks) - channel;
      T* to = image(x, sample, c.inputs, c.in_size()) + channel * c.in_size();
      if (!pointwise) {
        std::fill_n(to, channels * c.in_size(), T{0});
      }
      for (std::int64_t block = 0; block < work.outputs.blocks; ++block) {
        const std::int64_t first = work.outputs.begin(block);
        const std::int64_t last = work.outputs.end(block);
        gemm<T>({.transpose_a = true,
                 .m = channels * taps,
                 .n = last - first,
                 .k = c.outputs,
                 .a = w + sample % c.groups * c.outputs * c.inputs * taps + channel * taps,
                 .lda = c.inputs * taps,
                 .b = image(g, sample, c.outputs, size) + first,
                 .ldb = size,
                 .c = pointwise ? to + first : matrix,
                 .ldc = pointwise ? size : last - first,
                 .alone = true});
        if (!pointwise) {
          add_columns(c, matrix, channels, first, last, to);
        }
      }
    }
  });
}

/// One item of the weights' cotangent: a slice of samples, a group, a block of channels.
template <class T>
class WeightItem {
 public:
  WeightItem(const Convolution& c, const WeightWork& work, const T* x, const T* g) noexcept
      : c_{c}, work_{work}, x_{x}, g_{g} {}

  void add_up(std::int64_t item, T* matrix, T* w, T* slices) const {
    const std::int64_t block = item % work_.channels.blocks;
    const std::int64_t group = item / work_.channels.blocks % c_.groups;
    const std::int64_t slice = item / work_.channels.blocks / c_.groups;
    const std::int64_t row = c_.inputs * c_.taps();
    T* to = (slice == 0 ? w : slices + (slice - 1) * c_.weights()) + group * c_.outputs * row +
            work_.channels.begin(block) * c_.taps();
    T beta{0};
    for (std::int64_t n = work_.slices.begin(slice); n < work_.slices.end(slice); ++n) {
      for (std::int64_t outputs = 0; outputs < work_.outputs.blocks; ++outputs) {
        add_sample(n * c_.groups + group, block, outputs, matrix, beta, to);
        beta = T{1};
      }
    }
  }

 private:
  void add_sample(std::int64_t sample, std::int64_t block, std::int64_t outputs, T* matrix, T beta, T* to) const {
    const std::int64_t first = work_.outputs.begin(outputs);
    const std::int64_t count = work_.outputs.end(outputs) - first;
    const std::int64_t channel = work_.channels.begin(block);
    const std::int64_t channels = work_.channels.end(block) - channel;
    const T* from = image(x_, sample, c_.inputs, c_.in_size()) + channel * c_.in_size();
    const bool pointwise = c_.is_pointwise();
    if (!pointwise) {
      to_columns(c_, from, channels, first, first + count, matrix);
    }
    gemm<T>({.transpose_b = true,
             .m = c_.outputs,
             .n = channels * c_.taps(),
             .k = count,
             .a = image(g_, sample, c_.outputs, c_.out_size()) + first,
             .lda = c_.out_size(),
             .b = pointwise ? from + first : matrix,
             .ldb = pointwise ? c_.out_size() : count,
             .beta = beta,
             .c = to,
             .ldc = c_.inputs * c_.taps(),
             .alone = true});
  }

  const Convolution& c_;
  const WeightWork& work_;
  const T* x_;
  const T* g_;
};

Scratch scratch_of(ConvolutionPart part, const Convolution& c, std::int64_t element) noexcept {
  if (multiplications(c) == 0) {
    return {};
  }
  if (is_depthwise(c)) {
    const bool flips = part == ConvolutionPart::input && is_flipped(c);
    Scratch scratch =
        plane_scratch(flips ? flipped(c) : c, part == ConvolutionPart::weight ? c.groups : c.batch * c.groups);
    scratch.shared = flips ? on_lines(c.weights()) : 0;
    return scratch;
  }
  switch (part) {
    case ConvolutionPart::output:
      return output_work(c, element).scratch;
    case ConvolutionPart::input: {
      if (!is_flipped(c)) {
        return input_work(c, element).scratch;
      }
      Scratch scratch = output_work(flipped(c), element).scratch;
      scratch.shared = on_lines(c.weights());
      return scratch;
    }
    case ConvolutionPart::weight:
      break;
  }
  return weight_work(c, element).scratch;
}

}  // namespace

std::size_t convolution_bytes(ConvolutionPart part, const Convolution& c, DType dtype) noexcept {
  const std::int64_t element = dtype == DType::float32 ? 4 : 8;
  return static_cast<std::size_t>(scratch_of(part, c, element).size() * element);
}

template <class T>
void convolve(const Convolution& c, const T* x, const T* w, T* y, std::byte* workspace) {
  T* scratch = reinterpret_cast<T*>(workspace);
  if (multiplications(c) == 0) {
    std::fill_n(y, c.batch * c.groups * c.outputs * c.out_size(), T{0});
  } else if (is_depthwise(c)) {
    convolve_planes(c, x, w, y, scratch);
  } else {
    convolve_blocks(c, x, w, y, scratch);
  }
}

template <class T>
void convolve_input(const Convolution& c, const T* g, const T* w, T* x, std::byte* workspace) {
  T* scratch = reinterpret_cast<T*>(workspace);
  if (multiplications(c) == 0) {
    std::fill_n(x, c.batch * c.groups * c.inputs * c.in_size(), T{0});
  } else if (is_flipped(c)) {
    flip_weights(c, w, scratch);
    T* rest = scratch + on_lines(c.weights());
    is_depthwise(c) ? convolve_planes(flipped(c), g, scratch, x, rest)
                    : convolve_blocks(flipped(c), g, scratch, x, rest);
  } else if (is_depthwise(c)) {
    convolve_input_planes(c, g, w, x, scratch);
  } else {
    add_up_columns(c, g, w, x, scratch);
  }
}

template <class T>
void convolve_weight(const Convolution& c, const T* x, const T* g, T* w, std::byte* workspace) {
  T* scratch = reinterpret_cast<T*>(workspace);
  if (multiplications(c) == 0) {
    std::fill_n(w, c.weights(), T{0});
    return;
  }
  if (is_depthwise(c)) {
    convolve_weight_planes(c, x, g, w, scratch);
    return;
  }
  const WeightWork work = weight_work(c, sizeof(T));
  const WeightItem<T> item_of{c, work, x, g};
  share_out(work.items, multiplications(c), [&](std::int64_t begin, std::int64_t end, std::int64_t lane) {
    for (std::int64_t item = begin; item < end; ++item) {
      item_of.add_up(item, scratch + work.scratch.shared + lane * work.scratch.lane, w, scratch);
    }
  });
  for (std::int64_t slice = 1; slice < work.slices.blocks; ++slice) {
    const T* partial = scratch + (slice - 1) * c.weights();
    std::transform(w, w + c.weights(), partial, w, [](T a, T b) { return a + b; });
  }
}

template void convolve(const Convolution&, const float*, const float*, float*, std::byte*);
template void convolve(const Convolution&, const double*, const double*, double*, std::byte*);
template void convolve_input(const Convolution&, const float*, const float*, float*, std::byte*);
template void convolve_input(const Convolution&, const double*, const double*, double*, std::byte*);
template void convolve_weight(const Convolution&, const float*, const float*, float*, std::byte*);
template void convolve_weight(const Convolution&, const double*, const double*, double*, std::byte*);

}  // namespace xgrad::run
