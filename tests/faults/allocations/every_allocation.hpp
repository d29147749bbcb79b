#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "xgrad/parameter.hpp"
#include "xgrad/tensor.hpp"

namespace faults {

/// What a call is made in, made anew for each of them.
struct World {
  std::function<void()> act;            ///< the call
  std::function<std::string()> result;  ///< the bits of what the last call gave
  std::function<std::string()> state;   ///< the bits of all that an error has to leave as it was
};
using MakeWorld = std::function<World()>;

/// Worlds around a new Scene each, on which the three functions are called.
template <class Scene, class Act, class Result, class State>
[[nodiscard]] MakeWorld around(Act act, Result result, State state) {
  return [=] {
    const auto scene = std::make_shared<Scene>();
    return World{[=] { act(*scene); }, [=] { return result(*scene); }, [=] { return state(*scene); }};
  };
}

/// Carries out World::act with its n-th allocation failing, for n = 1, 2, … until there is no n-th, each in a new
/// thread, whose pools and plans are empty but for what MakeWorld does; and again with the n-th and all after it
/// failing. Checks that an error is bad_alloc, or says that a tensor doesn't fit into memory; that it changes no bit of
/// the state and leaks no memory; and that the call, repeated three times, gives every time what it gives in an
/// undisturbed world.
///
/// Of more than `most` allocations the first and the last are taken, and some in between at equal distances; all of
/// them if XGRAD_EVERY_FAULT is in the environment. A sanitizer's build takes a third.
void fail_every_allocation(const MakeWorld& make, std::int64_t most = 600);

/// Shape, dtype and elements.
[[nodiscard]] std::string bits_of(const xgrad::Tensor& tensor);
[[nodiscard]] std::string bits_of(const std::vector<xgrad::Tensor>& tensors);
/// Of their values.
[[nodiscard]] std::string bits_of(const std::vector<xgrad::NamedParameter>& parameters);

}  // namespace faults
