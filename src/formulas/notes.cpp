// The notes below the equations: the meaning of δ and of signs, and assumptions about the data.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "formulas/constants.hpp"
#include "formulas/formulas.hpp"
#include "formulas/printing.hpp"
#include "graph/values.hpp"
#include "ops/convolution/convolution.hpp"

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
    {is_convolution, "⋆ correlates along the spatial axes; flip reverses a kernel along them"}};

struct Word {
  std::string_view begin;  ///< as it is printed
  const char* note;
};

// What isn't every reader's, where it is printed.
constexpr Word words[] = {  // NOLINT(modernize-avoid-c-arrays)
    {"at[", "at[i](v) is zero but for v at [i]"},
    {"scatter(", "scatter(v, i) is zero but for the elements of v, added at the indices i"},
    {"scatter_add(", "scatter_add(v, i) is zero but for the elements of v, added at the indices i along an axis"},
    {"gather(", "gather(x, i) has the elements of x at the indices i along an axis"},
    {"where(", "where(c, u, v) is u where c holds, else v"},
    {"one_hot(", "one_hot(y) is 1 at the class y, else 0"},
    {"pad(", "pad(x) is x with more elements around it"},
    {"permute(", "permute(x) has the axes of x in another order"},
    {"reshape(", "reshape(x) has the elements of x, row by row, in another shape"},
    {"normalize(", "normalize(x) is (x − mean x) / deviation(x) over these axes; deviation(x) is √(var x + epsilon)"},
    {"rms_normalize(", "rms_normalize(x) is x / root_mean_square(x) over these axes, which is √(mean x² + epsilon)"},
    {"masked_softmax(", "masked_softmax(S, M) is the softmax of what M shows, 0 for the rest"},
    {"max_pool(", "max_pool(x) has the largest element of each window, argmax_pool(x) its index"},
    {"adaptive_max_pool(",
     "adaptive_max_pool(x) has the largest element of each of so many windows, argmax_pool(x) its index"},
    {"avg_pool(", "avg_pool(x) has the mean of each window; its adjoint shares each element out over its window"},
    {"adaptive_avg_pool(",
     "adaptive_avg_pool(x) has the mean of each of so many windows; its adjoint shares each element out over its "
     "window"},
    {"upsample(", "upsample(x) is x on another grid, linear in x; its adjoint adds up what came from an element"},
    {"stop_gradient(", "stop_gradient(x) is x, and a constant to derivatives"},
    {"bernoulli(", "bernoulli is 1 with that probability, else 0; drawn once"},
    {"logsumexp(", "logsumexp(x) is log Σ exp(x) over these axes"},
    {"expm1(", "expm1(x) is exp(x) − 1"},
    {"log1p(", "log1p(x) is log(1 + x)"},
    {"softplus(", "softplus(x) is log(1 + exp(x))"},
    {"relu6(", "relu6(x) is min(max(x, 0), 6)"},
    {"leaky_relu(", "leaky_relu(x) is x where x > 0, else slope x"},
    {"prelu(", "prelu(x, a) is x where x > 0, else a x; prelu′ is its derivative by x"},
    {"elu(", "elu(x) is x where x > 0, else alpha (exp(x) − 1)"},
    {"selu(", "selu(x) is λ x where x > 0, else λ α (exp(x) − 1), with λ ≈ 1.0507 and α ≈ 1.6733"},
    {"celu(", "celu(x) is x where x > 0, else alpha (exp(x / alpha) − 1)"},
    {"gelu(", "gelu(x) is x Φ(x), Φ the distribution function of N(0, 1)"},
    {"silu(", "silu(x) is x σ(x)"},
    {"mish(", "mish(x) is x tanh(log(1 + exp(x)))"},
    {"softsign(", "softsign(x) is x / (1 + |x|)"},
    {"tanhshrink(", "tanhshrink(x) is x − tanh(x)"},
    {"hardtanh(", "hardtanh(x) is min(max(x, low), high)"},
    {"hardsigmoid(", "hardsigmoid(x) is min(max(x + 3, 0), 6) / 6"},
    {"hardswish(", "hardswish(x) is x min(max(x + 3, 0), 6) / 6"},
    {"hardshrink(", "hardshrink(x) is 0 where |x| ≤ lambda, else x"},
    {"softshrink(", "softshrink(x) is 0 where |x| ≤ lambda, else x − lambda sign(x)"},
    {"chol(", "chol(A) is the lower triangle L with L Lᵀ = A"},
    {"Φ(", "Φ(A) is the lower triangle of A with half its diagonal"},
    {"tril(", "tril(A) is the lower triangle of A"},
    {"triu(", "triu(A) is the upper triangle of A"},
    {"exp′(", "exp′(A, E) is the derivative of exp(A) in the direction E"}};

// Whether a formula has the word, not as the end of a longer one.
bool has_word(const std::string& formula, std::string_view word) {
  const auto is_of_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  for (std::size_t at = formula.find(word); at != std::string::npos; at = formula.find(word, at + 1)) {
    if (at == 0 || !is_of_name(formula[at - 1])) {
      return true;
    }
  }
  return false;
}

// "[u; v]", also with brackets inside.
bool has_parts(const std::string& formula) {
  std::vector<char> open;
  for (const char c : formula) {
    if (c == '[' || c == '(') {
      open.push_back(c);
    } else if ((c == ']' || c == ')') && !open.empty()) {
      open.pop_back();
    } else if (c == ';' && !open.empty() && open.back() == '[') {
      return true;
    }
  }
  return false;
}

bool has_length_along_axis(const std::string& formula) {
  static constexpr std::array<std::string_view, 10> low{"₀", "₁", "₂", "₃", "₄", "₅", "₆", "₇", "₈", "₉"};
  return std::any_of(low.begin(), low.end(), [&](std::string_view digit) {
    return formula.find("‖" + std::string{digit}) != std::string::npos;
  });
}

}  // namespace

void Formulas::note(Derivation& derivation, const std::vector<Line>& forward, const std::vector<Line>& backward) const {
  note_adjoints(derivation, backward);
  if (passes_.cotangent.defined()) {
    derivation.notes.push_back(fmt::format("{} := {}, given", names_.of(passes_.cotangent.node()).text,
                                           derivative_name(passes_.y.node()).text));
  }
  std::vector<Line> all = forward;
  all.insert(all.end(), backward.begin(), backward.end());
  note_constants(derivation);
  const std::vector<Expr> parts = parts_of(all);
  for (const auto& [is_used, note] : signs) {
    if (std::any_of(parts.begin(), parts.end(), is_used)) {
      derivation.notes.emplace_back(note);
    }
  }
  const auto any_formula = [&](const auto& holds) {
    const auto has = [&](const Equation& equation) { return holds(equation.right); };
    return std::any_of(derivation.forward.begin(), derivation.forward.end(), has) ||
           std::any_of(derivation.backward.begin(), derivation.backward.end(), has);
  };
  if (any_formula(has_parts)) {
    derivation.notes.emplace_back("[u; v] is u and after it v along axis 0, [u; v]₁ along axis 1");
  }
  if (any_formula(has_length_along_axis)) {
    derivation.notes.emplace_back("‖x‖₁ are the lengths of x along axis 1, and so on");
  }
  for (const auto& [word, note] : words) {
    const std::string primed = fmt::format("{}′(", word.substr(0, word.size() - 1));
    if (any_formula([&](const std::string& text) { return has_word(text, word) || has_word(text, primed); })) {
      derivation.notes.emplace_back(note);
    }
  }
  if (expressions_.used_distribution()) {
    derivation.notes.emplace_back("simplified by Σ = 1 over the classes of each sample, which holds for this target");
  }
}

// Leaves that are no data: what a layer made for itself, as positions, and states.
void Formulas::note_constants(Derivation& derivation) const {
  constexpr std::int64_t most = 6;  // elements that are said
  for (Expr symbol : symbols()) {
    const graph::Node& leaf = *symbol->node;
    if (leaf.operation != nullptr || leaf.history || is_random_state(symbol) || passes_.given.contains(&leaf)) {
      continue;
    }
    const std::string& name = names_.of(&leaf).text;
    if (leaf.of_state) {
      derivation.notes.push_back(fmt::format("{} := a state of the layer", name));
    } else if (is_made_by_layer(leaf) && leaf.name && leaf.has_value()) {
      std::vector<std::string> values;
      for (std::int64_t i = 0; i < std::min(most, leaf.shape.size()); ++i) {
        values.push_back(fmt::format("{:.6g}", graph::element_of(leaf, i)));
      }
      if (leaf.shape.size() > most) {
        values.emplace_back("…");
      }
      derivation.notes.push_back(fmt::format("{} := {}", name, fmt::join(values, ", ")));
    }
  }
}

// One note for the δ of all layers, then one for each other δ, or for all of them if they are many.
void Formulas::note_adjoints(Derivation& derivation, const std::vector<Line>& backward) const {
  const auto is_of_layer = [this](const graph::Node* node) { return names_.is_preactivation(node) && !node->name; };
  constexpr std::size_t most = 4;  // that are said one by one
  bool any_of_layer = false;
  std::vector<std::string> others;
  for (const Line& line : backward) {
    if (line.symbol == nullptr || line.of == nullptr) {
      continue;
    }
    if (is_of_layer(line.of)) {
      any_of_layer = true;
    } else {
      others.push_back(fmt::format("{} := {}", line.left.text, derivative_name(line.of).text));
    }
  }
  if (others.size() > most) {
    others = {fmt::format("δ_u := ∂{}/∂u, whatever u is", name_of_y().text)};
  }
  derivation.notes.insert(derivation.notes.end(), others.begin(), others.end());
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
