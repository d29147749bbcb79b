#include "workload.hpp"

namespace {

const std::vector<bench::training::Entry<bench::residual_block::Workload>> entries{
#ifdef BENCH_LIBTORCH
    {"libtorch", bench::residual_block::libtorch},
#endif
    {"xgrad_eager", bench::residual_block::xgrad_eager},
    {"xgrad_compiled", bench::residual_block::xgrad_compiled}};

}  // namespace

int main(int argc, char** argv) {
  bench::training::add("residual_block/32x16x32x32", bench::residual_block::make_workload(32, 16, 32),
                       bench::residual_block::reference_loss, entries);
  bench::training::add("residual_block/8x64x16x16", bench::residual_block::make_workload(8, 64, 16),
                       bench::residual_block::reference_loss, entries);
  return bench::run(argc, argv);
}
