#pragma once

#if __cplusplus < 202002L
#error "xgrad needs C++20: compile with -std=c++20 or newer"
#include "xgrad/needs/C++20"  // isn't there: ends the compilation before the errors that would follow
#endif

/// Marks the symbols that the shared library exports; all others are hidden.
#define XGRAD_API __attribute__((visibility("default")))
