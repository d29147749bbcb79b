#include <algorithm>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

#include "xgrad/threads.hpp"

#include "run/threads.hpp"

namespace xgrad::run {

namespace {

// True while this thread runs a piece.
thread_local bool inside = false;

class Inside {
 public:
  Inside() noexcept { inside = true; }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
  ~Inside() { inside = false; }
};

}  // namespace

int usable_threads() noexcept {
  return inside ? 1 : threads();
}

std::int64_t piece_count(std::int64_t count, std::int64_t grain) noexcept {
  const int most = usable_threads();
  return most == 1 ? 1 : std::clamp<std::int64_t>(count / std::max<std::int64_t>(grain, 1), 1, most);
}

void run_pieces(std::int64_t count, std::int64_t pieces, Piece piece, void* context) {
  std::vector<std::exception_ptr> failures(static_cast<std::size_t>(pieces));
  const auto run = [&](std::int64_t index) noexcept {
    const Inside mark;
    const std::int64_t longer = count % pieces;  // these have one element more
    const std::int64_t begin = count / pieces * index + std::min(index, longer);
    const std::int64_t end = begin + count / pieces + (index < longer ? 1 : 0);
    try {
      piece(context, begin, end);
    } catch (...) {
      failures[static_cast<std::size_t>(index)] = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> workers;
    workers.reserve(static_cast<std::size_t>(pieces - 1));
    std::int64_t index = 1;
    try {
      for (; index < pieces; ++index) {
        workers.emplace_back(run, index);
      }
    } catch (const std::system_error&) {  // no more threads to be had
      for (; index < pieces; ++index) {
        run(index);
      }
    }
    run(0);
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure != nullptr) {
      std::rethrow_exception(failure);
    }
  }
}

}  // namespace xgrad::run
