#include "support/op_case.hpp"

#include <utility>

#include "xgrad/autodiff.hpp"
#include "xgrad/creation.hpp"

namespace xgrad::test {

Table& table() {
  static Table cases;
  return cases;
}

FormulaCase& formula_case(std::string operation, std::string title, Kind kind, ManyValues inputs,
                          std::function<Tensors(const Tensors&)> call,
                          std::function<ManyValues(const ManyValues&)> formula) {
  FormulaCase added;
  added.operation = std::move(operation);
  added.title = std::move(title);
  added.kind = kind;
  added.inputs = std::move(inputs);
  added.call = std::move(call);
  added.formula = std::move(formula);
  return table().formulas.emplace_back(std::move(added));
}

ExactCase& exact_case(std::string operation, std::string title, Kind kind, std::function<Tensor()> call, DType dtype,
                      Values expected, double tolerance) {
  return table().exact.emplace_back(
      ExactCase{std::move(operation), std::move(title), kind, std::move(call), dtype, std::move(expected), tolerance});
}

void error_case(std::string operation, std::string title, Fault fault, std::function<Tensor()> call) {
  table().errors.push_back({std::move(operation), std::move(title), fault, std::move(call)});
}

void direct_call(std::string operation, std::vector<Shape> shapes, std::function<Tensor(const Tensors&)> call) {
  table().calls.push_back({std::move(operation), std::move(shapes), std::move(call)});
}

void exempt(std::string operation, std::string aspect, std::string reason) {
  table().exemptions.push_back({std::move(operation), std::move(aspect), std::move(reason)});
}

Tensor gradient_at(const std::function<Tensor(const Tensor&)>& f, const Values& x, DType dtype,
                   const std::vector<double>& cotangent) {
  const Tensor leaf = variable(to_tensor(x, dtype));
  const Tensor y = f(leaf);
  const Tensor upstream = cotangent.empty() ? ones_like(y) : to_tensor({y.shape(), cotangent}, y.dtype());
  return gradients(y, {leaf}, {.cotangent = upstream, .unconnected = Unconnected::error})[0];
}

}  // namespace xgrad::test
