// Strided loops over N operands of one iteration shape: dimensions that can be walked as one are merged, size-1
// dimensions dropped, and what remains is visited as runs along the innermost dimension.
#pragma once
#include "runtime/buffer.h"

namespace ng::NG_ISA {

// After coalescing n >= 1 always holds (a scalar is one run of one element).
template <int N>
struct Loop {
  int n = 0;
  int64_t d[kMaxDims];
  int64_t s[N][kMaxDims];
  int64_t numel = 1;
};

template <int N>
inline Loop<N> coalesce(const Loop<N>& in) {
  Loop<N> out;
  for (int i = 0; i < in.n; i++) {
    out.numel *= in.d[i];
    if (in.d[i] == 1) continue;
    bool joins = out.n > 0;
    for (int k = 0; k < N && joins; k++) joins = out.s[k][out.n - 1] == in.s[k][i] * in.d[i];
    if (joins) {
      out.d[out.n - 1] *= in.d[i];
    } else {
      out.d[out.n++] = in.d[i];
    }
    for (int k = 0; k < N; k++) out.s[k][out.n - 1] = in.s[k][i];
  }
  if (out.n == 0) {
    out.n = 1;
    out.d[0] = out.numel;
    for (int k = 0; k < N; k++) out.s[k][0] = 1;
  }
  return out;
}

template <int N>
inline void swapDims(Loop<N>& l, int i, int j) {
  const auto swap = [i, j](int64_t* v) {
    const int64_t t = v[i];
    v[i] = v[j], v[j] = t;
  };
  swap(l.d);
  for (int k = 0; k < N; k++) swap(l.s[k]);
}

// Orders the dimensions by descending |stride| of operand 0: allowed wherever the order of visits does not matter.
template <int N>
inline void sortByStride(Loop<N>& l) {
  const auto size = [](int64_t x) { return x < 0 ? -x : x; };
  for (int i = 1; i < l.n; i++) {
    for (int j = i; j > 0 && size(l.s[0][j]) > size(l.s[0][j - 1]); j--) swapDims(l, j, j - 1);
  }
}

template <int N>
inline Loop<N> makeLoop(const Dims& dims, const Dims* const (&strides)[N]) {
  Loop<N> l;
  l.n = dims.n;
  for (int i = 0; i < dims.n; i++) {
    l.d[i] = dims[i];
    for (int k = 0; k < N; k++) l.s[k][i] = (*strides[k])[i];
  }
  return l;
}

// Visits the elements [begin, end) in row-major order: body(off, count) for each run along the innermost dimension,
// where off[k] is operand k's offset of the run's first element and l.s[k][l.n - 1] its step.
template <int N, class F>
inline void forRuns(const Loop<N>& l, int64_t begin, int64_t end, F&& body) {
  if (begin >= end) return;
  int64_t at[kMaxDims], off[N] = {};
  if (l.n == 1) {
    for (int k = 0; k < N; k++) off[k] = begin * l.s[k][0];
    body(static_cast<const int64_t*>(off), end - begin);
    return;
  }
  int64_t rest = begin;
  for (int i = l.n - 1; i >= 0; i--) {
    at[i] = rest % l.d[i];
    rest /= l.d[i];
    for (int k = 0; k < N; k++) off[k] += at[i] * l.s[k][i];
  }
  const int last = l.n - 1;
  for (int64_t pos = begin; pos < end;) {
    int64_t count = l.d[last] - at[last];
    if (count > end - pos) count = end - pos;
    body(static_cast<const int64_t*>(off), count);
    pos += count;
    at[last] += count;
    for (int k = 0; k < N; k++) off[k] += count * l.s[k][last];
    for (int i = last; i > 0 && at[i] == l.d[i]; i--) {
      for (int k = 0; k < N; k++) off[k] += l.s[k][i - 1] - at[i] * l.s[k][i];
      at[i] = 0;
      at[i - 1]++;
    }
  }
}

}  // namespace ng::NG_ISA
