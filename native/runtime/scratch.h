// Workspace for one kernel call on one thread (packed panels, partial sums): 64-byte aligned, kept per thread between
// calls so that steady-state training allocates nothing.
//
// Note [Workspaces and the limit] A workspace belongs to the environment for whose call it was allocated, and counts
// towards its memory limit beside its tensors. When memory is short, those of idle threads are freed. A call that gets
// none throws NoScratch, which passes through parallelFor to the stream: that makes it the call's failure. No kernel
// checks anything, so the kernels are compiled with exceptions.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace ng {

// At least `bytes` bytes, uninitialised, valid until the same thread asks for the same slot again or the call ends.
// Different slots (0 .. 7) never overlap, so a kernel that calls another uses another slot: 0-3 for gemm, 4-7 for
// other kernels.
void* scratchBytes(int slot, size_t bytes);

template <class T>
static inline T* scratch(int slot, size_t count) {
  return static_cast<T*>(scratchBytes(slot, count * sizeof(T)));
}

struct NoScratch : std::bad_alloc {
  explicit NoScratch(size_t n) : bytes(n) {}
  size_t bytes;
};

// The memory of one environment on the CPU. Written by its JavaScript thread (limit, live) and by the threads that work
// for it (scratch); read by both.
struct Budget {
  std::atomic<int64_t> limit{INT64_MAX};
  std::atomic<int64_t> live{0};     // bytes of blocks handed out by the pool
  std::atomic<int64_t> scratch{0};  // bytes of workspaces
};
using BudgetPtr = std::shared_ptr<Budget>;

// While it lives, this thread works for `budget` (null: nobody's), which must outlive it. At its end the thread's
// workspaces are idle, unless it lies within another scope.
class ScratchScope {
 public:
  explicit ScratchScope(const BudgetPtr* budget);
  ~ScratchScope();
  ScratchScope(const ScratchScope&) = delete;
  ScratchScope& operator=(const ScratchScope&) = delete;

 private:
  const BudgetPtr* outer_;
};
// The budget of this thread's scope, for the threads that help it.
const BudgetPtr* currentBudget();

// Frees the workspaces of all threads of the process that run no call now.
void releaseIdleScratch();

}  // namespace ng
