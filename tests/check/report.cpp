#include <cmath>
#include <doctest/doctest.h>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>
#include <xgrad/check.hpp>
#include <xgrad/creation.hpp>
#include <xgrad/math.hpp>
#include <xgrad/reduce.hpp>

namespace xg = xgrad;
using Json = nlohmann::json;
using xg::check::Comparison;
using xg::check::ParameterReport;
using xg::check::Report;
using xg::check::Verdict;

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Three parameters, one per verdict, of numbers that can be told apart.
Report sample() {
  ParameterReport right;
  right.name = "0.W";
  right.shape = {2, 3};
  right.checked = 6;
  right.index = {1, 2};
  right.manual = 0.125;
  right.automatic = 0.1250000001;
  right.numerical = 0.12499999;
  right.step = 0.03125;
  right.error = 1e-9;
  right.manual_automatic = {.done = true,
                            .verdict = Verdict::right,
                            .reason = {},
                            .absolute = 1.5e-17,
                            .relative = 2.5e-16,
                            .norm_relative = 3.5e-16,
                            .index = {0, 1}};
  right.automatic_numerical = {.done = true,
                               .verdict = Verdict::right,
                               .reason = {},
                               .absolute = 4.5e-12,
                               .relative = 5.5e-11,
                               .norm_relative = 6.5e-11,
                               .index = {1, 2}};
  right.verdict = Verdict::right;

  ParameterReport wrong = right;
  wrong.name = "1.bias";
  wrong.shape = {700};
  wrong.checked = 256;
  wrong.index = {};
  wrong.direction = 3;
  wrong.automatic_numerical.direction = 3;
  wrong.automatic_numerical.verdict = Verdict::wrong;
  wrong.verdict = Verdict::wrong;
  wrong.reason = "automatic is outside";

  ParameterReport unknown;
  unknown.name = "δ";
  unknown.manual = nan;
  unknown.automatic = 0;
  unknown.numerical = nan;
  unknown.step = nan;
  unknown.error = std::numeric_limits<double>::infinity();
  unknown.reason = "zero everywhere";

  Report report;
  report.title = "2-3-1 sigmoid network";
  report.dtype = xg::float64;
  report.loss = 1.75;
  report.manual_source = "BP1–BP4";
  report.parameters = {right, wrong, unknown};
  return report;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);) {
    lines.push_back(line);
  }
  return lines;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("report: the verdict is wrong if any is, right if all are") {
  Report report = sample();
  CHECK(report.verdict() == Verdict::wrong);
  report.parameters.erase(report.parameters.begin() + 1);
  CHECK(report.verdict() == Verdict::inconclusive);
  report.parameters.pop_back();
  CHECK(report.verdict() == Verdict::right);
  CHECK(to_string(Verdict::right) == "right");
  CHECK(to_string(Verdict::wrong) == "wrong");
  CHECK(to_string(Verdict::inconclusive) == "inconclusive");
}

TEST_CASE("report: JSON parses back with the values") {
  const Json json = Json::parse(sample().json());
  CHECK(json["title"] == "2-3-1 sigmoid network");
  CHECK(json["dtype"] == "float64");
  CHECK(json["loss"] == 1.75);
  CHECK(json["manual_source"] == "BP1–BP4");
  CHECK(json["verdict"] == "wrong");
  REQUIRE(json["parameters"].size() == 3);

  const Json& right = json["parameters"][0];
  CHECK(right["name"] == "0.W");
  CHECK(right["shape"] == Json({2, 3}));
  CHECK(right["checked"] == 6);
  CHECK(right["index"] == Json({1, 2}));
  CHECK(right["direction"].is_null());
  CHECK(right["manual"] == 0.125);
  CHECK(right["automatic"] == 0.1250000001);
  CHECK(right["numerical"] == 0.12499999);
  CHECK(right["step"] == 0.03125);
  CHECK(right["error"] == 1e-9);
  CHECK(right["verdict"] == "right");
  CHECK(right["reason"] == "");
  CHECK(right["manual_automatic"]["done"] == true);
  CHECK(right["manual_automatic"]["verdict"] == "right");
  CHECK(right["manual_automatic"]["absolute"] == 1.5e-17);
  CHECK(right["manual_automatic"]["relative"] == 2.5e-16);
  CHECK(right["manual_automatic"]["norm_relative"] == 3.5e-16);
  CHECK(right["manual_automatic"]["index"] == Json({0, 1}));
  CHECK(right["automatic_numerical"]["absolute"] == 4.5e-12);
  CHECK(right["automatic_numerical"]["relative"] == 5.5e-11);
  CHECK(right["automatic_numerical"]["norm_relative"] == 6.5e-11);

  const Json& wrong = json["parameters"][1];
  CHECK(wrong["direction"] == 3);
  CHECK(wrong["index"] == Json::array());
  CHECK(wrong["automatic_numerical"]["direction"] == 3);
  CHECK(wrong["automatic_numerical"]["verdict"] == "wrong");
  CHECK(wrong["reason"] == "automatic is outside");

  const Json& unknown = json["parameters"][2];
  CHECK(unknown["name"] == "δ");
  CHECK(unknown["shape"] == Json::array());
  CHECK(unknown["manual"].is_null());
  CHECK(unknown["error"].is_null());
  CHECK(unknown["automatic"] == 0);
  CHECK(unknown["manual_automatic"]["done"] == false);
  CHECK(unknown["verdict"] == "inconclusive");
}

TEST_CASE("report: JSON survives a name that isn't UTF-8") {
  Report report = sample();
  report.parameters[0].name = "W\xff";
  const Json json = Json::parse(report.json());
  CHECK(json["parameters"][0]["name"].get<std::string>().substr(0, 1) == "W");
}

TEST_CASE("report: the text has a heading, a line per parameter, reasons and a sum") {
  const std::string text = sample().text();
  CAPTURE(text);
  const std::vector<std::string> lines = lines_of(text);
  CHECK(lines.at(0) == "2-3-1 sigmoid network");
  CHECK(lines.at(1) == "dtype float64, loss 1.75, manual column: BP1–BP4");
  CHECK(lines.back() == "1 right, 1 wrong, 1 inconclusive");
  std::size_t row = 0;
  while (lines.at(row).find("0.W") != 0) {
    ++row;
  }
  for (const char* const part : {"(2, 3)", "6/6", "(1, 2)", "0.125", "0.12499999", "1.5e-17", "2.5e-16", "4.5e-12",
                                 "5.5e-11", "3.1e-02", "right"}) {
    CAPTURE(part);
    CHECK(contains(lines[row], part));
  }
  CHECK(lines.at(row + 1).find("1.bias") == 0);
  CHECK(contains(lines[row + 1], "256/700"));
  CHECK(contains(lines[row + 1], "direction 3"));
  CHECK(contains(lines.at(row + 2), "1.bias: automatic is outside"));
  CHECK(contains(lines.at(row + 4), "δ: zero everywhere"));
  std::ostringstream out;
  out << sample();
  CHECK(out.str() == text);
}

TEST_CASE("report: the text's columns are aligned") {
  Report report = sample();
  report.parameters.pop_back();  // δ takes two bytes but one column
  const std::vector<std::string> lines = lines_of(report.text());
  std::vector<std::size_t> ends;
  for (const std::string& line : lines) {
    if (line.find("parameter") == 0) {
      ends.push_back(line.find("verdict"));
    } else if (line.find("0.W") == 0) {
      ends.push_back(line.rfind("right"));
    } else if (line.find("1.bias ") == 0) {
      ends.push_back(line.rfind("wrong"));
    }
  }
  REQUIRE(ends.size() == 3);
  CHECK(ends[0] == ends[1]);
  CHECK(ends[0] == ends[2]);
}

TEST_CASE("report: JSON and text of a comparison carry its numbers") {
  const xg::Parameter p{xg::tensor({0.25, -0.5}, xg::float64), "p"};
  const Report report = xg::check::compare([&] { return xg::sum(xg::square(p)); }, {{"layer.p", p}},
                                           {.manual = {xg::tensor({0.5, -1}, xg::float64)}});
  const Json json = Json::parse(report.json());
  CHECK(json["loss"] == 0.3125);
  CHECK(json["verdict"] == "right");
  CHECK(json["parameters"][0]["checked"] == 2);
  CHECK(json["parameters"][0]["automatic"] == report.parameters[0].automatic);
  CHECK(contains(report.text(), "layer.p"));
  CHECK(contains(report.text(), "1 right, 0 wrong, 0 inconclusive"));
}
