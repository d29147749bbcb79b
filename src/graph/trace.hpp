#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "xgrad/tensor.hpp"

#include "graph/cell.hpp"
#include "graph/node.hpp"

namespace xgrad::graph {

/// A run of a function on this thread in which nothing gets a value: arguments are placeholders, and so is what
/// parameters and states hold; what is written to them is recorded. While it lives it is current(); traces don't nest.
class Trace {
 public:
  struct Access {
    std::shared_ptr<Cell> cell;
    Tensor placeholder;  ///< what the cell held before; undefined if it was written before it was read
    Tensor value;        ///< what it holds now
    bool written = false;
  };

  Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;
  ~Trace();

  [[nodiscard]] static Trace* current() noexcept;

  /// A tensor like this one that stands for an argument.
  [[nodiscard]] static Tensor placeholder(const Tensor& like, bool history);

  /// What the cell holds. The reference stays valid while the trace lives.
  const Tensor& read(const std::shared_ptr<Cell>& cell);
  /// From now on it holds `value`, as a leaf.
  void write(const std::shared_ptr<Cell>& cell, const Tensor& value);

  [[nodiscard]] const std::vector<std::unique_ptr<Access>>& accesses() const noexcept { return accesses_; }

 private:
  Access& access(const std::shared_ptr<Cell>& cell);

  std::vector<std::unique_ptr<Access>> accesses_;
  std::unordered_map<const Cell*, Access*> by_cell_;
};

/// Throws ValueError if the node is part of a trace, and so has no value: `what` would read it.
void require_untraced(const Node& node, std::string_view what);

/// Its value under another node: a leaf to differentiation, and one with history if told so.
[[nodiscard]] Tensor rebound(const Tensor& traced, bool history);

}  // namespace xgrad::graph
