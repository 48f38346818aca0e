// The innermost piece of the matrix product: a tile of C kept in registers, C[mr, nr] = sum_k a[k, mr] b[k, nr], with
// vectors along the columns. One template for every instruction set and element type; only the sizes differ.
#pragma once
#include <cstdint>

namespace ng::NG_ISA {

#if defined(NG_ISA_AVX512)
inline constexpr int kVectorBytes = 64;
inline constexpr int kTileRows = 14;  // 14 x 2 accumulators + 2 of b + 2 broadcasts = 32 registers
#elif defined(NG_ISA_AVX2)
inline constexpr int kVectorBytes = 32;
inline constexpr int kTileRows = 6;  // 6 x 2 accumulators + 2 of b + 2 broadcasts = 16 registers
#else
inline constexpr int kVectorBytes = 16;  // SSE2, NEON
inline constexpr int kTileRows = 6;
#endif

template <class T>
struct Tile {
  static constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(T));
  static constexpr int kRows = kTileRows;
  static constexpr int kCols = 2 * kLanes;
  // Aligned to the element only: C rows start anywhere.
  typedef T Vec __attribute__((vector_size(kVectorBytes), aligned(sizeof(T)), may_alias));
};

// What happens to a finished tile: c = acc + bias + rowBias + beta * c. With beta 0, c is not read.
template <class T>
struct Epilogue {
  const T* bias;  // for the tile's columns, or null
  T beta;
  const T* rowBias = nullptr;  // for the tile's rows, or null
};

// Where the lines of a lie for one k after the other: packed side by side; side by side at steps; or as blocks of one
// vector of k per line, line after line, R lines to a block.
template <class T>
struct PackedLines {
  const T* p;
  PackedLines(const T* from) : p(from) {}  // any packed panel is one
  T at(int i) const { return p[i]; }
  void next(int lines) { p += lines; }
};
template <class T>
struct SteppedLines {
  const T* p;
  int64_t step;
  T at(int i) const { return p[i]; }
  void next(int) { p += step; }
};
template <class T>
struct BlockedLines {
  const T* p;
  int left = Tile<T>::kLanes;
  T at(int i) const { return p[i * Tile<T>::kLanes]; }
  void next(int lines) {
    p++;
    if (--left > 0) return;
    left = Tile<T>::kLanes;
    p += (lines - 1) * Tile<T>::kLanes;
  }
};

// Where the vectors of b lie for one k after the other: `step` apart (kCols if packed, then zero padded), or at offsets
// from a table, each of the two vectors from its own start.
template <class T>
struct SteppedRows {
  const T* p;
  int64_t step;
  const T* at(int j) const { return p + j * Tile<T>::kLanes; }
  void next() { p += step; }
};
template <class T>
struct TableRows {
  const T* start[2];
  const int32_t* offset;
  const T* at(int j) const { return start[j] + *offset; }
  void next() { offset++; }
};

// a: `R` values per k; b: `NV` vectors per k. Only `cols` columns of c are written.
template <class T, class A, class B, int R, int NV>
static void microTile(int64_t k, A a, B b, T* c, int64_t ldc, int cols, const Epilogue<T>& e) {
  using Vec = typename Tile<T>::Vec;
  constexpr int L = Tile<T>::kLanes;
  Vec acc[R][NV];
#pragma GCC unroll 16
  for (int i = 0; i < R; i++) {
#pragma GCC unroll 2
    for (int j = 0; j < NV; j++) acc[i][j] = Vec{};
  }
  for (int64_t p = 0; p < k; p++) {
    Vec bv[NV];
#pragma GCC unroll 2
    for (int j = 0; j < NV; j++) bv[j] = *reinterpret_cast<const Vec*>(b.at(j));
#pragma GCC unroll 16
    for (int i = 0; i < R; i++) {
      const T s = a.at(i);
#pragma GCC unroll 2
      for (int j = 0; j < NV; j++) acc[i][j] += s * bv[j];
    }
    a.next(R);
    b.next();
  }
  if (cols == NV * L) {
#pragma GCC unroll 16
    for (int i = 0; i < R; i++) {
#pragma GCC unroll 2
      for (int j = 0; j < NV; j++) {
        Vec* to = reinterpret_cast<Vec*>(c + i * ldc + j * L);
        Vec v = acc[i][j];
        if (e.bias) v += *reinterpret_cast<const Vec*>(e.bias + j * L);
        if (e.rowBias) v += e.rowBias[i];
        if (e.beta != T(0)) v += e.beta * *to;
        *to = v;
      }
    }
    return;
  }
  alignas(64) T edge[R][NV * L];
#pragma GCC unroll 16
  for (int i = 0; i < R; i++) {
#pragma GCC unroll 2
    for (int j = 0; j < NV; j++) *reinterpret_cast<Vec*>(&edge[i][j * L]) = acc[i][j];
  }
  for (int i = 0; i < R; i++) {
    for (int j = 0; j < cols; j++) {
      T v = edge[i][j];
      if (e.bias) v += e.bias[j];
      if (e.rowBias) v += e.rowBias[i];
      if (e.beta != T(0)) v += e.beta * c[i * ldc + j];
      c[i * ldc + j] = v;
    }
  }
}

template <class T, class B>
using MicroFn = void (*)(int64_t k, PackedLines<T> a, B b, T* c, int64_t ldc, int cols, const Epilogue<T>& e);

// The micro-kernel for `rows` (1 .. kRows) rows; narrow: at most one vector of columns.
template <class T, class B = SteppedRows<T>, int R = Tile<T>::kRows>
static MicroFn<T, B> microFor(int rows, bool narrow) {
  if constexpr (R == 1) {
    return narrow ? microTile<T, PackedLines<T>, B, 1, 1> : microTile<T, PackedLines<T>, B, 1, 2>;
  } else {
    if (rows == R) return narrow ? microTile<T, PackedLines<T>, B, R, 1> : microTile<T, PackedLines<T>, B, R, 2>;
    return microFor<T, B, R - 1>(rows, narrow);
  }
}

}  // namespace ng::NG_ISA
