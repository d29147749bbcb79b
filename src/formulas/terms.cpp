// Which formulas get a name and a line of their own.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <variant>

#include "formulas/formulas.hpp"
#include "ops/convolution/convolution.hpp"
#include "ops/decompositions/matrix_form.hpp"

namespace xgrad::formulas {

namespace {

// About how many characters the name of a term takes.
constexpr std::size_t name_length = 2;

// About how many characters the constants of an operation take.
std::size_t constants_length(const Operation& operation) {
  constexpr std::size_t of_number = 5;
  std::size_t total = 0;
  for (const Attribute& attribute : operation.attributes()) {
    const bool* flag = std::get_if<bool>(&attribute.value);
    const auto* list = std::get_if<std::vector<std::int64_t>>(&attribute.value);
    if (attribute.name != "dtype" && (flag == nullptr || *flag)) {
      total += attribute.name.size() + 3 + (list == nullptr ? of_number : 3 * list->size());
    }
  }
  return total;
}

// About how many characters a call takes beside its arguments: those of signs, names and constants.
std::size_t call_length(const Expression& e) {
  const Notation notation = e.operation->notation();
  if (ops::as_convolution(*e.operation) != nullptr || ops::as_matrix_operation(*e.operation) != nullptr) {
    return 4 + characters(notation.symbol);  // ⋆, A⁻¹, |A|
  }
  if (notation.form == Notation::Form::infix && e.arguments.size() == 2) {
    return 2 + characters(notation.symbol);
  }
  switch (e.operation->algebra()) {
    case Algebra::slice:
    case Algebra::slice_adjoint:
      return 4 * e.shape.rank() + 4;
    case Algebra::concatenate:
      return 2 * e.arguments.size() + 2;
    default:
      break;
  }
  const std::size_t name = characters(notation.symbol.empty() ? e.operation->name() : notation.symbol);
  return name + 2 * e.arguments.size() + constants_length(*e.operation);
}

// About how many characters a formula takes beside its arguments.
std::size_t own_length(const Expression& e) {
  const std::size_t between = 3 * (e.arguments.empty() ? 0 : e.arguments.size() - 1);
  switch (e.head) {
    case Head::symbol:
    case Head::number:
      return 2;
    case Head::spread:
      return 0;
    case Head::sum:
    case Head::product:
      return between + 2;
    case Head::function:
      return characters(e.operation->notation().symbol.empty() ? e.operation->name() : e.operation->notation().symbol) +
             2;
    case Head::call:
      return call_length(e);
    default:
      return 3;
  }
}

bool may_be_term(const Expression& e) {
  return e.head != Head::symbol && e.head != Head::number && e.head != Head::spread && !e.arguments.empty() &&
         e.dtype != boolean;
}

}  // namespace

// σ(z) that simplification has drawn into the loss is an activation all the same.
void Formulas::name_absorbed_activations(std::vector<Line>& forward, const std::vector<Line>& backward) {
  std::unordered_set<std::string> taken;
  for (const Line& line : forward) {
    taken.insert(line.left.text);
  }
  for (Expr e : parts_of(backward)) {
    if (e->head == Head::function && !e->primed && e->arguments[0]->head == Head::symbol &&
        names_.is_preactivation(e->arguments[0]->node) &&
        (e->operation->algebra() == Algebra::sigmoid || e->operation->algebra() == Algebra::softmax)) {
      const Name name = make_name("a", names_.layer(e->arguments[0]->node));
      if (taken.insert(name.text).second) {
        terms_.emplace(e, name);
        forward.insert(forward.end() - 1, Line{name, e});
      }
    }
  }
}

// A formula that is used twice, or makes a line too long, gets a name and a line of its own.
void Formulas::name_terms(const DeriveOptions& options, std::vector<Line>& forward, std::vector<Line>& backward) {
  const std::unordered_set<Expr> made = choose_terms(options, forward, backward);
  insert_term_lines(forward, backward);
  number_terms(made, forward, backward);
}

// How often each formula is used by another or defined by a line, by serial.
std::vector<std::size_t> Formulas::uses_in(const std::vector<Line>& lines, const std::vector<Expr>& parts) const {
  std::vector<std::size_t> uses(expressions_.count() + 1, 0);
  for (const Line& line : lines) {
    ++uses[line.right->serial];
  }
  for (Expr e : parts) {
    for (Expr argument : e->arguments) {
      ++uses[argument->serial];
    }
  }
  return uses;
}

// Which formulas are written by name where they are used. Those in the result have no line yet.
std::unordered_set<Expr> Formulas::choose_terms(const DeriveOptions& options, const std::vector<Line>& forward,
                                                const std::vector<Line>& backward) {
  constexpr std::size_t worth_sharing = 4;
  std::vector<Line> all = forward;
  all.insert(all.end(), backward.begin(), backward.end());
  const std::vector<Line> abbreviated = abbreviations();
  all.insert(all.end(), abbreviated.begin(), abbreviated.end());
  std::unordered_map<Expr, Name> defined;  // by the first line that defines it
  for (const Line& line : all) {
    defined.emplace(line.right, line.left);
  }
  const std::vector<Expr> parts = parts_of(all);
  const std::vector<std::size_t> uses = uses_in(all, parts);
  // What a line consists of, but for a number before it.
  std::unordered_set<Expr> whole;
  for (const Line& line : all) {
    Expr e = line.right;
    while (e->head == Head::spread || (e->head == Head::product && e->arguments.size() == 1)) {
      e = e->arguments[0];
      if (uses[e->serial] == 1) {
        whole.insert(e);
      }
    }
  }
  std::unordered_set<Expr> made;
  std::vector<std::size_t> length(uses.size(), 0);  // of the text that stands for a formula, about; by serial
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
    const auto line = defined.find(e);
    const bool is_worth_a_name = uses[e->serial] > 1 && e->weight >= worth_sharing;
    if (line != defined.end() && is_worth_a_name) {
      terms_.emplace(e, line->second);
      total = characters(line->second.text);
    } else if (line == defined.end() && (is_worth_a_name || (total > options.line_width && !whole.contains(e)))) {
      terms_.emplace(e, make_name("t"));
      made.insert(e);
      total = name_length;
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
  Marks seen{expressions_};  // with a formula, all that it is made of
  // Lines for the terms of a formula that have none yet, in the order in which they are met.
  const auto missing = [&](Expr formula) {
    std::vector<Line> lines;
    for (Expr e : new_parts({formula}, seen)) {
      const bool is_abbreviated = e->head == Head::symbol && abbreviations_.contains(e->node);
      const bool is_term = e != formula && terms_.contains(e);
      const Expr right = is_abbreviated ? expressions_.definition(e) : e;
      if ((is_abbreviated || is_term) && has_line.insert(right).second) {
        lines.push_back({*name_of(e), right, is_abbreviated ? e : nullptr});
      }
    }
    return lines;
  };
  for (std::vector<Line>* lines : {&forward, &backward}) {
    std::vector<Line> result;
    std::vector<Line> waiting{lines->rbegin(), lines->rend()};
    while (!waiting.empty()) {
      const std::vector<Line> before = missing(waiting.back().right);
      if (before.empty()) {
        result.push_back(waiting.back());
        waiting.pop_back();
      }
      waiting.insert(waiting.end(), before.rbegin(), before.rend());
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
      } while (names_.is_taken(line.left.text));
      if (abbreviated) {
        abbreviations_.insert_or_assign(line.symbol->node, line.left);
      } else {
        terms_.insert_or_assign(line.right, line.left);
      }
    }
  }
}

}  // namespace xgrad::formulas
