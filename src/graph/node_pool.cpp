// Nodes from free lists, one per thread. A node may be freed by another thread than the one that made it; it then joins
// that thread's list. A list keeps at most `kept` nodes.
#include <cstddef>
#include <new>

#include "graph/node.hpp"
#include "run/pooling.hpp"

namespace xgrad::graph {

namespace {

struct FreeNode {
  FreeNode* next;
};

class NodePool {
 public:
  NodePool() noexcept = default;
  NodePool(const NodePool&) = delete;
  NodePool& operator=(const NodePool&) = delete;
  ~NodePool() {
    alive_ = false;
    while (head_ != nullptr) {
      FreeNode* dead = head_;
      head_ = dead->next;
      ::operator delete(dead);
    }
  }

  static void* allocate() {
    if (run::pooling && alive_ && local_.head_ != nullptr) {
      FreeNode* node = local_.head_;
      local_.head_ = node->next;
      --local_.count_;
      return node;
    }
    return ::operator new(sizeof(Node));
  }

  static void recycle(void* memory) noexcept {
    constexpr std::size_t kept = 16384;
    if (run::pooling && alive_ && local_.count_ < kept) {
      local_.head_ = new (memory) FreeNode{local_.head_};
      ++local_.count_;
    } else {
      ::operator delete(memory);
    }
  }

 private:
  FreeNode* head_ = nullptr;
  std::size_t count_ = 0;

  static thread_local bool alive_;  // false once the pool of this thread is gone; nodes may outlive it
  static thread_local NodePool local_;
};

thread_local bool NodePool::alive_ = true;
thread_local NodePool NodePool::local_;

}  // namespace

void* Node::operator new(std::size_t /*bytes*/) {
  return NodePool::allocate();
}

void Node::operator delete(void* memory) noexcept {
  NodePool::recycle(memory);
}

}  // namespace xgrad::graph
