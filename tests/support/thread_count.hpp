#pragma once

#include "xgrad/threads.hpp"

namespace xgrad::test {

/// Sets the number of threads, and puts back the old one.
class ThreadCount {
 public:
  explicit ThreadCount(int count) : before_{threads()} { set_threads(count); }
  ThreadCount(const ThreadCount&) = delete;
  ThreadCount& operator=(const ThreadCount&) = delete;
  ~ThreadCount() { set_threads(before_); }

 private:
  int before_;
};

}  // namespace xgrad::test
