#include <array>
#include <bitset>
#include <chrono>
#include <complex>
#include <deque>
#include <doctest/doctest.h>
#include <filesystem>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <string_view>
#include <unordered_map>
#include <variant>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"

namespace xg = xgrad;

namespace {

std::vector<std::string> names(const std::vector<xg::NamedParameter>& parameters) {
  std::vector<std::string> result;
  for (const auto& named : parameters) {
    result.push_back(named.name);
  }
  return result;
}

xg::nn::Dense dense() {
  xg::Random random{1};
  return xg::nn::Dense{2, 2, random, {.use_bias = false}};
}

enum class Mode { train, infer };

/// Whatever certainly holds no parameter.
struct PlainFields {
  xg::Parameter w;
  int width = 3;
  double rate = 0.1;
  Mode mode = Mode::train;
  xg::DType dtype = xg::float32;
  xg::Shape shape;
  xg::Tensor mask;
  xg::Random random{7};
  std::string label;
  std::string_view view;
  xg::Tensor (*activation)(const xg::Tensor&) = xg::tanh;
  xg::nn::Sigmoid sigmoid;
  xg::nn::QuadraticLoss loss;
  xg::nn::Initializer initializer = xg::nn::init::zeros;
};

struct PlainStandardFields {
  xg::Parameter w;
  std::chrono::milliseconds pause{3};
  std::chrono::steady_clock::time_point start;
  std::filesystem::path path = "/a/b";
  std::complex<double> number;
  std::bitset<9> bits;
  std::mt19937_64 engine;
  std::vector<double> numbers{1, 2};
  std::vector<bool> flags{true};
  std::vector<std::string> words{"a"};
  std::map<std::string, double> table{{"a", 1}};
  std::optional<int> maybe = 3;
  std::unique_ptr<double[]> array;  // NOLINT(modernize-avoid-c-arrays)
  const double* pointer = nullptr;
  std::vector<xg::Tensor> constants{xg::ones({2})};
};

class Declared;
struct MoreStandardFields {
  std::array<float, 100000> values;
  std::pair<std::string, int> pair;
  std::tuple<> nothing;
  std::variant<std::monostate, double> choice;
  std::span<const float> span;
  std::shared_ptr<const std::string> shared;
  std::mutex* mutex = nullptr;
  std::nullptr_t null = nullptr;
  int Declared::*member = nullptr;
  xg::Parameter w;
};

/// Members that are public beside a constructor.
class Listed {
 public:
  xg::nn::Dense inner;
  int width;
  static constexpr std::array<std::string_view, 2> field_names{"inner", "width"};
  explicit Listed(int given) : inner{dense()}, width{given} {}
};

class Declared {
 public:
  explicit Declared(double given) : scale_{given} {}
  [[nodiscard]] double scale() const { return scale_; }

 private:
  double scale_;
};

class Virtual {
 public:
  Virtual() = default;
  Virtual(const Virtual&) = delete;
  Virtual& operator=(const Virtual&) = delete;
  virtual ~Virtual() = default;
  [[nodiscard]] virtual std::vector<xg::NamedParameter> parameters() const = 0;
};
class Derived final : public Virtual {
 public:
  [[nodiscard]] std::vector<xg::NamedParameter> parameters() const override { return {{"w", w_}}; }

 private:
  xg::Parameter w_{xg::ones({1})};
};

}  // namespace

template <>
inline constexpr bool xgrad::nn::holds_no_parameters<Declared> = true;

TEST_CASE("contents: plain data beside a parameter passes") {
  const xg::Parameter w{xg::ones({1})};
  PlainFields plain;
  plain.w = w;
  CHECK(names(xg::nn::parameters(plain)) == std::vector<std::string>{"w"});
  CHECK_FALSE(xg::nn::clone(plain).w.is(w));
  PlainStandardFields standard;
  standard.w = w;
  CHECK(names(xg::nn::parameters(standard)) == std::vector<std::string>{"w"});
  const auto more = std::make_unique<MoreStandardFields>();
  more->w = w;
  CHECK(names(xg::nn::parameters(*more)) == std::vector<std::string>{"w"});
}

TEST_CASE("contents: containers, pointers and variants of models are looked into") {
  struct Holder {
    std::vector<const xg::nn::Dense*> pointers;
    std::unique_ptr<xg::nn::Dense> unique;
    std::variant<int, xg::nn::Dense> variant;
    std::optional<xg::nn::Dense> optional;
    std::list<xg::nn::Dense> list;
    std::deque<std::shared_ptr<xg::nn::Dense>> deque;
    std::unordered_map<std::string, xg::nn::Dense> hashed;
    std::span<const xg::nn::Dense> span;
    std::tuple<int, xg::nn::Dense> tuple;
    std::array<const xg::nn::Dense*, 1> array;
  };
  const xg::nn::Dense layer = dense();
  const Holder holder{{&layer},
                      std::make_unique<xg::nn::Dense>(layer),
                      layer,
                      layer,
                      {layer},
                      {std::make_shared<xg::nn::Dense>(layer)},
                      {{"one", layer}},
                      {&layer, 1},
                      {1, layer},
                      {&layer}};
  CHECK(names(xg::nn::parameters(holder)) ==
        std::vector<std::string>{"pointers.0.W", "unique.W", "variant.W", "optional.W", "list.0.W", "deque.0.W",
                                 "hashed.one.W", "span.0.W", "tuple.1.W", "array.0.W"});
}

TEST_CASE("contents: a variant's layer is cloned; a shared number stays shared") {
  struct Holder {
    std::variant<int, xg::nn::Dense> layer;
    std::shared_ptr<int> number;
  };
  const Holder original{dense(), std::make_shared<int>(3)};
  const Holder copy = xg::nn::clone(original);
  CHECK_FALSE(std::get<1>(copy.layer).W.is(std::get<1>(original.layer).W));
  CHECK(copy.number == original.number);
}

TEST_CASE("contents: a class with constructors is seen by its field_names, by parameters(), or declared to hold none") {
  CHECK(names(xg::nn::parameters(Listed{3})) == std::vector<std::string>{"inner.W"});
  const Listed listed{3};
  CHECK_FALSE(xg::nn::clone(listed).inner.W.is(listed.inner.W));
  struct Holder {
    xg::Parameter w;
    Declared declared;
    std::vector<Declared> more;
  };
  CHECK(names(xg::nn::parameters(Holder{xg::Parameter{xg::ones({1})}, Declared{2}, {}})) ==
        std::vector<std::string>{"w"});
  const std::unique_ptr<Virtual> base = std::make_unique<Derived>();
  CHECK(names(xg::nn::parameters(base)) == std::vector<std::string>{"w"});
}

TEST_CASE("contents: a variable, or a Parameter's value, in place of a Parameter is an error that names the field") {
  struct Holder {
    xg::Parameter bias;
    xg::Tensor weight;
  };
  const xg::Parameter p{xg::ones({3}), "p"};
  const auto message = [&](const xg::Tensor& weight) {
    return message_of<xg::ValueError>([&] { return xg::nn::parameters(Holder{p, weight}); });
  };
  CHECK(contains(message(xg::variable(xg::ones({3}))), "[parameters] the tensor 'weight' (3,)"));
  CHECK(contains(message(p.value()), "[parameters] the tensor 'weight' (3,)"));
  CHECK(names(xg::nn::parameters(Holder{p, xg::ones({3})})) == std::vector<std::string>{"bias"});
  CHECK(names(xg::nn::parameters(Holder{p, p.value().detach()})) == std::vector<std::string>{"bias"});
  CHECK(names(xg::nn::parameters(Holder{p, p * 2.0})) == std::vector<std::string>{"bias"});  // a state that is kept
  CHECK(names(xg::nn::parameters(Holder{p, {}})) == std::vector<std::string>{"bias"});
}
