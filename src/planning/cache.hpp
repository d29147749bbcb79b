#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "planning/build.hpp"

namespace xgrad::planning {

/// The plans of one thread, by the keys of their graphs. What was used longest ago goes first when there are too many.
class PlanCache {
 public:
  /// The plan of this key, or null.
  [[nodiscard]] std::shared_ptr<Planned> find(const std::vector<std::uint64_t>& key, std::uint64_t hash);
  /// Whether this was asked of the hash before, and not too long ago.
  [[nodiscard]] bool seen_before(std::uint64_t hash);
  std::shared_ptr<Planned> add(std::vector<std::uint64_t> key, std::uint64_t hash, Planned planned);
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

 private:
  static constexpr std::size_t most_plans = 256;
  static constexpr std::size_t most_bytes = std::size_t{256} << 20U;  // of all plans, but for the latest
  static constexpr std::size_t most_seen = 4096;

  struct Entry {
    std::vector<std::uint64_t> key;
    std::uint64_t hash;
    std::shared_ptr<Planned> planned;
    std::size_t bytes;
  };
  using Entries = std::list<Entry>;

  void drop_oldest();

  Entries entries_;  // the latest first
  std::unordered_multimap<std::uint64_t, Entries::iterator> places_;
  std::size_t bytes_ = 0;
  std::vector<std::uint64_t> seen_;  // hashes, each where it belongs
};

}  // namespace xgrad::planning
