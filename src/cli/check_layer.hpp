#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "xgrad/dtype.hpp"

/// `xgrad check --layer NAME`: a layer of nn, its backward pass by hand, and differences.
namespace xgrad::cli {

struct LayerCheck {
  std::string name;  ///< or "list"
  DType dtype = float64;
  std::int64_t max_entries = 256;
  std::uint64_t seed = 1;
  std::optional<std::string> json;
};

/// Prints the report, or the list of layers; gives the exit code. Throws UsageError for a name that isn't there.
[[nodiscard]] int check_layer(const LayerCheck& options);

}  // namespace xgrad::cli
