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

// What stays the same is kept in variables: the bytes that are written could be anybody's, members too.
void BroadcastReader::read(std::byte* to, std::int64_t count) noexcept {
  const std::size_t inner = rank_ - 1;
  const std::int64_t length = lengths_[inner];
  const std::int64_t step = steps_[inner];
  const auto element = static_cast<std::int64_t>(element_);
  std::int64_t position = position_[inner];
  const std::byte* from = source_ + offset_ * element;
  while (count > 0) {
    const std::int64_t run = std::min(count, length - position);
    if (step == 1) {
      std::memcpy(to, from, static_cast<std::size_t>(run * element));
    } else if (step == 0) {
      splat(to, from, run, element_);
    } else {
      gather(to, from, run, step, element_);
    }
    to += run * element;
    count -= run;
    position += run;
    if (position < length || inner == 0) {
      position_[inner] = position;
      offset_ += run * step;
      return;
    }
    // The next run starts where the other axes stand.
    offset_ -= position_[inner] * step;
    position = 0;
    position_[inner] = 0;
    advance_outer();
    from = source_ + offset_ * element;
  }
}

bool BroadcastReader::passes_repeated(std::int64_t count, std::int64_t before) noexcept {
  const std::size_t inner = rank_ - 1;
  if (steps_[inner] != 0 || position_[inner] < before || lengths_[inner] - position_[inner] < count) {
    return false;
  }
  position_[inner] += count;
  if (position_[inner] == lengths_[inner] && inner > 0) {
    position_[inner] = 0;
    advance_outer();
  }
  return true;
}

void BroadcastReader::advance_outer() noexcept {
  std::size_t axis = rank_ - 2;
  ++position_[axis];
  offset_ += steps_[axis];
  while (position_[axis] == lengths_[axis] && axis > 0) {
    offset_ -= position_[axis] * steps_[axis];
    position_[axis] = 0;
    --axis;
    ++position_[axis];
    offset_ += steps_[axis];
  }
}

}  // namespace xgrad::run
