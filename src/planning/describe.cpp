#include "planning/describe.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

namespace xgrad::planning {

namespace {

std::string bytes_text(std::size_t bytes) {
  constexpr std::size_t kibi = 1024;
  if (bytes < 10 * kibi) {
    return fmt::format("{} B", bytes);
  }
  if (bytes < 10 * kibi * kibi) {
    return fmt::format("{} KiB", bytes / kibi);
  }
  return fmt::format("{} MiB", bytes / (kibi * kibi));
}

std::string layer_text(const std::string& scope) {
  return scope.empty() ? "(no layer)" : scope;
}

struct Layer {
  std::string scope;
  std::uint64_t nanoseconds = 0;
  std::size_t bytes = 0;
};

std::vector<Layer> layers_of(const run::Plan& plan) {
  std::vector<Layer> layers;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    auto layer = std::find_if(layers.begin(), layers.end(),
                              [&](const Layer& known) { return known.scope == plan.infos[i].scope; });
    if (layer == layers.end()) {
      layer = layers.insert(layers.end(), {plan.infos[i].scope});
    }
    layer->nanoseconds += plan.profile()[i].nanoseconds;
    layer->bytes += plan.infos[i].bytes;
  }
  return layers;
}

}  // namespace

std::string describe(const run::Plan& plan) {
  std::string text;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const run::StepInfo& info = plan.infos[i];
    text += fmt::format("{:>3}  {:<56} → {:<28} {:>10}  {}\n", i, plan.steps[i]->describe(), info.result,
                        bytes_text(info.bytes), info.scope);
  }
  text += fmt::format("{} steps; {} of memory between them, {} without sharing\n", plan.steps.size(),
                      bytes_text(plan.arena_bytes), bytes_text(plan.unplanned_bytes));
  return text;
}

std::string profile(const run::Plan& plan) {
  const std::uint64_t runs = plan.runs_timed();
  if (runs == 0) {
    return "no run was timed\n";
  }
  std::uint64_t total = 0;
  for (const run::StepProfile& step : plan.profile()) {
    total += step.nanoseconds;
  }
  const auto line = [&](std::uint64_t nanoseconds, std::size_t bytes, const std::string& what) {
    return fmt::format("{:>12.2f} us {:>6.1f} % {:>10}  {}\n",
                       static_cast<double>(nanoseconds) / static_cast<double>(runs) / 1e3,
                       total == 0 ? 0.0 : 100.0 * static_cast<double>(nanoseconds) / static_cast<double>(total),
                       bytes_text(bytes), what);
  };
  std::string text = fmt::format("mean of {} runs\n", runs);
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const run::StepInfo& info = plan.infos[i];
    bytes += info.bytes;
    text += line(plan.profile()[i].nanoseconds, info.bytes,
                 fmt::format("{:<56} → {}  {}", plan.steps[i]->describe(), info.result, info.scope));
  }
  text += "by layer\n";
  for (const Layer& layer : layers_of(plan)) {
    text += line(layer.nanoseconds, layer.bytes, layer_text(layer.scope));
  }
  return text + line(total, bytes, "all");
}

}  // namespace xgrad::planning
