// Workspace for one kernel call on one thread (packed panels, partial sums): 64-byte aligned, kept per thread between
// calls so that steady-state training allocates nothing.
#pragma once
#include <cstddef>

namespace ng {

// At least `bytes` bytes, uninitialised, valid until the same thread asks for the same slot again. Different slots
// (0 .. 7) never overlap, so a kernel that calls another uses another slot: 0-3 for gemm, 4-7 for other kernels.
// Aborts the process only if the operating system refuses memory.
void* scratchBytes(int slot, size_t bytes);

template <class T>
static inline T* scratch(int slot, size_t count) {
  return static_cast<T*>(scratchBytes(slot, count * sizeof(T)));
}

}  // namespace ng
