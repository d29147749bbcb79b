#include "planning/key.hpp"

#include <algorithm>
#include <bit>

#include "xgrad/threads.hpp"

#include "graph/identity.hpp"
#include "graph/order.hpp"
#include "memory/thread_store.hpp"
#include "planning/simplify.hpp"

namespace xgrad::planning {

namespace {

/// Numbers the leaves: a hash table of fixed size, with open addresses.
class LeafNumbers {
 public:
  explicit LeafNumbers(std::size_t most) { places_.assign(std::bit_ceil(2 * most + 2), {}); }

  /// The number of the leaf, and whether it is new.
  std::pair<std::uint32_t, bool> number(const graph::Node* leaf) {
    const std::size_t mask = places_.size() - 1;
    std::size_t i = (reinterpret_cast<std::uintptr_t>(leaf) * 0x9E3779B97F4A7C15U >> 20U) & mask;
    while (places_[i].leaf != nullptr) {
      if (places_[i].leaf == leaf) {
        return {places_[i].number, false};
      }
      i = (i + 1) & mask;
    }
    places_[i] = {leaf, count_};
    return {count_++, true};
  }

 private:
  struct Place {
    const graph::Node* leaf = nullptr;
    std::uint32_t number = 0;
  };
  using Places = std::vector<Place>;
  Places own_;  // for a thread that ends
  Places& places_ = memory::of_this_thread<Places>() == nullptr ? own_ : *memory::of_this_thread<Places>();
  std::uint32_t count_ = 0;
};

void append_leaf(const graph::Node& leaf, std::vector<std::uint64_t>& words) {
  words.push_back(leaf.shape.rank() | static_cast<std::uint64_t>(leaf.dtype) << 8U |
                  std::uint64_t{special_place(leaf)} << 16U);
  for (const std::int64_t length : leaf.shape) {
    words.push_back(static_cast<std::uint64_t>(length));
  }
}

}  // namespace

ScratchKey::ScratchKey() {
  if (auto* spare = memory::of_this_thread<GraphKey>()) {
    key_ = std::move(*spare);
  }
  key_.words.clear();
  key_.leaves.clear();
}

ScratchKey::~ScratchKey() {
  if (auto* spare = memory::of_this_thread<GraphKey>()) {
    *spare = std::move(key_);
  }
}

std::uint64_t GraphKey::hash() const noexcept {
  std::uint64_t hash = words.size();
  for (const std::uint64_t word : words) {
    hash = (std::rotl(hash, 25) ^ word) * 0x9E3779B97F4A7C15U;
  }
  return hash;
}

void make_key(const graph::Order& order, const PlanOptions& options, GraphKey& key) {
  key.words.clear();
  key.leaves.clear();
  key.words.push_back((options.simplify ? 1U : 0U) | (options.fuse ? 2U : 0U) | (options.measure_products ? 4U : 0U) |
                      static_cast<std::uint64_t>(threads()) << 8U);
  LeafNumbers numbers{static_cast<std::size_t>(
      std::count(order.operands.begin(), order.operands.end(), std::uint32_t{graph::Order::leaf}))};
  for (std::size_t i = 0; i < order.nodes.size(); ++i) {
    const graph::Node& node = *order.nodes[i];
    const auto links = order.inputs(i);
    key.words.push_back(graph::OperationIdentity::of(*node.operation));
    key.words.push_back(links.size() << 1U | (node.has_handles() ? 1U : 0U));
    for (std::size_t j = 0; j < links.size(); ++j) {
      if (links[j] != graph::Order::leaf) {
        key.words.push_back(std::uint64_t{links[j]} << 1U);
        continue;
      }
      const graph::Node* leaf = order.computed(node.inputs()[j]);
      const auto [number, added] = numbers.number(leaf);
      key.words.push_back(std::uint64_t{number} << 1U | 1U);
      if (added) {
        key.leaves.push_back(leaf);
        append_leaf(*leaf, key.words);
      }
    }
  }
}

}  // namespace xgrad::planning
