#include "support/plain_taps.hpp"

#include <algorithm>
#include <limits>

namespace xgrad::test {

namespace {

Values zeros_of(const Shape& shape) {
  return build(shape, [](const Position&) { return 0.0; });
}

bool is_inside(const Shape& shape, const Position& position) {
  for (std::size_t i = 0; i < position.size(); ++i) {
    if (position[i] < 0 || position[i] >= shape[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace

void Taps::visit(const Shape& x, const Shape& w, const Shape& y, const Visit& visit) const {
  const std::int64_t per_group = w[0] / groups;
  const auto group_of = [this](std::int64_t channel, std::int64_t each) {
    if (grouping == Grouping::dealt) {
      return channel % groups;
    }
    return grouping == Grouping::first ? 0 : channel / each;
  };
  for_each_position(y, [&](const Position& out) {
    const std::int64_t group = group_of(out[1], per_group);
    for_each_position(w.with(0, 1), [&](const Position& first) {
      Position tap = first;
      tap[0] = out[1];
      Position in{out[0], group * w[1] + tap[1]};
      for (std::size_t a = 0; a + 2 < tap.size(); ++a) {
        in.push_back(out[a + 2] * stride[a] - before[a] + tap[a + 2] * dilation[a]);
      }
      if (is_inside(x, in)) {
        visit(in, tap, out);
      }
    });
  });
}

Tensor Taps::output(const Tensor& x, const Tensor& w, const Shape& shape) const {
  const Values from = to_values(x);
  const Values kernel = to_values(w);
  Values y = zeros_of(shape);
  visit(x.shape(), w.shape(), shape,
        [&](const auto& in, const auto& tap, const auto& out) { y(out) += from(in) * kernel(tap); });
  return to_tensor(y);
}

Tensor Taps::input(const Tensor& g, const Tensor& w, const Shape& shape) const {
  const Values from = to_values(g);
  const Values kernel = to_values(w);
  Values x = zeros_of(shape);
  visit(shape, w.shape(), g.shape(),
        [&](const auto& in, const auto& tap, const auto& out) { x(in) += from(out) * kernel(tap); });
  return to_tensor(x);
}

Tensor Taps::weight(const Tensor& x, const Tensor& g, const Shape& shape) const {
  const Values from = to_values(x);
  const Values cotangent = to_values(g);
  Values w = zeros_of(shape);
  visit(x.shape(), shape, g.shape(),
        [&](const auto& in, const auto& tap, const auto& out) { w(tap) += from(in) * cotangent(out); });
  return to_tensor(w);
}

Tensor Taps::overwritten_input(const Tensor& g, const Tensor& w, const Shape& shape) const {
  const Values from = to_values(g);
  const Values kernel = to_values(w);
  Values x = zeros_of(shape);
  // The window that wrote to an element last.
  std::vector<Position> last(x.data.size());
  visit(shape, w.shape(), g.shape(), [&](const auto& in, const auto& tap, const auto& out) {
    const Position window(out.begin() + 2, out.end());
    Position& written = last[x.offset(in)];
    if (written.empty() || written < window) {
      written = window;
      x(in) = 0;
    }
    x(in) += written == window ? from(out) * kernel(tap) : 0;
  });
  return to_tensor(x);
}

void Pools::visit(const Shape& x, const Position& out, const std::function<void(const Position& in)>& visit) const {
  const std::size_t rank = x.rank();
  for (std::int64_t i = 0; i < kernel; ++i) {
    for (std::int64_t j = 0; j < kernel; ++j) {
      Position in = out;
      in[rank - 2] = out[rank - 2] * stride - before + i;
      in[rank - 1] = out[rank - 1] * stride - before + j;
      if (is_inside(x, in)) {
        visit(in);
      }
    }
  }
}

Shape Pools::output(const Shape& x) const {
  const auto length = [this](std::int64_t n) { return (n + 2 * before - kernel) / stride + 1; };
  const std::size_t rank = x.rank();
  return x.with(rank - 2, length(x[rank - 2])).with(rank - 1, length(x[rank - 1]));
}

Tensor Pools::largest(const Tensor& x) const {
  const Values from = to_values(x);
  return to_tensor(build(output(x.shape()), [&](const Position& out) {
    double result = -std::numeric_limits<double>::infinity();
    visit(x.shape(), out, [&](const Position& in) { result = std::max(result, from(in)); });
    return result;
  }));
}

Tensor Pools::mean(const Tensor& x) const {
  const Values from = to_values(x);
  return to_tensor(build(output(x.shape()), [&](const Position& out) {
    double result = 0;
    visit(x.shape(), out, [&](const Position& in) { result += from(in); });
    return result / static_cast<double>(kernel * kernel);
  }));
}

Tensor Pools::spread(const Tensor& g, const Tensor& x, const Chosen& chosen,
                     const std::function<double(std::size_t)>& share, bool overwrite) const {
  const Values from = to_values(x);
  const Values cotangent = to_values(g);
  Values result = zeros_of(x.shape());
  for_each_position(g.shape(), [&](const Position& out) {
    std::vector<Position> window;
    visit(x.shape(), out, [&](const Position& in) { window.push_back(in); });
    for (const Position& in : chosen(from, window)) {
      const double value = cotangent(out) * share(window.size());
      result(in) = overwrite ? value : result(in) + value;
    }
  });
  return to_tensor(result);
}

}  // namespace xgrad::test
