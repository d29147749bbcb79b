// Tensors as NumPy prints arrays by default: from 1000 elements on shortened to 3 at each edge, lines of up to 75.
#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <ostream>
#include <string>
#include <type_traits>

#include "xgrad/tensor.hpp"

#include "tensor/dispatch.hpp"
#include "tensor/number_format.hpp"

namespace xgrad {

namespace {

constexpr std::int64_t threshold = 1000;
constexpr std::int64_t edge = 3;
constexpr std::size_t line_width = 75;

class Layout {
 public:
  explicit Layout(const Shape& shape) : shape_{shape}, summarised_{shape.size() > threshold} {}

  // Calls f(offset) for every element that is printed, in order.
  template <class F>
  void for_each_shown(F f) const {
    visit(0, 0, f);
  }

  // `words` are the elements shown, in order.
  [[nodiscard]] std::string text(const std::vector<std::string>& words) const {
    auto next = words.begin();
    return block(0, next);
  }

 private:
  using Words = std::vector<std::string>::const_iterator;

  [[nodiscard]] bool shortened(std::size_t axis) const noexcept { return summarised_ && shape_[axis] > 2 * edge; }

  // Calls f(i) for the positions along an axis that are shown.
  template <class F>
  void for_each_position(std::size_t axis, F f) const {
    for (std::int64_t i = 0; i < shape_[axis]; ++i) {
      if (shortened(axis) && i == edge) {
        i = shape_[axis] - edge;
      }
      f(i);
    }
  }

  // Recursion over axes, at most Shape::max_rank deep; so is block().
  template <class F>
  void visit(std::size_t axis, std::int64_t offset, F& f) const {
    if (axis == shape_.rank()) {
      f(offset);
      return;
    }
    for_each_position(axis, [&](std::int64_t i) { visit(axis + 1, offset * shape_[axis] + i, f); });
  }

  // "[…]" of the axes from `axis` on; nested blocks are indented by `axis` + 1 columns.
  [[nodiscard]] std::string block(std::size_t axis, Words& next) const {
    if (axis + 1 == shape_.rank()) {
      return row(next);
    }
    const std::string separator = std::string(shape_.rank() - axis - 1, '\n') + std::string(axis + 1, ' ');
    std::string result = "[";
    for_each_position(axis, [&](std::int64_t i) {
      if (i > 0) {
        result += separator;
        if (shortened(axis) && i == shape_[axis] - edge) {
          result += "..." + separator;
        }
      }
      result += block(axis + 1, next);
    });
    return result + "]";
  }

  // A row of words, broken where it would leave no room for the closing brackets.
  [[nodiscard]] std::string row(Words& next) const {
    const std::size_t axis = shape_.rank() - 1;
    const std::string indent(shape_.rank(), ' ');
    const std::size_t width = line_width - shape_.rank();
    std::string result;
    std::string line = indent;
    const auto append = [&](const std::string& word) {
      if (line.size() + word.size() > width && line.size() > indent.size()) {
        result += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
        line = indent;
      }
      line += word;
    };
    for_each_position(axis, [&](std::int64_t i) {
      if (shortened(axis) && i == shape_[axis] - edge) {
        append("...");
        line += ' ';
      }
      append(*next++);
      if (i + 1 < shape_[axis]) {
        line += ' ';
      }
    });
    return fmt::format("[{}]", (result + line).substr(indent.size()));
  }

  const Shape& shape_;
  bool summarised_;
};

template <class T>
std::string scalar_text(T value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value ? "True" : "False";
  } else if constexpr (std::is_integral_v<T>) {
    return std::to_string(value);
  } else {
    return text::number(value);
  }
}

template <class T>
std::function<std::string(T)> format_for(const std::vector<T>& values) {
  if constexpr (std::is_same_v<T, bool>) {
    return [](bool value) { return value ? " True" : "False"; };
  } else if constexpr (std::is_integral_v<T>) {
    return text::AlignedIntegers{values};
  } else {
    return text::AlignedFloats<T>{values};
  }
}

}  // namespace

std::string to_string(const Tensor& tensor) {
  return dispatch(tensor.dtype(), [&]<class T>(std::type_identity<T>) -> std::string {
    const auto values = tensor.data<T>();
    if (tensor.rank() == 0) {
      return scalar_text(values[0]);
    }
    if (values.empty()) {
      return "[]";
    }
    const Layout layout{tensor.shape()};
    std::vector<T> shown;
    layout.for_each_shown([&](std::int64_t offset) { shown.push_back(values[static_cast<std::size_t>(offset)]); });
    const auto format = format_for(shown);
    std::vector<std::string> words;
    words.reserve(shown.size());
    std::transform(shown.begin(), shown.end(), std::back_inserter(words), format);
    return layout.text(words);
  });
}

std::ostream& operator<<(std::ostream& out, const Tensor& tensor) {
  return out << to_string(tensor);
}

}  // namespace xgrad
