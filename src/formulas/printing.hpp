#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "formulas/expression.hpp"
#include "formulas/names.hpp"

namespace xgrad::ops {
class ConvolutionOperation;
}

namespace xgrad::formulas {

enum class Dialect : bool { text, latex };

/// Whether it is where random numbers come from, which formulas don't show.
[[nodiscard]] bool is_random_state(Expr e) noexcept;

/// Writes formulas down.
class Printer {
 public:
  /// `names` gives the name that stands for a symbol or for a formula written out elsewhere; null if there is none.
  Printer(Dialect dialect, std::function<const Name*(Expr)> names) : dialect_{dialect}, names_{std::move(names)} {}

  /// The formula itself is written out, even if it has a name and isn't a symbol.
  [[nodiscard]] std::string of(Expr root);

 private:
  enum Precedence : std::uint8_t { additive = 1, multiplicative, matrix, unary, atom };
  struct Piece {
    std::string text;
    Precedence precedence = atom;
  };

  [[nodiscard]] bool latex() const noexcept { return dialect_ == Dialect::latex; }
  [[nodiscard]] const Piece& piece(Expr e) const { return pieces_.at(e); }
  [[nodiscard]] std::string in_brackets(const std::string& text) const;
  /// In brackets if it binds weaker than that.
  [[nodiscard]] std::string at_least(Precedence precedence, Expr e) const;
  [[nodiscard]] const char* minus_sign() const noexcept { return latex() ? "-" : "−"; }
  /// Of a number that isn't negative.
  [[nodiscard]] std::string number_text(double value) const;
  [[nodiscard]] Piece written(Expr e) const;
  [[nodiscard]] std::string transposed(Expr x) const;
  [[nodiscard]] std::string as_row(Expr x) const;
  [[nodiscard]] Piece sum_of(Expr e) const;
  struct Factors;
  [[nodiscard]] std::optional<Piece> factored_sum(Expr e) const;
  [[nodiscard]] Piece product_of(double factor, const std::vector<Expr>& factors) const;
  /// factor · Π above / Π base^exponent
  [[nodiscard]] Piece fraction_of(double factor, const std::vector<Expr>& above,
                                  const std::vector<std::pair<Expr, double>>& below) const;
  [[nodiscard]] std::string joined_factors(const std::vector<Expr>& factors, bool alone) const;
  [[nodiscard]] Piece power_of(Expr base, double exponent) const;
  [[nodiscard]] Piece function_of(Expr e) const;
  [[nodiscard]] Piece convolution_of(Expr e, const ops::ConvolutionOperation& operation) const;
  [[nodiscard]] Piece call_of(Expr e) const;
  [[nodiscard]] Piece joined_parts(const std::vector<Expr>& parts, std::int64_t axis) const;
  [[nodiscard]] Piece length_of(Expr e) const;
  [[nodiscard]] std::string below(const std::vector<std::int64_t>& axes) const;
  /// base^exponent, in brackets if it has an exponent.
  [[nodiscard]] Piece raised(Expr base, std::string_view text, std::string_view latex_text) const;
  /// A⁻¹, |A|; none for what is written as other calls are.
  [[nodiscard]] std::optional<Piece> of_matrix(Expr e) const;
  [[nodiscard]] std::string attributes_of(Expr e) const;
  [[nodiscard]] std::string condition_of(Expr e, bool complement) const;
  [[nodiscard]] Piece named(const Name& name) const;

  Dialect dialect_;
  std::function<const Name*(Expr)> names_;
  std::unordered_map<Expr, Piece> pieces_;
};

}  // namespace xgrad::formulas
