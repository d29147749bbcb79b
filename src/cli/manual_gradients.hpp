#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "xgrad/derive.hpp"
#include "xgrad/dtype.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/shape.hpp"
#include "xgrad/tensor.hpp"

/// Files between xgrad and somebody's own code for gradients.
namespace xgrad::cli {

inline constexpr std::string_view network_file = "network.json";
inline constexpr std::string_view gradients_file = "gradients.json";

struct ManualGradients {
  std::vector<Tensor> parameters;    ///< one each, undefined where none is given; or none at all
  std::vector<NamedTensor> tensors;  ///< of layers' results, those that are given
  std::string source;                ///< "from FOLDER; none for b2"
};

/// What a gradient in a file has to look like.
struct Slot {
  std::string name;
  Shape shape;
  DType dtype = float64;
};

/// From a folder with NAME.npy per parameter or gradients.json, or from a .json file: {"W1": [[…], …], "b1": […], …}.
/// Gradients of layers' results may be among them. Numbers are cast to the slots' dtype. Throws IoError that names the
/// file for anything that doesn't fit, for other names, and where there is no gradient at all.
[[nodiscard]] ManualGradients read_manual_gradients(const std::filesystem::path& path,
                                                    const std::vector<NamedParameter>& parameters,
                                                    const std::vector<Slot>& layers);

/// Writes NAME.npy per tensor, and network.json, into a folder, which is made if need be and takes its place as a
/// whole. Of an earlier export nothing stays; what else is in the folder does. Throws IoError, also where the folder
/// has something in it and isn't an earlier export.
void write_export(const std::filesystem::path& folder, const std::vector<NamedTensor>& tensors,
                  const std::string& network);

}  // namespace xgrad::cli
