#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
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

namespace {

/// What the first of several pieces that failed has thrown.
class FirstFailure {
 public:
  void note(std::int64_t index, std::exception_ptr failure) noexcept {
    const std::lock_guard lock{mutex_};
    if (failure_ == nullptr || index < index_) {
      index_ = index;
      failure_ = std::move(failure);
    }
  }
  void rethrow() const {
    if (failure_ != nullptr) {
      std::rethrow_exception(failure_);
    }
  }

 private:
  std::mutex mutex_;
  std::int64_t index_ = 0;
  std::exception_ptr failure_;
};

}  // namespace

void run_pieces(std::int64_t count, std::int64_t pieces, Piece piece, void* context) {
  FirstFailure first;
  const auto run = [&](std::int64_t index) noexcept {
    const Inside mark;
    const std::int64_t longer = count % pieces;  // these have one element more
    const std::int64_t begin = count / pieces * index + std::min(index, longer);
    const std::int64_t end = begin + count / pieces + (index < longer ? 1 : 0);
    try {
      piece(context, begin, end);
    } catch (...) {
      first.note(index, std::current_exception());
    }
  };
  {
    std::vector<std::jthread> workers;
    std::int64_t index = 1;
    try {
      workers.reserve(static_cast<std::size_t>(pieces - 1));
      for (; index < pieces; ++index) {
        workers.emplace_back(run, index);
      }
    } catch (const std::exception&) {  // no more threads to be had, or no memory for them
      for (; index < pieces; ++index) {
        run(index);
      }
    }
    run(0);
  }
  first.rethrow();
}

}  // namespace xgrad::run
