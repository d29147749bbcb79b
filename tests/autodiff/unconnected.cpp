// What gradients() says of an x that y has no derivative by.
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"

namespace xg = xgrad;

namespace {

template <class Call>
std::string refusal(const Call& call) {
  return message_of<xg::ValueError>([&] { static_cast<void>(call()); });
}

xg::Tensor number(double value) {
  return xg::scalar(value, xg::float64);
}

}  // namespace

TEST_CASE("gradients: a Parameter that was set after y was built is told so, whoever set it") {
  const xg::Parameter w{xg::tensor({1, 2, 3}, xg::float64), "w"};
  const xg::Parameter other{xg::tensor({1, 2, 3}, xg::float64), "w"};
  const std::string since = "'w' has been set since, and y depends on another value of it; build y again";
  const xg::Tensor y = xg::sum(xg::square(w.value()));
  static_cast<void>(y.item());
  w.set(xg::ones({3}, xg::float64));
  for (const std::string& text : {refusal([&] { return xg::gradients(y, {w}); }), refusal([&] {
                                    return xg::gradients(y, std::vector<xg::NamedParameter>{{"layer.w", w}});
                                  }),
                                  refusal([&] { return xg::vjp({y}, {w}, {number(1)}); })}) {
    CHECK(contains(text, since));
    CHECK_FALSE(contains(text, "Unconnected"));
    CHECK_FALSE(contains(text, "history is gone"));
  }
  // Another Parameter of this name is another.
  const std::string of_other = refusal([&] { return xg::gradients(y, {other}); });
  CHECK_FALSE(contains(of_other, "has been set since"));
  CHECK(contains(of_other, "'w' (3,); leave it out, or ask for Unconnected::zeros"));

  const xg::Parameter unnamed{xg::tensor({1, 2, 3}, xg::float64)};
  const xg::Tensor z = xg::sum(unnamed.value() * unnamed.value());
  unnamed.set(xg::ones({3}, xg::float64));
  CHECK(contains(refusal([&] { return xg::gradients(z, {unnamed}); }),
                 "if it is a Parameter that has been set since, build y again"));

  // Two steps on one loss.
  const xg::Tensor loss = xg::sum(xg::square(other.value()));
  xg::optim::SGD sgd{{{"w", other}}, {.learning_rate = 0.5}};
  static_cast<void>(sgd.step(loss));
  CHECK(contains(refusal([&] { return sgd.step(loss); }), since));
}

TEST_CASE("gradients: a Parameter that y never used has no history to lose") {
  const xg::Parameter w{xg::tensor({1, 2, 3}, xg::float64), "w"};
  const xg::Parameter mean{xg::zeros({2}, xg::float64), "mean"};
  const xg::Tensor data = xg::tensor({1, 2, 3}, xg::float64) * 2.0;
  data.eval();  // and lets its history go
  const xg::Tensor y = xg::sum(w.value() * data);
  const std::string text = refusal([&] { return xg::gradients(y, {w, mean}); });
  CHECK(text ==
        "[gradients] y doesn't depend on x[1] 'mean' (2,); leave it out, or ask for Unconnected::zeros, if that "
        "is meant");
}

TEST_CASE("gradients: what y depends on without a derivative is named") {
  const xg::Parameter w{xg::tensor({1, 2, 3}, xg::float64), "w"};
  CHECK(contains(refusal([&] { return xg::gradients(xg::sum(xg::sign(w) * 2.0), {w}); }),
                 "'w' (3,) but by way of sign, which has no derivative; leave it out"));
  CHECK(contains(refusal([&] { return xg::gradients(xg::sum(xg::stop_gradient(xg::square(w))), {w}); }),
                 "by way of stop_gradient"));
}
