// Convolutions and their adjoints beside loops over all products, and what is put around an image beside places by
// hand.
#include "xgrad/convolution.hpp"

#include <cmath>
#include <limits>
#include <string>

#include "xgrad/creation.hpp"

#include "support/op_case.hpp"
#include "support/plain_convolution.hpp"

namespace xgrad::test {

namespace {

using Lengths = std::vector<std::int64_t>;

struct Example {
  const char* title;
  Shape x;
  Shape w;
  PlainConvolution plain;
};

Lengths spatial(const Shape& shape) {
  return {shape.begin() + 2, shape.end()};
}

void settings(FormulaCase& added, bool large) {
  if (large) {
    added.derivatives = false;
    added.tolerance = 1e-13;
    added.float32_tolerance = 1e-5;
    added.floor = 100;
  }
}

// The operation, and both adjoints, which are then differentiated themselves.
void add(const Example& example, Kind kind, bool large = false) {
  const auto& [title, x, w, plain] = example;
  const Shape y = plain.output(x, w);
  const PlainConvolution p = plain;
  const ConvOptions options = p.options();
  settings(formula_case("conv", title, kind, {uniform(x, -2, 2, 1), uniform(w, -2, 2, 2)},
                        one([=](const Tensors& in) { return conv(in[0], in[1], options); }),
                        one([=](const ManyValues& in) { return p.forward(in[0], in[1]); })),
           large);
  settings(formula_case("conv_input", title, kind, {uniform(y, -2, 2, 3), uniform(w, -2, 2, 4)},
                        one([=](const Tensors& in) { return conv_input(in[0], in[1], spatial(x), options); }),
                        one([=](const ManyValues& in) { return p.input(in[0], in[1], x); })),
           large);
  settings(formula_case("conv_weight", title, kind, {uniform(x, -2, 2, 5), uniform(y, -2, 2, 6)},
                        one([=](const Tensors& in) { return conv_weight(in[0], in[1], spatial(w), options); }),
                        one([=](const ManyValues& in) { return p.weight(in[0], in[1], w); })),
           large);
}

const Registration examples{[] {
  const std::vector<Example> small{
      {"a row", {2, 2, 6}, {3, 2, 3}, {{1}, {{1, 1}}, {1}}},
      {"a row with stride, dilation, uneven padding", {1, 2, 7}, {2, 2, 2}, {{2}, {{2, 1}}, {3}}},
      {"more padding than the kernel covers", {1, 1, 3}, {1, 1, 2}, {{1}, {{3, 4}}, {1}}},
      {"more padding than the kernel covers, by columns", {1, 1, 3}, {3, 1, 2}, {{1}, {{3, 4}}, {1}}},
      {"elements that no tap reads", {1, 2, 8}, {3, 2, 1}, {{3}, {{0, 0}}, {1}}},
      {"an image", {1, 2, 4, 5}, {2, 2, 3, 3}, {{1, 1}, {{1, 1}, {1, 1}}, {1, 1}}},
      {"to more channels", {1, 1, 4, 3}, {3, 1, 3, 2}, {{1, 1}, {{1, 1}, {0, 1}}, {1, 1}}},
      {"groups, strides", {1, 4, 5, 4}, {4, 2, 3, 2}, {{2, 1}, {{1, 0}, {0, 1}}, {1, 2}, 2}},
      {"one channel per group", {2, 3, 3, 4}, {3, 1, 3, 3}, {{1, 1}, {{1, 1}, {1, 1}}, {1, 1}, 3}},
      {"one channel per group, two kernels, strides",
       {1, 2, 5, 4},
       {4, 1, 2, 3},
       {{2, 2}, {{0, 1}, {2, 1}}, {1, 1}, 2}},
      {"one channel per group, nothing around", {1, 2, 4, 5}, {2, 1, 2, 3}, {{1, 2}, {{0, 0}, {0, 0}}, {2, 1}, 2}},
      {"one channel per group, three kernels", {1, 2, 4, 3}, {6, 1, 2, 2}, {{1, 1}, {{0, 0}, {1, 0}}, {1, 1}, 2}},
      {"of one element", {2, 3, 2, 3}, {2, 3, 1, 1}, {{1, 1}, {{0, 0}, {0, 0}}, {1, 1}}},
      {"of one element, groups", {1, 4, 5}, {2, 2, 1}, {{1}, {{0, 0}}, {1}, 2}},
      {"of one element with stride", {1, 2, 3, 5}, {2, 2, 1, 1}, {{2, 2}, {{0, 0}, {0, 0}}, {1, 1}}},
      {"of all elements", {2, 1, 3, 2}, {2, 1, 3, 2}, {{1, 1}, {{0, 0}, {0, 0}}, {1, 1}}},
      {"a volume", {1, 2, 3, 2, 4}, {2, 2, 2, 2, 2}, {{1, 1, 2}, {{1, 0}, {0, 1}, {0, 0}}, {1, 1, 2}}},
      {"a volume, one channel per group",
       {1, 2, 2, 3, 3},
       {2, 1, 2, 2, 2},
       {{1, 2, 1}, {{1, 1}, {0, 0}, {1, 0}}, {1, 1, 1}, 2}},
  };
  for (const Example& example : small) {
    add(example, Kind::plain);
  }
  const std::vector<Example> large{
      {"several blocks of outputs", {1, 40, 13, 17}, {6, 40, 3, 3}, {{1, 1}, {{1, 1}, {1, 1}}, {1, 1}}},
      {"several blocks, strides", {1, 24, 35, 15}, {4, 24, 5, 3}, {{2, 1}, {{2, 2}, {0, 1}}, {1, 2}}},
      {"a long row", {1, 2, 20000}, {2, 2, 3}, {{1}, {{4, 4}}, {1}}},
      {"many samples", {19, 2, 9, 7}, {4, 2, 3, 3}, {{1, 1}, {{1, 1}, {1, 1}}, {1, 1}}},
      {"many channels of their own", {3, 37, 11, 13}, {37, 1, 3, 3}, {{1, 1}, {{1, 1}, {1, 1}}, {1, 1}, 37}},
      {"many channels of their own, strides", {2, 20, 11, 10}, {40, 1, 5, 5}, {{2, 2}, {{2, 2}, {2, 2}}, {1, 1}, 20}},
      {"channels of their own, long rows", {2, 2, 3, 157}, {2, 1, 3, 3}, {{1, 1}, {{1, 1}, {1, 1}}, {1, 1}, 2}},
      {"channels of their own, two kernels, long rows", {1, 3, 90}, {6, 1, 4}, {{1}, {{2, 2}}, {2}, 3}},
      {"channels of their own, many taps", {1, 2, 12, 40}, {2, 1, 9, 8}, {{1, 1}, {{4, 4}, {0, 7}}, {1, 1}, 2}},
      {"many of one element", {1, 260, 3, 5}, {3, 260, 1, 1}, {{1, 1}, {{0, 0}, {0, 0}}, {1, 1}}},
      {"of one element, several blocks", {1, 100, 24, 29}, {2, 100, 1, 1}, {{1, 1}, {{0, 0}, {0, 0}}, {1, 1}}},
  };
  for (const Example& example : large) {
    add(example, Kind::plain, true);
  }
  add({"no samples", {0, 2, 5}, {3, 2, 2}, {{1}, {{0, 0}}, {1}}}, Kind::empty);
  add({"no samples, one channel per group", {0, 2, 5}, {2, 1, 2}, {{1}, {{1, 1}}, {1}, 2}}, Kind::empty);
  add({"no input channels", {2, 0, 5}, {3, 0, 2}, {{1}, {{0, 0}}, {1}}}, Kind::empty);
  add({"no output channels", {2, 2, 5}, {0, 2, 2}, {{1}, {{0, 0}}, {1}}}, Kind::empty);
  add({"only what is around", {1, 2, 0}, {2, 2, 2}, {{1}, {{1, 1}}, {1}}}, Kind::empty);
  add({"only what is around, one channel per group", {1, 2, 0}, {2, 1, 2}, {{1}, {{1, 2}}, {1}, 2}}, Kind::empty);
}};

Values with_axis(const Values& x) {
  return {x.shape.inserted(0, 1), x.data};
}
Values without_axis(const Values& x) {
  return {x.shape.without(0), x.data};
}

// Without an axis of samples; with options in their short forms.
const Registration short_forms{[] {
  const PlainConvolution p{{2, 2}, {{1, 1}, {1, 1}}, {1, 1}};
  const Shape x{2, 5, 4};
  const Shape w{3, 2, 3, 2};
  const Shape y = p.output(x.inserted(0, 1), w).without(0);
  const ConvOptions options{.stride = 2, .padding = 1};
  formula_case("conv", "one sample", Kind::plain, {uniform(x, -2, 2, 1), uniform(w, -2, 2, 2)},
               one([=](const Tensors& in) { return conv(in[0], in[1], options); }),
               one([=](const ManyValues& in) { return without_axis(p.forward(with_axis(in[0]), in[1])); }));
  formula_case(
      "conv_input", "one sample", Kind::plain, {uniform(y, -2, 2, 3), uniform(w, -2, 2, 4)},
      one([=](const Tensors& in) {
        return conv_input(in[0], in[1], {5, 4}, options);
      }),
      one([=](const ManyValues& in) { return without_axis(p.input(with_axis(in[0]), in[1], x.inserted(0, 1))); }));
  formula_case("conv_weight", "one sample", Kind::plain, {uniform(x, -2, 2, 5), uniform(y, -2, 2, 6)},
               one([=](const Tensors& in) {
                 return conv_weight(in[0], in[1], {3, 2}, options);
               }),
               one([=](const ManyValues& in) { return p.weight(with_axis(in[0]), with_axis(in[1]), w); }));
  const auto same_as = [](const char* title, const ConvOptions& given, const PlainConvolution& plain) {
    formula_case("conv", title, Kind::plain, {uniform({1, 1, 5, 4}, -2, 2, 7), uniform({2, 1, 3, 2}, -2, 2, 8)},
                 one([=](const Tensors& in) { return conv(in[0], in[1], given); }),
                 one([=](const ManyValues& in) { return plain.forward(in[0], in[1]); }));
  };
  same_as("the defaults", {}, {{1, 1}, {{0, 0}, {0, 0}}, {1, 1}});
  same_as("numbers per axis", {.stride = {2, 1}, .padding = {1, 2}, .dilation = {2, 1}},
          {{2, 1}, {{1, 1}, {2, 2}}, {2, 1}});
  same_as("numbers per side", {.padding = {{0, 2}, {1, 0}}}, {{1, 1}, {{0, 2}, {1, 0}}, {1, 1}});
  same_as("valid", {.padding = ConvPadding::valid()}, {{1, 1}, {{0, 0}, {0, 0}}, {1, 1}});
  same_as("same", {.padding = ConvPadding::same(), .dilation = {1, 3}}, {{1, 1}, {{1, 1}, {1, 2}}, {1, 3}});
}};

// Per axis, the place that each element of the result comes from.
Values at_places(const Values& x, const std::vector<Lengths>& places) {
  Lengths lengths;
  for (const Lengths& axis : places) {
    lengths.push_back(static_cast<std::int64_t>(axis.size()));
  }
  return build(Shape{lengths}, [&](const Position& p) {
    Position source;
    for (std::size_t a = 0; a < p.size(); ++a) {
      source.push_back(places[a][static_cast<std::size_t>(p[a])]);
    }
    return x(source);
  });
}
Values put_back(const Values& y, const std::vector<Lengths>& places, const Shape& shape) {
  Values x = build(shape, [](const Position&) { return 0.0; });
  for_each_position(y.shape, [&](const Position& p) {
    Position target;
    for (std::size_t a = 0; a < p.size(); ++a) {
      target.push_back(places[a][static_cast<std::size_t>(p[a])]);
    }
    x(target) += y(p);
  });
  return x;
}

const Registration modes{[] {
  struct Mode {
    const char* title;
    PaddingMode mode;
    Lengths rows;     // of three, (1, 2) around
    Lengths columns;  // of four, (2, 0) around
  };
  const std::vector<Mode> all{
      {"reflect", PaddingMode::reflect, {1, 0, 1, 2, 1, 0}, {2, 1, 0, 1, 2, 3}},
      {"replicate", PaddingMode::replicate, {0, 0, 1, 2, 2, 2}, {0, 0, 0, 1, 2, 3}},
      {"circular", PaddingMode::circular, {2, 0, 1, 2, 0, 1}, {2, 3, 0, 1, 2, 3}},
  };
  for (const auto& [title, mode_of, rows, columns] : all) {
    const PaddingMode mode = mode_of;
    const std::vector<Lengths> places{rows, columns};
    formula_case("pad", title, Kind::plain, {uniform({3, 4}, -2, 2, 1)}, one([=](const Tensors& in) {
                   return pad(in[0], {{1, 2}, {2, 0}}, mode);
                 }),
                 one([=](const ManyValues& in) { return at_places(in[0], places); }));
    formula_case("pad", std::string{title} + ", no rows", Kind::empty, {uniform({0, 4}, -2, 2, 1)},
                 one([=](const Tensors& in) {
                   return pad(in[0], {{0, 0}, {2, 0}}, mode);
                 }),
                 one([](const ManyValues&) {
                   return Values{{0, 6}, {}};
                 }));
    // An image with one sample and two channels.
    const std::vector<Lengths> image{{0}, {0, 1}, rows, columns};
    const PlainConvolution p{{2, 1}, {{0, 0}, {0, 0}}, {1, 2}};
    const Shape x{1, 2, 3, 4};
    const Shape w{2, 2, 3, 2};
    const Shape y = p.output({1, 2, 6, 6}, w);
    const ConvOptions options{.stride = {2, 1}, .padding = {{1, 2}, {2, 0}}, .dilation = {1, 2}, .mode = mode};
    formula_case("conv", title, Kind::plain, {uniform(x, -2, 2, 1), uniform(w, -2, 2, 2)},
                 one([=](const Tensors& in) { return conv(in[0], in[1], options); }),
                 one([=](const ManyValues& in) { return p.forward(at_places(in[0], image), in[1]); }));
    formula_case("conv_input", title, Kind::plain, {uniform(y, -2, 2, 3), uniform(w, -2, 2, 4)},
                 one([=](const Tensors& in) {
                   return conv_input(in[0], in[1], {3, 4}, options);
                 }),
                 one([=](const ManyValues& in) {
                   return put_back(p.input(in[0], in[1], {1, 2, 6, 6}), image, x);
                 }));
    formula_case("conv_weight", title, Kind::plain, {uniform(x, -2, 2, 5), uniform(y, -2, 2, 6)},
                 one([=](const Tensors& in) {
                   return conv_weight(in[0], in[1], {3, 2}, options);
                 }),
                 one([=](const ManyValues& in) { return p.weight(at_places(in[0], image), in[1], w); }));
    exact_case(
        "pad", std::string{title} + " of int64", Kind::plain,
        [=] {
          return pad(to_tensor(vector_of({5, 6, 7, 8}), int64), {{2, 0}}, mode);
        },
        int64, at_places(vector_of({5, 6, 7, 8}), {columns}));
  }
  error_case("pad", "reflects as many as there are", Fault::shape, [] {
    return pad(ones({2, 3}), {{0, 0}, {3, 0}}, PaddingMode::reflect);
  });
  error_case("pad", "repeats more than there are", Fault::shape, [] {
    return pad(ones({2, 3}), {{0, 3}, {0, 0}}, PaddingMode::circular);
  });
  error_case("pad", "replicates nothing", Fault::empty, [] {
    return pad(ones({0}), {{1, 0}}, PaddingMode::replicate);
  });
  error_case("pad", "a mode, and one pair for two axes", Fault::shape, [] {
    return pad(ones({2, 3}), {{1, 1}}, PaddingMode::reflect);
  });
  error_case("pad", "a mode, and a negative width", Fault::value, [] {
    return pad(ones({3}), {{-1, 1}}, PaddingMode::circular);
  });
}};

// (n − 1) stride − before − after + dilation (k − 1) + output_padding + 1 along every axis.
void transposed(const char* title, Kind kind, const Shape& x, const Shape& w, const PlainConvolution& p,
                const Lengths& extra) {
  Lengths lengths{x[0], w[1] * p.groups};
  for (std::size_t a = 0; a < extra.size(); ++a) {
    lengths.push_back((x[a + 2] - 1) * p.stride[a] - p.padding[a].first - p.padding[a].second +
                      p.dilation[a] * (w[a + 2] - 1) + extra[a] + 1);
  }
  const ConvTransposeOptions options{
      .stride = p.stride, .padding = p.padding, .output_padding = extra, .dilation = p.dilation, .groups = p.groups};
  formula_case("conv_transpose", title, kind, {uniform(x, -2, 2, 1), uniform(w, -2, 2, 2)},
               one([=](const Tensors& in) { return conv_transpose(in[0], in[1], options); }),
               one([=](const ManyValues& in) { return p.input(in[0], in[1], Shape{lengths}); }));
}

const Registration transposed_convolutions{[] {
  transposed("a row", Kind::plain, {2, 2, 4}, {2, 3, 3}, {{2}, {{1, 1}}, {1}}, {1});
  transposed("an image, groups", Kind::plain, {1, 4, 2, 3}, {4, 1, 3, 2}, {{1, 3}, {{1, 0}, {0, 1}}, {1, 2}, 2},
             {0, 2});
  transposed("a volume", Kind::plain, {1, 1, 2, 2, 2}, {1, 2, 2, 1, 2},
             {{2, 1, 1}, {{0, 0}, {0, 0}, {1, 1}}, {1, 1, 1}}, {0, 0, 0});
  transposed("no samples", Kind::empty, {0, 2, 4}, {2, 3, 3}, {{2}, {{1, 1}}, {1}}, {1});
  transposed("no input channels", Kind::empty, {2, 0, 4}, {0, 3, 3}, {{2}, {{1, 1}}, {1}}, {1});
  const PlainConvolution p{{2}, {{0, 0}}, {1}};
  formula_case("conv_transpose", "one sample", Kind::plain, {uniform({2, 3}, -2, 2, 1), uniform({2, 1, 2}, -2, 2, 2)},
               one([](const Tensors& in) { return conv_transpose(in[0], in[1], {.stride = 2}); }),
               one([=](const ManyValues& in) {
                 return without_axis(p.input(with_axis(in[0]), in[1], {1, 1, 6}));
               }));
}};

const Registration extremes{[] {
  constexpr double inf = std::numeric_limits<double>::infinity();
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  constexpr double big = 1e308;
  const auto row = [](std::vector<double> values) {
    const auto length = static_cast<std::int64_t>(values.size());
    return to_tensor({{1, 1, length}, std::move(values)}, float64);
  };
  const auto exact = [](const char* operation, const char* title, const std::function<Tensor()>& call,
                        std::vector<double> expected) {
    const auto length = static_cast<std::int64_t>(expected.size());
    exact_case(operation, title, Kind::extreme, call, float64, {{1, 1, length}, std::move(expected)});
  };
  exact("conv", "infinite, NaN and large elements",
        [=] {
          return conv(row({inf, 1, 2, nan, 4, 5, big, big}), row({1, 1}));
        },
        {inf, 3, nan, nan, 9, big, inf});
  exact("conv", "a NaN among the weights", [=] { return conv(row({1, 2, 3}), row({nan, 1})); }, {nan, nan});
  exact("conv_input", "infinite, NaN and large elements",
        [=] {
          return conv_input(row({inf, 1, nan, 1, big, big}), row({1, 1}), {7});
        },
        {inf, inf, nan, nan, big, inf, big});
  exact("conv_weight", "infinite elements", [=] { return conv_weight(row({1, 2, inf}), row({1, 1}), {2}); }, {3, inf});
  exact("conv_weight", "a NaN", [=] { return conv_weight(row({nan, 2, 3}), row({1, 1}), {2}); }, {nan, 5});
  exact("conv_transpose", "infinite and NaN elements",
        [=] {
          return conv_transpose(row({inf, 1, nan}), row({1, 1}), {.stride = 2});
        },
        {inf, inf, 1, 1, nan, nan});
}};

const Registration errors{[] {
  direct_call("conv", {{1, 2, 4}, {3, 2, 2}}, [](const Tensors& in) { return conv(in[0], in[1]); });
  direct_call("conv_input", {{1, 3, 3}, {3, 2, 2}}, [](const Tensors& in) { return conv_input(in[0], in[1], {4}); });
  direct_call("conv_weight", {{1, 2, 4}, {1, 3, 3}}, [](const Tensors& in) { return conv_weight(in[0], in[1], {2}); });
  direct_call("conv_transpose", {{1, 2, 4}, {2, 3, 2}}, [](const Tensors& in) { return conv_transpose(in[0], in[1]); });

  const auto wrong = [](const char* title, Fault fault, const Shape& x, const Shape& w, const ConvOptions& options) {
    error_case("conv", title, fault, [=] { return conv(ones(x), ones(w), options); });
  };
  wrong("a scalar", Fault::zero_rank, {}, {1, 1, 1}, {});
  wrong("a scalar as weight", Fault::zero_rank, {1, 1, 1}, {}, {});
  wrong("a matrix as weight", Fault::shape, {1, 2, 3}, {2, 2}, {});
  wrong("four spatial axes", Fault::shape, {1, 1, 2, 2, 2, 2}, {1, 1, 1, 1, 1, 1}, {});
  wrong("an image and the kernel of a row", Fault::shape, {1, 2, 3, 3}, {2, 2, 2}, {});
  wrong("a row and the kernel of an image", Fault::shape, {2, 3}, {2, 2, 2, 2}, {});
  wrong("channels", Fault::shape, {1, 2, 3}, {2, 3, 2}, {});
  wrong("channels in groups", Fault::shape, {1, 4, 3}, {2, 4, 2}, {.groups = 2});
  wrong("input channels that groups don't divide", Fault::shape, {1, 3, 3}, {2, 1, 2}, {.groups = 2});
  wrong("output channels that groups don't divide", Fault::shape, {1, 2, 3}, {3, 1, 2}, {.groups = 2});
  wrong("no groups", Fault::value, {1, 2, 3}, {2, 2, 2}, {.groups = 0});
  wrong("a kernel larger than the row", Fault::shape, {1, 1, 3}, {1, 1, 4}, {});
  wrong("a dilated kernel larger than the padded row", Fault::shape, {1, 1, 3}, {1, 1, 3},
        {.padding = 1, .dilation = 3});
  wrong("a kernel without elements", Fault::shape, {1, 1, 3}, {1, 1, 0}, {});
  wrong("a dilation that isn't counted", Fault::shape, {1, 1, 3}, {1, 1, 3}, {.dilation = std::int64_t{1} << 39});
  wrong("stride 0", Fault::value, {1, 1, 3}, {1, 1, 1}, {.stride = 0});
  wrong("a negative stride", Fault::value, {1, 1, 3, 3}, {1, 1, 1, 1}, {.stride = {1, -1}});
  wrong("dilation 0", Fault::value, {1, 1, 3}, {1, 1, 1}, {.dilation = 0});
  wrong("a negative padding", Fault::value, {1, 1, 3}, {1, 1, 1}, {.padding = -1});
  wrong("a negative padding at one side", Fault::value, {1, 1, 3}, {1, 1, 1}, {.padding = {{1, -1}}});
  wrong("two strides for one axis", Fault::shape, {1, 1, 3}, {1, 1, 1}, {.stride = {1, 1}});
  wrong("one dilation in a list for two axes", Fault::shape, {1, 1, 3, 3}, {1, 1, 1, 1}, {.dilation = {1}});
  wrong("three paddings for two axes", Fault::shape, {1, 1, 3, 3}, {1, 1, 1, 1}, {.padding = {1, 1, 1}});
  wrong("same with a stride", Fault::value, {1, 1, 3}, {1, 1, 2}, {.stride = 2, .padding = ConvPadding::same()});
  wrong("a large number", Fault::value, {1, 1, 3}, {1, 1, 1}, {.padding = std::int64_t{1} << 60});

  error_case("conv_input", "a scalar", Fault::zero_rank, [] { return conv_input(scalar(1), ones({1, 1, 1}), {1}); });
  error_case("conv_input", "lengths that give another cotangent", Fault::shape, [] {
    return conv_input(ones({1, 3, 3}), ones({3, 2, 2}), {5});
  });
  error_case("conv_input", "another number of channels", Fault::shape, [] {
    return conv_input(ones({1, 2, 3}), ones({3, 2, 2}), {4});
  });
  error_case("conv_input", "two lengths for one axis", Fault::shape, [] {
    return conv_input(ones({1, 3, 3}), ones({3, 2, 2}), {4, 4});
  });
  error_case("conv_input", "a negative length", Fault::shape, [] {
    return conv_input(ones({1, 3, 3}), ones({3, 2, 2}), {-4});
  });
  error_case("conv_weight", "a scalar", Fault::zero_rank, [] { return conv_weight(ones({1, 1, 3}), scalar(1), {1}); });
  error_case("conv_weight", "a cotangent of other lengths", Fault::shape, [] {
    return conv_weight(ones({1, 2, 4}), ones({1, 3, 2}), {2});
  });
  error_case("conv_weight", "another number of samples", Fault::shape, [] {
    return conv_weight(ones({2, 2, 4}), ones({1, 3, 3}), {2});
  });
  error_case("conv_weight", "one of them without samples", Fault::shape, [] {
    return conv_weight(ones({2, 4}), ones({1, 3, 3}), {2});
  });
  error_case("conv_weight", "a kernel without axes", Fault::shape, [] {
    return conv_weight(ones({2, 4}), ones({2, 4}), {});
  });

  const auto wrong_transpose = [](const char* title, Fault fault, const Shape& x, const Shape& w,
                                  const ConvTransposeOptions& options) {
    error_case("conv_transpose", title, fault, [=] { return conv_transpose(ones(x), ones(w), options); });
  };
  wrong_transpose("a scalar", Fault::zero_rank, {}, {1, 1, 1}, {});
  wrong_transpose("a matrix as weight", Fault::shape, {1, 1, 2}, {1, 1}, {});
  wrong_transpose("channels", Fault::shape, {1, 2, 3}, {3, 2, 2}, {});
  wrong_transpose("groups", Fault::shape, {1, 3, 3}, {3, 2, 2}, {.groups = 2});
  wrong_transpose("an image and the kernel of a row", Fault::shape, {1, 2, 3, 3}, {2, 2, 2}, {});
  wrong_transpose("no elements along an axis", Fault::shape, {1, 2, 0}, {2, 2, 2}, {});
  wrong_transpose("a kernel without elements", Fault::shape, {1, 2, 2}, {2, 2, 0}, {});
  wrong_transpose("more padding than elements", Fault::shape, {1, 2, 2}, {2, 2, 2}, {.padding = 2});
  wrong_transpose("output_padding of the stride", Fault::value, {1, 2, 2}, {2, 2, 2},
                  {.stride = 2, .output_padding = 2});
  wrong_transpose("a negative output_padding", Fault::value, {1, 2, 2}, {2, 2, 2}, {.output_padding = -1});
  wrong_transpose("same", Fault::value, {1, 2, 2}, {2, 2, 2}, {.padding = ConvPadding::same()});
  wrong_transpose("stride 0", Fault::value, {1, 2, 2}, {2, 2, 2}, {.stride = 0});
}};

}  // namespace

}  // namespace xgrad::test
