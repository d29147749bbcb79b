#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "xgrad/derive.hpp"
#include "xgrad/tensor.hpp"

/// The tensors that a loss is computed from, under the names that derive() gives them.
namespace xgrad::check {

/// Under their own names, and layers' zˡ and aˡ. Digits above the line may be written on it: "z1" is z¹.
class NamedTensors {
 public:
  explicit NamedTensors(const Tensor& loss);

  /// Leaves too. Throws ValueError that lists the names there are, and says who asks: "[compare] …".
  [[nodiscard]] const NamedTensor& find(std::string_view name, std::string_view caller) const;
  /// Those with history that aren't leaves: between Parameters and the loss, in the order of computation.
  [[nodiscard]] std::vector<NamedTensor> intermediates() const;

 private:
  std::vector<NamedTensor> all_;
};

/// The position of each tensor's gradient in the backward pass: tensors whose first use is nearest to the loss come
/// first; of one use leaves before others, then in the order given.
[[nodiscard]] std::vector<std::size_t> backward_positions(const Tensor& loss, const std::vector<Tensor>& tensors);

}  // namespace xgrad::check
