// Every layer, loss, metric and initialiser that a header declares stands in docs/layers.md.
#include <algorithm>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file{path};
  REQUIRE(file);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::set<std::string> matches(const std::string& text, const std::regex& pattern) {
  std::set<std::string> found;
  for (auto it = std::sregex_iterator{text.begin(), text.end(), pattern}; it != std::sregex_iterator{}; ++it) {
    found.insert((*it)[1]);
  }
  return found;
}

// What isn't called: options, what layers give and take, and what a model is looked into with.
const std::set<std::string> no_layers{"Layer", "Model", "Conv", "ConvTranspose", "Recurrent", "Reweighted"};

std::set<std::string> declared() {
  std::set<std::string> names;
  for (const auto& entry :
       std::filesystem::directory_iterator{std::string{XGRAD_TEST_DATA} + "/../../include/xgrad/nn"}) {
    const std::string text = text_of(entry.path());
    names.merge(matches(text, std::regex{R"((?:class|struct) XGRAD_API (\w+))"}));
    names.merge(matches(text, std::regex{R"(using (\w+) = (?:Conv|ConvTranspose|Recurrent)<)"}));
    if (entry.path().filename() == "initializers.hpp" || entry.path().filename() == "metrics.hpp") {
      names.merge(matches(text, std::regex{R"(XGRAD_API [\w:<>]+ (\w+)\()"}));
    }
  }
  return names;
}

}  // namespace

TEST_CASE("docs/layers.md has a row for everything that the headers of nn declare") {
  const std::string text = text_of(std::string{XGRAD_TEST_DATA} + "/../../docs/layers.md");
  // Rows name several at once: `LSTMCell`, `LSTM`; BatchNorm1d, `2d`, `3d`.
  const std::set<std::string> documented = matches(text, std::regex{R"(`(\w+)(?:<\w+>)?`)"});
  const std::set<std::string> names = declared();
  CHECK(names.size() > 100);
  for (const std::string& name : names) {
    CAPTURE(name);
    const bool known = documented.contains(name) || no_layers.contains(name);
    const bool of_axes = name.size() > 2 && name.back() == 'd' &&
                         documented.contains(name.substr(0, name.size() - 2)) &&
                         documented.contains(name.substr(name.size() - 2));
    CHECK((known || of_axes));
  }
}
