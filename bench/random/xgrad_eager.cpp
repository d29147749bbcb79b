#include "../support/xgrad.hpp"
#include "workload.hpp"

namespace bench::random {

namespace {

class XgradEager final : public Contender {
 public:
  explicit XgradEager(const Workload& workload) : kind_{workload.kind}, count_{workload.count} {}

  void run() override {
    switch (kind_) {
      case Kind::uniform:
        x_ = random_.uniform({count_}).eval();
        break;
      case Kind::normal:
        x_ = random_.normal({count_}).eval();
        break;
      case Kind::bernoulli:
        x_ = random_.bernoulli({count_}, probability).eval();
        break;
      case Kind::permutation:
        order_ = random_.permutation(count_);
        break;
    }
  }

  [[nodiscard]] Floats result() const override {
    return kind_ == Kind::permutation ? Floats(order_.begin(), order_.end())
                                      : floats_of(xgrad::cast(x_, xgrad::float32).eval());
  }

 private:
  Kind kind_;
  std::int64_t count_;
  xgrad::Random random_{7};
  xgrad::Tensor x_;
  std::vector<std::int64_t> order_;
};

}  // namespace

std::unique_ptr<Contender> xgrad_eager(const Workload& workload) {
  return std::make_unique<XgradEager>(workload);
}

}  // namespace bench::random
