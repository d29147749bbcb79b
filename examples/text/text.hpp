#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>
#include <xgrad/xgrad.hpp>

/// A text as classes to predict: every byte that occurs in it is one, numbered in the order of their values.
struct Text {
  std::string characters;           ///< the character of each class
  std::vector<std::int64_t> train;  ///< the first nine tenths
  std::vector<std::int64_t> test;   ///< the rest, which nothing is learned from

  [[nodiscard]] std::int64_t classes() const { return static_cast<std::int64_t>(characters.size()); }
};

/// At most `bytes` of a file. Throws xgrad::IoError, and xgrad::ValueError for less than 20 bytes.
Text read_text(const std::string& path, std::int64_t bytes);

/// `count` pieces of `length` characters from anywhere in `characters`: (count, length). Throws xgrad::ValueError if
/// there are less.
xgrad::Tensor draw_pieces(const std::vector<std::int64_t>& characters, std::int64_t count, std::int64_t length,
                          xgrad::Random& random);

/// A class drawn by the probabilities softmax(z / temperature) of logits z (classes): argmax(z + temperature g) with
/// g = −log(−log u), u uniform (Gumbel, 1954).
std::int64_t draw_class(const xgrad::Tensor& z, double temperature, xgrad::Random& random);

/// What simple counting reaches: bits per character of the test part by n-grams of the training part, for each order n
/// from 0 up to `max_order`. Orders are interpolated as Witten and Bell have it (IEEE Transactions on Information
/// Theory 37, 1991, method C):
///
///   p_n(c | h) = (count(h c) + kinds(h) p_{n−1}(c | h′)) / (count(h) + kinds(h))
///
/// with kinds(h) different characters behind the n characters h, and h′ = h without its first; p_{−1} = 1 / classes.
std::vector<double> ngram_bits(const Text& text, std::size_t max_order = 6);

/// Prints what a model reached on the test part, in bits per character, beside what n-grams do; and says whether that
/// is at most `goal`.
bool is_reached(double goal, double bits, const Text& text);
