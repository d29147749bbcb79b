#include "workload.hpp"

namespace {

using bench::recurrent::Kind;

const std::vector<bench::training::Entry<bench::recurrent::Workload>> entries{
#ifdef BENCH_LIBTORCH
    {"libtorch", bench::recurrent::libtorch},
#endif
    {"xgrad_eager", bench::recurrent::xgrad_eager},
    {"xgrad_compiled", bench::recurrent::xgrad_compiled}};

}  // namespace

int main(int argc, char** argv) {
  for (const auto& [name, kind] : {std::pair{"lstm", Kind::lstm}, {"gru", Kind::gru}}) {
    bench::training::add(std::string{"recurrent/"} + name + "/32x64x128",
                         bench::recurrent::make_workload(kind, 32, 64, 128), bench::recurrent::reference_loss, entries);
    bench::training::add(std::string{"recurrent/"} + name + "/1x100x32",
                         bench::recurrent::make_workload(kind, 1, 100, 32), bench::recurrent::reference_loss, entries);
  }
  return bench::run(argc, argv);
}
