#pragma once

#include <string>
#include <utility>
#include <vector>

#include "xgrad/export.hpp"
#include "xgrad/nn/visit.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/tensor.hpp"

/// The parameters of a model, by name.
namespace xgrad::nn {

namespace detail {

/// Throws ValueError for a leaf that is differentiated but isn't in a Parameter.
XGRAD_API void require_constant(const std::string& name, const Tensor& tensor);

/// Gathers the parameters of a model with their names in it.
struct Collection {
  std::vector<NamedParameter> found = {};

  template <class M>
  static consteval bool takes() {
    return std::is_same_v<M, Parameter> || ListsItself<M>;
  }

  void operator()(const std::string& name, const Parameter& parameter) {
    if (parameter.defined()) {
      found.push_back({name.empty() ? parameter.name() : name, parameter});
    }
  }
  template <ListsItself M>
  void operator()(const std::string& prefix, const M& model) {
    for (NamedParameter named : model.parameters()) {
      named.name = joined(prefix, named.name);
      found.push_back(std::move(named));
    }
  }
  void constant(const std::string& name, const Tensor& tensor) { require_constant(name, tensor); }
};

}  // namespace detail

/// All parameters of a model in the order of its fields, as "field.field". A parameter reached by two paths (tied
/// weights) is listed under both names. Throws ValueError for a Tensor that is a variable() or a Parameter's value: it
/// would look trained, and no optimiser would find it.
template <class M>
[[nodiscard]] std::vector<NamedParameter> parameters(const M& model) {
  detail::Collection collection;
  detail::visit_model(model, "", collection);
  return std::move(collection.found);
}

}  // namespace xgrad::nn
