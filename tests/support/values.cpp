#include "support/values.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <random>
#include <sstream>
#include <stdexcept>

#include "xgrad/creation.hpp"

namespace xgrad::test {

namespace {

std::size_t wrap(std::int64_t axis, std::size_t rank) {
  return static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis);
}

template <class T>
std::vector<T> converted(const std::vector<double>& data) {
  std::vector<T> result(data.size());
  std::transform(data.begin(), data.end(), result.begin(), [](double value) { return static_cast<T>(value); });
  return result;
}

template <class T>
std::vector<double> read(const Tensor& tensor) {
  const auto data = tensor.data<T>();
  std::vector<double> result(data.size());
  std::transform(data.begin(), data.end(), result.begin(), [](T value) { return static_cast<double>(value); });
  return result;
}

}  // namespace

std::size_t Values::offset(const Position& position) const {
  if (position.size() != shape.rank()) {
    throw std::logic_error("a reference reads a position of the wrong rank");
  }
  std::size_t result = 0;
  for (std::size_t i = 0; i < position.size(); ++i) {
    if (position[i] < 0 || position[i] >= shape[i]) {
      throw std::logic_error("a reference reads outside of " + to_string(shape));
    }
    result = result * static_cast<std::size_t>(shape[i]) + static_cast<std::size_t>(position[i]);
  }
  return result;
}

void for_each_position(const Shape& shape, const std::function<void(const Position&)>& visit) {
  Position position(shape.rank(), 0);
  for (std::int64_t count = shape.size(); count > 0; --count) {
    visit(position);
    for (std::size_t i = shape.rank(); i-- > 0;) {
      if (++position[i] < shape[i]) {
        break;
      }
      position[i] = 0;
    }
  }
}

Values build(const Shape& shape, const std::function<double(const Position&)>& f) {
  Values result{shape, {}};
  result.data.reserve(static_cast<std::size_t>(shape.size()));
  for_each_position(shape, [&](const Position& position) { result.data.push_back(f(position)); });
  return result;
}

Values map(const Values& x, const std::function<double(double)>& f) {
  Values result = x;
  std::transform(x.data.begin(), x.data.end(), result.data.begin(), f);
  return result;
}

Shape common_shape(const Shape& a, const Shape& b) {
  std::vector<std::int64_t> lengths(std::max(a.rank(), b.rank()));
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    const std::int64_t p = i < a.rank() ? a[a.rank() - 1 - i] : 1;
    const std::int64_t q = i < b.rank() ? b[b.rank() - 1 - i] : 1;
    if (p != q && p != 1 && q != 1) {
      throw std::logic_error("a reference broadcasts " + to_string(a) + " with " + to_string(b));
    }
    lengths[lengths.size() - 1 - i] = p == 1 ? q : p;
  }
  return Shape{lengths};
}

double broadcast_at(const Values& x, const Position& position) {
  Position own(position.end() - static_cast<std::ptrdiff_t>(x.shape.rank()), position.end());
  for (std::size_t i = 0; i < own.size(); ++i) {
    own[i] = x.shape[i] == 1 ? 0 : own[i];
  }
  return x(own);
}

Values zip(const Values& a, const Values& b, const std::function<double(double, double)>& f) {
  return build(common_shape(a.shape, b.shape),
               [&](const Position& p) { return f(broadcast_at(a, p), broadcast_at(b, p)); });
}

Values fold(const Values& x, const std::vector<std::int64_t>& axes, bool keep_dims,
            const std::function<double(std::span<const double>)>& f) {
  std::vector<bool> reduced(x.shape.rank(), axes.empty());
  for (const std::int64_t axis : axes) {
    reduced[wrap(axis, x.shape.rank())] = true;
  }
  std::vector<std::int64_t> kept;
  std::vector<std::int64_t> result_lengths;
  for (std::size_t i = 0; i < x.shape.rank(); ++i) {
    kept.push_back(reduced[i] ? 1 : x.shape[i]);
    if (!reduced[i] || keep_dims) {
      result_lengths.push_back(kept.back());
    }
  }
  Values groups{Shape{kept}, {}};
  std::vector<std::vector<double>> members(static_cast<std::size_t>(groups.shape.size()));
  for_each_position(x.shape, [&](const Position& position) {
    Position group = position;
    for (std::size_t i = 0; i < group.size(); ++i) {
      group[i] = reduced[i] ? 0 : group[i];
    }
    members[groups.offset(group)].push_back(x(position));
  });
  Values result{Shape{result_lengths}, {}};
  for (const auto& group : members) {
    result.data.push_back(f(group));
  }
  return result;
}

Values along(const Values& x, std::int64_t axis, const std::function<std::vector<double>(std::span<const double>)>& f) {
  const std::size_t place = wrap(axis, x.shape.rank());
  Values result = x;
  for_each_position(x.shape, [&](const Position& position) {
    if (position[place] != 0) {
      return;
    }
    std::vector<double> line;
    Position cursor = position;
    for (cursor[place] = 0; cursor[place] < x.shape[place]; ++cursor[place]) {
      line.push_back(x(cursor));
    }
    const std::vector<double> image = f(line);
    for (cursor[place] = 0; cursor[place] < x.shape[place]; ++cursor[place]) {
      result(cursor) = image[static_cast<std::size_t>(cursor[place])];
    }
  });
  return result;
}

Values uniform(const Shape& shape, double low, double high, std::uint64_t seed) {
  std::mt19937_64 engine{seed * 7919 + 17};
  return build(shape,
               [&](const Position&) { return low + (high - low) * (static_cast<double>(engine() >> 11U) * 0x1p-53); });
}

Values counting(const Shape& shape) {
  Values result{shape, std::vector<double>(static_cast<std::size_t>(shape.size()))};
  std::iota(result.data.begin(), result.data.end(), 1.0);
  return result;
}

Values vector_of(std::vector<double> data) {
  const auto length = static_cast<std::int64_t>(data.size());
  return {Shape{length}, std::move(data)};
}

Values scalar_of(double value) {
  return {Shape{}, {value}};
}

Tensor to_tensor(const Values& values, DType dtype) {
  switch (dtype) {
    case DType::float32:
      return from_vector(converted<float>(values.data), values.shape);
    case DType::float64:
      return from_vector(values.data, values.shape);
    case DType::int64:
      return from_vector(converted<std::int64_t>(values.data), values.shape);
    case DType::boolean:
      break;
  }
  const auto truth = std::make_unique<bool[]>(values.data.size());  // NOLINT(modernize-avoid-c-arrays)
  std::transform(values.data.begin(), values.data.end(), truth.get(), [](double value) { return value != 0; });
  return from_data(std::span<const bool>{truth.get(), values.data.size()}, values.shape);
}

Values to_values(const Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::float32:
      return {tensor.shape(), read<float>(tensor)};
    case DType::float64:
      return {tensor.shape(), read<double>(tensor)};
    case DType::int64:
      return {tensor.shape(), read<std::int64_t>(tensor)};
    case DType::boolean:
      break;
  }
  return {tensor.shape(), read<bool>(tensor)};
}

Values rounded(const Values& values, DType dtype) {
  return dtype == float32 ? map(values, [](double value) { return static_cast<double>(static_cast<float>(value)); })
                          : values;
}

std::string difference(const Values& found, const Values& expected, double tolerance, double floor) {
  std::ostringstream text;
  text.precision(17);
  if (found.shape != expected.shape || found.data.size() != expected.data.size()) {
    text << "shape " << found.shape << ", expected " << expected.shape;
    return text.str();
  }
  for (std::size_t i = 0; i < found.data.size(); ++i) {
    const double a = found.data[i];
    const double b = expected.data[i];
    const bool same = a == b || (std::isnan(a) && std::isnan(b)) ||
                      std::abs(a - b) <= tolerance * std::max(std::isfinite(b) ? std::abs(b) : 0.0, floor);
    if (!same) {
      text << "element " << i << " of " << found.shape << " is " << a << ", expected " << b;
      return text.str();
    }
  }
  return {};
}

double inner(const Values& a, const Values& b) {
  return std::inner_product(a.data.begin(), a.data.end(), b.data.begin(), 0.0);
}

double largest(const Values& x) {
  return std::accumulate(x.data.begin(), x.data.end(), 0.0,
                         [](double most, double value) { return std::max(most, std::abs(value)); });
}

}  // namespace xgrad::test
