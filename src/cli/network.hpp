#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "xgrad/dtype.hpp"
#include "xgrad/nn/initializers.hpp"
#include "xgrad/nn/losses.hpp"
#include "xgrad/nn/sequential.hpp"
#include "xgrad/random.hpp"
#include "xgrad/tensor.hpp"

#include "cli/arguments.hpp"

/// Fully connected networks and losses from their names on the command line.
namespace xgrad::cli {

enum class Activation : std::uint8_t { sigmoid, tanh, relu, softmax, identity };
enum class Loss : std::uint8_t { quadratic, cross_entropy, binary_cross_entropy, mean_squared_error };
enum class Init : std::uint8_t { glorot, he, normal, zeros };

inline constexpr std::array activation_choices{
    Choice<Activation>{"sigmoid", Activation::sigmoid}, Choice<Activation>{"tanh", Activation::tanh},
    Choice<Activation>{"relu", Activation::relu}, Choice<Activation>{"softmax", Activation::softmax},
    Choice<Activation>{"identity", Activation::identity}};
inline constexpr std::array loss_choices{
    Choice<Loss>{"quadratic", Loss::quadratic}, Choice<Loss>{"cross-entropy", Loss::cross_entropy},
    Choice<Loss>{"binary-cross-entropy", Loss::binary_cross_entropy}, Choice<Loss>{"mse", Loss::mean_squared_error}};
inline constexpr std::array init_choices{Choice<Init>{"glorot", Init::glorot}, Choice<Init>{"he", Init::he},
                                         Choice<Init>{"normal", Init::normal}, Choice<Init>{"zeros", Init::zeros}};
inline constexpr std::array reduction_choices{Choice<nn::Reduction>{"mean", nn::Reduction::mean},
                                              Choice<nn::Reduction>{"sum", nn::Reduction::sum}};
inline constexpr std::array dtype_choices{Choice<DType>{"float32", float32}, Choice<DType>{"float64", float64}};

inline constexpr std::span<const Choice<Activation>> activations{activation_choices};
inline constexpr std::span<const Choice<Loss>> losses{loss_choices};
inline constexpr std::span<const Choice<Init>> inits{init_choices};
inline constexpr std::span<const Choice<nn::Reduction>> reductions{reduction_choices};
inline constexpr std::span<const Choice<DType>> dtypes{dtype_choices};

/// Widths of the layers, input first: {64, 30, 10}.
using Widths = std::vector<std::int64_t>;

/// From "64-30-10". Throws UsageError unless it is two or more positive widths of at most 100 million parameters.
[[nodiscard]] Widths read_widths(std::string_view option, const std::string& text);
[[nodiscard]] std::string to_string(const Widths& widths);

/// A network and its loss as the options give them.
struct Model {
  Widths widths;
  Activation activation = Activation::sigmoid;
  std::optional<Activation> last = std::nullopt;  ///< of the last layer, if set apart
  Loss loss = Loss::quadratic;
  nn::Reduction reduction = nn::Reduction::mean;
  Init init = Init::glorot;
  DType dtype = float32;

  /// What is set apart; else identity for the losses that take logits, and `activation` for the others.
  [[nodiscard]] Activation output_activation() const;
  [[nodiscard]] bool is_all_sigmoid() const;
  /// Whether the document's formulas are this model's: sigmoid layers and the quadratic loss.
  [[nodiscard]] bool is_the_documents() const { return loss == Loss::quadratic && is_all_sigmoid(); }
  [[nodiscard]] bool takes_logits() const;
  /// "64-30-10, sigmoid, quadratic loss (mean)"
  [[nodiscard]] std::string description() const;
};

/// --layers, --activation, --output-activation, --loss, --reduction, --init, --dtype.
void add_model_options(CLI::App& app, Model& model, const std::string& layers_fallback);

/// Biases start at zero, except with Init::normal, where the document draws them too; or all from `biases`, if given.
[[nodiscard]] nn::Sequential build(const Model& model, Random& random, const nn::Initializer& biases = {});

using LossFunction = std::function<Tensor(const Tensor& prediction, const Tensor& target)>;
[[nodiscard]] LossFunction loss_of(const Model& model);

}  // namespace xgrad::cli
