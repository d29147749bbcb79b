#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "xgrad/export.hpp"
#include "xgrad/nn/clone.hpp"
#include "xgrad/nn/dropout.hpp"
#include "xgrad/nn/inference.hpp"
#include "xgrad/nn/layers.hpp"
#include "xgrad/nn/normalization.hpp"
#include "xgrad/nn/parameters.hpp"
#include "xgrad/nn/states.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/state.hpp"
#include "xgrad/tensor.hpp"

namespace xgrad::nn {

/// Any callable Tensor → Tensor, with its type erased. Copies share parameters and states.
class XGRAD_API Layer {
 public:
  template <class L>
  requires(!std::same_as<std::remove_cvref_t<L>, Layer> && std::is_invocable_r_v<Tensor, const L&, const Tensor&>)
      Layer(L layer);  // NOLINT(google-explicit-constructor)

  [[nodiscard]] Tensor operator()(const Tensor& x) const { return model_->call(x); }
  [[nodiscard]] std::vector<NamedParameter> parameters() const { return model_->parameters(); }
  void replace_parameters(const ReplaceParameter& replacement) { model_ = model_->replaced(&replacement, nullptr); }
  /// Throws ValueError, as set_mode() does, if a class in it has parameters() of its own and doesn't say whether it
  /// holds states; see states.hpp.
  [[nodiscard]] std::vector<NamedState> states() const { return model_->states(); }
  void replace_states(const ReplaceState& replacement) { model_ = model_->replaced(nullptr, &replacement); }
  void set_mode(Mode mode) { model_ = model_->in_mode(mode); }
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
    [[nodiscard]] virtual std::vector<NamedState> states() const = 0;
    /// Null: cells of this kind aren't replaced.
    [[nodiscard]] virtual std::shared_ptr<const Model> replaced(const ReplaceParameter* parameter,
                                                                const ReplaceState* state) const = 0;
    [[nodiscard]] virtual std::shared_ptr<const Model> in_mode(Mode mode) const = 0;
    [[nodiscard]] virtual std::string_view type() const noexcept = 0;
  };

  template <class L>
  class Holder final : public Model {
   public:
    explicit Holder(L layer) : layer_{std::move(layer)} {}
    [[nodiscard]] Tensor call(const Tensor& x) const override { return layer_(x); }
    [[nodiscard]] std::vector<NamedParameter> parameters() const override { return nn::parameters(layer_); }
    [[nodiscard]] std::vector<NamedState> states() const override { return detail::states_of<true>(layer_); }
    [[nodiscard]] std::shared_ptr<const Model> replaced(const ReplaceParameter* parameter,
                                                        const ReplaceState* state) const override {
      return changed([&](L& copy) {
        detail::Replacement visit{parameter, state};
        detail::visit_model(copy, "", visit);
      });
    }
    [[nodiscard]] std::shared_ptr<const Model> in_mode(Mode mode) const override {
      return changed([&](L& copy) { detail::set_mode<true>(copy, mode); });
    }
    [[nodiscard]] std::string_view type() const noexcept override { return reflect::type_name<L>(); }

   private:
    template <class Change>
    [[nodiscard]] std::shared_ptr<const Model> changed(const Change& change) const {
      L copy = layer_;
      change(copy);
      return std::make_shared<Holder>(std::move(copy));
    }

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
extern template Layer::Layer(Dropout);
extern template Layer::Layer(BatchNorm);

/// Layers one after the other. Parameters and states are named by index: "0.W", "0.b", "2.W"; nodes get the scope
/// "0/Dense".
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
  [[nodiscard]] std::vector<NamedState> states() const;
  void replace_states(const ReplaceState& replacement);
  void set_mode(Mode mode);

  [[nodiscard]] const std::vector<Layer>& layers() const& noexcept { return layers_; }
  [[nodiscard]] std::vector<Layer> layers() const&& { return layers_; }

 private:
  std::vector<Layer> layers_;
};

}  // namespace xgrad::nn
