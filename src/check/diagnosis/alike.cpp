#include "check/diagnosis/alike.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

#include "ops/attributes.hpp"

namespace xgrad::check::diagnosis {

namespace {

using formulas::Expressions;
using formulas::Head;

bool is_leaf(Expr symbol) {
  return symbol->node->operation == nullptr;
}

std::map<std::string, std::int64_t> numbers_of(const Operation& operation) {
  std::map<std::string, std::int64_t> numbers;
  for (const Attribute& attribute : operation.attributes()) {
    if (const auto* number = std::get_if<std::int64_t>(&attribute.value)) {
      numbers.emplace(attribute.name, *number);
    }
  }
  return numbers;
}

bool have_equal_attributes(const Operation& a, const Operation& b) {
  const auto left = a.attributes();
  const auto right = b.attributes();
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const Attribute& x, const Attribute& y) { return x.name == y.name && x.value == y.value; });
}

// The data that this is an arrangement or a part of; null if it is none of data.
Expr data_in(Expr e) {
  const bool is_arranged = e->head == Head::spread || (e->head == Head::call && e->arguments.size() == 1);
  if (!is_arranged) {
    return nullptr;
  }
  const Expr x = e->arguments[0];
  if (x->head != Head::symbol) {
    return data_in(x);
  }
  return is_leaf(x) && !x->node->history ? x : nullptr;
}

bool is_slice(const Operation& operation) {
  return operation.algebra() == Algebra::slice || operation.algebra() == Algebra::slice_adjoint;
}

}  // namespace

std::string without_number(std::string_view name) {
  constexpr std::array<std::string_view, 10> raised{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  bool shorter = true;
  while (shorter && !name.empty()) {
    shorter = false;
    if (name.back() >= '0' && name.back() <= '9') {
      name.remove_suffix(1);
      shorter = true;
    }
    for (const std::string_view digit : raised) {
      if (name.ends_with(digit)) {
        name.remove_suffix(digit.size());
        shorter = true;
      }
    }
  }
  return std::string{name};
}

Alikeness::Alikeness(formulas::Formulas& pass, const std::vector<Line>& lines, const Vocabulary& vocabulary)
    : pass_{pass} {
  if (lines.empty()) {
    return;
  }
  std::unordered_map<const graph::Node*, Expr> symbols;
  for (Expr symbol : vocabulary.symbols) {
    symbols.emplace(symbol->node, symbol);
  }
  for (const Line& line : lines) {
    if (line.symbol != nullptr && line.of != nullptr) {
      if (const auto of = symbols.find(line.of); of != symbols.end()) {
        gradient_of_.emplace(of->second, line.symbol);
        of_gradient_.emplace(line.symbol, of->second);
      }
    }
  }
}

const std::string& Alikeness::base_of(Expr symbol) {
  const auto known = bases_.find(symbol);
  if (known != bases_.end()) {
    return known->second;
  }
  const formulas::Name* name = pass_.name_of(symbol);
  return bases_.emplace(symbol, name == nullptr ? std::string{} : without_number(name->text)).first->second;
}

// Data may stand for what is computed, as a first carry does: without a name for anything, with one for tensors of that
// name.
bool Alikeness::may_stand_for(Expr a, Expr b) {
  const auto is_weight = [](Expr symbol) { return is_leaf(symbol) && symbol->node->history; };
  if (a == b || a->shape != b->shape || a->dtype != b->dtype || is_weight(a) || is_weight(b)) {
    return a == b;
  }
  const auto is_unnamed_data = [](Expr symbol) { return is_leaf(symbol) && !symbol->node->name; };
  return base_of(a) == base_of(b) || (is_leaf(a) != is_leaf(b) && (is_unnamed_data(a) || is_unnamed_data(b)));
}

// Slices of one element along the same axis, or what is put there.
bool Alikeness::is_one_step(Expr a, Expr b) const {
  if (!is_slice(*a->operation) || a->operation->algebra() != b->operation->algebra()) {
    return false;
  }
  auto left = numbers_of(*a->operation);
  auto right = numbers_of(*b->operation);
  const bool one = left["count"] == 1 && right["count"] == 1;
  left.erase("start");
  right.erase("start");
  return one && left == right;
}

bool Alikeness::are_alike(Expr a, Expr b, Renaming& renaming, Slices slices) {
  if (a->shape != b->shape || a->dtype != b->dtype) {
    return false;
  }
  const auto bind = [&] {
    const auto [known, is_new] = renaming.symbols.emplace(a, b);
    return is_new || known->second == b;
  };
  for (const auto& [symbol, other] : {std::pair{a, b}, std::pair{b, a}}) {
    if (const Expr data = symbol->head == Head::symbol ? data_in(other) : nullptr) {
      return (!data->node->name || base_of(data) == base_of(symbol)) && bind();
    }
  }
  if (a->head != b->head) {
    return false;
  }
  if (a->head == Head::symbol) {
    return may_stand_for(a, b) && bind();
  }
  if (a->number != b->number || a->primed != b->primed || a->axes != b->axes || a->keeps_axes != b->keeps_axes ||
      a->arguments.size() != b->arguments.size()) {
    return false;
  }
  if (a->operation != b->operation) {
    if (a->operation == nullptr || b->operation == nullptr || a->operation->name() != b->operation->name()) {
      return false;
    }
    if (!have_equal_attributes(*a->operation, *b->operation)) {
      if (a->head != Head::call || !is_one_step(a, b)) {
        return false;
      }
      const auto [known, is_new] = renaming.operations.emplace(a->operation.get(), b->operation);
      if (!is_new && known->second != b->operation) {
        return false;
      }
    }
  }
  if (slices == Slices::symbols && a->head == Head::call && a->operation->algebra() == Algebra::slice &&
      is_one_step(a, b)) {
    return a->arguments == b->arguments && bind();
  }
  Renaming in_order = renaming;
  const bool matches = std::equal(a->arguments.begin(), a->arguments.end(), b->arguments.begin(),
                                  [&](Expr x, Expr y) { return are_alike(x, y, in_order, slices); });
  if (matches || a->head != Head::sum) {
    renaming = std::move(in_order);
    return matches;
  }
  return are_alike_in_some_order(a->arguments, b->arguments, renaming, slices);
}

// Summands have no order of their own. Each takes the first that is alike and that no other one has.
bool Alikeness::are_alike_in_some_order(const std::vector<Expr>& summands, std::vector<Expr> others, Renaming& renaming,
                                        Slices slices) {
  constexpr std::size_t most = 8;
  return summands.size() <= most && std::all_of(summands.begin(), summands.end(), [&](Expr summand) {
           const auto found = std::find_if(others.begin(), others.end(), [&](Expr other) {
             Renaming tried = renaming;
             const bool alike = are_alike(summand, other, tried, slices);
             if (alike) {
               renaming = std::move(tried);
             }
             return alike;
           });
           if (found == others.end()) {
             return false;
           }
           others.erase(found);
           return true;
         });
}

// With h4 goes δ_h4, and with what is alike what it is made of.
void Alikeness::close(Renaming& renaming) {
  constexpr std::size_t rounds = 3;
  for (std::size_t round = 0; round < rounds; ++round) {
    const std::vector<std::pair<Expr, Expr>> known{renaming.symbols.begin(), renaming.symbols.end()};
    for (const auto& [a, b] : known) {
      for (const auto* map : {&gradient_of_, &of_gradient_}) {
        const auto left = map->find(a);
        const auto right = map->find(b);
        if (left != map->end() && right != map->end()) {
          renaming.symbols.emplace(left->second, right->second);
        }
      }
      const Expr left = pass_.expressions().definition(a);
      const Expr right = pass_.expressions().definition(b);
      if (left != a && right != b && a != b) {
        if (Renaming more = renaming; are_alike(left, right, more)) {
          renaming = std::move(more);
        }
      }
    }
    if (renaming.symbols.size() == known.size()) {
      break;
    }
  }
}

Expr Alikeness::renamed(Expr e, Renaming& renaming) {
  close(renaming);
  std::unordered_map<Expr, Expr> done;
  return rebuilt(e, renaming, done);
}

Expr Alikeness::rebuilt(Expr e, Renaming& renaming, std::unordered_map<Expr, Expr>& done) {
  if (const auto known = renaming.symbols.find(e); known != renaming.symbols.end()) {
    return known->second;
  }
  if (const auto known = done.find(e); known != done.end()) {
    return known->second;
  }
  Expressions& all = pass_.expressions();
  Expr result = e;
  if (e->head == Head::symbol) {
    // h4 = tanh(z4) is what tanh(z1) is.
    const Expr definition = all.definition(e);
    if (definition->head == Head::function && definition != e) {
      const Expr other = rebuilt(definition, renaming, done);
      result = other == definition ? e : other;
    }
  } else if (e->head == Head::function && e->primed && e->arguments[0]->head == Head::symbol &&
             !renaming.symbols.contains(e->arguments[0])) {
    // tanh′(z3) is 1 − h3².
    const Expr plain = all.function(e->operation, e->arguments[0], e->shape);
    const auto value = renaming.symbols.find(plain);
    const Expr one = all.number(1, {}, e->dtype);
    if (value != renaming.symbols.end() && e->operation->algebra() == Algebra::tanh) {
      result = all.sum(one, all.scaled(-1, all.power(value->second, 2)));
    } else if (value != renaming.symbols.end() && e->operation->algebra() == Algebra::sigmoid) {
      result = all.product(value->second, all.sum(one, all.scaled(-1, value->second)));
    }
  } else if (!e->arguments.empty()) {
    std::vector<Expr> arguments;
    std::transform(e->arguments.begin(), e->arguments.end(), std::back_inserter(arguments),
                   [&](Expr argument) { return rebuilt(argument, renaming, done); });
    const auto operation = renaming.operations.find(e->operation.get());
    if (e->head == Head::call && operation != renaming.operations.end()) {
      result = all.call(operation->second, arguments, e->shape, e->dtype);
    } else if (arguments != e->arguments) {
      result = all.rebuilt(e, arguments);
    }
  }
  done.emplace(e, result);
  return result;
}

}  // namespace xgrad::check::diagnosis
