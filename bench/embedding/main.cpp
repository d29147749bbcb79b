#include "workload.hpp"

namespace {

const std::vector<bench::training::Entry<bench::embedding::Workload>> entries{
#ifdef BENCH_LIBTORCH
    {"libtorch", bench::embedding::libtorch},
    {"libtorch_sparse", bench::embedding::libtorch_sparse},
#endif
    {"xgrad_eager", bench::embedding::xgrad_eager},
    {"xgrad_compiled", bench::embedding::xgrad_compiled}};

}  // namespace

int main(int argc, char** argv) {
  bench::training::add("embedding/1000_of_10000x64", bench::embedding::make_workload(10'000, 64, 1'000),
                       bench::embedding::reference_loss, entries);
  return bench::run(argc, argv);
}
