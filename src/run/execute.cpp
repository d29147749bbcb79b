#include <algorithm>

#include "run/program.hpp"

namespace xgrad::run {

namespace {

std::vector<std::uint32_t> count_uses(const Program& program) {
  std::vector<std::uint32_t> uses(program.steps.size(), 0);
  for (const std::int32_t operand : program.operands) {
    if (operand >= 0) {
      ++uses[static_cast<std::size_t>(operand)];
    }
  }
  return uses;
}

class Machine {
 public:
  explicit Machine(const Program& program)
      : program_{program}, uses_{count_uses(program)}, values_(program.steps.size()) {}

  std::vector<memory::Buffer> run() {
    for (std::size_t i = 0; i < program_.steps.size(); ++i) {
      run_step(i);
    }
    return std::move(values_);
  }

 private:
  [[nodiscard]] bool dies(std::int32_t operand) const noexcept {
    const auto index = static_cast<std::size_t>(operand);
    return operand >= 0 && uses_[index] == 0 && !program_.steps[index].keep;
  }

  [[nodiscard]] const memory::Buffer& buffer(std::int32_t operand) const noexcept {
    return operand >= 0 ? values_[static_cast<std::size_t>(operand)]
                        : program_.inputs[static_cast<std::size_t>(-1 - operand)].buffer;
  }

  // An element-wise result goes into the memory of an input that nobody needs afterwards.
  [[nodiscard]] memory::Buffer output(const Step& step, std::span<const std::int32_t> operands) const {
    if (step.operation->runs_in_place()) {
      for (const std::int32_t operand : operands) {
        if (dies(operand) && buffer(operand).unique()) {
          const Step& source = program_.steps[static_cast<std::size_t>(operand)];
          if (source.dtype == step.dtype && *source.shape == *step.shape) {
            return buffer(operand);
          }
        }
      }
    }
    return memory::Buffer::allocate(*step.shape, step.dtype);
  }

  void run_step(std::size_t i) {
    const Step& step = program_.steps[i];
    const auto operands =
        std::span{program_.operands}.subspan(program_.first[i], program_.first[i + 1] - program_.first[i]);
    for (const std::int32_t operand : operands) {
      if (operand >= 0) {
        --uses_[static_cast<std::size_t>(operand)];
      }
    }
    if (step.operation->aliases_input()) {
      values_[i] = buffer(operands[0]);
    } else {
      memory::Buffer result = output(step, operands);
      arguments_.clear();
      for (const std::int32_t operand : operands) {
        if (operand >= 0) {
          const Step& source = program_.steps[static_cast<std::size_t>(operand)];
          arguments_.push_back({buffer(operand).data(), *source.shape, source.dtype});
        } else {
          const Input& source = program_.inputs[static_cast<std::size_t>(-1 - operand)];
          arguments_.push_back({source.buffer.data(), *source.shape, source.dtype});
        }
      }
      step.operation->evaluate(arguments_, Array{result.data(), *step.shape, step.dtype});
      values_[i] = std::move(result);
    }
    for (const std::int32_t operand : operands) {
      if (dies(operand)) {
        values_[static_cast<std::size_t>(operand)] = memory::Buffer{};
      }
    }
  }

  const Program& program_;
  std::vector<std::uint32_t> uses_;
  std::vector<memory::Buffer> values_;
  std::vector<ConstArray> arguments_;
};

}  // namespace

std::vector<memory::Buffer> execute(const Program& program) {
  return Machine{program}.run();
}

}  // namespace xgrad::run
