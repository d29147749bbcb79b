#include "check/diagnosis/edits.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <functional>
#include <numeric>
#include <unordered_set>

#include "check/diagnosis/layer_edits.hpp"
#include "check/diagnosis/proposals.hpp"
#include "formulas/printing.hpp"
#include "ops/primitives.hpp"

namespace xgrad::check::diagnosis {

namespace {

using formulas::Expressions;
using formulas::Head;

constexpr std::size_t longest = 400;  // longer formulas would have too many edits

// Functions that are mistaken for one another.
std::vector<ops::OperationPointer> activations() {
  return {ops::sigmoid_operation(), ops::tanh_operation(), ops::relu_operation()};
}

// Adds the functions whose derivatives are in the formula and that rules don't know.
void add_activations(Expr e, std::vector<ops::OperationPointer>& known) {
  if (e->primed && e->head == Head::function && e->operation->algebra() == Algebra::opaque &&
      std::find(known.begin(), known.end(), e->operation) == known.end()) {
    known.push_back(e->operation);
  }
  std::for_each(e->arguments.begin(), e->arguments.end(), [&](Expr each) { add_activations(each, known); });
}

// The usual ones, and those of the lines.
std::vector<ops::OperationPointer> activations_of(const std::vector<Line>& lines) {
  std::vector<ops::OperationPointer> known = activations();
  for (const Line& line : lines) {
    if (line.right->size <= longest) {
      add_activations(line.right, known);
    }
  }
  return known;
}

struct Change {
  Expr replacement;
  std::string words;
  Rank rank;
  Expr slope = nullptr;  // of the replacement
  std::string slope_words = {};
  // What is replaced where the edit is made in other formulas, too, and by what.
  Expr part = nullptr;
  Expr instead = nullptr;
  bool everywhere = false;
};

/// The edits of one formula.
class Editor {
 public:
  Editor(formulas::Formulas& pass, const Vocabulary& vocabulary, Extent extent)
      : pass_{pass},
        extent_{extent},
        e_{pass.expressions()},
        vocabulary_{vocabulary},
        printer_{formulas::Dialect::text, [&pass](Expr e) { return pass.name_of(e); }} {}

  using Found = std::function<void(Expr formula, const Change& change, Expr slope)>;

  /// Calls found() for each edit of `root`.
  void run(Expr root, const Found& found) {
    root_ = root;
    visit(root, [&](Expr formula, const Change& change, Expr slope) {
      if ((formula != root || slope != nullptr) && formula->shape == root->shape) {
        found(formula, change, slope);
        if (extent_ == Extent::all && slope == nullptr && change.part != root &&
            (change.part->head != Head::symbol || change.everywhere) && change.instead->shape == change.part->shape &&
            occurrences(root, change.part) > 1) {
          found(inlined(root, change.part, change.instead), change, slope);  // in all its places
        }
      }
    });
  }

  /// The formula with a symbol written out.
  [[nodiscard]] Expr inlined(Expr root, Expr symbol, Expr definition) {
    if (root == symbol) {
      return definition;
    }
    if (root->arguments.empty()) {
      return root;
    }
    std::vector<Expr> arguments;
    bool changed = false;
    for (Expr argument : root->arguments) {
      arguments.push_back(inlined(argument, symbol, definition));
      changed = changed || arguments.back() != argument;
    }
    return changed ? e_.rebuilt(root, arguments) : root;
  }

  [[nodiscard]] std::string text(Expr e) {
    const formulas::Name* name = pass_.name_of(e);
    return name != nullptr ? name->text : printer_.of(e);
  }

 private:
  // How often a formula has this part.
  [[nodiscard]] static std::size_t occurrences(Expr root, Expr part) {
    return root == part ? 1
                        : std::accumulate(root->arguments.begin(), root->arguments.end(), std::size_t{0},
                                          [part](std::size_t sum, Expr e) { return sum + occurrences(e, part); });
  }

  // P of P + Pᵀ, where a mistake in P is in both summands; null if it isn't such a sum.
  [[nodiscard]] Expr half_of(Expr here) {
    const bool is_sum = here->head == Head::sum && here->arguments.size() == 2 && here->shape.rank() == 2 &&
                        here->shape[0] == here->shape[1] && here->arguments[0]->shape == here->shape &&
                        e_.transpose(here->arguments[0]) == here->arguments[1];
    return is_sum ? here->arguments[0] : nullptr;
  }

  // Likewise X P Xᵀ of X (P + Pᵀ) Xᵀ.
  [[nodiscard]] Expr half_of_product(Expr here) {
    if (here->head != Head::matmul || here->shape.rank() != 2) {
      return nullptr;
    }
    const Expr a = here->arguments[0];
    const Expr b = here->arguments[1];
    const auto half = [this](Expr x, Expr middle, Expr y) -> Expr {
      const Expr p = x->shape.rank() == 2 && e_.transpose(x) == y ? half_of(middle) : nullptr;
      return p != nullptr ? e_.matmul(e_.matmul(x, p), y) : nullptr;
    };
    if (a->head == Head::matmul) {
      if (const Expr found = half(a->arguments[0], a->arguments[1], b)) {
        return found;
      }
    }
    return b->head == Head::matmul ? half(a, b->arguments[0], b->arguments[1]) : nullptr;
  }

  // Recursion as deep as one formula.
  void visit(Expr here, const Found& found) {
    for (Change& change : changes_of(here)) {
      if (change.part == nullptr) {
        change.part = here;
        change.instead = change.replacement;
      }
      found(change.replacement, change, change.slope);
    }
    Expr half = half_of(here);
    half = half != nullptr ? half : half_of_product(here);
    if (half != nullptr) {
      visit(half, [&](Expr inner, const Change& change, Expr slope) {
        if (slope == nullptr && inner->shape == here->shape) {
          found(e_.sum(inner, e_.transpose(inner)), change, nullptr);
        }
      });
    }
    for (std::size_t i = 0; i < here->arguments.size(); ++i) {
      visit(here->arguments[i], [&](Expr inner, const Change& change, Expr slope) {
        std::vector<Expr> arguments = here->arguments;
        arguments[i] = inner;
        if (!fits(here, i, inner)) {
          return;
        }
        const Expr outer = e_.rebuilt(here, arguments);
        Expr outer_slope = nullptr;
        if (slope != nullptr) {
          if (here->head != Head::product && here->head != Head::matmul && here->head != Head::outer &&
              here->head != Head::transpose && here->head != Head::sum && here->head != Head::reduce &&
              here->head != Head::spread) {
            return;  // t wouldn't stay a factor
          }
          arguments[i] = slope;
          outer_slope = here->head == Head::sum ? e_.spread(slope, here->shape) : e_.rebuilt(here, arguments);
        }
        if (change.part == here->arguments[i] && change.part->head == Head::symbol && !change.everywhere) {
          Change lifted = change;  // a symbol may be anywhere: with what it is combined with
          lifted.part = here;
          lifted.instead = outer;
          found(outer, lifted, outer_slope);
          return;
        }
        found(outer, change, outer_slope);
      });
    }
  }

  // Whether an argument of another shape is possible there: it is where it broadcasts; the whole formula's shape is
  // checked.
  [[nodiscard]] static bool fits(Expr here, std::size_t i, Expr inner) {
    if (inner->shape == here->arguments[i]->shape) {
      return true;
    }
    if (here->head != Head::sum && here->head != Head::product) {
      return false;
    }
    Shape common = inner->shape;
    for (std::size_t j = 0; j < here->arguments.size(); ++j) {
      Shape wider;
      if (j != i && !broadcast(common, here->arguments[j]->shape, wider)) {
        return false;
      }
      common = j != i ? wider : common;
    }
    return true;
  }

  [[nodiscard]] std::vector<Change> changes_of(Expr here) {
    std::vector<Change> changes;
    for (const Rewriting& found : rewritings_of(here)) {
      changes.push_back({found.replacement, found.words, found.rank});
    }
    switch (here->head) {
      case Head::product:
        change_product(here, changes);
        break;
      case Head::sum:
        change_sum(here, changes);
        break;
      case Head::matmul:
        change_matmul(here, changes);
        break;
      case Head::outer:
        if (here->shape[0] == here->shape[1]) {
          changes.push_back({e_.transpose(here), in_place_of(e_.transpose(here), here), Rank::usual});
        }
        break;
      case Head::transpose:
        if (const Expr x = here->arguments[0]; x->shape == here->shape) {
          changes.push_back({x, in_place_of(x, here), Rank::usual});
        }
        break;
      case Head::function:
        change_function(here, changes);
        break;
      case Head::power:
        for (const double step : {-1.0, 1.0}) {
          if (here->number + step != 0) {
            const Expr other = e_.power(here->arguments[0], here->number + step);
            changes.push_back({other, in_place_of(other, here), Rank::common});
          }
        }
        if (here->number == 2) {
          // In the place of one of the two factors.
          for (Expr other : nearest(here->arguments[0], [here](Expr symbol) {
                 return symbol->shape == here->shape && symbol->dtype == here->dtype;
               })) {
            const Expr mixed = e_.product(here->arguments[0], other);
            changes.push_back({mixed, in_place_of(mixed, here), Rank::common});
          }
        } else {
          changes.push_back({here->arguments[0], in_place_of(here->arguments[0], here), Rank::common});
        }
        break;
      case Head::indicator:
        changes.push_back({e_.indicator(here->arguments[0], here->dtype, !here->primed),
                           in_place_of(e_.indicator(here->arguments[0], here->dtype, !here->primed), here),
                           Rank::common});
        break;
      case Head::reduce:
        change_reduction(here, changes);
        break;
      case Head::symbol:
        change_symbol(here, changes);
        break;
      case Head::number:
      case Head::spread:
      case Head::call:
        break;
    }
    std::vector<Proposal> proposals;
    if (extent_ == Extent::all) {
      propose_for_sums(sources_, here, proposals);
      propose_for_softmax(sources_, root_, here, proposals);
      propose_for_gates(sources_, root_, here, proposals);
    }
    for (Proposal& proposal : proposals) {
      changes.push_back({proposal.replacement, std::move(proposal.words), proposal.rank});
      changes.back().everywhere = proposal.everywhere;
    }
    return changes;
  }

  [[nodiscard]] const std::vector<Rewriting>& rewritings_of(Expr here) {
    const auto known = vocabulary_.rewritings->find(here);
    return known != vocabulary_.rewritings->end()
               ? known->second
               : vocabulary_.rewritings->emplace(here, layer_rewritings(e_, here, [this](Expr e) { return text(e); }))
                     .first->second;
  }

  [[nodiscard]] std::string in_place_of(Expr found, Expr expected) {
    return fmt::format("{} in place of {}", text(found), text(expected));
  }

  void change_product(Expr here, std::vector<Change>& changes) {
    const std::size_t count = here->arguments.size();
    for (std::size_t i = 0; i < count; ++i) {
      std::vector<Expr> rest = here->arguments;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
      const Expr replacement = rest.empty() ? e_.number(here->number, here->shape, here->dtype)
                                            : e_.spread(e_.product(here->number, rest), here->shape);
      const bool slope = here->arguments[i]->primed || here->arguments[i]->head == Head::indicator;
      const std::string of =
          occurrences(root_, here->arguments[i]) > 1 ? fmt::format(" of {}", text(here)) : std::string{};
      changes.push_back({replacement, fmt::format("the factor {}{} left out", text(here->arguments[i]), of),
                         slope ? Rank::usual : Rank::common});
      if (slope) {  // wherever it is a factor
        changes.back().part = here->arguments[i];
        changes.back().instead = e_.number(1, here->arguments[i]->shape, here->dtype);
      }
    }
    const double size = std::abs(here->number);
    if (size != 1) {
      const double sign = here->number < 0 ? -1 : 1;
      changes.push_back({e_.product(sign, here->arguments),
                         fmt::format("the factor {} left out", text(e_.number(size, {}, here->dtype))), Rank::usual});
    }
  }

  void change_sum(Expr here, std::vector<Change>& changes) {
    for (std::size_t i = 0; i < here->arguments.size(); ++i) {
      std::vector<Expr> rest = here->arguments;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
      const Expr term = here->arguments[i];
      const Expr positive = term->head == Head::product && term->number < 0 ? e_.scaled(-1, term) : term;
      changes.push_back(
          {e_.spread(e_.sum(rest), here->shape), fmt::format("the summand {} left out", text(positive)), Rank::usual});
      std::vector<Expr> flipped = here->arguments;
      flipped[i] = term->is_number() ? e_.number(-term->number, term->shape, term->dtype) : e_.scaled(-1, term);
      changes.push_back({e_.spread(e_.sum(flipped), here->shape),
                         fmt::format("the sign of the summand {} wrong", text(positive)), Rank::usual});
      std::vector<Expr> doubled = here->arguments;
      doubled.push_back(term);
      changes.push_back({e_.spread(e_.sum(doubled), here->shape),
                         fmt::format("the summand {} counted twice", text(positive)), Rank::rare});
    }
  }

  void change_matmul(Expr here, std::vector<Change>& changes) {
    const Expr a = here->arguments[0];
    const Expr b = here->arguments[1];
    if (a->shape.rank() == 2 && a->shape[0] == a->shape[1] && a->head != Head::transpose) {
      changes.push_back({e_.matmul(e_.transpose(a), b), in_place_of(e_.transpose(a), a), Rank::usual});
    }
    if (b->shape.rank() == 2 && b->shape[0] == b->shape[1] && b->head != Head::transpose) {
      changes.push_back({e_.matmul(a, e_.transpose(b)), in_place_of(e_.transpose(b), b), Rank::usual});
    }
    if (a->shape.rank() == 2 && b->shape.rank() == 2 && a->head == Head::transpose &&
        a->shape[1] == vocabulary_.batch && vocabulary_.batch > 1) {
      for (const bool last : {true, false}) {
        const Expr one = e_.matmul(one_of(a, 1, last), one_of(b, 0, last));
        changes.push_back(
            {one, fmt::format("only the {} sample taken", last ? "last" : "first"), last ? Rank::usual : Rank::rare});
      }
    }
    if (here->shape.rank() == 2 && here->shape[0] == here->shape[1]) {
      changes.push_back({e_.transpose(here), in_place_of(e_.transpose(here), here), Rank::common});
    }
  }

  // The first or last slice of x along the axis, which stays with length 1.
  [[nodiscard]] Expr one_of(Expr x, std::size_t axis, bool last) {
    const std::int64_t start = last ? x->shape[axis] - 1 : 0;
    return e_.call(ops::slice_operation({start, 1, 1}, axis), {x}, x->shape.with(axis, 1), x->dtype);
  }

  void change_reduction(Expr here, std::vector<Change>& changes) {
    const Expr x = here->arguments[0];
    if (here->axes.size() != 1) {
      return;
    }
    const auto axis = static_cast<std::size_t>(here->axes[0]);
    if (axis < 2 && x->shape.rank() <= 2 && x->shape[axis] > 1) {
      for (const bool last : {true, false}) {
        changes.push_back({e_.spread(one_of(x, axis, last), here->shape),
                           fmt::format("only the {} sample taken", last ? "last" : "first"),
                           last ? Rank::usual : Rank::rare});
      }
    }
    for (std::int64_t axis_of_other = 0; axis_of_other < static_cast<std::int64_t>(x->shape.rank()); ++axis_of_other) {
      if (axis_of_other == here->axes[0]) {
        continue;
      }
      const Expr other = e_.reduce(x, {axis_of_other}, here->keeps_axes);
      if (other->shape == here->shape) {
        changes.push_back({other, in_place_of(other, here), Rank::usual});
      } else if (here->keeps_axes) {
        changes.push_back({other, in_place_of(other, here), Rank::common});
      }
    }
  }

  void change_function(Expr here, std::vector<Change>& changes) {
    const Expr z = here->arguments[0];
    if (!here->primed) {
      if (z->shape == here->shape) {
        changes.push_back({z, in_place_of(z, here), Rank::usual});
      }
      return;
    }
    const Expr one = e_.number(1, {}, here->dtype);
    const Expr plain = e_.function(here->operation, z, here->shape);
    const auto change = [&](Expr replacement, Rank rank) {
      changes.push_back({replacement, in_place_of(replacement, here), rank});
    };
    change(plain, Rank::usual);
    changes.push_back({e_.function(here->operation, plain, here->shape, true),
                       fmt::format("{} in place of {}: the derivative taken at the activation",
                                   text(e_.function(here->operation, plain, here->shape, true)), text(here)),
                       Rank::usual});
    change(e_.sum(one, e_.scaled(-1, plain)), Rank::common);
    change(e_.product(plain, e_.sum(one, plain)), Rank::rare);
    change(e_.power(here, 2), Rank::rare);
    for (const ops::OperationPointer& other : activations()) {
      if (other->algebra() != here->operation->algebra()) {
        change(e_.function(other, z, here->shape, true), Rank::common);
      }
    }
    if (here->operation->algebra() == Algebra::sigmoid) {
      change(e_.product(z, e_.sum(one, e_.scaled(-1, z))), Rank::usual);
    } else if (here->operation->algebra() == Algebra::tanh) {
      change(e_.sum(one, e_.scaled(-1, e_.power(z, 2))), Rank::usual);
      change(e_.product(plain, e_.sum(one, e_.scaled(-1, plain))), Rank::common);
    } else if (here->operation->algebra() == Algebra::relu) {
      change(e_.sum(one, e_.scaled(-1, here)), Rank::common);
    } else {
      change_gated(here, plain, changes);
    }
  }

  // Of f(z) = z g(z), as silu and gelu are, f′ = g + z g′: only one of the two terms.
  void change_gated(Expr slope, Expr f, std::vector<Change>& changes) {
    const Expr gate = e_.product(f, e_.power(slope->arguments[0], -1));
    const Expr rest = e_.sum(slope, e_.scaled(-1, gate));
    const auto change = [&](Expr replacement, const char* term) {
      changes.push_back(
          {replacement, fmt::format("{}: the {} term of the product rule alone", in_place_of(replacement, slope), term),
           Rank::common});
    };
    change(gate, "first");
    change(rest, "second");
  }

  void change_symbol(Expr here, std::vector<Change>& changes) {
    const auto alike = [here](Expr other) { return other->shape == here->shape && other->dtype == here->dtype; };
    for (Expr other : nearest(here, alike)) {
      changes.push_back({other, in_place_of(other, here), Rank::usual});
    }
    const auto transposed = [here](Expr other) {
      return other->shape.rank() == 2 && here->shape.rank() == 2 && other->dtype == here->dtype &&
             other->shape != here->shape && other->shape[0] == here->shape[1] && other->shape[1] == here->shape[0];
    };
    for (Expr other : nearest(here, transposed)) {
      changes.push_back({e_.transpose(other), in_place_of(e_.transpose(other), here), Rank::rare});
    }
    for (const auto& [weight, gradient] : vocabulary_.updates) {
      if (weight == here) {
        changes.push_back({here, fmt::format("{} after its update in place of {}", text(here), text(here)),
                           Rank::common, e_.scaled(-1, gradient), "a learning rate of {:.6g}"});
      }
    }
  }

  // Other symbols that fit; of many those nearest in the forward pass.
  template <class Fits>
  [[nodiscard]] std::vector<Expr> nearest(Expr here, const Fits& fits) const {
    constexpr std::size_t most = 16;
    std::vector<Expr> others;
    std::copy_if(vocabulary_.symbols.begin(), vocabulary_.symbols.end(), std::back_inserter(others),
                 [&](Expr other) { return other != here && fits(other); });
    if (others.size() <= most) {
      return others;
    }
    const auto position = [this](Expr symbol) {
      const auto found = vocabulary_.position.find(symbol);
      return found == vocabulary_.position.end() ? std::ptrdiff_t{0} : static_cast<std::ptrdiff_t>(found->second);
    };
    std::sort(others.begin(), others.end(), [&, from = position(here)](Expr a, Expr b) {
      return std::pair{std::abs(position(a) - from), position(a)} <
             std::pair{std::abs(position(b) - from), position(b)};
    });
    others.resize(most);
    return others;
  }

  formulas::Formulas& pass_;
  Extent extent_;
  Expr root_ = nullptr;
  Expressions& e_;
  const Vocabulary& vocabulary_;
  formulas::Printer printer_;
  Sources sources_{pass_, vocabulary_, [this](Expr e) { return text(e); }};
};

bool uses(Expr root, Expr symbol) {
  return root == symbol || std::any_of(root->arguments.begin(), root->arguments.end(),
                                       [&](Expr argument) { return uses(argument, symbol); });
}

}  // namespace

std::vector<Edit> edits_of(formulas::Formulas& pass, const std::vector<Line>& lines, std::size_t line,
                           const Vocabulary& vocabulary, Extent extent) {
  Editor editor{pass, vocabulary, extent};
  std::vector<Edit> result;
  if (lines[line].right->weight > longest) {
    return result;
  }
  const Expr right = lines[line].right;
  std::unordered_set<Expr> known{right};
  const std::string& name = lines[line].left.text;
  const Expr zero = pass.expressions().number(0, right->shape, right->dtype);
  if (known.insert(zero).second) {
    result.push_back({line, zero, "zero in its place", name, Rank::usual, nullptr, false, {}, right, zero});
  }
  if (right->head == Head::function && right->primed) {
    const Expr one = pass.expressions().number(1, right->shape, right->dtype);
    known.insert(one);
    result.push_back({line,
                      one,
                      fmt::format("1 in place of {}", editor.text(right)),
                      name,
                      Rank::usual,
                      nullptr,
                      false,
                      {},
                      right,
                      one});
  }
  const auto add = [&](Expr root, const std::string& site, bool inlined) {
    editor.run(root, [&](Expr formula, const Change& change, Expr slope) {
      if (slope == nullptr && !known.insert(formula).second) {
        return;
      }
      const Rank rank =
          inlined && change.rank < Rank::rare ? static_cast<Rank>(static_cast<int>(change.rank) + 1) : change.rank;
      result.push_back({line, formula, change.words, site, rank, slope, inlined, change.slope_words,
                        inlined ? nullptr : change.part, inlined ? nullptr : change.instead});
    });
  };
  add(lines[line].right, name, false);
  for (const Line& other : lines) {
    if (other.symbol != nullptr && &other != &lines[line] && uses(lines[line].right, other.symbol)) {
      const Expr root = editor.inlined(lines[line].right, other.symbol, other.right);
      if (root->weight > longest) {
        continue;
      }
      known.insert(root);
      add(root, fmt::format("{} as {} uses it", other.left.text, name), true);
    }
  }
  // Of the whole formula.
  Expressions& e = pass.expressions();
  const auto whole = [&](Expr formula, const std::string& words, Rank rank) {
    if (formula->shape == right->shape && known.insert(formula).second) {
      result.push_back({line, formula, words, name, rank, nullptr, false, {}, right, formula});
    }
  };
  if (lines[line].symbol != nullptr && lines[line].of != nullptr) {
    for (Expr symbol : vocabulary.symbols) {
      if (symbol->node == lines[line].of) {
        for (const ops::OperationPointer& f : activations_of(lines)) {
          const Expr slope = e.function(f, symbol, symbol->shape, true);
          whole(e.product(right, slope), fmt::format("a factor {} too much", editor.text(slope)), Rank::common);
        }
      }
    }
  }
  if (right->shape.rank() == 2 && right->shape[0] == right->shape[1]) {
    whole(e.transpose(right), "all transposed", Rank::common);
  }
  const Sources sources{pass, vocabulary, [&](Expr x) { return editor.text(x); }};
  std::vector<Proposal> proposals;
  if (extent == Extent::all) {
    propose_for_masks(sources, lines[line], proposals);
    propose_for_lines(sources, lines, lines[line], proposals);
  }
  for (const Proposal& proposal : proposals) {
    whole(proposal.replacement, proposal.words, proposal.rank);
  }
  return result;
}

}  // namespace xgrad::check::diagnosis
