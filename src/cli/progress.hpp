#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <string>

namespace xgrad::cli {

using Clock = std::chrono::steady_clock;
[[nodiscard]] double seconds_since(Clock::time_point start);

/// "0.8 s", "2 min 05 s", "3 h 20 min"
[[nodiscard]] std::string duration_text(double seconds);
/// 0.961 as "96.10 %"
[[nodiscard]] std::string percent_text(double share);

struct ProgressState {
  std::int64_t epoch = 1;  ///< the one that is on its way or has just ended
  double loss = 0;
  double accuracy = 0;            ///< on the test samples, after the last epoch that ended; NaN before
  double samples_per_second = 0;  ///< in training, of this epoch
  double fraction = 0;            ///< of all epochs' work that is done
};

/// One run's progress on a standard stream: on a terminal a single line that is written over, elsewhere a line per
/// epoch, but no more than about a hundred.
class Progress {
 public:
  enum class Style : std::uint8_t { quiet, lines, terminal };
  /// What suits standard output, or standard error.
  [[nodiscard]] static Style suitable_style(const std::ostream& out);

  /// `label` goes before each line.
  Progress(std::ostream& out, Style style, std::int64_t epochs, std::string label);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// Ends a line that is still open, so that what follows begins on a new one.
  ~Progress();

  /// Whether an update within an epoch would be shown; at most ten a second are.
  [[nodiscard]] bool is_due() const;
  void update(const ProgressState& state);
  void end_epoch(const ProgressState& state);

 private:
  [[nodiscard]] std::string line_of(const ProgressState& state) const;
  void overwrite(const std::string& line);

  std::ostream& out_;
  Style style_;
  std::int64_t epochs_;
  std::string label_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point shown_ = start_;
  bool is_line_open_ = false;
};

}  // namespace xgrad::cli
