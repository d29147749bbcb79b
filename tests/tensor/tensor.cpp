#include "xgrad/tensor.hpp"

#include <cstdint>
#include <doctest/doctest.h>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "xgrad/autodiff.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/math.hpp"
#include "xgrad/optim.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/reduce.hpp"

#include "support/message_of.hpp"

namespace xgrad {

namespace {

const std::vector<double> two_three{2, 3};

Tensor pair_of() {
  return from_vector(two_three, {2});
}

}  // namespace

// Copied handles are what some of these tests are about.
// NOLINTBEGIN(performance-unnecessary-copy-initialization)

TEST_CASE("tensor: item reads the only element of any dtype and rank") {
  CHECK_EQ(scalar(2.5, float64).item(), 2.5);
  CHECK_EQ(full({1, 1}, -3, int64).item(), -3.0);
  CHECK_EQ(ones({1}, boolean).item(), 1.0);
  CHECK_EQ(full({}, 0.5).item(), 0.5);
}

TEST_CASE("tensor: item of several elements or none is a ShapeError with the tensor's name and shape") {
  const Tensor x = ones({2, 3});
  x.named("weights");
  const std::string message = message_of<ShapeError>([&] { return x.item(); });
  CHECK(contains(message, "[item]"));
  CHECK(contains(message, "'weights' (2, 3)"));
  CHECK_THROWS_AS(static_cast<void>(zeros({0}).item()), ShapeError);
}

TEST_CASE("tensor: data is row-major, 64-byte aligned, and the same memory for every handle") {
  const Tensor x = from_vector(std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3});
  const Tensor copy = x;
  CHECK_EQ(x.data<float>()[5], 6.0F);
  CHECK_EQ(x.data<float>().data(), copy.data<float>().data());
  for (const std::int64_t length : {1, 3, 1000}) {
    const Tensor sum_of = ones({length}) + 1.0;
    CHECK_EQ(reinterpret_cast<std::uintptr_t>(sum_of.data<float>().data()) % 64, 0);  // NOLINT: its address
  }
}

TEST_CASE("tensor: data of another element type is a DTypeError that names both") {
  const Tensor x = ones({2});
  const std::string message = message_of<DTypeError>([&] { return x.data<double>(); });
  CHECK(contains(message, "float32"));
  CHECK(contains(message, "float64"));
  CHECK_THROWS_AS(static_cast<void>(ones({2}, boolean).to_vector<std::int64_t>()), DTypeError);
}

TEST_CASE("tensor: dim takes negative axes, out of range is a ShapeError") {
  const Tensor x = zeros({4, 5});
  CHECK_EQ(x.dim(0), 4);
  CHECK_EQ(x.dim(-1), 5);
  CHECK_EQ(x.size(), 20);
  CHECK_EQ(x.rank(), 2);
  CHECK_THROWS_AS(static_cast<void>(x.dim(2)), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(scalar(1).dim(0)), ShapeError);
}

TEST_CASE("tensor: an undefined one says so, whatever it is asked") {
  const Tensor none;
  CHECK_FALSE(none.defined());
  const auto refuses = [](auto call) { CHECK(contains(message_of<ValueError>(call), "undefined")); };
  refuses([&] { return none.shape(); });
  refuses([&] { return none.dtype(); });
  refuses([&] { return none.size(); });
  refuses([&] { return none.dim(0); });
  refuses([&] { return none.item(); });
  refuses([&] { return none.data<float>(); });
  refuses([&] { return none.eval(); });
  refuses([&] { return none.evaluated(); });
  refuses([&] { return none.has_history(); });
  refuses([&] { return none.name(); });
  refuses([&] { return none.named("x"); });
  refuses([&] { return none.detach(); });
  refuses([&] { return none.clone(); });
  refuses([&] { return none + none; });
  refuses([&] { return 1.0 - none; });
  refuses([&] { return variable(none); });
  refuses([&] { return to_string(none); });
  refuses([&] { return Parameter{none}; });
}

TEST_CASE("tensor: a name is the node's, seen by every handle and in errors") {
  const Tensor x = ones({2});
  const Tensor same = x;
  CHECK_EQ(x.name(), "");
  x.named("z1");
  CHECK_EQ(same.name(), "z1");
  CHECK(contains(message_of<ShapeError>([&] { return x + ones({3}); }), "'z1' (2,)"));
  x.named("z2");
  CHECK_EQ(same.name(), "z2");
}

TEST_CASE("tensor: copies, moves and assignments of handles, also to themselves") {
  Tensor x = pair_of();
  const Tensor copy = x;
  const Tensor moved = std::move(x);
  CHECK_EQ(moved.to_vector<double>(), two_three);
  CHECK_EQ(copy.node(), moved.node());
  Tensor other = zeros({1});
  other = moved;
  const Tensor& alias = other;
  other = alias;
  CHECK_EQ(other.to_vector<double>(), two_three);
  other = Tensor{};
  CHECK_FALSE(other.defined());
  CHECK_EQ(copy.to_vector<double>(), two_three);
}

TEST_CASE("tensor: nothing is computed before it is read, and then once") {
  const Tensor x = pair_of();
  const Tensor y = x * 2.0;
  CHECK(x.evaluated());
  CHECK_FALSE(y.evaluated());
  CHECK_EQ(y.shape(), Shape{2});
  const double* first = y.data<double>().data();
  CHECK(y.evaluated());
  y.eval();
  CHECK_EQ(y.data<double>().data(), first);
}

TEST_CASE("eval: several tensors in one plan, also shared, repeated and evaluated ones") {
  const Tensor x = pair_of();
  const Tensor shared = x * x;
  const Tensor a = shared + 1.0;
  const Tensor b = shared - 1.0;
  eval({a, b, a, x});
  CHECK(a.evaluated());
  CHECK(b.evaluated());
  CHECK(shared.evaluated());
  CHECK_EQ(a.to_vector<double>(), std::vector<double>{5, 10});
  CHECK_EQ(b.to_vector<double>(), std::vector<double>{3, 8});
  eval({});
  CHECK_THROWS_AS(eval({a, Tensor{}}), ValueError);
}

TEST_CASE("eval: an intermediate with a handle keeps its value, also where a result may overwrite its inputs") {
  const Tensor x = pair_of();
  const Tensor held = x + 1.0;
  const Tensor result = exp(-(held * held));
  result.eval();
  CHECK(held.evaluated());
  CHECK_EQ(held.to_vector<double>(), std::vector<double>{3, 4});
  CHECK_EQ(x.to_vector<double>(), two_three);
}

TEST_CASE("eval: an error in a kernel leaves the tensors as they were, and may be tried again") {
  const Tensor bad = cast(from_vector(std::vector<double>{1e300}, {1}), int64);
  const Tensor uses = bad + bad;
  CHECK_THROWS_AS(uses.eval(), ValueError);
  CHECK_FALSE(uses.evaluated());
  CHECK_THROWS_AS(static_cast<void>(uses.item()), ValueError);
}

TEST_CASE("detach: the same memory, no history") {
  const Tensor x = variable(pair_of());
  const Tensor y = x * 3.0;
  y.named("y");
  const Tensor cut = y.detach();
  CHECK(y.has_history());
  CHECK_FALSE(cut.has_history());
  CHECK_EQ(cut.name(), "y");
  CHECK_EQ(cut.data<double>().data(), y.data<double>().data());
  CHECK_THROWS_AS(static_cast<void>(gradients(sum(cut * cut), {x})), ValueError);
  // Only the way through the cut is closed: d(y · detach(y))/dx = 3 y.
  CHECK_EQ(gradients(sum(y * cut), {x})[0].to_vector<double>(), std::vector<double>{18, 27});
}

TEST_CASE("clone: memory of its own, no history") {
  const Tensor x = variable(pair_of());
  const Tensor copy = x.clone();
  CHECK_FALSE(copy.has_history());
  CHECK_NE(copy.data<double>().data(), x.data<double>().data());
  CHECK_EQ(copy.to_vector<double>(), two_three);
  CHECK_EQ(zeros({0, 2}).clone().shape(), Shape{0, 2});
}

TEST_CASE("history: without a Parameter or variable it goes with evaluation, and gradients say so") {
  const Tensor x = pair_of();
  const Tensor before = sum(x * x);
  CHECK_FALSE(before.has_history());
  CHECK_EQ(gradients(before, {x})[0].to_vector<double>(), std::vector<double>{4, 6});
  before.eval();
  const std::string message = message_of<ValueError>([&] { return gradients(before, {x}); });
  CHECK(contains(message, "[gradients]"));
  CHECK(contains(message, "evaluated"));
  CHECK(contains(message, "variable()"));
}

TEST_CASE("history: behind a variable it stays after evaluation") {
  const Tensor x = variable(pair_of());
  const Tensor y = sum(x * x);
  CHECK(y.has_history());
  CHECK_EQ(y.item(), 13.0);
  CHECK(y.has_history());
  CHECK_EQ(gradients(y, {x})[0].to_vector<double>(), std::vector<double>{4, 6});
}

TEST_CASE("history: behind a Parameter it stays, for the value that the cell had then") {
  const Parameter w{pair_of(), "w"};
  const Tensor old = w.value();
  const Tensor y = sum(square(w));
  y.eval();
  w.set(from_vector(std::vector<double>{10, 20}, {2}));
  CHECK_EQ(gradients(y, {old})[0].to_vector<double>(), std::vector<double>{4, 6});
  CHECK_THROWS_AS(static_cast<void>(gradients(y, {w.value()})), ValueError);
  CHECK_EQ(sum(square(w)).item(), 500.0);
}

TEST_CASE("history: comparisons and integers have none, even behind a variable") {
  const Tensor x = variable(pair_of());
  CHECK_FALSE((x > 2.0).has_history());
  CHECK_FALSE(cast(x, int64).has_history());
  CHECK_FALSE(argmax(x).has_history());
  CHECK(cast(x, float32).has_history());
}

TEST_CASE("variable: a leaf of its own; integers are a DTypeError") {
  const Tensor base = pair_of();
  const Tensor x = variable(base * 1.0);
  CHECK(x.evaluated());
  CHECK(x.has_history());
  CHECK_FALSE(base.has_history());
  CHECK(contains(message_of<DTypeError>([] { return variable(ones({2}, int64)); }), "[variable]"));
}

TEST_CASE("parameter: copies share the cell, clone doesn't") {
  const Parameter w{pair_of(), "w"};
  const Parameter tied = w;
  const Parameter other = w.clone();
  CHECK(tied.is(w));
  CHECK_FALSE(other.is(w));
  CHECK_EQ(other.name(), "w");
  w.set(from_vector(std::vector<double>{7, 8}, {2}));
  CHECK_EQ(tied.value().to_vector<double>(), std::vector<double>{7, 8});
  CHECK_EQ(other.value().to_vector<double>(), two_three);
}

TEST_CASE("parameter: set keeps shape and dtype, and drops the history of what is set") {
  const Parameter w{pair_of(), "w"};
  CHECK(contains(message_of<ShapeError>([&] {
                   w.set(zeros({3}, float64));
                   return 0;
                 }),
                 "w"));
  CHECK_THROWS_AS(w.set(zeros({2}, float32)), DTypeError);
  CHECK_THROWS_AS(w.set(Tensor{}), ValueError);
  const Tensor before = w.value();
  w.set(before * 2.0);
  CHECK_THROWS_AS(static_cast<void>(gradients(sum(w.value()), {before})), ValueError);
  CHECK_EQ(w.value().to_vector<double>(), std::vector<double>{4, 6});
  CHECK_THROWS_AS(static_cast<void>(Parameter{ones({2}, int64)}), DTypeError);
  CHECK_THROWS_AS(static_cast<void>(Parameter{}.value()), ValueError);
}

// NOLINTEND(performance-unnecessary-copy-initialization)

namespace {

template <class T>
concept HasData = requires(T&& tensor) {
  std::forward<T>(tensor).template data<float>();
};

}  // namespace

TEST_CASE("tensor: the memory of a temporary can't be looked at") {
  static_assert(HasData<Tensor&>);
  static_assert(HasData<const Tensor&>);
  static_assert(!HasData<Tensor>);
  static_assert(!HasData<const Tensor>);
}

TEST_CASE("tensor: what a temporary tells of itself is a copy") {
  static_assert(std::is_same_v<decltype(std::declval<Tensor>().shape()), Shape>);
  static_assert(std::is_same_v<decltype(std::declval<const Tensor&>().shape()), const Shape&>);
  static_assert(std::is_same_v<decltype(std::declval<Parameter>().value()), Tensor>);
  static_assert(std::is_same_v<decltype(std::declval<Parameter>().shape()), Shape>);
  static_assert(std::is_same_v<decltype(std::declval<Parameter>().name()), std::string>);
  static_assert(std::is_same_v<decltype(std::declval<optim::SGD>().parameters()), std::vector<NamedParameter>>);
  const Shape& shape = ones({2, 3}).shape();
  CHECK(shape == Shape{2, 3});
}

}  // namespace xgrad
