#include "cli/layer_problems.hpp"

#include <array>
#include <fmt/format.h>
#include <utility>
#include <vector>

#include "xgrad/creation.hpp"
#include "xgrad/decompositions.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/manual_layers.hpp"
#include "xgrad/math.hpp"
#include "xgrad/nn/attention.hpp"
#include "xgrad/nn/convolution.hpp"
#include "xgrad/nn/embedding.hpp"
#include "xgrad/nn/functional.hpp"
#include "xgrad/nn/losses.hpp"
#include "xgrad/nn/normalization.hpp"
#include "xgrad/nn/parameters.hpp"
#include "xgrad/nn/pooling.hpp"
#include "xgrad/nn/recurrent.hpp"
#include "xgrad/sorting.hpp"

namespace xgrad::cli {
namespace {

namespace manual = check::manual;
using Tensors = std::vector<Tensor>;

Tensor drawn(const Shape& shape, DType dtype, Random& random) {
  return random.normal(shape, 0, 1, dtype).eval();
}

void draw(const Parameter& parameter, Random& random) {
  parameter.set(drawn(parameter.shape(), parameter.dtype(), random));
}

/// "x (3, 4), weight (4,)" and what is said besides.
std::string sizes_of(const std::vector<NamedTensor>& inputs, const std::vector<NamedParameter>& parameters,
                     const std::string& more = {}) {
  std::string text;
  for (const NamedTensor& input : inputs) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", input.name, to_string(input.tensor.shape()));
  }
  for (const NamedParameter& named : parameters) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", named.name, to_string(named.parameter.shape()));
  }
  return more.empty() ? text : text + ", " + more;
}

LayerProblem problem_of(std::vector<NamedTensor> inputs, std::vector<NamedParameter> parameters,
                        const std::string& more, check::ForwardFunction forward, check::BackwardFunction by_hand) {
  std::string sizes = sizes_of(inputs, parameters, more);
  return {std::move(sizes), std::move(forward), std::move(inputs), std::move(parameters), std::move(by_hand)};
}

/// Each side and direction is unlike the others, so that none can stand for another.
struct ConvSettings {
  Shape x;
  Shape weight;
  ConvOptions options;
  manual::ConvolutionOptions by_hand;
  const char* words;
};

template <std::size_t Axes>
LayerProblem convolution(const ConvSettings& settings, DType dtype, Random& random) {
  const nn::Conv<Axes> layer{drawn(settings.weight, dtype, random), drawn({settings.weight[0]}, dtype, random),
                             settings.options};
  return problem_of(
      {{"x", drawn(settings.x, dtype, random)}}, {{"weight", layer.weight}, {"bias", layer.bias}}, settings.words,
      [layer](const Tensors& in) { return layer(in[0]); },
      [layer, options = settings.by_hand](const Tensors& in, const Tensor& dy) {
        const auto hand = manual::convolution(in[0], layer.weight, layer.bias, dy, options);
        return Tensors{hand.dx, hand.dweight, hand.dbias};
      });
}

LayerProblem conv1d(DType dtype, Random& random) {
  return convolution<1>({{3, 2, 9},
                         {4, 2, 3},
                         {.stride = 2, .padding = 1, .dilation = 2},
                         {.stride = {2}, .padding = {{1, 1}}, .dilation = {2}},
                         "stride 2, padding 1, dilation 2"},
                        dtype, random);
}

LayerProblem conv2d(DType dtype, Random& random) {
  return convolution<2>({{3, 4, 5, 4},
                         {6, 2, 3, 2},
                         {.stride = {2, 1}, .padding = {{1, 2}, {0, 1}}, .dilation = {1, 2}, .groups = 2},
                         {.stride = {2, 1}, .padding = {{1, 2}, {0, 1}}, .dilation = {1, 2}, .groups = 2},
                         "stride (2, 1), padding (1 2, 0 1), dilation (1, 2), 2 groups"},
                        dtype, random);
}

LayerProblem conv3d(DType dtype, Random& random) {
  return convolution<3>({{2, 2, 3, 4, 3},
                         {3, 2, 2, 3, 2},
                         {.stride = {1, 2, 1}, .padding = {1, 1, 0}},
                         {.stride = {1, 2, 1}, .padding = {{1, 1}, {1, 1}, {0, 0}}},
                         "stride (1, 2, 1), padding (1, 1, 0)"},
                        dtype, random);
}

template <class Layer>
LayerProblem max_pool(const Shape& shape, const PoolOptions& options, const manual::MaxPoolOptions& by_hand,
                      const char* words, DType dtype, Random& random) {
  // Numbers apart from each other, in random order: differences meet no kink.
  const Tensor order = argsort(random.normal({shape.size()}, 0, 1, float64), 0);
  const Tensor x = reshape(cast(order, dtype) * 0.75 - 0.375 * static_cast<double>(shape.size()), shape).eval();
  return problem_of(
      {{"x", x}}, {}, words, [options](const Tensors& in) { return Layer{options}(in[0]); },
      [by_hand](const Tensors& in, const Tensor& dy) { return Tensors{manual::max_pool(in[0], dy, by_hand).dx}; });
}

LayerProblem max_pool1d(DType dtype, Random& random) {
  return max_pool<nn::MaxPool1d>({3, 2, 9}, {.kernel = {3}, .stride = {2}}, {.kernel = {3}, .stride = {2}},
                                 "kernel 3, stride 2", dtype, random);
}

LayerProblem max_pool2d(DType dtype, Random& random) {
  return max_pool<nn::MaxPool2d>({2, 3, 7, 6}, {.kernel = {3, 2}, .stride = {2, 1}, .padding = {1, 0}},
                                 {.kernel = {3, 2}, .stride = {2, 1}, .padding = {1, 0}},
                                 "kernel (3, 2), stride (2, 1), padding (1, 0)", dtype, random);
}

LayerProblem max_pool3d(DType dtype, Random& random) {
  return max_pool<nn::MaxPool3d>({2, 2, 4, 3, 4}, {.kernel = {2, 3, 2}, .stride = {1, 1, 2}},
                                 {.kernel = {2, 3, 2}, .stride = {1, 1, 2}}, "kernel (2, 3, 2), stride (1, 1, 2)",
                                 dtype, random);
}

LayerProblem batch_norm(DType dtype, Random& random) {
  const nn::BatchNorm layer{3, {.dtype = dtype}};
  draw(layer.weight, random);
  draw(layer.bias, random);
  return problem_of(
      {{"x", drawn({5, 3, 2}, dtype, random)}}, {{"weight", layer.weight}, {"bias", layer.bias}}, "in training",
      [layer](const Tensors& in) { return layer(in[0]); },
      [layer](const Tensors& in, const Tensor& dy) {
        const auto hand = manual::batch_norm(in[0], layer.weight, layer.bias, dy, layer.epsilon);
        return Tensors{hand.dx, hand.dweight, hand.dbias};
      });
}

LayerProblem layer_norm(DType dtype, Random& random) {
  const nn::LayerNorm layer{5, {.dtype = dtype}};
  draw(layer.weight, random);
  draw(layer.bias, random);
  return problem_of(
      {{"x", drawn({7, 5}, dtype, random)}}, {{"weight", layer.weight}, {"bias", layer.bias}}, {},
      [layer](const Tensors& in) { return layer(in[0]); },
      [layer](const Tensors& in, const Tensor& dy) {
        const auto hand = manual::layer_norm(in[0], layer.weight, layer.bias, dy, 1, layer.epsilon);
        return Tensors{hand.dx, hand.dweight, hand.dbias};
      });
}

LayerProblem attention(DType dtype, Random& random) {
  return problem_of(
      {{"q", drawn({2, 4, 3}, dtype, random)},
       {"k", drawn({2, 5, 3}, dtype, random)},
       {"v", drawn({2, 5, 2}, dtype, random)}},
      {}, "causal", [](const Tensors& in) { return nn::attention(in[0], in[1], in[2], {.causal = true}); },
      [](const Tensors& in, const Tensor& dy) {
        const auto hand = manual::attention(in[0], in[1], in[2], dy, {.mask = {}, .causal = true});
        return Tensors{hand.dq, hand.dk, hand.dv};
      });
}

LayerProblem multi_head_attention(DType dtype, Random& random) {
  const nn::MultiHeadAttention layer{4, 2, random, {.dtype = dtype}};
  draw(layer.in_proj_bias, random);
  draw(layer.out_proj.bias, random);
  return problem_of(
      {{"x", drawn({2, 3, 4}, dtype, random)}}, nn::parameters(layer), "2 heads",
      [layer](const Tensors& in) { return layer(in[0]); },
      [layer](const Tensors& in, const Tensor& dy) {
        const auto hand = manual::multi_head_attention(in[0], in[0], in[0],
                                                       {.in_proj_weight = layer.in_proj_weight,
                                                        .in_proj_bias = layer.in_proj_bias,
                                                        .out_proj_weight = layer.out_proj.weight,
                                                        .out_proj_bias = layer.out_proj.bias},
                                                       dy, {.heads = layer.heads});
        return Tensors{hand.dquery + hand.dkey + hand.dvalue, hand.gradients.in_proj_weight,
                       hand.gradients.in_proj_bias, hand.gradients.out_proj_weight, hand.gradients.out_proj_bias};
      });
}

template <class Cell>
manual::CellParameters values_of(const Cell& cell) {
  return {cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh};
}

template <class Cell>
std::vector<NamedParameter> drawn_parameters(const Cell& cell, Random& random) {
  draw(cell.bias_ih, random);
  draw(cell.bias_hh, random);
  return {{"weight_ih", cell.weight_ih},
          {"weight_hh", cell.weight_hh},
          {"bias_ih", cell.bias_ih},
          {"bias_hh", cell.bias_hh}};
}

LayerProblem lstm(DType dtype, Random& random) {
  const nn::LSTM layer{2, 3, random, {.cell = {.dtype = dtype}}};
  return problem_of(
      {{"x", drawn({3, 4, 2}, dtype, random)},
       {"h0", drawn({3, 3}, dtype, random)},
       {"c0", drawn({3, 3}, dtype, random)}},
      drawn_parameters(layer.cells[0], random), "4 steps",
      [layer](const Tensors& in) {
        return layer.run(in[0], {expand_dims(in[1], 0), expand_dims(in[2], 0)}).output;
      },
      [layer](const Tensors& in, const Tensor& dy) {
        const auto hand = manual::lstm(in[0], values_of(layer.cells[0]), in[1], in[2], {.y = dy});
        return Tensors{hand.dx,
                       hand.dh0,
                       hand.dc0,
                       hand.gradients.weight_ih,
                       hand.gradients.weight_hh,
                       hand.gradients.bias_ih,
                       hand.gradients.bias_hh};
      });
}

LayerProblem gru(DType dtype, Random& random) {
  const nn::GRU layer{2, 3, random, {.cell = {.dtype = dtype}}};
  return problem_of(
      {{"x", drawn({3, 4, 2}, dtype, random)}, {"h0", drawn({3, 3}, dtype, random)}},
      drawn_parameters(layer.cells[0], random), "4 steps",
      [layer](const Tensors& in) { return layer.run(in[0], expand_dims(in[1], 0)).output; },
      [layer](const Tensors& in, const Tensor& dy) {
        const auto hand = manual::gru(in[0], values_of(layer.cells[0]), in[1], {.y = dy});
        return Tensors{hand.dx,
                       hand.dh0,
                       hand.gradients.weight_ih,
                       hand.gradients.weight_hh,
                       hand.gradients.bias_ih,
                       hand.gradients.bias_hh};
      });
}

LayerProblem embedding(DType dtype, Random& random) {
  const nn::Embedding layer{drawn({6, 3}, dtype, random)};
  // One row is used three times, one never.
  const Tensor indices = tensor({{1, 4, 1, 0}, {2, 1, 5, 4}}, int64);
  return problem_of(
      {}, {{"weight", layer.weight}}, "indices [[1 4 1 0] [2 1 5 4]]",
      [layer, indices](const Tensors&) { return layer(indices); },
      [layer, indices](const Tensors&, const Tensor& dy) {
        return Tensors{manual::embedding(layer.weight, indices, dy).dweight};
      });
}

LayerProblem cholesky_factor(DType dtype, Random& random) {
  const Tensor b = drawn({4, 4}, dtype, random);
  const Tensor a = (matmul(b, transpose(b)) + 2.0 * eye(4, -1, dtype)).eval();
  LayerProblem problem = problem_of(
      {{"A", a}}, {}, "positive definite", [](const Tensors& in) { return cholesky(in[0]); },
      [](const Tensors& in, const Tensor& dl) { return Tensors{manual::cholesky(in[0], dl).da}; });
  // Any values won't do, and steps must leave it positive definite.
  problem.options.second_probe = false;
  problem.options.numeric.step = 0.05;
  return problem;
}

LayerProblem cross_entropy(DType dtype, Random& random) {
  const Tensor target = tensor({0, 3, 1, 2, 3, 3}, int64);
  const Tensor class_weights = cast(tensor({0.5, 2, 1, 0.25}, float64), dtype).eval();
  const nn::CrossEntropy loss{.class_weights = class_weights, .ignore_index = 2, .label_smoothing = 0.1};
  return problem_of(
      {{"z", drawn({6, 4}, dtype, random)}}, {}, "classes [0 3 1 2 3 3], weights, class 2 ignored, smoothing 0.1, mean",
      [loss, target](const Tensors& in) { return loss(in[0], target); },
      [class_weights, target](const Tensors& in, const Tensor& dloss) {
        const auto hand = manual::cross_entropy(
            in[0], target, dloss, {.class_weights = class_weights, .ignore_index = 2, .label_smoothing = 0.1});
        return Tensors{hand.dz};
      });
}

constexpr std::string_view of_convolution = "y[n,o,p] = b[o] + Σ w[o,c,k] x[n,c,p·stride−before+k·dilation]";
constexpr std::string_view from_convolution = "Goodfellow, Bengio and Courville, 2016, section 9.5";
constexpr std::string_view of_pooling = "y[p] = the first of the largest elements of window p";
constexpr std::string_view from_pooling = "Goodfellow, Bengio and Courville, 2016, section 9.3";
constexpr std::array entries{
    CheckedLayer{"Conv1d", of_convolution, from_convolution, &conv1d},
    CheckedLayer{"Conv2d", of_convolution, from_convolution, &conv2d},
    CheckedLayer{"Conv3d", of_convolution, from_convolution, &conv3d},
    CheckedLayer{"MaxPool1d", of_pooling, from_pooling, &max_pool1d},
    CheckedLayer{"MaxPool2d", of_pooling, from_pooling, &max_pool2d},
    CheckedLayer{"MaxPool3d", of_pooling, from_pooling, &max_pool3d},
    CheckedLayer{"BatchNorm", "y = (x − μ) / √(σ² + ε) ⊙ weight + bias, per channel",
                 "Ioffe and Szegedy, 2015, section 3", &batch_norm},
    CheckedLayer{"LayerNorm", "y = (x − μ) / √(σ² + ε) ⊙ weight + bias, per row",
                 "Ba, Kiros and Hinton, 2016, section 3", &layer_norm},
    CheckedLayer{"attention", "y = softmax(q kᵀ / √d + mask) v", "Dao et al., 2022, appendix B.2", &attention},
    CheckedLayer{"MultiHeadAttention", "y = W_o [attention of W_q x, W_k x, W_v x, head by head] + b_o",
                 "Vaswani et al., 2017, section 3.2", &multi_head_attention},
    CheckedLayer{"LSTM", "c′ = f ⊙ c + i ⊙ g, h′ = o ⊙ tanh(c′), gates i f g o, step by step",
                 "Greff et al., 2017, section II", &lstm},
    CheckedLayer{"GRU", "h′ = (1 − z) ⊙ n + z ⊙ h, gates r z n, step by step", "Cho et al., 2014, section 2.3", &gru},
    CheckedLayer{"Embedding", "y[n] = weight[index n]", "Bengio et al., 2003, section 3", &embedding},
    CheckedLayer{"cholesky", "L Lᵀ = ½ (A + Aᵀ)", "Murray, 2016, section 3", &cholesky_factor},
    CheckedLayer{"CrossEntropy", "−Σ w_c ((1 − ε) y_c + ε/C) log softmax(z)_c, weighted mean",
                 "Szegedy et al., 2016, section 7", &cross_entropy},
};

}  // namespace

std::span<const CheckedLayer> checked_layers() {
  return entries;
}

}  // namespace xgrad::cli
