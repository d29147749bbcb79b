#include "ops/linalg/subscripts.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "xgrad/error.hpp"

namespace xgrad::ops {

namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_{text} {}

  Subscripts parse() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (is_letter(c)) {
        letter(c);
      } else if (c == '.') {
        ellipsis();
      } else if (c == ',') {
        comma();
      } else if (c == '-') {
        arrow();
      } else if (c == ' ') {
        ++at_;
      } else {
        fail(R"(expected letters, ",", "..." and one "->")");
      }
    }
    require_letters_of_operands();
    return std::move(read_);
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw ValueError(fmt::format("[einsum] \"{}\" at {}: {}", text_, at_, what));
  }

  Labels& term() { return read_.result.has_value() ? *read_.result : read_.operands.back(); }

  void letter(char c) {
    const int label = static_cast<unsigned char>(c);
    if (read_.result.has_value() && std::count(term().begin(), term().end(), label) != 0) {
      fail(fmt::format("{} stands twice in the result; expected each letter once", c));
    }
    term().push_back(label);
    ++at_;
  }

  void ellipsis() {
    if (text_.substr(at_, 3) != "...") {
      fail(R"(a "." that isn't part of "...")");
    }
    if (std::count(term().begin(), term().end(), Subscripts::ellipsis) != 0) {
      fail(R"(a second "..." in one term; expected at most one)");
    }
    term().push_back(Subscripts::ellipsis);
    at_ += 3;
  }

  void comma() {
    if (read_.result.has_value()) {
      fail(R"(a "," in the result, which is one tensor)");
    }
    read_.operands.emplace_back();
    ++at_;
  }

  void arrow() {
    if (text_.substr(at_, 2) != "->") {
      fail(R"(a "-" that isn't part of "->")");
    }
    if (read_.result.has_value()) {
      fail(R"(a second "->"; expected at most one)");
    }
    read_.result.emplace();
    at_ += 2;
  }

  void require_letters_of_operands() const {
    if (!read_.result.has_value()) {
      return;
    }
    for (const int label : *read_.result) {
      const bool known = std::any_of(read_.operands.begin(), read_.operands.end(), [label](const Labels& operand) {
        return std::find(operand.begin(), operand.end(), label) != operand.end();
      });
      if (!known && label != Subscripts::ellipsis) {
        throw ValueError(
            fmt::format("[einsum] \"{}\": no operand has the result's letter {}", text_, static_cast<char>(label)));
      }
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Subscripts read_{.operands = {{}}, .result = std::nullopt};
};

}  // namespace

Subscripts parse_subscripts(std::string_view text) {
  return Parser{text}.parse();
}

}  // namespace xgrad::ops
