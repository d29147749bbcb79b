#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "xgrad/export.hpp"
#include "xgrad/nn/clone.hpp"
#include "xgrad/nn/layers.hpp"
#include "xgrad/nn/parameters.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/tensor.hpp"

namespace xgrad::nn {

/// Any callable Tensor → Tensor, with its type erased. Copies share the parameters.
class XGRAD_API Layer {
 public:
  template <class L>
  requires(!std::same_as<std::remove_cvref_t<L>, Layer> && std::is_invocable_r_v<Tensor, const L&, const Tensor&>)
      Layer(L layer);  // NOLINT(google-explicit-constructor)

  [[nodiscard]] Tensor operator()(const Tensor& x) const { return model_->call(x); }
  [[nodiscard]] std::vector<NamedParameter> parameters() const { return model_->parameters(); }
  void replace_parameters(const ReplaceParameter& replacement) { model_ = model_->replaced(replacement); }
  /// The layer's type without namespaces: "Dense".
  [[nodiscard]] std::string_view type() const noexcept { return model_->type(); }

 private:
  class XGRAD_API Model {
   public:
    Model() = default;
    Model(const Model&) = delete;
    Model& operator=(const Model&) = delete;
    virtual ~Model();
    [[nodiscard]] virtual Tensor call(const Tensor& x) const = 0;
    [[nodiscard]] virtual std::vector<NamedParameter> parameters() const = 0;
    [[nodiscard]] virtual std::shared_ptr<const Model> replaced(const ReplaceParameter& replacement) const = 0;
    [[nodiscard]] virtual std::string_view type() const noexcept = 0;
  };

  template <class L>
  class Holder final : public Model {
   public:
    explicit Holder(L layer) : layer_{std::move(layer)} {}
    [[nodiscard]] Tensor call(const Tensor& x) const override { return layer_(x); }
    [[nodiscard]] std::vector<NamedParameter> parameters() const override { return nn::parameters(layer_); }
    [[nodiscard]] std::shared_ptr<const Model> replaced(const ReplaceParameter& replacement) const override {
      L copy = layer_;
      nn::replace_parameters(copy, replacement);
      return std::make_shared<Holder>(std::move(copy));
    }
    [[nodiscard]] std::string_view type() const noexcept override { return reflect::type_name<L>(); }

   private:
    L layer_;
  };

  std::shared_ptr<const Model> model_;
};

template <class L>
requires(!std::same_as<std::remove_cvref_t<L>, Layer> &&
         std::is_invocable_r_v<Tensor, const L&, const Tensor&>) Layer::Layer(L layer)
    : model_{std::make_shared<Holder<L>>(std::move(layer))} {}

// Compiled once, in the library.
extern template Layer::Layer(Dense);
extern template Layer::Layer(Sigmoid);
extern template Layer::Layer(Tanh);
extern template Layer::Layer(ReLU);
extern template Layer::Layer(Softmax);

/// Layers one after the other. Parameters are named by place: "0.W", "0.b", "2.W"; nodes get the scope "0.Dense".
class XGRAD_API Sequential {
 public:
  Sequential() = default;
  template <class... L>
  requires(sizeof...(L) > 0 && (std::convertible_to<L, Layer> && ...) &&
           !(sizeof...(L) == 1 &&
             (std::same_as<std::remove_cvref_t<L>, Sequential> && ...))) explicit Sequential(L... layers)
      : layers_{Layer{std::move(layers)}...} {}

  void add(Layer layer) { layers_.push_back(std::move(layer)); }

  /// Without layers, x itself.
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
  [[nodiscard]] std::vector<NamedParameter> parameters() const;
  void replace_parameters(const ReplaceParameter& replacement);

  [[nodiscard]] const std::vector<Layer>& layers() const& noexcept { return layers_; }
  [[nodiscard]] std::vector<Layer> layers() const&& { return layers_; }

 private:
  std::vector<Layer> layers_;
};

}  // namespace xgrad::nn
