#include "planning/cache.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace xgrad::planning {

std::shared_ptr<Planned> PlanCache::find(const std::vector<std::uint64_t>& key, std::uint64_t hash) {
  const auto [begin, end] = places_.equal_range(hash);
  const auto found = std::find_if(begin, end, [&](const auto& place) { return place.second->key == key; });
  if (found == end) {
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, found->second);
  return entries_.front().planned;
}

bool PlanCache::seen_before(std::uint64_t hash) {
  seen_.resize(most_seen);
  return std::exchange(seen_[hash % most_seen], hash) == hash;
}

std::shared_ptr<Planned> PlanCache::add(std::vector<std::uint64_t> key, std::uint64_t hash, Planned planned) {
  constexpr std::size_t of_a_step = 2048;  // about
  const std::size_t bytes =
      planned.plan->arena_bytes + of_a_step * planned.plan->steps.size() + key.size() * sizeof(key[0]);
  Entries fresh;  // joins the others once all memory is there
  fresh.push_front({std::move(key), hash, std::make_shared<Planned>(std::move(planned)), bytes});
  places_.emplace(hash, fresh.begin());
  entries_.splice(entries_.begin(), fresh);
  bytes_ += bytes;
  while (entries_.size() > 1 && (entries_.size() > most_plans || bytes_ > most_bytes)) {
    drop_oldest();
  }
  return entries_.front().planned;
}

void PlanCache::drop_oldest() {
  const auto oldest = std::prev(entries_.end());
  bytes_ -= oldest->bytes;
  const auto [begin, end] = places_.equal_range(oldest->hash);
  places_.erase(std::find_if(begin, end, [&](const auto& place) { return place.second == oldest; }));
  entries_.erase(oldest);
}

}  // namespace xgrad::planning
