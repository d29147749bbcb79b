#pragma once

/// XGRAD_SANITIZED is 1 in a build with address or thread sanitizer, of g++ or clang: slower, and with bookkeeping of
/// its own.
// NOLINTBEGIN(cppcoreguidelines-macro-usage)
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define XGRAD_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define XGRAD_SANITIZED 1
#endif
#endif
#ifndef XGRAD_SANITIZED
#define XGRAD_SANITIZED 0
#endif
// NOLINTEND(cppcoreguidelines-macro-usage)

namespace xgrad::test {

inline constexpr bool sanitized = XGRAD_SANITIZED == 1;

}  // namespace xgrad::test
