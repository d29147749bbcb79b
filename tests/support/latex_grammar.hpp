#pragma once

#include <array>
#include <cctype>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>

namespace xgrad::test {

/// Reads LaTeX as TeX does, as far as formulas need it: groups, scripts, commands of LaTeX and amsmath with their
/// arguments, text within formulas and formulas within text.
class LatexGrammar {
 public:
  /// What is wrong with a formula, or with a piece of text; empty if nothing is.
  [[nodiscard]] static std::string fault_of_formula(std::string_view latex) {
    LatexGrammar grammar{latex};
    grammar.formula(End::input);
    return grammar.fault_;
  }
  [[nodiscard]] static std::string fault_of_text(std::string_view latex) {
    LatexGrammar grammar{latex};
    grammar.text(End::input);
    return grammar.fault_;
  }

 private:
  enum class End { input, brace, dollar, right };

  explicit LatexGrammar(std::string_view latex) : latex_{latex} {}

  void fail(const std::string& what) {
    if (fault_.empty()) {
      fault_ = what + " at " + std::to_string(at_) + " of " + std::string{latex_};
    }
  }

  // The name after a backslash: letters, or one other character.
  std::string command() {
    std::size_t end = ++at_;
    while (end < latex_.size() && std::isalpha(static_cast<unsigned char>(latex_[end])) != 0) {
      ++end;
    }
    end += end == at_ && end < latex_.size() ? 1 : 0;
    std::string name{latex_.substr(at_, end - at_)};
    at_ = end;
    return name;
  }

  bool ends(End end) {
    if (at_ == latex_.size()) {
      if (end != End::input) {
        fail("something is not closed");
      }
      return true;
    }
    if ((end == End::brace && latex_[at_] == '}') || (end == End::dollar && latex_[at_] == '$')) {
      ++at_;
      return true;
    }
    return false;
  }

  void open_brace() {
    if (at_ < latex_.size() && latex_[at_] == '{') {
      ++at_;
    } else {
      fail("a group is missing");
    }
  }

  // One row of atoms with their scripts.
  void formula(End end) {
    bool above = false;  // whether the last atom has a superscript
    bool below = false;
    while (fault_.empty() && !ends(end)) {
      const char c = latex_[at_];
      if (c == '^' || c == '_' || c == '\'') {
        bool& taken = c == '_' ? below : above;
        if (taken && !(c == '\'' && latex_[at_ - 1] == '\'')) {
          return fail("a second script");
        }
        taken = true;
        ++at_;
        if (c != '\'') {
          argument();
        }
        continue;
      }
      if (c == ' ') {
        ++at_;
        continue;
      }
      above = false;
      below = false;
      if (c == '\\' && latex_.substr(at_).starts_with("\\right") && end == End::right) {
        at_ += std::string_view{"\\right"}.size();
        return delimiter();
      }
      atom();
    }
  }

  // What a script or a command takes: a group, or one atom that is no script.
  void argument() {
    if (at_ == latex_.size() || latex_[at_] == '^' || latex_[at_] == '_' || latex_[at_] == '}') {
      return fail("an argument is missing");
    }
    atom();
  }

  void delimiter() {
    if (at_ < latex_.size() && latex_[at_] == '\\') {
      static const std::set<std::string> known{"{", "}", "|", "langle", "rangle"};
      if (!known.contains(command())) {
        fail("no delimiter");
      }
    } else if (at_ < latex_.size() && std::string_view{"()[]|./<>"}.find(latex_[at_]) != std::string_view::npos) {
      ++at_;
    } else {
      fail("no delimiter");
    }
  }

  void atom() {
    const char c = latex_[at_];
    if (c == '\\') {
      return formula_command();
    }
    if (c == '{') {
      ++at_;
      return formula(End::brace);
    }
    if (c < ' ' || c > '~' || std::string_view{"}&%#$~^_"}.find(c) != std::string_view::npos) {
      return fail("a character that needs a backslash");
    }
    ++at_;
  }

  void formula_command() {
    static const std::set<std::string> signs{
        "partial",  "nabla",     "odot",      "star",    "oplus",    "otimes", "sum",   "prod",      "neq",
        "neg",      "leq",       "geq",       "approx",  "pm",       "infty",  "circ",  "top",       "times",
        "div",      "cdot",      "dots",      "wedge",   "vee",      "to",     "in",    "surd",      "ell",
        "imath",    "leftarrow", "langle",    "rangle",  "sin",      "cos",    "tanh",  "exp",       "log",
        "min",      "max",       "backslash", "alpha",   "beta",     "gamma",  "delta", "epsilon",   "zeta",
        "eta",      "theta",     "iota",      "kappa",   "lambda",   "mu",     "nu",    "xi",        "pi",
        "rho",      "sigma",     "tau",       "upsilon", "phi",      "chi",    "psi",   "omega",     "vartheta",
        "varsigma", "varrho",    "varphi",    "varpi",   "varkappa", "Gamma",  "Delta", "Theta",     "Lambda",
        "Xi",       "Pi",        "Sigma",     "Phi",     "Upsilon",  "Psi",    "Omega", "varepsilon"};
    static const std::set<std::string> accents{"bar",   "tilde", "hat",   "dot", "ddot",     "check",
                                               "breve", "acute", "grave", "vec", "mathring", "underline"};
    static const std::set<std::string> escaped{" ", ",", ";", "!", "{", "}", "|", "_", "%", "#", "&", "$"};
    const std::string name = command();
    if (name == "text") {
      open_brace();
      return text(End::brace);
    }
    if (name == "mathrm" || name == "operatorname") {
      open_brace();
      return formula(End::brace);
    }
    if (name == "left") {
      delimiter();
      return formula(End::right);
    }
    if (name == "frac" || name == "tfrac" || name == "sqrt" || accents.contains(name)) {
      for (int i = 0; i < (name == "frac" || name == "tfrac" ? 2 : 1); ++i) {
        open_brace();
        formula(End::brace);
      }
      return;
    }
    if (!signs.contains(name) && !escaped.contains(name)) {
      fail("no command of LaTeX or amsmath that a formula has: \\" + name);
    }
  }

  void text(End end) {
    static const std::set<std::string> signs{
        "textasciitilde", "textasciigrave", "textasciicircum", "o", "O", "l", "L", "ss", "ae", "AE", "oe", "OE"};
    static const std::set<std::string> escaped{" ", ",", "{", "}", "_", "%", "#", "&", "$"};
    while (fault_.empty() && !ends(end)) {
      const char c = latex_[at_];
      if (c == '\\') {
        const std::string name = command();
        if (!signs.contains(name) && !escaped.contains(name)) {
          return fail("no command of LaTeX that text has: \\" + name);
        }
      } else if (c == '$') {
        ++at_;
        formula(End::dollar);
      } else if (c == '{') {
        ++at_;
        text(End::brace);
      } else if (c < ' ' || c > '~' || std::string_view{"}&%#~^_"}.find(c) != std::string_view::npos) {
        return fail("a character that needs a backslash");
      } else {
        ++at_;
      }
    }
  }

  std::string_view latex_;
  std::size_t at_ = 0;
  std::string fault_;
};

}  // namespace xgrad::test
