#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "xgrad/dtype.hpp"
#include "xgrad/tensor.hpp"

#include "support/values.hpp"

/// The table of operation cases. Each file of tests/ops/index adds its own when the program starts; the runner goes
/// over all of them, and the coverage test asks for each operation of the public index what there is.
namespace xgrad::test {

/// What a case is about; an operation needs one of each that applies to it.
enum class Kind : std::uint8_t { plain, broadcast, zero_rank, empty, extreme };

using Tensors = std::vector<Tensor>;
using ManyValues = std::vector<Values>;

/// An operation beside an independent formula. The runner compares values in float64 and float32 and, unless told
/// otherwise, derivatives of three orders with differences, forward with reverse mode, float32 with float64 gradients.
struct FormulaCase {
  std::string operation;
  std::string title;
  Kind kind = Kind::plain;
  ManyValues inputs;
  std::function<Tensors(const Tensors&)> call;
  std::function<ManyValues(const ManyValues&)> formula;
  bool derivatives = true;      ///< off for large inputs, where only the value is compared
  std::optional<DType> result;  ///< the result's dtype, where it isn't that of the inputs
  double tolerance = 1e-14;     ///< of float64 values, relative to max(|expected|, floor)
  double float32_tolerance = 1e-6;
  double floor = 1;
};

/// A call with a result worked out by hand: kinks, ties, integers, extreme values.
struct ExactCase {
  std::string operation;
  std::string title;
  Kind kind = Kind::plain;
  std::function<Tensor()> call;
  DType dtype = float64;
  Values expected;
  double tolerance = 0;  ///< relative to |expected|
};

/// What is wrong about a call, and thereby what it must throw.
enum class Fault : std::uint8_t {
  shape,      ///< ShapeError
  zero_rank,  ///< ShapeError: the operation takes no scalar
  empty,      ///< ShapeError: the operation takes no empty axis
  dtype,      ///< DTypeError
  value,      ///< ValueError
};

/// A call that must throw an error whose message has "[operation]". The result, if any, is evaluated.
struct ErrorCase {
  std::string operation;
  std::string title;
  Fault fault = Fault::shape;
  std::function<Tensor()> call;
};

/// The bare call on tensors of these shapes, whatever their dtype. Tried with every dtype, with mixed ones and with
/// undefined tensors, against what the public index says that the operation accepts. One per operation.
struct DirectCall {
  std::string operation;
  std::vector<Shape> shapes;
  std::function<Tensor(const Tensors&)> call;
};

/// Something that an operation needs no case for, and why.
struct Exemption {
  std::string operation;
  std::string aspect;  ///< as coverage.cpp calls it: "wrong shape"
  std::string reason;
};

struct Table {
  std::vector<FormulaCase> formulas;
  std::vector<ExactCase> exact;
  std::vector<ErrorCase> errors;
  std::vector<DirectCall> calls;
  std::vector<Exemption> exemptions;
};
[[nodiscard]] Table& table();

/// Adds to the table before main: `const Registration unary{[] { … }};`
struct Registration {
  template <class Fill>
  explicit Registration(Fill fill) {
    fill();
  }
};

// Shorthands. `one` lifts a call or formula with one result.
template <class F>
[[nodiscard]] auto one(F f) {
  return [f](const auto& inputs) { return std::vector{f(inputs)}; };
}

/// Returns the entry, for settings beyond these. The reference stays valid until the next one is added.
FormulaCase& formula_case(std::string operation, std::string title, Kind kind, ManyValues inputs,
                          std::function<Tensors(const Tensors&)> call,
                          std::function<ManyValues(const ManyValues&)> formula);
ExactCase& exact_case(std::string operation, std::string title, Kind kind, std::function<Tensor()> call, DType dtype,
                      Values expected, double tolerance = 0);
void error_case(std::string operation, std::string title, Fault fault, std::function<Tensor()> call);
void direct_call(std::string operation, std::vector<Shape> shapes, std::function<Tensor(const Tensors&)> call);
void exempt(std::string operation, std::string aspect, std::string reason);

/// dy/dx with a cotangent (ones if empty), for y = f(x) at values of a dtype.
[[nodiscard]] Tensor gradient_at(const std::function<Tensor(const Tensor&)>& f, const Values& x, DType dtype = float64,
                                 const std::vector<double>& cotangent = {});

}  // namespace xgrad::test
