// A language model of characters: an LSTM that reads a text and says how likely each character is to come next.
//
// On the last tenth of Jane Austen's Persuasion it needs 1.79 bits per character (seeds 1 and 2: 1.792 and 1.789); the
// best of the n-grams that the program counts need 1.98. It has then read the rest 12 times, in some 3 minutes on one
// core. The settings were chosen on a tenth of that rest.
#include <algorithm>
#include <array>
#include <chrono>
#include <iostream>
#include <numbers>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <xgrad/xgrad.hpp>

#include "../text/settings.hpp"
#include "../text/text.hpp"

namespace xg = xgrad;
namespace nn = xgrad::nn;

struct Settings {
  std::string text = SHIPPED_TEXT;
  std::int64_t bytes = 1'000'000'000;
  std::int64_t embedding = 64;
  std::int64_t hidden = 256;
  std::int64_t layers = 1;
  double dropout = 0.2;
  std::int64_t streams = 16;
  std::int64_t steps = 64;
  std::int64_t epochs = 12;
  double learning_rate = 0.006;
  std::int64_t seed = 1;
  std::int64_t generate = 500;
  double temperature = 0.7;
  double goal = 1.8;
  static constexpr std::array<std::string_view, 14> descriptions{
      "the file to learn from, of which the last tenth is the test",
      "how much of it is read, at most",
      "width of the vector that stands for a character",
      "width of an LSTM",
      "LSTMs on top of each other",
      "share of an LSTM's outputs that are dropped in training",
      "parts of the text that are read at the same time: the batch",
      "characters that a gradient goes back",
      "how often the text is read",
      "of Adam at first; it falls to 0",
      "of all random numbers",
      "characters to write in the end",
      "of what is written: 0 takes the likeliest, 1 draws",
      "bits per character of the test that must be reached"};
};

struct CharacterModel {
  nn::Embedding characters;
  nn::LSTM lstm;
  nn::Dropout dropout;
  nn::Dense output;

  /// x (N, T) → logits (N, T, classes), and what is carried on to the next characters.
  std::pair<xg::Tensor, nn::LSTMCarry> operator()(const xg::Tensor& x, const nn::LSTMCarry& carry) const {
    const auto [h, last] = lstm.run(characters(x), carry);
    return {output(dropout(h)), last};
  }
};

CharacterModel make_model(const Settings& s, std::int64_t classes, xg::Random& random, xg::DType dtype = xg::float32) {
  return {.characters = {classes, s.embedding, random, {.dtype = dtype}},
          .lstm = {s.embedding, s.hidden, random, {.layers = s.layers, .dropout = s.dropout, .cell = {.dtype = dtype}}},
          .dropout = {s.dropout, random},
          .output = {s.hidden, classes, random, {.dtype = dtype}}};
}

/// Of pieces (N, T + 1), in which every character but the first is predicted from those before it; and the last carry.
std::pair<xg::Tensor, nn::LSTMCarry> loss_of(const CharacterModel& model, const xg::Tensor& pieces,
                                             const nn::LSTMCarry& carry) {
  const auto [z, last] = model(xg::slice(pieces, {.stop = -1}, 1), carry);
  return {nn::CrossEntropy{.axis = -1}(z, xg::slice(pieces, {.start = 1}, 1)), last};
}

/// Truncated backpropagation through time (Williams and Peng, Neural Computation 2, 1990): each of N streams is read
/// piece by piece. What the LSTM carries goes on from piece to piece, the gradient doesn't: results of compile() have
/// no history.
void train(const CharacterModel& model, const Text& text, const Settings& s) {
  const std::int64_t length = static_cast<std::int64_t>(text.train.size()) / s.streams;
  const std::int64_t pieces = (length - 1) / s.steps;
  if (pieces < 1) {
    throw xg::ValueError{"a text of " + std::to_string(text.train.size()) + " characters is too short for " +
                         std::to_string(s.streams) + " streams of pieces of " + std::to_string(s.steps + 1)};
  }
  const auto used = std::span{text.train}.first(static_cast<std::size_t>(s.streams * length));
  const xg::Tensor streams = xg::from_data(used, {s.streams, length});

  xg::optim::Adam adam{nn::parameters(model)};
  auto step = xg::compile([&](const xg::Tensor& piece, const xg::Tensor& h, const xg::Tensor& c) {
    const auto [loss, last] = loss_of(model, piece, {h, c});
    return std::tuple{adam.step(loss), last.h, last.c};
  });
  const auto began = std::chrono::steady_clock::now();
  for (std::int64_t epoch = 0; epoch < s.epochs; ++epoch) {
    auto [h, c] = model.lstm.initial(s.streams);
    double sum = 0;
    for (std::int64_t i = 0; i < pieces; ++i) {
      const double done = static_cast<double>(epoch * pieces + i) / static_cast<double>(s.epochs * pieces);
      adam.set_learning_rate(s.learning_rate * (1 - done));
      xg::Tensor loss;
      std::tie(loss, h, c) = step(xg::slice(streams, {i * s.steps, (i + 1) * s.steps + 1}, 1), h, c);
      sum += loss.item();
    }
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - began;
    std::cout << "epoch " << epoch + 1 << ": " << sum / static_cast<double>(pieces) / std::numbers::ln2
              << " bits per character in training, " << time.count() << " s\n"
              << std::flush;
  }
}

/// Bits per character of the test part, read once.
double test_bits(const CharacterModel& model, const Text& text) {
  auto score = xg::compile([&](const xg::Tensor& piece, const xg::Tensor& h, const xg::Tensor& c) {
    const auto [loss, last] = loss_of(model, piece, {h, c});
    return std::tuple{loss * static_cast<double>(piece.dim(1) - 1), last.h, last.c};
  });
  auto [h, c] = model.lstm.initial(1);
  const std::span all{text.test};
  double sum = 0;
  for (std::size_t first = 0; first + 1 < all.size(); first += 1000) {
    const auto piece = all.subspan(first, std::min<std::size_t>(1001, all.size() - first));
    xg::Tensor loss;
    std::tie(loss, h, c) = score(xg::from_data(piece, {1, static_cast<std::int64_t>(piece.size())}), h, c);
    sum += loss.item();
  }
  return sum / static_cast<double>(all.size() - 1) / std::numbers::ln2;
}

/// What the model writes behind the last characters of the training part.
std::string written(const CharacterModel& model, const Text& text, const Settings& s, xg::Random& random) {
  auto next = xg::compile([&](const xg::Tensor& x, const xg::Tensor& h, const xg::Tensor& c) {
    const auto [z, last] = model(x, {h, c});
    return std::tuple{z.at({0, -1}), last.h, last.c};
  });
  auto [h, c] = model.lstm.initial(1);
  const auto start = std::span{text.train}.last(std::min<std::size_t>(200, text.train.size()));
  xg::Tensor x = xg::from_data(start, {1, static_cast<std::int64_t>(start.size())});
  std::string result;
  while (static_cast<std::int64_t>(result.size()) < s.generate) {
    xg::Tensor z;
    std::tie(z, h, c) = next(x, h, c);
    const std::int64_t drawn = draw_class(z, s.temperature, random);
    result += text.characters[static_cast<std::size_t>(drawn)];
    x = xg::full({1, 1}, static_cast<double>(drawn), xg::int64);
  }
  return result;
}

/// The gradients of a small copy in float64 beside differences, through both layers and through time.
bool gradients_are_right(const Settings& s) {
  xg::Random random{3};
  Settings small = s;
  small.embedding = 3;
  small.hidden = 4;
  small.layers = 2;
  const CharacterModel model = make_model(small, 5, random, xg::float64);
  const xg::Tensor pieces =
      draw_pieces({0, 3, 1, 4, 2, 2, 0, 1, 3, 4, 4, 0, 2, 1, 3, 0, 1, 2, 4, 3, 1, 0}, 2, 20, random);
  const xg::check::Report report =
      xg::check::compare([&] { return loss_of(model, pieces, model.lstm.initial(2)).first; }, nn::parameters(model),
                         {.numeric = {.max_entries = 32}});
  std::cout << report << '\n';
  return report.verdict() == xg::check::Verdict::right;
}

bool program(const Settings& s) {
  std::cout.precision(4);
  const Text text = read_text(s.text, s.bytes);
  xg::Random random{static_cast<std::uint64_t>(s.seed)};
  const CharacterModel model = make_model(s, text.classes(), random);
  train(model, text, s);
  const CharacterModel ready = nn::inference(model);
  std::cout << '\n' << written(ready, text, s, random) << "\n\n";
  const bool right = gradients_are_right(s);
  return is_reached(s.goal, test_bits(ready, text), text) && right;
}

int main(int count, char** arguments) {
  return settings::run<Settings>(
      count, arguments, "charlm: an LSTM learns to predict the next character of a text, and writes some.", program);
}
