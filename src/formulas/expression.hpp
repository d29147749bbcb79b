#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "xgrad/operation.hpp"
#include "xgrad/tensor.hpp"

#include "graph/node.hpp"

/// Formulas: what a graph computes, as a person would write it.
namespace xgrad::formulas {

enum class Head : std::uint8_t {
  symbol,     ///< a quantity with a name of its own
  number,     ///< every element is `number`
  sum,        ///< Σ of the arguments, element by element
  product,    ///< number · Π of the arguments, element by element
  power,      ///< the argument, element by element to the power of `number`
  matmul,     ///< the matrix product of two arguments; a vector at the right is a column
  outer,      ///< u vᵀ
  transpose,  ///< the last two axes exchanged
  function,   ///< operation(argument), element by element or over an axis; its derivative if `primed`
  indicator,  ///< 1 where the boolean argument holds, else 0
  reduce,     ///< the argument's sum over `axes`
  spread,     ///< the argument with more axes or longer ones: only the shape differs
  call,       ///< any other operation on the arguments
};

struct Expression;
/// Interned: equal formulas are the same object.
using Expr = const Expression*;

struct Expression {
  Head head = Head::number;
  Shape shape;
  DType dtype = float32;
  std::vector<Expr> arguments = {};
  double number = 0;
  bool primed = false;  ///< of a function: its derivative; of an indicator: where the condition doesn't hold
  std::shared_ptr<const Operation> operation = nullptr;  ///< of a function or a call
  std::vector<std::int64_t> axes = {};                   ///< of a reduction, ascending
  bool keeps_axes = false;                               ///< whether a reduction leaves them with length 1
  const graph::Node* node = nullptr;                     ///< of a symbol
  std::size_t serial = 0;                                ///< by creation, from 1: larger than the arguments'
  std::size_t weight = 1;  ///< how long it is to read: the number of its symbols and numbers
  std::size_t size = 1;    ///< the number of formulas in it, itself among them, as a tree

  [[nodiscard]] bool is_number() const noexcept { return head == Head::number; }
  [[nodiscard]] bool is_number(double value) const noexcept { return head == Head::number && number == value; }
  [[nodiscard]] bool is_scalar() const noexcept { return shape.size() == 1; }
};

/// Whether formulas write the derivative of this operation as f′(z), not out: for σ and tanh, and where its Notation
/// says so.
[[nodiscard]] bool is_written_primed(const Operation& operation);

/// Makes formulas in their simplest form: sums and products are flat, with like terms and numbers taken together;
/// derivatives that are written primed are found (σ(z) (1 − σ(z)) = σ′(z)). Owns what it makes.
///
/// The algebra is that of real numbers: results agree with the graph's to rounding where that is finite.
class Expressions {
 public:
  Expressions() = default;
  Expressions(const Expressions&) = delete;
  Expressions& operator=(const Expressions&) = delete;

  Expr symbol(const graph::Node& node);
  Expr number(double value, const Shape& shape, DType dtype);
  /// Of the common shape of the terms.
  Expr sum(std::span<const Expr> terms);
  Expr sum(Expr a, Expr b) { return sum(std::vector<Expr>{a, b}); }
  Expr product(double factor, std::span<const Expr> factors);
  Expr product(Expr a, Expr b) { return product(1, std::vector<Expr>{a, b}); }
  Expr scaled(double factor, Expr x) { return product(factor, std::vector<Expr>{x}); }
  Expr power(Expr base, double exponent);
  Expr matmul(Expr a, Expr b);
  Expr outer(Expr u, Expr v);
  Expr transpose(Expr x);
  Expr function(std::shared_ptr<const Operation> operation, Expr argument, const Shape& shape, bool primed = false);
  Expr indicator(Expr condition, DType dtype, bool complement = false);
  Expr reduce(Expr x, std::vector<std::int64_t> axes, bool keeps_axes);
  Expr spread(Expr x, const Shape& shape);
  Expr call(std::shared_ptr<const Operation> operation, std::vector<Expr> arguments, const Shape& shape, DType dtype);

  /// The same head on other arguments, simplified anew.
  Expr rebuilt(Expr x, const std::vector<Expr>& arguments);

  /// Gives a node's symbol its definition. If a is defined as σ(z), σ(z) is a from now on, and a (1 − a) is σ′(z).
  /// An abbreviation is a name that nobody gave: what stands behind it may be written instead.
  void define(const graph::Node& node, Expr definition, bool is_abbreviation = false);
  [[nodiscard]] Expr definition(Expr symbol) const;

  /// condition ? yes : no, by a call of `where`.
  Expr choice(const std::shared_ptr<const Operation>& where, Expr condition, Expr yes, Expr no, const Shape& shape);

  /// Σ of these symbols over the axis is 1 everywhere: class probabilities given as data.
  void sums_to_one(const graph::Node& node, std::int64_t axis) { distributions_[&node] = axis; }
  /// Whether a formula was simplified by that.
  [[nodiscard]] bool used_distribution() const noexcept { return used_distribution_; }

  /// f′(z) as f's operation writes it, with `value` for f(z); null for zero.
  [[nodiscard]] Expr written_out_derivative(Expr function, Expr value);

  /// The number of formulas; the largest serial.
  [[nodiscard]] std::size_t count() const noexcept { return all_.size(); }

 private:
  struct Power {
    Expr base = nullptr;
    double exponent = 1;
  };

  /// f′(z) as the operation's derivative writes it: factor · Π base^exponent.
  struct Derivative {
    double factor = 1;
    std::vector<Power> powers;
    Expr function = nullptr;  // f(z)
  };

  /// f′(z) for any z of a shape and dtype, as a graph.
  struct Slope {
    Tensor written_out;  // undefined: it is 0
    Tensor argument;     // stands for z
    Tensor output;       // stands for f(z)
  };
  using SlopeKey = std::tuple<std::uint64_t, DType, std::vector<std::int64_t>>;  // operation, dtype, shape

  /// A formula as number · scalars · others. Number and scalars commute with everything linear.
  struct Parts {
    std::vector<Expr> scalars;  // of zero rank
    std::vector<Expr> others;
    double factor = 1;

    [[nodiscard]] bool is_plain() const noexcept { return factor == 1 && scalars.empty(); }
  };

  Parts parts_of(Expr x);
  Expr intern(Expression expression);
  Expr flat_product(double factor, std::vector<Expr> factors, const Shape& shape, DType dtype);
  Expr expanded(Expr sum);
  Expr between_equal(const std::vector<Expr>& terms);
  Expr cancelled(double factor, const std::vector<Power>& powers);
  void name_derivatives(double& factor, std::vector<Power>& powers);
  bool name_derivative(double& factor, std::vector<Power>& powers);
  [[nodiscard]] Expr find_derivative(Expr e);
  [[nodiscard]] Expr find_factored_derivative(std::span<const Expr> parts,
                                              const std::function<Expr(const std::vector<Expr>&)>& whole);
  void add_derivative(Expr function, Expr value);
  [[nodiscard]] const Slope& slope_of(const std::shared_ptr<const Operation>& operation, Expr z);
  [[nodiscard]] static Derivative factors_of(Expr e);
  [[nodiscard]] Expr argument_of(Expr x, Algebra function) const;
  [[nodiscard]] bool is_distribution(Expr x, const std::vector<std::int64_t>& axes) const;
  /// Of x that is summed over these axes: without terms whose sum is zero for all values, as that of d = x − μ is, and
  /// of d times what is constant along the axes.
  [[nodiscard]] Expr without_zero_sums(Expr x, const std::vector<std::int64_t>& axes);

  std::deque<Expression> all_;
  std::unordered_multimap<std::size_t, Expr> index_;
  std::unordered_map<const graph::Node*, Expr> definitions_;
  std::unordered_set<const graph::Node*> abbreviations_;
  std::unordered_map<Expr, Expr> symbols_;                 // by function: the symbol that it defines
  std::unordered_multimap<Expr, Derivative> derivatives_;  // by the heaviest of their bases
  std::map<SlopeKey, Slope> slopes_;
  std::unordered_set<Expr> differentiated_;  // functions whose derivatives are known, or being read
  std::unordered_map<const graph::Node*, std::int64_t> distributions_;
  std::vector<Tensor> held_;  // of the symbols
  bool used_distribution_ = false;
  bool expanding_ = false;
};

/// A set of formulas, as one mark for each that there is.
class Marks {
 public:
  explicit Marks(const Expressions& all) : marks_(all.count() + 1, 0) {}

  /// Whether it wasn't in the set before.
  bool insert(Expr e) noexcept { return std::exchange(marks_[e->serial], 1) == 0; }

 private:
  std::vector<char> marks_;  // by serial
};

}  // namespace xgrad::formulas
