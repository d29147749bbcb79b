#include "planning/schedule.hpp"

#include <algorithm>
#include <functional>
#include <queue>
#include <unordered_map>
#include <unordered_set>

namespace xgrad::planning {

namespace {

using Edges = std::vector<std::vector<std::uint32_t>>;

constexpr std::uint32_t nobody = 0xFFFFFFFFU;

std::vector<std::uint32_t> writers(const Steps& steps, std::size_t slot_count) {
  std::vector<std::uint32_t> result(slot_count, nobody);
  for (std::uint32_t i = 0; i < steps.size(); ++i) {
    for (const run::Slot slot : steps[i]->writes) {
      result[slot] = i;
    }
  }
  return result;
}

/// Puts steps in order: of those that can run next, the one with the lowest rank.
class Sequence {
 public:
  Sequence(const Steps& steps, std::size_t slot_count)
      : steps_{steps},
        writer_{writers(steps, slot_count)},
        after_(steps.size()),
        waits_(steps.size(), 0),
        overwrites_after_(steps.size()),
        overwrite_waits_(steps.size(), 0),
        entered_(steps.size(), false) {
    for (std::uint32_t i = 0; i < steps.size(); ++i) {
      for (const run::Slot slot : steps[i]->reads) {
        if (writer_[slot] != nobody && writer_[slot] != i) {
          after_[writer_[slot]].push_back(i);
          ++waits_[i];
        }
      }
    }
  }

  std::vector<std::uint32_t> run(std::vector<Overwrite>& overwrites) {
    let_overwrites_wait(overwrites);
    for (std::uint32_t i = 0; i < steps_.size(); ++i) {
      enter(i);
    }
    auto next = overwrites.begin();
    while (run_entered() < steps_.size()) {
      // Some wait for one another, or for themselves: the first of them does no longer.
      next = std::find_if(next, overwrites.end(), [this](const auto& each) { return !entered_[writer(each)]; });
      const std::uint32_t step = writer(*next++);
      overwrite_waits_[step] = 0;
      given_up_.insert(step);
      enter(step);
    }
    std::erase_if(overwrites, [this](const Overwrite& each) { return given_up_.contains(writer(each)); });
    return std::move(result_);
  }

 private:
  [[nodiscard]] std::uint32_t writer(const Overwrite& overwrite) const { return writer_[overwrite.output]; }

  // For the readers of the leaf, and for all that may throw.
  void let_overwrites_wait(const std::vector<Overwrite>& overwrites) {
    if (overwrites.empty()) {
      return;
    }
    std::unordered_map<run::Slot, std::vector<std::uint32_t>> by_leaf;
    for (const Overwrite& overwrite : overwrites) {
      by_leaf[overwrite.leaf].push_back(writer(overwrite));
      after_throwing_.push_back(writer(overwrite));
    }
    for (std::uint32_t i = 0; i < steps_.size(); ++i) {
      throwing_ += steps_[i]->may_throw ? 1 : 0;
      for (const run::Slot slot : steps_[i]->reads) {
        const auto found = by_leaf.find(slot);
        for (std::size_t k = 0; found != by_leaf.end() && k < found->second.size(); ++k) {
          if (const std::uint32_t last = found->second[k]; last != i) {
            overwrites_after_[i].push_back(last);
            ++overwrite_waits_[last];
          }
        }
      }
    }
    if (throwing_ > 0) {
      for (const std::uint32_t step : after_throwing_) {
        ++overwrite_waits_[step];
      }
    }
  }

  void enter(std::uint32_t step) {
    if (waits_[step] == 0 && overwrite_waits_[step] == 0 && !entered_[step]) {
      entered_[step] = true;
      ready_.emplace(steps_[step]->rank, step);
    }
  }

  void overwrite_may_go_on(std::uint32_t step) {
    if (!given_up_.contains(step)) {
      --overwrite_waits_[step];
      enter(step);
    }
  }

  // As far as they can; the number of those that have run.
  std::size_t run_entered() {
    while (!ready_.empty()) {
      const std::uint32_t step = ready_.top().second;
      ready_.pop();
      result_.push_back(step);
      for (const std::uint32_t follower : after_[step]) {
        --waits_[follower];
        enter(follower);
      }
      for (const std::uint32_t follower : overwrites_after_[step]) {
        overwrite_may_go_on(follower);
      }
      if (steps_[step]->may_throw && throwing_ > 0) {
        --throwing_;
        if (throwing_ == 0) {
          std::for_each(after_throwing_.begin(), after_throwing_.end(),
                        [this](std::uint32_t last) { overwrite_may_go_on(last); });
        }
      }
    }
    return result_.size();
  }

  using Entry = std::pair<std::uint32_t, std::uint32_t>;  // rank, step

  const Steps& steps_;
  std::vector<std::uint32_t> writer_;
  Edges after_;
  std::vector<std::uint32_t> waits_;
  Edges overwrites_after_;
  std::vector<std::uint32_t> overwrite_waits_;
  std::vector<std::uint32_t> after_throwing_;
  std::size_t throwing_ = 0;  // steps that are still to run, if anything waits for them
  std::vector<bool> entered_;
  std::unordered_set<std::uint32_t> given_up_;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> ready_;
  std::vector<std::uint32_t> result_;
};

}  // namespace

std::vector<std::uint32_t> schedule(const Steps& steps, std::size_t slot_count, std::vector<Overwrite>& overwrites) {
  return Sequence{steps, slot_count}.run(overwrites);
}

}  // namespace xgrad::planning
