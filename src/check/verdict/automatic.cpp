#include "check/verdict/automatic.hpp"

#include <algorithm>
#include <utility>

#include "xgrad/plan.hpp"

#include "autodiff/reverse.hpp"
#include "check/entries/entries.hpp"
#include "graph/copy.hpp"

namespace xgrad::check {

Automatic differentiate(const Tensor& loss, const std::vector<Tensor>& tensors) {
  std::vector<Tensor> all = tensors;
  all.push_back(loss);
  const graph::Copy copy{all};
  std::transform(all.begin(), all.end(), all.begin(), [&copy](const Tensor& tensor) { return copy.of(tensor); });
  const Tensor value = all.back();
  all.pop_back();
  const std::vector<Tensor> gradients = autodiff::connected_gradients(value, all);

  std::vector<Tensor> wanted{value};
  std::copy_if(gradients.begin(), gradients.end(), std::back_inserter(wanted),
               [](const Tensor& gradient) { return gradient.defined(); });
  eval(wanted);
  Automatic result;
  result.loss = value.item();
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    const bool connected = gradients[i].defined();
    result.connected.push_back(connected);
    result.gradients.push_back(connected
                                   ? as_doubles(gradients[i])
                                   : std::vector<double>(static_cast<std::size_t>(tensors[i].shape().size()), 0.0));
  }
  return result;
}

}  // namespace xgrad::check
