// Convolutions y = W ⋆ x and their adjoints, with mistakes. Taps that leave the input count as zero there, so that
// strides and padding may be any: a convolution of a section of x without padding, or a section of the full adjoint.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <unordered_set>
#include <vector>

#include "xgrad/arrays.hpp"
#include "xgrad/convolution.hpp"
#include "xgrad/einsum.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"

#include "check/diagnosis/layer_edits.hpp"
#include "ops/convolution/convolution.hpp"

namespace xgrad::check::diagnosis {

namespace {

using ops::ConvolutionOperation;
using Part = ConvolutionOperation::Part;
using Lengths = std::vector<std::int64_t>;

Lengths spatial_of(const Shape& shape) {
  const auto axes = ops::spatial(shape);
  return {axes.begin(), axes.end()};
}

std::int64_t position(std::size_t axis) {
  return static_cast<std::int64_t>(axis);
}

// Channels o, o + G, o + 2 G, … one after another, of G groups; or back.
Tensor dealt(const Tensor& x, std::int64_t axis, std::int64_t groups, bool back) {
  const std::int64_t each = x.dim(axis) / groups;
  Lengths lengths = x.shape().to_vector();
  const auto at = lengths.begin() + axis;
  *at = back ? groups : each;
  lengths.insert(at + 1, back ? each : groups);
  return reshape(swap_axes(reshape(x, Shape{lengths}), axis, axis + 1), x.shape());
}

class ConvolutionEdits {
 public:
  ConvolutionEdits(Rewritings& to, const ConvolutionOperation& operation)
      : to_{to},
        part_{operation.part()},
        first_{to.here->arguments[0]},
        second_{to.here->arguments[1]},
        groups_{operation.windows().groups},
        operation_{to.here->operation} {
    const ops::Windows& windows = operation.windows();
    const auto numbers = [&windows](const auto& all) {
      return Lengths(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(windows.rank));
    };
    placing_ = {spatial_of(part_ == Part::weight ? to.here->shape : first_->shape), numbers(windows.stride),
                numbers(windows.before), numbers(windows.dilation)};
  }

  void add() {
    add_kernels();
    add_channels();
    add_placings();
    add_groups();
    add_samples();
    if (part_ == Part::input && groups_ == 1 && placing_.overlaps()) {
      add_overwritten();
    }
  }

 private:
  [[nodiscard]] std::size_t rank() const noexcept { return placing_.rank(); }
  [[nodiscard]] bool has_kernel() const noexcept { return part_ != Part::weight; }

  [[nodiscard]] Expr call(Expr first, Expr second) const {
    return first == nullptr || second == nullptr
               ? nullptr
               : to_.e.call(operation_, {first, second}, to_.here->shape, to_.here->dtype);
  }

  // The same with f of the kernel; of a kernel's gradient, f of that.
  [[nodiscard]] Expr with_kernel(const std::function<Tensor(const Tensor&)>& f) const {
    const auto of_one = [&f](std::span<const Tensor> x) { return f(x[0]); };
    return has_kernel() ? call(to_.written({first_}, of_one), second_) : to_.written({to_.here}, of_one);
  }

  void add_kernels() {
    const Shape& kernel = has_kernel() ? first_->shape : to_.here->shape;
    Lengths axes(rank());
    for (std::size_t a = 0; a < rank(); ++a) {
      axes[a] = position(a + 2);
    }
    const std::string w = has_kernel() ? to_.text(first_) : std::string{};
    const std::string of_w = has_kernel() ? " of " + w : std::string{};
    std::string words = "the kernel flipped";
    if (part_ == Part::input) {
      words = fmt::format("{} in place of flip({}): the kernel not flipped", w, w);
    } else if (part_ == Part::output) {
      words = fmt::format("flip({}) in place of {}: the kernel flipped", w, w);
    }
    if (placing_.elements() > 1) {
      to_.add(with_kernel([&](const Tensor& x) { return flip(x, axes); }), words);
    }
    if (kernel[0] == kernel[1]) {
      to_.add(with_kernel([](const Tensor& x) { return swap_axes(x, 0, 1); }),
              fmt::format("in- and output channels{} exchanged", of_w));
    }
    if (rank() >= 2 && kernel[rank()] == kernel[rank() + 1] && kernel[rank()] > 1) {
      to_.add(with_kernel([](const Tensor& x) { return swap_axes(x, -2, -1); }),
              fmt::format("spatial axes{} exchanged", of_w));
    }
    for (std::size_t a = 2; a < rank() + 2; ++a) {
      if (kernel[a] > 1) {
        to_.add(with_kernel([&](const Tensor& x) {
                  return section(section(x, position(a), 0, kernel[a] - 1), position(a), 0, kernel[a]);
                }),
                fmt::format("the last tap{} along axis {} left out", of_w, a), Rank::common);
      }
    }
  }

  // Of tensors (N, C, …).
  void add_channels() {
    const auto exchanged = [&](Expr x) {
      return x->shape[0] == x->shape[1] && x->shape[0] > 1
                 ? to_.written({x}, [](std::span<const Tensor> of) { return swap_axes(of[0], 0, 1); })
                 : nullptr;
    };
    const auto words = [&](Expr x) { return fmt::format("batch and channels of {} exchanged", to_.text(x)); };
    if (part_ == Part::weight) {
      to_.add(call(exchanged(first_), second_), words(first_));
    }
    to_.add(call(first_, exchanged(second_)), words(second_));
  }

  [[nodiscard]] Tensor computed(const Placing& placing, std::span<const Tensor> x) const {
    const ConvOptions options{.stride = placing.stride, .dilation = placing.dilation, .groups = groups_};
    const Shape& result = to_.here->shape;
    // Of x as the convolution sees it, for these lengths of its output.
    const auto seen = [&](Tensor of, const Shape& output) {
      for (std::size_t a = 0; a < rank(); ++a) {
        of = section(of, position(a + 2), -placing.before[a], placing.covered(a, output[a + 2]));
      }
      return of;
    };
    if (part_ == Part::output) {
      return conv(seen(x[1], result), x[0], options);
    }
    if (part_ == Part::weight) {
      return conv_weight(seen(x[0], x[1].shape()), x[1], placing.kernel, options);
    }
    Lengths covered(rank());
    for (std::size_t a = 0; a < rank(); ++a) {
      covered[a] = placing.covered(a, x[1].shape()[a + 2]);
    }
    Tensor of = conv_input(x[1], x[0], covered, options);
    for (std::size_t a = 0; a < rank(); ++a) {
      of = section(of, position(a + 2), placing.before[a], result[a + 2]);
    }
    return of;
  }

  void add_placings() {
    for (const auto& [placing, words] : misplacings(placing_)) {
      to_.add(to_.written({first_, second_},
                          [&, &wrong = placing](std::span<const Tensor> x) { return computed(wrong, x); }),
              words);
    }
  }

  void add_groups() {
    if (groups_ == 1) {
      return;
    }
    const std::int64_t outputs = part_ == Part::weight ? to_.here->shape[0] : first_->shape[0];
    if (outputs > groups_) {
      to_.add(to_.written({first_, second_},
                          [&](std::span<const Tensor> x) {
                            const auto there = [&](const Tensor& of, std::int64_t axis) {
                              return dealt(of, axis, groups_, false);
                            };
                            const Tensor first = part_ == Part::weight ? x[0] : there(x[0], 0);
                            const Tensor second = part_ == Part::output ? x[1] : there(x[1], 1);
                            const Tensor of = computed(placing_, std::array{first, second});
                            return part_ == Part::input ? of : dealt(of, part_ == Part::weight ? 0 : 1, groups_, true);
                          }),
              "output channels dealt out to the groups in turn");
    }
    to_.add(to_.written({first_, second_}, [&](std::span<const Tensor> x) { return of_first_group(x); }),
            "the channels of the first group taken for all");
  }

  [[nodiscard]] Tensor of_first_group(std::span<const Tensor> x) const {
    const std::int64_t channels = part_ == Part::weight ? to_.here->shape[1] : first_->shape[1];
    const auto for_all = [&](const Tensor& of) {
      return concatenate(std::vector<Tensor>(static_cast<std::size_t>(groups_), section(of, 1, 0, channels)), 1);
    };
    if (part_ == Part::weight) {
      return computed(placing_, std::array{for_all(x[0]), x[1]});
    }
    if (part_ == Part::output) {
      return computed(placing_, std::array{x[0], for_all(x[1])});
    }
    // What all groups send to the first one's channels.
    const Tensor of = computed(placing_, x);
    const Lengths lengths = of.shape().to_vector();
    Lengths split = lengths;
    split[1] = groups_;
    split.insert(split.begin() + 2, channels);
    return section(sum(reshape(of, Shape{split}), 1), 1, 0, lengths[1]);
  }

  // A kernel's gradient is a sum over the samples.
  void add_samples() {
    const std::int64_t samples = second_->shape[0];
    if (part_ != Part::weight || samples < 2) {
      return;
    }
    for (const bool last : {true, false}) {
      to_.add(to_.written({first_, second_},
                          [&](std::span<const Tensor> x) {
                            const std::int64_t at = last ? samples - 1 : 0;
                            return computed(placing_, std::array{section(x[0], 0, at, 1), section(x[1], 0, at, 1)});
                          }),
              fmt::format("only the {} sample taken", last ? "last" : "first"), last ? Rank::usual : Rank::rare);
    }
  }

  // An element has what the last window gave it.
  void add_overwritten() {
    constexpr std::int64_t most = 1 << 22;
    const Lengths windows = spatial_of(second_->shape);
    const Lengths lengths = spatial_of(to_.here->shape);
    if (second_->shape.size() / second_->shape[1] * first_->shape.size() / first_->shape[0] > most) {
      return;
    }
    const Expr overwritten = to_.written({first_, second_}, [&](std::span<const Tensor> x) {
      // (N, windows, C, kernel) → (N, C, windows, kernel)
      const Tensor shares = move_axis(tensordot(x[1], x[0], {1}, {0}), position(rank() + 1), 1);
      return folded(shares * last_windows(placing_, windows, lengths, x[0].dtype()), placing_, lengths);
    });
    to_.add(overwritten, overwritten_words, Rank::common);
  }

  Rewritings& to_;
  Part part_;
  Expr first_;
  Expr second_;
  std::int64_t groups_;
  std::shared_ptr<const Operation> operation_;
  Placing placing_;
};

}  // namespace

double multiplications_in(Expr formula) {
  double count = 0;
  std::vector<Expr> stack{formula};
  std::unordered_set<Expr> seen;
  while (!stack.empty()) {
    const Expr e = stack.back();
    stack.pop_back();
    if (e->arguments.empty() || !seen.insert(e).second) {
      continue;
    }
    stack.insert(stack.end(), e->arguments.begin(), e->arguments.end());
    const ConvolutionOperation* operation =
        e->head == formulas::Head::call ? ops::as_convolution(*e->operation) : nullptr;
    if (operation != nullptr) {
      const Shape& kernel = operation->part() == Part::weight ? e->shape : e->arguments[0]->shape;
      const Shape& result = operation->part() == Part::output ? e->shape : e->arguments[1]->shape;
      count += static_cast<double>(result.size()) * static_cast<double>(kernel.size()) /
               static_cast<double>(std::max<std::int64_t>(kernel[0], 1));
    }
  }
  return count;
}

void add_convolution_edits(Rewritings& to) {
  if (to.here->head != formulas::Head::call) {
    return;
  }
  if (const ConvolutionOperation* operation = ops::as_convolution(*to.here->operation)) {
    ConvolutionEdits{to, *operation}.add();
  }
}

}  // namespace xgrad::check::diagnosis
