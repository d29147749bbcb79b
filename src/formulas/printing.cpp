#include "formulas/printing.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <variant>

#include "formulas/latex.hpp"
#include "ops/convolution/convolution.hpp"
#include "ops/decompositions/matrix_form.hpp"

namespace xgrad::formulas {

namespace {

constexpr std::array<std::string_view, 10> low_digits{"₀", "₁", "₂", "₃", "₄", "₅", "₆", "₇", "₈", "₉"};

// "¹" and the like at the end: another exponent would be read as one with it.
bool ends_raised(const std::string& text) {
  constexpr std::array<std::string_view, 11> raised{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹", "ᵀ"};
  return std::any_of(raised.begin(), raised.end(), [&text](std::string_view end) { return text.ends_with(end); });
}

bool is_inverse(Expr e) {
  const auto* matrices = e->head == Head::call ? ops::as_matrix_operation(*e->operation) : nullptr;
  return matrices != nullptr && matrices->form() == ops::MatrixForm::inverse;
}

// The range of a slice, as Python writes it: "[:, 2:8]".
std::string range_text(const Operation& slice, std::size_t rank) {
  std::map<std::string_view, std::int64_t> values;
  for (const Attribute& attribute : slice.attributes()) {
    values[attribute.name] = std::get<std::int64_t>(attribute.value);
  }
  const std::int64_t step = values["step"];
  const std::int64_t end = values["start"] + step * values["count"];
  std::string text;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    text += axis == 0 ? "" : ", ";
    if (static_cast<std::int64_t>(axis) != values["axis"]) {
      text += ":";
    } else if (step == 1 && values["count"] == 1) {
      text += fmt::format("{}", values["start"]);
    } else {
      text += fmt::format("{}:{}", values["start"], end < 0 ? "" : std::to_string(end)) +
              (step == 1 ? "" : fmt::format(":{}", step));
    }
  }
  return "[" + text + "]";
}

// "2", "2,1", "1/2"; empty for 1.
std::string stride_text(const ops::Windows& windows, bool inverse) {
  std::vector<std::string> strides;
  for (std::size_t a = 0; a < windows.rank; ++a) {
    const std::int64_t stride = windows.stride[a];
    strides.push_back((inverse && stride != 1 ? "1/" : "") + std::to_string(stride));
  }
  const bool equal = std::equal(strides.begin() + 1, strides.end(), strides.begin());
  const std::string text = equal ? strides[0] : fmt::format("{}", fmt::join(strides, ","));
  return text == "1" ? "" : text;
}

std::int64_t integer_of(const Operation& operation, std::string_view name) {
  for (const Attribute& attribute : operation.attributes()) {
    if (attribute.name == name) {
      return std::get<std::int64_t>(attribute.value);
    }
  }
  return 0;
}

// The relation that holds where this one doesn't, of numbers; empty if it isn't one.
std::string_view opposite(Algebra relation) {
  switch (relation) {
    case Algebra::equal:
      return "≠";
    case Algebra::not_equal:
      return "=";
    case Algebra::less:
      return "≥";
    case Algebra::less_equal:
      return ">";
    case Algebra::greater:
      return "≤";
    case Algebra::greater_equal:
      return "<";
    default:
      return {};
  }
}

bool is_call_of(Expr e, Algebra algebra) {
  return e->head == Head::call && e->operation->algebra() == algebra;
}

// n if the value is √n and no number that is written shortly; else 0.
std::int64_t squared(double value) {
  constexpr double most = 4096;
  const double square = value * value;
  const double whole = std::round(square);
  const bool is_short = std::abs(value - std::round(value * 1e4) / 1e4) < 1e-12 * std::abs(value);
  return is_short || !(whole >= 2 && whole <= most) || std::abs(square - whole) > 1e-13 * whole
             ? 0
             : static_cast<std::int64_t>(whole);
}

/// One tensor in pieces along an axis, of which null stands for zeros.
struct Block {
  std::int64_t axis = 0;
  std::vector<Expr> parts;
};

// The sum where its terms are pieces of it, which don't meet: at[0:2](u) + at[2:4](v).
std::optional<Block> block_of(Expr sum) {
  std::map<std::int64_t, Expr> by_start;
  Block block;
  for (Expr term : sum->arguments) {
    if (!is_call_of(term, Algebra::slice_adjoint)) {
      return std::nullopt;
    }
    const std::int64_t axis = integer_of(*term->operation, "axis");
    const std::int64_t step = integer_of(*term->operation, "step");
    if (step != 1 || (!by_start.empty() && axis != block.axis)) {
      return std::nullopt;
    }
    block.axis = axis;
    by_start.emplace(integer_of(*term->operation, "start"), term);
  }
  const std::int64_t length = sum->shape[static_cast<std::size_t>(block.axis)];
  std::int64_t reached = 0;
  for (const auto& [start, term] : by_start) {
    if (start < reached) {
      return std::nullopt;
    }
    if (start > reached) {
      block.parts.push_back(nullptr);
    }
    reached = start + integer_of(*term->operation, "count");
    block.parts.push_back(term->arguments[0]);
  }
  if (reached < length) {
    block.parts.push_back(nullptr);
  }
  return by_start.size() == sum->arguments.size() ? std::optional{block} : std::nullopt;
}

std::string attribute_text(const Attribute& attribute) {
  return std::visit(
      [&]<class T>(const T& value) {
        if constexpr (std::is_same_v<T, std::vector<std::int64_t>>) {
          return fmt::format("{}=({})", attribute.name, fmt::join(value, ", "));
        } else {
          return fmt::format("{}={}", attribute.name, value);
        }
      },
      attribute.value);
}

}  // namespace

bool is_random_state(Expr e) noexcept {
  return e->head == Head::symbol && e->node->of_state && e->dtype == int64;
}

std::string Printer::of(Expr root) {
  pieces_.clear();
  std::vector<Expr> stack{root};
  while (!stack.empty()) {
    const Expr e = stack.back();
    if (pieces_.contains(e)) {
      stack.pop_back();
      continue;
    }
    const Name* name = e != root || e->head == Head::symbol ? names_(e) : nullptr;
    if (name != nullptr) {
      pieces_.emplace(e, named(*name));
      stack.pop_back();
      continue;
    }
    const std::size_t before = stack.size();
    for (Expr argument : e->arguments) {
      if (!pieces_.contains(argument)) {
        stack.push_back(argument);
      }
    }
    if (stack.size() == before) {
      pieces_.emplace(e, written(e));
      stack.pop_back();
    }
  }
  return pieces_.at(root).text;
}

Printer::Piece Printer::named(const Name& name) const {
  return {latex() ? name.latex : name.text, name.text.find('/') == std::string::npos ? atom : multiplicative};
}

std::string Printer::in_brackets(const std::string& text) const {
  return latex() ? "\\left(" + text + "\\right)" : "(" + text + ")";
}

std::string Printer::at_least(Precedence precedence, Expr e) const {
  const Piece& found = piece(e);
  return found.precedence >= precedence ? found.text : in_brackets(found.text);
}

std::string Printer::number_text(double value) const {
  if (!std::isfinite(value)) {
    const char* text = std::isnan(value) ? "NaN" : "∞";
    const char* command = std::isnan(value) ? "\\mathrm{NaN}" : "\\infty";
    return latex() ? command : text;
  }
  if (value == std::floor(value) && value < 1e15) {
    return fmt::format("{:.0f}", value);
  }
  if (const std::int64_t square = squared(value)) {
    return latex() ? fmt::format("\\sqrt{{{}}}", square) : fmt::format("√{}", square);
  }
  const double inverse = 1 / value;
  if (const std::int64_t square = squared(inverse)) {
    return latex() ? fmt::format("\\tfrac{{1}}{{\\sqrt{{{}}}}}", square) : fmt::format("1/√{}", square);
  }
  const double whole = std::round(inverse);
  if (whole > 9999 || std::abs(inverse - whole) > 1e-9 * whole) {
    return fmt::format("{:.6g}", value);
  }
  if (latex()) {
    return fmt::format("\\tfrac{{1}}{{{:.0f}}}", whole);
  }
  static const std::map<int, std::string_view> fractions{{2, "½"}, {3, "⅓"}, {4, "¼"}, {5, "⅕"}, {6, "⅙"}, {8, "⅛"}};
  const auto known = fractions.find(static_cast<int>(whole));
  return known != fractions.end() ? std::string{known->second} : fmt::format("1/{:.0f}", whole);
}

std::string Printer::transposed(Expr x) const {
  const std::string text = at_least(atom, x);
  return latex() ? "{" + text + "}^{\\top}" : text + "ᵀ";
}

// uᵀ, uᵀ W: what stands at the left of a product that is a number.
std::string Printer::as_row(Expr x) const {
  std::string text;
  while (x->head == Head::matmul && x->arguments[0]->shape.rank() == 1 && names_(x) == nullptr) {
    text.insert(0, " " + at_least(matrix, x->arguments[1]));
    x = x->arguments[0];
  }
  return transposed(x) + text;
}

Printer::Piece Printer::written(Expr e) const {
  const auto argument = [&](std::size_t i) { return e->arguments[i]; };
  switch (e->head) {
    case Head::symbol:
      return {"?", atom};
    case Head::number: {
      const std::string text = number_text(std::abs(e->number));
      if (e->number < 0) {
        return {minus_sign() + text, additive};
      }
      return {text, text.find('/') == std::string::npos ? atom : multiplicative};
    }
    case Head::sum:
      return sum_of(e);
    case Head::product:
      return product_of(e->number, e->arguments);
    case Head::power:
      return e->number < 0 ? fraction_of(1, {}, {{argument(0), -e->number}}) : power_of(argument(0), e->number);
    case Head::matmul: {
      const bool has_row = e->shape.rank() == 0 && argument(0)->shape.rank() == 1;
      return {(has_row ? as_row(argument(0)) : at_least(matrix, argument(0))) + " " + at_least(matrix, argument(1)),
              matrix};
    }
    case Head::outer:
      return {at_least(matrix, argument(0)) + " " + transposed(argument(1)), matrix};
    case Head::transpose:
      if (is_inverse(argument(0)) && names_(argument(0)) == nullptr) {
        return raised(argument(0)->arguments[0], "⁻ᵀ", "-\\top");
      }
      return {transposed(argument(0)), unary};
    case Head::function:
      return function_of(e);
    case Head::indicator:
      return {condition_of(argument(0), e->primed), atom};
    case Head::reduce: {
      std::string sign = latex() ? "\\sum" : "Σ";
      if (e->axes.size() < argument(0)->shape.rank()) {
        sign += below(e->axes);
      }
      const Piece& summand = piece(argument(0));
      const bool bare = summand.precedence >= matrix || argument(0)->head == Head::power;
      return {sign + " " + (bare ? summand.text : in_brackets(summand.text)), multiplicative};
    }
    case Head::spread:
      return piece(argument(0));
    case Head::call:
      return call_of(e);
  }
  return {};
}

// The number and the factors of a term of a sum.
struct Printer::Factors {
  double number = 1;
  std::vector<Expr> all;
};

// u ⊙ v − u ⊙ w as u ⊙ (v − w). None if no factor is common to all terms.
std::optional<Printer::Piece> Printer::factored_sum(Expr e) const {
  std::vector<Factors> terms;
  for (Expr term : e->arguments) {
    const bool is_product = term->head == Head::product && names_(term) == nullptr;
    if (term->is_number()) {
      return std::nullopt;
    }
    terms.push_back(is_product ? Factors{term->number, term->arguments} : Factors{1, {term}});
  }
  const auto is_common = [&](Expr factor) {
    const bool is_fraction = factor->head == Head::power && factor->number < 0;
    return !is_fraction && std::all_of(terms.begin(), terms.end(), [factor](const Factors& term) {
      return std::find(term.all.begin(), term.all.end(), factor) != term.all.end();
    });
  };
  std::vector<Expr> common;
  std::copy_if(terms[0].all.begin(), terms[0].all.end(), std::back_inserter(common), is_common);
  if (common.empty()) {
    return std::nullopt;
  }
  for (Factors& term : terms) {
    for (Expr factor : common) {
      term.all.erase(std::find(term.all.begin(), term.all.end(), factor));
    }
  }
  const auto added = std::find_if(terms.begin(), terms.end(), [](const Factors& term) { return term.number > 0; });
  if (added != terms.end()) {
    std::rotate(terms.begin(), added, added + 1);
  }
  std::string rest;
  for (const Factors& term : terms) {
    const double size = std::abs(term.number);
    const Piece positive = term.all.empty() ? Piece{number_text(size), atom} : product_of(size, term.all);
    const bool needs_brackets = positive.precedence <= additive;
    const std::string sign = term.number < 0 ? minus_sign() : "+";
    const std::string text = needs_brackets ? in_brackets(positive.text) : positive.text;
    const std::string front = term.number < 0 ? sign : "";
    rest += rest.empty() ? front + text : fmt::format(" {} {}", sign, text);
  }
  const bool scales = std::all_of(common.begin(), common.end(), [](Expr factor) { return factor->shape.rank() == 0; });
  const char* sign = latex() ? " \\odot " : " ⊙ ";
  return Piece{joined_factors(common, false) + (scales ? " " : sign) + in_brackets(rest), multiplicative};
}

// Begins with a term that is added, if there is one.
Printer::Piece Printer::sum_of(Expr e) const {
  if (const std::optional<Block> block = block_of(e);
      block && std::none_of(e->arguments.begin(), e->arguments.end(), [this](Expr term) { return names_(term); })) {
    return joined_parts(block->parts, block->axis);
  }
  const auto is_negative = [this](Expr term) {
    return (term->head == Head::product || term->head == Head::number) && term->number < 0 && names_(term) == nullptr;
  };
  if (const std::optional<Piece> factored = factored_sum(e)) {
    return *factored;
  }
  std::vector<Expr> terms = e->arguments;
  const auto first = std::find_if_not(terms.begin(), terms.end(), is_negative);
  if (first != terms.end()) {
    std::rotate(terms.begin(), first, first + 1);
  }
  std::string text;
  for (Expr term : terms) {
    const bool negative = is_negative(term);
    Piece positive = piece(term);
    if (negative && term->head == Head::product) {
      positive = product_of(-term->number, term->arguments);
    } else if (negative) {
      positive = {number_text(-term->number), atom};
    }
    const std::string sign = negative ? minus_sign() : "+";
    if (text.empty()) {
      text = (negative ? sign : "") + positive.text;
    } else {
      text += " " + sign + " " + (positive.precedence > additive ? positive.text : in_brackets(positive.text));
    }
  }
  return {text, additive};
}

// Scalars side by side, then the others with ⊙.
std::string Printer::joined_factors(const std::vector<Expr>& factors, bool alone) const {
  std::vector<std::string> scalars;
  std::vector<std::string> others;
  const bool single = alone && factors.size() == 1;
  const bool any_larger = std::any_of(factors.begin(), factors.end(), [](Expr e) { return e->shape.size() > 1; });
  for (Expr factor : factors) {
    const Precedence least = single ? multiplicative : unary;
    const bool is_sum_sign = factor->head == Head::reduce && single;
    std::string text = is_sum_sign ? piece(factor).text : at_least(least, factor);
    const bool scalar = factor->shape.rank() == 0 || (factor->is_scalar() && any_larger);
    (scalar ? scalars : others).push_back(std::move(text));
  }
  std::string text = fmt::format("{}", fmt::join(scalars, " "));
  const std::string product = fmt::format("{}", fmt::join(others, latex() ? " \\odot " : " ⊙ "));
  return text + (text.empty() || product.empty() ? "" : " ") + product;
}

Printer::Piece Printer::product_of(double factor, const std::vector<Expr>& factors) const {
  std::vector<Expr> above;
  std::vector<std::pair<Expr, double>> below;
  for (Expr each : factors) {
    Expr inner = each;
    while (inner->head == Head::spread && names_(inner) == nullptr) {
      inner = inner->arguments[0];
    }
    if (inner->head == Head::power && inner->number < 0 && names_(inner) == nullptr) {
      below.emplace_back(inner->arguments[0], -inner->number);
    } else {
      above.push_back(each);
    }
  }
  return fraction_of(factor, above, below);
}

Printer::Piece Printer::fraction_of(double factor, const std::vector<Expr>& above,
                                    const std::vector<std::pair<Expr, double>>& below) const {
  const std::int64_t root = above.empty() ? 0 : squared(1 / std::abs(factor));
  const double size = root == 0 ? std::abs(factor) : 1;
  const std::string minus = factor < 0 ? minus_sign() : "";
  std::string top = joined_factors(above, true);
  if (size != 1 || top.empty()) {
    const std::string number = number_text(size);
    const bool sums_alone = above.size() == 1 && piece(above[0]).precedence == additive;
    top = number + (top.empty() ? "" : " ") + (sums_alone ? in_brackets(piece(above[0]).text) : top);
  } else if (!minus.empty() && above.size() == 1 && piece(above[0]).precedence == additive) {
    top = in_brackets(piece(above[0]).text);
  }
  if (below.empty() && root == 0) {
    return {minus + top, minus.empty() ? multiplicative : additive};
  }
  std::vector<std::string> parts;
  if (root != 0) {
    parts.push_back(number_text(1 / std::abs(factor)));
  }
  for (const auto& [base, exponent] : below) {
    const Piece part = exponent == 1 ? piece(base) : power_of(base, exponent);
    parts.push_back(part.precedence >= unary || latex() ? part.text : in_brackets(part.text));
  }
  if (latex()) {
    return {fmt::format("{}\\frac{{{}}}{{{}}}", minus, top, fmt::join(parts, " \\, ")),
            minus.empty() ? multiplicative : additive};
  }
  const std::string bottom = parts.size() == 1 ? parts[0] : in_brackets(fmt::format("{}", fmt::join(parts, " ⊙ ")));
  return {minus + top + " / " + bottom, minus.empty() ? multiplicative : additive};
}

Printer::Piece Printer::power_of(Expr base, double exponent) const {
  if (exponent == 0.5) {
    return {latex() ? "\\sqrt{" + piece(base).text + "}" : "√" + at_least(atom, base), unary};
  }
  std::string text = at_least(atom, base);
  if (latex()) {
    return {fmt::format("{{{}}}^{{{:g}}}",
                        text.find('^') != std::string::npos && !text.starts_with("\\left") ? in_brackets(text) : text,
                        exponent),
            unary};
  }
  if (ends_raised(text)) {
    text = in_brackets(text);
  }
  const bool whole = exponent == std::floor(exponent) && exponent > 0 && exponent < 1000;
  return {whole ? text + superscript(static_cast<std::size_t>(exponent)) : fmt::format("{}^{:g}", text, exponent),
          unary};
}

Printer::Piece Printer::function_of(Expr e) const {
  const Operation& operation = *e->operation;
  const Piece& argument = piece(e->arguments[0]);
  if (operation.algebra() == Algebra::abs) {
    return {"|" + argument.text + "|", atom};
  }
  const Notation notation = operation.notation();
  std::string name{notation.symbol.empty() ? operation.name() : notation.symbol};
  if (latex()) {
    name = latex_operator(name);
  }
  const char* prime = latex() ? "'" : "′";
  const std::string constants = operation.elementwise() == nullptr ? "" : attributes_of(e);  // none for softmax's axes
  return {name + (e->primed ? prime : "") + in_brackets(argument.text + constants), atom};
}

// "; alpha=1": constants of an operation, without flags that aren't set; empty if there are none. A dtype isn't said,
// nor is the shape of what is drawn, which stands beside the equation.
std::string Printer::attributes_of(Expr e) const {
  const bool is_drawn = std::all_of(e->arguments.begin(), e->arguments.end(), is_random_state);
  std::vector<std::string> all;
  for (const Attribute& attribute : e->operation->attributes()) {
    const bool* flag = std::get_if<bool>(&attribute.value);
    const bool is_said = attribute.name != "dtype" && !(is_drawn && attribute.name == "shape");
    if (is_said && (flag == nullptr || *flag)) {
      const std::string written = attribute_text(attribute);
      all.push_back(latex() ? "\\text{" + latex_text(written) + "}" : written);
    }
  }
  return all.empty() ? "" : fmt::format("; {}", fmt::join(all, ", "));
}

std::string Printer::condition_of(Expr e, bool complement) const {
  while (e->head == Head::spread && names_(e) == nullptr) {
    e = e->arguments[0];
  }
  const std::string_view relation = e->head == Head::call ? opposite(e->operation->algebra()) : std::string_view{};
  if (complement && !relation.empty() && names_(e) == nullptr) {
    return fmt::format("[{} {} {}]", piece(e->arguments[0]).text,
                       latex() ? latex_operator(relation) : std::string{relation}, piece(e->arguments[1]).text);
  }
  if (complement) {
    return fmt::format("[{}{}]", latex() ? "\\neg " : "¬", at_least(unary, e));
  }
  return e->head == Head::call && e->operation->algebra() == Algebra::one_hot ? piece(e).text
                                                                              : "[" + piece(e).text + "]";
}

// W ⋆ x, flip(W) ⋆ g, x ⋆ g. A stride is written below the sign; it is a fraction where results lie closer than what
// they are computed from.
Printer::Piece Printer::convolution_of(Expr e, const ops::ConvolutionOperation& operation) const {
  using Part = ops::ConvolutionOperation::Part;
  const bool is_input = operation.part() == Part::input;
  const std::string first = is_input
                                ? (latex() ? "\\operatorname{flip}" : "flip") + in_brackets(piece(e->arguments[0]).text)
                                : at_least(unary, e->arguments[0]);
  const std::string strides = operation.part() == Part::weight ? "" : stride_text(operation.windows(), is_input);
  std::string sign = latex() ? "\\star" : "⋆";
  if (latex() && !strides.empty()) {
    sign += "_{" + strides + "}";
  } else {
    for (const char c : strides) {
      sign += c >= '0' && c <= '9' ? std::string{low_digits[static_cast<std::size_t>(c - '0')]} : std::string{c};
    }
  }
  return {first + " " + sign + " " + at_least(unary, e->arguments[1]), multiplicative};
}

Printer::Piece Printer::raised(Expr base, std::string_view text, std::string_view latex_text) const {
  const std::string plain = at_least(atom, base);
  const bool has_exponent =
      latex() ? plain.find('^') != std::string::npos && !plain.starts_with("\\left") : ends_raised(plain);
  const std::string inner = has_exponent ? in_brackets(plain) : plain;
  return {latex() ? fmt::format("{{{}}}^{{{}}}", inner, latex_text) : fmt::format("{}{}", inner, text), unary};
}

std::optional<Printer::Piece> Printer::of_matrix(Expr e) const {
  const auto* matrices = ops::as_matrix_operation(*e->operation);
  if (matrices == nullptr) {
    return std::nullopt;
  }
  const std::string& inner = piece(e->arguments[0]).text;
  const std::string bars = latex() ? "\\left|" + inner + "\\right|" : "|" + inner + "|";
  using Form = ops::MatrixForm;
  switch (matrices->form()) {
    case Form::inverse:
      return raised(e->arguments[0], "⁻¹", "-1");
    case Form::determinant:
      return Piece{bars, atom};
    case Form::log_determinant:
      return Piece{(latex() ? "\\log " : "log") + bars, atom};
    case Form::sign:
      return Piece{(latex() ? "\\operatorname{sign} " : "sign") + bars, atom};
    case Form::unit:
      return Piece{"I", atom};
    case Form::triangle: {
      const std::string_view symbol = e->operation->notation().symbol;
      return Piece{(latex() ? latex_operator(symbol) : std::string{symbol}) + in_brackets(inner), atom};
    }
    default:
      return std::nullopt;
  }
}

// Σ₁, ‖x‖₁: the axes below a sign.
std::string Printer::below(const std::vector<std::int64_t>& axes) const {
  if (latex()) {
    return fmt::format("_{{{}}}", fmt::join(axes, ","));
  }
  std::string text;
  for (const std::int64_t axis : axes) {
    text += low_digits[static_cast<std::size_t>(axis % 10)];
  }
  return text;
}

// [u; v], [u; v]₁: one after the other along an axis; null is 0.
Printer::Piece Printer::joined_parts(const std::vector<Expr>& parts, std::int64_t axis) const {
  std::vector<std::string> texts(parts.size());
  std::transform(parts.begin(), parts.end(), texts.begin(),
                 [this](Expr part) { return part == nullptr ? "0" : piece(part).text; });
  const std::string inside = fmt::format("{}", fmt::join(texts, latex() ? ";\\; " : "; "));
  const std::string whole = latex() ? "\\left[" + inside + "\\right]" : "[" + inside + "]";
  return {axis == 0 ? whole : whole + below({axis}), atom};
}

// ‖x‖, ‖x‖₁ along an axis.
Printer::Piece Printer::length_of(Expr e) const {
  const std::string& inner = piece(e->arguments[0]).text;
  const std::string whole = latex() ? "\\left\\|" + inner + "\\right\\|" : "‖" + inner + "‖";
  for (const Attribute& attribute : e->operation->attributes()) {
    const auto* axes = std::get_if<std::vector<std::int64_t>>(&attribute.value);
    if (attribute.name == "axes" && axes != nullptr && axes->size() < e->arguments[0]->shape.rank()) {
      return {whole + below(*axes), atom};
    }
  }
  return {whole, atom};
}

Printer::Piece Printer::call_of(Expr e) const {
  if (const std::optional<Piece> matrix_piece = of_matrix(e)) {
    return *matrix_piece;
  }
  const Operation& operation = *e->operation;
  const Notation notation = operation.notation();
  if (notation.form == Notation::Form::infix && e->arguments.size() == 2 && !notation.symbol.empty()) {
    if (latex() && notation.symbol == "^") {
      return {fmt::format("{{{}}}^{{{}}}", at_least(atom, e->arguments[0]), piece(e->arguments[1]).text), unary};
    }
    const std::string sign = latex() ? latex_operator(notation.symbol) : std::string{notation.symbol};
    const Precedence least = opposite(operation.algebra()).empty() ? multiplicative : additive;
    return {at_least(least, e->arguments[0]) + " " + sign + " " + at_least(least, e->arguments[1]), additive};
  }
  if (const ops::ConvolutionOperation* convolution = ops::as_convolution(operation)) {
    return convolution_of(e, *convolution);
  }
  if (operation.algebra() == Algebra::slice) {
    return {at_least(atom, e->arguments[0]) + range_text(operation, e->shape.rank()), atom};
  }
  if (operation.algebra() == Algebra::slice_adjoint) {
    const std::string range = range_text(operation, e->shape.rank());
    return {(latex() ? "\\operatorname{at}" : "at") + range + in_brackets(piece(e->arguments[0]).text), atom};
  }
  if (operation.algebra() == Algebra::concatenate) {
    return joined_parts(e->arguments, integer_of(operation, "axis"));
  }
  if (operation.algebra() == Algebra::take) {
    std::string index;
    for (std::int64_t axis = integer_of(operation, "axis"); axis > 0; --axis) {
      index += ":, ";
    }
    return {at_least(atom, e->arguments[0]) + "[" + index + piece(e->arguments[1]).text + "]", atom};
  }
  if (operation.algebra() == Algebra::cast && is_floating(e->dtype)) {
    return piece(e->arguments[0]);
  }
  if (notation.symbol == "‖") {
    return length_of(e);
  }
  const bool is_one_hot = operation.algebra() == Algebra::one_hot;
  std::string text{notation.symbol.empty() ? operation.name() : notation.symbol};
  text = latex() ? latex_operator(text) : text;
  std::vector<std::string> arguments;
  arguments.reserve(e->arguments.size());
  for (Expr argument : e->arguments) {
    const auto* matrices = argument->head == Head::call ? ops::as_matrix_operation(*argument->operation) : nullptr;
    const bool is_lu = matrices != nullptr && matrices->form() == ops::MatrixForm::factors;
    if (!is_lu && !is_random_state(argument)) {
      arguments.push_back(piece(argument).text);
    }
  }
  std::string constants = is_one_hot ? "" : attributes_of(e);
  if (arguments.empty() && constants.starts_with("; ")) {
    constants.erase(0, 2);
  }
  const std::string inside = fmt::format("{}{}", fmt::join(arguments, ", "), constants);
  return {text + in_brackets(inside), atom};
}

}  // namespace xgrad::formulas
