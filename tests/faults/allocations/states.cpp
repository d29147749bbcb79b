// States that are set, cloned, and written by compiled steps.
#include <doctest/doctest.h>

#include "xgrad/xgrad.hpp"

#include "every_allocation.hpp"

namespace xg = xgrad;
using faults::around;
using faults::bits_of;
using faults::fail_every_allocation;

namespace {

constexpr std::int64_t most = 200;

std::string bits_of_states(const std::vector<xg::NamedState>& states) {
  return bits_of(std::vector<xg::Tensor>{states.begin(), states.end()});
}

/// A network with states of all kinds.
struct Scene {
  xg::Random random{6};
  xg::nn::Sequential net{xg::nn::Dense{4, 3, random}, xg::nn::BatchNorm{3}, xg::nn::Dropout{0.5, random}};
  std::vector<xg::NamedParameter> parameters = net.parameters();
  std::vector<xg::NamedState> states = net.states();
  xg::optim::SGD sgd{parameters, {.learning_rate = 0.1, .momentum = 0.9}};
  xg::Tensor x = random.normal({5, 4}).eval();
  xg::Tensor last = x;
  std::vector<xg::NamedState> cloned;

  [[nodiscard]] std::string bits() const { return bits_of(parameters) + bits_of_states(states); }
  [[nodiscard]] std::string result() const { return bits_of(last) + bits_of_states(cloned); }
};

template <class Act>
auto world(Act act) {
  return around<Scene>(
      act, [](const Scene& scene) { return scene.result(); }, [](const Scene& scene) { return scene.bits(); });
}

}  // namespace

TEST_CASE("memory runs out while states are set, cloned, and put into inference") {
  fail_every_allocation(world([](Scene& scene) { scene.states[0].set(xg::full({3}, 0.5)); }), most);
  fail_every_allocation(world([](Scene& scene) { scene.states[0].set(xg::full({3}, 0.5) + scene.states[1]); }), most);
  fail_every_allocation(world([](Scene& scene) { scene.cloned = xg::nn::states(xg::nn::clone(scene.net)); }), most);
  fail_every_allocation(world([](Scene& scene) { scene.last = xg::nn::inference(scene.net)(scene.x).eval(); }), most);
  fail_every_allocation(world([](Scene& scene) {
                          xg::Random copy{scene.states[2].state.clone()};
                          scene.last = copy.split().normal({3}).eval();
                        }),
                        most);
}

TEST_CASE("memory runs out in a compiled step that draws random numbers and writes running statistics") {
  fail_every_allocation(world([](Scene& scene) {
                          auto step = xg::compile([&scene](const xg::Tensor& x) {
                            return scene.sgd.step(xg::sum(xg::square(scene.net(x))));
                          });
                          scene.last = step(scene.x);
                        }),
                        most);
}
