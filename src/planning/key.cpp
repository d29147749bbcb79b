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

void append_leaf(const graph::Node& leaf, std::vector<std::uint64_t>& words) {
  words.push_back(leaf.shape.rank() | static_cast<std::uint64_t>(leaf.dtype) << 8U |
                  std::uint64_t{special_index(leaf)} << 16U);
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
  key.words.push_back((options.simplify ? 1U : 0U) | (options.fuse ? 2U : 0U) | (options.measure_products ? 4U : 0U) |
                      static_cast<std::uint64_t>(threads()) << 8U);
  const std::size_t count = order.nodes.size();
  key.words.push_back(count);  // what is appended later is no node
  std::size_t leaves = 0;      // in the key so far
  for (std::size_t i = 0; i < count; ++i) {
    const graph::Node& node = *order.nodes[i];
    const auto inputs = order.inputs(i);
    key.words.push_back(graph::OperationIdentity::of(*node.operation));
    key.words.push_back(inputs.size() << 1U | (node.has_handles() ? 1U : 0U));
    for (const std::uint32_t input : inputs) {
      if (!order.is_leaf(input)) {
        key.words.push_back(std::uint64_t{input} << 1U);
        continue;
      }
      const std::size_t leaf = input - count;
      key.words.push_back(leaf << 1U | 1U);
      if (leaf == leaves) {
        append_leaf(*order.leaves[leaf], key.words);
        ++leaves;
      }
    }
  }
}

}  // namespace xgrad::planning
