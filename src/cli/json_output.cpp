#include "cli/json_output.hpp"

#include <iostream>

namespace xgrad::cli {

JsonOutput::JsonOutput(const std::optional<std::string>& option) : is_standard_output_{option == "-"} {
  if (option && !is_standard_output_) {
    file_.emplace(*option);
  }
}

std::ostream& JsonOutput::text() const noexcept {
  return is_standard_output_ ? std::cerr : std::cout;
}

void JsonOutput::write(const std::string& json) const {
  if (file_) {
    file_->write({json});
  } else if (is_standard_output_) {
    std::cout << json << std::flush;  // whether that went well is looked at when the command ends
  }
}

}  // namespace xgrad::cli
