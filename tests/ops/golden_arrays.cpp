// Contractions, order, scans, norms and moves beside results and gradients of PyTorch and NumPy.
#include <cmath>
#include <doctest/doctest.h>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>
#include <xgrad/xgrad.hpp>

using xgrad::Tensor;
using Tensors = std::vector<Tensor>;
using nlohmann::json;
using Whole = std::vector<std::int64_t>;

namespace {

Tensor read_array(const json& array) {
  return xgrad::from_vector(array.at("data").get<std::vector<double>>(), xgrad::Shape{array.at("shape").get<Whole>()});
}

double order_of_norm(const std::string& text) {
  const double infinity = std::numeric_limits<double>::infinity();
  return text == "inf" ? infinity : text == "-inf" ? -infinity : std::stod(text);
}

xgrad::MatrixNorm kind_of_norm(const std::string& text) {
  return text == "fro"   ? xgrad::MatrixNorm::frobenius
         : text == "inf" ? xgrad::MatrixNorm::infinity
                         : xgrad::MatrixNorm::one;
}

using Call = std::function<Tensor(const Tensors&, const json&)>;

const std::map<std::string, Call>& calls() {
  const auto axis = [](const json& a) { return a.at("axis").get<std::int64_t>(); };
  static const std::map<std::string, Call> all{
      {"einsum",
       [](const Tensors& in, const json& a) { return xgrad::einsum(a.at("subscripts").get<std::string>(), in); }},
      {"tensordot",
       [](const Tensors& in, const json& a) {
         return xgrad::tensordot(in[0], in[1], a.at("a").get<Whole>(), a.at("b").get<Whole>());
       }},
      {"sort", [=](const Tensors& in, const json& a) { return xgrad::sort(in[0], axis(a), a.at("descending")); }},
      {"topk", [=](const Tensors& in,
                   const json& a) { return xgrad::topk(in[0], a.at("k"), axis(a), a.at("largest")).values; }},
      {"quantile",
       [=](const Tensors& in, const json& a) { return xgrad::quantile(in[0], a.at("q").get<double>(), axis(a)); }},
      {"cumprod", [=](const Tensors& in, const json& a) { return xgrad::cumprod(in[0], axis(a)); }},
      {"cummax", [=](const Tensors& in, const json& a) { return xgrad::cummax(in[0], axis(a)).values; }},
      {"cummin", [=](const Tensors& in, const json& a) { return xgrad::cummin(in[0], axis(a)).values; }},
      {"logcumsumexp", [=](const Tensors& in, const json& a) { return xgrad::logcumsumexp(in[0], axis(a)); }},
      {"p_norm",
       [=](const Tensors& in, const json& a) { return xgrad::p_norm(in[0], order_of_norm(a.at("p")), axis(a)); }},
      {"matrix_norm",
       [](const Tensors& in, const json& a) { return xgrad::matrix_norm(in[0], kind_of_norm(a.at("kind"))); }},
      {"stddev", [=](const Tensors& in, const json& a) { return xgrad::stddev(in[0], axis(a), false, a.at("ddof")); }},
      {"tile", [](const Tensors& in, const json& a) { return xgrad::tile(in[0], a.at("repeats").get<Whole>()); }},
      {"repeat", [=](const Tensors& in, const json& a) { return xgrad::repeat(in[0], a.at("count"), axis(a)); }},
      {"roll", [=](const Tensors& in, const json& a) { return xgrad::roll(in[0], a.at("shift"), axis(a)); }},
      {"tril", [](const Tensors& in, const json& a) { return xgrad::tril(in[0], a.at("diagonal")); }},
      {"triu", [](const Tensors& in, const json& a) { return xgrad::triu(in[0], a.at("diagonal")); }},
      {"scatter",
       [=](const Tensors& in, const json& a) {
         return xgrad::scatter(in[0], xgrad::from_vector(a.at("indices").get<Whole>(), in[1].shape()), in[1], axis(a));
       }},
      {"interp", [](const Tensors& in, const json& /*a*/) { return xgrad::interp(in[0], in[1], in[2]); }}};
  return all;
}

// The largest |found − expected| / max(|expected|, 1); infinite if the shapes differ or one isn't a number.
double worst(const Tensor& found, const json& array) {
  const Tensor expected = read_array(array);
  if (found.shape() != expected.shape()) {
    return INFINITY;
  }
  double result = 0;
  const auto a = found.data<double>();
  const auto b = expected.data<double>();
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(a[i] - b[i]) / std::max(std::abs(b[i]), 1.0);
    result = difference <= result ? result : difference;
    if (std::isnan(difference)) {
      return INFINITY;
    }
  }
  return result;
}

// Traced with other values first.
Tensor compiled(const Call& call, const Tensors& in, const json& arguments) {
  if (in.size() == 1) {
    auto f = xgrad::compile([&](const Tensor& x) { return call({x}, arguments); });
    static_cast<void>(f((in[0] * 0.5).detach()));
    return f(in[0].detach());
  }
  auto f = xgrad::compile([&](const Tensor& x, const Tensor& y) { return call({x, y}, arguments); });
  static_cast<void>(f((in[0] * 0.5).detach(), (in[1] * 0.5).detach()));
  return f(in[0].detach(), in[1].detach());
}

// check(case as it is in the file, its inputs as variables).
template <class Check>
void for_each_case(Check check) {
  std::ifstream file{std::string{XGRAD_TEST_DATA} + "/../ops/golden/arrays.json"};
  REQUIRE(file);
  for (const json& one : json::parse(file)) {
    INFO(one.at("call").get<std::string>() << " " << one.at("arguments").dump());
    Tensors inputs;
    for (const json& array : one.at("inputs")) {
      inputs.push_back(xgrad::variable(read_array(array)));
    }
    check(one, inputs);
  }
}

}  // namespace

TEST_CASE("array operations: results and gradients are PyTorch's and NumPy's") {
  std::set<std::string> seen;
  for_each_case([&](const json& one, const Tensors& inputs) {
    const std::string call = one.at("call");
    seen.insert(call);
    const Tensor result = calls().at(call)(inputs, one.at("arguments"));
    CHECK_LT(worst(result, one.at("result")), 1e-13);
    const json& expected = one.at("gradients");
    if (expected.empty()) {
      return;
    }
    const Tensors found = xgrad::gradients(result, inputs, {.cotangent = read_array(one.at("cotangent"))});
    REQUIRE_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      CHECK_LT(worst(found[i], expected[i]), 1e-13);
    }
  });
  CHECK_EQ(seen.size(), calls().size());
}

TEST_CASE("array operations: compiled, with other values at the trace, results are the same") {
  for_each_case([](const json& one, const Tensors& inputs) {
    if (inputs.size() <= 2) {
      CHECK_LT(worst(compiled(calls().at(one.at("call")), inputs, one.at("arguments")), one.at("result")), 1e-13);
    }
  });
}
