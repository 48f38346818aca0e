// What a kernel may ask of the stream that runs it.
#pragma once
#include <cstdint>

namespace ng {

// Stable codes, mapped to error classes in lib/core/errors.ts.
enum class Fail : int32_t { none = 0, indexOutOfRange = 1, device = 2, numeric = 3, outOfMemory = 4 };

struct Ctx {
  // Records the first failure on the stream (later ones are dropped). It is thrown in JS at the next wait.
  // A kernel that fails must still leave its output defined (zeros) and must not touch memory out of range.
  void (*failFn)(Ctx&, Fail, const char* message);
  void* stream;  // cudaStream_t on CUDA, unused on the CPU
  void fail(Fail code, const char* message) { failFn(*this, code, message); }
};

}  // namespace ng
