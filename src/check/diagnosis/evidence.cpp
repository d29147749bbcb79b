#include "check/diagnosis/evidence.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <utility>

#include "check/diagnosis/lines.hpp"
#include "check/entries/entries.hpp"

namespace xgrad::check::diagnosis {

Evidence::Evidence(const std::vector<Manual>& manual, const std::vector<Values>& derived, double tolerance,
                   std::size_t sought)
    : tolerance_{tolerance},
      sought_{sought},
      all_(manual.size()),
      statuses_(manual.size(), Status::ignored),
      counted_(manual.size(), false),
      entries_(manual.size()) {
  for (std::size_t p = 0; p < manual.size(); ++p) {
    if (!manual[p].gradient.defined() || derived[p].empty()) {
      continue;
    }
    all_[p] = as_doubles(manual[p].gradient);
    const bool agrees = agree(all_[p], derived[p]);
    if (manual[p].wrong && !agrees && is_finite(all_[p]) && is_finite(derived[p])) {
      statuses_[p] = Status::remaining;
    } else if (!manual[p].wrong && agrees) {
      statuses_[p] = Status::kept;
    }
    counted_[p] = statuses_[p] != Status::ignored;
  }
  choose_entries(derived);
  for (std::size_t p = 0; p < all_.size(); ++p) {
    some_.push_back(chosen(p, all_[p]));
  }
}

// A few entries refute most edits; all entries are compared only for an edit that explains those.
void Evidence::choose_entries(const std::vector<Values>& derived) {
  constexpr std::size_t most = 2048;
  std::mt19937_64 random{most};
  for (std::size_t p = 0; p < all_.size(); ++p) {
    const std::size_t size = all_[p].size();
    if (size <= most || !counted_[p]) {
      continue;
    }
    std::vector<std::size_t> sorted(size);
    std::iota(sorted.begin(), sorted.end(), std::size_t{0});
    const auto middle = sorted.begin() + most / 2;
    std::nth_element(sorted.begin(), middle, sorted.end(), [&](std::size_t a, std::size_t b) {
      return std::pair{-std::abs(all_[p][a] - derived[p][a]), a} < std::pair{-std::abs(all_[p][b] - derived[p][b]), b};
    });
    for (auto at = middle; at != middle + most / 2; ++at) {
      std::iter_swap(at, at + static_cast<std::ptrdiff_t>(random() % static_cast<std::size_t>(sorted.end() - at)));
    }
    entries_[p].assign(sorted.begin(), sorted.begin() + most);
    std::sort(entries_[p].begin(), entries_[p].end());
  }
}

Values Evidence::chosen(std::size_t target, const Values& gradient) const {
  const std::vector<std::size_t>& entries = entries_[target];
  if (entries.empty()) {
    return gradient;
  }
  Values some(entries.size());
  std::transform(entries.begin(), entries.end(), some.begin(), [&gradient](std::size_t i) { return gradient[i]; });
  return some;
}

bool Evidence::is_sought(std::size_t target) const {
  return target < size() && statuses_[target] == Status::remaining && (sought_ == Line::no_target || sought_ == target);
}

bool Evidence::any_sought() const {
  for (std::size_t p = 0; p < size(); ++p) {
    if (is_sought(p)) {
      return true;
    }
  }
  return false;
}

bool Evidence::is_nearly_right(std::size_t target, const Values& some) const {
  constexpr double little = 1e-4;
  return residual(some_[target], some) <= little;
}

}  // namespace xgrad::check::diagnosis
