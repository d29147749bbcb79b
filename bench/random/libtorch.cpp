#include "../support/libtorch.hpp"

#include "workload.hpp"

namespace bench::random {

namespace {

class Libtorch final : public Contender {
 public:
  explicit Libtorch(const Workload& workload) : kind_{workload.kind} {
    at::set_num_threads(1);
    const auto dtype = kind_ == Kind::permutation ? torch::kInt64
                       : kind_ == Kind::bernoulli ? torch::kBool
                                                  : torch::kFloat32;
    x_ = torch::empty({workload.count}, dtype);
  }

  void run() override {
    const c10::InferenceMode inference;
    switch (kind_) {
      case Kind::uniform:
        x_.uniform_(0, 1);
        break;
      case Kind::normal:
        x_.normal_(0, 1);
        break;
      case Kind::bernoulli:
        x_.bernoulli_(probability);
        break;
      case Kind::permutation:
        at::randperm_out(x_, x_.numel());
        break;
    }
  }

  [[nodiscard]] Floats result() const override { return floats_of(x_.to(torch::kFloat32)); }

 private:
  Kind kind_;
  torch::Tensor x_;
};

}  // namespace

std::unique_ptr<Contender> libtorch(const Workload& workload) {
  return std::make_unique<Libtorch>(workload);
}

}  // namespace bench::random
