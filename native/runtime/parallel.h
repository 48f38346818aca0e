// parallelFor: spread a loop over the shared thread pool.
//
// Note [Determinism] Chunks are exactly `grain` long whatever the number of threads, and a kernel's arithmetic may
// depend on the chunk but never on who runs it. So the same seed gives the same bits with 1, 2 or 64 threads.
#pragma once
#include <cstdint>
#include <type_traits>

namespace ng {

using RangeFn = void (*)(void* env, int64_t begin, int64_t end);

// Calls fn(env, begin, end) for [0, grain), [grain, 2 grain), ... and returns when all are done. Nested calls and
// calls made while another stream holds the pool run on the calling thread.
void parallelForImpl(int64_t n, int64_t grain, RangeFn fn, void* env);

void setNumThreads(int n);  // 1 .. 256, the calling thread included
int numThreads();

template <class F>
static inline void parallelFor(int64_t n, int64_t grain, F&& body) {
  if (n <= 0) return;
  if (grain < 1) grain = 1;
  using Body = std::remove_reference_t<F>;
  parallelForImpl(
      n, grain, [](void* env, int64_t b, int64_t e) { (*static_cast<Body*>(env))(b, e); },
      const_cast<void*>(static_cast<const void*>(&body)));
}

}  // namespace ng
