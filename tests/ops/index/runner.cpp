// Goes over the table of cases. Every check is run for every case that it applies to.
#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>

#include "xgrad/autodiff.hpp"
#include "xgrad/error.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operations.hpp"
#include "xgrad/reduce.hpp"

#include "support/derivative_chain.hpp"
#include "support/differences.hpp"
#include "support/op_case.hpp"

namespace xgrad::test {

namespace {

const OperationEntry& entry_of(const std::string& name) {
  for (const OperationEntry& entry : operations()) {
    if (entry.name == name) {
      return entry;
    }
  }
  throw std::logic_error("no operation '" + name + "' in the public index");
}

// One failed case doesn't hide the others; an exception that escapes is a failure of its case.
template <class Cases>
void for_each(const Cases& cases, const std::function<void(const typename Cases::value_type&)>& check) {
  for (const auto& tested : cases) {
    INFO(tested.operation << ": " << tested.title);
    try {
      check(tested);
    } catch (const std::exception& error) {
      FAIL_CHECK("unexpected exception: " << std::string{error.what()});
    }
  }
}

void for_each_formula(const std::function<void(const FormulaCase&)>& check) {
  for_each(table().formulas, check);
}

void for_each_differentiable(const std::function<void(const FormulaCase&, const DerivativeChain&)>& check) {
  for_each_formula([&](const FormulaCase& tested) {
    if (tested.derivatives && entry_of(tested.operation).differentiable) {
      check(tested, DerivativeChain{tested});
    }
  });
}

ManyValues all_rounded(const ManyValues& values, DType dtype) {
  ManyValues result;
  for (const Values& one_value : values) {
    result.push_back(rounded(one_value, dtype));
  }
  return result;
}

void check_values(const FormulaCase& tested, DType dtype, double tolerance) {
  const ManyValues point = all_rounded(tested.inputs, dtype);
  const Tensors inputs = tensors(point, dtype);
  const Tensors found = tested.call(inputs);
  const ManyValues expected = tested.formula(point);
  REQUIRE_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK_EQ(found[i].dtype(), tested.result.value_or(dtype));
    CHECK_EQ(found[i].shape(), expected[i].shape);
    CHECK_EQ(difference(to_values(found[i]), expected[i], tolerance, tested.floor), "");
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    CHECK_EQ(difference(to_values(inputs[i]), point[i], 0), "");
  }
}

// Differences of f_order against its gradient by the library.
void check_order(const FormulaCase& tested, const DerivativeChain& chain, int order, double tolerance) {
  const Tensors found = chain.gradient(tested.inputs, order);
  const ManyValues expected =
      central_gradient([&](const ManyValues& point) { return chain.value(point, order); }, tested.inputs);
  REQUIRE_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK_EQ(found[i].dtype(), float64);
    CHECK_EQ(difference(to_values(found[i]), expected[i], tolerance, std::max(1.0, largest(expected[i]))), "");
  }
}

}  // namespace

TEST_CASE("every operation: value equals the independent formula in float64; inputs keep theirs") {
  for_each_formula([](const FormulaCase& tested) { check_values(tested, float64, tested.tolerance); });
}

TEST_CASE("every operation: value equals the independent formula in float32; inputs keep theirs") {
  for_each_formula([](const FormulaCase& tested) { check_values(tested, float32, tested.float32_tolerance); });
}

TEST_CASE("every differentiable operation: gradient matches central differences") {
  for_each_differentiable([](const auto& tested, const auto& chain) { check_order(tested, chain, 0, 1e-10); });
}

TEST_CASE("every differentiable operation: second derivative matches differences of the gradient") {
  for_each_differentiable([](const auto& tested, const auto& chain) { check_order(tested, chain, 1, 1e-9); });
}

TEST_CASE("every differentiable operation: third derivative matches differences of the second") {
  for_each_differentiable([](const auto& tested, const auto& chain) { check_order(tested, chain, 2, 1e-8); });
}

TEST_CASE("every differentiable operation: float32 gradient is float32 and equals the float64 one to its precision") {
  for_each_differentiable([](const FormulaCase& tested, const DerivativeChain& chain) {
    const ManyValues point = all_rounded(tested.inputs, float32);
    const Tensors single = chain.gradient(point, 0, float32);
    const Tensors precise = chain.gradient(point, 0, float64);
    for (std::size_t i = 0; i < single.size(); ++i) {
      const Values expected = to_values(precise[i]);
      CHECK_EQ(single[i].dtype(), float32);
      CHECK_EQ(difference(to_values(single[i]), expected, 5e-6, std::max(1.0, largest(expected))), "");
    }
  });
}

TEST_CASE("every differentiable operation: forward mode matches differences along a direction") {
  for_each_differentiable([](const FormulaCase& tested, const DerivativeChain& chain) {
    const Tensors inputs = variables(tested.inputs);
    const Tensors results = tested.call(inputs);
    const Tensors tangents = jvp(results, inputs, tensors(chain.direction(1)));
    REQUIRE_EQ(tangents.size(), results.size());
    double found = 0;
    for (std::size_t i = 0; i < results.size(); ++i) {
      CHECK_EQ(tangents[i].shape(), results[i].shape());
      CHECK_EQ(tangents[i].dtype(), results[i].dtype());
      found += inner(to_values(tangents[i]), chain.weights()[i]);
    }
    const double expected = central_derivative([&](const ManyValues& point) { return chain.value(point, 0); },
                                               tested.inputs, chain.direction(1));
    CHECK_EQ(difference(scalar_of(found), scalar_of(expected), 1e-10), "");
  });
}

TEST_CASE("every differentiable operation: reverse and forward mode are adjoint, <Jᵀ w, v> = <w, J v>") {
  for_each_differentiable([](const FormulaCase& tested, const DerivativeChain& chain) {
    const Tensors inputs = variables(tested.inputs);
    const Tensors results = tested.call(inputs);
    const Tensors forward = jvp(results, inputs, tensors(chain.direction(1)));
    const Tensors reverse = vjp(results, inputs, tensors(chain.weights()));
    double left = 0;
    double right = 0;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      CHECK_EQ(reverse[i].shape(), inputs[i].shape());
      left += inner(to_values(reverse[i]), chain.direction(1)[i]);
    }
    for (std::size_t i = 0; i < results.size(); ++i) {
      right += inner(to_values(forward[i]), chain.weights()[i]);
    }
    CHECK_EQ(difference(scalar_of(left), scalar_of(right), 1e-13), "");
  });
}

TEST_CASE("every differentiable operation: the gradient of a forward derivative is the second derivative") {
  for_each_differentiable([](const FormulaCase& tested, const DerivativeChain& chain) {
    const Tensors inputs = variables(tested.inputs);
    const Tensors results = tested.call(inputs);
    const Tensors tangents = jvp(results, inputs, tensors(chain.direction(1)));
    const Tensors found = vjp(tangents, inputs, tensors(chain.weights()), Unconnected::zeros);
    const Tensors expected = chain.gradient(tested.inputs, 1);
    for (std::size_t i = 0; i < found.size(); ++i) {
      const Values reference = to_values(expected[i]);
      CHECK_EQ(difference(to_values(found[i]), reference, 1e-12, std::max(1.0, largest(reference))), "");
    }
  });
}

// Inputs that nobody holds may be overwritten in place; neither other users of them nor held results may notice.
TEST_CASE("every operation: on computed inputs, with its result used further, all held values stay right") {
  for_each_formula([](const FormulaCase& tested) {
    const Tensors leaves = tensors(tested.inputs);
    Tensors pending;
    Tensor others;
    for (const Tensor& leaf : leaves) {
      pending.push_back(leaf * 1.0);
      const Tensor later = sum(square(pending.back()));
      others = others.defined() ? others + later : later;
    }
    const Tensors held = tested.call(pending);
    pending.clear();
    Tensors uses{others};
    for (const Tensor& result : held) {
      const Tensor floating = cast(result, float64);
      uses.push_back(tanh(floating * 0.5 + 0.25) - floating);
    }
    eval(uses);
    const ManyValues expected = tested.formula(tested.inputs);
    double squares = 0;
    for (const Values& input : tested.inputs) {
      squares += inner(input, input);
    }
    CHECK_EQ(difference(to_values(uses[0]), scalar_of(squares), 1e-13), "");
    for (std::size_t i = 0; i < held.size(); ++i) {
      CHECK_EQ(difference(to_values(held[i]), expected[i], tested.tolerance, tested.floor), "");
      const Values used = map(expected[i], [](double y) { return std::tanh(y * 0.5 + 0.25) - y; });
      CHECK_EQ(difference(to_values(uses[i + 1]), used, 1e-13), "");
    }
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      CHECK_EQ(difference(to_values(leaves[i]), tested.inputs[i], 0), "");
    }
  });
}

TEST_CASE("every operation without derivative: a gradient is an error, or zeros where asked for") {
  for_each_formula([](const FormulaCase& tested) {
    if (entry_of(tested.operation).differentiable || tested.inputs.empty()) {
      return;
    }
    const Tensors inputs = variables(tested.inputs);
    const Tensor y = sum(cast(tested.call(inputs)[0], float64));
    CHECK_THROWS_AS(static_cast<void>(gradients(y, inputs)), ValueError);
    const Tensors zeros = gradients(y, inputs, {.cotangent = {}, .unconnected = Unconnected::zeros});
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      CHECK_EQ(difference(to_values(zeros[i]), map(tested.inputs[i], [](double) { return 0.0; }), 0), "");
    }
  });
}

TEST_CASE("every operation: results worked out by hand at kinks, ties, extremes, and for integers") {
  for_each(table().exact, std::function{[](const ExactCase& tested) {
             const Tensor found = tested.call();
             CHECK_EQ(found.dtype(), tested.dtype);
             CHECK_EQ(difference(to_values(found), rounded(tested.expected, tested.dtype), tested.tolerance, 0), "");
           }});
}

}  // namespace xgrad::test
