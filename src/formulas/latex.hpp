#pragma once

#include <string>
#include <string_view>

/// Names of tensors and operations, for LaTeX with amsmath: any text gives ASCII that compiles.
///
/// Greek letters, letters with accents and combining marks, signs and raised or lowered digits are written by commands.
/// Characters that the default fonts lack, such as Chinese, are written by code points: "U+65E5 U+672C".
namespace xgrad::formulas {

/// A quantity, for mathematics mode: W, \theta_{1}, \hat{y}, \mathrm{Loss}. One letter with "_" or "^" behind it has
/// the rest below or above it. One group: another exponent may follow.
[[nodiscard]] std::string latex_name(std::string_view name);
/// A function or a sign, for mathematics mode: "log σ" is \log \, \sigma.
[[nodiscard]] std::string latex_operator(std::string_view symbol);
/// For text mode.
[[nodiscard]] std::string latex_text(std::string_view text);

}  // namespace xgrad::formulas
