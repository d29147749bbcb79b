// A graph attention network (after Veličković et al., ICLR 2018): no layer of the library, but a plain struct of one's
// own. Nodes have a colour, a height, and edges from five others. Going uphill means going on to the highest of these.
// A node's label is the colour of the node that is two steps uphill. The network learns that from one graph, with
// nothing but labels, and is tested on another. It has to beat the same network that takes the mean of the neighbours.
//
// With 2,000 nodes, 500 steps of each network take 1.5 s on one core. Of the other graph's nodes 96 % are right, 62 %
// with the mean (96 to 98 % and 62 to 70 % with seeds 1 to 5).
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;

constexpr std::int64_t colours = 4;

struct Graph {
  xg::Tensor features;  // (nodes, colours + 1)
  xg::Tensor from, to;  // (edges): node `to` sees node `from`
  xg::Tensor labels;    // (nodes)
};

Graph random_graph(std::int64_t nodes, std::int64_t neighbours, xg::DType dtype, xg::Random& random) {
  const auto any = [&](std::int64_t count) {
    return static_cast<std::int64_t>(random.integer(static_cast<std::uint64_t>(count)));
  };
  const std::vector<double> height = random.uniform({nodes}, -1, 1, xg::float64).to_vector<double>();
  std::vector<std::int64_t> colour;
  std::vector<std::int64_t> from;
  std::vector<std::int64_t> to;
  std::vector<std::int64_t> highest;  // of the neighbours
  std::vector<std::int64_t> labels;
  for (std::int64_t node = 0; node < nodes; ++node) {
    colour.push_back(any(colours));
    for (std::int64_t i = 0; i < neighbours; ++i) {
      from.push_back(any(nodes));
      to.push_back(node);
    }
    highest.push_back(*std::max_element(from.end() - neighbours, from.end(), [&](std::int64_t a, std::int64_t b) {
      return height[static_cast<std::size_t>(a)] < height[static_cast<std::size_t>(b)];
    }));
  }
  for (const std::int64_t first : highest) {
    labels.push_back(colour[static_cast<std::size_t>(highest[static_cast<std::size_t>(first)])]);
  }
  const xg::Tensor heights = xg::cast(xg::from_vector(height, {nodes, 1}), dtype);
  return {xg::concatenate({xg::one_hot(xg::from_vector(colour, {nodes}), colours, dtype), heights}, 1).eval(),
          xg::from_vector(from, {nodes * neighbours}), xg::from_vector(to, {nodes * neighbours}),
          xg::from_vector(labels, {nodes})};
}

/// Each node asks its neighbours; they count by how well their keys fit the question.
struct Attention {
  xg::nn::Dense query, key, value, update;

  xg::Tensor operator()(const xg::Tensor& h, const Graph& graph) const {
    const xg::Tensor fit = xg::sum(xg::take(query(h), graph.to) * xg::take(key(h), graph.from), -1, true);
    const xg::Tensor share = xg::segment_softmax(fit, graph.to, h.dim(0));
    const xg::Tensor message = xg::segment_sum(share * xg::take(value(h), graph.from), graph.to, h.dim(0));
    return xg::tanh(update(xg::concatenate({h, message}, 1)));
  }
};

/// The baseline: all neighbours count the same.
struct Averaging {
  xg::nn::Dense value, update;

  xg::Tensor operator()(const xg::Tensor& h, const Graph& graph) const {
    const xg::Tensor message = xg::segment_mean(xg::take(value(h), graph.from), graph.to, h.dim(0));
    return xg::tanh(update(xg::concatenate({h, message}, 1)));
  }
};

template <class Layer>
struct Network {
  xg::nn::Dense encode;
  std::array<Layer, 2> layers;
  xg::nn::Dense decode;

  xg::Tensor operator()(const Graph& graph) const {
    xg::Tensor h = xg::tanh(encode(graph.features));
    for (const Layer& layer : layers) {
      h = layer(h, graph);
    }
    return decode(h);
  }
};

template <class Layer>
Network<Layer> network(std::int64_t width, xg::DType dtype, xg::Random& random) {
  const auto dense = [&](std::int64_t in, std::int64_t out, bool bias = true) {
    return xg::nn::Dense{in, out, random, {.dtype = dtype, .use_bias = bias}};
  };
  const auto layer = [&] {
    if constexpr (std::is_same_v<Layer, Attention>) {
      // Without a bias of the keys: it would add the same to the fit of all neighbours.
      return Attention{dense(width, width), dense(width, width, false), dense(width, width), dense(2 * width, width)};
    } else {
      return Averaging{dense(width, width), dense(2 * width, width)};
    }
  };
  return {dense(colours + 1, width), {layer(), layer()}, dense(width, colours)};
}

// Trains on the one graph; the accuracy on the other.
template <class Model>
double trained(const char* name, const Model& net, const Graph& train, const Graph& test, int steps) {
  const xg::nn::CrossEntropy objective;
  xg::optim::Adam adam{xg::nn::parameters(net)};
  auto step = xg::compile([&] { return adam.step(objective(net(train), train.labels)); });
  double loss = 0;
  for (int i = 0; i < steps; ++i) {
    adam.set_learning_rate(1e-2 * (1 - static_cast<double>(i) / steps));
    loss = step().item();
  }
  const double accuracy = xg::nn::accuracy(net(test), test.labels);
  std::cout << name << ": loss " << loss << ", accuracy on the other graph " << accuracy << '\n';
  return accuracy;
}

constexpr const char* usage =
    "usage: graph_network [--nodes N] [--steps N] [--seed N] [--accuracy A]\n"
    "  --nodes N     nodes of each of two graphs (2000)\n"
    "  --steps N     steps of Adam (500)\n"
    "  --seed N      of all random numbers (1)\n"
    "  --accuracy A  share of right nodes that counts as reached (0.9)\n"
    "Exit code 0: reached, better than the baseline, and the gradient check is right; 1: not; 2: bad arguments.\n";

struct Options {
  std::int64_t nodes = 2000;
  int steps = 500;
  std::uint64_t seed = 1;
  double accuracy = 0.9;
};

template <class T>
void read(const std::string& name, std::string_view text, T least, T& value) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size() || !(value >= least)) {
    throw std::invalid_argument{"graph_network: " + name + " takes a number, not '" + std::string{text} + "'"};
  }
}

Options parse(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    const std::string& name = arguments[i];
    const std::string text = i + 1 < arguments.size() ? arguments[i + 1] : "";
    if (name == "--nodes") {
      read(name, text, std::int64_t{1}, options.nodes);
    } else if (name == "--steps") {
      read(name, text, 1, options.steps);
    } else if (name == "--seed") {
      read(name, text, std::uint64_t{0}, options.seed);
    } else if (name == "--accuracy") {
      read(name, text, 0.0, options.accuracy);
    } else {
      throw std::invalid_argument{"graph_network: no option '" + name + "'; see graph_network --help"};
    }
  }
  return options;
}

int run(const Options& options) {
  xg::Random random{options.seed};
  const Graph train = random_graph(options.nodes, 5, xg::float32, random);
  const Graph test = random_graph(options.nodes, 5, xg::float32, random);
  const double reached = trained("attention", network<Attention>(16, xg::float32, random), train, test, options.steps);
  const double baseline = trained("mean     ", network<Averaging>(16, xg::float32, random), train, test, options.steps);

  // A small copy in float64, on a small graph.
  const Graph graph = random_graph(6, 3, xg::float64, random);
  const Network<Attention> small = network<Attention>(3, xg::float64, random);
  const xg::check::Report report =
      xg::check::compare([&] { return xg::nn::CrossEntropy{}(small(graph), graph.labels); }, xg::nn::parameters(small));
  std::cout << '\n' << report << '\n';

  std::cout << "accuracy " << reached << ", of the baseline " << baseline << "; expected at least " << options.accuracy
            << '\n';
  const bool is_right = report.verdict() == xg::check::Verdict::right;
  return reached >= options.accuracy && reached > baseline && is_right ? 0 : 1;
}

int main(int argc, char** argv) try {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (std::ranges::find(arguments, "--help") != arguments.end()) {
    std::cout << usage;
    return 0;
  }
  return run(parse(arguments));
} catch (const std::invalid_argument& error) {
  std::cerr << error.what() << '\n';
  return 2;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
