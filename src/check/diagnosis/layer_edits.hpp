#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "xgrad/tensor.hpp"

#include "check/diagnosis/edits.hpp"
#include "formulas/expression.hpp"

/// Mistakes in formulas of layers: each puts something in the place of a part of a formula.
namespace xgrad::check::diagnosis {

/// Collects what can be in the place of one part.
class Rewritings {
 public:
  using Text = std::function<std::string(Expr)>;
  Rewritings(formulas::Expressions& expressions, Expr part, Text text)
      : e{expressions}, here{part}, text_{std::move(text)} {}

  formulas::Expressions& e;
  Expr here;  ///< the part

  [[nodiscard]] std::string text(Expr x) const { return text_(x); }
  /// Nothing if the replacement is null or the part itself, or has another shape.
  void add(Expr replacement, std::string words, Rank rank = Rank::usual);

  using Function = std::function<Tensor(std::span<const Tensor> inputs)>;
  /// The formula of what f computes of tensors in the place of the inputs. f builds a graph with public operations, and
  /// no value is computed. Null if an operation refuses, or f returns an undefined Tensor.
  [[nodiscard]] Expr written(const std::vector<Expr>& inputs, const Function& f) const;

  [[nodiscard]] std::vector<Rewriting> take() { return std::move(found_); }

 private:
  Text text_;
  std::vector<Rewriting> found_;
};

/// All of these. The part is a part of a right side.
[[nodiscard]] std::vector<Rewriting> layer_rewritings(formulas::Expressions& expressions, Expr part,
                                                      const Rewritings::Text& text);

/// How many multiplications the convolutions in a formula take.
[[nodiscard]] double multiplications_in(Expr formula);

/// Kernels, strides, padding, dilation, groups and channels of convolutions and their adjoints.
void add_convolution_edits(Rewritings& to);
/// Selection and shares of pools, resampling, axes in another order.
void add_pool_edits(Rewritings& to);
/// Parts of δ_x of a normalisation.
void add_norm_edits(Rewritings& to);
/// Rows of a table that are looked up, and what padding repeats.
void add_lookup_edits(Rewritings& to);
/// Inverses, triangles and factors of matrix products.
void add_matrix_edits(Rewritings& to);
/// Other functions of an activation's family, halves, sums over several axes.
void add_unit_edits(Rewritings& to);

/// What of x lies at start, …, start + length − 1 along the axis, with zeros for what is outside of it.
[[nodiscard]] Tensor section(const Tensor& x, std::int64_t axis, std::int64_t start, std::int64_t length);

/// How the windows of a convolution or a pool lie along the spatial axes, which are the last ones.
struct Placing {
  std::vector<std::int64_t> kernel;
  std::vector<std::int64_t> stride;
  std::vector<std::int64_t> before;
  std::vector<std::int64_t> dilation;

  [[nodiscard]] std::size_t rank() const noexcept { return kernel.size(); }
  [[nodiscard]] std::int64_t elements() const;
  /// How many elements so many windows cover.
  [[nodiscard]] std::int64_t covered(std::size_t axis, std::int64_t windows) const;
  /// Whether an element may be in several windows.
  [[nodiscard]] bool overlaps() const;
};

/// Mistakes in where windows lie: "a stride of 1 in place of 2".
struct Misplacing {
  Placing placing;
  std::string words;
};
[[nodiscard]] std::vector<Misplacing> misplacings(const Placing& right);

/// Of all windows (…, windows, kernel) of planes of these lengths: what is outside of them is dropped.
[[nodiscard]] Tensor folded(const Tensor& windows, const Placing& placing, std::span<const std::int64_t> lengths);
/// (windows, kernel): 1 where the window is the last one that the element is in, else 0.
[[nodiscard]] Tensor last_windows(const Placing& placing, std::span<const std::int64_t> windows,
                                  std::span<const std::int64_t> lengths, DType dtype);

inline constexpr const char* overwritten_words = "overlapping windows overwritten, not added up";

}  // namespace xgrad::check::diagnosis
