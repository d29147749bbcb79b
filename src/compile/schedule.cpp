#include "compile/schedule.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <queue>

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

// Of steps that can run next, the one with the lowest rank. Shorter than `after` if they wait for one another.
std::vector<std::uint32_t> sorted(const std::vector<StepAccess>& steps, const Edges& after) {
  std::vector<std::uint32_t> waits(steps.size(), 0);
  for (const auto& followers : after) {
    for (const std::uint32_t follower : followers) {
      ++waits[follower];
    }
  }
  using Entry = std::pair<std::uint32_t, std::uint32_t>;  // rank, step
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> ready;
  for (std::uint32_t i = 0; i < steps.size(); ++i) {
    if (waits[i] == 0) {
      ready.emplace(steps[i].rank, i);
    }
  }
  std::vector<std::uint32_t> result;
  while (!ready.empty()) {
    const std::uint32_t step = ready.top().second;
    ready.pop();
    result.push_back(step);
    for (const std::uint32_t follower : after[step]) {
      if (--waits[follower] == 0) {
        ready.emplace(steps[follower].rank, follower);
      }
    }
  }
  return result;
}

}  // namespace

std::vector<std::uint32_t> schedule(const std::vector<StepAccess>& steps, std::size_t slot_count,
                                    std::vector<Overwrite>& overwrites) {
  const auto writer = writers(steps, slot_count);
  Edges after(steps.size());
  for (std::uint32_t i = 0; i < steps.size(); ++i) {
    for (const run::Slot slot : steps[i].reads) {
      if (writer[slot] != nobody && writer[slot] != i) {
        after[writer[slot]].push_back(i);
      }
    }
  }
  while (!overwrites.empty()) {
    Edges all = after;
    for (const Overwrite& overwrite : overwrites) {
      const std::uint32_t last = writer[overwrite.output];
      for (std::uint32_t i = 0; i < steps.size(); ++i) {
        const auto& reads = steps[i].reads;
        const bool reads_leaf = std::find(reads.begin(), reads.end(), overwrite.leaf) != reads.end();
        if (i != last && (steps[i].may_throw || reads_leaf)) {
          all[i].push_back(last);
        }
      }
    }
    auto result = sorted(steps, all);
    if (result.size() == steps.size()) {
      return result;
    }
    const auto waiting = std::find_if(overwrites.begin(), overwrites.end(), [&](const Overwrite& overwrite) {
      return std::find(result.begin(), result.end(), writer[overwrite.output]) == result.end();
    });
    overwrites.erase(waiting);  // one of those that wait for one another, or for these
  }
  return sorted(steps, after);
}

namespace {

constexpr std::size_t alignment = 64;

/// Free stretches of the arena.
class FreeMemory {
 public:
  std::size_t take(std::size_t bytes) {
    auto best = free_.end();
    for (auto place = free_.begin(); place != free_.end(); ++place) {
      if (place->second >= bytes && (best == free_.end() || place->second < best->second)) {
        best = place;
      }
    }
    if (best == free_.end()) {
      return grow(bytes);
    }
    const std::size_t offset = best->first;
    const std::size_t left = best->second - bytes;
    free_.erase(best);
    if (left > 0) {
      free_.emplace(offset + bytes, left);
    }
    return offset;
  }

  void give_back(std::size_t offset, std::size_t bytes) {
    auto place = free_.emplace(offset, bytes).first;
    if (const auto next = std::next(place); next != free_.end() && place->first + place->second == next->first) {
      place->second += next->second;
      free_.erase(next);
    }
    if (place != free_.begin()) {
      const auto previous = std::prev(place);
      if (previous->first + previous->second == place->first) {
        previous->second += place->second;
        free_.erase(place);
      }
    }
  }

  [[nodiscard]] std::size_t end() const noexcept { return end_; }

 private:
  // At the end, which may be free in part.
  std::size_t grow(std::size_t bytes) {
    std::size_t offset = end_;
    if (!free_.empty()) {
      const auto last = std::prev(free_.end());
      if (last->first + last->second == end_) {
        offset = last->first;
        free_.erase(last);
      }
    }
    end_ = offset + bytes;
    return offset;
  }

  std::map<std::size_t, std::size_t> free_;  // offset, bytes; no two touch
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
