// xgrad check --export: a network, its parameters and its samples as files.
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "support/exported_problem.hpp"
#include "support/message_of.hpp"
#include "support/run_command.hpp"
#include "support/temporary_folder.hpp"

namespace fs = std::filesystem;
namespace xg = xgrad;
using nlohmann::json;
using xgrad::test::Arguments;
using xgrad::test::files_of;
using xgrad::test::Outcome;
using xgrad::test::Problem;
using xgrad::test::run_command;

namespace {

const Arguments small{"--layers", "4-3-2"};

}  // namespace

TEST_CASE("xgrad check --export: parameters, samples and the network are there, and nothing else") {
  const Problem problem{{"--layers", "4-3-2", "--samples", "5", "--seed", "9"}};
  CHECK(files_of(problem.problem()) ==
        std::set<std::string>{"W1.npy", "b1.npy", "W2.npy", "b2.npy", "x.npy", "y.npy", "network.json"});
  CHECK(problem.exported().out ==
        problem.problem().string() + ": W1.npy, b1.npy, W2.npy, b2.npy, x.npy, y.npy, network.json\n");
  CHECK(problem.exported().err.empty());
  CHECK(problem.read("W1").shape() == xg::Shape{3, 4});
  CHECK(problem.read("b1").shape() == xg::Shape{3});
  CHECK(problem.read("W2").shape() == xg::Shape{2, 3});
  CHECK(problem.read("b2").shape() == xg::Shape{2});
  CHECK(problem.read("x").shape() == xg::Shape{5, 4});
  CHECK(problem.read("y").shape() == xg::Shape{5, 2});
  CHECK(problem.read("x").dtype() == xg::float64);
  const json network = json::parse(xg::test::read_file(problem.problem() / "network.json"));
  CHECK(network == json{{"layers", {4, 3, 2}},
                        {"activation", "sigmoid"},
                        {"output_activation", "sigmoid"},
                        {"loss", "quadratic"},
                        {"reduction", "mean"},
                        {"init", "glorot"},
                        {"samples", 5},
                        {"seed", 9},
                        {"dtype", "float64"}});
}

TEST_CASE("xgrad check --export: a single sample is a vector, classes are integers, float32 stays float32") {
  const Problem one{{"--layers", "3-2", "--samples", "1", "--dtype", "float32"}};
  CHECK(one.read("x").shape() == xg::Shape{3});
  CHECK(one.read("y").shape() == xg::Shape{2});
  CHECK(one.read("W1").dtype() == xg::float32);
  const Problem classes{{"--layers", "3-4", "--samples", "6", "--loss", "cross-entropy"}};
  CHECK(classes.read("y").shape() == xg::Shape{6});
  CHECK(classes.read("y").dtype() == xg::int64);
  const Problem one_class{{"--layers", "3-4", "--samples", "1", "--loss", "cross-entropy"}};
  CHECK(one_class.read("y").shape() == xg::Shape{});
}

TEST_CASE("xgrad check --export: into an empty folder or over an earlier export, never over something else") {
  const Problem problem{small};
  const auto export_to = [&](const fs::path& folder) { return problem.run({"--export", folder.string()}); };
  const fs::path empty = problem.gradients();
  CHECK(export_to(empty).code == 0);
  CHECK(files_of(empty) == files_of(problem.problem()));
  CHECK(export_to(empty).code == 0);
  CHECK(files_of(empty) == files_of(problem.problem()));
  CHECK(xg::test::read_file(empty / "W1.npy") == xg::test::read_file(problem.problem() / "W1.npy"));
  CHECK(export_to(problem.folder().path() / "slash/").code == 0);

  const auto refused = [&](const fs::path& folder, const std::string& complaint) {
    const Outcome outcome = export_to(folder);
    CAPTURE(outcome.err);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK(contains(outcome.err, complaint));
  };
  refused(problem.folder().path() / "no" / "such", "no/such can't be written: No such file or directory");
  refused(problem.folder().write("file", "x"), "file: isn't a folder");
  fs::remove(empty / "network.json");
  refused(empty, "isn't empty: expected a new or empty folder, or an earlier export with its network.json");
  fs::create_directory(problem.folder().path() / "slash" / "more");
  fs::remove(problem.folder().path() / "slash" / "x.npy");
  fs::create_directory(problem.folder().path() / "slash" / "x.npy");
  refused(problem.folder().path() / "slash", "x.npy can't be written: Is a directory");
  CHECK(files_of(problem.folder().path() / "slash").size() == 8);
}

TEST_CASE("xgrad check --export: nothing of a former export stays, and what else is in the folder does") {
  const Problem problem{small};
  const fs::path folder = problem.folder().path() / "again";
  REQUIRE(run_command({"check", "--layers", "2-2-2-2-1", "--export", folder.string()}).code == 0);
  CHECK(fs::exists(folder / "W4.npy"));
  fs::create_directory(folder / "notes");
  for (const char* name : {"gradients.json", "W.npy", "W0.npy", "notes/day.txt"}) {
    std::ofstream{folder / name} << name;
  }
  fs::create_symlink("nowhere", folder / "link");
  fs::permissions(folder, fs::perms{0750});
  REQUIRE(run_command({"check", "--layers", "2-1", "--export", folder.string()}).code == 0);
  const std::set<std::string> expected{"W1.npy",         "b1.npy", "x.npy",  "y.npy", "network.json",
                                       "gradients.json", "W.npy",  "W0.npy", "notes", "link"};
  CHECK(files_of(folder) == expected);
  CHECK(xg::test::read_file(folder / "notes/day.txt") == "notes/day.txt");
  CHECK(fs::read_symlink(folder / "link") == "nowhere");
  CHECK(fs::status(folder).permissions() == fs::perms{0750});
  CHECK(fs::equivalent(problem.folder().path(), folder / ".."));
  for (const fs::directory_entry& entry : fs::directory_iterator{problem.folder().path()}) {
    CHECK_FALSE(contains(entry.path().string(), ".partial"));
  }
}

TEST_CASE("xgrad check --export: through a symbolic link, the folder it leads to") {
  const Problem problem{small};
  const fs::path target = problem.folder().path() / "target";
  const fs::path link = problem.folder().path() / "link";
  fs::create_directory(target);
  fs::create_directory_symlink("target", link);
  CHECK(problem.run({"--export", link.string()}).code == 0);
  CHECK(fs::is_symlink(link));
  CHECK(files_of(target) == files_of(problem.problem()));
}

TEST_CASE("xgrad check --export: doesn't go with --manual or --json") {
  for (const char* other : {"--manual", "--json"}) {
    const Outcome outcome = run_command({"check", "--export", "/nonexistent/a", other, "/nonexistent/b"});
    CAPTURE(outcome.err);
    CHECK(outcome.code == 2);
    CHECK(contains(outcome.err, "--export"));
    CHECK(contains(outcome.err, other));
  }
}
