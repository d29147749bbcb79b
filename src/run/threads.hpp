#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>

namespace xgrad::run {

/// threads(), but 1 inside a piece of parallel_for.
[[nodiscard]] int usable_threads() noexcept;

/// f(context, begin, end).
using Piece = void (*)(void* context, std::int64_t begin, std::int64_t end);

/// [0, count) in `pieces` contiguous pieces of nearly equal length, each on a thread of its own but the first, which
/// runs on this one, as do those for which there is no thread. Returns when all have ended; rethrows what the first
/// piece that threw has thrown, and throws nothing else.
void run_pieces(std::int64_t count, std::int64_t pieces, Piece piece, void* context);

/// How many pieces parallel_for makes: at most usable_threads(), each of `grain` or more.
[[nodiscard]] std::int64_t piece_count(std::int64_t count, std::int64_t grain) noexcept;

/// f(begin, end) on contiguous pieces that cover [0, count) once, on several threads if that makes pieces of `grain` or
/// more; otherwise one piece on this thread. The pieces depend on count, grain and usable_threads() only. If pieces
/// throw, the others still run, and the exception of the first of them is rethrown. f may be called by several threads
/// at once.
template <class F>
void parallel_for(std::int64_t count, std::int64_t grain, F&& f) {
  if (count <= 0) {
    return;
  }
  const std::int64_t pieces = piece_count(count, grain);
  if (pieces == 1) {
    f(std::int64_t{0}, count);
    return;
  }
  using Function = std::remove_reference_t<F>;
  const auto call = [](void* context, std::int64_t begin, std::int64_t end) {
    (*static_cast<Function*>(context))(begin, end);
  };
  run_pieces(count, pieces, call, const_cast<void*>(static_cast<const volatile void*>(std::addressof(f))));
}

}  // namespace xgrad::run
