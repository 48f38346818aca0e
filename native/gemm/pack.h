// Packing: rearranges a block of A or B into panels that the micro-kernel reads front to back. A panel holds `width`
// rows (or columns) side by side for every k: to[k * width + i] = from[i * step + k * along].
#pragma once
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace ng::NG_ISA {

// A 4 x 4 transposition in registers; four times fewer stores than element by element.
template <class T>
static inline void transposeFour(const T* f0, const T* f1, const T* f2, const T* f3, T* to, int64_t width) {
  typedef T V __attribute__((vector_size(4 * sizeof(T)), aligned(sizeof(T)), may_alias));
  typedef std::conditional_t<sizeof(T) == 4, int32_t, int64_t> I;
  typedef I M __attribute__((vector_size(4 * sizeof(T))));
  const auto row = [](const T* f) { return *reinterpret_cast<const V*>(f); };
  const V r0 = row(f0), r1 = row(f1), r2 = row(f2), r3 = row(f3);
  const V lo01 = __builtin_shuffle(r0, r1, M{0, 4, 1, 5}), hi01 = __builtin_shuffle(r0, r1, M{2, 6, 3, 7});
  const V lo23 = __builtin_shuffle(r2, r3, M{0, 4, 1, 5}), hi23 = __builtin_shuffle(r2, r3, M{2, 6, 3, 7});
  const auto put = [&](int k, V v) { *reinterpret_cast<V*>(to + k * width) = v; };
  put(0, __builtin_shuffle(lo01, lo23, M{0, 1, 4, 5}));
  put(1, __builtin_shuffle(lo01, lo23, M{2, 3, 6, 7}));
  put(2, __builtin_shuffle(hi01, hi23, M{0, 1, 4, 5}));
  put(3, __builtin_shuffle(hi01, hi23, M{2, 3, 6, 7}));
}

template <class T>
static inline void transpose4(const T* from, int64_t step, T* to, int64_t width) {
  transposeFour(from, from + step, from + 2 * step, from + 3 * step, to, width);
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
    if (n == width) {
      for (int64_t p = 0; p < k; p++) {
        std::memcpy(to + p * width, from + p * along, static_cast<size_t>(width) * sizeof(T));
      }
    } else {
      for (int64_t p = 0; p < k; p++) {
        for (int i = 0; i < n; i++) to[p * width + i] = from[p * along + i];
      }
    }
    return;
  }
  if (along == 1) {  // each line runs along k: transpose
    int i = 0;
    for (; i + 4 <= n; i += 4) {
      int64_t p = 0;
      for (; p + 4 <= k; p += 4) transpose4(from + i * step + p, step, to + p * width + i, width);
      for (; p < k; p++) {
        for (int r = i; r < i + 4; r++) to[p * width + r] = from[r * step + p];
      }
    }
    for (; i < n; i++) {
      for (int64_t p = 0; p < k; p++) to[p * width + i] = from[i * step + p];
    }
    return;
  }
  for (int64_t p = 0; p < k; p++) {
    for (int i = 0; i < n; i++) to[p * width + i] = from[i * step + p * along];
  }
}

}  // namespace ng::NG_ISA
