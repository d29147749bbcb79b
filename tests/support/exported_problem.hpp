#pragma once

#include <doctest/doctest.h>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "xgrad/data.hpp"
#include "xgrad/tensor.hpp"

#include "support/message_of.hpp"
#include "support/run_command.hpp"
#include "support/temporary_folder.hpp"

namespace xgrad::test {

using Arguments = std::vector<std::string>;

/// One network in a folder of its own: exported to problem/, and gradients for it in gradients/.
class Problem {
 public:
  explicit Problem(Arguments options) : options_{std::move(options)} {
    std::filesystem::create_directory(gradients());
    exported_ = run({"--export", problem().string()});
    CAPTURE(exported_.err);
    REQUIRE(exported_.code == 0);
  }

  [[nodiscard]] std::filesystem::path problem() const { return folder_.path() / "problem"; }
  [[nodiscard]] std::filesystem::path gradients() const { return folder_.path() / "gradients"; }
  [[nodiscard]] const TemporaryFolder& folder() const { return folder_; }
  [[nodiscard]] const Outcome& exported() const { return exported_; }
  [[nodiscard]] Tensor read(const std::string& name) const { return data::read_npy(problem() / (name + ".npy")); }
  void give(const std::string& name, const Tensor& gradient) const {
    data::write_npy(gradients() / (name + ".npy"), gradient);
  }

  [[nodiscard]] Outcome run(const Arguments& more) const {
    Arguments arguments{"check"};
    arguments.insert(arguments.end(), options_.begin(), options_.end());
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_command(arguments);
  }
  [[nodiscard]] Outcome check(const std::filesystem::path& manual) const { return run({"--manual", manual.string()}); }
  [[nodiscard]] Outcome check() const { return check(gradients()); }

  /// Checks that it is refused in one line with all of these words in it, and exit code 2.
  void check_refused(const std::filesystem::path& manual, const std::vector<std::string>& words) const {
    const Outcome outcome = check(manual);
    CAPTURE(outcome.err);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK(outcome.err.starts_with("xgrad: "));
    CHECK(outcome.err.find('\n') == outcome.err.size() - 1);
    for (const std::string& word : words) {
      CAPTURE(word);
      CHECK(contains(outcome.err, word));
    }
  }

 private:
  TemporaryFolder folder_;
  Arguments options_;
  Outcome exported_;
};

/// The names of what is in a folder.
inline std::set<std::string> files_of(const std::filesystem::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

}  // namespace xgrad::test
