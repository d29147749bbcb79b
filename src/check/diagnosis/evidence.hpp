#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "check/diagnosis/problem.hpp"
#include "check/diagnosis/values.hpp"

namespace xgrad::check::diagnosis {

/// How a manual gradient is held against edits.
enum class Status : std::uint8_t {
  ignored,    ///< not at all: there is none, or it can't be compared
  kept,       ///< it is as it should be, and must stay so
  remaining,  ///< it is to be explained
};

/// The manual gradients that edits are held against, by target. Each has a status; from `remaining` it may go to
/// `kept`, once, and no other changes. Of a large gradient some entries are held against an edit first: those that
/// differ most, and others drawn at random. Which they are is chosen once.
class Evidence {
 public:
  /// `derived` are what the pass gives, all entries, by target; empty where it has no line. Gradients agree if they
  /// differ by at most `tolerance` of their norm. `sought` is the target to be explained, or Line::no_target for all.
  Evidence(const std::vector<Manual>& manual, const std::vector<Values>& derived, double tolerance, std::size_t sought);

  /// The number of targets.
  [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }
  [[nodiscard]] double tolerance() const noexcept { return tolerance_; }
  [[nodiscard]] bool agree(const Values& a, const Values& b) const { return residual(a, b) <= tolerance_; }
  [[nodiscard]] Status status(std::size_t target) const { return statuses_[target]; }
  /// By target: whether its status isn't `ignored`.
  [[nodiscard]] const std::vector<bool>& counted() const noexcept { return counted_; }
  /// Whether it remains, and is to be explained now. False for Line::no_target.
  [[nodiscard]] bool is_sought(std::size_t target) const;
  [[nodiscard]] bool any_sought() const;
  /// Empty if there is none that can be compared.
  [[nodiscard]] const Values& all(std::size_t target) const { return all_[target]; }
  /// The chosen entries, in order.
  [[nodiscard]] const Values& some(std::size_t target) const { return some_[target]; }
  /// Which these are, by target; all if empty.
  [[nodiscard]] const std::vector<std::vector<std::size_t>>& entries() const noexcept { return entries_; }
  /// The chosen entries of another gradient of the target.
  [[nodiscard]] Values chosen(std::size_t target, const Values& gradient) const;
  /// Two mistakes don't cancel but for so little as the two differ by: more likely some number was made to fit.
  [[nodiscard]] bool is_nearly_right(std::size_t target, const Values& some) const;

  /// It remained, and is explained.
  void keep(std::size_t target) { statuses_[target] = Status::kept; }

 private:
  void choose_entries(const std::vector<Values>& derived);

  double tolerance_;
  std::size_t sought_;
  std::vector<Values> all_;
  std::vector<Values> some_;
  std::vector<Status> statuses_;
  std::vector<bool> counted_;
  std::vector<std::vector<std::size_t>> entries_;
};

}  // namespace xgrad::check::diagnosis
