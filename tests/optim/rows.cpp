// Tables of which a model takes rows: optimisers that read and write these rows alone.
#include "xgrad/rows.hpp"

#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "xgrad/autodiff.hpp"
#include "xgrad/compile.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/math.hpp"
#include "xgrad/nn/embedding.hpp"
#include "xgrad/optim.hpp"
#include "xgrad/plan.hpp"
#include "xgrad/random.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/row_gradient.hpp"

namespace xg = xgrad;
using doctest::Approx;

namespace {

using Row = std::vector<double>;
using Table = std::vector<Row>;

constexpr std::int64_t length = 2000;
constexpr std::int64_t width = 8;
const std::vector<std::int64_t> batch{3, 1999, 3, 17, -1, 3};

xg::Tensor indices_of(const std::vector<std::int64_t>& indices) {
  return xg::from_vector(indices, {static_cast<std::int64_t>(indices.size())});
}

Table rows_of(const xg::Tensor& table) {
  const std::vector<double> data = xg::cast(table, xg::float64).to_vector<double>();
  Table rows;
  for (std::size_t i = 0; i < data.size(); i += width) {
    rows.emplace_back(data.begin() + static_cast<std::ptrdiff_t>(i),
                      data.begin() + static_cast<std::ptrdiff_t>(i + width));
  }
  return rows;
}

xg::Tensor first_table(xg::DType dtype = xg::float64) {
  xg::Random random{5};
  return random.normal({length, width}, 0, 1, dtype).eval();
}

// ½ Σ w (E[i] − t)² over the batch: its gradient by a row is Σ w (E[i] − t) over the places that name it.
struct Pull {
  xg::Tensor weight = xg::from_vector(std::vector<double>{1, 2, 0.5, 1, 3, 0.25}, {6, 1});
  double target = 0.3;

  xg::Tensor loss(const xg::Tensor& table) const {
    return 0.5 * xg::sum(xg::cast(weight, table.dtype()) * xg::square(xg::take(table, indices_of(batch), 0) - target));
  }
  // Of the whole table, by loops.
  Table gradient(const Table& table) const {
    const Row weights = weight.to_vector<double>();
    Table result(table.size(), Row(width, 0.0));
    for (std::size_t j = 0; j < batch.size(); ++j) {
      const auto row = static_cast<std::size_t>((batch[j] + length) % length);
      for (std::size_t i = 0; i < width; ++i) {
        result[row][i] += weights[j] * (table[row][i] - target);
      }
    }
    return result;
  }
};

void check_equal(const Table& found, const Table& expected, double epsilon) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (std::size_t j = 0; j < width; ++j) {
      INFO("row " << i << ", column " << j);
      REQUIRE(found[i][j] == Approx(expected[i][j]).epsilon(epsilon));
    }
  }
}

// A step, compiled or not.
template <class Optimizer>
void run_steps(Optimizer& optimizer, const xg::Parameter& table, int steps, bool compiled) {
  const Pull pull;
  auto step = xg::compile([&] { return optimizer.step(pull.loss(table)); });
  for (int t = 0; t < steps; ++t) {
    if (compiled) {
      step();
    } else {
      optimizer.step(pull.loss(table));
    }
  }
}

}  // namespace

TEST_CASE("row_gradient: the rows that were taken, each with its whole gradient") {
  const xg::Parameter table{first_table(), "E"};
  const Table expected = Pull{}.gradient(rows_of(table));
  const auto found = xg::row_gradient(xg::gradients(Pull{}.loss(table), {table})[0]);
  REQUIRE(found.has_value());
  CHECK(found->indices.to_vector<std::int64_t>() == batch);
  const Table rows = rows_of(found->rows);
  for (std::size_t j = 0; j < batch.size(); ++j) {
    const Row& whole = expected[static_cast<std::size_t>((batch[j] + length) % length)];
    for (std::size_t i = 0; i < width; ++i) {
      CHECK(rows[j][i] == Approx(whole[i]).epsilon(1e-14));
    }
  }
}

TEST_CASE("row_gradient: of a table taken from several times, and by a matrix of indices") {
  const xg::Parameter table{first_table(), "E"};
  const xg::Tensor places = xg::from_vector<std::int64_t>({1, 2, 2, 0}, {2, 2});
  const xg::Tensor loss = xg::sum(xg::square(xg::take(table, places, 0))) + Pull{}.loss(table);
  const xg::Tensor whole = xg::gradients(loss, {table})[0];
  const auto found = xg::row_gradient(whole);
  REQUIRE(found.has_value());
  CHECK(found->indices.shape() == xg::Shape{10});
  const xg::Tensor again = xg::put_rows(xg::zeros_like(table), found->indices, found->rows);
  check_equal(rows_of(again), rows_of(whole), 1e-14);
}

TEST_CASE("row_gradient: nothing where a gradient isn't one of rows, or has been evaluated") {
  const xg::Parameter table{first_table(), "E"};
  const xg::Tensor rows = xg::gradients(Pull{}.loss(table), {table})[0];
  CHECK_FALSE(xg::row_gradient(xg::gradients(xg::sum(xg::square(table)), {table})[0]));
  CHECK_FALSE(xg::row_gradient(xg::gradients(Pull{}.loss(table) + xg::sum(table), {table})[0]));
  CHECK_FALSE(xg::row_gradient(xg::gradients(xg::sum(xg::take(table, indices_of({0}), 1)), {table})[0]));
  CHECK_FALSE(xg::row_gradient(2 * rows));
  CHECK_FALSE(xg::row_gradient(xg::ones({3})));
  rows.eval();
  CHECK_FALSE(xg::row_gradient(rows));
  CHECK_THROWS_AS(static_cast<void>(xg::row_gradient(xg::Tensor{})), xg::ValueError);
}

TEST_CASE("sgd: rows that were taken follow the recurrence, the others stay as they are") {
  for (const bool compiled : {false, true}) {
    const xg::Parameter table{first_table(), "E"};
    xg::optim::SGD sgd{{{"E", table}}, {.learning_rate = 0.05}};
    Table expected = rows_of(table);
    for (int t = 0; t < 4; ++t) {
      const Table gradient = Pull{}.gradient(expected);
      for (std::size_t i = 0; i < expected.size(); ++i) {
        std::transform(expected[i].begin(), expected[i].end(), gradient[i].begin(), expected[i].begin(),
                       [](double w, double g) { return w - 0.05 * g; });
      }
    }
    run_steps(sgd, table, 4, compiled);
    check_equal(rows_of(table), expected, 1e-13);
  }
}

TEST_CASE("sgd: bits are those of the whole gradient") {
  for (const xg::DType dtype : {xg::float32, xg::float64}) {
    const xg::Parameter table{first_table(dtype), "E"};
    const xg::Parameter other{first_table(dtype), "E"};
    xg::optim::SGD by_rows{{{"E", table}}, {.learning_rate = 0.05}};
    xg::optim::SGD whole{{{"E", other}}, {.learning_rate = 0.05}};
    for (int t = 0; t < 3; ++t) {
      by_rows.step(Pull{}.loss(table));
      const xg::Tensor gradient = xg::gradients(Pull{}.loss(other), {other})[0];
      gradient.eval();
      whole.apply(std::vector{gradient});
    }
    CHECK(rows_of(table) == rows_of(other));
  }
}

TEST_CASE("sgd: a momentum or a decay concerns all rows") {
  for (const xg::optim::SGDOptions& options : {xg::optim::SGDOptions{.learning_rate = 0.05, .momentum = 0.9},
                                               xg::optim::SGDOptions{.learning_rate = 0.05, .weight_decay = 0.1}}) {
    const xg::Parameter table{first_table(), "E"};
    const Row before = rows_of(table)[42];
    xg::optim::SGD sgd{{{"E", table}}, options};
    Table w = rows_of(table);
    Table v(w.size(), Row(width, 0.0));
    for (int t = 0; t < 3; ++t) {
      const Table gradient = Pull{}.gradient(w);
      for (std::size_t i = 0; i < w.size(); ++i) {
        for (std::size_t j = 0; j < width; ++j) {
          v[i][j] = options.momentum * v[i][j] + gradient[i][j] + options.weight_decay * w[i][j];
          w[i][j] -= options.learning_rate * v[i][j];
        }
      }
    }
    run_steps(sgd, table, 3, false);
    check_equal(rows_of(table), w, 1e-12);
  }
}

TEST_CASE("adam: lazy rows move, and their moments, when they are taken") {
  for (const bool compiled : {false, true}) {
    const xg::Parameter table{first_table(), "E"};
    xg::optim::Adam adam{{{"E", table}}, {.learning_rate = 0.01, .lazy_rows = true}};
    Table w = rows_of(table);
    Table m(w.size(), Row(width, 0.0));
    Table v = m;
    const std::vector<std::size_t> taken{3, 17, 1999};
    for (int t = 1; t <= 5; ++t) {
      const Table gradient = Pull{}.gradient(w);
      for (const std::size_t i : taken) {
        for (std::size_t j = 0; j < width; ++j) {
          const double g = gradient[i][j];
          m[i][j] = 0.9 * m[i][j] + 0.1 * g;
          v[i][j] = 0.999 * v[i][j] + 0.001 * g * g;
          w[i][j] -= 0.01 * m[i][j] / (1 - std::pow(0.9, t)) / (std::sqrt(v[i][j] / (1 - std::pow(0.999, t))) + 1e-8);
        }
      }
    }
    run_steps(adam, table, 5, compiled);
    check_equal(rows_of(table), w, 1e-12);
    for (const auto& [name, state] : adam.states()) {
      if (name == "E state 0") {
        check_equal(rows_of(state), m, 1e-12);
      }
      if (name == "E state 1") {
        check_equal(rows_of(state), v, 1e-12);
      }
    }
  }
}

TEST_CASE("adam: rows are lazy only where that is asked for, and with a gradient of rows") {
  const auto moves_untaken = [](bool lazy, bool tied) {
    const xg::Parameter table{first_table(), "E"};
    xg::optim::Adam adam{{{"E", table}}, {.learning_rate = 0.01, .lazy_rows = lazy}};
    const Row before = rows_of(table)[42];
    const xg::Tensor other = tied ? 1e-3 * xg::sum(xg::square(table)) : xg::scalar(0.0, xg::float64);
    adam.step(Pull{}.loss(table) + other);
    // The second step takes other rows: the first one's moments move theirs, unless they are lazy.
    const Row taken = rows_of(table)[17];
    adam.step(xg::sum(xg::square(xg::take(table, indices_of({0}), 0))) +
              (tied ? 1e-3 * xg::sum(xg::square(table)) : xg::scalar(0.0, xg::float64)));
    return std::pair{rows_of(table)[42] != before, rows_of(table)[17] != taken};
  };
  CHECK(moves_untaken(true, false) == std::pair{false, false});
  CHECK(moves_untaken(false, false) == std::pair{false, true});
  CHECK(moves_untaken(true, true) == std::pair{true, true});
  CHECK_THROWS_WITH_AS(
      (xg::optim::Adam{{{"E", xg::Parameter{first_table(), "E"}}}, {.weight_decay = 0.1, .lazy_rows = true}}),
      "[Adam] lazy rows with weight decay 0.1; expected none, since it concerns every row", xg::ValueError);
}

TEST_CASE("rows: no tensor of the table's size is made") {
  const std::int64_t many = 20'000;
  for (const bool lazy : {false, true}) {
    xg::Random random{1};
    const xg::nn::Embedding embedding{many, 16, random};
    xg::optim::SGD sgd{{{"E", embedding.weight}}};
    xg::optim::Adam adam{{{"E", embedding.weight}}, {.lazy_rows = true}};
    const xg::Tensor words = xg::from_vector<std::int64_t>({5, 19'999, 5, 0, -7, 12'345}, {2, 3});
    auto step = xg::compile([&](const xg::Tensor& x) {
      const xg::Tensor loss = xg::mean(xg::square(embedding(x)));
      return lazy ? adam.step(loss) : sgd.step(loss);
    });
    const float* memory = embedding.weight.value().data<float>().data();
    step(words);
    step(words);
    const std::string plan = step.describe();
    CAPTURE(plan);
    CHECK(embedding.weight.value().data<float>().data() == memory);
    CHECK(plan.find("put_rows") != std::string::npos);
    CHECK(plan.find("take_adjoint") == std::string::npos);
    CHECK(plan.find(std::to_string(many * 16 * 4)) == std::string::npos);
  }
}

TEST_CASE("rows: an index out of range changes nothing") {
  const xg::Parameter table{first_table(), "E"};
  const Table before = rows_of(table);
  xg::optim::SGD sgd{{{"E", table}}};
  CHECK_THROWS_AS(sgd.step(xg::sum(xg::square(xg::take(table, indices_of({1, length}), 0)))), xg::ValueError);
  CHECK(rows_of(table) == before);
  CHECK(sgd.steps() == 0);
}

TEST_CASE("rows: a batch that takes every row, more rows than there are, or none") {
  for (const std::vector<std::int64_t>& places :
       {std::vector<std::int64_t>{2, 1, 0}, std::vector<std::int64_t>{0, 1, 2, 2, 0}, std::vector<std::int64_t>{}}) {
    const xg::Parameter table{xg::tensor({1, 2, 4}), "E"};
    xg::optim::SGD sgd{{{"E", table}}, {.learning_rate = 0.5}};
    sgd.step(xg::sum(xg::take(table, indices_of(places), 0)));
    std::vector<float> expected{1, 2, 4};
    for (const std::int64_t place : places) {
      expected[static_cast<std::size_t>(place)] -= 0.5F;
    }
    CHECK(table.value().to_vector<float>() == expected);
  }
}

TEST_CASE("rows: someone who holds the old table keeps it") {
  const xg::Parameter table{first_table(), "E"};
  const Table before = rows_of(table);
  const xg::Tensor held = table.value();
  xg::optim::SGD sgd{{{"E", table}}};
  sgd.step(Pull{}.loss(table));
  CHECK(rows_of(held) == before);
  CHECK(rows_of(table) != before);
}

namespace {

// Signs of the gradient; with a state that isn't shaped as the value, on demand.
class Signs final : public xg::optim::Optimizer {
 public:
  Signs(std::vector<xg::NamedParameter> parameters, bool counts)
      : Optimizer{std::move(parameters), 0.125}, counts_{counts} {}

 private:
  std::vector<xg::Tensor> initial_state(const xg::Tensor& /*value*/) const override {
    return counts_ ? std::vector{xg::scalar(0.0, xg::float64)} : std::vector<xg::Tensor>{};
  }
  Update update(const xg::Tensor& value, const xg::Tensor& gradient, std::span<const xg::Tensor> state,
                const Moment& moment) const override {
    return {value - moment.learning_rate * xg::sign(gradient),
            counts_ ? std::vector{state[0] + 1.0} : std::vector<xg::Tensor>{}};
  }
  bool updates_rows_alone() const override { return true; }

  bool counts_;
};

}  // namespace

TEST_CASE("rows: a rule of one's own, also with a state of another shape") {
  for (const bool counts : {false, true}) {
    const xg::Parameter table{first_table(), "E"};
    Table expected = rows_of(table);
    const Table gradient = Pull{}.gradient(expected);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      for (std::size_t j = 0; j < width; ++j) {
        expected[i][j] -= 0.125 * static_cast<double>((gradient[i][j] > 0) - (gradient[i][j] < 0));
      }
    }
    Signs signs{{{"E", table}}, counts};
    signs.step(Pull{}.loss(table));
    CHECK(rows_of(table) == expected);
  }
}

namespace {

// Sets rows to 0, whatever they and their gradients were.
class Zeros final : public xg::optim::Optimizer {
 public:
  explicit Zeros(std::vector<xg::NamedParameter> parameters) : Optimizer{std::move(parameters), 0.125} {}

 private:
  Update update(const xg::Tensor& value, const xg::Tensor& /*gradient*/, std::span<const xg::Tensor> /*state*/,
                const Moment& /*moment*/) const override {
    return {xg::zeros(value.shape(), value.dtype()), {}};
  }
  bool updates_rows_alone() const override { return true; }
};

}  // namespace

TEST_CASE("rows: an index out of range is found where nothing else of a rule needs the rows") {
  const xg::Parameter table{first_table(), "E"};
  const Table before = rows_of(table);
  Zeros zeros{{{"E", table}}};
  const xg::Tensor gradient = xg::gradients(xg::sum(xg::take(table, indices_of({1, length}), 0)), {table})[0];
  CHECK_THROWS_AS(zeros.apply(std::vector{gradient}), xg::ValueError);
  CHECK(rows_of(table) == before);
  auto step = xg::compile([&](const xg::Tensor& x) { return zeros.step(xg::sum(xg::take(table, x, 0))); });
  CHECK_THROWS_AS(step(indices_of({1, -length - 1})), xg::ValueError);
  CHECK(rows_of(table) == before);
  step(indices_of({1, 2}));
  CHECK(rows_of(table)[2] == Row(width, 0.0));
  CHECK(rows_of(table)[3] == before[3]);
}

TEST_CASE("optimiser: a copy trains float32 parameters, too") {
  const xg::Parameter w{xg::tensor({1, 2}), "w"};
  xg::optim::SGD sgd{{{"w", w}}, {.learning_rate = 0.5}};
  xg::optim::SGD copy{sgd};
  copy.step(xg::sum(w.value()));
  CHECK(w.value().to_vector<float>() == std::vector<float>{0.5F, 1.5F});
}
