#include "text.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <unordered_map>

namespace xg = xgrad;

Text read_text(const std::string& path, std::int64_t bytes) {
  std::ifstream file{path, std::ios::binary};
  std::ostringstream content;
  if (!file || !(content << file.rdbuf())) {
    throw xg::IoError{"can't read the text '" + path + "'"};
  }
  const std::string all = content.str().substr(0, static_cast<std::size_t>(bytes));
  if (all.size() < 20) {
    throw xg::ValueError{"'" + path + "' has " + std::to_string(all.size()) + " bytes; expected 20 or more"};
  }
  Text text;
  text.characters = all;
  std::sort(text.characters.begin(), text.characters.end());
  text.characters.erase(std::unique(text.characters.begin(), text.characters.end()), text.characters.end());
  const std::size_t end = all.size() / 10 * 9;
  for (std::size_t i = 0; i < all.size(); ++i) {
    (i < end ? text.train : text.test).push_back(static_cast<std::int64_t>(text.characters.find(all[i])));
  }
  return text;
}

xg::Tensor draw_pieces(const std::vector<std::int64_t>& characters, std::int64_t count, std::int64_t length,
                       xg::Random& random) {
  const auto size = static_cast<std::int64_t>(characters.size());
  if (size < length) {
    throw xg::ValueError{"a text of " + std::to_string(size) + " characters is too short for pieces of " +
                         std::to_string(length)};
  }
  std::vector<std::int64_t> pieces;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto start = static_cast<std::ptrdiff_t>(random.integer(static_cast<std::uint64_t>(size - length + 1)));
    std::copy_n(characters.begin() + start, length, std::back_inserter(pieces));
  }
  return xg::from_vector(pieces, {count, length});
}

std::int64_t draw_class(const xg::Tensor& z, double temperature, xg::Random& random) {
  const xg::Tensor u = random.uniform(z.shape(), 1e-7, 1);
  return static_cast<std::int64_t>(xg::argmax(z - temperature * xg::log(-xg::log(u))).item());
}

std::vector<double> ngram_bits(const Text& text, std::size_t max_order) {
  struct Seen {
    double count = 0;      // of a string
    double continued = 0;  // how often a character stands behind it
    double kinds = 0;      // and how many different ones
  };
  std::string all;
  for (const auto* part : {&text.train, &text.test}) {
    for (const std::int64_t c : *part) {
      all += text.characters[static_cast<std::size_t>(c)];
    }
  }
  const std::string_view view = all;
  std::unordered_map<std::string_view, Seen> seen;
  for (std::size_t i = 0; i < text.train.size(); ++i) {
    for (std::size_t n = 0; n <= std::min(i, max_order); ++n) {
      const double count = ++seen[view.substr(i - n, n + 1)].count;
      Seen& before = seen[view.substr(i - n, n)];
      ++before.continued;
      before.kinds += count == 1 ? 1 : 0;
    }
  }
  std::vector<double> bits(max_order + 1, 0.0);
  for (std::size_t i = text.train.size(); i < all.size(); ++i) {
    double p = 1 / static_cast<double>(text.classes());
    for (std::size_t n = 0; n <= max_order; ++n) {
      const auto before = seen.find(view.substr(i - n, n));
      if (before != seen.end() && before->second.continued > 0) {
        const auto found = seen.find(view.substr(i - n, n + 1));
        const double count = found == seen.end() ? 0 : found->second.count;
        const auto& [unused, continued, kinds] = before->second;
        p = (count + kinds * p) / (continued + kinds);
      }
      bits[n] -= std::log2(p) / static_cast<double>(text.test.size());
    }
  }
  return bits;
}

bool is_reached(double goal, double bits, const Text& text) {
  const std::vector<double> counted = ngram_bits(text);
  const auto best = std::min_element(counted.begin(), counted.end());
  std::cout << "the last tenth in bits per character: " << bits << "; with the best n-grams, of "
            << best - counted.begin() + 1 << " characters, " << *best << "; to be reached: " << goal << '\n';
  return bits <= goal;
}
