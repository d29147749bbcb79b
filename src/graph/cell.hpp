#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "xgrad/tensor.hpp"

#include "graph/node.hpp"

namespace xgrad::graph {

/// The cell that the copies of a Parameter share, or those of a State.
///
/// A Parameter's is trained: its value is a leaf with history and a value. A State's isn't, and its value has no
/// history; it may be pending. Then `settled` is the last one that was evaluated.
struct Cell {
  Tensor value;
  Tensor settled;
  SharedName name;                              ///< never null
  std::atomic<std::int32_t> kept_by_traces{0};  ///< how many of the references to this are of traces, see KeptCell

  const bool trained;
  int unevaluated_sets = 0;  ///< values since the settled one

  Cell(Tensor tensor, SharedName known_as, bool is_trained)
      : value{std::move(tensor)}, name{std::move(known_as)}, trained{is_trained} {}

  /// Takes a value that is a leaf.
  void settle(Tensor leaf) noexcept {
    value = std::move(leaf);
    settled = Tensor{};
    unevaluated_sets = 0;
  }
};

/// A trace's reference to a cell.
class KeptCell {
 public:
  explicit KeptCell(std::shared_ptr<Cell> cell) noexcept : cell_{std::move(cell)} {
    cell_->kept_by_traces.fetch_add(1, std::memory_order_relaxed);
  }
  KeptCell(const KeptCell&) = delete;
  KeptCell(KeptCell&&) noexcept = default;  ///< after which the source may only be destroyed
  KeptCell& operator=(const KeptCell&) = delete;
  KeptCell& operator=(KeptCell&&) = delete;
  ~KeptCell() {
    if (cell_ != nullptr) {
      cell_->kept_by_traces.fetch_sub(1, std::memory_order_relaxed);
    }
  }

  [[nodiscard]] Cell* operator->() const noexcept { return cell_.get(); }
  [[nodiscard]] const std::shared_ptr<Cell>& shared() const noexcept { return cell_; }
  /// Whether nothing but traces holds the cell: no parameter of a model, no state of an optimiser.
  [[nodiscard]] bool is_abandoned() const noexcept {
    return cell_.use_count() <= cell_->kept_by_traces.load(std::memory_order_relaxed);
  }

 private:
  std::shared_ptr<Cell> cell_;
};

}  // namespace xgrad::graph
