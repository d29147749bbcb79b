// x in another dtype        ∂x = 1 between float32 and float64, none otherwise
#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/shared_operation.hpp"

namespace xgrad {

namespace {

template <class To, class From>
To converted(From x) {
  if constexpr (std::is_same_v<To, bool>) {
    return x != From{0};
  } else if constexpr (std::is_same_v<To, std::int64_t> && std::is_floating_point_v<From>) {
    constexpr From end = 0x1p63;  // both ends are exact in From
    if (!(x >= -end && x < end)) {
      throw ValueError(fmt::format("[cast] an element is {}, which int64 can't hold", x));
    }
    return static_cast<To>(x);
  } else {
    return static_cast<To>(x);
  }
}

template <class To, class From>
void convert(const Operation& /*operation*/, const void* const* inputs, void* out, std::size_t count) {
  const From* x = static_cast<const From*>(inputs[0]);
  To* result = static_cast<To*>(out);
  for (std::size_t k = 0; k < count; ++k) {
    result[k] = converted<To>(x[k]);
  }
}

template <class From>
TileKernel conversion_from(DType to) {
  switch (to) {
    case DType::float32:
      return convert<float, From>;
    case DType::float64:
      return convert<double, From>;
    case DType::int64:
      return convert<std::int64_t, From>;
    case DType::boolean:
      return convert<bool, From>;
  }
  return nullptr;
}

class CastOperation final : public ops::Elementwise {
 public:
  explicit CastOperation(DType dtype) : dtype_{dtype} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "cast"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::cast; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    return {{"dtype", static_cast<std::int64_t>(dtype_)}};
  }

  [[nodiscard]] DType infer_dtype(std::span<const Tensor> /*inputs*/) const override { return dtype_; }
  [[nodiscard]] bool may_throw() const noexcept override { return dtype_ == int64; }

  // A cotangent comes in the result's dtype and leaves in x's; a tangent goes the other way.
  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t /*i*/, const Tensor& t) const override {
    const DType source = call.inputs[0].dtype();
    if (!is_floating(source) || !is_floating(dtype_)) {
      return {};
    }
    return cast(t, t.dtype() == source ? dtype_ : source);
  }

  [[nodiscard]] TileKernel tile(std::span<const DType> inputs, DType output) const override {
    switch (inputs[0]) {
      case DType::float32:
        return conversion_from<float>(output);
      case DType::float64:
        return conversion_from<double>(output);
      case DType::int64:
        return conversion_from<std::int64_t>(output);
      case DType::boolean:
        return conversion_from<bool>(output);
    }
    return nullptr;
  }

 private:
  DType dtype_;
};

}  // namespace

Tensor cast(const Tensor& x, DType dtype) {
  return x.defined() && x.dtype() == dtype ? x : apply(ops::shared_operation<CastOperation>(dtype), {x});
}

}  // namespace xgrad
