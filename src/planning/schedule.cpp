#include "planning/schedule.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <queue>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace xgrad::planning {

namespace {

using Edges = std::vector<std::vector<std::uint32_t>>;

constexpr std::uint32_t nobody = 0xFFFFFFFFU;

std::vector<std::uint32_t> writers(const std::vector<StepAccess>& steps, std::size_t slot_count) {
  std::vector<std::uint32_t> result(slot_count, nobody);
  for (std::uint32_t i = 0; i < steps.size(); ++i) {
    for (const run::Slot slot : steps[i].writes) {
      result[slot] = i;
    }
  }
  return result;
}

/// Puts steps in order: of those that can run next, the one with the lowest rank.
class Sequence {
 public:
  Sequence(const std::vector<StepAccess>& steps, std::size_t slot_count)
      : steps_{steps},
        writer_{writers(steps, slot_count)},
        after_(steps.size()),
        waits_(steps.size(), 0),
        overwrites_after_(steps.size()),
        overwrite_waits_(steps.size(), 0),
        entered_(steps.size(), false) {
    for (std::uint32_t i = 0; i < steps.size(); ++i) {
      for (const run::Slot slot : steps[i].reads) {
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
      throwing_ += steps_[i].may_throw ? 1 : 0;
      for (const run::Slot slot : steps_[i].reads) {
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
      ready_.emplace(steps_[step].rank, step);
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
      if (steps_[step].may_throw && throwing_ > 0) {
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

  const std::vector<StepAccess>& steps_;
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

std::vector<std::uint32_t> schedule(const std::vector<StepAccess>& steps, std::size_t slot_count,
                                    std::vector<Overwrite>& overwrites) {
  return Sequence{steps, slot_count}.run(overwrites);
}

namespace {

constexpr std::size_t alignment = 64;

/// Free stretches of the arena.
class FreeMemory {
 public:
  /// The smallest that is large enough; of equal ones the first.
  std::size_t take(std::size_t bytes) {
    const auto best = by_size_.lower_bound({bytes, 0});
    if (best == by_size_.end()) {
      return grow(bytes);
    }
    const auto [size, offset] = *best;
    remove(by_offset_.find(offset));
    if (size > bytes) {
      insert(offset + bytes, size - bytes);
    }
    return offset;
  }

  void give_back(std::size_t offset, std::size_t bytes) {
    if (const auto next = by_offset_.find(offset + bytes); next != by_offset_.end()) {
      bytes += next->second;
      remove(next);
    }
    if (const auto next = by_offset_.lower_bound(offset); next != by_offset_.begin()) {
      if (const auto previous = std::prev(next); previous->first + previous->second == offset) {
        offset = previous->first;
        bytes += previous->second;
        remove(previous);
      }
    }
    insert(offset, bytes);
  }

  [[nodiscard]] std::size_t end() const noexcept { return end_; }

 private:
  using ByOffset = std::map<std::size_t, std::size_t>;

  // At the end, which may be free in part.
  std::size_t grow(std::size_t bytes) {
    std::size_t offset = end_;
    if (!by_offset_.empty()) {
      const auto last = std::prev(by_offset_.end());
      if (last->first + last->second == end_) {
        offset = last->first;
        remove(last);
      }
    }
    end_ = offset + bytes;
    return offset;
  }

  void insert(std::size_t offset, std::size_t bytes) {
    by_offset_.emplace(offset, bytes);
    by_size_.emplace(bytes, offset);
  }
  void remove(ByOffset::iterator stretch) {
    by_size_.erase({stretch->second, stretch->first});
    by_offset_.erase(stretch);
  }

  ByOffset by_offset_;                                     // no two touch
  std::set<std::pair<std::size_t, std::size_t>> by_size_;  // size, offset
  std::size_t end_ = 0;
};

}  // namespace

Arena place_values(const std::vector<StepAccess>& steps, const std::vector<ArenaValue>& values) {
  std::vector<std::size_t> last_step(values.size(), 0);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    for (const auto* slots : {&steps[i].reads, &steps[i].writes}) {
      for (const run::Slot slot : *slots) {
        last_step[slot] = i;
      }
    }
  }
  const auto rounded = [&](run::Slot slot) { return (values[slot].bytes + alignment - 1) / alignment * alignment; };
  Arena arena;
  arena.offsets.assign(values.size(), run::Plan::outside);
  FreeMemory memory;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    std::vector<run::Slot> dying;
    for (const auto* slots : {&steps[i].reads, &steps[i].writes}) {
      std::copy_if(slots->begin(), slots->end(), std::back_inserter(dying),
                   [&](run::Slot slot) { return values[slot].bytes > 0 && last_step[slot] == i; });
    }
    std::sort(dying.begin(), dying.end());
    dying.erase(std::unique(dying.begin(), dying.end()), dying.end());
    for (const run::Slot slot : steps[i].writes) {
      if (values[slot].bytes == 0) {
        continue;
      }
      arena.unshared_bytes += rounded(slot);
      const auto& candidates = values[slot].may_overwrite;
      const auto taken = std::find_if(dying.begin(), dying.end(), [&](run::Slot input) {
        return input != slot && arena.offsets[input] != run::Plan::outside && rounded(input) == rounded(slot) &&
               std::find(candidates.begin(), candidates.end(), input) != candidates.end();
      });
      if (taken != dying.end()) {
        arena.offsets[slot] = arena.offsets[*taken];
        dying.erase(taken);
      } else {
        arena.offsets[slot] = memory.take(rounded(slot));
      }
    }
    for (const run::Slot slot : dying) {
      memory.give_back(arena.offsets[slot], rounded(slot));
    }
  }
  arena.bytes = memory.end();
  return arena;
}

}  // namespace xgrad::planning
