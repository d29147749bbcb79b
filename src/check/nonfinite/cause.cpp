#include "check/nonfinite/cause.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <exception>
#include <span>
#include <utility>
#include <vector>

#include "check/entries/entries.hpp"
#include "tensor/dispatch.hpp"
#include "tensor/out_of_memory.hpp"

namespace xgrad::check {
namespace {

// In the domain of every function that is likely to be met: log, √, log1p, 1/x, arcsine.
constexpr double harmless = 0.5;

void set_harmless(void* data, std::int64_t index, DType dtype) {
  dispatch_floating(dtype, [&]<class T>(std::type_identity<T>) { static_cast<T*>(data)[index] = T{harmless}; });
}

void copy_element(void* to, const void* from, std::int64_t index, DType dtype) {
  const std::size_t bytes = size_of(dtype);
  const std::size_t offset = static_cast<std::size_t>(index) * bytes;
  std::memcpy(static_cast<std::byte*>(to) + offset, static_cast<const std::byte*>(from) + offset, bytes);
}

enum class Replaced : bool { nonfinite, all };

/// A call that can be repeated with some of the elements that aren't finite, and ½ in place of the others, or of all
/// others.
class Trial {
 public:
  /// The element of the result is the one asked for.
  Trial(const Operation& operation, std::span<const ConstArray> operands, const Shape& shape, DType dtype,
        std::int64_t element, Replaced replaced)
      : operation_{&operation}, operands_{operands}, element_{element}, nonfinite_(operands.size()) {
    for (std::size_t i = 0; i < operands.size(); ++i) {
      const ConstArray& operand = operands[i];
      nonfinite_[i] = nonfinite_elements(operand.data, operand.shape.size(), operand.dtype);
      arguments_.push_back(operand);
      const bool all = replaced == Replaced::all && is_floating(operand.dtype);
      if (nonfinite_[i].empty() && !all) {
        plain_.emplace_back();
        continue;
      }
      plain_.push_back(graph::make_uninitialised(operand.shape, operand.dtype));
      void* const copy = plain_.back().array.data;
      std::memcpy(copy, operand.data, static_cast<std::size_t>(operand.shape.size()) * size_of(operand.dtype));
      for (const std::int64_t index : nonfinite_[i]) {
        set_harmless(copy, index, operand.dtype);
      }
      for (std::int64_t index = 0; all && index < operand.shape.size(); ++index) {
        set_harmless(copy, index, operand.dtype);
      }
      arguments_[i].data = copy;
    }
    result_ = graph::make_uninitialised(shape, dtype);
  }

  [[nodiscard]] const std::vector<std::int64_t>& nonfinite(std::size_t operand) const { return nonfinite_[operand]; }

  /// Whether the result still isn't finite. An operation that doesn't take ½ tells nothing: false.
  [[nodiscard]] bool fails() {
    try {
      operation_->evaluate(arguments_, result_.array);
    } catch (const std::exception& error) {
      if (is_for_memory(error)) {
        throw;
      }
      return false;
    } catch (...) {
      return false;
    }
    const Array& array = result_.array;
    const std::size_t offset = static_cast<std::size_t>(element_) * size_of(array.dtype);
    return any_nonfinite(static_cast<const std::byte*>(array.data) + offset, 1, array.dtype);
  }

  /// The same with these elements of one operand as they were.
  [[nodiscard]] bool fails_with(std::size_t operand, std::span<const std::int64_t> kept) {
    void* const copy = plain_[operand].array.data;
    for (const std::int64_t index : kept) {
      copy_element(copy, operands_[operand].data, index, operands_[operand].dtype);
    }
    const bool result = fails();
    for (const std::int64_t index : kept) {
      set_harmless(copy, index, operands_[operand].dtype);
    }
    return result;
  }

  /// Of an operand whose elements suffice together, one that does alone, else the first of few that do together.
  [[nodiscard]] std::int64_t sufficient(std::size_t operand) {
    std::span<const std::int64_t> candidates{nonfinite_[operand]};
    while (candidates.size() > 1) {
      const auto first = candidates.first(candidates.size() / 2);
      const auto second = candidates.subspan(first.size());
      if (fails_with(operand, first)) {
        candidates = first;
      } else if (fails_with(operand, second)) {
        candidates = second;
      } else {
        break;
      }
    }
    return candidates.front();
  }

 private:
  const Operation* operation_;
  std::span<const ConstArray> operands_;
  std::int64_t element_;
  std::vector<std::vector<std::int64_t>> nonfinite_;  // per operand
  std::vector<graph::Fresh> plain_;                   // copies, of operands with such elements
  std::vector<ConstArray> arguments_;
  graph::Fresh result_;
};

/// An operand's number, and an element of it.
using OperandElement = std::pair<std::size_t, std::int64_t>;

/// Operands that suffice alone, with their element; if none does, all that have any.
std::vector<OperandElement> causes_in(const Operation& operation, std::span<const ConstArray> operands,
                                      const Shape& shape, DType dtype, std::int64_t element) {
  Trial trial{operation, operands, shape, dtype, element, Replaced::nonfinite};
  std::vector<OperandElement> together;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (!trial.nonfinite(i).empty()) {
      together.emplace_back(i, trial.nonfinite(i).front());
    }
  }
  if (together.empty()) {
    return {};
  }
  if (trial.fails()) {
    trial = Trial{operation, operands, shape, dtype, element, Replaced::all};
    if (trial.fails()) {
      return {};
    }
    std::erase_if(together, [&](const OperandElement& cause) {
      return !trial.fails_with(cause.first, trial.nonfinite(cause.first));
    });
  }
  std::vector<OperandElement> alone;
  for (const auto& [i, first] : together) {
    if (trial.fails_with(i, trial.nonfinite(i))) {
      alone.emplace_back(i, trial.sufficient(i));
    }
  }
  return alone.empty() ? together : alone;
}

}  // namespace

std::int64_t broadcast_index(std::int64_t index, const Shape& result, const Shape& operand) {
  const std::vector<std::int64_t> indices = unravel(index, result);
  const std::size_t offset = result.rank() - operand.rank();
  std::int64_t flat = 0;
  for (std::size_t axis = 0; axis < operand.rank(); ++axis) {
    flat = flat * operand[axis] + (operand[axis] == 1 ? 0 : indices[offset + axis]);
  }
  return flat;
}

std::vector<Element> causes_of(const Replay& replay, Element element) {
  const graph::Node& node = replay.node(element.node);
  const auto inputs = replay.inputs(element.node);
  if (std::all_of(inputs.begin(), inputs.end(), [&](std::uint32_t input) { return replay.finite(input); })) {
    return {};
  }
  if (node.operation->aliases_input()) {
    return {{inputs[0], element.index}};
  }
  std::vector<ConstArray> operands;
  std::transform(inputs.begin(), inputs.end(), std::back_inserter(operands),
                 [&](std::uint32_t input) { return replay.value(input); });
  std::vector<Element> causes;
  if (node.operation->elementwise() == nullptr) {
    for (const auto& [i, index] : causes_in(*node.operation, operands, node.shape, node.dtype, element.index)) {
      causes.push_back({inputs[i], index});
    }
    return causes;
  }
  // Of an element-wise operation the elements that meet are enough.
  std::vector<std::int64_t> elements;
  for (ConstArray& operand : operands) {
    elements.push_back(broadcast_index(element.index, node.shape, operand.shape));
    const std::size_t offset = static_cast<std::size_t>(elements.back()) * size_of(operand.dtype);
    operand = {static_cast<const std::byte*>(operand.data) + offset, Shape{}, operand.dtype};
  }
  for (const auto& [i, zero] : causes_in(*node.operation, operands, Shape{}, node.dtype, 0)) {
    causes.push_back({inputs[i], elements[i]});
  }
  return causes;
}

}  // namespace xgrad::check
