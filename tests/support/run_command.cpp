#include "support/run_command.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <pty.h>
#include <spawn.h>
#include <sstream>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

#include "support/temporary_folder.hpp"

namespace xgrad::test {
namespace {

/// argv for the command, valid while `arguments` is.
std::vector<char*> argv_of(const std::vector<std::string>& arguments) {
  static std::string path = XGRAD_COMMAND;
  std::vector<char*> argv{path.data()};
  for (const std::string& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);
  return argv;
}

int wait_for(pid_t process) {
  int status = 0;
  while (waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) {
      throw std::runtime_error("waitpid failed");
    }
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::string read_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) {
    throw std::runtime_error("can't read " + path);
  }
  return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream{text};
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

Outcome run_command(const std::vector<std::string>& arguments, const std::string& out_file) {
  const TemporaryFolder folder;
  const std::string out = out_file.empty() ? (folder.path() / "out").string() : out_file;
  const std::string err = (folder.path() / "err").string();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(), O_WRONLY | O_CREAT, 0600);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err.c_str(), O_WRONLY | O_CREAT, 0600);
  const std::vector<char*> argv = argv_of(arguments);
  pid_t process = 0;
  const int failure = posix_spawn(&process, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) {
    throw std::runtime_error(std::string{"can't run "} + argv[0]);
  }
  const int code = wait_for(process);
  return {code, out_file.empty() ? read_file(out) : "", read_file(err)};
}

Outcome run_on_terminal(const std::vector<std::string>& arguments, unsigned short columns) {
  const std::vector<char*> argv = argv_of(arguments);
  const winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
  int terminal = -1;
  const pid_t process = forkpty(&terminal, nullptr, nullptr, &size);
  if (process < 0) {
    throw std::runtime_error("forkpty failed");
  }
  if (process == 0) {
    setenv("TERM", "xterm", 1);
    execv(argv[0], argv.data());
    _exit(127);
  }
  Outcome outcome;
  std::array<char, 4096> buffer{};
  while (true) {
    const ssize_t count = read(terminal, buffer.data(), buffer.size());
    if (count > 0) {
      outcome.out.append(buffer.data(), static_cast<std::size_t>(count));
    } else if (count == 0 || errno != EINTR) {  // EIO: the other side is closed
      break;
    }
  }
  outcome.code = wait_for(process);
  close(terminal);
  return outcome;
}

}  // namespace xgrad::test
