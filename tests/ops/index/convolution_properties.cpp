// Convolutions beside PyTorch's results, beside plain loops for random lengths, and for several numbers of threads.
#include <cstring>
#include <doctest/doctest.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "xgrad/autodiff.hpp"
#include "xgrad/convolution.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"

#include "support/message_of.hpp"
#include "support/plain_convolution.hpp"
#include "support/thread_count.hpp"

namespace xgrad::test {

namespace {

using Lengths = std::vector<std::int64_t>;

Values patterned(const Shape& shape, std::int64_t factor, std::int64_t offset, std::int64_t modulus, double scale) {
  Values result{shape, std::vector<double>(static_cast<std::size_t>(shape.size()))};
  for (std::int64_t i = 0; i < shape.size(); ++i) {
    const std::int64_t number = (i * factor + offset) % modulus - modulus / 2;
    result.data[static_cast<std::size_t>(i)] = static_cast<double>(number) / scale;
  }
  return result;
}

PaddingMode mode_of(const std::string& name) {
  if (name == "reflect") {
    return PaddingMode::reflect;
  }
  if (name == "replicate") {
    return PaddingMode::replicate;
  }
  return name == "circular" ? PaddingMode::circular : PaddingMode::zeros;
}

Tensor result_of(const nlohmann::json& tested, const Tensor& x, const Tensor& w) {
  const auto lengths = [&tested](const char* key) { return tested.at(key).get<Lengths>(); };
  const bool same = tested.at("padding").is_string();
  const ConvPadding padding = same ? ConvPadding::same() : ConvPadding{lengths("padding")};
  if (tested.at("transposed").get<bool>()) {
    return conv_transpose(x, w,
                          {.stride = lengths("stride"),
                           .padding = padding,
                           .output_padding = lengths("output_padding"),
                           .dilation = lengths("dilation"),
                           .groups = tested.at("groups")});
  }
  return conv(x, w,
              {.stride = lengths("stride"),
               .padding = padding,
               .dilation = lengths("dilation"),
               .groups = tested.at("groups"),
               .mode = mode_of(tested.at("mode"))});
}

Values golden_values(const nlohmann::json& tested, const char* key, const Shape& shape) {
  return {shape, tested.at(key).get<std::vector<double>>()};
}

struct RandomExample {
  Shape x;
  Shape w;
  PlainConvolution plain;
};

RandomExample random_example(std::mt19937_64& random) {
  const auto number = [&random](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution{low, high}(random);
  };
  RandomExample result;
  const std::int64_t axes = number(1, 3);
  result.plain.groups = number(1, 3);
  const std::int64_t inputs = number(1, 4);
  Lengths x{number(1, 5), inputs * result.plain.groups};
  Lengths w{number(1, 4) * result.plain.groups, inputs};
  for (std::int64_t a = 0; a < axes; ++a) {
    const std::int64_t kernel = number(1, 4);
    const std::int64_t dilation = number(1, 3);
    const std::int64_t covered = (kernel - 1) * dilation + 1;
    const std::pair padding{number(0, 3), number(0, 3)};
    w.push_back(kernel);
    x.push_back(std::max<std::int64_t>(covered - padding.first - padding.second, 1) + number(0, 9 - 2 * axes));
    result.plain.stride.push_back(number(1, 3));
    result.plain.dilation.push_back(dilation);
    result.plain.padding.push_back(padding);
  }
  result.x = Shape{x};
  result.w = Shape{w};
  return result;
}

Lengths spatial(const Shape& shape) {
  return {shape.begin() + 2, shape.end()};
}

bool same_bits(const Tensor& a, const Tensor& b) {
  const auto x = a.data<float>();
  const auto y = b.data<float>();
  return x.size() == y.size() && std::memcmp(x.data(), y.data(), x.size_bytes()) == 0;
}

}  // namespace

TEST_CASE("convolutions: values and both gradients are PyTorch's, exactly") {
  std::ifstream file{std::string{XGRAD_TEST_DATA} + "/../ops/golden/convolution.json"};
  REQUIRE(file.good());
  const nlohmann::json cases = nlohmann::json::parse(file);
  CHECK_GE(cases.size(), 90);
  for (const nlohmann::json& tested : cases) {
    const Shape x_shape{std::span<const std::int64_t>{tested.at("x").get<Lengths>()}};
    const Shape w_shape{std::span<const std::int64_t>{tested.at("w").get<Lengths>()}};
    const Shape y_shape{std::span<const std::int64_t>{tested.at("y_shape").get<Lengths>()}};
    INFO("x " << to_string(x_shape) << " w " << to_string(w_shape) << " stride " << tested.at("stride").dump()
              << " padding " << tested.at("padding").dump() << " dilation " << tested.at("dilation").dump()
              << " groups " << tested.at("groups").dump() << " mode " << tested.at("mode").dump() << " transposed "
              << tested.at("transposed").dump());
    const Tensor x = variable(to_tensor(patterned(x_shape, 37, 11, 64, 16)));
    const Tensor w = variable(to_tensor(patterned(w_shape, 29, 5, 32, 8)));
    const Tensor y = result_of(tested, x, w);
    REQUIRE_EQ(y.shape(), y_shape);
    CHECK_EQ(difference(to_values(y), golden_values(tested, "y", y_shape), 0), "");
    const auto found = gradients(y, {x, w}, {.cotangent = to_tensor(patterned(y_shape, 23, 3, 16, 4))});
    CHECK_EQ(difference(to_values(found[0]), golden_values(tested, "x_gradient", x_shape), 0), "");
    CHECK_EQ(difference(to_values(found[1]), golden_values(tested, "w_gradient", w_shape), 0), "");
  }
}

TEST_CASE("convolutions: random lengths and options give what loops over all products give") {
  std::mt19937_64 random{11};
  for (std::uint64_t i = 0; i < 300; ++i) {
    const auto [x_shape, w_shape, plain] = random_example(random);
    const Shape y_shape = plain.output(x_shape, w_shape);
    INFO(i << ": x " << to_string(x_shape) << " w " << to_string(w_shape) << " y " << to_string(y_shape) << " groups "
           << plain.groups);
    const Values x = uniform(x_shape, -2, 2, 3 * i);
    const Values w = uniform(w_shape, -2, 2, 3 * i + 1);
    const Values g = uniform(y_shape, -2, 2, 3 * i + 2);
    const ConvOptions options = plain.options();
    CHECK_EQ(difference(to_values(conv(to_tensor(x), to_tensor(w), options)), plain.forward(x, w), 1e-13, 10), "");
    CHECK_EQ(difference(to_values(conv_input(to_tensor(g), to_tensor(w), spatial(x_shape), options)),
                        plain.input(g, w, x_shape), 1e-13, 10),
             "");
    CHECK_EQ(difference(to_values(conv_weight(to_tensor(x), to_tensor(g), spatial(w_shape), options)),
                        plain.weight(x, g, w_shape), 1e-13, 10),
             "");
  }
}

TEST_CASE("convolutions: any number of threads gives the same bits") {
  struct Example {
    Shape x;
    Shape w;
    ConvOptions options;
  };
  const std::vector<Example> examples{
      {{5, 16, 30, 31}, {24, 16, 3, 3}, {.padding = 1}}, {{3, 6, 40, 40}, {48, 6, 5, 5}, {.stride = 2, .padding = 2}},
      {{9, 1, 28, 28}, {6, 1, 5, 5}, {.padding = 2}},    {{2, 64, 40, 40}, {64, 1, 3, 3}, {.padding = 1, .groups = 64}},
      {{2, 200, 40, 40}, {100, 200, 1, 1}, {}},          {{1, 4, 100000}, {8, 4, 9}, {}},
  };
  for (const auto& [x_shape, w_shape, options] : examples) {
    INFO("x " << to_string(x_shape) << " w " << to_string(w_shape));
    const Tensor x = to_tensor(uniform(x_shape, -1, 1, 1), float32);
    const Tensor w = to_tensor(uniform(w_shape, -1, 1, 2), float32);
    const auto all = [&, &o = options](int count) {
      const ThreadCount threads{count};
      const Tensor y = conv(x, w, o).eval();
      std::vector<Tensor> result{y, conv_input(y, w, spatial(x.shape()), o), conv_weight(x, y, spatial(w.shape()), o)};
      for (const Tensor& tensor : result) {
        tensor.eval();
      }
      return result;
    };
    const std::vector<Tensor> expected = all(1);
    for (const int count : {2, 3, 16, 40}) {
      const std::vector<Tensor> found = all(count);
      for (std::size_t i = 0; i < found.size(); ++i) {
        CHECK(same_bits(found[i], expected[i]));
      }
    }
  }
}

TEST_CASE("convolutions: the weights' gradient of no samples is zero") {
  const Tensor w = variable(to_tensor(uniform({3, 2, 3, 3}, -1, 1, 1)));
  const Tensor y = conv(zeros({0, 2, 5, 5}, float64), w);
  CHECK_EQ(y.shape(), Shape{0, 3, 3, 3});
  const Tensor found = gradients(y, {w}, {.cotangent = zeros(y.shape(), float64)})[0];
  CHECK_EQ(difference(to_values(found), build({3, 2, 3, 3}, [](const Position&) { return 0.0; }), 0), "");
}

TEST_CASE("convolutions: an error says what was found and what was expected") {
  CHECK_EQ(message_of<ShapeError>([] {
             return conv(ones({1, 2, 3}), ones({2, 3, 2}));
           }),
           "[conv] found 2 input channels in 1 groups, and a weight for 3 in each; expected equal numbers: (2, 3, 2) "
           "and (1, 2, 3)");
  CHECK_EQ(message_of<ShapeError>([] {
             return conv(ones({1, 1, 3}), ones({1, 1, 3}), {.padding = 1, .dilation = 3});
           }),
           "[conv] found a kernel that covers 7 elements of 5 along spatial axis 0, padding included; expected no more "
           "than there are: (1, 1, 3) and (1, 1, 3)");
  CHECK_EQ(message_of<ShapeError>([] {
             return conv(ones({1, 1, 3, 3}), ones({1, 1, 2, 2}), {.stride = {1, 2, 3}});
           }),
           "[conv] 3 numbers as stride of 2 spatial axes; expected one number, or one per axis");
}

}  // namespace xgrad::test
