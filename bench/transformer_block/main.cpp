#include "workload.hpp"

namespace {

const std::vector<bench::training::Entry<bench::transformer_block::Workload>> entries{
#ifdef BENCH_LIBTORCH
    {"libtorch", bench::transformer_block::libtorch},
#endif
    {"xgrad_eager", bench::transformer_block::xgrad_eager},
    {"xgrad_compiled", bench::transformer_block::xgrad_compiled}};

}  // namespace

int main(int argc, char** argv) {
  bench::training::add("transformer_block/8x64x128", bench::transformer_block::make_workload({8, 64, 128, 4, false}),
                       bench::transformer_block::reference_loss, entries);
  bench::training::add("transformer_block/causal_2x256x256",
                       bench::transformer_block::make_workload({2, 256, 256, 8, true}),
                       bench::transformer_block::reference_loss, entries);
  return bench::run(argc, argv);
}
