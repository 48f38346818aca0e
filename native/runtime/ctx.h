// What a kernel may ask of the stream that runs it.
#pragma once
#include <cstdint>
#include <cstdio>

#include "buffer.h"

namespace ng {

// Stable codes, mapped to error classes in lib/core/errors.ts.
enum class Fail : int32_t { none = 0, indexOutOfRange = 1, device = 2, numeric = 3, outOfMemory = 4 };

enum class Why : int32_t {
#define X(name, code, text) name,
#include "failures.def"
};

#ifdef __CUDACC__  // a text may have fewer numbers than it is given
#pragma nv_diag_suppress 225
#endif
// The code and the words of a failure; the numbers in the order of its text.
inline Fail describe(Why why, long long a, long long b, long long c, char* text, size_t size) {
  switch (why) {
#define X(name, code, format)                   \
  case Why::name:                               \
    std::snprintf(text, size, format, a, b, c); \
    return Fail::code;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-extra-args"
#include "failures.def"
#pragma GCC diagnostic pop
  }
  return Fail::none;
}

struct Ctx {
  // Makes the running call a failed one, from any of its threads (later failures are dropped). What it has written then
  // counts as nothing: its outputs are marked (Note [Marks] in mark.h), so a kernel that fails may leave them as they
  // are. It must not touch memory out of range.
  void (*failFn)(Ctx&, Fail, const char* message);
  void* stream;  // cudaStream_t on CUDA, unused on the CPU

  void fail(Why why, int64_t a = 0, int64_t b = 0, int64_t c = 0) {
    char text[256];
    const Fail code = describe(why, a, b, c, text, sizeof(text));
    failFn(*this, code, text);
  }
};

}  // namespace ng
