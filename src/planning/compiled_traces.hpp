#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <iterator>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "xgrad/error.hpp"
#include "xgrad/tensor.hpp"
#include "xgrad/threads.hpp"

#include "graph/cell.hpp"
#include "graph/node.hpp"
#include "planning/build.hpp"

namespace xgrad::planning {

/// What a tensor looks like.
struct Argument {
  Shape shape;
  DType dtype;
};

/// What one trace of the function became. The leaves of the plan are the arguments, then the cells that are read; its
/// outputs the results, then what is written to cells.
struct TracedPlan {
  std::uint64_t hash = 0;  // of the next two
  std::vector<Argument> arguments;
  int threads = 1;             // that it was planned for
  std::shared_ptr<void> form;  // a result without its tensors
  std::vector<graph::KeptCell> read;
  std::vector<graph::KeptCell> written;
  bool writes_states = false;
  std::vector<Argument> results;
  Planned planned;
  std::vector<std::string> constants;   // a line for each, see captured_constants()
  bool shares = false;                  // whether an output is somebody else's memory
  std::vector<memory::Buffer> buffers;  // of the outputs, during a run
  std::vector<Tensor> leaves;           // that get them
};

[[nodiscard]] inline bool matches(const TracedPlan& trace, std::span<const Tensor> arguments) {
  return trace.threads == threads() &&
         std::equal(arguments.begin(), arguments.end(), trace.arguments.begin(), trace.arguments.end(),
                    [](const Tensor& tensor, const Argument& argument) {
                      const graph::Node& node = *tensor.node();
                      return node.dtype == argument.dtype && node.shape == argument.shape;
                    });
}

/// The traces, the latest first, within a number and a size.
class Traces {
 public:
  /// The trace for these arguments, which becomes the first; null if there is none.
  TracedPlan* find(std::span<const Tensor> arguments) {
    if (!entries_.empty() && matches(entries_.front().trace, arguments)) {
      return &entries_.front().trace;
    }
    const auto [begin, end] = index_.equal_range(hash_of(arguments));
    const auto found =
        std::find_if(begin, end, [&](const auto& indexed) { return matches(indexed.second->trace, arguments); });
    if (found == end) {
      return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, found->second);
    return &entries_.front().trace;
  }

  void add(TracedPlan trace, std::span<const Tensor> arguments) {
    constexpr std::size_t of_a_step = 2048;  // about
    const std::size_t bytes = trace.planned.plan->arena_bytes + of_a_step * trace.planned.plan->steps.size();
    trace.hash = hash_of(arguments);
    Entries fresh;  // joins the others once all memory is there
    fresh.push_front({std::move(trace), bytes});
    index_.emplace(fresh.front().trace.hash, fresh.begin());
    entries_.splice(entries_.begin(), fresh);
    bytes_ += bytes;
    for (auto last = std::prev(entries_.end());
         last != entries_.begin() && (entries_.size() > most_traces || bytes_ > most_bytes);) {
      const auto candidate = last--;
      if (!candidate->trace.planned.running) {
        drop(candidate);
      }
    }
  }

  void clear() {
    if (std::any_of(entries_.begin(), entries_.end(), [](const Entry& entry) { return entry.trace.planned.running; })) {
      throw ValueError("[compile] clear() of a compiled function while it runs");
    }
    index_.clear();
    entries_.clear();
    bytes_ = 0;
  }

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  /// Of the last call; null before the first.
  [[nodiscard]] TracedPlan* latest() noexcept { return entries_.empty() ? nullptr : &entries_.front().trace; }

  void set_profiling(bool on) {
    for (const Entry& entry : entries_) {
      entry.trace.planned.plan->set_profiling(on);
    }
  }

 private:
  static constexpr std::size_t most_traces = 256;
  static constexpr std::size_t most_bytes = std::size_t{256} << 20U;  // of all, but for the latest

  struct Entry {
    TracedPlan trace;
    std::size_t bytes;
  };
  using Entries = std::list<Entry>;

  static std::uint64_t hash_of(std::span<const Tensor> arguments) {
    auto hash = static_cast<std::uint64_t>(threads());
    const auto add = [&hash](std::uint64_t word) { hash = (std::rotl(hash, 25) ^ word) * 0x9E3779B97F4A7C15U; };
    for (const Tensor& argument : arguments) {
      add(static_cast<std::uint64_t>(argument.dtype()) << 8U | argument.rank());
      for (const std::int64_t length : argument.shape()) {
        add(static_cast<std::uint64_t>(length));
      }
    }
    return hash;
  }

  void drop(Entries::iterator entry) {
    const auto [begin, end] = index_.equal_range(entry->trace.hash);
    index_.erase(std::find_if(begin, end, [&](const auto& indexed) { return indexed.second == entry; }));
    bytes_ -= entry->bytes;
    entries_.erase(entry);
  }

  Entries entries_;
  std::unordered_multimap<std::uint64_t, Entries::iterator> index_;
  std::size_t bytes_ = 0;
};

}  // namespace xgrad::planning
