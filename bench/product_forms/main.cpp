// Which form of a product is chosen by timing: whether other processes choose the same one, and what it costs beside
// the fastest. Each shape has two rows: the form that this process chose, with the share of 20 processes that agree on
// one form as `agreement`, and the form that is fastest when all are timed for long.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../support/suite.hpp"
#include "run/products/product.hpp"

namespace bench::product_forms {

namespace {

using xgrad::run::ProductForm;
using xgrad::run::ProductShape;

struct Workload {
  std::string name;
  ProductShape shape;
};

// What the networks of mlp_step ask for: forward, backward, and update, at 128 and 1024 rows.
std::vector<Workload> workloads() {
  std::vector<Workload> result;
  for (const std::int64_t rows : {128, 1024}) {
    const std::string batch = "/" + std::to_string(rows);
    result.push_back({"784-30" + batch + "/forward", {false, true, rows, 30, 784}});
    result.push_back({"784-30" + batch + "/update", {true, false, 30, 784, rows, xgrad::float32, true}});
    result.push_back({"30-10" + batch + "/forward", {false, true, rows, 10, 30}});
    result.push_back({"30-10" + batch + "/backward", {false, false, rows, 30, 10}});
    result.push_back({"512-10" + batch + "/backward", {false, false, rows, 512, 10}});
    result.push_back({"512-10" + batch + "/update", {true, false, 10, 512, rows, xgrad::float32, true}});
  }
  result.push_back({"512-512/32/forward", {false, true, 32, 512, 512}});
  return result;
}

constexpr int processes = 20;
constexpr const char* choose_only = "--choose-only";

// The forms that another process of this program chooses, in the order of workloads().
std::vector<std::string> choices_of_another(const std::string& program) {
  std::vector<std::string> result;
  const std::string command = "'" + program + "' " + choose_only;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe{popen(command.c_str(), "r"), &pclose};
  std::array<char, 256> line{};
  while (pipe != nullptr && std::fgets(line.data(), static_cast<int>(line.size()), pipe.get()) != nullptr) {
    result.emplace_back(line.data(), std::strcspn(line.data(), "\n"));
  }
  return result;
}

// Per workload the share of processes that didn't choose the form that most of them did.
std::vector<double> disagreement(const std::string& program, std::size_t count) {
  std::vector<std::map<std::string, int>> chosen(count);
  for (int i = 0; i < processes; ++i) {
    const auto choices = choices_of_another(program);
    for (std::size_t j = 0; j < std::min(count, choices.size()); ++j) {
      ++chosen[j][choices[j]];
    }
  }
  std::vector<double> result;
  for (const auto& forms : chosen) {
    int most = 0;
    for (const auto& [form, times] : forms) {
      most = std::max(most, times);
    }
    result.push_back(1 - static_cast<double>(most) / processes);
  }
  return result;
}

class Operands {
 public:
  explicit Operands(const ProductShape& shape)
      : shape_{shape}, a_(lines(shape.m * shape.k)), b_(lines(shape.k * shape.n)), c_(lines(shape.m * shape.n)) {}

  void multiply(const ProductForm& form) {
    xgrad::run::product<float>(shape_, form, 1, data(a_), data(b_), shape_.adds ? 1.0F : 0.0F, data(c_));
  }

 private:
  struct alignas(64) Line {
    std::array<float, 16> elements{};
  };
  static std::size_t lines(std::int64_t count) { return static_cast<std::size_t>(count) / 16 + 1; }
  static float* data(std::vector<Line>& memory) { return memory.front().elements.data(); }

  ProductShape shape_;
  std::vector<Line> a_;
  std::vector<Line> b_;
  std::vector<Line> c_;
};

// By the shortest of many calls, the forms taking turns.
ProductForm fastest(const ProductShape& shape) {
  using Clock = std::chrono::steady_clock;
  constexpr int rounds = 300;
  Operands operands{shape};
  const auto forms = xgrad::run::product_forms(shape);
  std::vector<Clock::duration> best(forms.size(), Clock::duration::max());
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < forms.size(); ++i) {
      const auto start = Clock::now();
      operands.multiply(forms[i]);
      best[i] = std::min(best[i], Clock::now() - start);
    }
  }
  return forms[static_cast<std::size_t>(std::min_element(best.begin(), best.end()) - best.begin())];
}

void run(benchmark::State& state, const Workload& workload, const ProductForm& form) {
  Operands operands{workload.shape};
  operands.multiply(form);
  for (auto _ : state) {
    operands.multiply(form);
    benchmark::ClobberMemory();
  }
  state.SetLabel(to_string(form));
}

void register_all(const std::string& program) {
  const auto all = workloads();
  const auto disagreed = std::make_shared<std::vector<double>>();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Workload& workload = all[i];
    const std::string name = "product_forms/" + workload.name;
    const std::size_t count = all.size();
    add(
        name + "/chosen",
        [=] {
          if (disagreed->empty()) {
            *disagreed = disagreement(program, count);
          }
          return std::string{(*disagreed)[i] < 1 ? "" : "no other process chose a form"};
        },
        [=](benchmark::State& state) {
          run(state, workload, xgrad::run::product_form(workload.shape));
          state.counters["disagreement"] = (*disagreed)[i];
        });
    const auto form = std::make_shared<ProductForm>();
    add(
        name + "/fastest",
        [=] {
          *form = fastest(workload.shape);
          return std::string{};
        },
        [=](benchmark::State& state) { run(state, workload, *form); });
  }
}

}  // namespace

}  // namespace bench::product_forms

int main(int argc, char** argv) {
  using namespace bench::product_forms;
  if (argc == 2 && std::strcmp(argv[1], choose_only) == 0) {
    for (const auto& workload : workloads()) {
      std::puts(to_string(xgrad::run::product_form(workload.shape)).c_str());
    }
    return 0;
  }
  register_all(argv[0]);
  return bench::run(argc, argv);
}
