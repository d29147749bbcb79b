#include "cli/interruption.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>

namespace xgrad::cli {
namespace {

constexpr std::array signals{SIGINT, SIGTERM};

std::atomic<int> noted = 0;
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may wait for no lock");
std::array<struct sigaction, signals.size()> former{};

// Only calls that are safe in a handler.
extern "C" void note_signal(int number) {
  const bool first = noted.exchange(number) == 0;
  for (const int each : signals) {
    std::signal(each, SIG_DFL);
  }
  if (!first) {  // two threads have one each
    std::raise(number);
  }
}

}  // namespace

Interruption::Interruption() noexcept {
  noted = 0;
  struct sigaction action {};
  action.sa_handler = note_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (const int each : signals) {
    sigaddset(&action.sa_mask, each);
  }
  for (std::size_t i = 0; i < signals.size(); ++i) {
    if (sigaction(signals.at(i), nullptr, &former.at(i)) == 0 && former.at(i).sa_handler != SIG_IGN) {
      sigaction(signals.at(i), &action, nullptr);
    }
  }
}

Interruption::~Interruption() {
  for (std::size_t i = 0; i < signals.size(); ++i) {
    sigaction(signals.at(i), &former.at(i), nullptr);
  }
}

int Interruption::signal() noexcept {
  return noted;
}

std::string_view Interruption::name() noexcept {
  return signal() == SIGTERM ? "SIGTERM" : "SIGINT";
}

}  // namespace xgrad::cli
