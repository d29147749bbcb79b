// einsum: sums of products over axes named by letters. Diagonals are slices, all else is ops::contract.
#include "xgrad/einsum.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>
#include <utility>

#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"

#include "graph/node.hpp"
#include "ops/linalg/contraction.hpp"
#include "ops/linalg/subscripts.hpp"
#include "ops/rules.hpp"

namespace xgrad {

namespace {

using ops::Labelled;
using ops::Labels;
using ops::Subscripts;

// Letters have their codes; the axes of an ellipsis these, counted from the last one.
constexpr int first_of_ellipsis = 128;
constexpr std::size_t label_count = 128 + Shape::max_rank;

/// The ellipses worked out, and the lengths of all labels.
class Assignment {
 public:
  Assignment(std::string_view text, const std::vector<Tensor>& operands)
      : text_{text}, read_{ops::parse_subscripts(text)}, operands_{operands} {
    if (read_.operands.size() != operands.size()) {
      throw ValueError(fmt::format("[einsum] \"{}\" is of {} operands, but there are {}", text_, read_.operands.size(),
                                   operands.size()));
    }
    for (std::size_t i = 0; i < operands.size(); ++i) {
      labels_.push_back(labels_of_operand(i));
    }
    for (std::size_t i = 0; i < operands.size(); ++i) {
      note_lengths(i);
    }
  }

  /// An operand with each label once: diagonals taken, and axes of an ellipsis dropped where they are to be repeated.
  [[nodiscard]] Labelled operand(std::size_t i) const {
    Labelled result = without_repeated({operands_[i], labels_[i]});
    while (const std::optional<int> label = label_of_diagonal(result.labels)) {
      result = diagonal(result, *label);
    }
    return result;
  }

  [[nodiscard]] Labels result() const {
    if (!read_.result.has_value()) {
      return implicit_result();
    }
    const Labels& written = *read_.result;
    if (ellipsis_rank_ != 0 && std::count(written.begin(), written.end(), Subscripts::ellipsis) == 0) {
      throw ValueError(fmt::format("[einsum] \"{}\": the ellipsis stands for {} axes, but the result has none", text_,
                                   ellipsis_rank_));
    }
    return with_ellipsis(written, ellipsis_rank_);
  }

 private:
  struct Known {
    std::int64_t length = -1;
    std::size_t operand = 0;
  };

  [[nodiscard]] static Labels with_ellipsis(const Labels& written, std::size_t rank) {
    Labels labels;
    for (const int label : written) {
      if (label != Subscripts::ellipsis) {
        labels.push_back(label);
        continue;
      }
      for (std::size_t i = rank; i-- > 0;) {
        labels.push_back(first_of_ellipsis + static_cast<int>(i));
      }
    }
    return labels;
  }

  Labels labels_of_operand(std::size_t i) {
    const Labels& written = read_.operands[i];
    const std::size_t rank = operands_[i].rank();
    const bool has_ellipsis = std::count(written.begin(), written.end(), Subscripts::ellipsis) != 0;
    const std::size_t named = written.size() - (has_ellipsis ? 1 : 0);
    if (has_ellipsis ? rank < named : rank != named) {
      throw ShapeError(fmt::format("[einsum] \"{}\" names {}{} axes of operand {}, but {} has {}", text_,
                                   has_ellipsis ? "at least " : "", named, i, graph::label(operands_[i]), rank));
    }
    ellipsis_rank_ = std::max(ellipsis_rank_, rank - named);
    return with_ellipsis(written, rank - named);
  }

  void note_lengths(std::size_t i) {
    for (std::size_t axis = 0; axis < labels_[i].size(); ++axis) {
      const int label = labels_[i][axis];
      const std::int64_t length = operands_[i].shape()[axis];
      Known& known = known_[static_cast<std::size_t>(label)];
      const bool broadcasts = label >= first_of_ellipsis;
      if (known.length == -1 || (broadcasts && known.length == 1)) {
        known = {length, i};
      } else if (known.length != length && !(broadcasts && length == 1)) {
        throw ShapeError(
            fmt::format("[einsum] \"{}\": {} is {} in operand {}, {}, but {} in operand {}, {}", text_,
                        broadcasts ? fmt::format("axis {} from the end of the ellipsis", label - first_of_ellipsis)
                                   : fmt::format("the letter {}", static_cast<char>(label)),
                        known.length, known.operand, graph::label(operands_[known.operand]), length, i,
                        graph::label(operands_[i])));
      }
    }
  }

  [[nodiscard]] Labels implicit_result() const {
    Labels once;
    for (int letter = 0; letter < first_of_ellipsis; ++letter) {
      std::ptrdiff_t times = 0;
      for (const Labels& labels : labels_) {
        times += std::count(labels.begin(), labels.end(), letter);
      }
      if (times == 1) {
        once.push_back(letter);
      }
    }
    once.insert(once.begin(), Subscripts::ellipsis);
    return with_ellipsis(once, ellipsis_rank_);
  }

  // Axes of length 1 that another operand has longer: a product with it repeats the elements.
  [[nodiscard]] Labelled without_repeated(const Labelled& x) const {
    Labelled result{x.tensor, {}};
    std::vector<std::int64_t> lengths;
    for (std::size_t axis = 0; axis < x.labels.size(); ++axis) {
      const int label = x.labels[axis];
      const std::int64_t length = x.tensor.shape()[axis];
      if (length == known_[static_cast<std::size_t>(label)].length) {
        result.labels.push_back(label);
        lengths.push_back(length);
      }
    }
    result.tensor = reshape(x.tensor, Shape{lengths});
    return result;
  }

  [[nodiscard]] static std::optional<int> label_of_diagonal(const Labels& labels) {
    const auto found = std::find_if(labels.begin(), labels.end(),
                                    [&](int label) { return std::count(labels.begin(), labels.end(), label) > 1; });
    return found == labels.end() ? std::nullopt : std::optional{*found};
  }

  // The first two axes of this label, of length n, as one of n², of which every (n + 1)-th element is on the diagonal.
  [[nodiscard]] static Labelled diagonal(const Labelled& x, int label) {
    std::vector<std::int64_t> others;
    std::vector<std::int64_t> same;
    Labelled result;
    for (std::size_t axis = 0; axis < x.labels.size(); ++axis) {
      const bool one_of_two = x.labels[axis] == label && same.size() < 2;
      (one_of_two ? same : others).push_back(static_cast<std::int64_t>(axis));
      if (!one_of_two) {
        result.labels.push_back(x.labels[axis]);
      }
    }
    const std::int64_t length = x.tensor.shape()[static_cast<std::size_t>(same[0])];
    std::vector<std::int64_t> order = others;
    order.insert(order.end(), same.begin(), same.end());
    const Tensor moved = permute(x.tensor, order);
    const std::size_t last = others.size();
    const Tensor merged = reshape(moved, moved.shape().without(last).with(last, length * length));
    result.tensor = slice(merged, {.start = {}, .stop = {}, .step = length + 1}, -1);
    result.labels.push_back(label);
    return result;
  }

  std::string_view text_;
  Subscripts read_;
  const std::vector<Tensor>& operands_;
  std::vector<Labels> labels_;
  std::size_t ellipsis_rank_ = 0;
  std::array<Known, label_count> known_{};
};

}  // namespace

Tensor einsum(std::string_view subscripts, const std::vector<Tensor>& operands) {
  if (operands.empty()) {
    throw ValueError(fmt::format("[einsum] \"{}\" of no operands; expected one or more", subscripts));
  }
  for (const Tensor& operand : operands) {
    static_cast<void>(ops::require_defined("einsum", operand));
  }
  static_cast<void>(ops::require_floating("einsum", operands));
  const Assignment assignment{subscripts, operands};
  const Labels result = assignment.result();
  std::vector<Labelled> labelled;
  labelled.reserve(operands.size());
  for (std::size_t i = 0; i < operands.size(); ++i) {
    labelled.push_back(assignment.operand(i));
  }
  return ops::contract("einsum", std::move(labelled), result);
}

}  // namespace xgrad
