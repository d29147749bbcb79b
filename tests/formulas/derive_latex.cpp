// LaTeX of whatever things are called.
#include <cmath>
#include <doctest/doctest.h>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/latex.hpp"
#include "support/message_of.hpp"

namespace xg = xgrad;
using xg::float64;
using xg::Tensor;

namespace {

const std::vector<std::string>& names() {
  static const std::vector<std::string> all{"W",
                                            "Loss",
                                            "ŷ",
                                            "y\xCC\x82",
                                            "θ",
                                            "θ_1",
                                            "θ₁",
                                            "W_out",
                                            "x^2",
                                            "x²",
                                            "x^",
                                            "_x",
                                            "x_",
                                            "a_b_c",
                                            "x^y^z",
                                            "日本",
                                            "日",
                                            "%",
                                            "#",
                                            "&",
                                            "$",
                                            "_",
                                            "^",
                                            "~",
                                            "\\",
                                            "{",
                                            "}",
                                            "}{",
                                            "\\end{document}",
                                            "\\input",
                                            "a b",
                                            " ",
                                            "  ",
                                            "\t",
                                            "new\nline",
                                            "\x01",
                                            "\x7F",
                                            "'",
                                            "x'",
                                            "x′",
                                            "''",
                                            "\"",
                                            "`",
                                            "*",
                                            "[0]",
                                            "[",
                                            "(1, 2)",
                                            "<",
                                            "a<b>",
                                            "|x|",
                                            "-",
                                            "−1",
                                            "1",
                                            "½",
                                            "Ω",
                                            "µ",
                                            "ñandú",
                                            "Gödel",
                                            "Łódź",
                                            "straße",
                                            "🙂",
                                            "א",
                                            "к",
                                            "\xCC\x82",
                                            "x\xCD\x9F",
                                            "v\xE2\x83\x97",
                                            "\xFF\xFE",
                                            "\xE6\x97",
                                            "δ_h",
                                            "∂Loss",
                                            "∇f",
                                            "‖x‖",
                                            "h⁽¹⁾",
                                            "layer/0",
                                            "0.b",
                                            "a@b",
                                            "a:b;c,d",
                                            "–—…",
                                            "\xC2\xA0",
                                            "x\xCC\x81\xCC\x82",
                                            "ℓ",
                                            "σ²",
                                            "W¹²",
                                            "ﬁ",
                                            "Ω",
                                            "Σ",
                                            "e\xCC\x81_n"};
  return all;
}

}  // namespace

TEST_CASE("derive: names are written in LaTeX as people write them") {
  const auto latex = [](const std::string& name) {
    return xg::formulas_of({{name, xg::tensor({1, 2}, float64) * 2.0}}).forward.back().latex_left;
  };
  CHECK(latex("W") == "W");
  CHECK(latex("Loss") == "\\mathrm{Loss}");
  CHECK(latex("ŷ") == "\\hat{y}");
  CHECK(latex("y\xCC\x82") == "\\hat{y}");  // y and a combining mark
  CHECK(latex("θ_1") == "{\\theta_{1}}");
  CHECK(latex("θ₁") == "{\\theta_{1}}");
  CHECK(latex("W_out") == "{W_{\\mathrm{out}}}");
  CHECK(latex("x^2") == "{x^{2}}");
  CHECK(latex("x²") == "{x^{2}}");
  CHECK(latex("a_b_c") == "\\mathrm{a\\_b\\_c}");
  CHECK(latex("a b") == "\\mathrm{a\\ b}");
  CHECK(latex("%") == "\\%");
  CHECK(latex("日本") == "\\text{U+65E5 U+672C}");
  CHECK(latex("") == "\\mathrm{}");
}

TEST_CASE("derive: a LaTeX document compiles whatever its tensors are called") {
  xg::Derivation all;
  for (const std::string& name : names()) {
    const xg::Parameter w{xg::tensor({0.5, -1, 2}, float64), name};
    const Tensor x = xg::tensor({1, 2, 3}, float64).named(name + "2");
    const Tensor h = xg::tanh(w.value() * x).named(name + "h");
    const Tensor loss = xg::sum(xg::square(h) * w.value()).named(name);
    const std::vector<xg::Derivation> derivations{xg::derive(loss, {w, h}),
                                                  xg::derive(loss, {w.value()}, {.names = {{name, x}, {name, loss}}}),
                                                  xg::formulas_of({{name, loss}, {"", h}, {name, x}})};
    for (const xg::Derivation& derivation : derivations) {
      all.forward.insert(all.forward.end(), derivation.forward.begin(), derivation.forward.end());
      all.backward.insert(all.backward.end(), derivation.backward.begin(), derivation.backward.end());
      all.notes.insert(all.notes.end(), derivation.notes.begin(), derivation.notes.end());
    }
  }
  xgrad::test::check_compiles(all.latex());
}

namespace {

/// 2 x, under a name and a symbol of the user's.
class Doubled final : public xg::ElementwiseOperation {
 public:
  explicit Doubled(std::string symbol) : symbol_{std::move(symbol)} {}
  [[nodiscard]] std::string_view name() const noexcept override { return "doubled_%"; }
  [[nodiscard]] std::vector<xg::Attribute> attributes() const override { return {{"rate_%", 0.5}}; }
  [[nodiscard]] xg::Notation notation() const noexcept override { return {.symbol = symbol_}; }
  [[nodiscard]] Tensor times_partial(const xg::Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return t * xg::apply(std::make_shared<const Doubled>(symbol_), {call.inputs[0]});
  }
  [[nodiscard]] xg::TileKernel tile(std::span<const xg::DType> /*inputs*/, xg::DType output) const override {
    return floating_tile_of<Doubled, 1>(output);
  }
  template <class T>
  [[nodiscard]] T value(T x) const {
    return 2 * x;
  }

 private:
  std::string symbol_;
};

}  // namespace

TEST_CASE("derive: a LaTeX document compiles whatever a user's operation is called") {
  xg::Derivation all;
  for (const std::string& symbol : names()) {
    const xg::Parameter w{xg::tensor({0.5, -1, 2}, float64), "w"};
    const auto operation = std::make_shared<const Doubled>(symbol);
    const xg::Derivation derivation = xg::derive(xg::sum(xg::apply(operation, {xg::square(w.value())})), {w});
    all.forward.insert(all.forward.end(), derivation.forward.begin(), derivation.forward.end());
    all.backward.insert(all.backward.end(), derivation.backward.begin(), derivation.backward.end());
  }
  xgrad::test::check_compiles(all.latex());
}

TEST_CASE("derive: numbers that aren't finite are no fractions") {
  const xg::Parameter w{xg::tensor({0.5, -1, 2}, float64), "w"};
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double number : {infinity, -infinity, std::nan("")}) {
    const xg::Derivation derivation = xg::derive(xg::sum(w.value() * number), {w});
    CHECK_FALSE(contains(derivation.text(), "1/0"));
    xgrad::test::check_compiles(derivation.latex());
  }
}
