#include "cli/interruption.hpp"

#include <array>
#include <csignal>
#include <cstddef>

namespace xgrad::cli {
namespace {

constexpr std::array signals{SIGINT, SIGTERM};

volatile std::sig_atomic_t noted = 0;
std::array<struct sigaction, signals.size()> former{};

// Only calls that are safe in a handler.
extern "C" void note_signal(int number) {
  noted = number;
  for (const int each : signals) {
    std::signal(each, SIG_DFL);
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
  return noted == SIGTERM ? "SIGTERM" : "SIGINT";
}

}  // namespace xgrad::cli
