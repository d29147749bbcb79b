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

// Sums of float32 are taken in float64.
template <class T>
void scatter_planes(const T* x, const std::int64_t* indices, const Planes& planes, T* y) {
  run::parallel_for(planes.count, planes_per_piece(planes.windows + planes.elements),
                    [&](std::int64_t begin, std::int64_t end) {
                      std::vector<double> sums(static_cast<std::size_t>(planes.elements));
                      for (std::int64_t plane = begin; plane < end; ++plane) {
                        std::fill(sums.begin(), sums.end(), 0.0);
                        for (std::int64_t j = plane * planes.windows; j < (plane + 1) * planes.windows; ++j) {
                          sums[static_cast<std::size_t>(unmarked(indices[j]))] +=
                              static_cast<double>(indices[j] < 0 ? of_nan(x[j]) : x[j]);
                        }
                        std::transform(sums.begin(), sums.end(), y + plane * planes.elements,
                                       [](double sum) { return static_cast<T>(sum); });
                      }
                    });
}

class PickOperation final : public Operation {
 public:
  explicit PickOperation(std::size_t spatial) : spatial_{spatial} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "pick"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 2; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    return {{"axes", static_cast<std::int64_t>(spatial_)}};
  }
  [[nodiscard]] bool may_throw() const noexcept override { return false; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    return {inputs[1].shape(), require_floating(name(), inputs.first(1))};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    return {call.wants(0) ? scatter(cotangent, call.inputs[1], spatial_of(call.inputs[0].shape(), spatial_)) : Tensor{},
            Tensor{}};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return tangents[0].defined() ? pick(tangents[0], call.inputs[1], spatial_) : Tensor{};
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
};

class ScatterOperation final : public Operation {
 public:
  explicit ScatterOperation(Lengths size) : size_{std::move(size)} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "scatter"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 2; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return {{"size", size_}}; }
  [[nodiscard]] bool may_throw() const noexcept override { return false; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    return {with_spatial(inputs[0].shape(), size_), require_floating(name(), inputs.first(1))};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    return {call.wants(0) ? pick(cotangent, call.inputs[1], size_.size()) : Tensor{}, Tensor{}};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return tangents[0].defined() ? scatter(tangents[0], call.inputs[1], size_) : Tensor{};
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const Planes planes{planes_of(output.shape, size_.size()), Shape{size_}.size(),
                        Shape{spatial_of(inputs[0].shape, size_.size())}.size()};
    dispatch_floating(output.dtype, [&]<class T>(std::type_identity<T>) {
      scatter_planes(inputs[0].as<T>(), inputs[1].as<std::int64_t>(), planes, output.as<T>());
    });
  }

 private:
  Lengths size_;
};

}  // namespace

Tensor pick(const Tensor& x, const Tensor& indices, std::size_t spatial) {
  return apply(shared_operation<PickOperation>(spatial), {x, indices});
}

Tensor scatter(const Tensor& x, const Tensor& indices, const Lengths& size) {
  return apply(shared_operation<ScatterOperation>(size), {x, indices});
}

bool is_scatter(const Operation& operation) noexcept {
  return dynamic_cast<const ScatterOperation*>(&operation) != nullptr;
}

}  // namespace xgrad::ops
