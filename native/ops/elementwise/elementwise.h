// How elementwise kernels walk their operands: blocks of at most kBlock elements that are contiguous in cache. An
// operand that lies contiguous in memory is used where it is; a broadcast or strided one is first gathered into a
// small buffer. So every operation needs a single contiguous loop, which the compiler vectorises, and tail elements go
// through the same loop as all others (Note [Determinism]).
#pragma once
#include "kernels.h"
#include "ops/kit/coalesce.h"
#include "runtime/parallel.h"

namespace ng::NG_ISA {

inline constexpr int64_t kBlock = 1024;
inline constexpr int64_t kGrain = 16 * kBlock;

// The contiguous loops: n <= kBlock elements.
using UnaryLoop = void (*)(void* out, const void* a, int64_t n, double p, double q);
using BinaryLoop = void (*)(void* out, const void* a, const void* b, int64_t n, double p, double q);

// nullptr when the op is not defined for the dtype.
UnaryLoop unaryLoop(int64_t op, DType t);
BinaryLoop binaryLoop(int64_t op, DType t);

}  // namespace ng::NG_ISA
