// Short runs of elements: which of them lie inside an image, copying and zeroing them.
#pragma once
#include <cstdint>

namespace ng::NG_ISA {

// The i in [lo, hi) of 0 .. n - 1 for which first + i * step is within [0, size).
static inline void insideRange(int64_t first, int64_t step, int64_t size, int64_t n, int64_t& lo, int64_t& hi) {
  lo = 0, hi = n;
  if (first >= 0 && first + (n - 1) * step < size) return;  // the usual case needs no division
  if (first < 0) lo = step == 1 ? -first : (-first + step - 1) / step;
  const int64_t room = size - first;
  const int64_t end = room <= 0 ? 0 : step == 1 ? room : (room + step - 1) / step;
  if (lo > n) lo = n;
  if (end < hi) hi = end;
  if (hi < lo) hi = lo;
}

// memcpy and zeroing without a call, for the short runs that patches are made of: the last vector overlaps the one
// before.
template <int Bytes, class T>
static inline void copyVectors(T* to, const T* from, int64_t n) {
  constexpr int L = Bytes / static_cast<int>(sizeof(T));
  for (int64_t i = 0; i + L <= n; i += L) __builtin_memcpy(to + i, from + i, Bytes);
  if (n % L != 0) __builtin_memcpy(to + n - L, from + n - L, Bytes);
}
template <class T>
static inline void copyRun(T* to, const T* from, int64_t n) {
  constexpr int L = static_cast<int>(64 / sizeof(T));
  if (n >= L) {
    copyVectors<64>(to, from, n);
  } else if (n >= L / 4) {
    copyVectors<16>(to, from, n);
  } else {
    for (int64_t i = 0; i < n; i++) to[i] = from[i];
  }
}
template <class T>
static inline void zeroRun(T* to, int64_t n) {
  constexpr int L = static_cast<int>(16 / sizeof(T));
  if (n < L) {
    for (int64_t i = 0; i < n; i++) to[i] = T(0);
    return;
  }
  for (int64_t i = 0; i + L <= n; i += L) __builtin_memset(to + i, 0, 16);
  if (n % L != 0) __builtin_memset(to + n - L, 0, 16);
}

}  // namespace ng::NG_ISA
