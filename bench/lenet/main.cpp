#include "workload.hpp"

namespace {

const std::vector<bench::training::Entry<bench::lenet::Workload>> entries{
#ifdef BENCH_LIBTORCH
    {"libtorch", bench::lenet::libtorch},
#endif
    {"xgrad_eager", bench::lenet::xgrad_eager},
    {"xgrad_compiled", bench::lenet::xgrad_compiled}};

}  // namespace

int main(int argc, char** argv) {
  for (const std::int64_t batch : {1, 32, 128}) {
    bench::training::add("lenet/" + std::to_string(batch), bench::lenet::make_workload(batch),
                         bench::lenet::reference_loss, entries);
  }
  return bench::run(argc, argv);
}
