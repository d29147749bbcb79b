#pragma once

#include <string>
#include <vector>

/// Running the xgrad command without a shell. XGRAD_COMMAND is its path.
namespace xgrad::test {

struct Outcome {
  int code = -1;  ///< exit code, or 128 + the signal that ended it
  std::string out;
  std::string err;
};

/// With standard output and standard error going to files, or output to the file given.
[[nodiscard]] Outcome run_command(const std::vector<std::string>& arguments, const std::string& out_file = {});

/// With both on one terminal of `columns` columns; what the terminal was sent is in `out`.
[[nodiscard]] Outcome run_on_terminal(const std::vector<std::string>& arguments, unsigned short columns = 120);

[[nodiscard]] std::string read_file(const std::string& path);
[[nodiscard]] std::vector<std::string> lines_of(const std::string& text);

}  // namespace xgrad::test
