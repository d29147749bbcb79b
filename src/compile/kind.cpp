#include "compile/kind.hpp"

#include <algorithm>
#include <typeindex>
#include <unordered_map>

#include "xgrad/creation.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"

#include "graph/trace.hpp"

namespace xgrad::planning {

namespace {

using Kinds = std::unordered_map<std::type_index, Kind>;

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
  return kinds;
}

const Attribute& attribute_of(const std::vector<Attribute>& attributes, std::string_view name) {
  return *std::find_if(attributes.begin(), attributes.end(),
                       [name](const Attribute& attribute) { return attribute.name == name; });
}

}  // namespace

Kind kind_of(const Operation& operation) {
  static const Kinds kinds = known_kinds();
  const auto known = kinds.find(typeid(operation));
  return known == kinds.end() ? Kind::other : known->second;
}

bool flag(const Operation& operation, std::string_view name) {
  return std::get<bool>(attribute_of(operation.attributes(), name).value);
}

std::vector<std::int64_t> integers(const Operation& operation, std::string_view name) {
  return std::get<std::vector<std::int64_t>>(attribute_of(operation.attributes(), name).value);
}

}  // namespace xgrad::planning
