#include <string>
#include <utility>
#include <vector>

#include "../support/suite.hpp"
#include "workload.hpp"

namespace bench::convolution {

namespace {

template <class Work, class Made>
struct Entry {
  const char* name;
  std::unique_ptr<Made> (*make)(const Work&);
};

const std::vector<Entry<Workload, Contender>> entries{{"by_hand", by_hand},
#ifdef BENCH_LIBTORCH
                                                      {"libtorch", libtorch},
#endif
                                                      {"xgrad_eager", xgrad_eager},
                                                      {"xgrad_compiled", xgrad_compiled}};

const std::vector<Entry<LeNetWorkload, LeNetContender>> lenet_entries{
#ifdef BENCH_LIBTORCH
    {"libtorch", libtorch_lenet},
#endif
    {"xgrad_eager", xgrad_eager_lenet},
    {"xgrad_compiled", xgrad_compiled_lenet}};

const std::vector<std::pair<const char*, Layer>> layers{
    {"64-64_3x3_32x32", {8, 64, 64, 32, 3, 1, 1, 1}}, {"64-128_3x3_32x32_stride_2", {8, 64, 128, 32, 3, 2, 1, 1}},
    {"64-64_1x1_32x32", {8, 64, 64, 32, 1, 1, 0, 1}}, {"64_3x3_32x32_depthwise", {8, 64, 64, 32, 3, 1, 1, 64}},
    {"1-6_5x5_28x28", {32, 1, 6, 28, 5, 1, 2, 1}},    {"6-16_5x5_14x14", {32, 6, 16, 14, 5, 1, 0, 1}}};

template <class Work, class Made>
void add_all(const std::string& name, const std::shared_ptr<const Work>& workload,
             const std::vector<Entry<Work, Made>>& all) {
  for (const auto& entry : all) {
    const auto make = entry.make;
    add(
        "convolution/" + name + "/" + entry.name, [=] { return check(*workload, *make(*workload)); },
        [=](benchmark::State& state) {
          const auto contender = make(*workload);
          for (int i = 0; i < 3; ++i) {
            contender->run();
          }
          for (auto _ : state) {
            contender->run();
            benchmark::ClobberMemory();
          }
        });
  }
}

}  // namespace

}  // namespace bench::convolution

int main(int argc, char** argv) {
  using namespace bench::convolution;
  for (const auto& [name, layer] : layers) {
    add_all<Workload>(std::string{name} + "/" + std::to_string(layer.batch),
                      std::make_shared<const Workload>(make_workload(layer)), entries);
  }
  add_all<LeNetWorkload>("lenet/32", std::make_shared<const LeNetWorkload>(make_lenet(32)), lenet_entries);
  return bench::run(argc, argv);
}
