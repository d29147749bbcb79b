// reshape: the same elements in the same order; its adjoint is the reshape back.
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/operation.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"
#include "ops/shared_operation.hpp"

namespace xgrad {

namespace {

class ReshapeOperation final : public Operation {
 public:
  explicit ReshapeOperation(const Shape& shape) : shape_{shape} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "reshape"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::reshape; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return {{"shape", shape_.to_vector()}}; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    if (inputs[0].size() != shape_.size()) {
      throw ShapeError(fmt::format("[reshape] {} with {} elements can't become {} with {}", graph::label(inputs[0]),
                                   inputs[0].size(), to_string(shape_), shape_.size()));
    }
    return {shape_, inputs[0].dtype()};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    return {reshape(cotangent, call.inputs[0].shape())};
  }
  [[nodiscard]] Tensor jvp(const Call& /*call*/, std::span<const Tensor> tangents) const override {
    return reshape(tangents[0], shape_);
  }

  [[nodiscard]] bool aliases_input() const noexcept override { return true; }
  void evaluate(std::span<const ConstArray> /*inputs*/, const Array& /*output*/) const override {}

 private:
  Shape shape_;
};

}  // namespace

Tensor reshape(const Tensor& x, const Shape& shape) {
  return ops::require_defined("reshape", x).shape() == shape
             ? x
             : apply(ops::shared_operation<ReshapeOperation>(shape), {x});
}

Tensor reshape(const Tensor& x, const std::vector<std::int64_t>& lengths) {
  static_cast<void>(ops::require_defined("reshape", x));
  std::vector<std::int64_t> dims = lengths;
  std::int64_t* unknown = nullptr;
  std::int64_t known = 1;
  for (std::int64_t& length : dims) {
    if (length == -1) {
      if (unknown != nullptr) {
        throw ShapeError(
            fmt::format("[reshape] {} to ({}): {} lengths are -1; expected at most one, which follows from "
                        "the others",
                        graph::label(x), fmt::join(lengths, ", "), std::count(lengths.begin(), lengths.end(), -1)));
      }
      unknown = &length;
    } else if (length < 0) {
      throw ShapeError(fmt::format("[reshape] {} to ({}): the length {} is negative; expected 0 or more, or one -1",
                                   graph::label(x), fmt::join(lengths, ", "), length));
    } else if (__builtin_mul_overflow(known, length, &known)) {
      throw ShapeError(fmt::format("[reshape] {} to ({}): more elements than an int64 counts", graph::label(x),
                                   fmt::join(lengths, ", ")));
    }
  }
  if (unknown != nullptr) {
    if (known == 0 || x.size() % known != 0) {
      throw ShapeError(fmt::format("[reshape] {} to ({}): no length in place of -1 makes its {} elements of {}",
                                   graph::label(x), fmt::join(lengths, ", "), x.size(), known));
    }
    *unknown = x.size() / known;
  }
  return reshape(x, Shape{dims});
}

}  // namespace xgrad
