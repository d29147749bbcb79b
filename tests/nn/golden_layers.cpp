// Layers beside PyTorch's, in float64: outputs and gradients by all parameters and inputs; tests/nn/golden says how
// they were made. Each also as a compiled function.
#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

namespace xg = xgrad;
using xg::float64;
using xg::Tensor;

namespace {

const nlohmann::json& golden() {
  static const nlohmann::json all = [] {
    std::ifstream file{std::string{XGRAD_TEST_DATA} + "/../nn/golden/layers.json"};
    if (!file) {
      throw std::runtime_error("can't read the golden values of layers");
    }
    return nlohmann::json::parse(file);
  }();
  return all;
}

Tensor tensor_of(const nlohmann::json& json, xg::DType dtype = float64) {
  std::vector<double> data;
  for (const auto& value : json.at("data")) {
    data.push_back(value.is_string() ? std::stod(value.get<std::string>()) : value.get<double>());
  }
  const auto lengths = json.at("shape").get<std::vector<std::int64_t>>();
  return xg::cast(xg::from_vector(data, xg::Shape{lengths}), dtype).eval();
}

/// The largest difference; infinite if the shapes differ or something isn't a number.
double distance(const Tensor& found, const Tensor& expected) {
  if (found.shape() != expected.shape()) {
    return INFINITY;
  }
  const auto a = found.to_vector<double>();
  const auto b = expected.to_vector<double>();
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(a[i] - b[i]);
    worst = difference <= worst ? worst : difference;
  }
  return worst;
}

constexpr double tolerance = 1e-10;

/// PyTorch's name of a parameter here.
std::string torch_name(std::string name) {
  const auto ends = [&](const char* end) { return name == end || name.ends_with("." + std::string{end}); };
  if (ends("W")) {
    name.replace(name.size() - 1, 1, "weight");
  } else if (ends("b")) {
    name.replace(name.size() - 1, 1, "bias");
  }
  return name;
}

class Case {
 public:
  explicit Case(const std::string& name) : json_{golden().at(name)} {}

  [[nodiscard]] Tensor input(const std::string& name, xg::DType dtype = float64) const {
    return tensor_of(json_.at("inputs").at(name), dtype);
  }
  /// true where a key may be seen; PyTorch's is true where it may not.
  [[nodiscard]] Tensor mask(const std::string& name) const { return xg::logical_not(input(name, xg::boolean)).eval(); }
  [[nodiscard]] const nlohmann::json& json() const { return json_; }

  template <class Model>
  void load(const Model& model, const std::map<std::string, std::string>& renamed = {}) const {
    const auto named = xg::nn::parameters(model);
    CHECK(named.size() == json_.at("parameters").size());
    for (const auto& parameter : named) {
      parameter.set(tensor_of(json_.at("parameters").at(name_of(parameter.name, renamed))));
    }
  }

  /// `call` makes the output from the inputs of these names.
  template <class Model, class Call>
  void check(const Model& model, const std::vector<std::string>& inputs, const Call& call,
             const std::map<std::string, std::string>& renamed = {}) const {
    load(model, renamed);
    compare(model, inputs, renamed, results(model, inputs, call, false));
    compare(model, inputs, renamed, results(model, inputs, call, true));
  }

 private:
  static std::string name_of(const std::string& name, const std::map<std::string, std::string>& renamed) {
    const auto found = renamed.find(name);
    return found == renamed.end() ? torch_name(name) : found->second;
  }

  /// The output, the gradients by parameters, and those by inputs.
  template <class Model, class Call>
  [[nodiscard]] std::vector<Tensor> results(const Model& model, const std::vector<std::string>& names, const Call& call,
                                            bool compiled) const {
    const auto named = xg::nn::parameters(model);
    const Tensor cotangent = tensor_of(json_.at("cotangent"));
    const auto all = [&](const std::vector<Tensor>& inputs) {
      const Tensor output = call(inputs);
      std::vector<Tensor> xs(named.begin(), named.end());
      xs.insert(xs.end(), inputs.begin(), inputs.end());
      std::vector<Tensor> found = xg::gradients(xg::sum(output * cotangent), xs);
      found.insert(found.begin(), output);
      return found;
    };
    std::vector<Tensor> inputs;
    std::transform(names.begin(), names.end(), std::back_inserter(inputs),
                   [&](const std::string& name) { return xg::variable(input(name)); });
    if (!compiled) {
      return all(inputs);
    }
    // Of three arguments, of which the first ones are used.
    auto function = xg::compile([&](const Tensor& a, const Tensor& b, const Tensor& c) {
      std::vector<Tensor> used{a, b, c};
      used.resize(inputs.size());
      return all(used);
    });
    std::vector<Tensor> given = inputs;
    given.resize(3, xg::scalar(0, float64));
    static_cast<void>(function(given[0], given[1], given[2]));
    return function(given[0], given[1], given[2]);
  }

  template <class Model>
  void compare(const Model& model, const std::vector<std::string>& inputs,
               const std::map<std::string, std::string>& renamed, const std::vector<Tensor>& found) const {
    CHECK(distance(found[0], tensor_of(json_.at("output"))) < tolerance);
    std::size_t next = 1;
    const auto expect = [&](const std::string& name) {
      INFO("gradient by ", name);
      CHECK(distance(found[next++], tensor_of(json_.at("gradients").at(name))) < tolerance);
    };
    for (const auto& parameter : xg::nn::parameters(model)) {
      expect(name_of(parameter.name, renamed));
    }
    for (const std::string& name : inputs) {
      expect(name);
    }
  }

  const nlohmann::json& json_;
};

xg::Random& generator() {
  static xg::Random random{4};
  return random;
}

/// The layer of one input "x".
template <class Layer>
void check_layer(const std::string& name, const Layer& layer) {
  Case{name}.check(layer, {"x"}, [&](const std::vector<Tensor>& in) { return layer(in[0]); });
}

}  // namespace

TEST_CASE("PyTorch: LayerNorm, GroupNorm, InstanceNorm and BatchNorm") {
  check_layer("layer_norm", xg::nn::LayerNorm{xg::Shape{2, 4}, {.dtype = float64}});
  check_layer("group_norm", xg::nn::GroupNorm{3, 6, {.epsilon = 1e-3, .dtype = float64}});
  check_layer("instance_norm", xg::nn::InstanceNorm2d{3, {.affine = true, .dtype = float64}});
  check_layer("batch_norm", xg::nn::BatchNorm2d{3, {.dtype = float64}});
}

TEST_CASE("PyTorch: MultiheadAttention of a sequence with itself, with and without masks") {
  const auto check = [](const std::string& name, std::int64_t width, std::int64_t heads,
                        const xg::nn::MultiHeadAttentionOptions& options, const xg::nn::AttentionMasks& masks) {
    const xg::nn::MultiHeadAttention layer{width, heads, generator(), options};
    INFO(name);
    Case{name}.check(layer, {"query"}, [&](const std::vector<Tensor>& in) { return layer(in[0], masks); });
  };
  const xg::nn::MultiHeadAttentionOptions plain{.dtype = float64};
  check("attention", 6, 2, plain, {});
  check("attention_without_bias", 6, 3, {.use_bias = false, .dtype = float64}, {});
  const Case padded{"attention_causal_padded"};
  check("attention_causal_padded", 6, 2, plain, {.mask = padded.mask("mask"), .keys = padded.mask("keys")});
  check("attention_causal_padded", 6, 2, {.causal = true, .dtype = float64}, {.keys = padded.mask("keys")});
  check("attention_additive", 6, 3, plain, {.mask = Case{"attention_additive"}.input("mask")});
  check("attention_mask_per_head", 4, 2, plain, {.mask = Case{"attention_mask_per_head"}.input("mask")});
}

TEST_CASE("PyTorch: MultiheadAttention from one sequence to another, of one width and of several") {
  for (const std::string name : {"attention_cross", "attention_cross_widths"}) {
    INFO(name);
    const bool several = name == "attention_cross_widths";
    const xg::nn::MultiHeadAttention layer{
        several ? 4 : 6,
        2,
        generator(),
        {.key_width = several ? 5 : 0, .value_width = several ? 3 : 0, .dtype = float64}};
    const Case tested{name};
    const xg::nn::AttentionMasks masks{.keys = tested.mask("keys")};
    tested.check(layer, {"query", "key", "value"},
                 [&](const std::vector<Tensor>& in) { return layer(in[0], in[1], in[2], masks); });
  }
}

TEST_CASE("PyTorch: TransformerEncoderLayer and TransformerDecoderLayer, norms behind and before") {
  for (const bool pre : {false, true}) {
    const std::string name = pre ? "pre" : "post";
    INFO(name);
    using xg::nn::FeedForwardActivation;
    const xg::nn::TransformerOptions options{
        .hidden = 6,
        .dropout = 0,
        .activation = pre ? FeedForwardActivation::gelu : FeedForwardActivation::relu,
        .pre_norm = pre,
        .causal = true,
        .dtype = float64};
    const Case encoder{"encoder_" + name};
    const Tensor keys = encoder.mask("keys");
    const xg::nn::TransformerEncoderLayer encoder_layer{4, 2, generator(), options};
    encoder.check(encoder_layer, {"x"},
                  [&](const std::vector<Tensor>& in) { return encoder_layer(in[0], {.keys = keys}); });
    const xg::nn::TransformerDecoderLayer decoder_layer{4, 2, generator(), options};
    Case{"decoder_" + name}.check(decoder_layer, {"x", "memory"}, [&](const std::vector<Tensor>& in) {
      return decoder_layer(in[0], in[1], {.memory = {.keys = keys}});
    });
  }
}

TEST_CASE("PyTorch: Embedding with a padding index") {
  const Case tested{"embedding"};
  const xg::nn::Embedding layer{5, 3, generator(), {.padding = 1, .dtype = float64}};
  tested.check(layer, {}, [&](const std::vector<Tensor>&) { return layer(tested.input("indices", xg::int64)); });
}

TEST_CASE("PyTorch: EmbeddingBag with offsets and with rows, of sums, means and maxima") {
  using xg::nn::BagMode;
  const auto check = [](const std::string& name, BagMode mode, std::optional<std::int64_t> padding, bool weighted) {
    INFO(name);
    const Case tested{name};
    const Tensor indices = tested.input("indices", xg::int64);
    const xg::nn::EmbeddingBag layer{5, 3, generator(), mode, {.padding = padding, .dtype = float64}};
    const std::vector<std::string> inputs(weighted ? 1 : 0, "per_sample");
    tested.check(layer, inputs, [&](const std::vector<Tensor>& in) {
      const Tensor weights = weighted ? in[0] : Tensor{};
      return indices.rank() == 2 ? layer(indices, weights)
                                 : layer.bags(indices, tested.input("offsets", xg::int64), weights);
    });
  };
  check("bag_sum", BagMode::sum, std::nullopt, true);
  check("bag_mean", BagMode::mean, 3, false);
  check("bag_max", BagMode::max, std::nullopt, false);
  check("bag_sum_rows", BagMode::sum, 1, true);
  check("bag_mean_rows", BagMode::mean, 1, false);
  check("bag_max_rows", BagMode::max, std::nullopt, false);
}

TEST_CASE("PyTorch: Bilinear and CosineSimilarity") {
  const xg::nn::Bilinear bilinear{3, 4, 2, generator(), {.dtype = float64}};
  Case{"bilinear"}.check(bilinear, {"x1", "x2"}, [&](const std::vector<Tensor>& in) { return bilinear(in[0], in[1]); });
  const xg::nn::CosineSimilarity cosine{};
  Case{"cosine_similarity"}.check(cosine, {"x1", "x2"},
                                  [&](const std::vector<Tensor>& in) { return cosine(in[0], in[1]); });
}

TEST_CASE("PyTorch: weight_norm") {
  const xg::nn::WeightNorm<xg::nn::Dense> layer{xg::nn::Dense{4, 3, generator(), {.dtype = float64}}};
  Case{"weight_norm"}.check(layer, {"x"}, [&](const std::vector<Tensor>& in) { return layer(in[0]); },
                            {{"layer.W", "weight_v"}, {"layer.b", "bias"}, {"g", "weight_g"}});
}

TEST_CASE("PyTorch: spectral_norm, its vectors after a call in training, and inference with these") {
  const Case tested{"spectral_norm"};
  const xg::nn::SpectralNorm<xg::nn::Dense> layer{xg::nn::Dense{4, 3, generator(), {.dtype = float64}}, generator(), 2};
  const std::map<std::string, std::string> names{{"layer.W", "weight_orig"}, {"layer.b", "bias"}};
  const auto start = [&] {
    layer.u.set(tested.input("u"));
    layer.v.set(tested.input("v"));
  };
  // Every call moves u and v.
  tested.check(
      layer, {"x"},
      [&](const std::vector<Tensor>& in) {
        start();
        return layer(in[0]);
      },
      names);
  start();
  layer(tested.input("x")).eval();
  CHECK(distance(layer.u, tensor_of(tested.json().at("after").at("u"))) < tolerance);
  CHECK(distance(layer.v, tensor_of(tested.json().at("after").at("v"))) < tolerance);
  const auto fixed = xg::nn::inference(layer);
  const Tensor expected = tensor_of(tested.json().at("in_inference"));
  CHECK(distance(fixed(tested.input("x")), expected) < tolerance);
  CHECK(distance(fixed(tested.input("x")), expected) < tolerance);
}

namespace {

/// A layer whose input is called x, or has indices.
template <class Layer>
void check_reweighted(const Case& tested, const Layer& layer, const std::map<std::string, std::string>& renamed,
                      const std::function<void()>& start) {
  const bool has_indices = tested.json().at("inputs").contains("indices");
  const auto names = has_indices ? std::vector<std::string>{} : std::vector<std::string>{"x"};
  const Tensor indices = has_indices ? tested.input("indices", xg::int64) : Tensor{};
  tested.check(
      layer, names,
      [&](const std::vector<Tensor>& in) {
        start();
        return layer(has_indices ? indices : in[0]);
      },
      renamed);
}

/// The layer under weight_norm and spectral_norm.
template <class Layer>
void check_norms(const std::string& name, const Layer& layer) {
  INFO(name);
  const xg::nn::WeightNorm<Layer> by_weight{xg::nn::clone(layer)};
  check_reweighted(Case{"weight_norm_" + name}, by_weight,
                   {{"layer.weight", "weight_v"}, {"layer.bias", "bias"}, {"g", "weight_g"}}, [] {});
  const Case tested{"spectral_norm_" + name};
  const xg::nn::SpectralNorm<Layer> spectral{xg::nn::clone(layer), generator()};
  const auto start = [&] {  // every call moves u and v
    spectral.u.set(tested.input("u"));
    spectral.v.set(tested.input("v"));
  };
  check_reweighted(tested, spectral, {{"layer.weight", "weight_orig"}, {"layer.bias", "bias"}}, start);
  const bool has_indices = tested.json().at("inputs").contains("indices");
  const Tensor x = has_indices ? tested.input("indices", xg::int64) : tested.input("x");
  start();
  spectral(x).eval();
  CHECK(distance(spectral.u, tensor_of(tested.json().at("after").at("u"))) < tolerance);
  CHECK(distance(spectral.v, tensor_of(tested.json().at("after").at("v"))) < tolerance);
  CHECK(distance(xg::nn::inference(spectral)(x), tensor_of(tested.json().at("in_inference"))) < tolerance);
}

}  // namespace

TEST_CASE("PyTorch: weight_norm and spectral_norm of convolutions and embeddings") {
  using namespace xg::nn;  // NOLINT(google-build-using-namespace): the layers
  check_norms("conv1d", Conv1d{4, 4, 3, generator(), {.padding = 1, .groups = 2, .dtype = float64}});
  check_norms("conv2d", Conv2d{2, 3, {2, 3}, generator(), {.stride = 2, .dtype = float64}});
  check_norms("conv3d", Conv3d{2, 2, {1, 2, 2}, generator(), {.dtype = float64}});
  check_norms("conv_transpose1d", ConvTranspose1d{4, 6, 3, generator(), {.stride = 2, .groups = 2, .dtype = float64}});
  check_norms("conv_transpose2d", ConvTranspose2d{3, 2, 2, generator(), {.dtype = float64}});
  check_norms("conv_transpose3d", ConvTranspose3d{2, 3, {2, 1, 2}, generator(), {.dtype = float64}});
  check_norms("embedding", Embedding{5, 3, generator(), {.dtype = float64}});
  check_norms("embedding_bag", EmbeddingBag{5, 3, generator(), BagMode::mean, {.dtype = float64}});
  const WeightNorm<ConvTranspose1d> along_outputs{ConvTranspose1d{3, 2, 2, generator(), {.dtype = float64}}, -2};
  CHECK(along_outputs.g.shape() == xg::Shape{1, 2, 1});
  check_reweighted(Case{"weight_norm_axis_1"}, along_outputs,
                   {{"layer.weight", "weight_v"}, {"layer.bias", "bias"}, {"g", "weight_g"}}, [] {});
}
