// A compiled step takes no memory: counted by a replaced operator new, which sanitizers have for themselves.
#include "support/sanitizers.hpp"
#if !XGRAD_SANITIZED
#include <cstdlib>
#include <doctest/doctest.h>
#include <new>

#include "xgrad/xgrad.hpp"

namespace xg = xgrad;

namespace {

thread_local std::size_t allocations = 0;

void* counted(std::size_t bytes) {
  ++allocations;
  void* memory = std::malloc(bytes == 0 ? 1 : bytes);  // NOLINT
  if (memory == nullptr) {
    throw std::bad_alloc{};
  }
  return memory;
}

void* counted(std::size_t bytes, std::align_val_t alignment) {
  ++allocations;
  const auto line = static_cast<std::size_t>(alignment);
  void* memory = std::aligned_alloc(line, (bytes + line - 1) / line * line);  // NOLINT
  if (memory == nullptr) {
    throw std::bad_alloc{};
  }
  return memory;
}

}  // namespace

void* operator new(std::size_t bytes) {
  return counted(bytes);
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes, alignment);
}
void operator delete(void* memory) noexcept {
  std::free(memory);  // NOLINT
}
void operator delete(void* memory, std::size_t /*bytes*/) noexcept {
  std::free(memory);  // NOLINT
}
void operator delete(void* memory, std::align_val_t /*alignment*/) noexcept {
  std::free(memory);  // NOLINT
}
void operator delete(void* memory, std::size_t /*bytes*/, std::align_val_t /*alignment*/) noexcept {
  std::free(memory);  // NOLINT
}

TEST_CASE("compile: a compiled step allocates nothing") {
  for (const std::int64_t batch : {1, 10, 64}) {
    xg::Random weights{2};
    const xg::nn::Sequential net{xg::nn::Dense{5, 4, weights}, xg::nn::Sigmoid{}, xg::nn::Dense{4, 3, weights},
                                 xg::nn::Sigmoid{}};
    xg::optim::SGD sgd{net.parameters(), {.learning_rate = 0.5, .momentum = 0.9}};
    auto step = xg::compile(
        [&](const xg::Tensor& x, const xg::Tensor& y) { return sgd.step(xg::nn::QuadraticLoss{}(net(x), y)); });
    xg::Random random{4};
    const xg::Tensor x = random.normal({batch, 5}).eval();
    const xg::Tensor y = random.uniform({batch, 3}).eval();
    for (int i = 0; i < 3; ++i) {
      static_cast<void>(step(x, y).item());
    }
    const std::size_t before = allocations;
    for (int i = 0; i < 100; ++i) {
      static_cast<void>(step(x, y).item());
    }
    CHECK(allocations == before);
  }
}

TEST_CASE("compile: a compiled step that draws random numbers and writes states allocates nothing") {
  xg::Random random{2};
  const xg::nn::Sequential net{xg::nn::Dense{5, 4, random},  xg::nn::BatchNorm{4},        xg::nn::ReLU{},
                               xg::nn::Dropout{0.5, random}, xg::nn::Dense{4, 3, random}, xg::nn::Dropout{0.5, random}};
  xg::optim::SGD sgd{net.parameters(), {.learning_rate = 0.5}};
  auto step = xg::compile([&](const xg::Tensor& x) { return sgd.step(xg::sum(xg::square(net(x)))); });
  const xg::Tensor x = random.normal({6, 5}).eval();
  for (int i = 0; i < 3; ++i) {
    static_cast<void>(step(x).item());
  }
  const std::size_t before = allocations;
  for (int i = 0; i < 100; ++i) {
    static_cast<void>(step(x).item());
  }
  CHECK(allocations == before);
}

TEST_CASE("compile: a compiled step that takes rows by index allocates nothing") {
  for (const std::int64_t axis : {0, 1}) {
    const xg::Parameter table{xg::ones({7, 5}), "table"};
    xg::optim::SGD sgd{{{"table", table}}, {.learning_rate = 0.1}};
    auto step = xg::compile(
        [&](const xg::Tensor& indices) { return sgd.step(xg::sum(xg::square(xg::take(table, indices, axis)))); });
    const xg::Tensor indices = xg::tensor({3, 0, -1, 3, -2}, xg::int64);
    for (int i = 0; i < 3; ++i) {
      static_cast<void>(step(indices).item());
    }
    const std::size_t before = allocations;
    for (int i = 0; i < 10; ++i) {
      static_cast<void>(step(indices).item());
    }
    CHECK(allocations == before);
  }
}
#endif
