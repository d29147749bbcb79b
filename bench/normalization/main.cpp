#include "workload.hpp"

namespace {

using bench::normalization::Kind;
using bench::normalization::make_workload;

const std::vector<bench::training::Entry<bench::normalization::Workload>> entries{
#ifdef BENCH_LIBTORCH
    {"libtorch", bench::normalization::libtorch},
#endif
    {"xgrad_eager", bench::normalization::xgrad_eager},
    {"xgrad_compiled", bench::normalization::xgrad_compiled}};

void add(const std::string& name, Kind kind, const std::vector<std::int64_t>& shape) {
  bench::training::add("normalization/" + name, make_workload(kind, shape), bench::normalization::reference_loss,
                       entries);
}

}  // namespace

int main(int argc, char** argv) {
  add("batch/32x64x16x16", Kind::batch, {32, 64, 16, 16});
  add("batch/128x512", Kind::batch, {128, 512, 1, 1});
  add("layer/512x128", Kind::layer, {512, 128});
  add("layer/512x768", Kind::layer, {512, 768});
  add("group/8x64x32x32", Kind::group, {8, 64, 32, 32});
  add("rms/512x768", Kind::rms, {512, 768});
  return bench::run(argc, argv);
}
