// pick: y[j] = x[i_j] in every plane; scatter, its adjoint: y[i_j] += x[j].
#include "ops/pooling/selection.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <limits>

#include "xgrad/error.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"
#include "ops/shared_operation.hpp"
#include "run/threads.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad::ops {

namespace {

template <class T>
T of_nan(T value) noexcept {
  return value == 0 ? value : std::numeric_limits<T>::quiet_NaN();
}

constexpr std::int64_t unmarked(std::int64_t index) noexcept {
  return index < 0 ? -1 - index : index;
}

/// The sizes of an operation between planes of elements and planes of windows.
struct Planes {
  std::int64_t count;
  std::int64_t elements;
  std::int64_t windows;
};

template <class T>
void pick_planes(const T* x, const std::int64_t* indices, const Planes& planes, T* y) {
  run::parallel_for(planes.count, planes_per_piece(planes.windows), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t plane = begin; plane < end; ++plane) {
      const T* from = x + plane * planes.elements;
      for (std::int64_t j = plane * planes.windows; j < (plane + 1) * planes.windows; ++j) {
        const T value = from[unmarked(indices[j])];
        y[j] = indices[j] < 0 ? of_nan(value) : value;
      }
    }
  });
}

// Sum is what sums are taken in.
template <class Sum, class T>
void scatter_planes(const T* x, const std::int64_t* indices, const Planes& planes, T* y) {
  const std::int64_t cost = planes.windows + planes.elements;
  run::parallel_for(planes.count, planes_per_piece(cost), [&](std::int64_t begin, std::int64_t end) {
    std::vector<Sum> sums(std::is_same_v<Sum, T> ? 0 : static_cast<std::size_t>(planes.elements));
    for (std::int64_t plane = begin; plane < end; ++plane) {
      T* result = y + plane * planes.elements;
      const auto add = [&, first = plane * planes.windows](Sum* to) {
        std::fill_n(to, planes.elements, Sum{0});
        for (std::int64_t j = first; j < first + planes.windows; ++j) {
          to[unmarked(indices[j])] += static_cast<Sum>(indices[j] < 0 ? of_nan(x[j]) : x[j]);
        }
      };
      if constexpr (std::is_same_v<Sum, T>) {
        add(result);
      } else {
        add(sums.data());
        std::transform(sums.begin(), sums.end(), result, [](Sum sum) { return static_cast<T>(sum); });
      }
    }
  });
}

class PickOperation final : public Operation {
 public:
  PickOperation(std::size_t spatial, bool wide) : spatial_{spatial}, wide_{wide} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "pick"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 2; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    return {{"axes", static_cast<std::int64_t>(spatial_)}, {"wide", wide_}};
  }
  [[nodiscard]] bool may_throw() const noexcept override { return false; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    return {inputs[1].shape(), require_floating(name(), inputs.first(1))};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    return {call.wants(0) ? scatter(cotangent, call.inputs[1], spatial_of(call.inputs[0].shape(), spatial_), wide_)
                          : Tensor{},
            Tensor{}};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return tangents[0].defined() ? pick(tangents[0], call.inputs[1], spatial_, wide_) : Tensor{};
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const Planes planes{planes_of(output.shape, spatial_), size_of(inputs[0].shape), size_of(output.shape)};
    dispatch_floating(output.dtype, [&]<class T>(std::type_identity<T>) {
      pick_planes(inputs[0].as<T>(), inputs[1].as<std::int64_t>(), planes, output.as<T>());
    });
  }

 private:
  [[nodiscard]] std::int64_t size_of(const Shape& shape) const { return Shape{spatial_of(shape, spatial_)}.size(); }

  std::size_t spatial_;
  bool wide_;
};

class ScatterOperation final : public Operation {
 public:
  ScatterOperation(const Lengths& size, bool wide) : size_{size}, wide_{wide} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "scatter"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 2; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return {{"size", size_}, {"wide", wide_}}; }
  [[nodiscard]] bool may_throw() const noexcept override { return false; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    return {with_spatial(inputs[0].shape(), size_), require_floating(name(), inputs.first(1))};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    return {call.wants(0) ? pick(cotangent, call.inputs[1], size_.size(), wide_) : Tensor{}, Tensor{}};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return tangents[0].defined() ? scatter(tangents[0], call.inputs[1], size_, wide_) : Tensor{};
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const Planes planes{planes_of(output.shape, size_.size()), Shape{size_}.size(),
                        Shape{spatial_of(inputs[0].shape, size_.size())}.size()};
    dispatch_floating(output.dtype, [&]<class T>(std::type_identity<T>) {
      const auto add = wide_ ? &scatter_planes<double, T> : &scatter_planes<T, T>;
      add(inputs[0].as<T>(), inputs[1].as<std::int64_t>(), planes, output.as<T>());
    });
  }

 private:
  Lengths size_;
  bool wide_;
};

}  // namespace

Tensor pick(const Tensor& x, const Tensor& indices, std::size_t spatial, bool wide) {
  return apply(shared_operation<PickOperation>(spatial, wide), {x, indices});
}

Tensor scatter(const Tensor& x, const Tensor& indices, const Lengths& size, bool wide) {
  return apply(shared_operation<ScatterOperation>(size, wide), {x, indices});
}

bool is_scatter(const Operation& operation) noexcept {
  return dynamic_cast<const ScatterOperation*>(&operation) != nullptr;
}

}  // namespace xgrad::ops
