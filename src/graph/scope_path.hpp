#pragma once

#include <string>

#include "graph/node.hpp"

namespace xgrad::graph {

/// "2/Dense": the names from the outermost scope on, but for those that are empty. "" for null.
[[nodiscard]] inline std::string path(const ScopeName* scope) {
  std::string text;
  for (const ScopeName* part = scope; part != nullptr; part = part->outer.get()) {
    if (!part->name.empty()) {
      text.insert(0, part->name + (text.empty() ? "" : "/"));
    }
  }
  return text;
}

}  // namespace xgrad::graph
