#pragma once

#include <string>
#include <vector>

/// Running the xgrad command without a shell. XGRAD_COMMAND is its path.
namespace xgrad::test {

struct Outcome {
  int code = -1;  ///< exit code, or 128 + the signal that ended it
  std::string out;
  std::string err;
  int signal = 0;  ///< that ended it
};

/// With standard output and standard error going to files, or output to the file given.
[[nodiscard]] Outcome run_command(const std::vector<std::string>& arguments, const std::string& out_file = {});

/// Reads the first line of standard output, which comes before any training; then sends the signals, all of them before
/// the command goes on.
[[nodiscard]] Outcome run_and_signal(const std::vector<std::string>& arguments, const std::vector<int>& signals);

/// With both on one terminal of `columns` columns; what the terminal was sent is in `out`.
[[nodiscard]] Outcome run_on_terminal(const std::vector<std::string>& arguments, unsigned short columns = 120);

[[nodiscard]] std::string read_file(const std::string& path);
[[nodiscard]] std::vector<std::string> lines_of(const std::string& text);

}  // namespace xgrad::test
