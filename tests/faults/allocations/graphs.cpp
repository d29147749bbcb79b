// Graphs: built, differentiated, planned and evaluated. What exists stays as it was, and can be used again.
#include <doctest/doctest.h>
#include <memory>
#include <sstream>

#include "xgrad/assign.hpp"
#include "xgrad/xgrad.hpp"

#include "every_allocation.hpp"

namespace xg = xgrad;
using faults::around;
using faults::bits_of;
using faults::fail_every_allocation;
using faults::World;

namespace {

constexpr std::int64_t most = 150;

/// Tensors that a call reads, and one that it gives.
struct Scene {
  xg::Random random{3};
  xg::Parameter w{random.normal({5, 4}, 0, 1, xg::float64), "w"};
  xg::Parameter b{random.normal({5}, 0, 1, xg::float64), "b"};
  xg::Tensor x = random.normal({6, 4}, 0, 1, xg::float64).eval();
  xg::Tensor rows = xg::from_vector<std::int64_t>({4, 0, 4, 2}, {4});
  std::vector<xg::Tensor> given;
  std::string text;

  /// Of all kinds of operations: element-wise, products, reductions, shapes, indices, and forms around others.
  [[nodiscard]] xg::Tensor loss() const {
    const xg::Tensor z = xg::matmul(x, xg::transpose(w)) + b;
    const xg::Tensor a = xg::log(xg::sigmoid(z)) - xg::log_softmax(z, -1);
    const xg::Tensor parts = xg::concatenate({xg::slice(a, {1, 4}), xg::take(a, rows, 0)}, 0);
    const xg::Tensor sums = xg::cumsum(parts, 1) * xg::max(parts, {1}, true);
    return xg::mean(xg::square(sums)) + xg::norm(w) + xg::sum(xg::square(a.at({2})));
  }

  [[nodiscard]] std::string state() const { return bits_of({w.value(), b.value(), x}) + w.name() + b.name(); }
};

/// `act(scene)` after `prepare(scene)`.
template <class Prepare, class Act>
void fail_in_scene(Prepare prepare, Act act, std::int64_t at_most = most) {
  fail_every_allocation(
      [=] {
        const auto scene = std::make_shared<Scene>();
        prepare(*scene);
        return World{[=] { act(*scene); }, [=] { return bits_of(scene->given) + scene->text; },
                     [=] { return scene->state(); }};
      },
      at_most);
}

const auto as_it_is = [](Scene& /*scene*/) {};

struct Model {
  xg::nn::Dense inner;
  xg::nn::Dense outer;
  std::shared_ptr<xg::nn::Dense> shared;
  [[nodiscard]] xg::Tensor operator()(const xg::Tensor& x) const { return outer(xg::tanh(inner((*shared)(x)))); }
};

}  // namespace

TEST_CASE("memory runs out while a graph is built, differentiated and evaluated") {
  fail_in_scene(as_it_is, [](Scene& scene) {
    auto [value, gradients] = xg::value_and_gradients(scene.loss(), {scene.w, scene.b});
    gradients.push_back(value);
    scene.given = std::move(gradients);
  });
}

TEST_CASE("memory runs out while a graph that exists is evaluated: it can be evaluated afterwards") {
  const auto prepare = [](Scene& scene) {
    const xg::Tensor loss = scene.loss();
    scene.given = xg::gradients(loss, {scene.w, scene.b});
    scene.given.push_back(loss);
    scene.given.push_back(scene.random.normal({3}));
  };
  fail_in_scene(prepare, [](Scene& scene) { xg::eval(scene.given); });
  // Node by node.
  fail_in_scene(prepare, [](Scene& scene) {
    const xg::PlanScope scope{{.simplify = false, .fuse = false, .measure_products = false}};
    xg::eval(scene.given);
  });
}

TEST_CASE("memory runs out while a graph that exists is differentiated: it can be differentiated afterwards") {
  struct Built {
    Scene scene;
    xg::Tensor loss = scene.loss();
    xg::Tensor slope = xg::sum(xg::square(xg::gradients(loss, {scene.w})[0]));
    std::vector<xg::Tensor> given;
  };
  const auto world = [](auto act) {
    return around<Built>(
        act, [](const Built& built) { return bits_of(built.given); },
        [](const Built& built) { return built.scene.state() + std::to_string(xg::nodes(built.slope).size()); });
  };
  fail_every_allocation(world([](Built& built) { built.given = xg::gradients(built.slope, {built.scene.w}); }), most);
  fail_every_allocation(
      world([](Built& built) { built.given = xg::jvp({built.loss}, {built.scene.w}, {xg::ones_like(built.scene.w)}); }),
      most);
  fail_every_allocation(world([](Built& built) {
                          built.given = xg::vjp({built.loss, built.slope}, {built.scene.b},
                                                {xg::scalar(2, xg::float64), xg::scalar(3, xg::float64)});
                        }),
                        most);
}

TEST_CASE("memory runs out while a graph is planned, printed, derived and described") {
  fail_in_scene(as_it_is, [](Scene& scene) { scene.text = xg::describe_plan(scene.loss()); });
  fail_in_scene(as_it_is, [](Scene& scene) {
    const xg::Derivation derived = xg::derive(scene.loss(), {scene.w, scene.b});
    scene.text = derived.text() + derived.latex() + derived.dot();
  });
  fail_in_scene(as_it_is, [](Scene& scene) {
    std::ostringstream out;
    out << scene.w.value() << scene.rows;
    if (!out) {
      throw std::bad_alloc{};  // as a stream says it
    }
    scene.text = out.str();
  });
}

TEST_CASE("memory runs out while numbers are drawn: the next draw is the same") {
  fail_in_scene(as_it_is, [](Scene& scene) {
    xg::Random random = scene.random;
    scene.given = {random.normal({3}), random.uniform({2, 2}), random.bernoulli({5}, 0.5)};
    xg::eval(scene.given);
  });
  struct Draws {
    xg::Random random{4};
    xg::Tensor last;
    std::vector<std::int64_t> order;
  };
  const auto result = [](const Draws& draws) {
    return draws.last.defined()
               ? bits_of(draws.last)
               : bits_of(xg::from_vector(draws.order, {static_cast<std::int64_t>(draws.order.size())}));
  };
  const auto state = [](const Draws& draws) {
    xg::Random copy = draws.random;
    return std::to_string(copy.integer(1'000'000'000));
  };
  const auto world = [=](auto draw) { return around<Draws>(draw, result, state); };
  fail_every_allocation(world([](Draws& draws) { draws.last = draws.random.normal({3}); }));
  fail_every_allocation(world([](Draws& draws) { draws.last = draws.random.uniform({3}); }));
  fail_every_allocation(world([](Draws& draws) { draws.last = draws.random.bernoulli({3}, 0.5); }));
  fail_every_allocation(world([](Draws& draws) { draws.order = draws.random.permutation(7); }));
}

TEST_CASE("memory runs out while parameters are set, restored and cloned, and models are looked into") {
  struct Models {
    xg::Random random{6};
    Model model{{4, 3, random}, {3, 2, random}, std::make_shared<xg::nn::Dense>(4, 4, random)};
    std::vector<xg::NamedParameter> parameters = xg::nn::parameters(model);
    std::vector<xg::Tensor> old{parameters.begin(), parameters.end()};
    xg::Tensor next = xg::full({3, 4}, 0.5);
    xg::Tensor x = random.normal({5, 4}).eval();
    std::vector<xg::NamedParameter> cloned;
  };
  const auto world = [](auto act) {
    return around<Models>(
        act, [](const Models& models) { return bits_of(models.cloned) + bits_of(models.model(models.x)); },
        [](const Models& models) { return bits_of(models.parameters); });
  };
  fail_every_allocation(world([](Models& models) { models.cloned = xg::nn::parameters(xg::nn::clone(models.model)); }),
                        most);
  fail_every_allocation(
      world([](Models& models) { models.parameters[0].set(models.next + models.parameters[0].parameter.value()); }),
      most);
  fail_every_allocation(world([](Models& models) { models.parameters[0].parameter.restore(models.old[0]); }), most);
  fail_every_allocation(world([](Models& models) {
                          std::vector<xg::Assignment> all;
                          for (const xg::NamedParameter& named : models.parameters) {
                            all.push_back({named.parameter, named.parameter.value() * 0.5});
                          }
                          xg::assign(std::move(all));
                        }),
                        most);
}
