// Writing formulas down: which get a line and a name of their own, notes.
#include <algorithm>
#include <fmt/format.h>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "formulas/evaluation.hpp"
#include "formulas/formulas.hpp"
#include "formulas/printing.hpp"

namespace xgrad::formulas {

namespace {

// About how many characters the name of a term takes.
constexpr std::size_t name_length = 2;

// About how many characters a formula takes beside its arguments.
std::size_t own_length(const Expression& e) {
  switch (e.head) {
    case Head::symbol:
    case Head::number:
      return 3;
    case Head::call:
      return 12;
    default:
      return 4;
  }
}

bool may_be_term(const Expression& e) {
  return e.head != Head::symbol && e.head != Head::number && e.head != Head::spread && !e.arguments.empty() &&
         e.dtype != boolean;
}

}  // namespace

Derivation Formulas::write(const DeriveOptions& options) {
  std::vector<Line> forward = forward_lines();
  std::vector<Line> backward = backward_lines();
  name_swallowed_activations(forward, backward);
  name_terms(options, forward, backward);
  Derivation result;
  result.forward = equations(forward);
  result.backward = equations(backward);
  label(backward, result.backward);
  note(result, forward, backward);
  return result;
}

// σ(z) that the loss has swallowed is an activation all the same.
void Formulas::name_swallowed_activations(std::vector<Line>& forward, const std::vector<Line>& backward) {
  std::unordered_set<std::string> taken;
  for (const Line& line : forward) {
    taken.insert(line.left.text);
  }
  for (Expr e : parts_of(backward)) {
    if (e->head == Head::function && !e->primed && e->arguments[0]->head == Head::symbol &&
        names_->is_preactivation(e->arguments[0]->node) &&
        (e->operation->algebra() == Algebra::sigmoid || e->operation->algebra() == Algebra::softmax)) {
      const Name name = make_name("a", names_->layer(e->arguments[0]->node));
      if (taken.insert(name.text).second) {
        terms_.emplace(e, name);
        forward.insert(forward.end() - 1, Line{name, e});
      }
    }
  }
}

// What is used twice, or makes a line too long, gets a name and a line of its own.
void Formulas::name_terms(const DeriveOptions& options, std::vector<Line>& forward, std::vector<Line>& backward) {
  const std::unordered_set<Expr> made = choose_terms(options, forward, backward);
  insert_term_lines(forward, backward);
  number_terms(made, forward, backward);
}

// Which formulas are written by name where they are used. Those in the result have no line yet.
std::unordered_set<Expr> Formulas::choose_terms(const DeriveOptions& options, const std::vector<Line>& forward,
                                                const std::vector<Line>& backward) {
  constexpr std::size_t worth_sharing = 4;
  std::vector<Line> all = forward;
  all.insert(all.end(), backward.begin(), backward.end());
  for (const Line& line : abbreviations()) {
    all.push_back(line);
  }
  const std::vector<Expr> parts = parts_of(all);
  std::vector<std::size_t> uses(expressions_.count() + 1, 0);  // by serial
  std::unordered_map<Expr, Name> roots;                        // and what the first line that defines one calls it
  for (const Line& line : all) {
    roots.emplace(line.right, line.left);
    ++uses[line.right->serial];
  }
  for (Expr e : parts) {
    for (Expr argument : e->arguments) {
      ++uses[argument->serial];
    }
  }
  std::unordered_set<Expr> made;
  std::vector<std::size_t> length(uses.size(), 0);  // about, of what is written for it, by serial
  for (Expr e : parts) {
    std::size_t& total = length[e->serial];
    total = own_length(*e);
    for (Expr argument : e->arguments) {
      total += length[argument->serial];
    }
    if (!may_be_term(*e) || terms_.contains(e)) {
      total = terms_.contains(e) ? name_length : total;
      continue;
    }
    const auto root = roots.find(e);
    const bool is_shared = uses[e->serial] > 1;
    if (root == roots.end() && ((is_shared && e->weight >= worth_sharing) || total > options.line_width)) {
      terms_.emplace(e, make_name("t"));
      made.insert(e);
      total = name_length;
    } else if (root != roots.end() && is_shared && e->weight >= worth_sharing) {
      terms_.emplace(e, root->second);  // a line that already defines it lends its name
      total = characters(root->second.text);
    }
  }
  return made;
}

// The lines of terms and abbreviations, each before the first that uses it.
void Formulas::insert_term_lines(std::vector<Line>& forward, std::vector<Line>& backward) const {
  std::unordered_set<Expr> has_line;
  for (const std::vector<Line>* lines : {&forward, &backward}) {
    for (const Line& line : *lines) {
      has_line.insert(line.right);
    }
  }
  Marks looked_at{expressions_};  // then so is all that it is made of
  for (std::vector<Line>* lines : {&forward, &backward}) {
    std::vector<Line> result;
    for (const Line& line : *lines) {
      std::vector<Line> waiting{line};
      while (!waiting.empty()) {
        const Line next = waiting.back();
        const std::size_t before = waiting.size();
        for (Expr e : new_parts({next.right}, looked_at)) {
          const bool abbreviated = e->head == Head::symbol && abbreviations_.contains(e->node);
          const Expr right = abbreviated ? expressions_.definition(e) : e;
          if ((abbreviated || (e != next.right && terms_.contains(e))) && has_line.insert(right).second) {
            waiting.push_back({*name_of(e), right, abbreviated ? e : nullptr});
          }
        }
        if (waiting.size() == before) {
          result.push_back(next);
          waiting.pop_back();
        } else {
          // What was met first is needed first.
          std::reverse(waiting.begin() + static_cast<std::ptrdiff_t>(before), waiting.end());
        }
      }
    }
    *lines = std::move(result);
  }
}

// t¹, t², … in the order of the lines.
void Formulas::number_terms(const std::unordered_set<Expr>& made, std::vector<Line>& forward,
                            std::vector<Line>& backward) {
  std::size_t count = 0;
  for (std::vector<Line>* lines : {&forward, &backward}) {
    for (Line& line : *lines) {
      const bool abbreviated = line.symbol != nullptr && abbreviations_.contains(line.symbol->node);
      if (!abbreviated && !made.contains(line.right)) {
        continue;
      }
      do {
        line.left = make_name("t", ++count);
      } while (names_->is_taken(line.left.text));
      if (abbreviated) {
        abbreviations_.insert_or_assign(line.symbol->node, line.left);
      } else {
        terms_.insert_or_assign(line.right, line.left);
      }
    }
  }
}

std::vector<Equation> Formulas::equations(const std::vector<Line>& lines) {
  const auto names = [this](Expr e) { return name_of(e); };
  Printer text{Dialect::text, names};
  Printer latex{Dialect::latex, names};
  Evaluation evaluation{expressions_};
  std::vector<Equation> result;
  for (const Line& line : lines) {
    // A name lent to this very formula isn't its own definition.
    const bool alias = terms_.contains(line.right) && terms_.at(line.right).text != line.left.text;
    Equation equation;
    equation.left = line.left.text;
    equation.latex_left = line.left.latex;
    equation.right = alias ? terms_.at(line.right).text : text.of(line.right);
    equation.latex_right = alias ? terms_.at(line.right).latex : latex.of(line.right);
    equation.shape = line.right->shape;
    equation.value = evaluation.of(line.right);
    std::vector<Expr> stack{line.right->arguments.rbegin(), line.right->arguments.rend()};
    if (alias) {
      stack = {line.right};
    }
    if (line.right->head == Head::symbol) {
      stack.push_back(line.right);
    }
    std::unordered_set<Expr> met;
    std::unordered_set<std::string_view> used;
    while (!stack.empty()) {
      const Expr e = stack.back();
      stack.pop_back();
      if (!met.insert(e).second) {
        continue;
      }
      if (const Name* name = name_of(e)) {
        if (used.insert(name->text).second) {
          equation.uses.push_back(name->text);
        }
      } else {
        stack.insert(stack.end(), e->arguments.rbegin(), e->arguments.rend());
      }
    }
    result.push_back(std::move(equation));
  }
  return result;
}

void Formulas::note(Derivation& derivation, const std::vector<Line>& forward, const std::vector<Line>& backward) const {
  bool has_layer = false;
  std::unordered_map<const graph::Node*, const graph::Node*> differentiated_by;
  for (std::size_t i = 0; i < interior_.size(); ++i) {
    differentiated_by.emplace(gradients_[i].node(), interior_[i].node());
  }
  for (const Line& line : backward) {
    const auto by = line.symbol == nullptr ? differentiated_by.end() : differentiated_by.find(line.symbol->node);
    if (by == differentiated_by.end()) {
      continue;
    }
    if (names_->is_preactivation(by->second) && !by->second->name) {
      has_layer = true;
    } else {
      derivation.notes.push_back(fmt::format("{} := {}", line.left.text, derivative_name(by->second).text));
    }
  }
  if (has_layer) {
    const bool numbered = std::any_of(interior_.begin(), interior_.end(), [this](const Tensor& t) {
      return names_->is_preactivation(t.node()) && names_->layer(t.node()) > 0;
    });
    const std::string of = cotangent_.defined() ? "Loss" : names_->of(y_.node()).text;
    derivation.notes.insert(derivation.notes.begin(),
                            numbered ? fmt::format("δˡ := ∂{}/∂zˡ", of) : fmt::format("δ := ∂{}/∂z", of));
  }
  if (cotangent_.defined()) {
    derivation.notes.push_back(
        fmt::format("{} := {}, given", names_->of(cotangent_.node()).text, derivative_name(y_.node()).text));
  }
  std::vector<Line> all = forward;
  all.insert(all.end(), backward.begin(), backward.end());
  const std::vector<Expr> parts = parts_of(all);
  const auto any = [&](const auto& condition) { return std::any_of(parts.begin(), parts.end(), condition); };
  if (any([](Expr e) { return e->head == Head::reduce && e->axes.size() < e->arguments[0]->shape.rank(); })) {
    derivation.notes.emplace_back("Σ₀ sums over axis 0, the samples of a batch; Σ₁ over axis 1, and so on");
  }
  // An axis of length 1 behind others: NumPy's broadcasting wouldn't put it there.
  const auto gets_axis_behind = [](Expr e) {
    if (e->head != Head::spread || e->arguments[0]->shape.rank() >= e->shape.rank()) {
      return false;
    }
    const Shape& from = e->arguments[0]->shape;
    const std::size_t more = e->shape.rank() - from.rank();
    for (std::size_t axis = 0; axis < from.rank(); ++axis) {
      if (from[axis] != e->shape[axis + more] && from[axis] != 1) {
        return true;
      }
    }
    return false;
  };
  if (any(gets_axis_behind)) {
    derivation.notes.emplace_back(
        "what was reduced over an axis is repeated along it where it meets the whole: of axis 1, a column");
  }
  if (any([](Expr e) {
        return e->head == Head::indicator &&
               (e->primed || e->arguments[0]->head != Head::call || e->arguments[0]->operation->name() != "one_hot");
      })) {
    derivation.notes.emplace_back("[c] is 1 where c holds, else 0");
  }
  if (any([](Expr e) { return e->head == Head::call && e->operation->name() == "slice_adjoint"; })) {
    derivation.notes.emplace_back("at[i](v) is zero but for v at [i]");
  }
  if (expressions_.used_distribution()) {
    derivation.notes.emplace_back("simplified by Σ = 1 over the classes of each sample, which holds for this target");
  }
}

}  // namespace xgrad::formulas
