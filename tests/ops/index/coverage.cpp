// No operation without tests: what the public index lists must be in the table of cases, in the headers and in the
// documentation, and the other way round.
#include <algorithm>
#include <array>
#include <doctest/doctest.h>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "xgrad/operations.hpp"

#include "support/op_case.hpp"

namespace xgrad::test {

namespace {

bool is_exempt(const OperationEntry& entry, const std::string& aspect) {
  return std::ranges::any_of(table().exemptions, [&](const Exemption& exemption) {
    return exemption.operation == entry.name && exemption.aspect == aspect && !exemption.reason.empty();
  });
}

bool has_value(const OperationEntry& entry, Kind kind) {
  const auto fits = [&](const auto& tested) { return tested.operation == entry.name && tested.kind == kind; };
  return std::ranges::any_of(table().formulas, fits) || std::ranges::any_of(table().exact, fits);
}

// Cases with derivatives have all three orders, forward mode and the float32 gradient checked; see runner.cpp.
bool has_derivatives(const OperationEntry& entry, Kind kind) {
  return std::ranges::any_of(table().formulas, [&](const FormulaCase& tested) {
    return tested.operation == entry.name && tested.kind == kind && tested.derivatives;
  });
}

bool has_error(const OperationEntry& entry, Fault fault) {
  return std::ranges::any_of(
      table().errors, [&](const ErrorCase& tested) { return tested.operation == entry.name && tested.fault == fault; });
}

bool has_direct_call(const OperationEntry& entry) {
  return std::ranges::any_of(table().calls, [&](const DirectCall& direct) { return direct.operation == entry.name; });
}

struct Aspect {
  const char* name;
  bool (*applies)(const OperationEntry&);
  bool (*covered)(const OperationEntry&);
};

constexpr auto always = [](const OperationEntry&) { return true; };
constexpr auto if_differentiable = [](const OperationEntry& entry) { return entry.differentiable; };
constexpr auto if_broadcasts = [](const OperationEntry& entry) { return entry.broadcasts; };

constexpr std::array aspects{
    Aspect{"value", always, [](const OperationEntry& entry) { return has_value(entry, Kind::plain); }},
    Aspect{"derivatives", if_differentiable,
           [](const OperationEntry& entry) { return has_derivatives(entry, Kind::plain); }},
    Aspect{"broadcast", if_broadcasts, [](const OperationEntry& entry) { return has_value(entry, Kind::broadcast); }},
    Aspect{"broadcast derivatives",
           [](const OperationEntry& entry) { return entry.broadcasts && entry.differentiable; },
           [](const OperationEntry& entry) { return has_derivatives(entry, Kind::broadcast); }},
    Aspect{"empty", always,
           [](const OperationEntry& entry) { return has_value(entry, Kind::empty) || has_error(entry, Fault::empty); }},
    Aspect{"zero rank", always,
           [](const OperationEntry& entry) {
             return has_value(entry, Kind::zero_rank) || has_error(entry, Fault::zero_rank);
           }},
    Aspect{"extreme", always, [](const OperationEntry& entry) { return has_value(entry, Kind::extreme); }},
    Aspect{"wrong shape", always, [](const OperationEntry& entry) { return has_error(entry, Fault::shape); }},
    Aspect{"wrong dtype", always, has_direct_call},
};

std::vector<std::string> missing(const OperationEntry& entry) {
  std::vector<std::string> result;
  for (const Aspect& aspect : aspects) {
    if (aspect.applies(entry) && !aspect.covered(entry) && !is_exempt(entry, aspect.name)) {
      result.emplace_back(aspect.name);
    }
  }
  return result;
}

std::set<std::string> index_names() {
  std::set<std::string> names;
  for (const OperationEntry& entry : operations()) {
    names.emplace(entry.name);
  }
  return names;
}

std::string text_of(const std::string& path) {
  std::ifstream file{path};
  REQUIRE_MESSAGE(file.good(), path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::set<std::string> matches(const std::string& text, const std::regex& pattern) {
  std::set<std::string> names;
  for (std::sregex_iterator match{text.begin(), text.end(), pattern}, end; match != end; ++match) {
    names.insert((*match)[1]);
  }
  return names;
}

// Those in `a` that aren't in `b`, as one line.
std::string without(const std::set<std::string>& a, const std::set<std::string>& b) {
  std::string result;
  for (const std::string& name : a) {
    result += b.contains(name) ? "" : name + " ";
  }
  return result;
}

}  // namespace

TEST_CASE("every operation of the public index has a case for every aspect that applies to it") {
  for (const OperationEntry& entry : operations()) {
    for (const std::string& aspect : missing(entry)) {
      FAIL_CHECK("no test of " << entry.name << ": " << aspect);
    }
  }
}

TEST_CASE("an operation without any test is missed in every aspect") {
  const OperationEntry untested{"untested", Category::elementwise, "a, b", Accepts::floating, true,
                                true,       "ā = g, b̄ = g"};
  CHECK_EQ(missing(untested).size(), aspects.size());
}

TEST_CASE("every case and exemption is of an operation in the public index, and no exemption is needless") {
  std::set<std::string> used;
  const auto collect = [&](const auto& cases) {
    for (const auto& tested : cases) {
      used.insert(tested.operation);
    }
  };
  collect(table().formulas);
  collect(table().exact);
  collect(table().errors);
  collect(table().calls);
  collect(table().exemptions);
  CHECK_EQ(without(used, index_names()), "");
  for (const Exemption& exemption : table().exemptions) {
    for (const OperationEntry& entry : operations()) {
      for (const Aspect& aspect : aspects) {
        if (entry.name == exemption.operation && aspect.name == exemption.aspect) {
          INFO(exemption.operation << ": " << exemption.aspect);
          CHECK_FALSE(aspect.covered(entry));
        }
      }
    }
  }
}

TEST_CASE("the public index names every operation once") {
  CHECK_EQ(index_names().size(), operations().size());
}

TEST_CASE("the public index has a derivative in words for exactly the differentiable operations") {
  for (const OperationEntry& entry : operations()) {
    INFO(entry.name);
    CHECK_FALSE(entry.derivative.empty());
    CHECK_EQ(entry.derivative == "none", !entry.differentiable);
  }
}

TEST_CASE("the public index and the functions declared in the headers are the same set") {
  const std::string folder = XGRAD_HEADERS;
  std::set<std::string> declared;
  for (const char* header :
       {"math",    "elementary",  "special",        "activations", "reduce",   "linalg",    "manipulate",
        "index",   "convolution", "arrays",         "rows",        "einsum",   "norms",     "scans",
        "sorting", "solve",       "decompositions", "pooling",     "resample", "normalize", "segments"}) {
    const std::regex inner{R"(namespace detail \{[^}]*\})"};
    const std::string text = std::regex_replace(text_of(folder + "/" + header + ".hpp"), inner, "");
    declared.merge(matches(text, std::regex{R"((?:XGRAD_API|inline)\s+[\w:<>]+\s+(\w+)\()"}));
  }
  declared.merge(matches(text_of(folder + "/tensor.hpp"), std::regex{R"(\] Tensor (at)\()"}));
  CHECK_EQ(without(declared, index_names()), "");
  CHECK_EQ(without(index_names(), declared), "");
}

TEST_CASE("the public index and the rows of docs/operations.md are the same set, with the same dtypes") {
  const std::string text = text_of(XGRAD_OPERATIONS_DOC);
  std::set<std::string> indexed;
  for (const OperationEntry& entry : operations()) {
    indexed.insert(std::string{entry.name} + ": " + std::string{to_string(entry.accepts)});
  }
  std::set<std::string> rows;
  const std::regex row{R"(\n\| `(\w+)` \|.*\| ([^|]*) \|)"};
  for (std::sregex_iterator match{text.begin(), text.end(), row}, end; match != end; ++match) {
    rows.insert((*match)[1].str() + ": " + (*match)[2].str());
  }
  CHECK_EQ(without(indexed, rows), "");
  CHECK_EQ(without(rows, indexed), "");
}

}  // namespace xgrad::test
