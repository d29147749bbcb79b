#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "xgrad/derive.hpp"

#include "formulas/expression.hpp"
#include "formulas/names.hpp"
#include "formulas/passes.hpp"
#include "formulas/translation.hpp"
#include "graph/order.hpp"

namespace xgrad::formulas {

/// A graph and its derived backward pass, read as formulas.
class Formulas {
 public:
  using Connection = formulas::Connection;

  Formulas(const Tensor& y, std::span<const Tensor> xs, const DeriveOptions& options,
           Connection connection = Connection::unknown)
      : Formulas{passes_of(y, xs, options, connection)} {}
  /// Of several tensors, without a backward pass.
  Formulas(const std::vector<NamedTensor>& tensors, const DeriveOptions& options)
      : Formulas{passes_of(tensors, options)} {}
  Formulas(const Formulas&) = delete;
  Formulas& operator=(const Formulas&) = delete;

  [[nodiscard]] Derivation write(const DeriveOptions& options);

  /// An equation before it is written down.
  struct Line {
    Name left;
    Expr right = nullptr;
    Expr symbol = nullptr;  ///< the symbol that it defines; null if none
    static constexpr std::size_t no_target = static_cast<std::size_t>(-1);
    std::size_t target = no_target;   ///< the index of the x that it is the gradient of
    const graph::Node* of = nullptr;  ///< the node that it is the gradient of; null if none
  };

  /// In the order of computation. Nothing is abbreviated.
  [[nodiscard]] std::vector<Line> forward_lines() const;
  [[nodiscard]] std::vector<Line> backward_lines() const;
  [[nodiscard]] Expressions& expressions() noexcept { return expressions_; }
  /// Of the forward pass.
  [[nodiscard]] const Layers& layers() const noexcept { return names_.layers(); }
  [[nodiscard]] const Name* name_of(Expr e) const;
  /// Leaves and named quantities of the forward pass.
  [[nodiscard]] std::vector<Expr> symbols() const;
  /// Symbols that stand for parts of formulas, which would be too long otherwise, and their definitions.
  [[nodiscard]] std::vector<Line> abbreviations() const;
  /// The symbol of an x, if it is in the graph; else null.
  [[nodiscard]] Expr target(std::size_t i) const;

 private:
  /// A line of the backward pass that may be wanted.
  struct Candidate;

  explicit Formulas(Passes passes);
  void name_targets();
  void name_cotangent();
  void name_adjoints();
  void find_distributions();
  void translate();

  [[nodiscard]] Name adjoint_name(const graph::Node* node) const;
  /// The name of the quantity that is differentiated.
  [[nodiscard]] Name name_of_y() const;
  [[nodiscard]] Name derivative_name(const Name& by) const;
  [[nodiscard]] Name derivative_name(const graph::Node* node) const;
  [[nodiscard]] Name target_name(std::size_t i) const;

  [[nodiscard]] std::unordered_map<const graph::Node*, std::size_t> positions() const;
  [[nodiscard]] std::vector<Candidate> candidates() const;
  void mark_needed(std::vector<Candidate>& candidates) const;

  void name_absorbed_activations(std::vector<Line>& forward, const std::vector<Line>& backward);
  void name_terms(const DeriveOptions& options, std::vector<Line>& forward, std::vector<Line>& backward);
  [[nodiscard]] std::unordered_set<Expr> choose_terms(const DeriveOptions& options, const std::vector<Line>& forward,
                                                      const std::vector<Line>& backward);
  [[nodiscard]] std::vector<std::size_t> uses_in(const std::vector<Line>& lines, const std::vector<Expr>& parts) const;
  void insert_term_lines(std::vector<Line>& forward, std::vector<Line>& backward) const;
  void number_terms(const std::unordered_set<Expr>& made, std::vector<Line>& forward, std::vector<Line>& backward);
  [[nodiscard]] std::vector<Equation> equations(const std::vector<Line>& lines);
  [[nodiscard]] std::vector<std::string> names_in(Expr formula, bool by_name) const;
  void label(const std::vector<Line>& backward, std::vector<Equation>& equations);
  void note_constants(Derivation& derivation) const;
  void note_adjoints(Derivation& derivation, const std::vector<Line>& backward) const;
  void note(Derivation& derivation, const std::vector<Line>& forward, const std::vector<Line>& backward) const;
  [[nodiscard]] std::vector<Expr> parts_of(const std::vector<Line>& lines) const;
  [[nodiscard]] static std::vector<Expr> new_parts(std::vector<Expr> roots, Marks& seen);

  Expressions expressions_;
  Passes passes_;
  graph::Order order_;                                     ///< of the forward pass
  Names names_;                                            ///< of the forward pass, the targets and the cotangent
  std::unordered_map<const graph::Node*, Name> adjoints_;  ///< gradients with a name of their own, none of `names_`
  std::unordered_set<const graph::Node*> symbols_;         ///< what is in `names_` or `adjoints_`
  Translation translation_;
  std::unordered_map<Expr, Name> terms_;  ///< formulas with a line of their own
  std::unordered_map<const graph::Node*, Name> abbreviations_;
};

}  // namespace xgrad::formulas
