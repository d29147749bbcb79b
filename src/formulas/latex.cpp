#include "formulas/latex.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace xgrad::formulas {

namespace {

constexpr char32_t invalid = 0xFFFD;

// UTF-8; a byte that isn't part of any is U+FFFD.
std::u32string code_points(std::string_view text) {
  std::u32string result;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t k) {
      return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i + k]));
    };
    const std::uint32_t first = byte(0);
    std::size_t length = 2;
    if (first < 0x80) {
      length = 1;
    } else if (first >= 0xE0) {
      length = first >= 0xF0 && first < 0xF8 ? 4 : 3;
    }
    const bool starts = first < 0x80 || (first >= 0xC2 && first < 0xF8);
    bool valid = starts && i + length <= text.size();
    std::uint32_t value = length == 1 ? first : first & (0xFFU >> (length + 1));
    for (std::size_t k = 1; valid && k < length; ++k) {
      valid = (byte(k) & 0xC0U) == 0x80;
      value = (value << 6U) | (byte(k) & 0x3FU);
    }
    result += valid ? static_cast<char32_t>(value) : invalid;
    i += valid ? length : 1;
  }
  return result;
}

const std::map<char32_t, std::string_view>& commands() {
  static const std::map<char32_t, std::string_view> all{// Special to LaTeX.
                                                        {U'\\', "\\backslash{}"},
                                                        {U'_', "\\_"},
                                                        {U'#', "\\#"},
                                                        {U'$', "\\$"},
                                                        {U'%', "\\%"},
                                                        {U'&', "\\&"},
                                                        {U'{', "\\{"},
                                                        {U'}', "\\}"},
                                                        {U'^', "\\text{\\textasciicircum}"},
                                                        {U'~', "\\text{\\textasciitilde}"},
                                                        {U' ', "\\ "},
                                                        {U'*', "{*}"},
                                                        {U'`', "\\text{\\textasciigrave}"},
                                                        {U'"', "\\text{''}"},
                                                        {U'\'', "{}'"},
                                                        // Greek.
                                                        {U'α', "\\alpha"},
                                                        {U'β', "\\beta"},
                                                        {U'γ', "\\gamma"},
                                                        {U'δ', "\\delta"},
                                                        {U'ε', "\\varepsilon"},
                                                        {U'ϵ', "\\epsilon"},
                                                        {U'ζ', "\\zeta"},
                                                        {U'η', "\\eta"},
                                                        {U'θ', "\\theta"},
                                                        {U'ϑ', "\\vartheta"},
                                                        {U'ι', "\\iota"},
                                                        {U'κ', "\\kappa"},
                                                        {U'λ', "\\lambda"},
                                                        {U'μ', "\\mu"},
                                                        {U'µ', "\\mu"},
                                                        {U'ν', "\\nu"},
                                                        {U'ξ', "\\xi"},
                                                        {U'ο', "o"},
                                                        {U'π', "\\pi"},
                                                        {U'ρ', "\\rho"},
                                                        {U'ϱ', "\\varrho"},
                                                        {U'σ', "\\sigma"},
                                                        {U'ς', "\\varsigma"},
                                                        {U'τ', "\\tau"},
                                                        {U'υ', "\\upsilon"},
                                                        {U'φ', "\\varphi"},
                                                        {U'ϕ', "\\phi"},
                                                        {U'χ', "\\chi"},
                                                        {U'ψ', "\\psi"},
                                                        {U'ω', "\\omega"},
                                                        {U'Α', "A"},
                                                        {U'Β', "B"},
                                                        {U'Γ', "\\Gamma"},
                                                        {U'Δ', "\\Delta"},
                                                        {U'Ε', "E"},
                                                        {U'Ζ', "Z"},
                                                        {U'Η', "H"},
                                                        {U'Θ', "\\Theta"},
                                                        {U'Ι', "I"},
                                                        {U'Κ', "K"},
                                                        {U'Λ', "\\Lambda"},
                                                        {U'Μ', "M"},
                                                        {U'Ν', "N"},
                                                        {U'Ξ', "\\Xi"},
                                                        {U'Ο', "O"},
                                                        {U'Π', "\\Pi"},
                                                        {U'Ρ', "P"},
                                                        {U'Σ', "\\Sigma"},
                                                        {U'Τ', "T"},
                                                        {U'Υ', "\\Upsilon"},
                                                        {U'Φ', "\\Phi"},
                                                        {U'Χ', "X"},
                                                        {U'Ψ', "\\Psi"},
                                                        {U'Ω', "\\Omega"},
                                                        // Signs.
                                                        {U'∂', "\\partial"},
                                                        {U'∇', "\\nabla"},
                                                        {U'ℓ', "\\ell"},
                                                        {U'∞', "\\infty"},
                                                        {U'∑', "\\sum"},
                                                        {U'∏', "\\prod"},
                                                        {U'√', "\\surd"},
                                                        {U'−', "-"},
                                                        {U'±', "\\pm"},
                                                        {U'×', "\\times"},
                                                        {U'·', "\\cdot"},
                                                        {U'÷', "\\div"},
                                                        {U'⋆', "\\star"},
                                                        {U'⊙', "\\odot"},
                                                        {U'⊗', "\\otimes"},
                                                        {U'⊕', "\\oplus"},
                                                        {U'∘', "\\circ"},
                                                        {U'≠', "\\neq"},
                                                        {U'≤', "\\leq"},
                                                        {U'≥', "\\geq"},
                                                        {U'≈', "\\approx"},
                                                        {U'∧', "\\wedge"},
                                                        {U'∨', "\\vee"},
                                                        {U'¬', "\\neg"},
                                                        {U'‖', "\\|"},
                                                        {U'→', "\\to"},
                                                        {U'←', "\\leftarrow"},
                                                        {U'∈', "\\in"},
                                                        {U'⟨', "\\langle"},
                                                        {U'⟩', "\\rangle"},
                                                        {U'…', "\\dots"},
                                                        {U'′', "{}'"},
                                                        {U'½', "\\tfrac{1}{2}"},
                                                        {U'¼', "\\tfrac{1}{4}"},
                                                        {U'¾', "\\tfrac{3}{4}"},
                                                        {U'⅓', "\\tfrac{1}{3}"},
                                                        {U'°', "{}^{\\circ}"},
                                                        {U'–', "\\text{--}"},
                                                        {U'—', "\\text{---}"},
                                                        {U'’', "\\text{'}"},
                                                        {U'‘', "\\text{`}"},
                                                        {U'“', "\\text{``}"},
                                                        {U'”', "\\text{''}"},
                                                        {static_cast<char32_t>(0xA0), "\\ "},
                                                        // Letters without an accent.
                                                        {U'ß', "\\text{\\ss}"},
                                                        {U'æ', "\\text{\\ae}"},
                                                        {U'Æ', "\\text{\\AE}"},
                                                        {U'œ', "\\text{\\oe}"},
                                                        {U'Œ', "\\text{\\OE}"},
                                                        {U'ø', "\\text{\\o}"},
                                                        {U'Ø', "\\text{\\O}"},
                                                        {U'ł', "\\text{\\l}"},
                                                        {U'Ł', "\\text{\\L}"},
                                                        {U'ı', "\\imath"}};
  return all;
}

// The letter or digit of a superscript or subscript, and its side.
std::optional<std::string> script_of(char32_t c, char32_t& side) {
  constexpr std::u32string_view raised = U"⁰¹²³⁴⁵⁶⁷⁸⁹";
  constexpr std::u32string_view lowered = U"₀₁₂₃₄₅₆₇₈₉";
  constexpr std::pair<char32_t, std::string_view> letters[] = {
      // NOLINT(modernize-avoid-c-arrays)
      {U'ᵀ', "\\top"}, {U'ˡ', "l"}, {U'ⁿ', "n"}, {U'⁺', "+"}, {U'⁻', "-"}, {U'ᵏ', "k"}};
  side = U'^';
  if (const auto digit = raised.find(c); digit != std::u32string_view::npos) {
    return std::to_string(digit);
  }
  for (const auto& [letter, text] : letters) {
    if (c == letter) {
      return std::string{text};
    }
  }
  side = U'_';
  const auto digit = lowered.find(c);
  return digit == std::u32string_view::npos ? std::nullopt : std::optional{std::to_string(digit)};
}

// The accent of a combining mark.
std::string_view accent_of_mark(char32_t c) {
  static const std::map<char32_t, std::string_view> all{
      {0x300, "\\grave"}, {0x301, "\\acute"},     {0x302, "\\hat"}, {0x303, "\\tilde"}, {0x304, "\\bar"},
      {0x305, "\\bar"},   {0x306, "\\breve"},     {0x307, "\\dot"}, {0x308, "\\ddot"},  {0x30A, "\\mathring"},
      {0x30C, "\\check"}, {0x332, "\\underline"}, {0x20D7, "\\vec"}};
  const auto known = all.find(c);
  return known == all.end() ? std::string_view{} : known->second;
}

// Letters that come with their accent.
std::optional<std::string> accented(char32_t c) {
  struct Row {
    std::string_view accent;
    std::u32string_view letters;
    std::string_view bases;
  };
  static constexpr std::array rows{Row{"\\grave", U"àèìòùÀÈÌÒÙ", "aeiouAEIOU"},
                                   Row{"\\acute", U"áéíóúýÁÉÍÓÚÝćńśźĆŃŚŹ", "aeiouyAEIOUYcnszCNSZ"},
                                   Row{"\\hat", U"âêîôûŷŵẑĉĝĥĵŝÂÊÎÔÛŶŴẐĈĜĤĴŜ", "aeiouywzcghjsAEIOUYWZCGHJS"},
                                   Row{"\\tilde", U"ãñõĩũẽỹÃÑÕĨŨẼỸ", "anoiueyANOIUEY"},
                                   Row{"\\ddot", U"äëïöüÿẍẅÄËÏÖÜŸ", "aeiouyxwAEIOUY"},
                                   Row{"\\bar", U"āēīōūȳĀĒĪŌŪ", "aeiouyAEIOU"},
                                   Row{"\\breve", U"ăĕğĭŏŭĂĔĞĬŎŬ", "aegiouAEGIOU"},
                                   Row{"\\dot", U"ċėġżẋẏẇĊĖĠŻẊẎ", "cegzxywCEGZXY"},
                                   Row{"\\check", U"čďěňřšťžǎǐǒǔČĎĚŇŘŠŤŽ", "cdenrstzaiouCDENRSTZ"},
                                   Row{"\\mathring", U"åůÅŮ", "auAU"}};
  for (const Row& row : rows) {
    if (const auto at = row.letters.find(c); at != std::u32string_view::npos) {
      return fmt::format("{}{{{}}}", row.accent, row.bases[at]);
    }
  }
  return std::nullopt;
}

/// A character with the marks over it.
struct Piece {
  std::string latex;
  char32_t character = 0;
  char32_t side = 0;  ///< '^' or '_' if it is raised or lowered: `latex` is the script then
  bool coded = false;

  [[nodiscard]] std::string text() const {
    if (coded) {
      return fmt::format("\\text{{{}}}", latex);
    }
    return side == 0 ? latex : fmt::format("{{}}{}{{{}}}", static_cast<char>(side), latex);
  }
  [[nodiscard]] bool is_letter() const {
    return side == 0 && !coded &&
           (character >= 0x80 || (character >= U'A' && character <= U'Z') || (character >= U'a' && character <= U'z'));
  }
};

std::vector<Piece> pieces_of(std::string_view text) {
  std::vector<Piece> pieces;
  for (const char32_t c : code_points(text)) {
    if (const std::string_view accent = accent_of_mark(c); !accent.empty()) {
      if (pieces.empty() || pieces.back().coded) {
        pieces.push_back({.latex = "\\ ", .character = U' '});
      }
      pieces.back().latex = fmt::format("{}{{{}}}", accent, pieces.back().latex);
      continue;
    }
    Piece piece{.latex = {}, .character = c};
    if (const auto command = commands().find(c); command != commands().end()) {
      piece.latex = command->second;
    } else if (c > 0x20 && c < 0x7F) {
      piece.latex = static_cast<char>(c);
    } else if (const auto script = script_of(c, piece.side)) {
      piece.latex = *script;
    } else if (const auto letter = accented(c)) {
      piece.side = 0;
      piece.latex = *letter;
    } else {
      piece.side = 0;
      piece.coded = true;
      piece.latex = fmt::format("U+{:04X}", static_cast<std::uint32_t>(c));
      if (!pieces.empty() && pieces.back().coded) {
        pieces.back().latex += " " + piece.latex;
        continue;
      }
    }
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

// A command needs a space before a letter that follows.
void append(std::string& text, const std::string& piece) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto command = text.rfind('\\');
  const bool ends_in_command =
      command != std::string::npos && command + 1 < text.size() &&
      std::all_of(text.begin() + static_cast<std::ptrdiff_t>(command) + 1, text.end(), is_letter);
  text += (ends_in_command && !piece.empty() && is_letter(piece.front()) ? " " : "") + piece;
}

std::string joined(std::vector<Piece>::const_iterator from, std::vector<Piece>::const_iterator to) {
  std::string text;
  for (; from != to; ++from) {
    append(text, from->text());
  }
  return text;
}

}  // namespace

std::string latex_name(std::string_view name) {
  const std::vector<Piece> pieces = pieces_of(name);
  if (pieces.size() == 1 && pieces[0].side == 0) {
    return pieces[0].text();
  }
  if (pieces.size() > 1 && pieces[0].is_letter()) {
    const auto rest = pieces.begin() + 1;
    const auto is_script = [](const Piece& piece) { return piece.character == U'_' || piece.character == U'^'; };
    if (is_script(*rest) && rest + 1 != pieces.end() && std::none_of(rest + 1, pieces.end(), is_script)) {
      const std::string below = latex_name(name.substr(name.find(static_cast<char>(rest->character)) + 1));
      return fmt::format("{{{}{}{{{}}}}}", pieces[0].latex, static_cast<char>(rest->character), below);
    }
    const char32_t side = rest->side;
    if (side != 0 && std::all_of(rest, pieces.end(), [side](const Piece& piece) { return piece.side == side; })) {
      std::string script;
      for (auto piece = rest; piece != pieces.end(); ++piece) {
        append(script, piece->latex);
      }
      return fmt::format("{{{}{}{{{}}}}}", pieces[0].latex, static_cast<char>(side), script);
    }
  }
  return fmt::format("\\mathrm{{{}}}", joined(pieces.begin(), pieces.end()));
}

std::string latex_operator(std::string_view symbol) {
  static const std::map<std::string_view, std::string_view> known{
      {"tanh", "\\tanh"}, {"exp", "\\exp"}, {"log", "\\log"}, {"sin", "\\sin"},
      {"cos", "\\cos"},   {"min", "\\min"}, {"max", "\\max"}};
  std::vector<std::string> words;
  for (std::size_t from = 0; from <= symbol.size();) {
    const std::size_t to = std::min(symbol.find(' ', from), symbol.size());
    const std::string_view word = symbol.substr(from, to - from);
    from = to + 1;
    const std::vector<Piece> pieces = pieces_of(word);
    if (const auto command = known.find(word); command != known.end()) {
      words.emplace_back(command->second);
    } else if (pieces.size() == 1 && !(word.size() == 1 && pieces[0].is_letter())) {
      words.push_back(pieces[0].text());
    } else if (!pieces.empty()) {
      words.push_back(fmt::format("\\operatorname{{{}}}", joined(pieces.begin(), pieces.end())));
    }
  }
  return fmt::format("{}", fmt::join(words, " \\, "));
}

std::string latex_text(std::string_view text) {
  std::string result;
  for (const Piece& piece : pieces_of(text)) {
    const bool plain = piece.latex.size() == 1 && piece.side == 0 && piece.character < 0x80;
    const bool escaped = piece.latex.size() == 2 && piece.character < 0x80 && piece.character != U' ';
    if (piece.character == U' ' && piece.latex == "\\ ") {
      result += ' ';
    } else if (piece.character == U'<' || piece.character == U'>' || piece.character == U'|' || !(plain || escaped)) {
      result += piece.coded ? piece.latex : fmt::format("${}$", piece.text());
    } else {
      result += piece.latex;
    }
  }
  return result;
}

}  // namespace xgrad::formulas
