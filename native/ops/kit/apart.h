// Before a loop: the arrays in it do not overlap, and are too many for the compiler to compare before it.
#pragma once

#ifdef __clang__
#define NG_APART _Pragma("clang loop vectorize(assume_safety)")
#else
#define NG_APART _Pragma("GCC ivdep")
#endif
