#include "every_allocation.hpp"

#include <algorithm>
#include <cstdlib>
#include <doctest/doctest.h>
#include <new>
#include <thread>

#include "xgrad/error.hpp"
#include "xgrad/plan.hpp"

#include "failing_allocations.hpp"
#include "support/sanitizers.hpp"

namespace faults {

namespace {

namespace xg = xgrad;

constexpr int calls = 3;

/// What one world was seen to do.
struct Seen {
  std::int64_t allocations = 0;    ///< of the first call
  bool failed = false;             ///< one of them
  std::string error;               ///< of that call
  bool is_for_memory = false;      ///< the error
  std::string before;              ///< the state
  std::string after;               ///< the state, after the first call
  std::vector<std::string> later;  ///< result and state of each call that wasn't disturbed
};

void disturb(const World& world, std::int64_t n, Shortage shortage, Seen& seen) {
  const FailingAllocations failing{n, shortage};
  try {
    world.act();
  } catch (const std::bad_alloc&) {
    seen.error = "bad_alloc";
    seen.is_for_memory = true;
  } catch (const xg::Error& error) {
    seen.error = error.what();
    seen.is_for_memory = seen.error.starts_with("[memory]");
  } catch (const std::exception& error) {
    seen.error = error.what();
  }
  seen.allocations = FailingAllocations::count();
  seen.failed = FailingAllocations::failed();
}

void note(const World& world, Seen& seen) {
  seen.later.push_back(world.result() + world.state());
}

Seen look(const MakeWorld& make, std::int64_t n, Shortage shortage) {
  Seen seen;
  std::thread thread{[&] {
    xg::PlanOptions options = xg::plan_options();
    options.measure_products = false;  // else the forms of products, and so the last bits, may differ
    const xg::PlanScope scope{options};
    const World world = make();
    seen.before = world.state();
    disturb(world, n, shortage, seen);
    seen.after = world.state();
    if (seen.error.empty()) {
      note(world, seen);
    }
    while (seen.later.size() < calls) {
      world.act();
      note(world, seen);
    }
  }};
  thread.join();
  return seen;
}

/// 1 to `count`, or some of these.
std::vector<std::int64_t> places(std::int64_t count, std::int64_t most) {
  const std::int64_t wanted = std::getenv("XGRAD_EVERY_FAULT") != nullptr ? count
                              : xgrad::test::sanitized                    ? std::max<std::int64_t>(most / 3, 9)
                                                                          : most;
  std::vector<std::int64_t> result;
  const std::int64_t edge = wanted / 3;
  const std::int64_t stride =
      std::max<std::int64_t>(1, (count - 2 * edge + edge - 1) / std::max<std::int64_t>(edge, 1));
  for (std::int64_t n = 1; n <= count; n += n < edge || n > count - edge || count <= wanted ? 1 : stride) {
    result.push_back(n);
  }
  return result;
}

}  // namespace

void fail_every_allocation(const MakeWorld& make, std::int64_t most) {
  const Seen undisturbed = look(make, 0, Shortage::once);
  REQUIRE_MESSAGE(undisturbed.error.empty(), undisturbed.error);
  for (const Shortage shortage : {Shortage::once, Shortage::lasting}) {
    for (const std::int64_t n : places(undisturbed.allocations, most)) {
      INFO("allocation ", n, " of ", undisturbed.allocations,
           std::string{shortage == Shortage::lasting ? " and all after it" : ""});
      const std::int64_t blocks = live_blocks();
      bool is_whole = true;
      {
        const Seen seen = look(make, n, shortage);
        INFO("the error: ", seen.error);
        if (!seen.error.empty()) {
          CHECK(seen.is_for_memory);
          is_whole = seen.after == seen.before;
          CHECK_MESSAGE(is_whole, "an error changed something");
        }
        const bool is_same = seen.later == undisturbed.later;
        CHECK_MESSAGE(is_same, "afterwards the calls give something else");
        is_whole = is_whole && is_same && seen.is_for_memory == !seen.error.empty();
      }
      const std::int64_t leaked = live_blocks() - blocks;
      CHECK(leaked == 0);
      if (!is_whole || leaked != 0) {
        return;  // the next ones would say the same
      }
    }
  }
}

std::string bits_of(const xg::Tensor& tensor) {
  std::string bits = xg::to_string(tensor.shape());
  bits += xg::to_string(tensor.dtype());
  const auto append = [&bits]<class T>(std::span<const T> elements) {
    bits.append(reinterpret_cast<const char*>(elements.data()), elements.size_bytes());
  };
  switch (tensor.dtype()) {
    case xg::float32:
      append(tensor.data<float>());
      break;
    case xg::float64:
      append(tensor.data<double>());
      break;
    case xg::int64:
      append(tensor.data<std::int64_t>());
      break;
    case xg::boolean:
      append(tensor.data<bool>());
      break;
  }
  return bits;
}

std::string bits_of(const std::vector<xg::Tensor>& tensors) {
  std::string bits;
  for (const xg::Tensor& tensor : tensors) {
    bits += bits_of(tensor);
  }
  return bits;
}

std::string bits_of(const std::vector<xg::NamedParameter>& parameters) {
  std::string bits;
  for (const xg::NamedParameter& named : parameters) {
    bits += bits_of(named.parameter.value());
  }
  return bits;
}

}  // namespace faults
