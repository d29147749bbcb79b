// The notes below the equations: the meaning of δ and of signs, and assumptions about the data.
#include <algorithm>
#include <fmt/format.h>

#include "formulas/formulas.hpp"
#include "ops/convolution/convolution.hpp"
#include "ops/pooling/selection.hpp"

namespace xgrad::formulas {

namespace {

bool sums_over_some_axes(Expr e) {
  return e->head == Head::reduce && e->axes.size() < e->arguments[0]->shape.rank();
}

// Whether an axis of length 1 comes after others, where NumPy's broadcasting doesn't put it.
bool gets_axis_behind(Expr e) {
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
}

bool is_call_of(Expr e, Algebra algebra) {
  return e->head == Head::call && e->operation->algebra() == algebra;
}

bool is_written_in_brackets(Expr e) {
  return e->head == Head::indicator && (e->primed || !is_call_of(e->arguments[0], Algebra::one_hot));
}

bool is_convolution(Expr e) {
  return e->head == Head::call && ops::as_convolution(*e->operation) != nullptr;
}

struct Explained {
  bool (*is_used)(Expr);
  const char* note;
};

constexpr Explained signs[] = {  // NOLINT(modernize-avoid-c-arrays)
    {sums_over_some_axes, "Σ₀ sums over axis 0, the samples of a batch; Σ₁ over axis 1, and so on"},
    {gets_axis_behind,
     "what was reduced over an axis is repeated along it where it meets the whole: of axis 1, a column"},
    {is_written_in_brackets, "[c] is 1 where c holds, else 0"},
    {[](Expr e) { return is_call_of(e, Algebra::slice_adjoint); }, "at[i](v) is zero but for v at [i]"},
    {is_convolution, "⋆ correlates along the spatial axes; flip reverses a kernel along them"},
    {[](Expr e) { return e->head == Head::call && ops::is_scatter(*e->operation); },
     "scatter(v, i) is zero but for the elements of v, added at the indices i"}};

}  // namespace

void Formulas::note(Derivation& derivation, const std::vector<Line>& forward, const std::vector<Line>& backward) const {
  note_adjoints(derivation, backward);
  if (passes_.cotangent.defined()) {
    derivation.notes.push_back(fmt::format("{} := {}, given", names_.of(passes_.cotangent.node()).text,
                                           derivative_name(passes_.y.node()).text));
  }
  std::vector<Line> all = forward;
  all.insert(all.end(), backward.begin(), backward.end());
  const std::vector<Expr> parts = parts_of(all);
  for (const auto& [is_used, note] : signs) {
    if (std::any_of(parts.begin(), parts.end(), is_used)) {
      derivation.notes.emplace_back(note);
    }
  }
  if (expressions_.used_distribution()) {
    derivation.notes.emplace_back("simplified by Σ = 1 over the classes of each sample, which holds for this target");
  }
}

// One note for the δ of all layers, then one for each other δ.
void Formulas::note_adjoints(Derivation& derivation, const std::vector<Line>& backward) const {
  const auto is_of_layer = [this](const graph::Node* node) { return names_.is_preactivation(node) && !node->name; };
  bool any_of_layer = false;
  for (const Line& line : backward) {
    if (line.symbol == nullptr || line.of == nullptr) {
      continue;
    }
    if (is_of_layer(line.of)) {
      any_of_layer = true;
    } else {
      derivation.notes.push_back(fmt::format("{} := {}", line.left.text, derivative_name(line.of).text));
    }
  }
  if (any_of_layer) {
    const bool numbered = std::any_of(passes_.interior.begin(), passes_.interior.end(), [this](const auto& each) {
      return names_.is_preactivation(each.tensor.node()) && names_.layer(each.tensor.node()) > 0;
    });
    const std::string loss = name_of_y().text;
    derivation.notes.insert(derivation.notes.begin(),
                            numbered ? fmt::format("δˡ := ∂{}/∂zˡ", loss) : fmt::format("δ := ∂{}/∂z", loss));
  }
}

}  // namespace xgrad::formulas
