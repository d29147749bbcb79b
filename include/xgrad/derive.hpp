#pragma once

#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#include "xgrad/export.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/tensor.hpp"

/// Graphs as the formulas that a person would write: the forward pass and the backward pass that was derived from it.
namespace xgrad {

/// One line of a derivation.
struct Equation {
  std::string left;         ///< what is defined, as plain text: "δ²", "∂Loss/∂W²"
  std::string right;        ///< the formula: "(a² − y) ⊙ σ′(z²)"
  std::string latex_left;   ///< the same for LaTeX's mathematics mode
  std::string latex_right;  ///< likewise
  Shape shape;
  /// "BP1" to "BP4" where it is one of the document's four formulas, to the letter; else empty.
  std::string label;
  /// What the printed formula gives, computed from it and from the formulas of what it names; pending.
  Tensor value;
  /// The names of other equations that the formula uses.
  std::vector<std::string> uses;
};

/// A forward pass and its backward pass, as equations. Every name is defined by an equation or is given: a parameter,
/// data, a number.
class XGRAD_API Derivation {
 public:
  std::vector<Equation> forward;   ///< in the order of computation; the loss is the last
  std::vector<Equation> backward;  ///< likewise; what names only abbreviate is among them
  std::vector<std::string> notes;  ///< what the notation means, and what was assumed of the data

  /// The equation that defines this name. Throws ValueError that lists the names there are.
  [[nodiscard]] const Equation& operator[](std::string_view left) const;

  /// Numbered equations with their shapes, for a terminal.
  [[nodiscard]] std::string text() const;
  /// A whole document; needs amsmath only.
  [[nodiscard]] std::string latex() const;
  /// Which equation uses which, for Graphviz.
  [[nodiscard]] std::string dot() const;
};
XGRAD_API std::ostream& operator<<(std::ostream& out, const Derivation& derivation);

struct DeriveOptions {
  /// Names that come before the tensors' own.
  std::vector<NamedTensor> names = {};
  /// The cotangent of y, of y's shape and dtype; may be left out if y is a scalar, and is then 1.
  Tensor cotangent = {};
  /// Longer formulas are cut up: their parts get names of their own.
  std::size_t line_width = 100;
};

/// The formulas of y and of ∂y/∂x for each x. Layers' results get the field's names: zˡ and aˡ for the l-th Dense and
/// its activation, δˡ := ∂Loss/∂zˡ; tensors that have a name keep it; what is used twice appears once; the rest is
/// written out in place. The formulas are simplified, as one would by hand: they are equal to the gradient to rounding.
///
/// Throws as gradients() does.
[[nodiscard]] XGRAD_API Derivation derive(const Tensor& y, std::span<const Tensor> xs,
                                          const DeriveOptions& options = {});
[[nodiscard]] XGRAD_API Derivation derive(const Tensor& y, std::initializer_list<Tensor> xs,
                                          const DeriveOptions& options = {});
/// Parameters are called as in the list, after `names` of the options. Where the list has the path to a parameter in a
/// model that ends in its own name, as "0.W" of W, it is called by that, with the number of its layer.
[[nodiscard]] XGRAD_API Derivation derive(const Tensor& y, const std::vector<NamedParameter>& xs,
                                          const DeriveOptions& options = {});
[[nodiscard]] XGRAD_API Derivation derive(const Tensor& y, std::initializer_list<NamedParameter> xs,
                                          const DeriveOptions& options = {});

/// The formulas of any tensors, such as a jvp() or a second derivative: equations of `forward`.
[[nodiscard]] XGRAD_API Derivation formulas_of(const std::vector<NamedTensor>& tensors,
                                               const DeriveOptions& options = {});

}  // namespace xgrad
