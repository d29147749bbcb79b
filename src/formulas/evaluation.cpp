#include "formulas/evaluation.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <span>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"

namespace xgrad::formulas {

namespace {

Tensor shaped(const Tensor& x, const Shape& shape) {
  if (x.shape() == shape) {
    return x;
  }
  Shape common;
  return broadcast(x.shape(), shape, common) && common == shape ? broadcast_to(x, shape) : reshape(x, shape);
}

Tensor power(const Tensor& x, double exponent) {
  if (exponent == 2) {
    return square(x);
  }
  if (exponent == 0.5) {
    return sqrt(x);
  }
  if (exponent == -0.5) {
    return rsqrt(x);
  }
  return exponent == -1 ? 1.0 / x : pow(x, exponent);
}

// f′(x): times_partial at the tangent 1.
Tensor derivative(const std::shared_ptr<const Operation>& operation, const Tensor& x) {
  const ElementwiseOperation* f = operation->elementwise();
  if (f == nullptr) {
    throw ValueError(fmt::format("[derive] {} isn't element-wise: it has no derivative f′", operation->name()));
  }
  const Tensor y = xgrad::apply(operation, {x});
  const Tensor slope = f->times_partial({std::span{&x, 1}, y}, 0, ones_like(x));
  return slope.defined() ? slope : zeros_like(x);
}

}  // namespace

void Evaluation::set(const graph::Node& node, Tensor value) {
  symbols_.insert_or_assign(&node, std::move(value));
}

const Tensor* Evaluation::find(const graph::Node& node) const {
  if (const auto given = symbols_.find(&node); given != symbols_.end()) {
    return &given->second;
  }
  if (base_ == nullptr) {
    return nullptr;
  }
  const auto given = base_->find(&node);
  return given == base_->end() ? nullptr : &given->second;
}

// Without recursion: formulas may be as deep as the graph.
Tensor Evaluation::of(Expr root) {
  std::vector<Expr> stack{root};
  while (!stack.empty()) {
    const Expr e = stack.back();
    if (known_.contains(e)) {
      stack.pop_back();
      continue;
    }
    const std::size_t before = stack.size();
    const auto need = [&](Expr each) {
      if (!known_.contains(each)) {
        stack.push_back(each);
      }
    };
    std::for_each(e->arguments.begin(), e->arguments.end(), need);
    if (e->head == Head::symbol && find(*e->node) == nullptr) {
      if (const Expr definition = e_.definition(e); definition != e) {
        need(definition);
      }
    }
    if (stack.size() == before) {
      known_.emplace(e, shaped(compute(e), e->shape));
      stack.pop_back();
    }
  }
  return known_.at(root);
}

Tensor Evaluation::compute(Expr e) {
  const auto x = [&](std::size_t i) { return known_.at(e->arguments[i]); };
  switch (e->head) {
    case Head::symbol: {
      if (const Tensor* given = find(*e->node)) {
        return *given;
      }
      const Expr definition = e_.definition(e);
      return definition == e ? graph::handle(e->node).detach() : known_.at(definition);
    }
    case Head::number:
      return full({}, e->number, e->dtype);
    case Head::sum: {
      Tensor total = x(0);
      for (std::size_t i = 1; i < e->arguments.size(); ++i) {
        const Expr term = e->arguments[i];
        total = term->head == Head::product && term->number == -1 && term->arguments.size() == 1
                    ? total - known_.at(term->arguments[0])
                    : total + x(i);
      }
      return total;
    }
    case Head::product: {
      Tensor total = x(0);
      for (std::size_t i = 1; i < e->arguments.size(); ++i) {
        total = total * x(i);
      }
      return e->number == 1 ? total : total * e->number;
    }
    case Head::power:
      return power(x(0), e->number);
    case Head::matmul:
      return xgrad::matmul(x(0), x(1));
    case Head::outer:
      return xgrad::outer(x(0), x(1));
    case Head::transpose:
      return xgrad::transpose(x(0));
    case Head::function:
      return e->primed ? derivative(e->operation, x(0)) : xgrad::apply(e->operation, {x(0)});
    case Head::indicator:
      return cast(e->primed ? logical_not(x(0)) : x(0), e->dtype);
    case Head::reduce:
      return xgrad::sum(x(0), Axes{e->axes}, e->keeps_axes);
    case Head::spread:
      return x(0);
    case Head::call: {
      std::vector<Tensor> arguments;
      arguments.reserve(e->arguments.size());
      for (std::size_t i = 0; i < e->arguments.size(); ++i) {
        arguments.push_back(x(i));
      }
      return xgrad::apply(e->operation, arguments);
    }
  }
  return {};
}

}  // namespace xgrad::formulas
