// What every operation refuses: dtypes, mixed dtypes, undefined tensors, shapes.
#include <algorithm>
#include <array>
#include <doctest/doctest.h>
#include <stdexcept>
#include <string>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/operations.hpp"

#include "support/message_of.hpp"
#include "support/op_case.hpp"

namespace xgrad::test {

namespace {

constexpr std::array dtypes{float32, float64, int64, boolean};

const OperationEntry& entry_of(const std::string& name) {
  for (const OperationEntry& entry : operations()) {
    if (entry.name == name) {
      return entry;
    }
  }
  throw std::logic_error("no operation '" + name + "' in the public index");
}

Tensors ones_of(const DirectCall& direct, DType dtype) {
  Tensors inputs;
  for (const Shape& shape : direct.shapes) {
    inputs.push_back(ones(shape, dtype));
  }
  return inputs;
}

template <class ExpectedError, class Call>
void check_error(const std::string& operation, Call&& call, const std::string& besides = {}) {
  try {
    const std::string message = message_of<ExpectedError>([&] { return call().eval(); });
    INFO(message);
    CHECK(contains(message, "[" + operation + "]"));
    CHECK(contains(message, besides));
  } catch (const std::exception& other) {
    FAIL_CHECK("an exception of another type: " << std::string{other.what()});
  }
}

}  // namespace

TEST_CASE("every operation: takes the dtypes that the index says, and any other is a DTypeError that names it") {
  for (const DirectCall& direct : table().calls) {
    for (const DType dtype : dtypes) {
      INFO(direct.operation << " of " << to_string(dtype));
      const auto call = [&] { return direct.call(ones_of(direct, dtype)); };
      if (accepts(entry_of(direct.operation), dtype)) {
        CHECK_NOTHROW(call().eval());
      } else {
        check_error<DTypeError>(direct.operation, call);
      }
    }
  }
}

TEST_CASE("every operation of several tensors: different dtypes are a DTypeError that names it") {
  for (const DirectCall& direct : table().calls) {
    for (const DType first : dtypes) {
      for (const DType second : dtypes) {
        const OperationEntry& entry = entry_of(direct.operation);
        if (direct.shapes.size() < 2 || first == second || !accepts(entry, first)) {
          continue;
        }
        INFO(direct.operation << " of " << to_string(first) << " and " << to_string(second));
        check_error<DTypeError>(direct.operation, [&] {
          Tensors inputs = ones_of(direct, first);
          inputs.back() = ones_of(direct, second).back();
          return direct.call(inputs);
        });
      }
    }
  }
}

TEST_CASE("every operation: an undefined tensor is a ValueError that names it") {
  for (const DirectCall& direct : table().calls) {
    const OperationEntry& entry = entry_of(direct.operation);
    const DType dtype = *std::ranges::find_if(dtypes, [&](DType candidate) { return accepts(entry, candidate); });
    for (std::size_t i = 0; i < direct.shapes.size(); ++i) {
      INFO(direct.operation << " with input " << i << " undefined");
      check_error<ValueError>(
          direct.operation,
          [&] {
            Tensors inputs = ones_of(direct, dtype);
            inputs[i] = Tensor{};
            return direct.call(inputs);
          },
          "undefined");
    }
  }
}

TEST_CASE("every operation: what it can't do is an error of the right type that names it") {
  for (const ErrorCase& tested : table().errors) {
    INFO(tested.operation << ": " << tested.title);
    switch (tested.fault) {
      case Fault::shape:
      case Fault::zero_rank:
      case Fault::empty:
        check_error<ShapeError>(tested.operation, tested.call);
        break;
      case Fault::dtype:
        check_error<DTypeError>(tested.operation, tested.call);
        break;
      case Fault::value:
        check_error<ValueError>(tested.operation, tested.call);
        break;
    }
  }
}

}  // namespace xgrad::test
