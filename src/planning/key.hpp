#pragma once

#include <cstdint>
#include <vector>

#include "xgrad/plan.hpp"

#include "graph/order.hpp"

namespace xgrad::planning {

/// The structure of a pending graph: graphs of one key have one plan. It holds operations, how they are connected,
/// which results are kept, and of the leaves the shape, the dtype, and which of the special numbers they are; besides,
/// the options and the number of threads that it is planned for.
struct GraphKey {
  std::vector<std::uint64_t> words;

  [[nodiscard]] std::uint64_t hash() const noexcept;
};

/// Writes the key of an order that numbers its leaves, and whose nodes with handles are kept, into `key`.
void make_key(const graph::Order& order, const PlanOptions& options, GraphKey& key);

/// A key, empty, whose memory is used again and again on this thread.
class ScratchKey {
 public:
  ScratchKey();
  ScratchKey(const ScratchKey&) = delete;
  ScratchKey& operator=(const ScratchKey&) = delete;
  ~ScratchKey();

  [[nodiscard]] GraphKey& get() noexcept { return key_; }

 private:
  GraphKey key_;
};

}  // namespace xgrad::planning
