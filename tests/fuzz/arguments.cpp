// Arguments of the command, one a line. They name something to be done, or they end with code 2 and one line of
// complaint on standard error, or with code 0 and help or version on standard output.
#include "cli/arguments.hpp"

#include <algorithm>
#include <iostream>
#include <sstream>
#include <vector>

#include "cli/command_line.hpp"
#include "fuzz.hpp"

namespace {

/// Standard output or standard error, caught while it lives.
class Caught {
 public:
  explicit Caught(std::ostream& stream) : stream_{stream}, former_{stream.rdbuf(text_.rdbuf())} {}
  Caught(const Caught&) = delete;
  Caught& operator=(const Caught&) = delete;
  ~Caught() { stream_.rdbuf(former_); }
  [[nodiscard]] std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::ostream& stream_;
  std::streambuf* former_;
};

bool is_a_complaint(const std::string& text) {
  return text.starts_with("xgrad: ") && std::count(text.begin(), text.end(), '\n') == 1 && text.back() == '\n' &&
         std::none_of(text.begin(), text.end() - 1, [](char c) { return static_cast<unsigned char>(c) < ' '; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t most = 64;
  std::vector<std::string> words{"xgrad"};
  std::istringstream lines{std::string{fuzz::bytes_of(data, size)}};
  for (std::string line; words.size() < most && std::getline(lines, line);) {
    words.push_back(line.substr(0, line.find('\0')));
  }
  std::vector<const char*> argv;
  std::transform(words.begin(), words.end(), std::back_inserter(argv),
                 [](const std::string& word) { return word.c_str(); });
  const Caught out{std::cout};
  const Caught error{std::cerr};
  const xgrad::cli::CommandLine line = xgrad::cli::read_command_line(static_cast<int>(argv.size()), argv.data());
  if (line.action) {
    FUZZ_CHECK(out.text().empty() && error.text().empty());
  } else if (line.code == xgrad::cli::exit_code::success) {
    FUZZ_CHECK(!out.text().empty() && error.text().empty());
  } else {
    FUZZ_CHECK(line.code == xgrad::cli::exit_code::usage);
    FUZZ_CHECK(is_a_complaint(error.text()) && out.text().empty());
  }
  return 0;
}
