#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "xgrad/derive.hpp"
#include "xgrad/export.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/tensor.hpp"

/// Hand-derived, automatic and numerical gradients side by side.
namespace xgrad::check {

/// Builds the loss, a scalar, from the current values of the parameters. Called many times; must give the same loss for
/// the same values. Every call finds the States as they were before the check (a dropout draws the same mask), and so
/// does what comes after it.
using LossFunction = std::function<Tensor()>;

struct NumericOptions {
  /// The largest step, relative to max(1, |entry|); 0 chooses by dtype.
  double step = 0;
  /// Up to this many entries all are checked; of a larger parameter, that many sampled ones.
  std::int64_t max_entries = 256;
  /// For a sampled parameter, besides: derivatives along this many random directions.
  std::int64_t directions = 8;
  std::uint64_t seed = 0;
  /// Of compare(): differences of every parameter may take this many operations, which are evaluations of the loss
  /// times the operations behind it. What would take more is compared along random directions of all parameters at
  /// once, and the report says so.
  std::int64_t max_operations = 20'000'000;
};

/// One central difference, extrapolated (Richardson's deferred approach to the limit; Ridders 1982).
struct NumericEntry {
  std::int64_t index = 0;  ///< flat, row-major; −1 for a direction
  double value = 0;        ///< the derivative
  double error = 0;        ///< its estimated error, from the extrapolation table and rounding
  double step = 0;         ///< the step of the best entry of the table
  double left = 0;         ///< one-sided derivatives, extrapolated likewise: they differ at a kink
  double right = 0;
  double side_error = 0;  ///< estimated error of right − left
};

struct NumericGradient {
  std::string name;
  bool exhaustive = true;
  std::vector<NumericEntry> entries;
  std::vector<NumericEntry> directions;
  std::vector<Tensor> direction_vectors;  ///< unit vectors of the parameter's shape, one per direction
};

/// Differences of `loss` in each parameter; the parameters have their values back afterwards, also after an exception.
/// Throws ShapeError if the loss isn't a scalar, ValueError if it isn't finite at the point.
[[nodiscard]] XGRAD_API std::vector<NumericGradient> numeric_gradient(const LossFunction& loss,
                                                                      const std::vector<NamedParameter>& parameters,
                                                                      const NumericOptions& options = {});
[[nodiscard]] XGRAD_API NumericGradient numeric_gradient(const LossFunction& loss, const Parameter& parameter,
                                                         const NumericOptions& options = {});

enum class Verdict : std::uint8_t { right, wrong, inconclusive };
[[nodiscard]] XGRAD_API std::string_view to_string(Verdict verdict) noexcept;

/// The worst disagreement of two gradients of one parameter, and whether it is one.
struct Comparison {
  bool done = false;  ///< false where one of the two isn't there
  Verdict verdict = Verdict::inconclusive;
  std::string reason;        ///< why wrong or inconclusive, in words
  double absolute = 0;       ///< max |a − b|
  double relative = 0;       ///< max |a − b| / max(|a|, |b|), entry by entry, of those that noise doesn't cover
  double norm_relative = 0;  ///< ‖a − b‖ / max(‖a‖, ‖b‖)
  std::vector<std::int64_t> index;  ///< where the verdict was decided: the worst entry
  std::int64_t direction = -1;      ///< or, if not negative, the random direction along which it was
};

/// The three gradients of a parameter, or of another tensor that the loss is computed from.
struct ParameterReport {
  std::string name;
  Shape shape;
  std::int64_t checked = 0;  ///< entries compared with differences
  /// At `index`, the entry that decided the verdict, or along random direction number `direction` if not negative:
  std::vector<std::int64_t> index;
  std::int64_t direction = -1;
  double manual = 0;  ///< NaN if there is none
  double automatic = 0;
  double numerical = 0;
  double step = 0;
  double error = 0;  ///< estimated error of `numerical`
  Comparison manual_automatic;
  Comparison automatic_numerical;
  Verdict verdict = Verdict::inconclusive;
  std::string reason;
  /// Of a wrong manual gradient: the likely mistake, in the terms of the derived formulas; see diagnose.hpp. Else
  /// empty.
  std::string diagnosis;
  /// Its place in the order of the backward pass, among all that the report is of.
  std::size_t place = 0;
};

struct Report {
  std::string title;
  DType dtype = float64;
  double loss = 0;
  std::string manual_source;                ///< what the manual column is: "BP1–BP4", "given", "none: …"
  std::string differences = {};             ///< what they are along, if not of each parameter on its own; else empty
  std::vector<ParameterReport> parameters;  ///< in the order given
  std::vector<ParameterReport> tensors;     ///< others, as CompareOptions asks for, in the order of the backward pass
  /// The first formula of the backward pass whose inputs are right and whose manual result isn't:
  /// "δ¹ = (δ² W²) ⊙ σ′(z¹)". So a mistake is seen where it is made, and not in all that follows from it. Empty if no
  /// manual gradient is wrong.
  std::string first_divergence;

  /// right if all are, wrong if any is, else inconclusive.
  [[nodiscard]] XGRAD_API Verdict verdict() const noexcept;
  /// A table for people, in the order of the backward pass.
  [[nodiscard]] XGRAD_API std::string text() const;
  /// The same as JSON; see docs/check.md for the keys.
  [[nodiscard]] XGRAD_API std::string json() const;
};
XGRAD_API std::ostream& operator<<(std::ostream& out, const Report& report);

struct CompareOptions {
  /// One per parameter, in order, of its shape; undefined ones, or none at all, are left out of the comparison.
  std::vector<Tensor> manual = {};
  /// Instead of `manual`: computes them at the parameters' present values. With `second_probe` they are asked for again
  /// at other values, drawn at random: one that is wrong there is wrong, and an explanation must hold there too.
  std::function<std::vector<Tensor>()> manual_function = {};
  /// To be switched off for parameters that random values don't do for: symmetric or orthogonal ones, say.
  bool second_probe = true;
  /// Gradients by hand of other tensors: {"h", dh} is ∂Loss/∂h of the tensor that the loss function calls "h". Names
  /// are those that derive() gives: what named() gave, and zˡ and aˡ for layers without names; "z1" will do for
  /// "z¹".
  std::vector<NamedTensor> manual_of = {};
  /// Whether all tensors with such names between parameters and loss are compared, also without a manual gradient.
  bool intermediates = false;
  /// What may have been added to a gradient by mistake, with some factor: an optimiser's velocity, for example.
  std::vector<NamedTensor> terms = {};
  std::string manual_source = {};
  NumericOptions numeric = {};
  /// Whether the mistake in a wrong manual gradient is searched for: seconds for networks of 1e5 parameters.
  bool diagnose = true;
};

/// For each parameter: manual against automatic, decided by rounding error; automatic against numerical, decided by the
/// differences' own error estimate. A loss that isn't finite, or isn't the same twice, makes all inconclusive. Throws
/// ShapeError or DTypeError for manual gradients that don't fit, ValueError without parameters, for a name that the
/// loss doesn't know, or a term that fits nothing. docs/check.md says how verdicts are decided.
[[nodiscard]] XGRAD_API Report compare(const LossFunction& loss, const std::vector<NamedParameter>& parameters,
                                       const CompareOptions& options = {});

/// A layer, or any part of a network.
using ForwardFunction = std::function<Tensor(const std::vector<Tensor>& inputs)>;
/// Its backward pass by hand: from ∂Loss/∂output, ∂Loss/∂ of each input, then of each parameter.
using BackwardFunction = std::function<std::vector<Tensor>(const std::vector<Tensor>& inputs, const Tensor& upstream)>;

/// One layer's backward pass by hand on its own: fed with an upstream gradient, drawn from N(0, 1), so that no mistake
/// elsewhere shows in it. The report is of the inputs, then of the parameters. A prime number of samples and unequal
/// widths tell mistakes apart that others don't; `options` are compare()'s, without manual gradients.
///
/// Throws ShapeError if `manual` gives another number of gradients, ValueError for options with manual gradients and
/// for inputs that are undefined, aren't floating or have no name, and as compare() does.
[[nodiscard]] XGRAD_API Report compare_backward(const ForwardFunction& forward, const std::vector<NamedTensor>& inputs,
                                                const std::vector<NamedParameter>& parameters,
                                                const BackwardFunction& manual, const CompareOptions& options = {});

/// The document's formulas BP1 to BP4, by hand on plain arrays; no graph, no automatic differentiation.
struct ManualGradients {
  double loss = 0;            ///< ½ Σ (a − y)², summed over the samples
  std::vector<Tensor> delta;  ///< per layer: (out) for a vector sample, else (samples, out)
  std::vector<Tensor> dW;     ///< per layer, summed over the samples: (out, in)
  std::vector<Tensor> db;     ///< per layer, summed over the samples: (out)
};

/// For a fully connected sigmoid network of any depth and width. weights[l] is (out, in), biases[l] (out); x is (in) or
/// (samples, in), y accordingly; all float32 or all float64. Throws ShapeError, DTypeError, ValueError (no layers).
[[nodiscard]] XGRAD_API ManualGradients document_gradients(std::span<const Tensor> weights,
                                                           std::span<const Tensor> biases, const Tensor& x,
                                                           const Tensor& y);

}  // namespace xgrad::check
