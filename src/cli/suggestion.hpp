#pragma once

#include <CLI/CLI.hpp>
#include <span>
#include <string>
#include <string_view>

namespace xgrad::cli {

/// The candidate that was meant by a word that is none of them: an abbreviation of it ("lr", "optim"), a longer name
/// ("batch-size"), or a word that differs by few letters. Empty if there is none.
[[nodiscard]] std::string nearest(std::string_view word, std::span<const std::string> candidates);

/// One line about arguments that nothing takes, the first of them by name, with what may have been meant.
[[nodiscard]] std::string complaint_about_extras(const CLI::App& app);

}  // namespace xgrad::cli
