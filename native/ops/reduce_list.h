// Opcodes of the reduce and scan kernels. lib/ looks them up by name (the addon exports the names), never by number.
#pragma once
#include <cstdint>

//       name     meaning
#define NG_REDUCE_OPS(R)                                                 \
  R(sum)    /* scale * sum                                  */           \
  R(prod)   /* product                                      */           \
  R(max)    /* NaN if any element is NaN                    */           \
  R(min)    /* NaN if any element is NaN                    */           \
  R(sumsq)  /* scale * sum of squares                       */           \
  R(any)    /* out is bool                                  */           \
  R(all)    /* out is bool                                  */           \
  R(argmax) /* out is int64; the first maximum; NaN counts as largest */ \
  R(argmin) /* out is int64; the first minimum; NaN counts as smallest */

// logsumexp: log of the sum of exponentials; floating-point only
#define NG_SCAN_OPS(S) S(sum) S(prod) S(max) S(min) S(logsumexp)

namespace ng {
#define R(name) name,
enum class ReduceOp : int64_t { NG_REDUCE_OPS(R) count };
#undef R
#define S(name) name,
enum class ScanOp : int64_t { NG_SCAN_OPS(S) count };
#undef S
}  // namespace ng
