#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>
#include <xgrad/xgrad.hpp>

#include "../support/suite.hpp"

/// What it costs that a cotangent of 0 stays 0 in the chain rule: the same backward pass with chain_mul and chain_div,
/// and with plain products and quotients. float32.
namespace bench::gate {

namespace {

using xgrad::Tensor;

struct Products {
  Tensor (*mul)(const Tensor&, const Tensor&);
  Tensor (*div)(const Tensor&, const Tensor&);
};
const Products gated{xgrad::chain_mul, xgrad::chain_div};
const Products plain{xgrad::mul, xgrad::div};

constexpr double rate = 0.001;

/// Of u = log(1 + z²): t ↦ t ∂u/∂z.
Tensor backward(const Products& by, const Tensor& t, const Tensor& z) {
  return by.div(by.mul(t, 2.0 * z), 1.0 + z * z);
}

/// A step of gradient descent: h = log(1 + (x Wᵀ)²), loss ½ Σ (h Vᵀ − y)².
std::vector<Tensor> step(const Products& by, const std::vector<Tensor>& inputs) {
  const Tensor& x = inputs[0];
  const Tensor& y = inputs[1];
  const Tensor& w = inputs[2];
  const Tensor& v = inputs[3];
  const Tensor z = xgrad::matmul(x, xgrad::transpose(w));
  const Tensor h = xgrad::log(1.0 + z * z);
  const Tensor error = xgrad::matmul(h, xgrad::transpose(v)) - y;
  const Tensor delta = backward(by, xgrad::matmul(error, v), z);
  return {w - rate * xgrad::matmul(xgrad::transpose(delta), x), v - rate * xgrad::matmul(xgrad::transpose(error), h),
          0.5 * xgrad::sum(error * error)};
}

/// Element-wise alone: two such functions of one another.
std::vector<Tensor> chain(const Products& by, const std::vector<Tensor>& inputs) {
  const Tensor& z = inputs[0];
  const Tensor& t = inputs[1];
  const Tensor u = xgrad::log(1.0 + z * z);
  return {backward(by, backward(by, t, u), z)};
}

using Work = std::vector<Tensor> (*)(const Products&, const std::vector<Tensor>&);

using Run = std::function<std::vector<Tensor>()>;

Run compiled(Work work, const Products& by, const std::vector<Tensor>& inputs) {
  const auto f = [work, by](const Tensor& a, const Tensor& b, const Tensor& c, const Tensor& d) {
    return work(by, {a, b, c, d});
  };
  const auto compiled = std::make_shared<xgrad::Compiled<std::decay_t<decltype(f)>>>(xgrad::compile(f));
  return [=] { return (*compiled)(inputs[0], inputs[1], inputs[2 % inputs.size()], inputs[3 % inputs.size()]); };
}

// Each is the other's reference: nothing is 0 or infinite here, so both have the same products.
std::string check(const Run& a, const Run& b) {
  const auto found = a();
  const auto expected = b();
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto x = found[i].to_vector<float>();
    const auto y = expected[i].to_vector<float>();
    if (x != y) {
      return "gated and plain products differ";
    }
  }
  return {};
}

void add_pair(const std::string& name, Work work, const std::vector<Tensor>& inputs) {
  for (const auto& [contender, by] : {std::pair{"plain", plain}, {"xgrad_compiled", gated}}) {
    const Run timed = compiled(work, by, inputs);
    add(
        "gate/" + name + "/" + contender, [=] { return check(timed, compiled(work, plain, inputs)); },
        [timed](benchmark::State& state) {
          for (auto _ : state) {
            benchmark::DoNotOptimize(timed());
          }
        });
  }
}

void register_all() {
  xgrad::Random random{1};
  const auto normal = [&random](const xgrad::Shape& shape) { return random.normal(shape, 0, 0.1).eval(); };
  for (const std::int64_t batch : {10, 128}) {
    add_pair("784-30-10/" + std::to_string(batch), step,
             {normal({batch, 784}), normal({batch, 10}), normal({30, 784}), normal({10, 30})});
  }
  add_pair("784-512-10/32", step, {normal({32, 784}), normal({32, 10}), normal({512, 784}), normal({10, 512})});
  for (const std::int64_t count : {1'000, 100'000}) {
    add_pair("chain/" + std::to_string(count), chain, {normal({count}), normal({count})});
  }
}

}  // namespace

}  // namespace bench::gate

int main(int argc, char** argv) {
  bench::gate::register_all();
  return bench::run(argc, argv);
}
