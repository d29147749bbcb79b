#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "check/diagnosis/lines.hpp"
#include "formulas/expression.hpp"
#include "formulas/formulas.hpp"

/// Mistakes as edits of the derived formulas.
namespace xgrad::check::diagnosis {

/// How likely a kind of mistake is to be made, the likeliest first; also the order in which equal explanations are
/// named.
enum class Rank : std::uint8_t { usual, common, rare, far_fetched };

/// One edit of one formula.
struct Edit {
  std::size_t line = 0;    ///< of the backward pass
  Expr formula = nullptr;  ///< the right side of the line with the mistake
  std::string words;       ///< "the factor σ′(z¹) left out"
  std::string site;        ///< "δ¹", or "δ¹ as ∂Loss/∂W¹ uses it"
  Rank rank = Rank::usual;
  /// If there is one: the mistake has a number t, as in W − t ∂W, and the line is formula + t · slope.
  Expr slope = nullptr;
  bool inlined = false;        ///< of a line that this one uses, written out in it
  std::string slope_words;     ///< what t is called: "with learning rate {}"
  Expr part = nullptr;         ///< of the line, if the edit is of one
  Expr replacement = nullptr;  ///< of that part
};

/// A part of a formula with a mistake, and how it is called.
struct Rewriting {
  Expr replacement = nullptr;
  std::string words;
  Rank rank = Rank::usual;
};
using KnownRewritings = std::unordered_map<Expr, std::vector<Rewriting>>;

/// What edits may put in the place of a symbol.
struct Vocabulary {
  std::vector<Expr> symbols;  ///< of the forward pass, and data
  /// In the order of the forward pass; the gradient of a tensor has the position of the tensor.
  std::unordered_map<Expr, std::size_t> position;
  /// Weights, and the formulas of their gradients: for weights after their update.
  std::vector<std::pair<Expr, Expr>> updates;
  std::int64_t batch = 0;  ///< the number of samples, 0 if it isn't known
  /// The mistakes of layers in a part, where they were asked for: parts are looked at again and again.
  std::shared_ptr<KnownRewritings> rewritings = std::make_shared<KnownRewritings>();
  /// Names without their numbers: "h" of h1 and h².
  std::unordered_map<Expr, std::string> bases = {};
};

/// The edits that are made in pairs with others, or also those of proposals.hpp.
enum class Extent : std::uint8_t { usual, all };

/// All edits of a line, and of the lines that it uses as if only this line saw them. `lines` is the pass as it is now.
[[nodiscard]] std::vector<Edit> edits_of(formulas::Formulas& pass, const std::vector<Line>& lines, std::size_t line,
                                         const Vocabulary& vocabulary, Extent extent = Extent::all);

}  // namespace xgrad::check::diagnosis
