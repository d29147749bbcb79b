#include "xgrad/threads.hpp"

#include <atomic>
#include <fmt/format.h>

#include "xgrad/error.hpp"

namespace xgrad {

namespace {

constexpr int most_threads = 256;

std::atomic<int>& thread_setting() noexcept {
  static std::atomic<int> setting{1};
  return setting;
}

}  // namespace

void set_threads(int count) {
  if (count < 1 || count > most_threads) {
    throw ValueError(fmt::format("[set_threads] {} threads; 1 to {} are allowed", count, most_threads));
  }
  thread_setting().store(count, std::memory_order_relaxed);
}

int threads() noexcept {
  return thread_setting().load(std::memory_order_relaxed);
}

}  // namespace xgrad
