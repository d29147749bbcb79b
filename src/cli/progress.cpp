#include "cli/progress.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fmt/format.h>
#include <iostream>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

namespace xgrad::cli {
namespace {

constexpr std::chrono::milliseconds between_updates{100};
constexpr std::int64_t most_lines = 100;

int descriptor_of(const std::ostream& out) {
  return &out == &std::cerr ? STDERR_FILENO : STDOUT_FILENO;
}

/// The columns of the terminal, so that no line wraps: a wrapped one couldn't be written over.
std::size_t terminal_columns(const std::ostream& out) {
  winsize size{};
  const bool is_known = ioctl(descriptor_of(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return is_known ? size.ws_col : 80;
}

}  // namespace

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string duration_text(double seconds) {
  constexpr double most = 1e9;  // also for what isn't a number
  if (!(seconds < most)) {
    return "a long time";
  }
  if (seconds < 9.95) {
    return fmt::format("{:.1f} s", seconds);
  }
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 60) {
    return fmt::format("{} s", whole);
  }
  if (whole < 3600) {
    return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  }
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

std::string percent_text(double share) {
  return fmt::format("{:.2f} %", 100 * share);
}

Progress::Style Progress::suitable_style(const std::ostream& out) {
  const char* const terminal = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe)
  const bool can_overwrite = terminal != nullptr && std::string_view{terminal} != "dumb";
  return isatty(descriptor_of(out)) != 0 && can_overwrite ? Style::terminal : Style::lines;
}

Progress::Progress(std::ostream& out, Style style, std::int64_t epochs, std::string label)
    : out_{out}, style_{style}, epochs_{epochs}, label_{std::move(label)} {}

Progress::~Progress() {
  if (is_line_open_) {
    out_ << '\n' << std::flush;
  }
}

bool Progress::is_due() const {
  return style_ == Style::terminal && Clock::now() - shown_ >= between_updates;
}

void Progress::update(const ProgressState& state) {
  if (style_ == Style::terminal) {
    overwrite(line_of(state));
  }
}

void Progress::end_epoch(const ProgressState& state) {
  const bool is_last = state.epoch == epochs_;
  if (style_ == Style::terminal && (is_last || is_due())) {
    overwrite(line_of(state));
  } else if (style_ == Style::lines) {
    const std::int64_t every = (epochs_ + most_lines - 1) / most_lines;
    if (is_last || state.epoch % every == 0) {
      out_ << line_of(state) << '\n' << std::flush;
    }
  }
}

std::string Progress::line_of(const ProgressState& state) const {
  const std::string epochs = fmt::format("{}", epochs_);
  const std::string accuracy = std::isnan(state.accuracy) ? "-" : percent_text(state.accuracy);
  const double left = seconds_since(start_) * (1 / state.fraction - 1);
  return fmt::format("{}epoch {:>{}}/{}  loss {:<9.5g}  accuracy {:>8}  {:>9.0f} samples/s  {} left", label_,
                     state.epoch, epochs.size(), epochs, state.loss, accuracy, state.samples_per_second,
                     duration_text(left));
}

void Progress::overwrite(const std::string& line) {
  // The last column stays free: some terminals wrap as soon as it is filled.
  out_ << '\r' << line.substr(0, terminal_columns(out_) - 1) << "\x1b[K" << std::flush;
  shown_ = Clock::now();
  is_line_open_ = true;
}

}  // namespace xgrad::cli
