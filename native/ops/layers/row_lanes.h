// The rows of a contiguous [rows, cols] on the GPU: a warp per row, or a block for long rows. A lane sums up to 32
// terms in float32, lanes meet in float64.
#pragma once
#include "cuda/kit/device.h"
#include "ops/kit/math.h"
#include "ops/reduce/reduce_ops.h"

namespace ng::NG_ISA {

inline constexpr int64_t kWarpCols = 1024;  // longer rows get a block

// L lanes share a row. All of them must call what merges.
template <int L>
struct Row {
  static __device__ int64_t lane() { return threadIdx.x % L; }
  static __device__ int64_t first() { return static_cast<int64_t>(blockIdx.x) * (kThreads / L) + threadIdx.x / L; }
  static __device__ int64_t step() { return static_cast<int64_t>(gridDim.x) * (kThreads / L); }

  template <class T, class F>
  static __device__ T merge(T v, F f) {
    if constexpr (L == kWarp) {
      return warpMerge(v, f);
    } else {
      return blockMerge(v, f);
    }
  }
  template <class T>
  static __device__ InOf<T> max(const T* x, int64_t cols) {
    using Op = ExtremeOp<InOf<T>, true>;
    InOf<T> m = Op::kId;
    for (int64_t c = lane(); c < cols; c += L) m = Op::merge(m, load(x[c]));
    return merge(m, [](InOf<T> a, InOf<T> b) { return Op::merge(a, b); });
  }
  // Sum of term(column), whose type says in which precision.
  template <class F>
  static __device__ double sum(int64_t cols, F term) {
    double total = 0;
    for (int64_t c = lane(); c < cols;) {
      decltype(term(c)) part = 0;
      for (int k = 0; k < 32 && c < cols; k++, c += L) part += term(c);
      total += static_cast<double>(part);
    }
    return merge(total, [](double a, double b) { return a + b; });
  }
  template <class T>
  static __device__ double sumExp(const T* x, int64_t cols, InOf<T> shift) {
    return sum(cols, [&](int64_t c) { return m::exp(load(x[c]) - shift); });
  }
};

// Calls f(Tag<T>{}, lanes of a row, launch).
template <class F>
void withRows(In<Floating> x, int64_t rows, int64_t cols, F&& f) {
  withDtype(x, [&](auto tag) {
    const auto with = [&]<int L>(std::integral_constant<int, L> lanes) {
      Launch l = cover(rows * L);
      l.meet = true;
      f(tag, lanes, l);
    };
    if (cols <= kWarpCols) {
      with(std::integral_constant<int, kWarp>{});
    } else {
      with(std::integral_constant<int, kThreads>{});
    }
  });
}

}  // namespace ng::NG_ISA
