#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "xgrad/derive.hpp"

#include "cli/derive_layers/layer_call.hpp"

/// All that can be derived by its name.
namespace xgrad::cli {

struct LayerGroup {
  std::string_view name;
  std::span<const LayerEntry> (*entries)();
};

[[nodiscard]] std::span<const LayerGroup> layer_groups();
/// Null if there is none of this name.
[[nodiscard]] const LayerEntry* find_layer(std::string_view name);
[[nodiscard]] std::vector<std::string> layer_names();
/// The names of a call and, if its result isn't a loss, a cotangent G of it.
[[nodiscard]] DeriveOptions options_of(const LayerCall& call);
/// By all that the call says, with these options.
[[nodiscard]] Derivation derivation_of(const LayerCall& call);
[[nodiscard]] Derivation derivation_of(const LayerEntry& entry, LayerInputs inputs);
/// All groups, one line per entry, for a terminal.
[[nodiscard]] std::string layer_list();

[[nodiscard]] std::span<const LayerEntry> activation_entries();
[[nodiscard]] std::span<const LayerEntry> linear_entries();
[[nodiscard]] std::span<const LayerEntry> convolution_entries();
[[nodiscard]] std::span<const LayerEntry> pooling_entries();
[[nodiscard]] std::span<const LayerEntry> normalization_entries();
[[nodiscard]] std::span<const LayerEntry> dropout_entries();
[[nodiscard]] std::span<const LayerEntry> embedding_entries();
[[nodiscard]] std::span<const LayerEntry> recurrent_entries();
[[nodiscard]] std::span<const LayerEntry> attention_entries();
[[nodiscard]] std::span<const LayerEntry> container_entries();
[[nodiscard]] std::span<const LayerEntry> loss_entries();
[[nodiscard]] std::span<const LayerEntry> matrix_entries();

}  // namespace xgrad::cli
