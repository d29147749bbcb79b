// Kernels that need memory of their own while they run.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <doctest/doctest.h>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/doubles.hpp"

namespace xg = xgrad;
using xg::Tensor;
using Doubles = std::vector<double>;
using xgrad::test::doubles;
using xgrad::test::values_of;

namespace {

/// What kernels were called with.
struct Seen {
  std::vector<const std::byte*> memory;
  std::vector<std::size_t> bytes;
};

/// x in reverse order, by way of `copies` copies of it.
class Reversed final : public xg::WorkspaceOperation {
 public:
  // Shared, since a plan that is kept keeps the instance that it was made with.
  Reversed(std::size_t copies, std::shared_ptr<Seen> seen) : copies_{copies}, seen_{std::move(seen)} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "reversed"; }
  [[nodiscard]] std::vector<xg::Attribute> attributes() const override {
    return {{"copies", static_cast<std::int64_t>(copies_)}, {"number", number_}};
  }
  [[nodiscard]] xg::Signature infer(std::span<const Tensor> inputs) const override {
    return {inputs[0].shape(), inputs[0].dtype()};
  }
  [[nodiscard]] std::vector<Tensor> vjp(const xg::Call& /*call*/, const Tensor& cotangent) const override {
    return {xg::flip(cotangent)};
  }
  [[nodiscard]] std::size_t workspace_bytes(std::span<const xg::Signature> inputs,
                                            const xg::Signature& output) const override {
    CHECK(inputs[0].shape == output.shape);
    return copies_ * static_cast<std::size_t>(inputs[0].shape.size()) * sizeof(double);
  }
  void evaluate_in(std::span<std::byte> workspace, std::span<const xg::ConstArray> inputs,
                   const xg::Array& output) const override {
    seen_->memory.push_back(workspace.data());
    seen_->bytes.push_back(workspace.size());
    const auto count = static_cast<std::size_t>(output.shape.size());
    std::vector<double> none(count);
    double* copy = copies_ == 0 ? none.data() : reinterpret_cast<double*>(workspace.data());
    for (std::size_t k = 0; k < std::max<std::size_t>(copies_, 1); ++k) {
      std::memcpy(copy + k * count, inputs[0].data, count * sizeof(double));
    }
    const double* last = copy + (std::max<std::size_t>(copies_, 1) - 1) * count;
    for (std::size_t i = 0; i < count; ++i) {
      output.as<double>()[i] = last[count - 1 - i];
    }
  }

 private:
  static inline std::int64_t instances = 0;
  std::size_t copies_;
  std::shared_ptr<Seen> seen_;
  std::int64_t number_ = ++instances;  // a plan runs an instance for any with equal attributes
};

Tensor reversed(const Tensor& x, std::size_t copies, const std::shared_ptr<Seen>& seen) {
  return xg::apply(std::make_shared<Reversed>(copies, seen), {x});
}

}  // namespace

TEST_CASE("a kernel is given as much memory as it asked for, aligned, however it is run") {
  for (const bool planned : {true, false}) {
    const xg::PlanScope scope{{.simplify = planned, .fuse = planned}};
    for (const std::size_t copies : {0U, 1U, 3U}) {
      const auto seen = std::make_shared<Seen>();
      CHECK(values_of(reversed(doubles({1, 2, 3, 4, 5}), copies, seen) + 0.5) == Doubles{5.5, 4.5, 3.5, 2.5, 1.5});
      REQUIRE(seen->bytes == std::vector<std::size_t>{copies * 5 * sizeof(double)});
      CHECK(reinterpret_cast<std::uintptr_t>(seen->memory[0]) % 64 == 0);
      CHECK((seen->memory[0] == nullptr) == (copies == 0));
    }
  }
}

TEST_CASE("the steps of a plan share that memory, and have it ready") {
  const auto seen = std::make_shared<Seen>();
  auto twice = xg::compile([&](const Tensor& x) { return reversed(reversed(x, 1, seen) * 2.0, 2, seen); });
  const Tensor x = doubles({1, 2, 3});
  for (int i = 0; i < 3; ++i) {
    CHECK(values_of(twice(x)) == Doubles{2, 4, 6});
  }
  REQUIRE(seen->memory.size() == 6);
  CHECK(seen->bytes == std::vector<std::size_t>{24, 48, 24, 48, 24, 48});
  for (const std::byte* memory : seen->memory) {
    CHECK(memory == seen->memory[0]);
  }
}

TEST_CASE("such an operation is differentiated and checked like any other") {
  const auto seen = std::make_shared<Seen>();
  const xg::Parameter p{doubles({0.1, -0.4, 0.7}), "p"};
  const Tensor weights = doubles({1, 2, 3});
  const auto loss = [&] { return xg::sum(xg::square(reversed(p, 1, seen)) * weights); };
  // ∂/∂p_i of Σ w_j p_(2−j)² = 2 w_(2−i) p_i
  const Doubles gradient = values_of(xg::gradients(loss(), {p})[0]);
  CHECK(gradient[0] == doctest::Approx(0.6));
  CHECK(gradient[1] == doctest::Approx(-1.6));
  CHECK(gradient[2] == doctest::Approx(1.4));
  CHECK(xg::check::compare(loss, {{"p", p}}).verdict() == xg::check::Verdict::right);
}
