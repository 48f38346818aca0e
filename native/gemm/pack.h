// Packing: rearranges a block of A or B into panels that the micro-kernel reads front to back. A panel holds `width`
// rows (or columns) side by side for every k: to[k * width + i] = from[i * step + k * along].
#pragma once
#include <cstdint>

#include "micro.h"
#include "runs.h"

namespace ng::NG_ISA {

// How many lines of each element type are transposed together: an N x N block in registers, N times fewer stores than
// element by element.
template <class T>
inline constexpr int kTransposed = sizeof(T) == 4 && kVectorBytes >= 32 ? 8 : 4;

// to[k * width + r] = from[r][k], both of 0 .. N - 1.
template <int N, class T>
static inline void transposeBlock(const T* const* from, T* to, int64_t width) {
  typedef T V __attribute__((vector_size(N * sizeof(T)), aligned(sizeof(T)), may_alias));
  const auto put = [&](int k, V v) { *reinterpret_cast<V*>(to + k * width) = v; };
  V r[N];
#pragma GCC unroll 8
  for (int i = 0; i < N; i++) r[i] = *reinterpret_cast<const V*>(from[i]);
  if constexpr (N == 4) {
    const V lo01 = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5),
            hi01 = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7);
    const V lo23 = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5),
            hi23 = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
    put(0, __builtin_shufflevector(lo01, lo23, 0, 1, 4, 5));
    put(1, __builtin_shufflevector(lo01, lo23, 2, 3, 6, 7));
    put(2, __builtin_shufflevector(hi01, hi23, 0, 1, 4, 5));
    put(3, __builtin_shufflevector(hi01, hi23, 2, 3, 6, 7));
  } else {
    V pairs[8], fours[8];  // of lines, within each half of a vector
#pragma GCC unroll 4
    for (int i = 0; i < 8; i += 2) {
      pairs[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
      pairs[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
#pragma GCC unroll 2
    for (int i = 0; i < 8; i += 4) {
#pragma GCC unroll 2
      for (int j = 0; j < 2; j++) {
        fours[i + 2 * j] = __builtin_shufflevector(pairs[i + j], pairs[i + 2 + j], 0, 1, 8, 9, 4, 5, 12, 13);
        fours[i + 2 * j + 1] = __builtin_shufflevector(pairs[i + j], pairs[i + 2 + j], 2, 3, 10, 11, 6, 7, 14, 15);
      }
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      put(i, __builtin_shufflevector(fours[i], fours[i + 4], 0, 1, 2, 3, 8, 9, 10, 11));
      put(i + 4, __builtin_shufflevector(fours[i], fours[i + 4], 4, 5, 6, 7, 12, 13, 14, 15));
    }
  }
}

// N lines that run along k, for all of k. The last block overlaps the one before.
template <int N, class T>
static inline void transposeLines(const T* from, int64_t step, T* to, int64_t width, int64_t k) {
  if (k < N) {
    for (int64_t p = 0; p < k; p++) {
      for (int r = 0; r < N; r++) to[p * width + r] = from[r * step + p];
    }
    return;
  }
  const T* f[N];
  for (int64_t p = 0; p < k; p += N) {
    if (p + N > k) p = k - N;
    for (int r = 0; r < N; r++) f[r] = from + r * step + p;
    transposeBlock<N>(f, to + p * width, width);
  }
}

// n lines, the last N of them over some of the ones before.
template <int N, class T>
static inline void transposeAll(const T* from, int64_t step, T* to, int64_t width, int n, int64_t k) {
  for (int i = 0; i < n; i += N) {
    if (i + N > n) i = n - N;
    transposeLines<N>(from + i * step, step, to + i, width, k);
  }
}

// One panel of `n` <= width lines and `k` steps; missing lines are zeros.
template <class T>
static void packPanel(T* to, int width, const T* from, int64_t step, int64_t along, int n, int64_t k) {
  if (n < width) {
    for (int64_t p = 0; p < k; p++) {
      for (int i = n; i < width; i++) to[p * width + i] = T(0);
    }
  }
  if (step == 1) {  // lines side by side: whole rows of the panel
    for (int64_t p = 0; p < k; p++) copyRun(to + p * width, from + p * along, n);
    return;
  }
  if (along == 1) {  // each line runs along k: transpose
    if (n >= kTransposed<T>) return transposeAll<kTransposed<T>>(from, step, to, width, n, k);
    if (n >= 4) return transposeAll<4>(from, step, to, width, n, k);
    for (int i = 0; i < n; i++) {
      for (int64_t p = 0; p < k; p++) to[p * width + i] = from[i * step + p];
    }
    return;
  }
  for (int64_t p = 0; p < k; p++) {
    for (int i = 0; i < n; i++) to[p * width + i] = from[i * step + p * along];
  }
}

}  // namespace ng::NG_ISA
