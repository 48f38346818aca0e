// What a kernel may ask of the stream that runs it.
#pragma once
#include <cstdint>

#include "buffer.h"

namespace ng {

// Stable codes, mapped to error classes in lib/core/errors.ts.
enum class Fail : int32_t { none = 0, indexOutOfRange = 1, device = 2, numeric = 3, outOfMemory = 4 };

struct Ctx {
  // Records the first failure on the stream (later ones are dropped). It is thrown in JS at the next wait.
  // A kernel that fails must not touch memory out of range, and its output must be defined: see output().
  void (*failFn)(Ctx&, Fail, const char* message);
  void* stream;  // cudaStream_t on CUDA, unused on the CPU
  void fail(Fail code, const char* message) { failFn(*this, code, message); }

  // Note [Outputs of a failed call] Names n contiguous elements that only this call defines, before any of the work. If
  // the call fails, or there is no memory for its workspace, the stream fills them with zeros: in one place, so
  // that no kernel has to think of it in each of its branches. Not for what a call changes in place. Bad data that CUDA
  // finds while it runs is known later: there the twin writes a zero in its place.
  void output(Buf b, int64_t n) {
    if (b.p != nullptr && n > 0 && outputs < kMaxOutputs) out[outputs++] = {b.p, n * static_cast<int64_t>(sizeOf(b.t))};
  }
  static constexpr int kMaxOutputs = 4;
  struct {
    void* p;
    int64_t bytes;
  } out[kMaxOutputs] = {};
  int32_t outputs = 0;
};

}  // namespace ng
