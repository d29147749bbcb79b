#include <cstdlib>
#include <string_view>

#include "xgrad/plan.hpp"

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
}

PlanScope::~PlanScope() {
  current() = previous_;
}

PlanOptions plan_options() noexcept {
  return current();
}

}  // namespace xgrad
