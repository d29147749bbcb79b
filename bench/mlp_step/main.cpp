#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../support/allocations.hpp"
#include "../support/suite.hpp"
#include "workload.hpp"

namespace bench::mlp_step {

namespace {

struct Network {
  const char* name;
  std::vector<std::int64_t> widths;
  std::vector<std::int64_t> batches;
};

bool any_batch(const Network& /*network*/, std::int64_t /*batch*/) {
  return true;
}
bool batch_of_one(const Network& /*network*/, std::int64_t batch) {
  return batch == 1;
}
bool in_chunks(const Network& /*network*/, std::int64_t batch) {
  return can_chunk(batch);
}
bool large(const Network& network, std::int64_t batch) {
  return network.widths[1] >= 512 && batch >= 1024;
}

struct Entry {
  const char* name;
  std::unique_ptr<Contender> (*make)(const Workload&);
  bool (*takes_part)(const Network&, std::int64_t batch) = any_batch;
  bool checked = true;
};

const std::vector<Network> networks{{"784-30-10", {784, 30, 10}, {1, 10, 32, 128, 1024}},
                                    {"784-512-512-10", {784, 512, 512, 10}, {1, 32, 128, 1024}},
                                    {"2-3-1", {2, 3, 1}, {1, 10}}};

const std::vector<Entry> entries{{"by_hand", by_hand},
                                 {"by_hand_folded", by_hand_folded},
                                 {"by_hand_chunked", by_hand_chunked, in_chunks},
                                 {"products", products, any_batch, false},
#ifdef BENCH_EIGEN
                                 {"eigen", eigen},
#endif
#ifdef BENCH_LIBTORCH
                                 {"libtorch_nn", libtorch_nn},
                                 {"libtorch_raw", libtorch_raw},
#endif
                                 {"xgrad_eager", xgrad_eager},
                                 {"xgrad_eager_rows", xgrad_eager_rows, batch_of_one},
                                 {"xgrad_compiled", xgrad_compiled},
                                 {"xgrad_compiled_rows", xgrad_compiled_rows, batch_of_one},
                                 {"xgrad_compiled_2_threads", xgrad_compiled_2_threads, large}};

/// Made when first asked for, for all contenders.
class SharedWorkload {
 public:
  SharedWorkload(const Network& network, std::int64_t batch) : widths_{network.widths}, batch_{batch} {}

  const Workload& get() {
    if (workload_.layers.empty()) {
      workload_ = make_workload(widths_, batch_);
    }
    return workload_;
  }

 private:
  std::vector<std::int64_t> widths_;
  std::int64_t batch_;
  Workload workload_;
};

double allocations_per_step(Contender& contender) {
  constexpr int steps = 2;
  const std::int64_t before = allocation_count();
  for (int i = 0; i < steps; ++i) {
    contender.step();
  }
  return static_cast<double>(allocation_count() - before) / steps;
}

void run(benchmark::State& state, const Workload& workload, const Entry& entry) {
  const auto contender = entry.make(workload);
  for (int i = 0; i < 3; ++i) {
    contender->step();
  }
  const double allocations = allocations_per_step(*contender);
  for (auto _ : state) {
    contender->step();
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * workload.batch);
  state.counters["allocations"] = allocations;
}

std::string check(const Workload& workload, const Entry& entry) {
  return entry.checked ? check_step(workload, *entry.make(workload)) : std::string{};
}

void register_all() {
  for (const Network& network : networks) {
    for (const std::int64_t batch : network.batches) {
      const auto workload = std::make_shared<SharedWorkload>(network, batch);
      for (const Entry& entry : entries) {
        if (entry.takes_part(network, batch)) {
          add(
              std::string{"mlp_step/"} + network.name + "/" + std::to_string(batch) + "/" + entry.name,
              [=] { return check(workload->get(), entry); },
              [=](benchmark::State& state) { run(state, workload->get(), entry); });
        }
      }
    }
  }
}

}  // namespace

}  // namespace bench::mlp_step

int main(int argc, char** argv) {
  bench::mlp_step::register_all();
  return bench::run(argc, argv);
}
