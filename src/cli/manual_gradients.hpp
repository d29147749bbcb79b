#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "xgrad/parameter.hpp"
#include "xgrad/tensor.hpp"

/// Files between xgrad and somebody's own code for gradients.
namespace xgrad::cli {

inline constexpr std::string_view network_file = "network.json";
inline constexpr std::string_view gradients_file = "gradients.json";

struct ManualGradients {
  std::vector<Tensor> tensors;  ///< one per parameter, of its shape and dtype; undefined where none is given
  std::string source;           ///< "from FOLDER; none for b2"
};

/// From a folder with NAME.npy per parameter or gradients.json, or from a .json file: {"W1": [[…], …], "b1": […], …}.
/// Numbers are cast to the parameters' dtype. Throws IoError that names the file for anything that doesn't fit, for
/// names that aren't a parameter's, and where there is no gradient at all.
[[nodiscard]] ManualGradients read_manual_gradients(const std::filesystem::path& path,
                                                    const std::vector<NamedParameter>& parameters);

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

/// Writes NAME.npy per tensor, and network.json, into a folder, which is made if need be; all are written in full
/// before the first takes its place. Throws IoError, also where the folder has something in it and isn't an earlier
/// export.
void write_export(const std::filesystem::path& folder, const std::vector<NamedTensor>& tensors,
                  const std::string& network);

}  // namespace xgrad::cli
