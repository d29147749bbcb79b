#pragma once

#include <vector>

#include "check/diagnosis/single_edits.hpp"

namespace xgrad::check::diagnosis {

/// One mistake made wherever formulas are alike, as one in a loop's body is at every step: the same edit in all lines
/// that have the edited part, renamed. Those that explain a manual gradient and contradict none, as far as the chosen
/// entries say. The pass outlives this.
[[nodiscard]] std::vector<Candidate> repeated_edits(const Instruments& instruments, const EditedPass& pass,
                                                    const std::vector<bool>& editable, Effort& effort);

}  // namespace xgrad::check::diagnosis
