// What sends a pool's gradient back to the elements of its windows, and elements that are repeated or put elsewhere.
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <numeric>
#include <vector>

#include "xgrad/arrays.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/pooling.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/resample.hpp"

#include "check/diagnosis/attribute_of.hpp"
#include "check/diagnosis/layer_edits.hpp"
#include "ops/pooling/selection.hpp"
#include "ops/shape/permute.hpp"

namespace xgrad::check::diagnosis {

namespace {

using formulas::Head;
using Lengths = std::vector<std::int64_t>;

std::optional<Placing> placing_of(const Operation& pool) {
  const auto kernel = attribute_of<Lengths>(pool, "kernel");
  if (!kernel) {
    return std::nullopt;
  }
  const auto or_all = [&](std::string_view name, std::int64_t fallback) {
    return attribute_of<Lengths>(pool, name).value_or(Lengths(kernel->size(), fallback));
  };
  return Placing{*kernel, attribute_of<Lengths>(pool, "stride").value_or(*kernel), or_all("padding", 0),
                 or_all("dilation", 1)};
}

/// The adjoint of a pool: here (…, lengths) from g (…, windows).
class PoolEdits {
 public:
  PoolEdits(Rewritings& to, Placing placing)
      : to_{to}, placing_{std::move(placing)}, lengths_{last_of(to.here->shape)}, g_{to.here->arguments[0]} {}

  void add_of_maximum() {
    const Expr indices = to_.here->arguments[1];
    const auto words = [](const char* what) { return fmt::format("{} of a window in place of its largest", what); };
    const auto of_windows = [&](const auto& shares) {
      return to_.written({g_}, [&](std::span<const Tensor> x) { return folded(shares(x[0]), placing_, lengths_); });
    };
    to_.add(of_windows([&](const Tensor& g) { return to_all(g); }), words("all elements"));
    to_.add(of_windows([&](const Tensor& g) { return to_all(g) / static_cast<double>(placing_.elements()); }),
            words("the mean"));
    to_.add(of_windows([&](const Tensor& g) { return to_first(g); }), words("the first element"));
    if (indices->head == Head::call && indices->arguments.size() == 1) {
      const Expr smallest =
          to_.e.call(indices->operation, {to_.e.scaled(-1, indices->arguments[0])}, indices->shape, indices->dtype);
      to_.add(to_.e.call(to_.here->operation, {g_, smallest}, to_.here->shape, to_.here->dtype),
              words("the smallest element"), Rank::common);
    }
    if (placing_.overlaps()) {
      to_.add(to_.written({g_, indices}, [&](std::span<const Tensor> x) { return selected_last(x[0], x[1]); }),
              overwritten_words, Rank::common);
    }
  }

  void add_of_mean(bool counts_padding) {
    const auto with_shares = [&](const Placing& placing, const auto& shares) {
      return to_.written({g_}, [&](std::span<const Tensor> x) { return folded(shares(x[0]), placing, lengths_); });
    };
    const auto elements = static_cast<double>(placing_.elements());
    to_.add(with_shares(placing_, [&](const Tensor& g) { return to_all(g); }),
            fmt::format("the division by the {} elements of a window left out", placing_.elements()));
    to_.add(
        with_shares(placing_, [&](const Tensor& g) { return to_all(counts_padding ? g / counts(g) : g / elements); }),
        counts_padding ? "padding not counted among a window's elements" : "padding counted among a window's elements");
    to_.add(with_shares(placing_, [&](const Tensor& g) { return to_first(g); }),
            "the first element of a window in place of all");
    if (!counts_padding) {
      return;
    }
    if (placing_.overlaps()) {
      to_.add(with_shares(placing_,
                          [&](const Tensor& g) {
                            return to_all(g / elements) *
                                   last_windows(placing_, last_of(g.shape()), lengths_, g.dtype());
                          }),
              overwritten_words, Rank::common);
    }
    for (const auto& [placing, words] : misplacings(placing_)) {
      to_.add(with_shares(placing, [&](const Tensor& g) { return to_all(g / elements); }), words, Rank::common);
    }
  }

 private:
  [[nodiscard]] std::size_t rank() const noexcept { return placing_.rank(); }

  [[nodiscard]] Lengths last_of(const Shape& shape) const {
    return {shape.end() - static_cast<std::ptrdiff_t>(rank()), shape.end()};
  }

  // (…, windows) with an axis of length 1 for each of a kernel's.
  [[nodiscard]] Tensor beside_kernel(const Tensor& g) const {
    Lengths lengths = g.shape().to_vector();
    lengths.insert(lengths.end(), rank(), 1);
    return reshape(g, Shape{lengths});
  }

  [[nodiscard]] Tensor to_all(const Tensor& g) const {
    Lengths lengths = g.shape().to_vector();
    lengths.insert(lengths.end(), placing_.kernel.begin(), placing_.kernel.end());
    return broadcast_to(beside_kernel(g), Shape{lengths});
  }

  [[nodiscard]] Tensor to_first(const Tensor& g) const {
    Tensor result = beside_kernel(g);
    for (std::size_t a = 0; a < rank(); ++a) {
      result = section(result, static_cast<std::int64_t>(g.rank() + a), 0, placing_.kernel[a]);
    }
    return result;
  }

  // How many elements of their own the windows have.
  [[nodiscard]] Tensor counts(const Tensor& g) const {
    const Lengths number = last_of(g.shape());
    Tensor inside = broadcast_to(full({}, 1, g.dtype()), Shape{lengths_});
    for (std::size_t a = 0; a < rank(); ++a) {
      inside = section(inside, static_cast<std::int64_t>(a), -placing_.before[a], placing_.covered(a, number[a]));
    }
    Lengths kernel_axes(rank());
    std::iota(kernel_axes.begin(), kernel_axes.end(), static_cast<std::int64_t>(rank()));
    return sum(windows(inside, {.kernel = placing_.kernel, .stride = placing_.stride, .dilation = placing_.dilation}),
               kernel_axes);
  }

  // Written, not added, at the indices of elements in a plane.
  [[nodiscard]] Tensor selected_last(const Tensor& g, const Tensor& indices) const {
    const auto flat = [&](const Shape& shape) {
      Lengths lengths = shape.to_vector();
      const auto first = lengths.end() - static_cast<std::ptrdiff_t>(rank());
      const std::int64_t plane = std::accumulate(first, lengths.end(), std::int64_t{1}, std::multiplies<>{});
      lengths.erase(first, lengths.end());
      lengths.push_back(plane);
      return Shape{lengths};
    };
    const Tensor nothing = broadcast_to(full({}, 0, g.dtype()), flat(to_.here->shape));
    return reshape(scatter(nothing, reshape(indices, flat(indices.shape())), reshape(g, flat(g.shape()))),
                   to_.here->shape);
  }

  Rewritings& to_;
  Placing placing_;
  Lengths lengths_;
  Expr g_;
};

void add_resampling_edits(Rewritings& to) {
  const Operation& operation = *to.here->operation;
  const auto size = attribute_of<Lengths>(operation, "size");
  const auto from = attribute_of<Lengths>(operation, "from");
  if (!size || !from || attribute_of<double>(operation, "scale_0")) {
    return;
  }
  const Expr g = to.here->arguments[0];
  const bool linear = attribute_of<bool>(operation, "linear").value_or(false);
  const bool cubic = attribute_of<bool>(operation, "cubic").value_or(false);
  const bool aligned = attribute_of<bool>(operation, "align_corners").value_or(false);
  Interpolation mode = Interpolation::nearest;
  if (linear || cubic) {
    mode = linear ? Interpolation::linear : Interpolation::cubic;
  }
  const auto resampled = [&](Interpolation other, bool corners) {
    return to.written({g}, [&](std::span<const Tensor> x) {
      return upsample_adjoint(x[0], *from, {.size = *size, .mode = other, .align_corners = corners});
    });
  };
  if (mode != Interpolation::nearest) {
    to.add(resampled(mode, !aligned), aligned ? "the corners not aligned" : "the corners aligned");
    to.add(resampled(Interpolation::nearest, false), "the nearest element in place of an interpolation");
    return;
  }
  to.add(resampled(Interpolation::linear, false), "a linear interpolation in place of the nearest element",
         Rank::common);
  std::int64_t repeats = 1;
  for (std::size_t a = 0; a < size->size(); ++a) {
    if ((*size)[a] % (*from)[a] != 0) {
      return;
    }
    repeats *= (*size)[a] / (*from)[a];
  }
  to.add(to.written({g},
                    [&](std::span<const Tensor> x) {
                      Tensor result = x[0];
                      for (std::size_t a = 0; a < size->size(); ++a) {
                        const auto axis = static_cast<std::int64_t>(x[0].rank() - size->size() + a);
                        result = slice(result, {0, (*size)[a], (*size)[a] / (*from)[a]}, axis);
                      }
                      return result;
                    }),
         "only the first of repeated elements taken");
  to.add(to.e.scaled(1 / static_cast<double>(repeats), to.here), "the mean of repeated elements in place of their sum");
}

// The axes in another order that gives the same shape.
void add_order_edits(Rewritings& to) {
  const auto* operation = dynamic_cast<const ops::PermuteOperation*>(to.here->operation.get());
  if (operation == nullptr) {
    return;
  }
  const Expr x = to.here->arguments[0];
  const std::vector<std::size_t>& right = operation->axes();
  std::vector<std::size_t> order = right;
  std::sort(order.begin(), order.end());
  const Shape& from = x->shape;
  const auto fits = [&] {
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (from[order[i]] != to.here->shape[i]) {
        return false;
      }
    }
    return true;
  };
  constexpr std::size_t most = 720;  // orders of six axes
  std::size_t tried = 0;
  do {
    const bool moves_unit_axes =
        std::equal(order.begin(), order.end(), right.begin(),
                   [&](std::size_t a, std::size_t b) { return a == b || (from[a] == 1 && from[b] == 1); });
    if (moves_unit_axes || !fits()) {
      continue;
    }
    const Lengths axes(order.begin(), order.end());
    to.add(to.written({x}, [&](std::span<const Tensor> of) { return permute(of[0], axes); }),
           fmt::format("the axes in the order ({}) in place of ({})", fmt::join(order, ", "), fmt::join(right, ", ")),
           Rank::common);
  } while (++tried < most && std::next_permutation(order.begin(), order.end()));
}

}  // namespace

void add_pool_edits(Rewritings& to) {
  if (to.here->head != Head::call) {
    return;
  }
  const Operation& operation = *to.here->operation;
  const std::vector<Expr>& arguments = to.here->arguments;
  if (ops::is_scatter(operation) && arguments[1]->head == Head::call) {
    if (const auto placing = placing_of(*arguments[1]->operation)) {
      PoolEdits{to, *placing}.add_of_maximum();
    }
  } else if (operation.name() == "avg_pool_adjoint") {
    if (const auto placing = placing_of(operation)) {
      PoolEdits{to, *placing}.add_of_mean(!attribute_of<bool>(operation, "count_exclude_pad").value_or(false));
    }
  } else if (operation.name() == "upsample_adjoint") {
    add_resampling_edits(to);
  } else if (operation.algebra() == Algebra::permute) {
    add_order_edits(to);
  }
}

}  // namespace xgrad::check::diagnosis
