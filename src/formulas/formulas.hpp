#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "xgrad/derive.hpp"

#include "formulas/expression.hpp"
#include "formulas/names.hpp"
#include "formulas/translation.hpp"
#include "graph/order.hpp"

namespace xgrad::formulas {

/// A graph and its derived backward pass, read as formulas.
class Formulas {
 public:
  /// Whether y is known to depend on each x; if not, that it doesn't is an error.
  enum class Connection : bool { unknown, known };

  Formulas(const Tensor& y, std::span<const Tensor> xs, const DeriveOptions& options,
           Connection connection = Connection::unknown);
  /// Of several tensors, and no backward pass.
  Formulas(const std::vector<NamedTensor>& tensors, const DeriveOptions& options);
  Formulas(const Formulas&) = delete;
  Formulas& operator=(const Formulas&) = delete;

  [[nodiscard]] Derivation write(const DeriveOptions& options);

  /// An equation before it is written down.
  struct Line {
    Name left;
    Expr right = nullptr;
    Expr symbol = nullptr;  ///< whose definition it is, if it is one's
    static constexpr std::size_t no_target = static_cast<std::size_t>(-1);
    std::size_t target = no_target;   ///< which of the xs it is the gradient of
    const graph::Node* of = nullptr;  ///< what it is the gradient of
  };

  /// In the order of computation. Nothing is abbreviated.
  [[nodiscard]] std::vector<Line> forward_lines();
  [[nodiscard]] std::vector<Line> backward_lines() const;
  [[nodiscard]] Expressions& expressions() noexcept { return expressions_; }
  /// Of the forward pass.
  [[nodiscard]] const Layers& layers() const noexcept { return names_->layers(); }
  [[nodiscard]] const Name* name_of(Expr e) const;
  /// Leaves and named quantities of the forward pass.
  [[nodiscard]] std::vector<Expr> symbols() const;
  /// What the pass can't be read without, because formulas would be too long: symbols and their definitions.
  [[nodiscard]] std::vector<Line> abbreviations() const;
  /// The symbol of an x, if it is in the graph; else null.
  [[nodiscard]] Expr target(std::size_t i) const;

 private:
  void translate(const std::unordered_map<const graph::Node*, std::string>& given, const DeriveOptions& options);
  [[nodiscard]] Name adjoint_name(const graph::Node* node) const;
  [[nodiscard]] Name derivative_name(const Name& by) const;
  [[nodiscard]] Name derivative_name(const graph::Node* node) const;
  [[nodiscard]] Name target_name(std::size_t i) const;
  void name_swallowed_activations(std::vector<Line>& forward, const std::vector<Line>& backward);
  void name_terms(const DeriveOptions& options, std::vector<Line>& forward, std::vector<Line>& backward);
  [[nodiscard]] std::unordered_set<Expr> choose_terms(const DeriveOptions& options, const std::vector<Line>& forward,
                                                      const std::vector<Line>& backward);
  void insert_term_lines(std::vector<Line>& forward, std::vector<Line>& backward) const;
  void number_terms(const std::unordered_set<Expr>& made, std::vector<Line>& forward, std::vector<Line>& backward);
  [[nodiscard]] std::vector<Equation> equations(const std::vector<Line>& lines);
  void label(const std::vector<Line>& backward, std::vector<Equation>& equations);
  void note(Derivation& derivation, const std::vector<Line>& forward, const std::vector<Line>& backward) const;
  [[nodiscard]] std::vector<Expr> parts_of(const std::vector<Line>& lines) const;
  [[nodiscard]] static std::vector<Expr> new_parts(std::vector<Expr> roots, Marks& seen);

  Expressions expressions_;
  graph::Order order_;
  std::unique_ptr<Names> names_;
  std::unordered_set<const graph::Node*> symbols_;
  std::unique_ptr<Translation> translation_;
  std::unordered_map<const graph::Node*, Name> adjoints_;
  std::unordered_map<Expr, Name> terms_;  ///< formulas with a line of their own
  std::unordered_map<const graph::Node*, Name> abbreviations_;
  Tensor y_;
  Tensor cotangent_;  ///< of y, if it was given
  std::vector<Tensor> targets_;
  std::vector<std::string> target_names_;  ///< of those that simplification has put another tensor in the place of
  std::vector<Tensor> named_;              ///< what the user named
  std::vector<Tensor> interior_;           ///< intermediates with a gradient of their own
  std::vector<Tensor> gradients_;          ///< of the intermediates, then of the targets
  std::vector<Tensor> outputs_;            ///< without a backward pass
  std::vector<Name> output_names_;
  std::vector<Tensor> kept_;
};

}  // namespace xgrad::formulas
