#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

/// Programs whose system calls fail.
namespace faults {

/// A program's end.
struct Ending {
  int code = 0;  ///< that it returned; -1 after a signal
  bool is_killed = false;
  std::string error;     ///< what it wrote to standard error
  std::string happened;  ///< in which call the fault was; empty if it didn't come to it
};

/// A program with its arguments, the folder that it is called in, and the one in which its calls fail.
struct Call {
  std::vector<std::string> words;
  std::filesystem::path here;
  std::filesystem::path under;
};

/// `fault` as failing_calls.cpp reads it; none if empty.
[[nodiscard]] Ending run(const Call& call, const std::string& fault = {});

/// What a folder holds, also in folders within: contents and permissions by name; of a symbolic link, where it leads
/// to.
using Content = std::map<std::string, std::string>;
[[nodiscard]] Content content_of(const std::filesystem::path& folder);

/// Without what is called as xgrad's temporary files are, or lies in such a folder.
[[nodiscard]] Content without_temporary(Content content);

}  // namespace faults
