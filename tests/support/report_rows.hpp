#pragma once

#include <algorithm>
#include <doctest/doctest.h>
#include <iterator>
#include <string>
#include <vector>

#include "xgrad/check.hpp"

namespace xgrad::test {

using Names = std::vector<std::string>;

inline Names names_of(const std::vector<check::ParameterReport>& rows) {
  Names names;
  std::transform(rows.begin(), rows.end(), std::back_inserter(names), [](const auto& row) { return row.name; });
  return names;
}

/// Of a parameter or another tensor.
inline const check::ParameterReport& row_of(const check::Report& report, const std::string& name) {
  for (const std::vector<check::ParameterReport>* rows : {&report.parameters, &report.tensors}) {
    for (const check::ParameterReport& row : *rows) {
      if (row.name == name) {
        return row;
      }
    }
  }
  FAIL("no row for ", name);
  return report.parameters.front();
}

}  // namespace xgrad::test
