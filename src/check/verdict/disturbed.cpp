#include "check/verdict/disturbed.hpp"

#include "tensor/dispatch.hpp"

namespace xgrad::check {

namespace {

/// SplitMix64 (Steele, Lea, Flood 2014): well mixed bits of a counter.
std::uint64_t mixed(std::uint64_t x) noexcept {
  x += 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31U);
}

/// The lowest bit is the sign, the highest 53 the size.
double drawn(std::uint64_t bits) noexcept {
  const double size = 0.5 + 0.5 * static_cast<double>(bits >> 11U) * 0x1p-53;
  return (bits & 1U) != 0 ? size : -size;
}

}  // namespace

std::vector<Tensor> Disturbed::vjp(const Call& call, const Tensor& cotangent) const {
  return {apply(std::make_shared<const Disturbed>(number_, base_, size_), {cotangent, call.inputs[1]}), Tensor{}};
}

void Disturbed::evaluate(std::span<const ConstArray> inputs, const Array& output) const {
  const auto seed = static_cast<std::uint64_t>(*inputs[1].as<std::int64_t>());
  const std::uint64_t start = mixed(mixed(seed) + static_cast<std::uint64_t>(number_));
  dispatch_floating(output.dtype, [&]<class T>(std::type_identity<T>) {
    const T* x = inputs[0].as<T>();
    T* y = output.as<T>();
    for (std::int64_t i = 0; i < output.shape.size(); ++i) {
      y[i] = x[i] * static_cast<T>(base_ + size_ * drawn(mixed(start + static_cast<std::uint64_t>(i))));
    }
  });
}

}  // namespace xgrad::check
