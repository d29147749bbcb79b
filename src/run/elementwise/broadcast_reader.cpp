#include "run/elementwise/broadcast_reader.hpp"

#include <algorithm>
#include <cstring>
#include <cwchar>

namespace xgrad::run {

namespace {

template <class T>
void splat_as(std::byte* to, const void* from, std::int64_t count) noexcept {
  T value;
  std::memcpy(&value, from, sizeof(T));
  std::fill_n(reinterpret_cast<T*>(to), count, value);
}

// Many by the C library, which picks its instructions at run time.
void splat_words(std::byte* to, const void* from, std::int64_t count) noexcept {
  constexpr std::int64_t many = 32;
  if constexpr (sizeof(wchar_t) == sizeof(std::uint32_t)) {
    if (count >= many) {
      wchar_t value;
      std::memcpy(&value, from, sizeof(value));
      std::wmemset(reinterpret_cast<wchar_t*>(to), value, static_cast<std::size_t>(count));
      return;
    }
  }
  splat_as<std::uint32_t>(to, from, count);
}

}  // namespace

void splat(std::byte* to, const void* from, std::int64_t count, std::size_t element) noexcept {
  switch (element) {
    case 4:
      splat_words(to, from, count);
      break;
    case 8:
      splat_as<std::uint64_t>(to, from, count);
      break;
    default:
      splat_as<std::uint8_t>(to, from, count);
  }
}

namespace {

template <class T>
void gather_as(std::byte* to, const std::byte* from, std::int64_t count, std::int64_t step) noexcept {
  for (std::int64_t i = 0; i < count; ++i) {
    std::memcpy(to + i * static_cast<std::int64_t>(sizeof(T)), from + i * step * static_cast<std::int64_t>(sizeof(T)),
                sizeof(T));
  }
}

// Every `step`-th element.
void gather(std::byte* to, const std::byte* from, std::int64_t count, std::int64_t step, std::size_t element) noexcept {
  switch (element) {
    case 4:
      gather_as<std::uint32_t>(to, from, count, step);
      break;
    case 8:
      gather_as<std::uint64_t>(to, from, count, step);
      break;
    default:
      gather_as<std::uint8_t>(to, from, count, step);
  }
}

}  // namespace

void BroadcastReader::read(std::byte* to, std::int64_t count) noexcept {
  const std::size_t inner = rank_ - 1;
  while (count > 0) {
    const std::int64_t run = std::min(count, lengths_[inner] - position_[inner]);
    const std::byte* from = source_ + offset_ * static_cast<std::int64_t>(element_);
    if (steps_[inner] == 0) {
      splat(to, from, run, element_);
    } else if (steps_[inner] != 1) {
      gather(to, from, run, steps_[inner], element_);
    } else {
      std::memcpy(to, from, static_cast<std::size_t>(run) * element_);
    }
    to += run * static_cast<std::int64_t>(element_);
    count -= run;
    advance(run);
  }
}

bool BroadcastReader::passes_repeated(std::int64_t count, std::int64_t before) noexcept {
  const std::size_t inner = rank_ - 1;
  if (steps_[inner] != 0 || position_[inner] < before || lengths_[inner] - position_[inner] < count) {
    return false;
  }
  advance(count);
  return true;
}

void BroadcastReader::advance(std::int64_t run) noexcept {
  std::size_t axis = rank_ - 1;
  position_[axis] += run;
  offset_ += run * steps_[axis];
  while (position_[axis] == lengths_[axis] && axis > 0) {
    offset_ -= position_[axis] * steps_[axis];
    position_[axis] = 0;
    --axis;
    ++position_[axis];
    offset_ += steps_[axis];
  }
}

}  // namespace xgrad::run
