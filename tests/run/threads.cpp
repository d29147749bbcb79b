#include "xgrad/threads.hpp"

#include <atomic>
#include <cstdint>
#include <doctest/doctest.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "xgrad/error.hpp"

#include "run/threads.hpp"
#include "support/thread_count.hpp"

using namespace xgrad;
using run::parallel_for;
using test::ThreadCount;

TEST_CASE("threads: one unless set") {
  CHECK(threads() == 1);
  {
    const ThreadCount two{2};
    CHECK(threads() == 2);
  }
  CHECK(threads() == 1);
}

TEST_CASE("threads: a number outside 1 to 256 is an error and changes nothing") {
  for (const int count : {0, -1, 257, 1'000'000}) {
    CHECK_THROWS_WITH_AS(set_threads(count),
                         ("[set_threads] " + std::to_string(count) + " threads; 1 to 256 are allowed").c_str(),
                         ValueError);
    CHECK(threads() == 1);
  }
  const ThreadCount most{256};
  CHECK(threads() == 256);
}

TEST_CASE("threads: parallel_for covers every index once") {
  for (const int count_of_threads : {1, 2, 3, 7}) {
    const ThreadCount setting{count_of_threads};
    for (const std::int64_t count : {0, 1, 2, 3, 5, 7, 8, 31, 100, 1001}) {
      for (const std::int64_t grain : {1, 2, 10, 1000}) {
        CAPTURE(count_of_threads);
        CAPTURE(count);
        CAPTURE(grain);
        std::vector<std::atomic<int>> visits(static_cast<std::size_t>(count));
        std::atomic<int> pieces{0};
        std::atomic<int> short_pieces{0};
        parallel_for(count, grain, [&](std::int64_t begin, std::int64_t end) {
          ++pieces;
          short_pieces += end - begin < std::min(grain, count) ? 1 : 0;
          for (std::int64_t i = begin; i < end; ++i) {
            ++visits[static_cast<std::size_t>(i)];
          }
        });
        int wrong = 0;
        for (const std::atomic<int>& number : visits) {
          wrong += number == 1 ? 0 : 1;
        }
        CHECK(wrong == 0);
        CHECK(short_pieces == 0);
        CHECK(pieces <= count_of_threads);
        CHECK((count == 0) == (pieces == 0));
        if (count < 2 * grain) {
          CHECK(pieces <= 1);
        } else {
          CHECK((count_of_threads == 1 || pieces > 1));
        }
      }
    }
  }
}

TEST_CASE("threads: small work stays on the calling thread") {
  const ThreadCount two{2};
  std::thread::id ran;
  parallel_for(7, 4, [&](std::int64_t, std::int64_t) { ran = std::this_thread::get_id(); });
  CHECK(ran == std::this_thread::get_id());
}

TEST_CASE("threads: the exception of the first piece that threw is rethrown, after all have ended") {
  const ThreadCount three{3};
  for (int repetition = 0; repetition < 20; ++repetition) {
    std::atomic<int> ended{0};
    const auto throwing = [&](std::int64_t begin, std::int64_t /*end*/) {
      ++ended;
      if (begin > 0) {
        throw std::runtime_error(std::to_string(begin));
      }
    };
    CHECK_THROWS_WITH_AS(parallel_for(30, 1, throwing), "10", std::runtime_error);
    CHECK(ended == 3);
  }
  int calls = 0;
  CHECK_THROWS_AS(parallel_for(1, 1,
                               [&](std::int64_t, std::int64_t) {
                                 ++calls;
                                 throw ValueError("alone");
                               }),
                  ValueError);
  CHECK(calls == 1);
}

TEST_CASE("threads: a piece runs its own parallel_for alone") {
  const ThreadCount two{2};
  std::atomic<int> inner_pieces{0};
  parallel_for(2, 1, [&](std::int64_t, std::int64_t) {
    CHECK(run::usable_threads() == 1);
    parallel_for(100, 1, [&](std::int64_t begin, std::int64_t end) { inner_pieces += end - begin == 100 ? 1 : 100; });
  });
  CHECK(inner_pieces == 2);
  CHECK(run::usable_threads() == 2);
}

TEST_CASE("threads: what is computed by element or by block is the same on 1, 2 and 3 threads") {
  constexpr std::int64_t block = 64;
  constexpr std::int64_t blocks = 100;
  const auto sum = [] {
    std::vector<float> partial(static_cast<std::size_t>(blocks));
    parallel_for(blocks, 8, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        for (std::int64_t j = 0; j < block; ++j) {
          partial[static_cast<std::size_t>(i)] += 1.0F / static_cast<float>(i * block + j + 1);
        }
      }
    });
    float total = 0;
    for (const float value : partial) {
      total += value;
    }
    return total;
  };
  const float alone = sum();
  for (const int count : {2, 3}) {
    const ThreadCount setting{count};
    CHECK(sum() == alone);
  }
}
