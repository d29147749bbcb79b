// Losses and their gradients beside PyTorch's: golden/losses.py made the numbers.
#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

namespace xg = xgrad;
namespace nn = xgrad::nn;
using nn::Reduction;
using xg::Tensor;

namespace {

using Tensors = std::map<std::string, Tensor>;
using Loss = std::function<Tensor(const Tensors&)>;

const nlohmann::json& golden() {
  static const nlohmann::json json = [] {
    std::ifstream file{std::string{XGRAD_TEST_DATA} + "/../nn/golden/losses.json"};
    REQUIRE(file);
    return nlohmann::json::parse(file);
  }();
  return json;
}

xg::Shape shape_of(const nlohmann::json& entry) {
  const auto lengths = entry.at("shape").get<std::vector<std::int64_t>>();
  return xg::Shape{std::span<const std::int64_t>{lengths}};
}

Tensors tensors_of(const nlohmann::json& entry, xg::DType dtype) {
  Tensors result;
  const auto integers = entry.at("integers").get<std::vector<std::string>>();
  for (const auto& [name, tensor] : entry.at("tensors").items()) {
    if (std::find(integers.begin(), integers.end(), name) != integers.end()) {
      result[name] = xg::from_vector(tensor.at("data").get<std::vector<std::int64_t>>(), shape_of(tensor));
    } else {
      const Tensor x = xg::from_vector(tensor.at("data").get<std::vector<double>>(), shape_of(tensor));
      const Tensor given = xg::cast(x, dtype).eval().detach();
      result[name] = entry.at("gradients").contains(name) ? xg::variable(given) : given;
    }
  }
  return result;
}

// max |a − b| / max(1, |b|)
double difference(const Tensor& found, const std::vector<double>& expected) {
  const std::vector<double> a = xg::cast(found, xg::float64).to_vector<double>();
  REQUIRE(a.size() == expected.size());
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double each = a[i] == expected[i] ? 0 : std::abs(a[i] - expected[i]) / std::max(1.0, std::abs(expected[i]));
    if (std::isnan(each)) {
      return each;
    }
    worst = std::max(worst, each);
  }
  return worst;
}

Loss pair(const auto& loss, const char* a, const char* y) {
  return [=](const Tensors& t) { return loss(t.at(a), t.at(y)); };
}
Loss triple(const auto& loss, const char* a, const char* b, const char* c) {
  return [=](const Tensors& t) { return loss(t.at(a), t.at(b), t.at(c)); };
}

Loss ctc(const nn::CTCLoss& loss) {
  return [=](const Tensors& t) { return loss(xg::log_softmax(t.at("z"), 2), t.at("t"), t.at("i"), t.at("s")); };
}

std::map<std::string, Loss> losses() {
  const auto none = Reduction::none;
  const auto sum = Reduction::sum;
  std::map<std::string, Loss> all{
      {"smooth l1", pair(nn::SmoothL1Loss{.beta = 1.5}, "a", "y")},
      {"smooth l1 none", pair(nn::SmoothL1Loss{none, 0.5}, "a", "y")},
      {"huber", pair(nn::HuberLoss{.delta = 0.7}, "a", "y")},
      {"huber none", pair(nn::HuberLoss{none, 1.7}, "a", "y")},
      {"kl", pair(nn::KLDivergence{}, "a", "q")},
      {"kl none", pair(nn::KLDivergence{none}, "a", "q")},
      {"poisson", pair(nn::PoissonNLL{}, "a", "y")},
      {"poisson full", pair(nn::PoissonNLL{.reduction = none, .full = true}, "a", "y")},
      {"poisson mean", pair(nn::PoissonNLL{sum, false, true, 1e-3}, "a", "y")},
      {"gaussian", triple(nn::GaussianNLL{}, "a", "y", "v")},
      {"gaussian full", triple(nn::GaussianNLL{none, true}, "a", "y", "v")},
      {"ce", pair(nn::CrossEntropy{}, "z", "t")},
      {"ce none", pair(nn::CrossEntropy{none}, "z", "t")},
      {"ce weights",
       [](const Tensors& t) { return nn::CrossEntropy{.class_weights = t.at("w")}(t.at("z"), t.at("t")); }},
      {"ce smoothing", pair(nn::CrossEntropy{.label_smoothing = 0.3}, "z", "t")},
      {"ce axes", pair(nn::CrossEntropy{}, "z", "t")},
      {"ce probabilities", pair(nn::CrossEntropy{}, "z", "t")},
      {"ce probabilities all",
       [=](const Tensors& t) {
         return nn::CrossEntropy{none, t.at("w"), std::nullopt, 0.2}(t.at("z"), t.at("t"));
       }},
      {"bce", [](const Tensors& t) { return nn::BinaryCrossEntropy{.pos_weight = t.at("w")}(t.at("z"), t.at("y")); }},
      {"focal", [](const Tensors& t) { return nn::FocalLoss{.alpha = t.at("w")}(t.at("z"), t.at("t")); }},
      {"focal none",
       [=](const Tensors& t) {
         return nn::FocalLoss{none, 0.5, t.at("w")}(t.at("z"), t.at("t"));
       }},
      {"binary focal", pair(nn::BinaryFocalLoss{none, 2, 0.25}, "z", "y")},
      {"dice", pair(nn::DiceLoss{none, 0.5}, "p", "y")},
      {"dice squared", pair(nn::DiceLoss{.smoothing = 0.5, .squared = true}, "p", "y")},
      {"hinge", pair(nn::HingeLoss{}, "z", "y")},
      {"squared hinge", pair(nn::SquaredHingeLoss{none}, "z", "y")},
      {"multi margin", pair(nn::MultiMarginLoss{.margin = 0.8}, "z", "t")},
      {"multi margin 2", pair(nn::MultiMarginLoss{.reduction = none, .p = 2}, "z", "t")},
      {"margin ranking", triple(nn::MarginRankingLoss{.margin = 0.3}, "a", "b", "y")},
      {"triplet 1", triple(nn::TripletMarginLoss{none, 1.5, 1}, "a", "p", "n")},
      {"triplet 2", triple(nn::TripletMarginLoss{none, 1.5, 2}, "a", "p", "n")},
      {"triplet 3", triple(nn::TripletMarginLoss{none, 1.5, 3}, "a", "p", "n")},
      {"triplet swap", triple(nn::TripletMarginLoss{.margin = 2, .swap = true}, "a", "p", "n")},
      {"contrastive", triple(nn::ContrastiveLoss{none, 3}, "a", "b", "y")},
      {"cosine", triple(nn::CosineEmbeddingLoss{none, -0.4}, "a", "b", "y")},
      {"ctc last blank", ctc({.reduction = none, .blank = 3})},
  };
  for (const auto& [name, reduction] : {std::pair{"mean", Reduction::mean}, {"sum", sum}, {"none", none}}) {
    const std::string suffix = std::string{" "} + name;
    const Reduction kind = reduction;
    all["l1" + suffix] = pair(nn::L1Loss{kind}, "a", "y");
    all["mse" + suffix] = pair(nn::MeanSquaredError{kind}, "a", "y");
    all["ce all" + suffix] = [kind](const Tensors& t) {
      return nn::CrossEntropy{kind, t.at("w"), -7, 0.2}(t.at("z"), t.at("t"));
    };
    all["nll all" + suffix] = [kind](const Tensors& t) {
      return nn::NegativeLogLikelihood{kind, t.at("w"), -7}(t.at("z"), t.at("t"));
    };
    all["ctc" + suffix] = ctc({.reduction = kind});
    all["ctc impossible" + suffix] = ctc({.reduction = kind, .zero_infinity = true});
  }
  return all;
}

void check_case(const std::string& name, const Loss& loss, xg::DType dtype, double tolerance) {
  CAPTURE(name);
  const nlohmann::json& entry = golden().at(name);
  const Tensors tensors = tensors_of(entry, dtype);
  const Tensor value = loss(tensors);
  CHECK(value.dtype() == dtype);
  CHECK(value.shape() == shape_of(entry.at("value")));
  CHECK(difference(value, entry.at("value").at("data").get<std::vector<double>>()) < tolerance);
  const Tensor order = xg::reshape(xg::arange(1, static_cast<double>(value.size()) + 1, 1, dtype), value.shape());
  std::vector<Tensor> xs;
  std::vector<std::vector<double>> expected;
  for (const auto& [x, gradient] : entry.at("gradients").items()) {
    xs.push_back(tensors.at(x));
    expected.push_back(gradient.get<std::vector<double>>());
  }
  const std::vector<Tensor> gradients = xg::gradients(xg::sum(value * order), xs);
  for (std::size_t i = 0; i < xs.size(); ++i) {
    CAPTURE(i);
    CHECK(difference(gradients[i], expected[i]) < tolerance);
  }
}

}  // namespace

TEST_CASE("losses: values and gradients are PyTorch's") {
  const std::map<std::string, Loss> all = losses();
  CHECK(all.size() == golden().size());
  for (const auto& [name, loss] : all) {
    check_case(name, loss, xg::float64, 1e-12);
    check_case(name, loss, xg::float32, 2e-5);
  }
}
