// The labels BP1 to BP4 of the document's formulas, which are of one sample:
//
//   BP1   δ^L = (a^L − y) ⊙ σ′(z^L)
//   BP2   δ^l = (W^(l+1)ᵀ δ^(l+1)) ⊙ σ′(z^l)
//   BP3   ∂Loss/∂b^l = δ^l
//   BP4   ∂Loss/∂W^l = δ^l a^(l−1)ᵀ
//
// σ is any activation that works element by element. Formulas are compared, never their texts.
#include <algorithm>

#include "formulas/formulas.hpp"

namespace xgrad::formulas {

namespace {

// f′(z), or f′(z, α) of an activation with a learned slope, which is an operation.
bool is_slope_at(Expr e, Expr z) {
  const bool is_primed =
      e->head == Head::function ? e->primed : e->head == Head::call && e->operation->notation().symbol.ends_with("′");
  return is_primed && e->arguments[0] == z;
}

// f′(z) among the factors of a product; null if it isn't there.
Expr slope_in(Expr product, Expr z) {
  const auto is_slope = [z](Expr factor) { return is_slope_at(factor, z); };
  const auto found = std::find_if(product->arguments.begin(), product->arguments.end(), is_slope);
  return product->head != Head::product || found == product->arguments.end() ? nullptr : *found;
}

bool is_data(Expr e) {
  return e->head == Head::symbol && e->node->operation == nullptr && !e->node->history;
}

}  // namespace

void Formulas::label(const std::vector<Line>& backward, std::vector<Equation>& equations) {
  const std::vector<Layer>& layers = names_.layers().all();
  std::vector<Expr> z(layers.size(), nullptr);      // null of a batch
  std::vector<Expr> delta(layers.size(), nullptr);  // null without a line of its own
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const graph::Node* node = layers[l].z;
    z[l] = node->shape.rank() == 1 && translation_.has(node) ? translation_.of(node) : nullptr;
  }
  for (const Line& line : backward) {
    const std::size_t l = line.of == nullptr ? Layers::none : names_.layers().of_preactivation(line.of);
    if (l != Layers::none && line.symbol != nullptr) {
      delta[l] = line.symbol;
    }
  }
  // a^l; null if it has no name.
  const auto activated = [&](std::size_t l) -> Expr {
    const auto found = std::find_if(order_.nodes.begin(), order_.nodes.end(), [&](const graph::Node* node) {
      return names_.layers().of_activation(node) == l && translation_.has(node);
    });
    return found == order_.nodes.end() ? nullptr : translation_.of(*found);
  };
  // f′(z^l) among the factors of a formula, also where it isn't written primed, as σ(z) of a softplus.
  const auto slope_of = [&](Expr right, std::size_t l) -> Expr {
    if (const Expr slope = slope_in(right, z[l])) {
      return slope;
    }
    const Expr a = right->head == Head::product ? activated(l) : nullptr;
    const Expr f = a == nullptr ? nullptr : expressions_.definition(a);
    if (f == nullptr || f->head != Head::function || f->primed || f->arguments[0] != z[l] ||
        f->operation->elementwise() == nullptr) {
      return nullptr;
    }
    const Expr slope = expressions_.written_out_derivative(f, a);
    const std::vector<Expr>& factors = right->arguments;
    return std::find(factors.begin(), factors.end(), slope) == factors.end() ? nullptr : slope;
  };
  const auto is_first = [&](Expr right, std::size_t l) {
    const Expr slope = l + 1 == layers.size() ? slope_of(right, l) : nullptr;
    if (slope == nullptr) {
      return false;
    }
    const Expr named = activated(l);
    const Expr a = named != nullptr ? named : expressions_.function(slope->operation, z[l], z[l]->shape);
    const std::vector<Expr> parts = parts_of({Line{{}, right}});
    return std::any_of(parts.begin(), parts.end(), [&](Expr y) {
      return is_data(y) && expressions_.product(expressions_.sum(a, expressions_.scaled(-1, y)), slope) == right;
    });
  };
  const auto is_second = [&](Expr right, std::size_t l) {
    const Expr slope = l + 1 < layers.size() && delta[l + 1] != nullptr ? slope_of(right, l) : nullptr;
    if (slope == nullptr) {
      return false;
    }
    const std::vector<const graph::Node*>& parameters = layers[l + 1].parameters;
    return std::any_of(parameters.begin(), parameters.end(), [&](const graph::Node* weight) {
      return weight->shape == Shape{delta[l + 1]->shape[0], z[l]->shape[0]} && translation_.has(weight) &&
             expressions_.product(expressions_.matmul(expressions_.transpose(translation_.of(weight)), delta[l + 1]),
                                  slope) == right;
    });
  };
  // a^(l−1), or x.
  const auto is_input = [&](Expr e, std::size_t l) {
    if (l == 0) {
      return e->head == Head::symbol && e->node->operation == nullptr;
    }
    const Expr made = expressions_.definition(e);
    const bool of_previous = made->head == Head::function && !made->primed && made->arguments[0] == z[l - 1];
    return of_previous || (e->head == Head::symbol && names_.layers().of_activation(e->node) == l - 1);
  };
  for (std::size_t i = 0; i < backward.size(); ++i) {
    const Line& line = backward[i];
    if (line.of == nullptr) {
      continue;
    }
    if (const std::size_t l = names_.layers().of_preactivation(line.of); l != Layers::none) {
      if (z[l] == nullptr || line.symbol == nullptr) {
        continue;
      }
      if (is_first(line.right, l)) {
        equations[i].label = "BP1";
      } else if (is_second(line.right, l)) {
        equations[i].label = "BP2";
      }
    } else if (const std::size_t of = names_.layers().of_parameter(line.of);
               of != Layers::none && z[of] != nullptr && delta[of] != nullptr) {
      const Expr right = line.right;
      if (right == delta[of]) {
        equations[i].label = "BP3";
      } else if (right->head == Head::outer && right->arguments[0] == delta[of] && is_input(right->arguments[1], of)) {
        equations[i].label = "BP4";
      }
    }
  }
}

}  // namespace xgrad::formulas
