#pragma once

#include <functional>
#include <string>
#include <vector>

#include "xgrad/autodiff.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/reduce.hpp"

#include "support/op_case.hpp"

/// Cases of infinities, NaN, large and tiny numbers, in both dtypes, beside numbers worked out by hand.
namespace xgrad::test {

inline double tolerance_of_extremes(DType dtype) {
  return dtype == float32 ? 1e-6 : 1e-14;
}

/// f(in), element by element.
inline void extreme(const std::string& name, const std::function<Tensor(const Tensor&)>& f,
                    const std::vector<double>& in, const std::vector<double>& out) {
  for (const DType dtype : {float32, float64}) {
    exact_case(
        name, "extreme values, " + std::string{to_string(dtype)}, Kind::extreme,
        [=] { return f(to_tensor(vector_of(in), dtype)); }, dtype, vector_of(out), tolerance_of_extremes(dtype));
  }
}

/// f(a, b), element by element.
inline void extreme(const std::string& name, Tensor (*f)(const Tensor&, const Tensor&), const std::vector<double>& a,
                    const std::vector<double>& b, const std::vector<double>& out) {
  for (const DType dtype : {float32, float64}) {
    exact_case(
        name, "extreme values, " + std::string{to_string(dtype)}, Kind::extreme,
        [=] { return f(to_tensor(vector_of(a), dtype), to_tensor(vector_of(b), dtype)); }, dtype, vector_of(out),
        tolerance_of_extremes(dtype));
  }
}

/// dy/dx, element by element.
inline void slope(const std::string& name, const std::function<Tensor(const Tensor&)>& f, const std::vector<double>& in,
                  const std::vector<double>& out) {
  for (const DType dtype : {float32, float64}) {
    exact_case(
        name, "gradient at extremes, " + std::string{to_string(dtype)}, Kind::extreme,
        [=] { return gradient_at(f, vector_of(in), dtype); }, dtype, vector_of(out), tolerance_of_extremes(dtype));
  }
}

/// d²y/dx², element by element.
inline void curvature(const std::string& name, const std::function<Tensor(const Tensor&)>& f,
                      const std::vector<double>& in, const std::vector<double>& out) {
  for (const DType dtype : {float32, float64}) {
    exact_case(
        name, "second derivative at extremes, " + std::string{to_string(dtype)}, Kind::extreme,
        [=] {
          const Tensor x = variable(to_tensor(vector_of(in), dtype));
          const Tensor first = gradients(sum(f(x)), {x})[0];
          return gradients(sum(first), {x})[0];
        },
        dtype, vector_of(out), tolerance_of_extremes(dtype));
  }
}

}  // namespace xgrad::test
