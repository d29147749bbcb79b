#include "support/run_command.hpp"

#include <array>
#include <cerrno>
#include <csignal>
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

struct Ending {
  int code;
  int signal;
};

Ending wait_for(pid_t process) {
  int status = 0;
  while (waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) {
      throw std::runtime_error("waitpid failed");
    }
  }
  return WIFEXITED(status) ? Ending{WEXITSTATUS(status), 0} : Ending{128 + WTERMSIG(status), WTERMSIG(status)};
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
  const Ending ending = wait_for(process);
  return {ending.code, out_file.empty() ? read_file(out) : "", read_file(err), ending.signal};
}

Outcome run_and_signal(const std::vector<std::string>& arguments, const std::vector<int>& signals) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error("pipe2 failed");
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigemptyset(&defaults);
  for (const int signal : signals) {
    sigaddset(&defaults, signal);
  }
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  const std::vector<char*> argv = argv_of(arguments);
  pid_t process = 0;
  const int failure = posix_spawn(&process, argv[0], &actions, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  close(ends[1]);
  if (failure != 0) {
    throw std::runtime_error(std::string{"can't run "} + argv[0]);
  }
  Outcome outcome;
  const auto read_on = [&] {
    std::array<char, 4096> buffer{};
    const ssize_t count = read(ends[0], buffer.data(), buffer.size());
    outcome.out.append(buffer.data(), static_cast<std::size_t>(count < 0 ? 0 : count));
    return count > 0;
  };
  while (outcome.out.find('\n') == std::string::npos && read_on()) {
  }
  // A process stops some time after it was told to; till then it would take the signals one by one.
  kill(process, SIGSTOP);
  waitpid(process, nullptr, WUNTRACED);
  for (const int signal : signals) {
    kill(process, signal);
  }
  kill(process, SIGCONT);
  while (read_on()) {
  }
  close(ends[0]);
  const Ending ending = wait_for(process);
  outcome.code = ending.code;
  outcome.signal = ending.signal;
  return outcome;
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
  outcome.code = wait_for(process).code;
  close(terminal);
  return outcome;
}

}  // namespace xgrad::test
