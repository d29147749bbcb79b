// The documented rules where a derivative doesn't exist, exactly.
#include <limits>
#include <string>
#include <vector>

#include "xgrad/creation.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"

#include "support/op_case.hpp"

namespace xgrad::test {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

using List = std::vector<double>;
using Function = std::function<Tensor(const Tensor&)>;

// The gradient at x with a cotangent, ones if empty; must be the same in both dtypes.
void rule(const std::string& name, const std::string& title, const Function& f, const Values& x, const Values& expected,
          const List& cotangent = {}) {
  for (const DType dtype : {float32, float64}) {
    exact_case(
        name, title, Kind::plain, [=] { return gradient_at(f, x, dtype, cotangent); }, dtype, expected);
  }
}

const Registration elementwise{[] {
  rule("relu", "gradient 0 at the kink", &relu, vector_of({0, -0.0, 1, -1}), vector_of({0, 0, 1, 0}));
  rule("abs", "gradient 0 at the kink", &abs, vector_of({0, -0.0, 2, -2}), vector_of({0, 0, 1, -1}));
  rule(
      "clip", "bounds count as inside", [](const Tensor& x) { return clip(x, -1, 2); },
      vector_of({-1.5, -1, 0, 2, 2.5}), vector_of({0, 1, 1, 1, 0}));
  rule(
      "clip", "an interval of one point", [](const Tensor& x) { return clip(x, 1, 1); }, vector_of({0.5, 1, 1.5}),
      vector_of({0, 1, 0}));
  const auto beside = [](Tensor (*f)(const Tensor&, const Tensor&), const List& other, bool first) -> Function {
    return [=](const Tensor& x) {
      const Tensor constant = to_tensor(vector_of(other), x.dtype());
      return first ? f(x, constant) : f(constant, x);
    };
  };
  for (const bool first : {true, false}) {
    rule("maximum", "equal elements share the gradient", beside(&maximum, {1, 2, 3}, first), vector_of({2, 2, 2}),
         vector_of({3, 1.5, 0}), {3, 3, 3});
    rule("minimum", "equal elements share the gradient", beside(&minimum, {1, 2, 3}, first), vector_of({2, 2, 2}),
         vector_of({0, 1.5, 3}), {3, 3, 3});
  }
  rule(
      "maximum", "equal to the number beside it: half", [](const Tensor& x) { return maximum(x, 1); },
      vector_of({0, 1, 2}), vector_of({0, 0.5, 1}));
  rule(
      "minimum", "equal to the number beside it: half", [](const Tensor& x) { return minimum(x, 1); },
      vector_of({0, 1, 2}), vector_of({1, 0.5, 0}));
  rule("maximum", "ties of infinities", beside(&maximum, {infinity, -infinity}, true), vector_of({infinity, -infinity}),
       vector_of({0.5, 0.5}));
}};

const Registration powers{[] {
  rule(
      "pow", "gradient of the exponent is 0 where the base is 0", [](const Tensor& b) { return pow(zeros_like(b), b); },
      vector_of({2, 1, 0, 0.5}), vector_of({0, 0, 0, 0}));
  rule(
      "pow", "gradient of the exponent is 0 for the number 0 as base", [](const Tensor& b) { return pow(0.0, b); },
      vector_of({2, 1, 0, 0.5}), vector_of({0, 0, 0, 0}));
  rule(
      "pow", "gradient of a base of 0",
      [](const Tensor& a) {
        return pow(a, to_tensor(vector_of({0, 1, 2, 3}), a.dtype()));
      },
      vector_of({0, 0, 0, 0}), vector_of({0, 1, 0, 0}));
}};

const Registration reductions{[] {
  const Function over_all_max = [](const Tensor& x) { return max(x); };
  const Function over_all_min = [](const Tensor& x) { return min(x); };
  const Function row_max = [](const Tensor& x) { return max(x, 1); };
  const Function column_min = [](const Tensor& x) { return min(x, 0, true); };
  rule("max", "two largest share the gradient", over_all_max, vector_of({3, 1, 3, 2}), vector_of({2, 0, 2, 0}), {4});
  rule("min", "two smallest share the gradient", over_all_min, vector_of({3, 1, 1, 2}), vector_of({0, 2, 2, 0}), {4});
  rule("max", "four equals", over_all_max, vector_of({5, 5, 5, 5}), vector_of({0.25, 0.25, 0.25, 0.25}));
  rule("max", "each row for itself", row_max, {Shape{2, 2}, {1, 1, 0, 3}}, {Shape{2, 2}, {1, 1, 0, 4}}, {2, 4});
  rule("min", "each column for itself, keep_dims", column_min, {Shape{2, 2}, {1, 1, 1, 3}}, {Shape{2, 2}, {1, 4, 1, 0}},
       {2, 4});
  rule("max", "ties of infinities", over_all_max, vector_of({infinity, 1, infinity}), vector_of({0.5, 0, 0.5}));
  const Function product = [](const Tensor& x) { return prod(x); };
  rule("prod", "no zero", product, vector_of({2, -3, 5}), vector_of({-15, 10, -6}));
  rule("prod", "one zero", product, vector_of({2, 0, 5}), vector_of({0, 10, 0}));
  rule("prod", "two zeros", product, vector_of({0, 0, 5}), vector_of({0, 0, 0}));
}};

}  // namespace

}  // namespace xgrad::test
