#pragma once

#include <string_view>

namespace xgrad::cli {

/// While one lives, the first SIGINT or SIGTERM is only noted, for what runs to end in good order; a second one of
/// either ends the process at once. A signal that is ignored (nohup) stays so. One at a time.
class Interruption {
 public:
  Interruption() noexcept;
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  /// Both signals do again what they did before.
  ~Interruption();

  /// The signal that came, or 0.
  [[nodiscard]] static int signal() noexcept;
  [[nodiscard]] static bool came() noexcept { return signal() != 0; }
  /// "SIGINT" or "SIGTERM"
  [[nodiscard]] static std::string_view name() noexcept;
};

}  // namespace xgrad::cli
