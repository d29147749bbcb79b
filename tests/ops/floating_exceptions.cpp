// Operations on ordinary numbers leave the flags for division by zero, invalid operations and overflow alone, though
// vectors are longer than tensors: what lies behind a tensor's end must not be computed with.
#include <cfenv>
#include <cstdint>
#include <doctest/doctest.h>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

namespace xg = xgrad;
using xg::Tensor;

namespace {

using Function = std::function<Tensor(const Tensor&)>;

struct Named {
  std::string name;
  Function f;
};

/// Of a vector of numbers from 1 to 2.5.
std::vector<Named> functions() {
  return {
      {"add", [](const Tensor& x) { return x + x * x; }},
      {"sub", [](const Tensor& x) { return x - 3.0; }},
      {"div", [](const Tensor& x) { return x / (x + x * x); }},
      {"reciprocal", [](const Tensor& x) { return 1.0 / x; }},
      {"neg, abs, sign", [](const Tensor& x) { return xg::abs(-x) * xg::sign(x); }},
      {"square, sqrt", [](const Tensor& x) { return xg::sqrt(xg::square(x) + 1.0); }},
      {"rsqrt", [](const Tensor& x) { return xg::rsqrt(x); }},
      {"maximum, minimum", [](const Tensor& x) { return xg::maximum(x, 1.5) / xg::minimum(x, 2.0); }},
      {"clip, relu", [](const Tensor& x) { return xg::clip(x, 1.2, 2.2) * xg::relu(x - 1.4); }},
      {"pow", [](const Tensor& x) { return xg::pow(x, 1.5) + xg::pow(2.0, x) + xg::pow(x, x); }},
      {"exp, log", [](const Tensor& x) { return xg::exp(x) + xg::log(x); }},
      {"expm1, log1p", [](const Tensor& x) { return xg::expm1(x) + xg::log1p(x); }},
      {"sin, cos", [](const Tensor& x) { return xg::sin(x) + xg::cos(x); }},
      {"tanh, erf", [](const Tensor& x) { return xg::tanh(x) + xg::erf(x); }},
      {"sigmoid", [](const Tensor& x) { return xg::sigmoid(x) + xg::log_sigmoid(x); }},
      {"softplus", [](const Tensor& x) { return xg::softplus(x); }},
      {"gelu, silu, mish", [](const Tensor& x) { return xg::gelu(x) + xg::gelu_tanh(x) + xg::silu(x) + xg::mish(x); }},
      {"elu, selu", [](const Tensor& x) { return xg::elu(x) + xg::selu(x) + xg::celu(x, 2); }},
      {"softsign, leaky_relu",
       [](const Tensor& x) { return xg::softsign(x) + xg::leaky_relu(x) + xg::prelu(x, xg::sum(x)); }},
      {"hardtanh, hardswish", [](const Tensor& x) { return xg::hardtanh(x) + xg::hardswish(x) + xg::hardsigmoid(x); }},
      {"shrinks", [](const Tensor& x) { return xg::hardshrink(x) + xg::softshrink(x) + xg::tanhshrink(x); }},
      {"log of sigmoid", [](const Tensor& x) { return xg::log(xg::sigmoid(x)) + xg::log(1.0 - xg::sigmoid(x)); }},
      {"xlogy", [](const Tensor& x) { return xg::xlogy(x, x + 1.0); }},
      {"tan, atan", [](const Tensor& x) { return xg::tan(x * 0.5) + xg::atan(x); }},
      {"asin, acos", [](const Tensor& x) { return xg::asin(x * 0.3) + xg::acos(x * 0.3); }},
      {"sinh, cosh", [](const Tensor& x) { return xg::sinh(x) + xg::cosh(x); }},
      {"asinh, acosh, atanh", [](const Tensor& x) { return xg::asinh(x) + xg::acosh(x + 1.0) + xg::atanh(x * 0.3); }},
      {"exp2, log2, log10, cbrt",
       [](const Tensor& x) { return xg::exp2(x) + xg::log2(x) + xg::log10(x) + xg::cbrt(x); }},
      {"hypot, atan2", [](const Tensor& x) { return xg::hypot(x, 2.0) + xg::atan2(x, 2.0); }},
      {"floor, ceil, round, trunc",
       [](const Tensor& x) { return x * (xg::floor(x) + xg::ceil(x)) - x * (xg::round(x) + xg::trunc(x)); }},
      {"fmod, remainder", [](const Tensor& x) { return xg::fmod(x, 0.7) + xg::remainder(-x, 0.7); }},
      {"logaddexp, logit", [](const Tensor& x) { return xg::logaddexp(x, 2.0) + xg::logit(x * 0.3); }},
      {"erfc, erfinv", [](const Tensor& x) { return xg::erfc(x) + xg::erfinv(x * 0.3); }},
      {"sinc", [](const Tensor& x) { return xg::sinc(x); }},
      {"lgamma, digamma", [](const Tensor& x) { return xg::lgamma(x) + xg::digamma(x) + xg::polygamma(2, x); }},
      {"where", [](const Tensor& x) { return xg::where(x > 1.5, xg::log(x), x / 3.0); }},
      {"var", [](const Tensor& x) { return xg::var(x); }},
      {"mean", [](const Tensor& x) { return xg::mean(x) / xg::sum(x); }},
      {"norm", [](const Tensor& x) { return xg::norm(x); }},
      {"quotient by sum", [](const Tensor& x) { return x / xg::sum(x, 0, true); }},
      {"softmax", [](const Tensor& x) { return xg::log_softmax(x, 0) + xg::softmax(x, 0); }},
      {"logsumexp", [](const Tensor& x) { return xg::logsumexp(x, 0); }},
      {"normalize", [](const Tensor& x) { return xg::normalize(x) / xg::deviation(x); }},
      {"rms_normalize", [](const Tensor& x) { return xg::rms_normalize(x) / xg::root_mean_square(x); }},
      {"masked_softmax", [](const Tensor& x) { return xg::masked_softmax(x, x > 1.5); }},
      {"cumsum, prod", [](const Tensor& x) { return xg::cumsum(x, 0) / xg::prod(x * 0.6, 0, true); }},
      {"largest", [](const Tensor& x) { return xg::max(x, 0) - xg::min(x, 0) * 2.0; }},
      {"parts",
       [](const Tensor& x) {
         return xg::concatenate({x, x.at({0}) / x});
       }},
  };
}

/// The same along an axis of a matrix.
std::vector<Named> functions_of_matrices() {
  return {
      {"var over columns", [](const Tensor& x) { return xg::var(x, 1); }},
      {"var over rows", [](const Tensor& x) { return xg::var(x, 0); }},
      {"mean over rows", [](const Tensor& x) { return xg::rsqrt(xg::mean(x * x, 0)); }},
      {"norm", [](const Tensor& x) { return xg::sqrt(xg::sum(x * x, 1)); }},
      {"broadcast row", [](const Tensor& x) { return x / xg::sum(x, 0, true); }},
      {"broadcast column", [](const Tensor& x) { return xg::log(x) / xg::sum(x, 1, true); }},
      {"softmax", [](const Tensor& x) { return xg::log_softmax(x, 1) + xg::softmax(x, 0); }},
      {"product", [](const Tensor& x) { return xg::sigmoid(xg::matmul(x, xg::transpose(x)) * 0.01); }},
      {"cumsum", [](const Tensor& x) { return xg::cumsum(x, 0) / xg::prod(x * 0.6, 1, true); }},
      {"largest", [](const Tensor& x) { return xg::max(x, 0) / xg::min(x, 0); }},
  };
}

/// Leaves signalling NaN in memory that the next tensors of up to `elements` elements will be given.
template <class T>
void leave_signals(std::int64_t elements) {
  std::vector<Tensor> tensors;
  for (std::int64_t size = 1; size <= 2 * elements; size = size * 5 / 4 + 1) {
    const std::vector<T> signals(static_cast<std::size_t>(size), std::numeric_limits<T>::signaling_NaN());
    for (int copies = 0; copies < 8; ++copies) {
      tensors.push_back(xg::from_vector(signals, {size}));
    }
  }
}

constexpr int serious = FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW;

/// Which ways of evaluating f and its gradient raise a flag.
template <class T>
std::string raised_by(const Function& f, const xg::Shape& shape) {
  std::vector<T> values(static_cast<std::size_t>(shape.size()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<T>(1 + 0.25 * static_cast<double>(i % 7));
  }
  const Tensor x = xg::variable(xg::from_vector(values, shape));
  std::string raised;
  const auto watch = [&](const std::string& way, auto&& run) {
    leave_signals<T>(shape.size());
    std::feclearexcept(FE_ALL_EXCEPT);
    run();
    if (std::fetestexcept(serious) != 0) {
      raised += way + " ";
    }
  };
  const auto both = [&f](const Tensor& at) {
    const Tensor y = f(at);
    return std::vector{y, xg::gradients(xg::sum(y), {at})[0]};
  };
  watch("fused", [&] { xg::eval(both(x)); });
  watch("node by node", [&] {
    const xg::PlanScope plain{{.simplify = false, .fuse = false}};
    xg::eval(both(x));
  });
  auto compiled = xg::compile(both);
  watch("compiled", [&] { static_cast<void>(compiled(x)); });
  return raised;
}

}  // namespace

TEST_CASE_TEMPLATE("ordinary numbers raise no divide-by-zero, invalid or overflow in vectors of any length", T, float,
                   double) {
  for (const auto& [name, f] : functions()) {
    for (std::int64_t length = 1; length <= 70; ++length) {
      CAPTURE(name);
      CAPTURE(length);
      CHECK(raised_by<T>(f, {length}) == "");
    }
  }
}

TEST_CASE_TEMPLATE("ordinary numbers raise no divide-by-zero, invalid or overflow in matrices of any shape", T, float,
                   double) {
  for (const auto& [name, f] : functions_of_matrices()) {
    for (const std::int64_t rows : {1, 2, 3, 5, 16, 33}) {
      for (std::int64_t columns = 1; columns <= 21; ++columns) {
        CAPTURE(name);
        CAPTURE(rows);
        CAPTURE(columns);
        CHECK(raised_by<T>(f, {rows, columns}) == "");
      }
    }
  }
}
