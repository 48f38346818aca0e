// The matrix product that all kernels share (matmul, later convolution and recurrent layers).
//
//   C[m, n] = A[m, k] B[k, n] + bias[n] + rowBias[m] + beta C,   C row-major with leading dimension ldc
//
// A and B are any callables that pack a panel (so that a convolution can gather its patches while packing), usually a
// Strided view. After BLIS (Van Zee & van de Geijn 2015): K is cut into blocks of kBlockK, the panels of A and B are
// packed once per block, and tiles of C are computed from packed panels. Work is split by size only, and K is summed
// in order, so the result does not depend on the number of threads.
#pragma once
#include <cstdint>
#include <type_traits>

#include "micro.h"
#include "pack.h"
#include "runtime/parallel.h"
#include "runtime/scratch.h"

namespace ng::NG_ISA {

// A matrix in memory, as lines (rows of A, columns of B) times k.
template <class T>
struct Strided {
  const T* p;
  int64_t step;   // from line to line
  int64_t along;  // from k to k + 1
  void operator()(T* to, int width, int64_t line, int lines, int64_t k0, int64_t k) const {
    packPanel(to, width, p + line * step + k0 * along, step, along, lines, k);
  }
};

template <class T>
struct Product {
  int64_t m, n, k;
  T* c;
  int64_t ldc;
  const T* bias;               // n values, or null
  T beta;                      // 0: C is not read
  const T* rowBias = nullptr;  // m values, or null
};

inline constexpr int64_t kBlockK = 384;      // a panel of A (14 x 384 floats) stays in L1
inline constexpr int64_t kBlockM = 2016;     // packed A per pass: at most 3 MB of floats
inline constexpr int64_t kBlockN = 3072;     // packed B per pass: at most 4.7 MB
inline constexpr int kTaskRowPanels = 8;     // one task: 8 x 14 rows ...
inline constexpr int kTaskColPanels = 8;     // ... times 8 x 32 columns of C, whose packed B stays in L2
inline constexpr double kSerialFlops = 5e5;  // below this a product is not worth a hand-over

template <class F>
static inline void runLoop(bool parallel, int64_t n, int64_t grain, F&& body) {
  if (parallel) {
    parallelFor(n, grain, body);
  } else if (n > 0) {
    body(0, n);
  }
}

template <class T>
static void scaleOnly(const Product<T>& g) {  // k = 0
  for (int64_t i = 0; i < g.m; i++) {
    T* row = g.c + i * g.ldc;
    for (int64_t j = 0; j < g.n; j++) {
      row[j] =
          (g.beta != T(0) ? g.beta * row[j] : T(0)) + (g.bias ? g.bias[j] : T(0)) + (g.rowBias ? g.rowBias[i] : T(0));
    }
  }
}

// One pass: C[i0.., j0..] over one block of k. `first` applies bias and beta, later blocks accumulate. pb: panels of B,
// which are packed by the first pass over its columns and k.
template <class T, class A, class B>
static void gemmBlock(const Product<T>& g, const A& a, const B& b, int64_t i0, int64_t m, int64_t j0, int64_t n,
                      int64_t k0, int64_t k, T* pb, bool packB, bool parallel) {
  constexpr int R = Tile<T>::kRows, N = Tile<T>::kCols;
  const bool first = k0 == 0;
  const int64_t rowPanels = (m + R - 1) / R, colPanels = (n + N - 1) / N;
  const Scratch<T> pa(rowPanels * R * k);

  const int64_t panels = rowPanels + (packB ? colPanels : 0);
  runLoop(parallel && panels * k > 4096, panels, 2, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; p++) {
      if (p < rowPanels) {
        const int lines = static_cast<int>(m - p * R < R ? m - p * R : R);
        a(pa + p * R * k, lines, i0 + p * R, lines, k0, k);
      } else {
        const int64_t q = p - rowPanels;
        const int lines = static_cast<int>(n - q * N < N ? n - q * N : N);
        b(pb + q * N * k, N, j0 + q * N, lines, k0, k);
      }
    }
  });

  const int64_t tasksM = (rowPanels + kTaskRowPanels - 1) / kTaskRowPanels;
  // Few columns: smaller tasks, so that there is something to share out.
  const int64_t perTask = colPanels * tasksM >= 4 * kTaskColPanels ? kTaskColPanels : colPanels > 3 ? 2 : 1;
  const int64_t tasksN = (colPanels + perTask - 1) / perTask;
  runLoop(parallel, tasksM * tasksN, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; task++) {
      const int64_t tn = task / tasksM, tm = task % tasksM;  // consecutive tasks share their columns of B
      const int64_t rowEnd = (tm + 1) * kTaskRowPanels < rowPanels ? (tm + 1) * kTaskRowPanels : rowPanels;
      const int64_t colEnd = (tn + 1) * perTask < colPanels ? (tn + 1) * perTask : colPanels;
      for (int64_t ir = tm * kTaskRowPanels; ir < rowEnd; ir++) {
        const int rows = static_cast<int>(m - ir * R < R ? m - ir * R : R);
        const auto wide = microFor<T>(rows, false), narrow = microFor<T>(rows, true);
        for (int64_t jr = tn * perTask; jr < colEnd; jr++) {
          const int cols = static_cast<int>(n - jr * N < N ? n - jr * N : N);
          const Epilogue<T> e{first && g.bias ? g.bias + j0 + jr * N : nullptr, first ? g.beta : T(1),
                              first && g.rowBias ? g.rowBias + i0 + ir * R : nullptr};
          (cols <= Tile<T>::kLanes ? narrow : wide)(k, pa + ir * R * k, SteppedRows<T>{pb + jr * N * k, N},
                                                    g.c + (i0 + ir * R) * g.ldc + j0 + jr * N, g.ldc, cols, e);
        }
      }
    }
  });
}

// The product; `parallel` allows it to use the thread pool (it does so only when large enough).
template <class T, class A, class B>
static void gemmWith(const Product<T>& g, const A& a, const B& b, bool parallel) {
  constexpr int N = Tile<T>::kCols;
  if (g.m == 0 || g.n == 0) return;
  if (g.k == 0) return scaleOnly(g);
  const bool spread = parallel && 2.0 * g.m * g.n * g.k > kSerialFlops;
  for (int64_t j0 = 0; j0 < g.n; j0 += kBlockN) {
    const int64_t n = g.n - j0 < kBlockN ? g.n - j0 : kBlockN;
    for (int64_t k0 = 0; k0 < g.k; k0 += kBlockK) {
      const int64_t k = g.k - k0 < kBlockK ? g.k - k0 : kBlockK;
      const Scratch<T> pb((n + N - 1) / N * N * k);
      for (int64_t i0 = 0; i0 < g.m; i0 += kBlockM) {
        const int64_t m = g.m - i0 < kBlockM ? g.m - i0 : kBlockM;
        gemmBlock(g, a, b, i0, m, j0, n, k0, k, pb.get(), i0 == 0, spread);
      }
    }
  }
}

inline constexpr int kThinPanels = 5;        // at most so many panels of rows: packing B would cost more than it saves
inline constexpr int64_t kThinBlockK = 64;   // rows of B per pass, so that their pages stay in the TLB
inline constexpr int64_t kThinBlockN = 256;  // columns of B per task, at most
inline constexpr int64_t kThinShared = 1 << 14;  // elements of A from which on packing it is shared out
inline constexpr int64_t kThinLeast = 1 << 16;   // elements of B; a smaller one is packed in no time

// Few rows times a large B whose rows are contiguous: B is read where it lies; only its last, partial panel is packed.
template <class T>
static void gemmThin(const Product<T>& g, const T* a, int64_t aRow, int64_t aCol, const T* b, int64_t ldb,
                     bool parallel) {
  constexpr int R = Tile<T>::kRows, N = Tile<T>::kCols;
  const int64_t rowPanels = (g.m + R - 1) / R, whole = g.n / N * N;
  // Panels one after the other, each for all of k.
  const Scratch<T> pa(rowPanels * R * g.k);
  runLoop(parallel && g.m * g.k > kThinShared, rowPanels, 1, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; p++) {
      const int lines = static_cast<int>(g.m - p * R < R ? g.m - p * R : R);
      packPanel(pa + p * R * g.k, lines, a + p * R * aRow, aRow, aCol, lines, g.k);
    }
  });
  const Scratch<T> tail(whole == g.n ? 0 : N * g.k);
  if (whole < g.n) packPanel(tail.get(), N, b + whole, 1, ldb, static_cast<int>(g.n - whole), g.k);
  const bool spread = parallel && 2.0 * g.m * g.n * g.k > kSerialFlops;
  const int64_t eighth = (g.n / 8 + N - 1) / N * N;  // narrow products: something to share out still
  const int64_t block = eighth < N ? N : eighth < kThinBlockN ? eighth : kThinBlockN;
  runLoop(spread, (g.n + block - 1) / block, 1, [&](int64_t begin, int64_t end) {
    for (int64_t k0 = 0; k0 < g.k; k0 += kThinBlockK) {
      const int64_t k = g.k - k0 < kThinBlockK ? g.k - k0 : kThinBlockK;
      for (int64_t j = begin * block; j < end * block && j < g.n; j += N) {
        const int cols = static_cast<int>(g.n - j < N ? g.n - j : N);
        const T* bj = cols < N ? tail + k0 * N : b + k0 * ldb + j;
        const Epilogue<T> e{k0 == 0 && g.bias ? g.bias + j : nullptr, k0 == 0 ? g.beta : T(1)};
        for (int64_t p = 0; p < rowPanels; p++) {
          const int rows = static_cast<int>(g.m - p * R < R ? g.m - p * R : R);
          microFor<T>(rows, cols <= Tile<T>::kLanes)(k, pa + p * R * g.k + k0 * rows,
                                                     SteppedRows<T>{bj, cols < N ? N : ldb}, g.c + p * R * g.ldc + j,
                                                     g.ldc, cols, e);
        }
      }
    }
  });
}

// The product of matrices in memory.
template <class T>
static void gemm(const Product<T>& g, const T* a, int64_t aRow, int64_t aCol, const T* b, int64_t bRow, int64_t bCol,
                 bool parallel) {
  if (bCol == 1 && g.k > 0 && g.m <= kThinPanels * Tile<T>::kRows && g.n * g.k >= kThinLeast && g.n >= Tile<T>::kCols) {
    return gemmThin(g, a, aRow, aCol, b, bRow, parallel);
  }
  gemmWith(g, Strided<T>{a, aRow, aCol}, Strided<T>{b, bCol, bRow}, parallel);
}

}  // namespace ng::NG_ISA
