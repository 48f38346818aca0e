// Vectors and small dense matrices of doubles, shared by the kernels of linear algebra (linalg_*.cpp).
//
// Every kernel copies a matrix into scratch memory as float64, works there and rounds once on the way out, so float32
// tensors get results that are exact to their precision.
#pragma once

#include "kernels.h"
#include "ops/kit/bounds.h"
#include "ops/kit/vec.h"
#include "runtime/parallel.h"
#include "runtime/scratch.h"

namespace ng::NG_ISA {

inline constexpr double kEpsilon = 0x1p-52;

inline double absOf(double x) { return __builtin_fabs(x); }

inline double dot(const double* a, const double* b, int64_t n) {
  using V = VecOf<double, 64>::type;
  constexpr int64_t lanes = 8;
  V sum = {};
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    V x, y;
    __builtin_memcpy(&x, a + i, sizeof(V));
    __builtin_memcpy(&y, b + i, sizeof(V));
    sum += x * y;
  }
  double s = ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
  for (; i < n; i++) s += a[i] * b[i];
  return s;
}

// y += s x
inline void axpy(double* __restrict y, double s, const double* __restrict x, int64_t n) {
  for (int64_t i = 0; i < n; i++) y[i] += s * x[i];
}

// (x, y) = (c x - s y, s x + c y)
inline void rotate(double* __restrict x, double* __restrict y, double c, double s, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    const double u = x[i], v = y[i];
    x[i] = c * u - s * v;
    y[i] = s * u + c * v;
  }
}

inline void swapRows(double* __restrict x, double* __restrict y, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    const double t = x[i];
    x[i] = y[i];
    y[i] = t;
  }
}

inline double largest(const double* a, int64_t n) {
  double m = 0;
  for (int64_t i = 0; i < n; i++) m = absOf(a[i]) > m ? absOf(a[i]) : m;
  return m;
}

inline bool allFinite(const double* a, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    if (!(absOf(a[i]) <= __DBL_MAX__)) return false;
  }
  return true;
}

// A factor that keeps squares of the elements in range; a power of two, and 1 for ordinary matrices.
inline double safeScale(double largestElement) {
  if (largestElement == 0 || (largestElement > 0x1p-300 && largestElement < 0x1p300)) return 1;
  return largestElement < 1 ? 0x1p500 : 0x1p-500;
}

inline void scale(double* a, int64_t n, double s) {
  if (s == 1) return;
  for (int64_t i = 0; i < n; i++) a[i] *= s;
}

// to[i] = from[at + i]; `from` is float32 or float64.
inline void load(double* to, const Buf& from, int64_t at, int64_t n) {
  if (from.t == DType::f32) {
    for (int64_t i = 0; i < n; i++) to[i] = from.as<const float>()[at + i];
  } else {
    for (int64_t i = 0; i < n; i++) to[i] = from.as<const double>()[at + i];
  }
}

inline double loadOne(const Buf& from, int64_t at) {
  return from.t == DType::f32 ? from.as<const float>()[at] : from.as<const double>()[at];
}

inline void storeOne(const Buf& to, int64_t at, double v) {
  if (to.t == DType::f32) {
    to.as<float>()[at] = static_cast<float>(v);
  } else {
    to.as<double>()[at] = v;
  }
}

inline void store(const Buf& to, int64_t at, const double* from, int64_t n) {
  for (int64_t i = 0; i < n; i++) storeOne(to, at + i, from[i]);
}

// to[c * rows + r] = from[at + r * cols + c]
inline void loadTransposed(double* to, const Buf& from, int64_t at, int64_t rows, int64_t cols) {
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t c = 0; c < cols; c++) to[c * rows + r] = loadOne(from, at + r * cols + c);
  }
}

// to[at + r * cols + c] = from[c * rows + r]
inline void storeTransposed(const Buf& to, int64_t at, const double* from, int64_t rows, int64_t cols) {
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t c = 0; c < cols; c++) storeOne(to, at + r * cols + c, from[c * rows + r]);
  }
}

inline void storeZeros(const Buf& to, int64_t at, int64_t n) {
  for (int64_t i = 0; i < n; i++) storeOne(to, at + i, 0);
}

// The failure of the first matrix of a batch, whichever thread met it.
class Failures {
 public:
  void note(int64_t item, int64_t detail = 0) { first_.note(item << 24 | (detail & 0xffffff)); }
  void report(Ctx& ctx, Why why) const {
    if (first_.any()) ctx.fail(why, first_.position() >> 24, first_.position() & 0xffffff);
  }

 private:
  FirstBad first_;
};

// Matrices per task, from the work on one of them.
inline int64_t itemsPerTask(int64_t flops) { return 1 + 40000 / (flops + 1); }

// --- Householder reflections (linalg_qr.cpp) ---

// A matrix whose n columns of length m lie one after the other becomes R (on and above the diagonal) and the vectors
// of k = min(m, n) reflections I - tau v v^T (below it; v[i] = 1 is implied), as LAPACK's geqrf with its signs.
void householder(double* columns, int64_t m, int64_t n, double* tau);

// The first `count` columns of the product of the k reflections, each of length m.
void reflect(double* q, int64_t count, const double* columns, const double* tau, int64_t m, int64_t k);

}  // namespace ng::NG_ISA
