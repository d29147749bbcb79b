#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "xgrad/tensor.hpp"

#include "check/diagnosis/edits.hpp"
#include "check/diagnosis/lines.hpp"
#include "check/diagnosis/probe.hpp"
#include "check/verdict/refusal.hpp"
#include "formulas/formulas.hpp"

namespace xgrad::check::diagnosis {

/// A manual gradient, by target of the pass.
struct Manual {
  Tensor gradient;  ///< undefined if there is none
  bool wrong = false;
};

/// A second point: the values that leaves have there, and the manual gradients.
struct OtherPoint {
  std::unordered_map<const graph::Node*, Tensor> leaves;
  std::vector<Tensor> manual;  ///< by target
};

/// A backward pass, or part of one, and the manual gradients that are to be explained by edits of it.
struct Problem {
  std::vector<Line> lines;           ///< each with the index of its target in the vectors below, if it has one
  std::vector<Expr> targets;         ///< the symbols of the tensors differentiated by; null for one not in the graph
  std::vector<Manual> manual;        ///< by target
  std::vector<Tensor> manual_there;  ///< at the other point, by target
  Vocabulary vocabulary;
  Probe here;
  std::optional<Probe> random = {};  ///< if the operations take random values
  std::optional<Probe> there = {};   ///< at the other point, if there is one
  std::vector<bool> editable = {};   ///< by line; all are if there is none
  /// The target that is to be explained, if not all; others are explained by the same edits, if they are.
  std::size_t sought = Line::no_target;
  double effort = 1;  ///< the share of the usual limits on evaluations
};

/// Of the whole pass. `other`, if not null, is where explanations must hold too.
[[nodiscard]] Problem whole_problem(formulas::Formulas& pass, const std::vector<Line>& lines,
                                    const std::vector<Manual>& manual, std::int64_t batch, const OtherPoint* other);

/// By line: its manual gradient, which the lines that use it take for its value. For Probe::pin().
[[nodiscard]] std::vector<Tensor> pins_of(const std::vector<Line>& lines, const std::vector<Manual>& manual);

/// What manual gradients say of a line.
struct Known {
  bool given = false;     ///< there is a manual gradient of it, which the lines that use it take
  bool remains = false;   ///< the manual gradient is to be explained
  bool confirms = false;  ///< the manual gradient is right, and not zero
};

/// By line: whether a gradient that remains depends on it, and none that confirms: a mistake in it would show there.
[[nodiscard]] std::vector<bool> leading_lines(const std::vector<Line>& lines, const std::vector<Known>& known);

/// What f gives; nothing where operations refuse the values: a gradient may not have these where it was asked for.
template <class F>
auto or_nothing(const F& f) -> decltype(f()) {
  decltype(f()) result{};
  if (refusal_in([&] { result = f(); })) {
    result = {};
  }
  return result;
}

}  // namespace xgrad::check::diagnosis
