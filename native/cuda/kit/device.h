// What every .cu file of kernels uses: launches, strided indexing, reductions within warps and blocks, failures.
#pragma once
#include <tuple>

#include "cuda/stream.h"
#include "ops/kit/cast.h"
#include "ops/kit/coalesce.h"

namespace ng::NG_ISA {

inline constexpr int kThreads = 256;  // of a block, unless a kernel says otherwise
inline constexpr int kWarp = 32;
inline constexpr int64_t kMaxBlocks = 1 << 20;

inline CudaStream& streamOf(Ctx& c) { return *static_cast<CudaStream*>(c.stream); }

struct Launch {
  int64_t blocks;
  int threads = kThreads;
  bool meet = false;  // threads use barriers or shuffles: only the emulation asks
};

template <class T>
struct AsIs {
  using type = T;
};

#ifndef __CUDACC__
template <class... P>
struct EmulatedCall {
  void (*kernel)(P...);
  std::tuple<P...> args;
};
#endif

// Queues kernel(args...). No blocks: nothing to do.
template <class... P>
inline void launch(Ctx& c, const char* op, Launch l, void (*kernel)(P...), typename AsIs<P>::type... args) {
  if (l.blocks <= 0) return;
  const dim3 blocks{static_cast<unsigned>(l.blocks), 1, 1}, threads{static_cast<unsigned>(l.threads), 1, 1};
#ifdef __CUDACC__
  kernel<<<blocks, threads, 0, streamOf(c).handle>>>(args...);
  streamOf(c).ok(cudaGetLastError(), op);
#else
  EmulatedCall<P...> call{kernel, {args...}};
  emulate::runGrid(
      blocks, threads, l.meet,
      [](void* p) {
        auto* q = static_cast<EmulatedCall<P...>*>(p);
        std::apply(q->kernel, q->args);
      },
      &call);
#endif
}

// Blocks for n items, each thread taking `each`; a grid-stride loop takes the rest of a huge n.
inline Launch cover(int64_t n, int64_t each = 1, int threads = kThreads) {
  const int64_t per = each * threads, blocks = (n + per - 1) / per;
  return {blocks < kMaxBlocks ? blocks : kMaxBlocks, threads};
}

__device__ inline int64_t threadOfGrid() { return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; }
__device__ inline int64_t threadsOfGrid() { return static_cast<int64_t>(gridDim.x) * blockDim.x; }

// --- vectors --------------------------------------------------------------------------------------------------------

// N elements that are read and written with one 16-byte (or smaller) access.
template <class T, int N>
struct alignas(sizeof(T) * N) Vec {
  T v[N];
};
template <class T>
inline constexpr int kVec = 16 / sizeof(T);

inline bool aligned(const void* p, size_t bytes) { return reinterpret_cast<uintptr_t>(p) % bytes == 0; }

// --- strided indexing -----------------------------------------------------------------------------------------------

// Division by a number that is known at the launch: a multiplication (Granlund and Montgomery). For dividends below
// 2^31; larger problems use the plain division.
struct Divisor {
  uint32_t d = 1, shift = 0;
  uint32_t magic = 0;
  Divisor() = default;
  explicit Divisor(uint32_t by) : d(by) {
    while ((uint64_t{1} << shift) < by) shift++;
    magic = static_cast<uint32_t>((((uint64_t{1} << 32) * ((uint64_t{1} << shift) - by)) / by) + 1);
  }
  __device__ uint32_t quotient(uint32_t n) const {
    const uint32_t high = static_cast<uint32_t>((static_cast<uint64_t>(n) * magic) >> 32);
    return (high + n) >> shift;
  }
};

// A coalesced loop (ops/kit/coalesce.h) as a kernel parameter: linear position to one offset per operand.
template <int N>
struct Strided {
  int n;
  bool small;
  int64_t numel;
  Divisor by[kMaxDims];
  int64_t d[kMaxDims];
  int64_t s[N][kMaxDims];

  explicit Strided(const Loop<N>& l) : n(l.n), small(l.numel < (int64_t{1} << 31)), numel(l.numel) {
    for (int i = 0; i < n; i++) {
      d[i] = l.d[i];
      by[i] = Divisor(small && l.d[i] > 0 ? static_cast<uint32_t>(l.d[i]) : 1);
      for (int k = 0; k < N; k++) s[k][i] = l.s[k][i];
    }
  }
  __device__ void offsets(int64_t at, int64_t (&off)[N]) const {
    for (int k = 0; k < N; k++) off[k] = 0;
    if (small) {
      uint32_t rest = static_cast<uint32_t>(at);
      for (int i = n - 1; i > 0; i--) {
        const uint32_t q = by[i].quotient(rest), r = rest - q * by[i].d;
        for (int k = 0; k < N; k++) off[k] += r * s[k][i];
        rest = q;
      }
      for (int k = 0; k < N; k++) off[k] += rest * s[k][0];
    } else {
      int64_t rest = at;
      for (int i = n - 1; i > 0; i--) {
        const int64_t q = rest / d[i], r = rest - q * d[i];
        for (int k = 0; k < N; k++) off[k] += r * s[k][i];
        rest = q;
      }
      for (int k = 0; k < N; k++) off[k] += rest * s[k][0];
    }
  }
};

// --- reductions within a block --------------------------------------------------------------------------------------

// merge(T, T) must be associative enough for the order to be fixed: lanes by xor distance, then warps in order. All
// threads of the block get the result. blockDim.x is a multiple of the warp.
template <class T, class Merge>
__device__ inline T warpMerge(T v, Merge merge) {
  for (int mask = kWarp / 2; mask > 0; mask /= 2) {
    const T other = __shfl_xor_sync(0xffffffffu, v, mask);
    // The lower lane's value comes first, so that both lanes compute the same.
    v = (threadIdx.x & mask) == 0 ? merge(v, other) : merge(other, v);
  }
  return v;
}

template <class T, class Merge>
__device__ inline T blockMerge(T v, Merge merge) {
  __shared__ T parts[32];
  const int warps = (blockDim.x + kWarp - 1) / kWarp;
  v = warpMerge(v, merge);
  __syncthreads();  // the previous use of `parts` is over
  if (threadIdx.x % kWarp == 0) parts[threadIdx.x / kWarp] = v;
  __syncthreads();
  v = parts[0];
  for (int w = 1; w < warps; w++) v = merge(v, parts[w]);
  return v;
}

// --- failures -------------------------------------------------------------------------------------------------------

// Keeps the failure with the smallest position of the first launch that failed.
__device__ inline void report(const Reporter& to, Why why, int64_t position, int64_t a = 0, int64_t b = 0,
                              int64_t c = 0) {
  volatile Failure* f = to.record;
  if (f->launch != 0 && (f->launch != to.launch || f->position <= position)) return;
  while (atomicCAS(&to.record->lock, 0, 1) != 0) {
  }
  __threadfence();
  if (f->launch == 0 || (f->launch == to.launch && position < f->position)) {
    f->why = static_cast<int>(why);
    f->op = to.op;
    f->position = position;
    f->a = a;
    f->b = b;
    f->c = c;
    f->launch = to.launch;
  }
  __threadfence();
  atomicExch(&to.record->lock, 0);
}

}  // namespace ng::NG_ISA
