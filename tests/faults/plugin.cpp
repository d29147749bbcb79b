// The plug-in that plugin_host.cpp loads.
#include "xgrad/xgrad.hpp"

namespace xg = xgrad;

/// The weight w after ten steps of Loss = ½ (w·3 − 6)² with rate 0.1 from `start`, the last five of them compiled; NaN
/// after an error.
extern "C" __attribute__((visibility("default"))) double train(double start) {
  try {
    const xg::Parameter w{xg::scalar(start, xg::float64), "w"};
    xg::optim::SGD sgd{{{"w", w}}, {.learning_rate = 0.1}};
    const auto step = [&] { return sgd.step(xg::square(w * 3.0 - 6.0) * 0.5); };
    for (int i = 0; i < 5; ++i) {
      step();
    }
    auto compiled = xg::compile(step);
    for (int i = 0; i < 5; ++i) {
      compiled();
    }
    return w.value().item();
  } catch (const std::exception&) {
    return __builtin_nan("");
  }
}
