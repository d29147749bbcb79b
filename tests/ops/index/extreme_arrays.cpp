// Infinities, NaN and large numbers through reductions, products and moves, and through the gradients of those that
// promise to be right at ±1e4 in float32. Every expected number is worked out by hand.
#include <limits>
#include <string>
#include <vector>

#include "xgrad/autodiff.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/index.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"

#include "support/op_case.hpp"

namespace xgrad::test {

namespace {

using List = std::vector<double>;
using Function = std::function<Tensor(const Tensor&)>;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

double tolerance_of(DType dtype) {
  return dtype == float32 ? 1e-6 : 1e-14;
}

void extreme(const std::string& name, const Function& f, const Values& in, const Values& out) {
  for (const DType dtype : {float32, float64}) {
    exact_case(
        name, "extreme values, " + std::string{to_string(dtype)}, Kind::extreme,
        [=] { return f(to_tensor(in, dtype)); }, dtype, out, tolerance_of(dtype));
  }
}

void extreme_index(const std::string& name, const Function& f, const Values& in, const Values& out) {
  for (const DType dtype : {float32, float64}) {
    exact_case(
        name, "extreme values, " + std::string{to_string(dtype)}, Kind::extreme,
        [=] { return f(to_tensor(in, dtype)); }, int64, out);
  }
}

// Jᵀ g by hand, for a vector x.
void slope(const std::string& name, const Function& f, const List& x, const List& cotangent, const List& expected) {
  for (const DType dtype : {float32, float64}) {
    exact_case(
        name, "gradient at extremes, " + std::string{to_string(dtype)}, Kind::extreme,
        [=] { return gradient_at(f, vector_of(x), dtype, cotangent); }, dtype, vector_of(expected),
        tolerance_of(dtype));
  }
}

// The gradient of v · (Jᵀ g) by hand.
void curvature(const std::string& name, const Function& f, const List& x, const List& cotangent, const List& v,
               const List& expected) {
  for (const DType dtype : {float32, float64}) {
    exact_case(
        name, "second derivative at extremes, " + std::string{to_string(dtype)}, Kind::extreme,
        [=] {
          const Tensor leaf = variable(to_tensor(vector_of(x), dtype));
          const Tensor y = f(leaf);
          const Tensor upstream = to_tensor({y.shape(), cotangent}, dtype);
          const Tensor first = gradients(y, {leaf}, {.cotangent = upstream})[0];
          return gradients(sum(first * to_tensor(vector_of(v), dtype)), {leaf})[0];
        },
        dtype, vector_of(expected), tolerance_of(dtype));
  }
}

Tensor over_rows(Tensor (*reduce)(const Tensor&, const Axes&, bool), const Tensor& x) {
  return reduce(x, 1, false);
}

const Registration reductions{[] {
  const Values rows{Shape{4, 3}, {infinity, 1, 2, infinity, -infinity, 0, 1, nan, 2, -infinity, 1e4, -1e4}};
  const auto by = [](Tensor (*reduce)(const Tensor&, const Axes&, bool)) -> Function {
    return [reduce](const Tensor& x) { return over_rows(reduce, x); };
  };
  extreme("sum", by(&sum), rows, vector_of({infinity, nan, nan, -infinity}));
  extreme("mean", by(&mean), rows, vector_of({infinity, nan, nan, -infinity}));
  extreme("prod", by(&prod), rows, vector_of({infinity, nan, nan, infinity}));
  extreme("max", by(&max), rows, vector_of({infinity, infinity, nan, 1e4}));
  slope("max", [](const Tensor& x) { return max(x); }, {nan, 1}, {1}, {nan, nan});
  slope("min", [](const Tensor& x) { return min(x); }, {nan, 1}, {1}, {nan, nan});
  extreme(
      "norm", [](const Tensor& x) { return norm(x, 1); }, {Shape{3, 2}, {3, -4, infinity, 1, nan, 1}},
      vector_of({5, infinity, nan}));
  slope("norm", [](const Tensor& x) { return norm(x); }, {0, 0}, {1}, {0, 0});
  extreme("min", by(&min), rows, vector_of({1, -infinity, nan, -infinity}));
  extreme(
      "var", [](const Tensor& x) { return var(x, 1); }, rows, vector_of({nan, nan, nan, nan}));
  extreme(
      "var", [](const Tensor& x) { return var(x); }, vector_of({1e4, -1e4}), scalar_of(1e8));
  extreme(
      "cumsum", [](const Tensor& x) { return cumsum(x, 1); }, rows,
      {Shape{4, 3}, {infinity, infinity, infinity, infinity, nan, nan, 1, nan, nan, -infinity, -infinity, -infinity}});
  extreme("sum_to",
          [](const Tensor& x) {
            return sum_to(x, {4, 1});
          },
          rows, {Shape{4, 1}, {infinity, nan, nan, -infinity}});
  extreme_index(
      "argmax", [](const Tensor& x) { return argmax(x); }, rows, vector_of({0, 0, 1, 1}));
  extreme_index(
      "argmin", [](const Tensor& x) { return argmin(x); }, rows, vector_of({1, 1, 1, 0}));
  extreme_index(
      "argmax", [](const Tensor& x) { return argmax(x); }, vector_of({infinity, nan, 1, nan}), scalar_of(1));
  extreme_index(
      "argmin", [](const Tensor& x) { return argmin(x); }, vector_of({-infinity, nan, 1, nan}), scalar_of(1));
  extreme_index(
      "argmax", [](const Tensor& x) { return argmax(x); }, vector_of({-infinity, -infinity}), scalar_of(0));
  // A NaN anywhere in a row that is longer than vector registers and blocks.
  for (const std::int64_t place : {0, 7, 500, 998, 999}) {
    Values row = uniform({1000}, -1, 1, 3);
    row({place}) = nan;
    extreme(
        "max", [](const Tensor& x) { return max(x); }, row, scalar_of(nan));
    extreme(
        "min", [](const Tensor& x) { return min(x); }, row, scalar_of(nan));
    extreme_index(
        "argmax", [](const Tensor& x) { return argmax(x); }, row, scalar_of(static_cast<double>(place)));
    extreme_index(
        "argmin", [](const Tensor& x) { return argmin(x); }, row, scalar_of(static_cast<double>(place)));
  }
}};

// With s = softmax(x): logsumexp has gradient s and Hessian diag(s) − s sᵀ; softmax sends g to s ⊙ (g − s·g);
// log_softmax sends g to g − s Σg.
const Registration exponentials{[] {
  const Function lse = [](const Tensor& x) { return logsumexp(x); };
  const Function soft = [](const Tensor& x) { return softmax(x); };
  const Function log_soft = [](const Tensor& x) { return log_softmax(x); };
  const double log_2 = 0.69314718055994531;

  extreme("logsumexp", lse, vector_of({1e4, 1e4}), scalar_of(1e4 + log_2));
  extreme("logsumexp", lse, vector_of({-1e4, -1e4}), scalar_of(-1e4 + log_2));
  extreme("logsumexp", lse, vector_of({1e4, -1e4}), scalar_of(1e4));
  extreme("logsumexp", lse, vector_of({-infinity, -infinity}), scalar_of(-infinity));
  extreme("logsumexp", lse, vector_of({infinity, 0}), scalar_of(infinity));
  extreme("logsumexp", lse, vector_of({-infinity, 0}), scalar_of(0));
  extreme("logsumexp", lse, vector_of({nan, 0}), scalar_of(nan));
  slope("logsumexp", lse, {1e4, 1e4}, {1}, {0.5, 0.5});
  slope("logsumexp", lse, {-1e4, -1e4}, {1}, {0.5, 0.5});
  slope("logsumexp", lse, {1e4, 0, -1e4}, {1}, {1, 0, 0});
  slope("logsumexp", lse, {-infinity, 0}, {1}, {0, 1});
  curvature("logsumexp", lse, {1e4, 1e4}, {1}, {1, 2}, {-0.25, 0.25});
  curvature("logsumexp", lse, {1e4, -1e4}, {1}, {1, 2}, {0, 0});

  extreme("softmax", soft, vector_of({1e4, 0, -1e4}), vector_of({1, 0, 0}));
  extreme("softmax", soft, vector_of({1e4, 1e4}), vector_of({0.5, 0.5}));
  extreme("softmax", soft, vector_of({-1e4, -1e4}), vector_of({0.5, 0.5}));
  extreme("softmax", soft, vector_of({-infinity, 0}), vector_of({0, 1}));
  extreme("softmax", soft, vector_of({infinity, 0}), vector_of({1, 0}));
  extreme("softmax", soft, vector_of({-infinity, -infinity}), vector_of({nan, nan}));
  extreme("softmax", [](const Tensor& x) { return softmax(x, 0); }, {Shape{2, 2}, {-infinity, 1, -infinity, 1}},
          {Shape{2, 2}, {nan, 0.5, nan, 0.5}});
  extreme("softmax", soft, vector_of({nan, 0}), vector_of({nan, nan}));
  slope("softmax", soft, {1e4, 0, -1e4}, {1, 2, 3}, {0, 0, 0});
  slope("softmax", soft, {1e4, 1e4}, {1, 2}, {-0.25, 0.25});
  slope("softmax", soft, {-1e4, -1e4}, {1, 2}, {-0.25, 0.25});
  curvature("softmax", soft, {1e4, -1e4}, {1, 2}, {1, 3}, {0, 0});

  extreme("log_softmax", log_soft, vector_of({1e4, 0, -1e4}), vector_of({0, -1e4, -2e4}));
  extreme("log_softmax", log_soft, vector_of({1e4, 1e4}), vector_of({-log_2, -log_2}));
  extreme("log_softmax", log_soft, vector_of({-1e4, -1e4}), vector_of({-log_2, -log_2}));
  extreme("log_softmax", log_soft, vector_of({-infinity, 0}), vector_of({-infinity, 0}));
  extreme("log_softmax", log_soft, vector_of({0, infinity}), vector_of({-infinity, 0}));
  extreme("log_softmax", log_soft, vector_of({-infinity, -infinity}), vector_of({nan, nan}));
  extreme("log_softmax", log_soft, {Shape{100}, std::vector<double>(100, -infinity)},
          {Shape{100}, std::vector<double>(100, nan)});
  extreme("log_softmax", log_soft, vector_of({nan, 0}), vector_of({nan, nan}));
  slope("log_softmax", log_soft, {1e4, 0, -1e4}, {1, 2, 3}, {-5, 2, 3});
  slope("log_softmax", log_soft, {1e4, 1e4}, {1, 2}, {-0.5, 0.5});
  // −Σg (diag(s) − s sᵀ) v
  curvature("log_softmax", log_soft, {1e4, 1e4}, {1, 2}, {1, 2}, {0.75, -0.75});
  curvature("log_softmax", log_soft, {1e4, -1e4}, {1, 2}, {1, 2}, {0, 0});
}};

const Registration products{[] {
  extreme("matmul",
          [](const Tensor& x) {
            return matmul(x, to_tensor({Shape{2, 1}, {1, 0}}, x.dtype()));
          },
          {Shape{4, 2}, {infinity, 1, 1, infinity, nan, 1, 1e4, -1e4}}, {Shape{4, 1}, {infinity, nan, nan, 1e4}});
  extreme(
      "dot",
      [](const Tensor& x) {
        return dot(x, to_tensor(vector_of({1, -1}), x.dtype()));
      },
      vector_of({infinity, infinity}), scalar_of(nan));
  extreme(
      "dot",
      [](const Tensor& x) {
        return dot(x, to_tensor(vector_of({1, -1}), x.dtype()));
      },
      vector_of({infinity, -1e4}), scalar_of(infinity));
  extreme("outer",
          [](const Tensor& x) {
            return outer(x, to_tensor(vector_of({0, -1}), x.dtype()));
          },
          vector_of({infinity, nan, 1e4}), {Shape{3, 2}, {nan, -infinity, nan, nan, 0, -1e4}});
}};

// What is only moved arrives as it was, and zeros beside it stay zeros.
const Registration moves{[] {
  const Values x = vector_of({infinity, nan, -infinity, 1e4});
  const Values square_of_x{Shape{2, 2}, x.data};
  const Values transposed{Shape{2, 2}, {infinity, -infinity, nan, 1e4}};
  extreme("diag", [](const Tensor& t) { return diag(t); }, vector_of({infinity, nan}),
          {Shape{2, 2}, {infinity, 0, 0, nan}});
  extreme(
      "transpose", [](const Tensor& t) { return transpose(t); }, square_of_x, transposed);
  extreme(
      "permute",
      [](const Tensor& t) {
        return permute(t, {1, 0});
      },
      square_of_x, transposed);
  extreme(
      "reshape",
      [](const Tensor& t) {
        return reshape(t, Shape{2, 2});
      },
      x, square_of_x);
  extreme("broadcast_to",
          [](const Tensor& t) {
            return broadcast_to(t, {2, 2});
          },
          vector_of({infinity, nan}), {Shape{2, 2}, {infinity, nan, infinity, nan}});
  extreme(
      "squeeze", [](const Tensor& t) { return squeeze(t); }, {Shape{1, 4}, x.data}, x);
  extreme("expand_dims", [](const Tensor& t) { return expand_dims(t, 0); }, x, {Shape{1, 4}, x.data});
  extreme(
      "concatenate",
      [](const Tensor& t) {
        return concatenate({t, zeros({1}, t.dtype())});
      },
      x, vector_of({infinity, nan, -infinity, 1e4, 0}));
  extreme("stack",
          [](const Tensor& t) {
            return stack({t, zeros_like(t)}, 1);
          },
          vector_of({infinity, nan}), {Shape{2, 2}, {infinity, 0, nan, 0}});
  extreme(
      "split", [](const Tensor& t) { return split(t, 2)[1]; }, x, vector_of({-infinity, 1e4}));
  extreme(
      "flip", [](const Tensor& t) { return flip(t); }, x, vector_of({1e4, -infinity, nan, infinity}));
  extreme(
      "pad",
      [](const Tensor& t) {
        return pad(t, {{1, 0}}, -infinity);
      },
      vector_of({nan, 1}), vector_of({-infinity, nan, 1}));
  extreme(
      "slice",
      [](const Tensor& t) {
        return slice(t, {0, 2});
      },
      x, vector_of({infinity, nan}));
  extreme(
      "at", [](const Tensor& t) { return t.at({Slice{2}}); }, x, vector_of({-infinity, 1e4}));
  const Tensor last_and_first = from_vector<std::int64_t>({1, 0}, {2});
  const Values pair = vector_of({infinity, nan});
  const Values put_back = vector_of({nan, infinity, 0});
  extreme(
      "slice_adjoint",
      [](const Tensor& t) {
        return slice_adjoint(t, {0, 3, 2}, 4);
      },
      pair, vector_of({infinity, 0, nan, 0}));
  extreme(
      "take", [=](const Tensor& t) { return take(t, last_and_first); }, pair, vector_of({nan, infinity}));
  extreme(
      "take_adjoint", [=](const Tensor& t) { return take_adjoint(t, last_and_first, 3); }, pair, put_back);
  extreme(
      "gather", [=](const Tensor& t) { return gather(t, last_and_first); }, pair, vector_of({nan, infinity}));
  extreme(
      "scatter_add", [=](const Tensor& t) { return scatter_add(t, last_and_first, 3); }, pair, put_back);
}};

}  // namespace

}  // namespace xgrad::test
