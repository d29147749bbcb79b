#include "loops/written_out.hpp"

#include <algorithm>
#include <iterator>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"

#include "graph/node.hpp"
#include "graph/order.hpp"
#include "graph/rebuild.hpp"
#include "loops/operation.hpp"
#include "ops/attributes.hpp"

namespace xgrad::loops {

namespace {

/// Builds a graph again. Users of a loop take parts of its result by slices and reshapes; these become the parts.
class Writer {
 public:
  Writer(const Tensor& y, std::int64_t most_steps)
      : roots_{y.node()},
        order_{graph::topological_order(roots_, graph::Boundary::leaves, roots_, {.number_leaves = true})},
        rebuild_{order_},
        most_steps_{most_steps} {}

  WrittenOut run() {
    rebuild_.run([this](std::size_t i, std::span<const Tensor> inputs) { return made(*order_.nodes[i], inputs); });
    return {rebuild_.found()[0], longest_};
  }

 private:
  /// One part of a loop's result.
  struct Piece {
    Tensor whole;
    std::vector<Tensor> steps;  ///< along its first axis; none of a sum
  };

  [[nodiscard]] bool is_short(const Loop& loop) const { return loop.steps > 0 && loop.steps <= most_steps_; }

  Tensor made(const graph::Node& node, std::span<const Tensor> inputs) {
    if (const Loop* loop = loop_of(*node.operation)) {
      if (is_short(*loop)) {
        return written(node, *loop, inputs);
      }
      longest_ = std::max(longest_, loop->steps);
    }
    if (Tensor part = part_in(node, inputs); part.defined()) {
      return part;
    }
    const auto originals = node.inputs();
    const bool same = std::equal(inputs.begin(), inputs.end(), originals.begin(), originals.end(),
                                 [](const Tensor& input, const graph::Node* other) { return input.node() == other; });
    return same ? graph::handle(&node) : graph::called_again(node, inputs);
  }

  // What the step is given and gives, step by step.
  Tensor written(const graph::Node& node, const Loop& loop, std::span<const Tensor> inputs) {
    const Body& body = *loop.body;
    const auto carries = static_cast<std::ptrdiff_t>(body.carry.size());
    const auto sequences = static_cast<std::ptrdiff_t>(body.xs.size());
    std::vector<Tensor> carry{inputs.begin(), inputs.begin() + carries};
    const std::vector<Tensor> xs{inputs.begin() + carries, inputs.begin() + carries + sequences};
    const std::vector<Tensor> captured{inputs.begin() + carries + sequences, inputs.end()};
    const auto steps = static_cast<std::size_t>(loop.steps);
    std::vector<std::vector<Tensor>> results(steps);
    for (std::int64_t k = 0; k < loop.steps; ++k) {
      const std::int64_t t = loop.reverse ? loop.steps - 1 - k : k;
      std::vector<Tensor> given = carry;
      std::transform(xs.begin(), xs.end(), std::back_inserter(given), [t](const Tensor& x) { return x.at({t}); });
      given.insert(given.end(), captured.begin(), captured.end());
      std::vector<Tensor> result = called(body, given);
      std::transform(result.begin(), result.end(), result.begin(),
                     [this](const Tensor& each) { return written_within(each); });
      carry.assign(result.begin(), result.begin() + carries);
      results[static_cast<std::size_t>(t)] = std::move(result);
    }
    const std::size_t outputs = body.carry.size();
    const std::size_t sums = outputs + body.outputs.size();
    std::vector<Tensor> flat;
    for (const Part& part : parts_of(*node.operation)) {
      Piece piece;
      switch (part.kind) {
        case Part::Kind::carries:
          piece = stacked(results, part.index);
          break;
        case Part::Kind::outputs:
          piece = stacked(results, outputs + part.index);
          break;
        case Part::Kind::last_carry:
          piece.whole = carry[part.index];
          break;
        case Part::Kind::sum:
          piece.whole = results[0][sums + part.index];
          for (std::size_t t = 1; t < steps; ++t) {
            piece.whole = piece.whole + results[t][sums + part.index];
          }
          break;
      }
      flat.push_back(reshape(piece.whole, Shape{part.shape.size()}));
      flats_.emplace(flat.back().node(), std::pair{flat.back(), piece});
      parts_[&node].emplace(part.offset, flat.back());
    }
    return concatenate(flat);
  }

  // Loops in a step are loops of the graph by now.
  [[nodiscard]] Tensor written_within(const Tensor& x) const { return Writer{x, most_steps_}.run_within(); }
  Tensor run_within() {
    const bool any = std::any_of(order_.nodes.begin(), order_.nodes.end(), [this](const graph::Node* node) {
      const Loop* loop = loop_of(*node->operation);
      return loop != nullptr && is_short(*loop);
    });
    return any ? run().result : graph::handle(roots_[0]);
  }

  static Piece stacked(const std::vector<std::vector<Tensor>>& results, std::size_t index) {
    std::vector<Tensor> steps;
    std::transform(results.begin(), results.end(), std::back_inserter(steps),
                   [index](const std::vector<Tensor>& result) { return result[index]; });
    return {stack(steps), steps};
  }

  // A slice of a loop's result that is one of its parts; a reshape of that; an element of that.
  Tensor part_in(const graph::Node& node, std::span<const Tensor> inputs) {
    if (node.operation->algebra() == Algebra::slice) {
      const std::int64_t start = ops::integer(*node.operation, "start");
      const std::int64_t count = ops::integer(*node.operation, "count");
      if (const auto parts = parts_.find(node.inputs()[0]); parts != parts_.end()) {
        const auto part = parts->second.find(start);
        return part != parts->second.end() && part->second.dim(0) == count ? part->second : Tensor{};
      }
      const auto piece = pieces_.find(inputs[0].node());
      if (piece != pieces_.end() && count == 1 && ops::integer(*node.operation, "axis") == 0) {
        return expand_dims(piece->second[static_cast<std::size_t>(start)], 0);
      }
    } else if (node.operation->algebra() == Algebra::reshape) {
      const auto flat = flats_.find(inputs[0].node());
      if (flat != flats_.end() && flat->second.second.whole.shape() == node.shape) {
        const Piece& piece = flat->second.second;
        if (!piece.steps.empty()) {
          pieces_.emplace(piece.whole.node(), piece.steps);
        }
        return piece.whole;
      }
    }
    return {};
  }

  std::vector<const graph::Node*> roots_;
  graph::Order order_;
  graph::Rebuild rebuild_;
  std::int64_t most_steps_;
  std::int64_t longest_ = 0;
  std::unordered_map<const graph::Node*, std::unordered_map<std::int64_t, Tensor>> parts_;  // of a loop, by offset
  std::unordered_map<const graph::Node*, std::pair<Tensor, Piece>> flats_;                  // by the part as a vector
  std::unordered_map<const graph::Node*, std::vector<Tensor>> pieces_;                      // by what holds all steps
};

}  // namespace

WrittenOut written_out(const Tensor& y, std::int64_t most_steps) {
  return Writer{y, most_steps}.run();
}

}  // namespace xgrad::loops
