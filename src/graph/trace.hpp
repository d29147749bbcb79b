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

/// A run of a function on this thread in which nothing gets a value: arguments are placeholders, and so are the values
/// of parameters and states, whose writes are recorded. While it lives it is current(); traces don't nest.
class Trace {
 public:
  struct Access {
    std::shared_ptr<Cell> cell;
    Tensor placeholder;  ///< for the value before the trace; undefined if the cell was written before it was read
    Tensor value;        ///< the cell's value now
    bool written = false;
  };

  Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;
  ~Trace();

  [[nodiscard]] static Trace* current() noexcept;

  /// A tensor of the same shape, dtype and name that stands for an argument.
  [[nodiscard]] static Tensor placeholder(const Tensor& like, bool history);

  /// The cell's value. The reference stays valid while the trace lives.
  const Tensor& read(const std::shared_ptr<Cell>& cell);
  /// Sets the cell to an alias of `value`.
  void write(const std::shared_ptr<Cell>& cell, const Tensor& value);

  [[nodiscard]] const std::vector<std::unique_ptr<Access>>& accesses() const noexcept { return accesses_; }

 private:
  Access& access(const std::shared_ptr<Cell>& cell);

  std::vector<std::unique_ptr<Access>> accesses_;
  std::unordered_map<const Cell*, Access*> by_cell_;
};

/// While it lives, setting a Parameter or a State on this thread is a ValueError: the code that runs is traced once,
/// and run many times.
class NoWrites {
 public:
  /// The operation that traces it, for the error.
  explicit NoWrites(const char* operation) noexcept;
  NoWrites(const NoWrites&) = delete;
  NoWrites& operator=(const NoWrites&) = delete;
  ~NoWrites();

  /// Throws if one lives. `kind` is what would be set.
  static void check(const char* kind);

 private:
  const char* outer_;
};

/// Throws ValueError if the node is part of a trace, and so has no value: `what` would read it.
void require_untraced(const Node& node, std::string_view what);

/// Another node with the tensor's value and memory: a leaf to derivatives, with history if told so and floating.
[[nodiscard]] Tensor alias_of(const Tensor& tensor, bool history);

}  // namespace xgrad::graph
