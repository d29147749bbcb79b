#include <cstdlib>
#include <string_view>

#include "xgrad/plan.hpp"

#include "run/product.hpp"

namespace xgrad {

namespace {

PlanOptions& current() noexcept {
  thread_local PlanOptions options = [] {
    static const bool off = [] {
      const char* wish = std::getenv("XGRAD_OPTIMIZE");  // NOLINT(concurrency-mt-unsafe): read once
      return wish != nullptr && std::string_view{wish} == "0";
    }();
    return PlanOptions{.simplify = !off, .fuse = !off};
  }();
  return options;
}

}  // namespace

PlanScope::PlanScope(const PlanOptions& options) noexcept : previous_{current()} {
  current() = options;
  run::set_measuring(options.measure_products);
}

PlanScope::~PlanScope() {
  current() = previous_;
  run::set_measuring(previous_.measure_products);
}

PlanOptions plan_options() noexcept {
  return current();
}

}  // namespace xgrad
