// fill, copy (with cast and transposition) and iota.
#include <cstring>
#include <utility>

#include "kernels.h"
#include "ops/kit/cast.h"
#include "ops/kit/coalesce.h"
#include "ops/kit/vec.h"
#include "runtime/parallel.h"

namespace ng::NG_ISA {
namespace {

constexpr int64_t kGrain = 32768;  // elements per task

using RowFn = void (*)(void* out, int64_t so, const void* a, int64_t sa, int64_t n);

template <class D, class S>
void castRow(void* out, int64_t so, const void* a, int64_t sa, int64_t n) {
  D* __restrict o = static_cast<D*>(out);
  const S* __restrict x = static_cast<const S*>(a);
  if (so == 1 && sa == 1) {
    if constexpr (kSame<D, S>) {
      std::memcpy(o, x, n * sizeof(D));
    } else {
      for (int64_t i = 0; i < n; i++) o[i] = castTo<D>(x[i]);
    }
  } else if (so == 1 && sa == 0) {
    const D v = castTo<D>(x[0]);
    for (int64_t i = 0; i < n; i++) o[i] = v;
  } else {
    for (int64_t i = 0; i < n; i++) o[i * so] = castTo<D>(x[i * sa]);
  }
}

RowFn rowFn(DType to, DType from) {
  RowFn f = nullptr;
  withDtype<Any>(to, [&]<class D>(Tag<D>) { withDtype<Any>(from, [&]<class S>(Tag<S>) { f = &castRow<D, S>; }); });
  return f;
}

// A transposition goes through a tile in L1: its rows are read along a's contiguous dimension, and blocks of one vector
// by one vector are turned in registers on their way out.
constexpr int kTile = 64;

template <class V, size_t... I>
V interleave(V a, V b, bool high, std::index_sequence<I...>) {
  constexpr int n = sizeof...(I);
  return high ? __builtin_shufflevector(a, b, (static_cast<int>(n / 2 + I / 2 + I % 2 * n))...)
              : __builtin_shufflevector(a, b, (static_cast<int>(I / 2 + I % 2 * n))...);
}

// out[i, j] = tile[j, i] for an N x N block. Interleaving row i with row i + N / 2, log2(N) times, transposes.
template <class U, int N>
void turn(U* out, int64_t so, const U* tile) {
  typedef U V __attribute__((vector_size(N * sizeof(U))));
  using Lanes = std::make_index_sequence<N>;
  V r[N], t[N];
  for (int i = 0; i < N; i++) std::memcpy(&r[i], tile + i * kTile, sizeof(V));
#pragma GCC unroll 8
  for (int round = 1; round < N; round *= 2) {
#pragma GCC unroll 32
    for (int i = 0; i < N / 2; i++) {
      t[2 * i] = interleave(r[i], r[i + N / 2], false, Lanes{});
      t[2 * i + 1] = interleave(r[i], r[i + N / 2], true, Lanes{});
    }
#pragma GCC unroll 32
    for (int i = 0; i < N; i++) r[i] = t[i];
  }
  for (int i = 0; i < N; i++) std::memcpy(out + i * so, &r[i], sizeof(V));
}

template <class U>
void writeTransposed(void* out, int64_t so, const void* tile, int64_t rows, int64_t cols) {
  U* o = static_cast<U*>(out);
  const U* t = static_cast<const U*>(tile);
  // AVX2 has no cheap permutation across its two halves.
  constexpr int N = (kVecBytes == 64 && sizeof(U) >= 4 ? 64 : 16) / sizeof(U);
  const int64_t r1 = rows / N * N, c1 = cols / N * N;
  for (int64_t i = 0; i < r1; i += N) {
    for (int64_t j = 0; j < c1; j += N) turn<U, N>(o + i * so + j, so, t + j * kTile + i);
  }
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = i < r1 ? c1 : 0; j < cols; j++) o[i * so + j] = t[j * kTile + i];
  }
}

// l's innermost dimension has step 1 in out; dimension `p` has step 1 in a.
void copyTransposed(Buf out, Buf a, Loop<2> l, int p, RowFn row) {
  const int last = l.n - 1;
  const int64_t cols = l.d[last], colStep = l.s[1][last], rows = l.d[p], rowStep = l.s[0][p];
  const size_t so = sizeOf(out.t), sa = sizeOf(a.t);
  const auto write = so == 1   ? &writeTransposed<uint8_t>
                     : so == 2 ? &writeTransposed<uint16_t>
                     : so == 4 ? &writeTransposed<uint32_t>
                               : &writeTransposed<uint64_t>;
  Loop<2> outer;
  for (int i = 0; i < last; i++) {
    if (i == p) continue;
    outer.d[outer.n] = l.d[i];
    outer.s[0][outer.n] = l.s[0][i], outer.s[1][outer.n++] = l.s[1][i];
  }
  outer = coalesce(outer);
  const int64_t rowTiles = (rows + kTile - 1) / kTile, colTiles = (cols + kTile - 1) / kTile;
  const int64_t tiles = rowTiles * colTiles;
  parallelFor(outer.numel * tiles, kGrain / (kTile * kTile), [&](int64_t b, int64_t e) {
    alignas(64) unsigned char tile[kTile * kTile * 8];
    for (int64_t t = b; t < e; t++) {
      const int64_t r0 = t % tiles / colTiles * kTile, c0 = t % colTiles * kTile;
      const int64_t nr = rows - r0 < kTile ? rows - r0 : kTile, nc = cols - c0 < kTile ? cols - c0 : kTile;
      forRuns(outer, t / tiles, t / tiles + 1, [&](const int64_t* off, int64_t) {
        const char* x = a.as<const char>() + (off[1] + r0 + c0 * colStep) * static_cast<int64_t>(sa);
        for (int64_t j = 0; j < nc; j++) {
          row(tile + j * kTile * so, 1, x + j * colStep * static_cast<int64_t>(sa), 1, nr);
        }
        write(out.as<char>() + (off[0] + r0 * rowStep + c0) * static_cast<int64_t>(so), rowStep, tile, nr, nc);
      });
    }
  });
}

}  // namespace

void fill(Ctx&, Out<Any> out, Dims dims, Dims so, double value) {
  Loop<1> l = makeLoop<1>(dims, {&so});
  sortByStride(l);
  l = coalesce(l);
  withDtype(out, [&]<class T>(Tag<T>) {
    const T v = castTo<T>(value);
    const int64_t step = l.s[0][l.n - 1];
    parallelFor(l.numel, kGrain, [&](int64_t b, int64_t e) {
      forRuns(l, b, e, [&](const int64_t* off, int64_t n) {
        T* o = out.as<T>() + off[0];
        if (step == 1) {
          for (int64_t i = 0; i < n; i++) o[i] = v;
        } else {
          for (int64_t i = 0; i < n; i++) o[i * step] = v;
        }
      });
    });
  });
}

void copy(Ctx&, Out<Any> out, In<Any> a, Dims dims, Dims so, Dims sa) {
  Loop<2> l = makeLoop<2>(dims, {&so, &sa});
  sortByStride(l);
  l = coalesce(l);
  if (l.numel == 0) return;
  const RowFn row = rowFn(out.t, a.t);
  const int last = l.n - 1;
  for (int p = 0; p < last; p++) {
    if (l.s[1][p] != 1 || l.s[0][last] != 1) continue;
    if (l.d[p] >= 8 && l.d[last] >= 8) return copyTransposed(out, a, l, p, row);
    if (l.d[p] > 8 * l.d[last]) swapDims(l, p, last);  // a few long columns (channels first to last): run along them
    break;
  }
  const int64_t stepO = l.s[0][last], stepA = l.s[1][last];
  const int64_t bo = static_cast<int64_t>(sizeOf(out.t)), ba = static_cast<int64_t>(sizeOf(a.t));
  parallelFor(l.numel, kGrain, [&](int64_t b, int64_t e) {
    forRuns(l, b, e, [&](const int64_t* off, int64_t n) {
      row(out.as<char>() + off[0] * bo, stepO, a.as<const char>() + off[1] * ba, stepA, n);
    });
  });
}

void iota(Ctx&, Out<Any> out, int64_t n, double start, double step) {
  withDtype(out, [&]<class T>(Tag<T>) {
    parallelFor(n, kGrain, [&](int64_t b, int64_t e) {
      T* o = out.as<T>();
      for (int64_t i = b; i < e; i++) o[i] = castTo<T>(start + static_cast<double>(i) * step);
    });
  });
}

}  // namespace ng::NG_ISA
