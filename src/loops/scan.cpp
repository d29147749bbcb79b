#include "xgrad/scan.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <memory>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"

#include "graph/node.hpp"
#include "graph/trace.hpp"
#include "loops/body.hpp"
#include "loops/operation.hpp"

namespace xgrad {

namespace {

using loops::Body;

std::string described(const Tensor& tensor) {
  return fmt::format("{} {}", to_string(tensor.dtype()), to_string(tensor.shape()));
}

void require_defined(const std::vector<Tensor>& tensors, const char* what) {
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (!tensors[i].defined()) {
      throw ValueError(fmt::format("[scan] {} {} is an undefined Tensor", what, i));
    }
  }
}

std::int64_t length_of(const std::vector<Tensor>& xs, const ScanOptions& options) {
  if (xs.empty() && !options.length) {
    throw ValueError("[scan] without sequences needs a length");
  }
  std::int64_t length = 0;
  if (options.length) {
    length = *options.length;
  } else if (xs[0].rank() > 0) {
    length = xs[0].dim(0);
  }
  if (length < 0) {
    throw ValueError(fmt::format("[scan] of {} steps", length));
  }
  for (std::size_t i = 0; i < xs.size(); ++i) {
    if (xs[i].rank() == 0 || xs[i].dim(0) != length) {
      throw ShapeError(fmt::format("[scan] sequence {} is {}; expected {} elements along its first axis", i,
                                   to_string(xs[i].shape()), length));
    }
  }
  return length;
}

void require_fitting(const Body& body) {
  if (body.next_carry.size() != body.carry.size()) {
    throw ValueError(
        fmt::format("[scan] {} tensors are carried in, {} out", body.carry.size(), body.next_carry.size()));
  }
  require_defined(body.next_carry, "carry that goes out");
  require_defined(body.outputs, "output");
  for (std::size_t i = 0; i < body.carry.size(); ++i) {
    const Tensor& in = body.carry[i];
    const Tensor& out = body.next_carry[i];
    if (in.shape() != out.shape() || in.dtype() != out.dtype()) {
      throw ShapeError(
          fmt::format("[scan] carry {} comes in as {}, and goes out as {}", i, described(in), described(out)));
    }
  }
  const std::vector<Tensor> results = body.results();
  if (results.empty()) {
    throw ValueError("[scan] of a step that carries nothing and has no output");
  }
  for (const Tensor& each : results) {
    if (!is_floating(each.dtype()) || each.dtype() != results[0].dtype()) {
      throw DTypeError(fmt::format("[scan] carries and outputs are float32 or all float64; found {} and {}",
                                   to_string(results[0].dtype()), to_string(each.dtype())));
    }
  }
}

std::vector<Tensor> zeros_of_no_steps(const std::vector<Tensor>& outputs) {
  std::vector<Tensor> result;
  for (const Tensor& output : outputs) {
    std::vector<std::int64_t> lengths = output.shape().to_vector();
    lengths.insert(lengths.begin(), 0);
    result.push_back(zeros(Shape{lengths}, output.dtype()));
  }
  return result;
}

}  // namespace

Scanned scan(const ScanFunction& f, const std::vector<Tensor>& carry, const std::vector<Tensor>& xs,
             const ScanOptions& options) {
  if (!f) {
    throw ValueError("[scan] of an empty function");
  }
  require_defined(carry, "carry");
  require_defined(xs, "sequence");
  const std::int64_t steps = length_of(xs, options);
  Body traced;
  for (const Tensor& each : carry) {
    traced.carry.push_back(loops::placeholder(each.shape(), each.dtype()));
  }
  for (const Tensor& each : xs) {
    traced.xs.push_back(loops::placeholder(each.shape().without(0), each.dtype()));
  }
  const std::uint64_t since = graph::next_time();
  {
    const graph::NoWrites guard{"scan"};
    ScanStep step = f(traced.carry, traced.xs);
    traced.next_carry = std::move(step.carry);
    traced.outputs = std::move(step.outputs);
  }
  require_fitting(traced);
  if (steps == 0) {
    return {carry, zeros_of_no_steps(traced.outputs)};
  }
  std::vector<Tensor> inputs = carry;
  inputs.insert(inputs.end(), xs.begin(), xs.end());
  auto body = std::make_shared<const Body>(loops::closed(traced, since, inputs));
  const bool differentiated =
      std::any_of(inputs.begin(), inputs.end(), [](const Tensor& input) { return input.node()->history; });
  loops::Results results = loops::applied({std::move(body), steps, options.reverse}, inputs, differentiated);
  return {std::move(results.last_carry), std::move(results.outputs)};
}

std::pair<Tensor, Tensor> scan(const std::function<std::pair<Tensor, Tensor>(const Tensor&, const Tensor&)>& f,
                               const Tensor& carry, const Tensor& xs, const ScanOptions& options) {
  if (!f) {
    throw ValueError("[scan] of an empty function");
  }
  const ScanFunction step = [&f](const std::vector<Tensor>& carries, const std::vector<Tensor>& elements) {
    auto [next, output] = f(carries[0], elements[0]);
    return ScanStep{{std::move(next)}, {std::move(output)}};
  };
  Scanned result = scan(step, std::vector<Tensor>{carry}, std::vector<Tensor>{xs}, options);
  return {std::move(result.carry[0]), std::move(result.outputs[0])};
}

}  // namespace xgrad
