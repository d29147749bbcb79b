#include "faulty_run.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

#include "support/run_command.hpp"
#include "support/temporary_folder.hpp"

namespace faults {

namespace {

namespace fs = std::filesystem;

/// In the child: only calls that are safe after a fork.
[[noreturn]] void become(const std::vector<char*>& argv, const std::vector<char*>& environment, const char* here,
                         const char* error) {
  const int nothing = open("/dev/null", O_RDWR);
  const int file = open(error, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (chdir(here) == 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(nothing, STDOUT_FILENO) >= 0 &&
      dup2(file, STDERR_FILENO) >= 0) {
    execve(argv[0], argv.data(), environment.data());
  }
  _exit(127);
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) {
    pointers.push_back(word.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Ending run(const Call& call, const std::string& fault) {
  const TemporaryFolder folder;
  const std::string error = (folder.path() / "error").string();
  const fs::path mark = folder.path() / "mark";
  std::vector<std::string> words = call.words;
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    variables.emplace_back(*variable);
  }
  variables.emplace_back("OPENBLAS_NUM_THREADS=1");  // it starts sooner
  variables.emplace_back("LD_PRELOAD=" FAULTS_CALLS);
  if (!fault.empty()) {
    variables.push_back("XGRAD_FAULT=" + fault);
    variables.push_back("XGRAD_FAULT_UNDER=" + call.under.string());
    variables.push_back("XGRAD_FAULT_MARK=" + mark.string());
  }
  const std::vector<char*> argv = pointers_to(words);
  const std::vector<char*> environment = pointers_to(variables);
  const std::string here = call.here.string();
  const pid_t process = fork();
  if (process < 0) {
    throw std::runtime_error("fork failed");
  }
  if (process == 0) {
    become(argv, environment, here.c_str(), error.c_str());
  }
  int status = 0;
  while (waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) {
      throw std::runtime_error("waitpid failed");
    }
  }
  const bool has_ended = WIFEXITED(status);
  return {.code = has_ended ? WEXITSTATUS(status) : -1,
          .is_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
          .error = xgrad::test::read_file(error),
          .happened = fs::exists(mark) ? xgrad::test::read_file(mark.string()) : ""};
}

Content content_of(const fs::path& folder) {
  Content content;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator{folder}) {
    const std::string name = entry.path().lexically_relative(folder).string();
    const auto status = entry.symlink_status();
    const std::string permissions = std::to_string(static_cast<unsigned>(status.permissions())) + ' ';
    if (fs::is_symlink(status)) {
      content[name] = "to " + fs::read_symlink(entry.path()).string();
    } else {
      content[name] = permissions + (fs::is_directory(status) ? "folder" : xgrad::test::read_file(entry.path()));
    }
  }
  return content;
}

Content without_temporary(Content content) {
  std::erase_if(content, [](const auto& file) {
    const std::size_t place = file.first.find(".xgrad-");
    return place != std::string::npos && file.first.find(".partial", place) != std::string::npos;
  });
  return content;
}

}  // namespace faults
