// Gradients with respect to a tensor of which many parts are used: right, and at the cost of the tensor and its parts.
#include <doctest/doctest.h>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

namespace xg = xgrad;
using xg::Tensor;
using Doubles = std::vector<double>;

namespace {

constexpr std::int64_t rows = 12;
constexpr std::int64_t columns = 5;

Tensor doubles(const Doubles& values, const xg::Shape& shape) {
  return xg::from_vector(values, shape);
}

/// One use of a part: how it is taken, and where its elements are in the flat tensor of rows × columns.
struct Use {
  std::string name;
  std::function<Tensor(const Tensor&)> take;
  std::vector<std::int64_t> elements;
};

std::vector<std::int64_t> elements_of(const std::vector<std::int64_t>& of_rows,
                                      const std::vector<std::int64_t>& of_columns) {
  std::vector<std::int64_t> result;
  for (const std::int64_t row : of_rows) {
    for (const std::int64_t column : of_columns) {
      result.push_back(row * columns + column);
    }
  }
  return result;
}

std::vector<std::int64_t> range(std::int64_t start, std::int64_t stop, std::int64_t step = 1) {
  std::vector<std::int64_t> result;
  for (std::int64_t i = start; step > 0 ? i < stop : i > stop; i += step) {
    result.push_back(i);
  }
  return result;
}

const std::vector<std::int64_t> all_columns = range(0, columns);
const std::vector<std::int64_t> all_rows = range(0, rows);

Use row(std::int64_t i) {
  return {"row " + std::to_string(i), [=](const Tensor& x) { return x.at({i}); }, elements_of({i}, all_columns)};
}
Use column(std::int64_t j) {
  return {"column " + std::to_string(j),
          [=](const Tensor& x) {
            return x.at({xg::ellipsis, j});
          },
          elements_of(all_rows, {j})};
}
Use sliced(std::int64_t start, std::int64_t stop, std::int64_t step = 1) {
  return {"slice",
          [=](const Tensor& x) {
            return xg::slice(x, {start, stop, step});
          },
          elements_of(range(start, stop, step), all_columns)};
}
Use taken(const std::vector<std::int64_t>& indices) {
  std::vector<std::int64_t> of_rows = indices;
  for (std::int64_t& i : of_rows) {
    i += i < 0 ? rows : 0;
  }
  return {"take",
          [=](const Tensor& x) {
            return xg::take(x, xg::from_vector(indices, {static_cast<std::int64_t>(indices.size())}), 0);
          },
          elements_of(of_rows, all_columns)};
}
Use gathered(const std::vector<std::int64_t>& one_per_column) {
  std::vector<std::int64_t> elements;
  elements.reserve(columns);
  for (std::int64_t j = 0; j < columns; ++j) {
    elements.push_back(one_per_column[static_cast<std::size_t>(j)] * columns + j);
  }
  return {"gather",
          [=](const Tensor& x) {
            return xg::gather(x, xg::from_vector(one_per_column, {1, columns}), 0);
          },
          elements};
}
Use flat(std::int64_t start, std::int64_t stop) {
  return {"slice of a view",
          [=](const Tensor& x) {
            return xg::slice(xg::reshape(x, xg::Shape{rows * columns}), {start, stop});
          },
          range(start, stop)};
}
Use element(std::int64_t i, std::int64_t j) {
  return {"element", [=](const Tensor& x) { return x.at({i, j - columns}); }, {i * columns + j}};
}
Use corner(std::int64_t stop, std::int64_t j) {
  return {"part of a column",
          [=](const Tensor& x) {
            return x.at({xg::Slice{0, stop}, j});
          },
          elements_of(range(0, stop), {j})};
}
Use inner(std::int64_t i, std::int64_t j) {
  return {"of three axes",
          [=](const Tensor& x) {
            return xg::reshape(x, xg::Shape{3, 4, columns}).at({i, j, xg::Slice{1, 3}});
          },
          elements_of({i * 4 + j}, {1, 2})};
}
Use whole() {
  return {"whole", [](const Tensor& x) { return x * 1.0; }, range(0, rows * columns)};
}

// Weights that differ for every use and element.
double weight(std::size_t use, std::size_t element) {
  return 0.25 + static_cast<double>((7 * use + 3 * element) % 11);
}

// Σ over uses and elements of weight · part³.
Tensor objective(const Tensor& x, const std::vector<Use>& uses) {
  Tensor total;
  for (std::size_t u = 0; u < uses.size(); ++u) {
    const Tensor part = uses[u].take(x);
    REQUIRE(part.size() == static_cast<std::int64_t>(uses[u].elements.size()));
    Doubles weights;
    for (std::size_t k = 0; k < uses[u].elements.size(); ++k) {
      weights.push_back(weight(u, k));
    }
    const Tensor term = xg::sum(part * part * part * doubles(weights, part.shape()));
    total = total.defined() ? total + term : term;
  }
  return total;
}

// Per element of x, Σ of the weights of its uses.
Doubles total_weights(const std::vector<Use>& uses) {
  Doubles totals(rows * columns, 0.0);
  for (std::size_t u = 0; u < uses.size(); ++u) {
    for (std::size_t k = 0; k < uses[u].elements.size(); ++k) {
      totals[static_cast<std::size_t>(uses[u].elements[k])] += weight(u, k);
    }
  }
  return totals;
}

void check_near(const Tensor& found, const Doubles& expected) {
  const Doubles values = found.to_vector<double>();
  REQUIRE(values.size() == expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    CAPTURE(i);
    CHECK(values[i] == doctest::Approx(expected[i]).epsilon(1e-13));
  }
}

void check_uses(const std::string& title, const std::vector<Use>& uses) {
  CAPTURE(title);
  Doubles values;
  Doubles directions;
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    values.push_back(0.5 + 0.125 * static_cast<double>(i % 9));
    directions.push_back(1.0 - 0.25 * static_cast<double>(i % 5));
  }
  const Doubles weights = total_weights(uses);
  Doubles first;
  Doubles second;
  Doubles third;
  double tangent = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    first.push_back(3 * weights[i] * values[i] * values[i]);
    second.push_back(6 * weights[i] * values[i] * directions[i]);
    third.push_back(6 * weights[i] * directions[i] * directions[i]);
    tangent += first.back() * directions[i];
  }
  const Tensor v = doubles(directions, {rows, columns});
  for (const bool optimize : {true, false}) {
    CAPTURE(optimize);
    const xg::PlanScope scope{{.simplify = optimize, .fuse = optimize}};
    const auto derivatives = [&](const Tensor& x) {
      const Tensor y = objective(x, uses);
      const Tensor g = xg::gradients(y, {x})[0];
      const Tensor h = xg::gradients(xg::sum(g * v), {x})[0];
      return std::vector<Tensor>{g, h, xg::gradients(xg::sum(h * v), {x})[0], xg::jvp({y}, {x}, {v})[0]};
    };
    const auto check = [&](const std::vector<Tensor>& found) {
      check_near(found[0], first);
      check_near(found[1], second);
      check_near(found[2], third);
      CHECK(found[3].item() == doctest::Approx(tangent).epsilon(1e-13));
    };
    const Tensor leaf = xg::variable(doubles(values, {rows, columns}));
    check(derivatives(leaf));
    check(derivatives(leaf * 1.0));  // in the middle of a graph
    auto compiled = xg::compile([&](const Tensor& x) { return derivatives(x); });
    check(compiled(leaf));
  }
}

// The elements of all tensors behind this one; a reshape is no tensor of its own.
std::int64_t elements_behind(const Tensor& tensor) {
  const auto list = xg::nodes(tensor);
  return std::accumulate(list.begin(), list.end(), std::int64_t{0}, [](std::int64_t sum, const xg::NodeInfo& node) {
    return sum + (node.operation == "reshape" ? 0 : node.shape.size());
  });
}

}  // namespace

TEST_CASE("parts: gradients of any mixture of parts, to the third order, are those of sums written out") {
  check_uses("rows", {row(0), row(5), row(3)});
  std::vector<Use> every_row;
  std::vector<Use> every_column;
  every_row.reserve(rows);
  every_column.reserve(columns);
  for (std::int64_t i = 0; i < rows; ++i) {
    every_row.push_back(row(rows - 1 - i));
  }
  for (std::int64_t j = 0; j < columns; ++j) {
    every_column.push_back(column(j));
  }
  check_uses("all rows, the last first", every_row);
  check_uses("all columns", every_column);
  check_uses("stretches with gaps", {sliced(1, 3), sliced(8, 12), sliced(5, 6)});
  check_uses("stretches that overlap", {sliced(0, 7), sliced(5, 12), sliced(6, 7)});
  check_uses("windows of two",
             {sliced(0, 2), sliced(1, 3), sliced(2, 4), sliced(3, 5), sliced(4, 6), sliced(5, 7), sliced(6, 8)});
  check_uses("the same row again and again", {row(4), row(4), row(4), row(4), row(4), row(4), row(4)});
  check_uses("even and odd", {sliced(0, 12, 2), sliced(1, 12, 2)});
  check_uses("backwards", {sliced(11, 5, -1), sliced(7, 2, -2), row(1)});
  check_uses("nothing, and a row", {sliced(3, 3), row(2), sliced(4, 4)});
  check_uses("nothing at all", {sliced(3, 3), sliced(4, 4), whole()});
  check_uses("rows by index, with repeats", {taken({1, 1, -1}), taken({1}), taken({0, 11, 2})});
  check_uses("elements by index", {gathered({0, 1, 2, 3, 4}), gathered({0, 5, 5, 11, 4}), gathered({2, 2, 2, 2, 2})});
  check_uses("views", {flat(0, 30), flat(30, 60), flat(10, 15), row(1)});
  check_uses("elements", {element(0, 0), element(3, 4), element(3, 4), element(11, 2), row(3), element(7, 1)});
  check_uses("parts of parts", {corner(5, 1), corner(7, 1), corner(2, 4), inner(0, 0), inner(2, 3), inner(1, 3)});
  check_uses("of everything some",
             {row(0), whole(), column(1), taken({3, -2}), flat(3, 17), gathered({0, 1, 2, 3, 4}), sliced(1, 12, 3),
              row(7), whole(), taken({3}), column(4), gathered({7, 7, 7, 7, 7}), flat(20, 41)});
}

TEST_CASE("parts: the gradient of n parts holds elements linear in n, whichever way they are taken") {
  constexpr std::int64_t wide = 4;
  const auto elements = [](std::int64_t n, const std::function<Tensor(const Tensor&, std::int64_t)>& take) {
    const Tensor leaf = xg::variable(xg::ones({n, wide}));
    const Tensor x = leaf * 2.0;
    Tensor y = xg::scalar(0);
    for (std::int64_t t = 0; t < n; ++t) {
      y = y + xg::sum(xg::square(take(x, t)));
    }
    const Tensor g = xg::gradients(y, {leaf})[0];
    return elements_behind(g) + elements_behind(xg::gradients(xg::sum(xg::square(g)), {leaf})[0]);
  };
  const std::vector<std::pair<std::string, std::function<Tensor(const Tensor&, std::int64_t)>>> ways{
      {"at", [](const Tensor& x, std::int64_t t) { return x.at({t}); }},
      {"at of the elements of long rows",
       [](const Tensor& x, std::int64_t t) {
         return xg::reshape(x, xg::Shape{2, x.size() / 2}).at({t % 2, t});
       }},
      {"slice",
       [](const Tensor& x, std::int64_t t) {
         return xg::slice(x, {t, t + 1});
       }},
      {"slice, every other one left out",
       [](const Tensor& x, std::int64_t t) {
         return xg::slice(x, {t - t % 2, t - t % 2 + 1});
       }},
      {"windows that overlap",
       [](const Tensor& x, std::int64_t t) {
         return xg::slice(x, {t, std::min(t + 3, x.shape()[0])});
       }},
      {"split",
       [](const Tensor& x, std::int64_t t) { return xg::split(x, x.shape()[0])[static_cast<std::size_t>(t)]; }},
      {"slice of a view",
       [](const Tensor& x, std::int64_t t) {
         return xg::slice(xg::reshape(x, xg::Shape{x.size()}), {t, t + wide});
       }},
      {"take",
       [](const Tensor& x, std::int64_t t) {
         return xg::take(x, xg::from_vector(std::vector<std::int64_t>{t / 2}, xg::Shape{1}));
       }},
      {"take by a number",
       [](const Tensor& x, std::int64_t t) { return xg::take(x, xg::scalar(static_cast<double>(t), xg::int64)); }},
      {"gather",
       [](const Tensor& x, std::int64_t t) {
         return xg::gather(x, xg::full({1, wide}, static_cast<double>(t), xg::int64), 0);
       }},
  };
  for (const auto& [name, take] : ways) {
    CAPTURE(name);
    CHECK(elements(256, take) <= 4.2 * static_cast<double>(elements(64, take)));
  }
}
