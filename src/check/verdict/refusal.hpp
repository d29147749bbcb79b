#pragma once

#include <exception>
#include <optional>
#include <string>

#include "xgrad/error.hpp"

#include "tensor/out_of_memory.hpp"

namespace xgrad::check {

/// Runs f, which asks operations of the user's about values or a dtype that they weren't called with. Operations may
/// refuse these with any exception; that is an answer, in words, and else there is none. What can't be a refusal
/// passes: memory that runs out, and errors about shapes, which are those of calls that were made, or about files.
template <class F>
[[nodiscard]] std::optional<std::string> refusal_in(const F& f) {
  try {
    f();
  } catch (const ShapeError&) {
    throw;
  } catch (const IoError&) {
    throw;
  } catch (const std::exception& error) {
    if (is_for_memory(error)) {
      throw;
    }
    return error.what();
  } catch (...) {
    return "an exception without words";
  }
  return std::nullopt;
}

}  // namespace xgrad::check
