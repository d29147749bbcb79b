#include "check/manual.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string>
#include <unordered_map>

#include "xgrad/error.hpp"

#include "check/named_tensors.hpp"

namespace xgrad::check {

namespace {

void require_fitting(std::string_view caller, const ComparedTensor& given) {
  if (!given.manual.defined()) {
    return;
  }
  if (given.manual.shape() != given.x.shape()) {
    throw ShapeError(fmt::format("[{}] the manual gradient of {} has shape {}, expected {}", caller, given.name,
                                 to_string(given.manual.shape()), to_string(given.x.shape())));
  }
  if (given.manual.dtype() != given.x.dtype()) {
    throw DTypeError(fmt::format("[{}] the manual gradient of {} is {}, expected {}", caller, given.name,
                                 to_string(given.manual.dtype()), to_string(given.x.dtype())));
  }
}

}  // namespace

std::vector<ComparedTensor> compared_tensors(std::string_view caller, const Tensor& loss,
                                             const std::vector<NamedParameter>& parameters,
                                             const std::vector<Tensor>& manual,
                                             const std::vector<NamedTensor>& manual_of) {
  std::vector<ComparedTensor> result;
  result.reserve(parameters.size() + manual_of.size());
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    result.push_back({parameters[i].name, parameters[i].parameter.value(), manual.empty() ? Tensor{} : manual[i]});
  }
  if (!manual_of.empty()) {
    const NamedTensors known{loss};
    std::unordered_map<const graph::Node*, std::string> met;
    for (const ComparedTensor& each : result) {
      met.emplace(each.x.node(), each.name);
    }
    for (const NamedTensor& each : manual_of) {
      const NamedTensor& found = known.find(each.name, caller);
      const auto [first, is_new] = met.emplace(found.tensor.node(), found.name);
      if (!is_new) {
        throw ValueError(fmt::format("[{}] '{}' is the same tensor as {}: expected one manual gradient of it", caller,
                                     each.name, first->second));
      }
      if (!each.tensor.defined()) {
        throw ValueError(fmt::format("[{}] the manual gradient of '{}' is undefined", caller, each.name));
      }
      result.push_back({found.name, found.tensor, each.tensor});
    }
  }
  for (const ComparedTensor& given : result) {
    require_fitting(caller, given);
  }
  return result;
}

void require_terms(std::string_view caller, std::span<const ComparedTensor> given,
                   const std::vector<NamedTensor>& terms) {
  for (const NamedTensor& term : terms) {
    if (!term.tensor.defined() || term.name.empty()) {
      throw ValueError(
          fmt::format("[{}] the term '{}' {}", caller, term.name, term.name.empty() ? "has no name" : "is undefined"));
    }
    const auto fits = [&term](const ComparedTensor& each) {
      return each.x.shape() == term.tensor.shape() && each.x.dtype() == term.tensor.dtype();
    };
    if (std::none_of(given.begin(), given.end(), fits)) {
      throw ValueError(fmt::format("[{}] the term '{}' is {} {}: nothing that is compared has this shape and dtype",
                                   caller, term.name, to_string(term.tensor.dtype()), to_string(term.tensor.shape())));
    }
  }
}

}  // namespace xgrad::check
