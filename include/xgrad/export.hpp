#pragma once

#if __cplusplus < 202002L
#error "xgrad needs C++20: compile with -std=c++20 or newer"
#include "xgrad/needs/C++20"  // isn't there: ends the compilation before the errors that would follow
#endif

/// Marks what the shared library exports; everything else is hidden.
#define XGRAD_API __attribute__((visibility("default")))
