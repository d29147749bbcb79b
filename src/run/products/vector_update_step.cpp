#include "run/products/vector_update_step.hpp"

#include <algorithm>

#include "run/kernels/product_kernels.hpp"

namespace xgrad::run {

VectorUpdateStep::VectorUpdateStep(const ProductTask& back, ProductTask update, Slot weights)
    : y_{back.c.slot}, update_{std::move(update)}, weights_{weights} {}

void VectorUpdateStep::run(void* const* slots) {
  if (update_.shape.dtype == float32) {
    run_as<float>(slots);
  } else {
    run_as<double>(slots);
  }
}

template <class T>
void VectorUpdateStep::run_as(void* const* slots) const {
  VectorUpdateCall<T> call;
  call.rows = update_.shape.m;
  call.columns = update_.shape.n;
  call.alpha = update_.alpha<T>(slots);
  call.delta = static_cast<const T*>(slots[update_.a]);
  call.x = static_cast<const T*>(slots[update_.b]);
  call.start = static_cast<const T*>(slots[weights_]);
  call.c = static_cast<T*>(slots[update_.c.slot]);
  call.y = static_cast<T*>(slots[y_]);
  product_kernels<T>().vector_update(call);
}

std::string VectorUpdateStep::describe() const {
  return "matmul with Wᵀ, and the update of W in the same pass";
}

namespace {

constexpr std::int64_t enough = 8192;  // elements of a matrix that isn't at hand in the nearest cache

// W, of this shape, and δ of y = Wᵀ δ. Either may be the beginning of what is in its slot.
struct Back {
  Slot weights;
  Slot delta;
  std::int64_t rows;
  std::int64_t columns;
};

bool back_of(const ProductTask& task, Back& back) {
  if (task.start || task.negative || !task.scalars.empty() || task.a_offset != 0 || task.b_offset != 0) {
    return false;
  }
  if (task.shape.transpose_a && task.shape.n == 1) {
    back = {task.a, task.b, task.shape.k, task.shape.m};
    return true;
  }
  back = {task.b, task.a, task.shape.k, task.shape.n};
  return task.shape.m == 1 && !task.shape.transpose_b;
}

bool is_update_of(const ProductTask& task, const Back& back) {
  return task.a_offset == 0 && task.b_offset == 0 && task.shape.k == 1 && task.start && !task.start_scale &&
         *task.start == back.weights && task.a == back.delta && task.b != back.weights && task.shape.m == back.rows &&
         task.shape.n == back.columns && back.rows * back.columns >= enough;
}

bool touches(const std::vector<Slot>& slots, Slot slot) {
  return std::find(slots.begin(), slots.end(), slot) != slots.end();
}

// Whether the step at j may run together with the one at i < j. It writes over W, or over another leaf.
bool can_move(const Plan& plan, std::size_t i, std::size_t j, Slot weights,
              const std::unordered_map<Slot, Slot>& leaves) {
  const StepInfo& moved = plan.infos[j];
  const auto leaf = leaves.find(moved.writes[0]);
  const Slot overwritten = leaf == leaves.end() ? weights : leaf->second;
  for (std::size_t k = i; k < j; ++k) {
    const StepInfo& info = plan.infos[k];
    const bool gives_operand =
        std::any_of(info.writes.begin(), info.writes.end(), [&](Slot slot) { return touches(moved.reads, slot); });
    const bool reads_overwritten = touches(info.reads, overwritten) && (k > i || overwritten != weights);
    if (gives_operand || info.may_throw || reads_overwritten) {
      return false;
    }
  }
  return plan.offsets[moved.writes[0]] == Plan::outside;
}

}  // namespace

void merge_vector_updates(Plan& plan, const std::unordered_map<Slot, Slot>& leaves) {
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const auto* first = dynamic_cast<const ProductStep*>(plan.steps[i].get());
    Back back{};
    if (first == nullptr || !back_of(first->task(), back)) {
      continue;
    }
    for (std::size_t j = i + 1; j < plan.steps.size(); ++j) {
      const auto* second = dynamic_cast<const ProductStep*>(plan.steps[j].get());
      if (second == nullptr || !is_update_of(second->task(), back) || !can_move(plan, i, j, back.weights, leaves)) {
        continue;
      }
      auto merged = std::make_unique<VectorUpdateStep>(first->task(), second->task(), back.weights);
      StepInfo& info = plan.infos[i];
      const StepInfo& other = plan.infos[j];
      info.reads.insert(info.reads.end(), other.reads.begin(), other.reads.end());
      info.writes.insert(info.writes.end(), other.writes.begin(), other.writes.end());
      info.result += ", " + other.result;
      info.bytes = std::max(info.bytes, other.bytes);
      plan.steps[i] = std::move(merged);
      plan.steps.erase(plan.steps.begin() + static_cast<std::ptrdiff_t>(j));
      plan.infos.erase(plan.infos.begin() + static_cast<std::ptrdiff_t>(j));
      break;
    }
  }
}

}  // namespace xgrad::run
