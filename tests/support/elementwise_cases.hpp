#pragma once

#include <cmath>
#include <functional>
#include <string>
#include <utility>

#include "xgrad/creation.hpp"
#include "xgrad/tensor.hpp"

#include "support/op_case.hpp"

/// Cases of functions that are computed element by element, beside functions of doubles.
namespace xgrad::test {

using Unary = Tensor (*)(const Tensor&);

/// Of the numbers that operands are drawn from.
struct Range {
  double low;
  double high;
};

inline void unary_case(const std::string& name, const std::string& title, Kind kind, Unary operation,
                       const std::function<double(double)>& f, const Values& x, double tolerance,
                       bool derivatives = true) {
  FormulaCase& added =
      formula_case(name, title, kind, {x}, one([operation](const Tensors& in) { return operation(in[0]); }),
                   one([f](const ManyValues& in) { return map(in[0], f); }));
  added.tolerance = tolerance;
  added.derivatives = derivatives;
}

/// All shapes of one operand. The range must keep clear of kinks and poles by more than the differences' step.
inline void unary(const std::string& name, Unary operation, const std::function<double(double)>& f, Range range,
                  double tolerance = 4e-15) {
  const auto inputs = [&](const Shape& shape, std::uint64_t seed) {
    return uniform(shape, range.low, range.high, seed);
  };
  unary_case(name, "a matrix", Kind::plain, operation, f, inputs({2, 3}, 1), tolerance);
  unary_case(name, "a vector with a tail", Kind::plain, operation, f, inputs({19}, 2), tolerance);
  unary_case(name, "more than a tile", Kind::plain, operation, f, inputs({3, 7001}, 3), tolerance, false);
  unary_case(name, "zero rank", Kind::zero_rank, operation, f, inputs({}, 4), tolerance);
  unary_case(name, "no elements", Kind::empty, operation, f, inputs({0, 3}, 5), tolerance);
  direct_call(name, {{2, 3}}, [operation](const Tensors& in) { return operation(in[0]); });
  exempt(name, "wrong shape", "one tensor of any shape");
}

using Binary = Tensor (*)(const Tensor&, const Tensor&);
using BinaryFunction = std::function<double(double, double)>;

inline void binary_case(const std::string& name, const std::string& title, Kind kind, Binary operation,
                        const BinaryFunction& f, Values a, Values b, bool derivatives = true) {
  FormulaCase& added = formula_case(name, title, kind, {std::move(a), std::move(b)},
                                    one([operation](const Tensors& in) { return operation(in[0], in[1]); }),
                                    one([f](const ManyValues& in) { return zip(in[0], in[1], f); }));
  added.tolerance = 4e-15;
  added.derivatives = derivatives;
}

/// All shapes of two operands; a and b are drawn from ranges that don't meet kinks.
template <class MakeA, class MakeB>
void binary(const std::string& name, Binary operation, const BinaryFunction& f, MakeA a, MakeB b) {
  const auto add_case = [&](const std::string& title, Kind kind, const Shape& p, const Shape& q,
                            bool derivatives = true) {
    binary_case(name, title + " " + to_string(p) + to_string(q), kind, operation, f, a(p), b(q), derivatives);
  };
  add_case("equal shapes", Kind::plain, {2, 3}, {2, 3});
  add_case("with a tail", Kind::plain, {13}, {13});
  add_case("more than a tile", Kind::plain, {3, 7001}, {3, 7001}, false);
  add_case("broadcast", Kind::broadcast, {2, 3}, {3});
  add_case("broadcast", Kind::broadcast, {3}, {2, 3});
  add_case("broadcast", Kind::broadcast, {2, 3}, {2, 1});
  add_case("broadcast", Kind::broadcast, {2, 1}, {1, 3});
  add_case("broadcast", Kind::broadcast, {2, 3}, {});
  add_case("broadcast", Kind::broadcast, {}, {2, 3});
  add_case("broadcast", Kind::broadcast, {1}, {5});
  add_case("broadcast", Kind::broadcast, {2, 1, 3}, {4, 1});
  add_case("broadcast", Kind::broadcast, {1, 1}, {1});
  add_case("large broadcast", Kind::broadcast, {3, 5003}, {3, 1}, false);
  add_case("large broadcast", Kind::broadcast, {5003, 3}, {3}, false);
  add_case("large broadcast", Kind::broadcast, {1, 5003}, {4, 1}, false);
  add_case("zero rank", Kind::zero_rank, {}, {});
  add_case("no elements", Kind::empty, {0, 3}, {3});
  add_case("no elements", Kind::empty, {0}, {1});
  add_case("no elements", Kind::empty, {}, {2, 0});
  direct_call(name, {{2, 3}, {3}}, [operation](const Tensors& in) { return operation(in[0], in[1]); });
  error_case(name, "lengths 2 and 3", Fault::shape, [operation] { return operation(ones({2}), ones({3})); });
  error_case(name, "(2, 3) and (2,)", Fault::shape, [operation] { return operation(ones({2, 3}), ones({2})); });
}

/// Numbers in [low, high), for `binary`.
inline auto from(double low, double high, std::uint64_t seed) {
  return [=](const Shape& shape) { return uniform(shape, low, high, seed + shape.rank()); };
}

}  // namespace xgrad::test
