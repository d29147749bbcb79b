#include "planning/arena.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

namespace xgrad::planning {

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

Arena place_values(const Steps& steps, const std::vector<ArenaValue>& values) {
  std::vector<std::size_t> last_step(values.size(), 0);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    for (const auto* slots : {&steps[i]->reads, &steps[i]->writes}) {
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
    for (const auto* slots : {&steps[i]->reads, &steps[i]->writes}) {
      std::copy_if(slots->begin(), slots->end(), std::back_inserter(dying),
                   [&](run::Slot slot) { return values[slot].bytes > 0 && last_step[slot] == i; });
    }
    std::sort(dying.begin(), dying.end());
    dying.erase(std::unique(dying.begin(), dying.end()), dying.end());
    for (const run::Slot slot : steps[i]->writes) {
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
