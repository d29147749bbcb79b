#include "run/reductions/order.hpp"

#include <algorithm>

#include "run/threads.hpp"

namespace xgrad::run {

namespace {

template <class T>
struct Entry {
  T value;
  std::int64_t index;
};

template <class T>
bool is_unordered(T x) noexcept {
  return x != x;  // NOLINT(misc-redundant-expression)
}

// How many lines are sorted at a time at most, each in memory of its own.
std::int64_t slots_of(const AxisView& view) noexcept {
  constexpr std::int64_t enough = 1 << 16;  // elements, that a thread is worth it
  constexpr std::int64_t most = 8;
  const std::int64_t lines = view.outer * view.inner;
  return std::clamp<std::int64_t>(std::min(lines, lines * view.length / enough), 1, most);
}

// The entries at ranks [first, last) among `count`, in order, are put there.
template <class T, class Before>
void select(Entry<T>* entries, std::int64_t first, std::int64_t last, std::int64_t count, Before before) {
  const auto ordered = [before](const Entry<T>& a, const Entry<T>& b) {
    return a.value == b.value ? a.index < b.index : before(a.value, b.value);
  };
  if (first >= last) {
    return;
  }
  if (first > 0) {
    std::nth_element(entries, entries + first, entries + count, ordered);
  }
  if (last < count) {
    std::nth_element(entries + first, entries + last, entries + count, ordered);
  }
  std::sort(entries + first, entries + last, ordered);
}

/// One line after another, in the same memory.
template <class T>
class Line {
 public:
  Line(const Ranks& ranks, std::int64_t length, std::int64_t step, Entry<T>* entries)
      : ranks_{ranks}, length_{length}, step_{step}, entries_{entries} {}

  void order(const T* x, std::int64_t* out) {
    constexpr std::int64_t few = 16;
    if (ranks_.nans == Nans::first && ranks_.first == 0 && ranks_.count <= std::min(few, length_)) {
      if (ranks_.descending) {
        keep_best(x, out, [](T a, T b) { return a > b; });
      } else {
        keep_best(x, out, [](T a, T b) { return a < b; });
      }
      return;
    }
    read(x);
    const std::int64_t nans = length_ - numbers_;
    if (ranks_.nans == Nans::everywhere && nans > 0) {
      for (std::int64_t j = 0; j < ranks_.count; ++j) {
        out[j * step_] = entries_[numbers_].index;
      }
      return;
    }
    const std::int64_t before = ranks_.nans == Nans::first ? nans : 0;  // NaNs that come before the numbers
    const std::int64_t first = std::clamp<std::int64_t>(ranks_.first - before, 0, numbers_);
    const std::int64_t last = std::clamp<std::int64_t>(ranks_.first + ranks_.count - before, 0, numbers_);
    if (ranks_.descending) {
      select(entries_, first, last, numbers_, [](T a, T b) { return a > b; });
    } else {
      select(entries_, first, last, numbers_, [](T a, T b) { return a < b; });
    }
    for (std::int64_t j = 0; j < ranks_.count; ++j) {
      const std::int64_t rank = ranks_.first + j;
      const std::int64_t entry = rank < before ? numbers_ + rank : rank - before;
      out[j * step_] = entries_[entry].index;
    }
  }

 private:
  // The first few ranks in one pass, which keeps the best so far in order. Most elements are no better than the last.
  template <class Before>
  void keep_best(const T* x, std::int64_t* out, Before before) {
    const auto precedes = [before](T a, T b) { return before(a, b) || (is_unordered(a) && !is_unordered(b)); };
    const std::int64_t count = ranks_.count;
    std::int64_t kept = 0;
    for (std::int64_t k = 0; k < length_ && count > 0; ++k) {
      const T value = x[k * step_];
      if (kept == count && !precedes(value, entries_[count - 1].value)) {
        continue;
      }
      std::int64_t place = kept < count ? kept++ : count - 1;
      for (; place > 0 && precedes(value, entries_[place - 1].value); --place) {
        entries_[place] = entries_[place - 1];
      }
      entries_[place] = {value, k};
    }
    for (std::int64_t j = 0; j < count; ++j) {
      out[j * step_] = entries_[j].index;
    }
  }

  // The numbers first, then the NaNs, each in order.
  void read(const T* x) {
    Entry<T>* entry = entries_;
    for (std::int64_t k = 0; k < length_; ++k) {
      if (!is_unordered(x[k * step_])) {
        *entry++ = {x[k * step_], k};
      }
    }
    numbers_ = entry - entries_;
    for (std::int64_t k = 0; numbers_ < length_ && k < length_; ++k) {
      if (is_unordered(x[k * step_])) {
        *entry++ = {x[k * step_], k};
      }
    }
  }

  Ranks ranks_;
  std::int64_t length_;
  std::int64_t step_;
  Entry<T>* entries_;
  std::int64_t numbers_ = 0;
};

}  // namespace

std::size_t indices_at_ranks_bytes(DType dtype, const AxisView& view) noexcept {
  const std::size_t entry = dtype == float32 ? sizeof(Entry<float>) : sizeof(Entry<double>);
  return static_cast<std::size_t>(slots_of(view) * view.length) * entry;
}

template <class T>
void indices_at_ranks(const T* x, const AxisView& view, const Ranks& ranks, std::int64_t* out, std::byte* workspace) {
  auto* memory = reinterpret_cast<Entry<T>*>(workspace);
  const std::int64_t lines = view.outer * view.inner;
  const std::int64_t slots = slots_of(view);
  const auto order = [&](std::int64_t slot) {
    Line<T> line{ranks, view.length, view.inner, memory + slot * view.length};
    for (std::int64_t at = lines * slot / slots; at < lines * (slot + 1) / slots; ++at) {
      const std::int64_t o = at / view.inner;
      const std::int64_t i = at % view.inner;
      line.order(x + o * view.length * view.inner + i, out + o * ranks.count * view.inner + i);
    }
  };
  parallel_for(slots, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t slot = begin; slot < end; ++slot) {
      order(slot);
    }
  });
}

template void indices_at_ranks<float>(const float*, const AxisView&, const Ranks&, std::int64_t*, std::byte*);
template void indices_at_ranks<double>(const double*, const AxisView&, const Ranks&, std::int64_t*, std::byte*);
template void indices_at_ranks<std::int64_t>(const std::int64_t*, const AxisView&, const Ranks&, std::int64_t*,
                                             std::byte*);

}  // namespace xgrad::run
