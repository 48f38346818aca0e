// Workspace for kernels (packed panels, partial sums): a stack per thread, kept between calls so that steady-state
// training allocates nothing. A `Scratch` takes the next bytes of the thread that makes it and gives them back at the
// end of its scope, so a kernel that calls another need not know what that one uses. Other threads may use them
// meanwhile.
//
// Note [Workspaces and the limit] A workspace belongs to the environment for whose call it was allocated, and counts
// towards its memory limit beside its tensors. When memory is short, those of idle threads are freed. A call that gets
// none throws NoScratch, which passes through parallelFor to the stream: that makes it the call's failure. No kernel
// checks anything, so the kernels are compiled with exceptions.
#pragma once
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace ng {

struct NoScratch : std::bad_alloc {
  explicit NoScratch(size_t n) : bytes(n) {}
  size_t bytes;
};

// Where a stack ends.
struct ScratchMark {
  size_t chunk = 0, used = 0;
};
// The next bytes of this thread's stack, 64-byte aligned, uninitialised; `before`: where it ended. Null for none.
void* pushScratch(size_t bytes, ScratchMark& before);
void popScratch(const ScratchMark& before);

// `count` elements, uninitialised, until the end of the scope.
template <class T>
class Scratch {
 public:
  template <std::integral N>
  explicit Scratch(N count) : p_(static_cast<T*>(pushScratch(static_cast<size_t>(count) * sizeof(T), before_))) {}
  ~Scratch() { popScratch(before_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  T* get() const { return p_; }
  operator T*() const { return p_; }

 private:
  ScratchMark before_;
  T* p_;
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
struct ScratchThread;
class ScratchScope {
 public:
  explicit ScratchScope(const BudgetPtr* budget);
  ~ScratchScope();
  ScratchScope(const ScratchScope&) = delete;
  ScratchScope& operator=(const ScratchScope&) = delete;

 private:
  ScratchThread& thread_;  // looked up once: that is what a scope costs
  const BudgetPtr* outer_;
};
// The budget of this thread's scope, for the threads that help it.
const BudgetPtr* currentBudget();

// Frees the workspaces of all threads of the process that run no call now.
void releaseIdleScratch();

}  // namespace ng
