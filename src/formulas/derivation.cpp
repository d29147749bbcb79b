#include <algorithm>
#include <fmt/format.h>
#include <ostream>
#include <string_view>

#include "xgrad/derive.hpp"
#include "xgrad/error.hpp"

#include "formulas/formulas.hpp"

namespace xgrad {

namespace {

void require_defined(const Tensor& y, std::span<const Tensor> xs) {
  const auto undefined = [](const Tensor& tensor) { return !tensor.defined(); };
  if (undefined(y) || std::any_of(xs.begin(), xs.end(), undefined)) {
    throw ValueError("[derive] of an undefined Tensor");
  }
}

// Whether a name in a list is the parameter's own, or the path to it in a model: "W" or "0.W" of W.
bool is_path_to(std::string_view listed, std::string_view own) {
  const bool ends_alike = !own.empty() && listed.ends_with(own);
  return listed.empty() ||
         (ends_alike && (listed.size() == own.size() || listed[listed.size() - own.size() - 1] == '.'));
}

// The width that other texts are padded to. One that is far longer than a line sticks out instead.
std::size_t width_of(std::string_view text) {
  constexpr std::size_t most = 200;
  const std::size_t length = formulas::characters(text);
  return length <= most ? length : 0;
}

std::string padded(const std::string& text, std::size_t to) {
  const std::size_t length = formulas::characters(text);
  return text + std::string(length < to ? to - length : 0, ' ');
}

}  // namespace

Derivation derive(const Tensor& y, std::span<const Tensor> xs, const DeriveOptions& options) {
  require_defined(y, xs);
  return formulas::Formulas{y, xs, options}.write(options);
}

Derivation derive(const Tensor& y, std::initializer_list<Tensor> xs, const DeriveOptions& options) {
  return derive(y, std::span{xs.begin(), xs.size()}, options);
}

Derivation derive(const Tensor& y, const std::vector<NamedParameter>& xs, const DeriveOptions& options) {
  std::vector<Tensor> tensors;
  tensors.reserve(xs.size());
  DeriveOptions with_names = options;
  for (const NamedParameter& x : xs) {
    tensors.emplace_back(x);
    if (tensors.back().defined() && !is_path_to(x.name, tensors.back().name())) {
      with_names.names.push_back({x.name, tensors.back()});
    }
  }
  return derive(y, tensors, with_names);
}

Derivation derive(const Tensor& y, std::initializer_list<NamedParameter> xs, const DeriveOptions& options) {
  return derive(y, std::vector<NamedParameter>{xs}, options);
}

Derivation formulas_of(const std::vector<NamedTensor>& tensors, const DeriveOptions& options) {
  std::vector<Tensor> all;
  all.reserve(tensors.size());
  for (const NamedTensor& each : tensors) {
    all.push_back(each.tensor);
  }
  if (all.empty()) {
    throw ValueError("[formulas_of] no tensors");
  }
  require_defined(all.front(), all);
  return formulas::Formulas{tensors, options}.write(options);
}

const Equation& Derivation::operator[](std::string_view left) const {
  std::string known;
  for (const std::vector<Equation>* part : {&forward, &backward}) {
    for (const Equation& equation : *part) {
      if (equation.left == left) {
        return equation;
      }
      known += (known.empty() ? "" : ", ") + equation.left;
    }
  }
  throw ValueError(fmt::format("[Derivation] no equation for '{}'; there are {}", left, known));
}

std::string Derivation::text() const {
  std::size_t left_width = 0;
  std::size_t right_width = 0;
  for (const std::vector<Equation>* part : {&forward, &backward}) {
    for (const Equation& equation : *part) {
      left_width = std::max(left_width, width_of(equation.left));
      right_width = std::max(right_width, width_of(equation.right));
    }
  }
  std::string text;
  std::size_t number = 0;
  for (const std::vector<Equation>* part : {&forward, &backward}) {
    if (!part->empty()) {
      text += fmt::format("{}{}\n", text.empty() ? "" : "\n", part == &forward ? "Forward" : "Backward");
    }
    for (const Equation& equation : *part) {
      std::string line =
          fmt::format("{:>5}  {} = {}  {}", fmt::format("({})", ++number), padded(equation.left, left_width),
                      padded(equation.right, right_width), to_string(equation.shape));
      if (!equation.label.empty()) {
        line = padded(line, 5 + 2 + left_width + 3 + right_width + 2 + 10) + "  " + equation.label;
      }
      text += line + "\n";
    }
  }
  for (const std::string& note : notes) {
    text += (&note == &notes.front() ? "\n" : "") + note + "\n";
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const Derivation& derivation) {
  return out << derivation.text();
}

}  // namespace xgrad
