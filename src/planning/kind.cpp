#include "planning/kind.hpp"

#include <algorithm>
#include <array>
#include <typeinfo>

#include "xgrad/creation.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"

#include "graph/trace.hpp"
#include "ops/elementwise/slopes.hpp"
#include "ops/forms/forms.hpp"

namespace xgrad::planning {

namespace {

/// Kinds by class: a hash table with open addresses. Built-in classes have one type_info each.
class Kinds {
 public:
  void emplace(const std::type_info& type, Kind kind) {
    std::size_t i = first(type);
    while (entries_[i].type != nullptr && entries_[i].type != &type) {
      i = (i + 1) % size;
    }
    entries_[i] = {&type, kind};
  }

  [[nodiscard]] Kind of(const std::type_info& type) const noexcept {
    for (std::size_t i = first(type); entries_[i].type != nullptr; i = (i + 1) % size) {
      if (entries_[i].type == &type) {
        return entries_[i].kind;
      }
    }
    return Kind::other;
  }

 private:
  static constexpr std::size_t size = 256;  // several times the number of kinds
  struct Entry {
    const std::type_info* type = nullptr;
    Kind kind = Kind::other;
  };

  static std::size_t first(const std::type_info& type) noexcept {
    return (reinterpret_cast<std::uintptr_t>(&type) * 0x9E3779B97F4A7C15U >> 32U) % size;
  }

  std::array<Entry, size> entries_;
};

// By a sample of each.
Kinds known_kinds() {
  const Tensor x = ones({2, 3});
  const Tensor v = ones({3});
  Kinds kinds;
  const auto add_sample = [&kinds](const Tensor& sample, Kind kind) {
    const Operation& operation = *sample.node()->operation;
    kinds.emplace(typeid(operation), kind);
  };
  add_sample(x + x, Kind::add);
  add_sample(x - x, Kind::sub);
  add_sample(x * x, Kind::mul);
  add_sample(x / x, Kind::div);
  add_sample(-x, Kind::neg);
  add_sample(square(x), Kind::square);
  add_sample(exp(x), Kind::exp);
  add_sample(log(x), Kind::log);
  add_sample(log1p(x), Kind::log1p);
  add_sample(sigmoid(x), Kind::sigmoid);
  add_sample(log_sigmoid(x), Kind::log_sigmoid);
  add_sample(softmax(x, -1), Kind::softmax);
  add_sample(log_softmax(x, -1), Kind::log_softmax);
  add_sample(logsumexp(x, -1), Kind::logsumexp);
  add_sample(sum(x), Kind::sum);
  add_sample(mean(x), Kind::mean);
  add_sample(where(ones({2, 3}, boolean), x, x), Kind::where);
  add_sample(cast(x, float64), Kind::cast);
  add_sample(transpose(x), Kind::permute);
  add_sample(reshape(x, Shape{6}), Kind::reshape);
  add_sample(broadcast_to(v, {2, 3}), Kind::broadcast);
  add_sample(matmul(x, v), Kind::matmul);
  add_sample(outer(v, v), Kind::outer);
  add_sample(stop_gradient(x), Kind::stop_gradient);
  add_sample(graph::rebound(x, false), Kind::bind);
  for (const Tensor& sample :
       {abs(x),  sign(x),     maximum(x, x),   minimum(x, x), clip(x, 0, 1),    pow(x, x),     expm1(x),
        sqrt(x), rsqrt(x),    sin(x),          cos(x),        tanh(x),          relu(x),       softplus(x),
        erf(x),  equal(x, x), not_equal(x, x), less(x, x),    less_equal(x, x), greater(x, x), greater_equal(x, x)}) {
    add_sample(sample, Kind::elementwise);
  }
  for (const Tensor& sample :
       {chain_mul(x, x), chain_div(x, x), ops::product_with_log(x, x), ops::logistic_loss(x, x), ops::relu_slope(x),
        ops::clip_slope(x, 0, 1), ops::larger_slope(x, x), ops::equal_slope(x, x)}) {
    add_sample(sample, Kind::elementwise);
  }
  const Tensor c = ones({2, 3}, boolean);
  for (const Tensor& sample : {logical_and(c, c), logical_or(c, c), logical_not(c)}) {
    add_sample(sample, Kind::elementwise);
  }
  return kinds;
}

const Attribute& attribute_of(const std::vector<Attribute>& attributes, std::string_view name) {
  return *std::find_if(attributes.begin(), attributes.end(),
                       [name](const Attribute& attribute) { return attribute.name == name; });
}

}  // namespace

Kind kind_of(const Operation& operation) {
  static const Kinds kinds = known_kinds();
  return kinds.of(typeid(operation));
}

bool elementwise_may_throw(const graph::Node& node) {
  if (kind_of(*node.operation) == Kind::cast) {
    return node.dtype == int64 && is_floating(node.inputs()[0]->dtype);
  }
  const auto* operation = dynamic_cast<const ElementwiseOperation*>(node.operation.get());
  return operation == nullptr || operation->may_throw();
}

bool flag(const Operation& operation, std::string_view name) {
  return std::get<bool>(attribute_of(operation.attributes(), name).value);
}

std::vector<std::int64_t> integers(const Operation& operation, std::string_view name) {
  return std::get<std::vector<std::int64_t>>(attribute_of(operation.attributes(), name).value);
}

}  // namespace xgrad::planning
