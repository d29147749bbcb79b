#include "cli/derive_layers/groups.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

namespace xgrad::cli {

namespace {

constexpr std::array groups{LayerGroup{"Linear", linear_entries},
                            LayerGroup{"Activations", activation_entries},
                            LayerGroup{"Convolutions", convolution_entries},
                            LayerGroup{"Pooling, padding, resampling", pooling_entries},
                            LayerGroup{"Normalisation", normalization_entries},
                            LayerGroup{"Dropout", dropout_entries},
                            LayerGroup{"Embedding", embedding_entries},
                            LayerGroup{"Recurrent", recurrent_entries},
                            LayerGroup{"Attention and transformers", attention_entries},
                            LayerGroup{"Containers and wrappers", container_entries},
                            LayerGroup{"Losses", loss_entries},
                            LayerGroup{"Functions of matrices", matrix_entries}};

}  // namespace

std::span<const LayerGroup> layer_groups() {
  return groups;
}

const LayerEntry* find_layer(std::string_view name) {
  for (const LayerGroup& group : groups) {
    const std::span<const LayerEntry> entries = group.entries();
    const auto found =
        std::find_if(entries.begin(), entries.end(), [&](const auto& each) { return each.name == name; });
    if (found != entries.end()) {
      return &*found;
    }
  }
  return nullptr;
}

std::vector<std::string> layer_names() {
  std::vector<std::string> names;
  for (const LayerGroup& group : groups) {
    for (const LayerEntry& entry : group.entries()) {
      names.emplace_back(entry.name);
    }
  }
  return names;
}

DeriveOptions options_of(const LayerCall& call) {
  DeriveOptions options;
  options.names = call.xs;
  options.names.insert(options.names.end(), call.given.begin(), call.given.end());
  if (!call.result.name.empty()) {
    const Tensor& y = call.result.tensor;
    options.names.push_back(call.result);
    options.cotangent = Random{2}.normal(y.shape(), 0, 1, y.dtype()).eval().named("G");
  }
  return options;
}

Derivation derivation_of(const LayerCall& call) {
  std::vector<Tensor> xs(call.xs.size());
  std::transform(call.xs.begin(), call.xs.end(), xs.begin(), [](const NamedTensor& x) { return x.tensor; });
  return derive(call.result.tensor, xs, options_of(call));
}

Derivation derivation_of(const LayerEntry& entry, LayerInputs inputs) {
  return derivation_of(entry.call(inputs));
}

std::string layer_list() {
  std::string text;
  for (const LayerGroup& group : groups) {
    text += fmt::format("{}{}\n", text.empty() ? "" : "\n", group.name);
    for (const LayerEntry& entry : group.entries()) {
      text += fmt::format("  {:<23}  {}\n", entry.name, entry.summary);
    }
  }
  return text;
}

}  // namespace xgrad::cli
