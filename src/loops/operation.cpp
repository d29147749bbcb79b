// A loop as one node. Its derivative is a loop over the same sequences the other way:
//
//   c̄_t, x̄_t, and the terms of ā = vjp of the step at (c_t, x_t, a), of c̄_{t+1} + what comes from outside, ȳ_t
//
// so that the carries before every step are all that is kept; the step's other values are computed again.
#include "loops/operation.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <numeric>
#include <optional>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"

#include "autodiff/reverse.hpp"
#include "graph/node.hpp"

namespace xgrad::loops {

namespace {

Shape stacked(std::int64_t steps, const Shape& shape) {
  std::vector<std::int64_t> lengths = shape.to_vector();
  lengths.insert(lengths.begin(), steps);
  return Shape{lengths};
}

// What the result holds. An output that is a carry after the step isn't kept twice.
class Parts {
 public:
  Parts(const Loop& loop, bool keeps_carries) : steps_{loop.steps} {
    const Body& body = *loop.body;
    for (std::size_t i = 0; i < body.carry.size(); ++i) {
      const Shape& shape = body.carry[i].shape();
      keeps_carries ? add(Part::Kind::carries, i, stacked(steps_, shape)) : add(Part::Kind::last_carry, i, shape);
    }
    for (std::size_t i = 0; i < body.outputs.size(); ++i) {
      const auto carry = std::find_if(body.next_carry.begin(), body.next_carry.end(),
                                      [&](const Tensor& each) { return each.node() == body.outputs[i].node(); });
      if (keeps_carries && carry != body.next_carry.end()) {
        output_parts_.push_back(static_cast<std::size_t>(carry - body.next_carry.begin()));
      } else {
        output_parts_.push_back(parts_.size());
        add(Part::Kind::outputs, i, stacked(steps_, body.outputs[i].shape()));
      }
    }
    for (std::size_t i = 0; i < body.sums.size(); ++i) {
      add(Part::Kind::sum, i, body.sums[i].shape());
    }
  }

  [[nodiscard]] const std::vector<Part>& all() const noexcept { return parts_; }
  [[nodiscard]] std::int64_t size() const noexcept { return size_; }

  [[nodiscard]] std::vector<Tensor> of(const Tensor& result) const {
    std::vector<Tensor> tensors;
    std::transform(parts_.begin(), parts_.end(), std::back_inserter(tensors), [&result](const Part& part) {
      return reshape(slice(result, {.start = part.offset, .stop = part.offset + part.shape.size()}), part.shape);
    });
    return tensors;
  }

  [[nodiscard]] Results results(const Tensor& result, const Loop& loop) const {
    const std::vector<Tensor> tensors = of(result);
    Results results;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      switch (parts_[i].kind) {
        case Part::Kind::carries:
          results.carries.push_back(tensors[i]);
          results.last_carry.push_back(tensors[i].at({loop.reverse ? 0 : steps_ - 1}));
          break;
        case Part::Kind::last_carry:
          results.last_carry.push_back(tensors[i]);
          break;
        case Part::Kind::outputs:
          break;
        case Part::Kind::sum:
          results.sums.push_back(tensors[i]);
          break;
      }
    }
    std::transform(output_parts_.begin(), output_parts_.end(), std::back_inserter(results.outputs),
                   [&tensors](std::size_t part) { return tensors[part]; });
    return results;
  }

 private:
  void add(Part::Kind kind, std::size_t index, const Shape& shape) {
    parts_.push_back({kind, index, size_, shape});
    size_ += shape.size();
  }

  std::int64_t steps_;
  std::vector<Part> parts_;
  std::vector<std::size_t> output_parts_;
  std::int64_t size_ = 0;
};

/// The step's vjp as a body, and what the loop over it is given and gives.
class Backward {
 public:
  Backward(const Loop& loop, const Parts& parts) : body_{*loop.body} {
    // Placeholders: of the cotangents carried; of the step's inputs and the cotangents from outside; of what is
    // captured, and the cotangents of sums.
    Body traced;
    for (const Tensor& carry : body_.next_carry) {
      traced.carry.push_back(like(carry));
      add_cotangent(carry, traced.carry.back());
    }
    for (const auto* list : {&body_.carry, &body_.xs}) {
      std::transform(list->begin(), list->end(), std::back_inserter(traced.xs), like);
    }
    std::vector<Tensor> inputs = traced.xs;
    std::transform(body_.captured.begin(), body_.captured.end(), std::back_inserter(traced.captured), like);
    inputs.insert(inputs.end(), traced.captured.begin(), traced.captured.end());
    for (const Part& part : parts.all()) {
      if (part.kind == Part::Kind::carries) {
        traced.xs.push_back(like(body_.next_carry[part.index]));
        cotangents_[part.index] = cotangents_[part.index] + traced.xs.back();
      } else if (part.kind == Part::Kind::outputs) {
        traced.xs.push_back(like(body_.outputs[part.index]));
        add_cotangent(body_.outputs[part.index], traced.xs.back());
      } else if (part.kind == Part::Kind::sum) {
        traced.captured.push_back(like(body_.sums[part.index]));
        add_cotangent(body_.sums[part.index], traced.captured.back());
      }
    }
    differentiate(traced, inputs);
    auto closed_body = closed(traced, 0, constants_);
    backward_ = {std::make_shared<const Body>(std::move(closed_body)), loop.steps, !loop.reverse};
  }

  /// The cotangents of the loop's inputs. `before` are the carries before every step, `after` the cotangents of the
  /// parts.
  [[nodiscard]] std::vector<Tensor> cotangents(std::span<const Tensor> inputs, const std::vector<Tensor>& before,
                                               const Parts& parts, const std::vector<Tensor>& after) const {
    std::vector<Tensor> given;
    std::transform(body_.carry.begin(), body_.carry.end(), std::back_inserter(given),
                   [](const Tensor& carry) { return zeros(carry.shape(), carry.dtype()); });
    given.insert(given.end(), before.begin(), before.end());
    const std::size_t carries = body_.carry.size();
    const std::size_t sequences = body_.xs.size();
    given.insert(given.end(), inputs.begin() + static_cast<std::ptrdiff_t>(carries),
                 inputs.begin() + static_cast<std::ptrdiff_t>(carries + sequences));
    std::vector<Tensor> captured{inputs.begin() + static_cast<std::ptrdiff_t>(carries + sequences), inputs.end()};
    for (std::size_t i = 0; i < parts.all().size(); ++i) {
      switch (parts.all()[i].kind) {
        case Part::Kind::last_carry:
          given[parts.all()[i].index] = after[i];
          break;
        case Part::Kind::carries:
        case Part::Kind::outputs:
          given.push_back(after[i]);
          break;
        case Part::Kind::sum:
          captured.push_back(after[i]);
          break;
      }
    }
    given.insert(given.end(), captured.begin(), captured.end());
    given.insert(given.end(), constants_.begin(), constants_.end());
    const Results results = applied(backward_, given, false);
    std::vector<Tensor> all = results.last_carry;
    for (const auto& index : of_xs_) {
      all.push_back(index ? results.outputs[*index] : Tensor{});
    }
    for (const auto& index : of_captured_) {
      all.push_back(index ? results.sums[*index] : Tensor{});
    }
    return all;
  }

 private:
  static Tensor like(const Tensor& tensor) { return placeholder(tensor.shape(), tensor.dtype()); }

  void add_cotangent(const Tensor& result, const Tensor& cotangent) {
    results_.push_back(result);
    cotangents_.push_back(cotangent);
  }

  void differentiate(Body& traced, const std::vector<Tensor>& inputs) {
    // The placeholders of the step, in its copy.
    std::vector<Tensor> of_step = called(body_, inputs);
    const std::vector<Tensor> originals = body_.results();
    std::vector<Tensor> ys;
    std::vector<Tensor> cotangents;
    for (std::size_t i = 0; i < results_.size(); ++i) {
      const auto known = std::find_if(originals.begin(), originals.end(),
                                      [&](const Tensor& each) { return each.node() == results_[i].node(); });
      const Tensor& y = of_step[static_cast<std::size_t>(known - originals.begin())];
      // A result that doesn't depend on what is differentiated has no history.
      if (y.node()->history) {
        ys.push_back(y);
        cotangents.push_back(cotangents_[i]);
      }
    }
    std::vector<Tensor> by;
    std::copy_if(inputs.begin(), inputs.end(), std::back_inserter(by),
                 [](const Tensor& input) { return is_floating(input.dtype()); });
    const std::vector<Tensor> gradients = autodiff::reverse(ys, by, cotangents);
    std::size_t next = 0;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const Tensor gradient = is_floating(inputs[i].dtype()) ? gradients[next++] : Tensor{};
      if (i < body_.carry.size()) {
        traced.next_carry.push_back(gradient.defined() ? broadcast_to(gradient, inputs[i].shape())
                                                       : zeros(inputs[i].shape(), inputs[i].dtype()));
      } else if (i < body_.carry.size() + body_.xs.size()) {
        of_xs_.push_back(gradient.defined() ? std::optional{traced.outputs.size()} : std::nullopt);
        append(traced.outputs, gradient);
      } else {
        of_captured_.push_back(gradient.defined() ? std::optional{traced.sums.size()} : std::nullopt);
        append(traced.sums, gradient);
      }
    }
  }

  static void append(std::vector<Tensor>& list, const Tensor& tensor) {
    if (tensor.defined()) {
      list.push_back(tensor);
    }
  }

  const Body& body_;
  std::vector<Tensor> results_;  // of the step, and their cotangents
  std::vector<Tensor> cotangents_;
  std::vector<std::optional<std::size_t>> of_xs_;  // which output or sum is the gradient
  std::vector<std::optional<std::size_t>> of_captured_;
  std::vector<Tensor> constants_;  // arrays that the vjp uses
  Loop backward_;
};

class ScanOperation final : public Operation {
 public:
  ScanOperation(Loop loop, bool keeps_carries)
      : loop_{std::move(loop)},
        keeps_carries_{keeps_carries},
        parts_{loop_, keeps_carries},
        number_{number_of(*loop_.body)},
        runner_{*loop_.body} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "scan"; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    return {{"steps", loop_.steps}, {"reverse", loop_.reverse}, {"keeps_carries", keeps_carries_}, {"body", number_}};
  }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const std::vector<Tensor> expected = loop_.body->inputs();
    if (inputs.size() != expected.size()) {
      throw ValueError(fmt::format("[scan] of {} tensors; the step takes {}", inputs.size(), expected.size()));
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const bool sequence = i >= loop_.body->carry.size() && i < loop_.body->carry.size() + loop_.body->xs.size();
      const Shape shape = sequence ? stacked(loop_.steps, expected[i].shape()) : expected[i].shape();
      if (inputs[i].shape() != shape || inputs[i].dtype() != expected[i].dtype()) {
        throw ShapeError(fmt::format("[scan] input {} is {} {}; expected {} {}", i, to_string(inputs[i].dtype()),
                                     to_string(inputs[i].shape()), to_string(expected[i].dtype()), to_string(shape)));
      }
    }
    return {Shape{parts_.size()}, dtype()};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    const Body& body = *loop_.body;
    std::vector<Tensor> carries;
    if (keeps_carries_) {
      carries = parts_.results(call.output, loop_).carries;
    } else {  // the derivative of a derivative: the loop runs once more
      carries = applied(loop_, call.inputs, true).carries;
    }
    std::vector<Tensor> before;
    for (std::size_t i = 0; i < body.carry.size(); ++i) {
      const Tensor first = expand_dims(call.inputs[i], 0);
      const Slice others = loop_.reverse ? Slice{.start = 1} : Slice{.stop = loop_.steps - 1};
      const Tensor rest = slice(carries[i], others);
      before.push_back(loop_.reverse ? concatenate({rest, first}) : concatenate({first, rest}));
    }
    const Backward backward{loop_, parts_};
    return backward.cotangents(call.inputs, before, parts_, parts_.of(cotangent));
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    runner_.run(inputs, loop_.steps, loop_.reverse, parts_.all(), output);
  }

  [[nodiscard]] Results results(const Tensor& result) const { return parts_.results(result, loop_); }
  [[nodiscard]] const Loop& loop() const noexcept { return loop_; }
  [[nodiscard]] const std::vector<Part>& parts() const noexcept { return parts_.all(); }

 private:
  [[nodiscard]] DType dtype() const {
    const std::vector<Tensor> all = loop_.body->results();
    return all.empty() ? float32 : all[0].dtype();
  }

  Loop loop_;
  bool keeps_carries_;
  Parts parts_;
  std::int64_t number_;
  Runner runner_;
};

}  // namespace

Results applied(const Loop& loop, std::span<const Tensor> inputs, bool keeps_carries) {
  const auto operation = std::make_shared<const ScanOperation>(loop, keeps_carries);
  return operation->results(apply(operation, inputs));
}

const Loop* loop_of(const Operation& operation) {
  const auto* scan = dynamic_cast<const ScanOperation*>(&operation);
  return scan == nullptr ? nullptr : &scan->loop();
}

const std::vector<Part>& parts_of(const Operation& loop) {
  return dynamic_cast<const ScanOperation&>(loop).parts();
}

}  // namespace xgrad::loops
