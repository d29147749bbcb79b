// Every n-th system call that changes files fails, is interrupted, or is the last one: what is written is there as a
// whole or not at all.
#include <algorithm>
#include <cstdlib>
#include <doctest/doctest.h>
#include <functional>
#include <regex>

#include "faulty_run.hpp"
#include "support/sanitizers.hpp"
#include "support/temporary_folder.hpp"

namespace {

namespace fs = std::filesystem;
using faults::Call;
using faults::Content;
using faults::content_of;
using faults::Ending;
using faults::run;
using faults::without_temporary;

/// What is called: in a folder of its own, which `prepare` fills.
struct Scenario {
  std::function<void(const fs::path& folder)> prepare;
  std::function<Call(const fs::path& folder)> call;
  Content (*look)(const fs::path& folder) = content_of;
  int stride = 1;  ///< from one call to the next that fails; with another first one for each kind of fault
  /// Whether this may be what is there after an error or a kill, besides what was there before and what the call gives.
  std::function<bool(const Content& content)> may_be = [](const Content& /*content*/) { return false; };
};

/// Without the times of training.
Content without_seconds(const fs::path& folder) {
  static const std::regex seconds{"\"seconds\": [^,\n]*"};
  Content content = content_of(folder);
  for (auto& [name, bytes] : content) {
    bytes = std::regex_replace(bytes, seconds, "");
  }
  return content;
}

bool is_one_line(const std::string& text) {
  return text.starts_with("xgrad: ") && std::count(text.begin(), text.end(), '\n') == 1 && text.back() == '\n';
}

Content prepared(const Scenario& scenario, const fs::path& folder) {
  scenario.prepare(folder);
  return scenario.look(folder);
}

/// One fault. False once there is no n-th call.
bool disturb(const Scenario& scenario, const std::string& kind, int n, const Content& expected) {
  INFO(kind, " at call ", n);
  const TemporaryFolder folder;
  const Content before = prepared(scenario, folder.path());
  const Call call = scenario.call(folder.path());
  const Ending ending = run(call, std::to_string(n) + ':' + kind);
  if (ending.happened.empty()) {
    CHECK(ending.code == 0);
    CHECK(scenario.look(folder.path()) == expected);
    return false;
  }
  INFO("in ", ending.happened, ", standard error: ", ending.error);
  // What can't be removed stays, and is in nobody's way. While it is half-way, a folder has one in it.
  const bool may_stay = (kind == "EIO" && (ending.code == 0 || ending.happened.starts_with("unlink"))) ||
                        scenario.may_be(without_temporary(scenario.look(folder.path())));
  const Content after = scenario.look(folder.path());
  const Content lasting = without_temporary(after);
  CHECK_MESSAGE((lasting == expected || lasting == before || scenario.may_be(lasting)), "a mixture, or a part");
  if (kind == "kill") {
    CHECK(ending.is_killed);
  } else if (kind == "EINTR" || kind == "short") {
    CHECK(ending.code == 0);
  } else {
    CHECK((ending.code == 0 || ending.code == 2));
  }
  if (ending.code == 0) {
    CHECK(lasting == expected);
    CHECK((after == lasting || may_stay));
    CHECK(ending.error.empty());
  } else if (!ending.is_killed) {
    CHECK(is_one_line(ending.error));
    CHECK_MESSAGE((after == lasting || may_stay), "a temporary file is left");
  }
  if (ending.code == 0) {
    return true;
  }
  const Ending again = run(call);
  CHECK(again.code == 0);
  CHECK_MESSAGE(without_temporary(scenario.look(folder.path())) == expected, "it can't be repeated");
  return true;
}

void disturb_every_call(const Scenario& scenario) {
  const TemporaryFolder folder;
  scenario.prepare(folder.path());
  const Ending undisturbed = run(scenario.call(folder.path()));
  REQUIRE_MESSAGE(undisturbed.code == 0, undisturbed.error);
  const Content expected = scenario.look(folder.path());
  const bool every = std::getenv("XGRAD_EVERY_FAULT") != nullptr;
  const int stride = every ? 1 : scenario.stride * (xgrad::test::sanitized ? 5 : 1);  // programs start slowly then
  int first = 1;
  for (const char* kind : {"EIO", "EINTR", "short", "full", "kill"}) {
    int calls = 0;
    for (int n = first; n < 1000 && disturb(scenario, kind, n, expected); n += stride) {
      ++calls;
    }
    CHECK_MESSAGE((calls > 0 || std::string{kind} == "short"), "no call was disturbed");
    first = first % stride + 1;  // so that different calls are met
  }
}

void write(const fs::path& file, const std::string& bytes, unsigned permissions) {
  std::ofstream{file, std::ios::binary} << bytes;
  fs::permissions(file, static_cast<fs::perms>(permissions));
}

Call writer(const fs::path& folder, const char* name) {
  return {.words = {FAULTS_WRITER, (folder / name).string(), "2"}, .here = "/", .under = folder};
}

Call command(const fs::path& folder, std::vector<std::string> words) {
  words.insert(words.begin(), XGRAD_COMMAND);
  return {.words = std::move(words), .here = "/", .under = folder};
}

/// Of a network with these layers.
Call exporting(const fs::path& folder, const std::string& target, const char* layers) {
  return command(folder, {"check", "--layers", layers, "--samples", "1", "--export", target});
}

void make_former_export(const fs::path& folder) {
  static const TemporaryFolder once;
  const fs::path former = once.path() / "problem";
  if (!fs::exists(former)) {
    REQUIRE(run(exporting(once.path(), former.string(), "2-1-2")).code == 0);
  }
  fs::copy(former, folder / "problem");
  fs::create_directory(folder / "problem" / "own");
  write(folder / "problem" / "own" / "notes.txt", "the user's own", 0640);
  fs::permissions(folder / "problem" / "own", fs::perms{0700});
  fs::create_symlink("own/notes.txt", folder / "problem" / "link");
  fs::permissions(folder / "problem", fs::perms{0750});
}

/// The calls that change files, in their order: each the last one of a run.
std::vector<std::string> calls_of(const Scenario& scenario) {
  std::vector<std::string> names;
  for (int n = 1; n < 1000; ++n) {
    const TemporaryFolder folder;
    scenario.prepare(folder.path());
    const Ending ending = run(scenario.call(folder.path()), std::to_string(n) + ":kill");
    if (ending.happened.empty()) {
      break;
    }
    names.push_back(ending.happened);
  }
  return names;
}

}  // namespace

TEST_CASE("what is written is brought to the disk before it is renamed, and its folder afterwards") {
  const auto nothing = [](const fs::path& /*folder*/) {};
  const std::vector<Scenario> scenarios{
      {.prepare = nothing, .call = [](const fs::path& folder) { return writer(folder, "array.npy"); }},
      {.prepare = [](const fs::path& folder) { write(folder / "array.npy", "old", 0640); },
       .call = [](const fs::path& folder) { return writer(folder, "array.npy"); }},
      {.prepare = nothing,
       .call = [](const fs::path& folder) { return exporting(folder, (folder / "problem").string(), "1-1"); }},
      {.prepare = make_former_export,
       .call = [](const fs::path& folder) { return exporting(folder, (folder / "problem").string(), "1-1"); }}};
  for (const Scenario& scenario : scenarios) {
    const std::vector<std::string> names = calls_of(scenario);
    std::string all;
    for (const std::string& name : names) {
      all += name + ' ';
    }
    CAPTURE(all);
    const auto is = [](const char* beginning) {
      return [beginning](const std::string& name) { return name.starts_with(beginning); };
    };
    const auto synchronises = [](const std::string& name) { return name == "fsync" || name == "fdatasync"; };
    const auto renamed = std::find_if(names.rbegin(), names.rend(), is("rename"));
    REQUIRE(renamed != names.rend());
    const auto written = std::find_if(renamed, names.rend(), is("write"));
    REQUIRE(written != names.rend());
    CHECK(std::any_of(renamed, written, synchronises));         // backwards: between the two
    CHECK(std::any_of(names.rbegin(), renamed, synchronises));  // after it
  }
}

TEST_CASE("what others put at a temporary file's name isn't written through, nor taken for the new file") {
  for (const bool is_old : {false, true}) {
    for (const std::string kind : {"link", "file"}) {
      int created = 0;
      for (int n = 1; n < 100; ++n) {
        INFO(kind, " at file ", n);
        const TemporaryFolder folder;
        write(folder.path() / "victim", "theirs", 0600);
        if (is_old) {
          write(folder.path() / "array.npy", "old", 0640);
        }
        const Content before = content_of(folder.path());
        const Ending ending = run(writer(folder.path(), "array.npy"), std::to_string(n) + ":" + kind);
        if (ending.happened.empty()) {
          CHECK(ending.code == 0);
          break;
        }
        ++created;
        CHECK(ending.code == 2);
        CHECK(is_one_line(ending.error));
        const Content after = content_of(folder.path());
        CHECK(without_temporary(after) == before);
        // Theirs is there as they put it, and nothing else.
        REQUIRE(after.size() == before.size() + 1);
        const auto planted = std::find_if(after.begin(), after.end(),
                                          [&before](const auto& file) { return !before.contains(file.first); });
        CHECK(planted->second.ends_with(kind == "link" ? "to victim" : " theirs"));
      }
      CHECK(created == 2);  // one to try whether it can be, one to be written
    }
  }
}

TEST_CASE("an export in which others put something at a file's name fails, and leaves the former one") {
  for (const std::string kind : {"link", "file"}) {
    int created = 0;
    for (int n = 1; n < 100; ++n) {
      INFO(kind, " at file ", n);
      const TemporaryFolder folder;
      make_former_export(folder.path());
      const Content before = content_of(folder.path());
      const Ending ending =
          run(exporting(folder.path(), (folder.path() / "problem").string(), "1-1"), std::to_string(n) + ":" + kind);
      if (ending.happened.empty()) {
        CHECK(ending.code == 0);
        break;
      }
      ++created;
      CHECK(ending.code == 2);
      CHECK(content_of(folder.path()) == before);
    }
    CHECK(created > 0);
  }
}

TEST_CASE("an array is written or not, whichever system call fails: a new file") {
  disturb_every_call({.prepare = [](const fs::path& /*folder*/) {},
                      .call = [](const fs::path& folder) { return writer(folder, "array.npy"); }});
}

TEST_CASE("an array is written or not, whichever system call fails: an old file with permissions of its own") {
  disturb_every_call({.prepare = [](const fs::path& folder) { write(folder / "array.npy", "old", 0640); },
                      .call = [](const fs::path& folder) { return writer(folder, "array.npy"); }});
}

TEST_CASE("an array is written or not, whichever system call fails: a symbolic link to an old file") {
  disturb_every_call({.prepare =
                          [](const fs::path& folder) {
                            fs::create_directory(folder / "elsewhere");
                            write(folder / "elsewhere" / "array.npy", "old", 0600);
                            fs::create_symlink("elsewhere/array.npy", folder / "link.npy");
                          },
                      .call = [](const fs::path& folder) { return writer(folder, "link.npy"); }});
}

TEST_CASE("results and reports in JSON are written or not, whichever system call fails") {
  const std::vector<std::string> check{"check", "--layers", "1-1", "--samples", "1", "--json"};
  const std::vector<std::string> train{"train", "--layers", "64-10", "--epochs", "1", "--batch", "all", "--json"};
  for (const std::vector<std::string>& words : {check, train}) {
    // Of training the times are in it, which differ.
    const bool is_same_twice = words == check;
    disturb_every_call({.prepare = [](const fs::path& folder) { write(folder / "report.json", "old", 0604); },
                        .call =
                            [words](const fs::path& folder) {
                              std::vector<std::string> all = words;
                              all.push_back((folder / "report.json").string());
                              return command(folder, all);
                            },
                        .look = is_same_twice ? content_of : without_seconds});
  }
}

TEST_CASE("an export is whole or not there, whichever system call fails: a new folder") {
  disturb_every_call(
      {.prepare = [](const fs::path& /*folder*/) {},
       .call = [](const fs::path& folder) { return exporting(folder, (folder / "problem").string(), "1-1"); },
       .stride = 2});
}

TEST_CASE("an export is whole or the former one, whichever system call fails: a folder with a file of the user's") {
  disturb_every_call(
      {.prepare = make_former_export,
       .call = [](const fs::path& folder) { return exporting(folder, (folder / "problem").string(), "1-1"); },
       .stride = 2});
}

TEST_CASE("an export with its marker is whole, whichever system call fails: in the current folder") {
  disturb_every_call({.prepare = make_former_export,
                      .call =
                          [](const fs::path& folder) {
                            Call call = exporting(folder, ".", "1-1");
                            call.here = folder / "problem";
                            return call;
                          },
                      .stride = 2,
                      .may_be =
                          [](const Content& content) {
                            return content.contains("problem/own/notes.txt") &&
                                   !content.contains("problem/network.json");
                          }});
}
