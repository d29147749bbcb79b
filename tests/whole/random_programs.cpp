// Random programs are computed node by node, simplified, fused, both, and compiled; all have to agree.
//
//   agreement of two tensors:  |aᵢ − bᵢ| ≤ tolerance · max(1, largest |b|) for every i, NaN with NaN
//
// with a tolerance of 1e-11 in float64 and 2e-3 where a program has float32 in it: the rounding of some tens of
// operations, forward and backward, with some room for what they amplify. XGRAD_PROGRAMS=N runs that many programs,
// XGRAD_PROGRAM_SEED=S the one of that seed.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/random_program.hpp"
#include "support/sanitizers.hpp"

namespace xg = xgrad;
using namespace xgrad::test;
using xg::Tensor;

namespace {

constexpr double float64_tolerance = 1e-11;
constexpr double float32_tolerance = 2e-3;
constexpr double learning_rate = 0.125;

constexpr xg::PlanOptions node_by_node{.simplify = false, .fuse = false};

/// All that a program gives, in a fixed order.
struct Outcome {
  std::vector<Tensor> outputs;
  std::vector<Tensor> gradients;
  std::vector<Tensor> held;

  [[nodiscard]] std::vector<Tensor> all() const {
    std::vector<Tensor> list = outputs;
    list.insert(list.end(), gradients.begin(), gradients.end());
    list.insert(list.end(), held.begin(), held.end());
    return list;
  }
};

// Weights that differ, so that an exchange of elements shows.
Tensor weights_like(const Tensor& y) {
  const auto n = static_cast<double>(std::max<std::int64_t>(y.size(), 1));
  return xg::reshape(xg::linspace(0.5 / n, 1.5 / n, y.size(), xg::float64), y.shape()).eval();
}

Outcome build(std::uint64_t seed, const std::vector<Tensor>& leaves, std::string* listing = nullptr) {
  const Program program = build_program(seed, Operations::all, leaves);
  if (listing != nullptr) {
    *listing = program.listing;
  }
  Tensor loss = xg::scalar(0, xg::float64);
  for (const Tensor& output : program.outputs) {
    loss = loss + xg::sum(weights_like(output) * xg::cast(output, xg::float64));
  }
  return {program.outputs, xg::gradients(loss, leaves, {.unconnected = xg::Unconnected::zeros}), program.held};
}

std::vector<Tensor> as_variables(const std::vector<Tensor>& values) {
  std::vector<Tensor> variables;
  std::transform(values.begin(), values.end(), std::back_inserter(variables), xg::variable);
  return variables;
}

std::vector<double> doubles_of(const Tensor& tensor) {
  return xg::cast(tensor.detach(), xg::float64).to_vector<double>();
}

using Arrays = std::vector<std::vector<double>>;

// Define-by-run, all in one plan.
Arrays computed(std::uint64_t seed, const std::vector<Tensor>& values, const xg::PlanOptions& options) {
  std::vector<Tensor> all;
  {
    const xg::PlanScope scope{options};
    const Outcome outcome = build(seed, as_variables(values));
    all = outcome.all();
    xg::eval(all);
  }
  const xg::PlanScope plain{node_by_node};
  Arrays arrays;
  std::transform(all.begin(), all.end(), std::back_inserter(arrays), doubles_of);
  return arrays;
}

std::string difference(const std::vector<double>& found, const std::vector<double>& expected, double tolerance) {
  if (found.size() != expected.size()) {
    return "sizes differ";
  }
  double largest = 1;
  for (const double x : expected) {
    largest = std::isfinite(x) ? std::max(largest, std::abs(x)) : largest;
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    const bool same = found[i] == expected[i] || (std::isnan(found[i]) && std::isnan(expected[i]));
    if (!same && !(std::abs(found[i] - expected[i]) <= tolerance * largest)) {
      return "element " + std::to_string(i) + " of " + std::to_string(found.size()) + ": " + std::to_string(found[i]) +
             " instead of " + std::to_string(expected[i]) + ", by " +
             std::to_string((found[i] - expected[i]) / largest * 1e12) + "e-12 of the largest";
    }
  }
  return {};
}

// The first tensor that differs, or an empty string.
std::string difference(const Arrays& found, const Arrays& expected, double tolerance) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const std::string text = i < found.size() ? difference(found[i], expected[i], tolerance) : "too few";
    if (!text.empty()) {
      return "tensor " + std::to_string(i) + ": " + text;
    }
  }
  return {};
}

// W − η g, by hand.
Arrays updated(const std::vector<Tensor>& values, const Arrays& expected, std::size_t output_count) {
  Arrays result;
  for (std::size_t i = 0; i < values.size(); ++i) {
    result.push_back(doubles_of(values[i]));
    for (std::size_t j = 0; j < result[i].size(); ++j) {
      result[i][j] -= learning_rate * expected[output_count + i][j];
    }
  }
  return result;
}

/// A seed's program, compiled with an update of its leaves.
class CompiledProgram {
 public:
  CompiledProgram(std::uint64_t seed, const std::vector<Tensor>& values) : seed_{seed} {
    for (const Tensor& value : values) {
      cells_.emplace_back(value.clone());
    }
  }

  // Empty if the results and the leaves after it are those expected.
  std::string check(const std::vector<Tensor>& values, const Arrays& expected, double tolerance) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      cells_[i].set(values[i].clone());
    }
    const std::vector<Tensor> results = step_();
    Arrays arrays;
    Arrays leaves;
    std::transform(results.begin(), results.end(), std::back_inserter(arrays), doubles_of);
    for (const xg::Parameter& cell : cells_) {
      leaves.push_back(doubles_of(cell.value()));
    }
    const std::string text = difference(arrays, expected, tolerance);
    if (!text.empty()) {
      return text;
    }
    const std::string update = difference(leaves, updated(values, expected, output_count_), tolerance);
    return update.empty() ? update : "updated leaf, " + update;
  }

 private:
  std::vector<Tensor> call() {
    std::vector<Tensor> leaves(cells_.begin(), cells_.end());
    const Outcome outcome = build(seed_, leaves);
    output_count_ = outcome.outputs.size();
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      cells_[i].set(leaves[i] - learning_rate * outcome.gradients[i]);
    }
    return outcome.all();
  }

  struct Step {
    CompiledProgram* self;
    std::vector<Tensor> operator()() const { return self->call(); }
  };

  std::uint64_t seed_;
  std::vector<xg::Parameter> cells_;
  std::size_t output_count_ = 0;
  xg::Compiled<Step> step_ = xg::compile(Step{this});
};

// What is wrong about a seed's program, or an empty string.
std::string fault(std::uint64_t seed) {
  const auto leaves = program_leaves(seed);
  const double tolerance = has_float32(seed) ? float32_tolerance : float64_tolerance;
  const std::vector<std::vector<Tensor>> turns{leaf_values(leaves, seed, 0), leaf_values(leaves, seed, 1)};
  std::vector<Arrays> expected;
  for (const auto& values : turns) {
    expected.push_back(computed(seed, values, node_by_node));
  }
  const std::pair<const char*, xg::PlanOptions> ways[]{{"simplified", {.simplify = true, .fuse = false}},
                                                       {"fused", {.simplify = false, .fuse = true}},
                                                       {"simplified and fused", {.simplify = true, .fuse = true}}};
  for (const auto& [way, options] : ways) {
    for (std::size_t turn = 0; turn < turns.size(); ++turn) {
      const std::string text = difference(computed(seed, turns[turn], options), expected[turn], tolerance);
      if (!text.empty()) {
        return std::string{way} + (turn == 0 ? ": " : ", with other values: ") + text;
      }
    }
  }
  CompiledProgram compiled{seed, turns[0]};
  for (std::size_t turn = 0; turn < turns.size(); ++turn) {
    const std::string text = compiled.check(turns[turn], expected[turn], tolerance);
    if (!text.empty()) {
      return std::string{"compiled"} + (turn == 0 ? ": " : ", with other values: ") + text;
    }
  }
  return {};
}

std::string listing_of(std::uint64_t seed, Operations operations) {
  const auto leaves = program_leaves(seed);
  std::string text;
  for (const ProgramLeaf& leaf : leaves) {
    text += "  leaf " + xg::to_string(leaf.shape) + " " + std::string{xg::to_string(leaf.dtype)} + "\n";
  }
  return text + build_program(seed, operations, leaf_values(leaves, seed, 0)).listing;
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe)
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Runs `check` on the seeds asked for, and prints the programs that fail, but not more than a few.
template <class Check>
void check_seeds(std::uint64_t count, Operations operations, Check check) {
  const std::uint64_t only = number_from("XGRAD_PROGRAM_SEED", 0);
  std::size_t failures = 0;
  for (std::uint64_t seed = only == 0 ? 1 : only; seed <= (only == 0 ? count : only) && failures < 3; ++seed) {
    std::string text;
    try {
      text = check(seed);
    } catch (const std::exception& error) {
      text = std::string{"threw "} + error.what();
    }
    if (!text.empty()) {
      ++failures;
      FAIL_CHECK("XGRAD_PROGRAM_SEED=" << seed << " " << text << "\n" << listing_of(seed, operations));
    }
  }
  CHECK(failures == 0);
}

std::uint64_t program_count() {
  return number_from("XGRAD_PROGRAMS", sanitized ? 200 : 2000);
}

bool same_bits(const Tensor& a, const Tensor& b) {
  const auto compare = [&]<class T>(T /*unused*/) {
    return std::memcmp(a.data<T>().data(), b.data<T>().data(), static_cast<std::size_t>(a.size()) * sizeof(T)) == 0;
  };
  return a.shape() == b.shape() && a.dtype() == b.dtype() &&
         (a.dtype() == xg::float32 ? compare(float{}) : compare(double{}));
}

}  // namespace

TEST_CASE("random programs: values, gradients and updates are the same whichever way they are computed") {
  check_seeds(program_count(), Operations::all, fault);
}

TEST_CASE("random programs: element-wise ones give the same bits fused as node by node") {
  check_seeds(program_count(), Operations::elementwise, [](std::uint64_t seed) -> std::string {
    const auto values = leaf_values(program_leaves(seed), seed, 0);
    const auto computed_with = [&](const xg::PlanOptions& options) {
      const xg::PlanScope scope{options};
      const Program program = build_program(seed, Operations::elementwise, values);
      std::vector<Tensor> all = program.outputs;
      all.insert(all.end(), program.held.begin(), program.held.end());
      xg::eval(all);
      return all;
    };
    const auto expected = computed_with(node_by_node);
    const auto found = computed_with({.simplify = false, .fuse = true});
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (!same_bits(found[i], expected[i])) {
        return "tensor " + std::to_string(i) + " has other bits";
      }
    }
    return {};
  });
}
