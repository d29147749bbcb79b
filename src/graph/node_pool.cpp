// Nodes from free lists, one per thread. A node may be freed by another thread than the one that made it; it then joins
// that thread's list.
#include <cstddef>
#include <new>

#include "graph/node.hpp"
#include "memory/pooling.hpp"
#include "memory/thread_store.hpp"

namespace xgrad::graph {

namespace {

struct FreeNode {
  FreeNode* next;
};

constinit XGRAD_STATIC_TLS thread_local FreeNode* free_nodes = nullptr;
constinit XGRAD_STATIC_TLS thread_local std::size_t free_count = 0;
constinit XGRAD_STATIC_TLS thread_local memory::PoolState state = memory::PoolState::unused;

/// Empties the list of a thread that ends.
class ListOwner {
 public:
  ListOwner() noexcept { state = memory::PoolState::in_use; }
  ListOwner(const ListOwner&) = delete;
  ListOwner& operator=(const ListOwner&) = delete;
  ~ListOwner() {
    state = memory::PoolState::gone;
    while (free_nodes != nullptr) {
      FreeNode* dead = free_nodes;
      free_nodes = dead->next;
      ::operator delete(dead);
    }
  }
};

bool may_keep() {
  if (state == memory::PoolState::unused) {
    thread_local const ListOwner owner;
  }
  return state == memory::PoolState::in_use;
}

// A graph of some thousand nodes is beyond the nearest caches: the next node comes while this one is filled.
void fetch(const void* node) noexcept {
  constexpr std::size_t line = 64;
  for (std::size_t at = 0; at < sizeof(Node); at += line) {
    __builtin_prefetch(static_cast<const std::byte*>(node) + at, 1);
  }
}

}  // namespace

void* Node::operator new(std::size_t /*bytes*/) {
  if (memory::pooling && free_nodes != nullptr) {
    FreeNode* node = free_nodes;
    free_nodes = node->next;
    --free_count;
    if (free_nodes != nullptr) {
      fetch(free_nodes);
    }
    return node;
  }
  return ::operator new(sizeof(Node));
}

void Node::operator delete(void* memory) noexcept {
  constexpr std::size_t most_kept = std::size_t{1} << 17U;  // 22 MiB
  if (memory::pooling && free_count < most_kept && may_keep()) {
    free_nodes = new (memory) FreeNode{free_nodes};
    ++free_count;
  } else {
    ::operator delete(memory);
  }
}

}  // namespace xgrad::graph
