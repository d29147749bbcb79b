// Operations of a user's that don't keep their contract: an error that names them, at the call or when they run.
#include <doctest/doctest.h>
#include <memory>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"

namespace xg = xgrad;
using xg::Tensor;

namespace {

class NoKernel final : public xg::ElementwiseOperation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "no_kernel"; }
  [[nodiscard]] Tensor times_partial(const xg::Call& /*call*/, std::size_t /*i*/, const Tensor& t) const override {
    return t;
  }
  [[nodiscard]] xg::TileKernel tile(std::span<const xg::DType> /*inputs*/, xg::DType /*output*/) const override {
    return nullptr;
  }
};

/// Says that its result is its input, and that it is half as long, or of another dtype.
class FalseAlias final : public xg::Operation {
 public:
  explicit FalseAlias(bool other_dtype) : other_dtype_{other_dtype} {}
  [[nodiscard]] std::string_view name() const noexcept override { return "false_alias"; }
  [[nodiscard]] std::vector<xg::Attribute> attributes() const override { return {{"other_dtype", other_dtype_}}; }
  [[nodiscard]] xg::Signature infer(std::span<const Tensor> inputs) const override {
    if (inputs.empty()) {
      return {};
    }
    return other_dtype_ ? xg::Signature{inputs[0].shape(), xg::float64}
                        : xg::Signature{xg::Shape{inputs[0].size() * 2}, inputs[0].dtype()};
  }
  [[nodiscard]] bool aliases_input() const noexcept override { return true; }
  void evaluate(std::span<const xg::ConstArray> /*inputs*/, const xg::Array& /*output*/) const override {}

 private:
  bool other_dtype_;
};

/// a b; that it takes two is said or forgotten.
template <bool says_so>
class Product final : public xg::ElementwiseOperation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "product"; }
  [[nodiscard]] unsigned input_count() const noexcept override {
    return says_so ? 2 : ElementwiseOperation::input_count();
  }
  [[nodiscard]] Tensor times_partial(const xg::Call& call, std::size_t i, const Tensor& t) const override {
    return t * call.inputs[1 - i];
  }
  [[nodiscard]] xg::TileKernel tile(std::span<const xg::DType> /*inputs*/, xg::DType output) const override {
    return xg::floating_tile_of<Product, 2>(output);
  }
  template <class T>
  [[nodiscard]] T value(T a, T b) const {
    return a * b;
  }
};

/// Operations with and without members, and with and without attributes().
class Bare : public xg::Operation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "bare"; }
  [[nodiscard]] xg::Signature infer(std::span<const Tensor> /*inputs*/) const override { return {}; }
  void evaluate(std::span<const xg::ConstArray> /*inputs*/, const xg::Array& /*output*/) const override {}
};
class Forgetful final : public Bare {
  [[maybe_unused]] double scale_ = 1;
};
class Scaled : public Bare {
 public:
  [[nodiscard]] std::vector<xg::Attribute> attributes() const override { return {{"scale", scale_}}; }

 private:
  double scale_ = 1;
};
class Inheriting final : public Scaled {};
static_assert(!xg::detail::hides_members<Bare>);
static_assert(xg::detail::hides_members<Forgetful>, "apply() refuses it: a plan would take one scale for another");
static_assert(!xg::detail::hides_members<Scaled>);
static_assert(!xg::detail::hides_members<Inheriting>);

bool says(const std::string& message, const std::string& words) {
  return message.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("an element-wise operation without a kernel is named, in a plan, node by node and compiled") {
  const Tensor x = xg::tensor({1, 2});
  const auto operation = std::make_shared<const NoKernel>();
  for (const bool planned : {true, false}) {
    const xg::PlanScope scope{{.simplify = planned, .fuse = planned}};
    CHECK(says(message_of<xg::ValueError>([&] { return (xg::apply(operation, {x}) * 2.0).eval(); }),
               "[no_kernel] tile() gave no kernel for a result of dtype float32"));
  }
  auto f = xg::compile([&](const Tensor& t) { return xg::apply(operation, {t}); });
  CHECK(says(message_of<xg::ValueError>([&] { return f(x); }), "[no_kernel] tile()"));
  CHECK(f.trace_count() == 0);
}

TEST_CASE("an operation that aliases its input and has another size or dtype is refused at the call") {
  const Tensor x = xg::tensor({1, 2});
  CHECK(says(message_of<xg::ValueError>([&] { return xg::apply(std::make_shared<const FalseAlias>(false), {x}); }),
             "[false_alias] aliases its input"));
  CHECK(says(message_of<xg::ValueError>([&] { return xg::apply(std::make_shared<const FalseAlias>(true), {x}); }),
             "float64 (2,) is no such view of float32 (2,)"));
  CHECK(says(message_of<xg::ValueError>(
                 [&] { return xg::apply(std::make_shared<const FalseAlias>(true), std::span<const Tensor>{}); }),
             "[false_alias]"));
}

TEST_CASE("a kernel is never called with another number of inputs than it reads") {
  const Tensor x = xg::tensor({1, 2, 3});
  const auto message = [&](const std::shared_ptr<const xg::Operation>& operation, std::vector<Tensor> inputs) {
    return message_of<xg::ValueError>([&] { return xg::apply(operation, inputs); });
  };
  const auto right = std::make_shared<const Product<true>>();
  const auto forgetful = std::make_shared<const Product<false>>();
  CHECK(message(right, {x}) == "[product] is called with 1 tensor; it takes 2, by its input_count()");
  CHECK(message(right, {x, x, x}) == "[product] is called with 3 tensors; it takes 2, by its input_count()");
  CHECK(message(forgetful, {x, x}) == "[product] is called with 2 tensors; it takes 1, by its input_count()");
  CHECK(xg::apply(right, {x, x}).to_vector<float>() == std::vector<float>{1, 4, 9});
}
