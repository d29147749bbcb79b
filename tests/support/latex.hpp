#pragma once

#include <algorithm>
#include <cstdlib>
#include <doctest/doctest.h>
#include <fstream>
#include <sstream>
#include <string>

#include "support/temporary_folder.hpp"

namespace xgrad::test {

/// That a document is ASCII with its braces in pairs, and compiles, where LaTeX is installed.
inline void check_compiles(const std::string& document) {
  CHECK(std::all_of(document.begin(), document.end(), [](char c) { return c == '\n' || (c >= ' ' && c < '\x7F'); }));
  int depth = 0;
  for (std::size_t i = 0; i < document.size(); ++i) {
    if (document[i] == '\\') {
      ++i;
    } else if (document[i] == '{' || document[i] == '}') {
      depth += document[i] == '{' ? 1 : -1;
      CHECK_MESSAGE(depth >= 0, document.substr(0, i));
    }
  }
  CHECK(depth == 0);
  if (std::system("command -v pdflatex >/dev/null 2>&1") != 0) {  // NOLINT(cert-env33-c,concurrency-mt-unsafe)
    MESSAGE("no pdflatex here");
    return;
  }
  const TemporaryFolder folder;
  folder.write("document.tex", document);
  const std::string command = "cd '" + folder.path().string() +
                              "' && pdflatex -interaction=nonstopmode -halt-on-error document.tex >log.txt 2>&1";
  const int code = std::system(command.c_str());  // NOLINT(cert-env33-c,concurrency-mt-unsafe)
  std::ostringstream log;
  log << std::ifstream{folder.path() / "log.txt"}.rdbuf();
  INFO(log.str());
  CHECK(code == 0);
  CHECK(log.str().find("invalid in math mode") == std::string::npos);
  CHECK(log.str().find("Missing character") == std::string::npos);
}

}  // namespace xgrad::test
