#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "xgrad/tensor.hpp"

#include "check/diagnosis/lines.hpp"
#include "formulas/formulas.hpp"

namespace xgrad::check::diagnosis {

/// A manual gradient compared with its formula.
enum class Standing : std::uint8_t {
  unknown,   ///< there is no manual gradient
  right,     ///< it is the derived one
  follows,   ///< it isn't, but what the formula gives with the manual values it uses
  diverges,  ///< neither
};

/// Where manual gradients leave the derived backward pass: each formula is evaluated with the manual gradients that it
/// uses, where there are some, so that a mistake is seen where it is made and not in all that comes after.
class Divergence {
 public:
  /// By target of the pass: manual gradients, undefined where there is none, and whether they are wrong. One follows if
  /// it differs from what its formula gives by at most `tolerance` of their norm.
  Divergence(formulas::Formulas& pass, const std::vector<Line>& lines, std::span<const Tensor> manual,
             const std::vector<bool>& wrong, double tolerance);

  [[nodiscard]] Standing of(std::size_t target) const { return standing_[target]; }
  /// Of one that follows: the targets whose wrong manual gradients its formula uses.
  [[nodiscard]] const std::vector<std::size_t>& causes(std::size_t target) const { return causes_[target]; }
  /// The line that diverges nearest to the loss, or none.
  [[nodiscard]] std::size_t first() const noexcept { return first_; }
  /// Lines without a manual gradient that lead to it and to nothing that is right: the mistake may be in one of them.
  [[nodiscard]] const std::vector<std::size_t>& suspects() const noexcept { return suspects_; }
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

 private:
  void find_suspects(const std::vector<Line>& lines);
  [[nodiscard]] Standing standing_of(const Line& line) const;

  std::vector<Standing> standing_;
  std::vector<std::vector<std::size_t>> causes_;
  std::size_t first_ = none;
  std::vector<std::size_t> suspects_;
};

}  // namespace xgrad::check::diagnosis
