#include "loops/runner.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "xgrad/math.hpp"
#include "xgrad/plan.hpp"

#include "graph/node.hpp"
#include "graph/values.hpp"
#include "memory/buffer.hpp"
#include "planning/build.hpp"

namespace xgrad::loops {

namespace {

using planning::PlannedOutput;
using From = PlannedOutput::From;

std::size_t bytes_of(const Tensor& tensor) {
  return static_cast<std::size_t>(tensor.size()) * size_of(tensor.dtype());
}

}  // namespace

/// A plan of a step. Its leaves are the body's placeholders, then the sums so far; its outputs the body's results, with
/// the sums after the step.
class Runner::Planner {
 public:
  explicit Planner(const Body& body) {
    planning::Request request;
    for (const Tensor& input : body.inputs()) {
      request.leaves.push_back(input.node());
    }
    request.outputs = body.next_carry;
    request.outputs.insert(request.outputs.end(), body.outputs.begin(), body.outputs.end());
    request.over_leaf.assign(request.outputs.size(), planning::Request::no_leaf);
    for (const Tensor& term : body.sums) {
      sums_.push_back(placeholder(term.shape(), term.dtype()));
      request.over_leaf.push_back(static_cast<std::uint32_t>(request.leaves.size()));
      request.leaves.push_back(sums_.back().node());
      request.outputs.push_back(sums_.back() + term);
    }
    request.options = plan_options();
    planned_ = planning::build(request);
  }

  [[nodiscard]] planning::Planned& planned() noexcept { return planned_; }

 private:
  std::vector<Tensor> sums_;  // placeholders
  planning::Planned planned_;
};

/// One run. What a step reads and writes starts on 64 bytes and may be overwritten behind its end up to the next: what
/// doesn't lie so in the arrays given is copied.
class Runner::Run {
 public:
  Run(const Body& body, planning::Planned& planned, std::span<const ConstArray> inputs, std::span<const Part> parts,
      const Array& output)
      : body_{body}, planned_{planned}, inputs_{inputs}, parts_{parts}, output_{output}, leaves_(leaf_count()) {
    for (std::size_t i = 0; i < body.carry.size(); ++i) {
      set_leaf(i, aligned(inputs[i].data, body.carry[i]));
      carries_.push_back({buffer(body.carry[i]), buffer(body.carry[i])});
    }
    for (std::size_t i = 0; i < body.xs.size(); ++i) {
      xs_.push_back(buffer(body.xs[i]));
    }
    for (std::size_t i = 0; i < body.captured.size(); ++i) {
      const std::size_t leaf = body.carry.size() + body.xs.size() + i;
      set_leaf(leaf, aligned(inputs[leaf].data, body.captured[i]));
    }
    for (const Tensor& each : body.outputs) {
      outputs_.push_back(buffer(each));
    }
    for (const Tensor& each : body.sums) {
      sums_.push_back({buffer(each), buffer(each)});
      std::memset(sums_.back().now.data(), 0, bytes_of(each));
      set_leaf(inputs.size() + sums_.size() - 1, sums_.back().now.data());
    }
  }

  // The step at element `at` of the sequences.
  void step(std::int64_t at) {
    for (std::size_t i = 0; i < xs_.size(); ++i) {
      point_to_element(i, at);
    }
    point_results();
    planned_.plan->run();
    keep_results(at);
  }

  void finish() {
    for (const Part& part : parts_) {
      if (part.kind == Part::Kind::last_carry) {
        std::memcpy(place(part, 0), leaves_[part.index], bytes_of(body_.carry[part.index]));
      } else if (part.kind == Part::Kind::sum) {
        std::memcpy(place(part, 0), sums_[part.index].now.data(), bytes_of(body_.sums[part.index]));
      }
    }
  }

 private:
  // Memory of the value before a step, and of that after it.
  struct Pair {
    memory::Buffer now;
    memory::Buffer next;
  };

  static memory::Buffer buffer(const Tensor& like) { return memory::Buffer::allocate(like.shape(), like.dtype()); }

  static bool is_aligned(const void* memory) noexcept {
    constexpr std::uintptr_t alignment = 64;
    return reinterpret_cast<std::uintptr_t>(memory) % alignment == 0;
  }

  // The memory, or a copy that lives as long as this.
  const void* aligned(const void* memory, const Tensor& like) {
    if (is_aligned(memory)) {
      return memory;
    }
    copies_.push_back(buffer(like));
    std::memcpy(copies_.back().data(), memory, bytes_of(like));
    return copies_.back().data();
  }

  [[nodiscard]] std::size_t leaf_count() const { return inputs_.size() + body_.sums.size(); }

  void set_leaf(std::size_t leaf, const void* memory) {
    leaves_[leaf] = memory;
    planned_.plan->point(planned_.leaf_slots[leaf], memory);
  }

  [[nodiscard]] std::byte* place(const Part& part, std::int64_t step) const {
    return static_cast<std::byte*>(output_.data) +
           static_cast<std::size_t>(part.offset + step * size_of_step(part)) * size_of(output_.dtype);
  }

  // The elements that a step gives to the part.
  [[nodiscard]] std::int64_t size_of_step(const Part& part) const {
    switch (part.kind) {
      case Part::Kind::outputs:
        return body_.outputs[part.index].size();
      case Part::Kind::sum:
        return body_.sums[part.index].size();
      case Part::Kind::carries:
      case Part::Kind::last_carry:
        break;
    }
    return body_.carry[part.index].size();
  }

  void point_to_element(std::size_t i, std::int64_t at) {
    const std::size_t bytes = bytes_of(body_.xs[i]);
    const std::size_t leaf = body_.carry.size() + i;
    const auto* element = static_cast<const std::byte*>(inputs_[leaf].data) + static_cast<std::size_t>(at) * bytes;
    if (!is_aligned(element)) {
      std::memcpy(xs_[i].data(), element, bytes);
      element = static_cast<const std::byte*>(xs_[i].data());
    }
    set_leaf(leaf, element);
  }

  void point_results() {
    std::size_t result = 0;
    const auto point = [&](const memory::Buffer& buffer) {
      const PlannedOutput& planned = planned_.outputs[result++];
      if (planned.from == From::memory) {
        planned_.plan->point(planned.slot, buffer.data());
      }
    };
    for (const Pair& carry : carries_) {
      point(carry.next);
    }
    for (const memory::Buffer& output : outputs_) {
      point(output);
    }
    for (const Pair& sum : sums_) {
      point(planned_.outputs[result].may_overwrite ? sum.now : sum.next);
    }
  }

  // Where result `i` of the plan is after the step, if it was pointed to `memory`.
  [[nodiscard]] const void* produced(std::size_t i) const {
    const PlannedOutput& planned = planned_.outputs[i];
    switch (planned.from) {
      case From::leaf:
        return leaves_[planned.index];
      case From::constant:
        return planned_.plan->constants[planned.index].second.data();
      case From::output:
        return produced(planned.index);
      case From::memory:
        break;
    }
    return planned_.plan->at(planned.slot);
  }

  void keep_results(std::int64_t at) {
    const std::size_t carries = carries_.size();
    for (const Part& part : parts_) {
      if (part.kind == Part::Kind::carries) {
        std::memcpy(place(part, at), produced(part.index), bytes_of(body_.carry[part.index]));
      } else if (part.kind == Part::Kind::outputs) {
        std::memcpy(place(part, at), produced(carries + part.index), bytes_of(body_.outputs[part.index]));
      }
    }
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      const std::size_t result = carries + outputs_.size() + i;
      advance(sums_[i], produced(result), bytes_of(body_.sums[i]));
    }
    // Only now: a carry may be another one's value before the step.
    for (std::size_t i = 0; i < carries; ++i) {
      if (const void* value = produced(i); value != carries_[i].next.data()) {
        std::memcpy(carries_[i].next.data(), value, bytes_of(body_.carry[i]));
      }
    }
    for (std::size_t i = 0; i < carries; ++i) {
      std::swap(carries_[i].now, carries_[i].next);
      set_leaf(i, carries_[i].now.data());
    }
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      set_leaf(inputs_.size() + i, sums_[i].now.data());
    }
  }

  static void advance(Pair& pair, const void* value, std::size_t bytes) {
    if (value == pair.now.data()) {
      return;
    }
    if (value != pair.next.data()) {
      std::memcpy(pair.next.data(), value, bytes);
    }
    std::swap(pair.now, pair.next);
  }

  const Body& body_;
  planning::Planned& planned_;
  std::span<const ConstArray> inputs_;
  std::span<const Part> parts_;
  const Array& output_;
  std::vector<const void*> leaves_;  // where each is
  std::vector<Pair> carries_;
  std::vector<memory::Buffer> xs_;
  std::vector<memory::Buffer> outputs_;
  std::vector<Pair> sums_;
  std::vector<memory::Buffer> copies_;
};

Runner::Runner(const Body& body) : body_{body} {}

Runner::~Runner() = default;

void Runner::run(std::span<const ConstArray> inputs, std::int64_t steps, bool reverse, std::span<const Part> parts,
                 const Array& output) const {
  std::unique_ptr<Planner> planner;
  {
    const std::lock_guard lock{mutex_};
    if (spare_.empty()) {  // under the lock: a traversal writes into the body's nodes
      spare_.push_back(std::make_unique<Planner>(body_));
    }
    planner = std::move(spare_.back());
    spare_.pop_back();
  }
  Run run{body_, planner->planned(), inputs, parts, output};
  for (std::int64_t k = 0; k < steps; ++k) {
    run.step(reverse ? steps - 1 - k : k);
  }
  run.finish();
  const std::lock_guard lock{mutex_};
  spare_.push_back(std::move(planner));
}

}  // namespace xgrad::loops
