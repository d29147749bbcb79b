// A language model as GPT-2 is one (Radford et al., 2019), a causal transformer with its norms in front; here of
// characters, and with rotary positions, which learn faster than a table of them on a text as short as this.
//
// On the last tenth of Jane Austen's Persuasion it needs 1.81 bits per character (seeds 1 and 2: 1.802 and 1.822); the
// best of the n-grams that the program counts need 1.98. It has then taken 8,000 steps, in some 4 minutes on one core.
// The settings were chosen on a tenth of the rest.
#include <algorithm>
#include <array>
#include <chrono>
#include <iostream>
#include <numbers>
#include <span>
#include <string>
#include <utility>
#include <vector>
#include <xgrad/xgrad.hpp>

#include "../text/settings.hpp"
#include "../text/text.hpp"

namespace xg = xgrad;
namespace nn = xgrad::nn;

struct Settings {
  std::string text = SHIPPED_TEXT;
  std::int64_t bytes = 1'000'000'000;
  std::int64_t width = 128;
  std::int64_t heads = 8;
  std::int64_t layers = 3;
  std::int64_t context = 64;
  double dropout = 0;
  std::int64_t batch = 8;
  std::int64_t steps = 8000;
  double learning_rate = 0.004;
  std::int64_t seed = 1;
  std::int64_t generate = 500;
  double temperature = 0.7;
  double goal = 1.83;
  static constexpr std::array<std::string_view, 14> descriptions{
      "the file to learn from, of which the last tenth is the test",
      "how much of it is read, at most",
      "width of the vector that stands for a character",
      "attention's heads; they divide the width",
      "of the transformer",
      "characters that are seen at a time",
      "share of values that are dropped in training",
      "pieces of the text in a step",
      "steps of training",
      "of Adam at its highest; it rises over 100 steps, then falls to 0",
      "of all random numbers",
      "characters to write in the end",
      "of what is written: 0 takes the likeliest, 1 draws",
      "bits per character of the test that must be reached"};
};

struct GPT {
  nn::Embedding characters;
  nn::Dropout dropout;
  nn::TransformerEncoder body;
  nn::Dense output;  // with the characters' weights

  /// x (N, T) → logits (N, T, classes).
  xg::Tensor operator()(const xg::Tensor& x) const { return output(body(dropout(characters(x)))); }
};

GPT make_model(const Settings& s, std::int64_t classes, xg::Random& random, xg::DType dtype = xg::float32) {
  const nn::Embedding characters{classes, s.width, random, {.dtype = dtype, .weight = nn::init::normal(0, 0.1)}};
  const nn::TransformerOptions options{.dropout = s.dropout,
                                       .activation = nn::FeedForwardActivation::gelu,
                                       .pre_norm = true,
                                       .causal = true,
                                       .rotary_base = 1000,
                                       .dtype = dtype};
  return {.characters = characters,
          .dropout = {s.dropout, random},
          .body = {s.layers, s.width, s.heads, random, options},
          .output = nn::Dense{characters.weight}};
}

/// Of pieces (N, T + 1), in which each character is predicted from those before it: the mean over the last `count`.
xg::Tensor loss_of(const GPT& model, const xg::Tensor& pieces, std::int64_t count) {
  const xg::Tensor z = model(xg::slice(pieces, {.stop = -1}, 1));
  return nn::CrossEntropy{.axis = -1}(xg::slice(z, {.start = -count}, 1), xg::slice(pieces, {.start = -count}, 1));
}

void train(const GPT& model, const Text& text, const Settings& s, xg::Random& random) {
  xg::optim::Adam adam{nn::parameters(model), {.beta2 = 0.99}};
  auto step = xg::compile([&](const xg::Tensor& pieces) { return adam.step(loss_of(model, pieces, s.context)); });
  const auto began = std::chrono::steady_clock::now();
  const std::int64_t shown = std::max<std::int64_t>(1, s.steps / 10);
  double sum = 0;
  for (std::int64_t i = 1; i <= s.steps; ++i) {
    const double left = 1 - static_cast<double>(i - 1) / static_cast<double>(s.steps);
    adam.set_learning_rate(s.learning_rate * std::min(static_cast<double>(i) / 100, left));
    sum += step(draw_pieces(text.train, s.batch, s.context + 1, random)).item();
    if (i % shown == 0) {
      const std::chrono::duration<double> time = std::chrono::steady_clock::now() - began;
      std::cout << "step " << i << ": " << sum / static_cast<double>(shown) / std::numbers::ln2
                << " bits per character in training, " << time.count() << " s\n"
                << std::flush;
      sum = 0;
    }
  }
}

/// Bits per character of the test part. Windows overlap by half, so that what is predicted has half a context before
/// it.
double test_bits(const GPT& model, const Text& text, const Settings& s) {
  const std::int64_t half = (s.context + 1) / 2;
  const auto size = static_cast<std::int64_t>(text.test.size());
  const xg::Tensor all = xg::from_vector(text.test, {1, size});
  double sum = 0;
  for (std::int64_t first = 1; first < size; first += half) {
    const std::int64_t end = std::min(first + half, size);
    const xg::Tensor window = xg::slice(all, {std::max<std::int64_t>(0, end - s.context - 1), end}, 1);
    sum += loss_of(model, window, end - first).item() * static_cast<double>(end - first);
  }
  return sum / static_cast<double>(size - 1) / std::numbers::ln2;
}

/// What the model writes behind the last characters of the training part. Keys and values of the characters so far are
/// cached; when the context is full, its second half is read anew.
std::string written(const GPT& model, const Text& text, const Settings& s, xg::Random& random) {
  const std::int64_t half = (s.context + 1) / 2;
  std::vector<std::int64_t> all = text.train;
  std::vector<nn::KeyValueCache> caches;
  for (std::int64_t i = 0; i < s.generate; ++i) {
    const bool full = caches.empty() || caches[0].length() == s.context;
    if (full) {
      caches.clear();
    }
    const auto next =
        std::span<const std::int64_t>{all}.last(std::min(all.size(), static_cast<std::size_t>(full ? half : 1)));
    const xg::Tensor x = xg::from_data(next, {1, static_cast<std::int64_t>(next.size())});
    auto [h, longer] = model.body.extend(model.characters(x), caches);
    all.push_back(draw_class(model.output(h).at({0, -1}), s.temperature, random));
    caches = std::move(longer);
  }
  std::string result;
  for (const std::int64_t c : std::span{all}.subspan(text.train.size())) {
    result += text.characters[static_cast<std::size_t>(c)];
  }
  return result;
}

/// The gradients of a small copy in float64 beside differences.
bool gradients_are_right(const Settings& s) {
  xg::Random random{3};
  Settings small = s;
  small.width = 8;
  small.heads = 2;
  small.layers = 1;
  const GPT model = make_model(small, 5, random, xg::float64);
  const xg::Tensor pieces = draw_pieces({0, 3, 1, 4, 2, 2, 0, 1}, 3, 7, random);
  const xg::check::Report report = xg::check::compare([&] { return loss_of(model, pieces, 6); }, nn::parameters(model),
                                                      {.numeric = {.max_entries = 32}});
  std::cout << report << '\n';
  return report.verdict() == xg::check::Verdict::right;
}

bool program(const Settings& s) {
  std::cout.precision(4);
  const Text text = read_text(s.text, s.bytes);
  xg::Random random{static_cast<std::uint64_t>(s.seed)};
  const GPT model = make_model(s, text.classes(), random);
  train(model, text, s, random);
  const GPT ready = nn::inference(model);
  std::cout << '\n' << written(ready, text, s, random) << "\n\n";
  const bool right = gradients_are_right(s);
  return is_reached(s.goal, test_bits(ready, text, s), text) && right;
}

int main(int count, char** arguments) {
  return settings::run<Settings>(
      count, arguments, "gpt: a transformer learns to predict the next character of a text, and writes some.", program);
}
