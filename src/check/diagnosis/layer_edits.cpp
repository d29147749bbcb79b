#include "check/diagnosis/layer_edits.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <functional>
#include <numeric>
#include <unordered_set>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/pooling.hpp"

#include "formulas/translation.hpp"

namespace xgrad::check::diagnosis {

void Rewritings::add(Expr replacement, std::string words, Rank rank) {
  if (replacement != nullptr && replacement != here && replacement->shape == here->shape &&
      replacement->dtype == here->dtype) {
    found_.push_back({replacement, std::move(words), rank});
  }
}

Expr Rewritings::written(const std::vector<Expr>& inputs, const Function& f) const {
  static const std::unordered_set<const graph::Node*> none;
  formulas::Translation translation{e, none, formulas::Translation::Length::any};
  std::vector<Tensor> tensors;
  for (Expr input : inputs) {
    tensors.push_back(expand_dims(broadcast_to(full({}, 0, input->dtype), input->shape), 0));
    tensors.back() = reshape(tensors.back(), input->shape);
    translation.set(tensors.back().node(), input);
  }
  Tensor result;
  try {
    result = f(tensors);
  } catch (const Error&) {
    return nullptr;  // it doesn't fit
  }
  if (!result.defined()) {
    return nullptr;
  }
  translation.add(std::vector<Tensor>{result});
  return translation.of(result.node());
}

std::vector<Rewriting> layer_rewritings(formulas::Expressions& expressions, Expr part, const Rewritings::Text& text) {
  Rewritings result{expressions, part, text};
  add_convolution_edits(result);
  add_pool_edits(result);
  add_norm_edits(result);
  add_lookup_edits(result);
  add_matrix_edits(result);
  add_unit_edits(result);
  return result.take();
}

Tensor section(const Tensor& x, std::int64_t axis, std::int64_t start, std::int64_t length) {
  const std::int64_t n = x.dim(axis);
  const std::int64_t first = std::clamp<std::int64_t>(start, 0, n);
  const std::int64_t last = std::clamp<std::int64_t>(start + length, first, n);
  const std::size_t position = static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(x.rank()) : axis);
  if (first == last) {
    return broadcast_to(full({}, 0, x.dtype()), x.shape().with(position, length));
  }
  const Tensor inside = first == 0 && last == n ? x : slice(x, {first, last}, axis);
  std::vector<std::pair<std::int64_t, std::int64_t>> widths(x.rank(), {0, 0});
  widths[position] = {first - start, start + length - last};
  return widths[position] == std::pair<std::int64_t, std::int64_t>{0, 0} ? inside : pad(inside, widths);
}

std::int64_t Placing::elements() const {
  return std::accumulate(kernel.begin(), kernel.end(), std::int64_t{1}, std::multiplies<>{});
}

std::int64_t Placing::covered(std::size_t axis, std::int64_t windows) const {
  return (windows - 1) * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1;
}

bool Placing::overlaps() const {
  for (std::size_t a = 0; a < rank(); ++a) {
    if (dilation[a] * (kernel[a] - 1) >= stride[a]) {
      return true;
    }
  }
  return false;
}

namespace {

std::string numbers(const std::vector<std::int64_t>& values) {
  const bool equal = std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>{}) == values.end();
  return equal ? fmt::format("{}", values.front()) : fmt::format("({})", fmt::join(values, ", "));
}

using Numbers = std::vector<std::int64_t> Placing::*;

class MisplacingList {
 public:
  explicit MisplacingList(const Placing& right) : right_{right} {}

  // With other numbers, unless these are below `least` or there already.
  void add(Numbers which, const char* name, std::int64_t least,
           const std::function<std::int64_t(std::size_t)>& number) {
    Placing wrong = right_;
    for (std::size_t a = 0; a < right_.rank(); ++a) {
      (wrong.*which)[a] = number(a);
    }
    const auto same = [&](const Misplacing& known) { return known.placing.*which == wrong.*which; };
    if (wrong.*which == right_.*which || *std::min_element((wrong.*which).begin(), (wrong.*which).end()) < least ||
        std::any_of(found_.begin() + static_cast<std::ptrdiff_t>(start_), found_.end(), same)) {
      return;
    }
    found_.push_back(
        {wrong, fmt::format("a {} of {} in place of {}", name, numbers(wrong.*which), numbers(right_.*which))});
  }
  void next() { start_ = found_.size(); }
  [[nodiscard]] std::vector<Misplacing> take() { return std::move(found_); }

 private:
  const Placing& right_;
  std::size_t start_ = 0;
  std::vector<Misplacing> found_;
};

}  // namespace

std::vector<Misplacing> misplacings(const Placing& right) {
  MisplacingList list{right};
  for (const std::int64_t step : {-1, 1}) {
    list.add(&Placing::stride, "stride", 1, [&](std::size_t a) { return right.stride[a] + step; });
  }
  list.add(&Placing::stride, "stride", 1, [](std::size_t) { return 1; });
  list.next();
  list.add(&Placing::before, "padding", 0, [](std::size_t) { return 0; });
  for (const std::int64_t step : {-1, 1}) {
    list.add(&Placing::before, "padding", 0, [&](std::size_t a) { return right.before[a] + step; });
  }
  // That of the convolution for that of its adjoint.
  list.add(&Placing::before, "padding", 0,
           [&](std::size_t a) { return right.dilation[a] * (right.kernel[a] - 1) - right.before[a]; });
  list.next();
  list.add(&Placing::dilation, "dilation", 1, [](std::size_t) { return 1; });
  list.add(&Placing::dilation, "dilation", 1, [&](std::size_t a) { return right.dilation[a] + 1; });
  return list.take();
}

Tensor folded(const Tensor& windows, const Placing& placing, std::span<const std::int64_t> lengths) {
  const std::size_t rank = placing.rank();
  std::vector<std::int64_t> covered(rank);
  for (std::size_t a = 0; a < rank; ++a) {
    covered[a] = placing.covered(a, windows.shape()[windows.rank() - 2 * rank + a]);
  }
  Tensor result = windows_adjoint(windows, covered,
                                  {.kernel = placing.kernel, .stride = placing.stride, .dilation = placing.dilation});
  for (std::size_t a = 0; a < rank; ++a) {
    result = section(result, static_cast<std::int64_t>(result.rank() - rank + a), placing.before[a], lengths[a]);
  }
  return result;
}

Tensor last_windows(const Placing& placing, std::span<const std::int64_t> windows,
                    std::span<const std::int64_t> lengths, DType dtype) {
  const std::size_t rank = placing.rank();
  Tensor result;
  for (std::size_t a = 0; a < rank; ++a) {
    std::vector<std::int64_t> last(static_cast<std::size_t>(lengths[a]), -1);
    const auto each = [&](const auto& visit) {
      for (std::int64_t p = 0; p < windows[a]; ++p) {
        for (std::int64_t k = 0; k < placing.kernel[a]; ++k) {
          visit(p, k, p * placing.stride[a] - placing.before[a] + k * placing.dilation[a]);
        }
      }
    };
    const auto is_inside = [&](std::int64_t i) { return i >= 0 && i < lengths[a]; };
    each([&](std::int64_t p, std::int64_t /*k*/, std::int64_t i) {
      if (is_inside(i)) {
        last[static_cast<std::size_t>(i)] = p;
      }
    });
    std::vector<double> marks;
    each([&](std::int64_t p, std::int64_t /*k*/, std::int64_t i) {
      marks.push_back(is_inside(i) && last[static_cast<std::size_t>(i)] == p ? 1 : 0);
    });
    std::vector<std::int64_t> shape(2 * rank, 1);
    shape[a] = windows[a];
    shape[rank + a] = placing.kernel[a];
    const Tensor along = cast(from_vector(marks, Shape{shape}), dtype);
    result = result.defined() ? result * along : along;
  }
  return result;
}

}  // namespace xgrad::check::diagnosis
