#include "xgrad/plan.hpp"

#include "run/products/product.hpp"
#include "run/settings.hpp"

namespace xgrad {

namespace {

PlanOptions& current() {
  thread_local PlanOptions options = [] {
    const bool on = run::settings().optimize;
    return PlanOptions{.simplify = on, .fuse = on};
  }();
  return options;
}

}  // namespace

PlanScope::PlanScope(const PlanOptions& options) : previous_{current()} {
  current() = options;
  run::set_measuring(options.measure_products);
}

PlanScope::~PlanScope() {
  current() = previous_;
  run::set_measuring(previous_.measure_products);
}

PlanOptions plan_options() {
  return current();
}

}  // namespace xgrad
