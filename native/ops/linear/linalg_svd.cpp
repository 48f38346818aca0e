// Singular value decomposition by QR and one-sided Jacobi rotations (Hestenes 1958; Demmel & Veselic 1992, which shows
// that also small singular values come out with high relative accuracy; Drmac & Veselic 2008 for rotating the rows of
// R).
#include "linalg.h"

namespace ng::NG_ISA {
namespace {

constexpr int kMaxSweeps = 60;

// Makes the n rows of w (length n) orthogonal by rotations, in descending order of their squared norms `square`; the
// rows of `turned` (unless null) are rotated along. False if it does not converge.
bool orthogonalise(double* w, double* turned, double* square, int64_t n) {
  for (int sweep = 0; sweep < kMaxSweeps; sweep++) {
    bool rotated = false;
    for (int64_t i = 0; i < n; i++) square[i] = dot(w + i * n, w + i * n, n);
    for (int64_t p = 0; p + 1 < n; p++) {
      for (int64_t q = p + 1; q < n; q++) {
        double *x = w + p * n, *y = w + q * n;
        if (square[p] < square[q]) {
          swapRows(x, y, n);
          if (turned) swapRows(turned + p * n, turned + q * n, n);
          swapRows(square + p, square + q, 1);
        }
        const double gamma = dot(x, y, n);
        // A row whose square underflows is zero.
        if (!(absOf(gamma) > 4 * kEpsilon * __builtin_sqrt(square[p]) * __builtin_sqrt(square[q])) ||
            square[q] < 1e-290)
          continue;
        rotated = true;
        const double zeta = (square[q] - square[p]) / (2 * gamma);
        const double t = (zeta > 0 ? 1 : -1) / (absOf(zeta) + __builtin_hypot(1, zeta));
        const double c = 1 / __builtin_sqrt(1 + t * t);
        rotate(x, y, c, c * t, n);
        if (turned) rotate(turned + p * n, turned + q * n, c, c * t, n);
        square[p] -= t * gamma;
        square[q] = square[q] + t * gamma > 0 ? square[q] + t * gamma : 0;
      }
    }
    if (!rotated) return true;
  }
  return false;
}

// Divides the rows of w by their lengths, which go to s, and replaces the rows of length zero (they come last) by unit
// vectors orthogonal to all others. `work` has 2 n n + n doubles.
void normalise(double* w, double* s, double* work, int64_t n) {
  int64_t rank = 0;
  for (int64_t i = 0; i < n; i++) {
    const double length = dot(w + i * n, w + i * n, n);
    s[i] = length < 1e-290 ? 0 : __builtin_sqrt(length);
    if (s[i] > 0) rank = i + 1;
    for (int64_t j = 0; j < n; j++) w[i * n + j] = s[i] > 0 ? w[i * n + j] / s[i] : 0;
  }
  if (rank == n) return;
  double *basis = work + n * n, *tau = basis + n * n;
  for (int64_t i = 0; i < rank * n; i++) work[i] = w[i];
  householder(work, n, rank, tau);
  reflect(basis, n, work, tau, n, rank);
  for (int64_t i = rank * n; i < n * n; i++) w[i] = basis[i];
}

void sortDescending(double* s, double* w, double* turned, int64_t n) {
  for (int64_t i = 0; i + 1 < n; i++) {
    int64_t most = i;
    for (int64_t j = i + 1; j < n; j++) {
      if (s[j] > s[most]) most = j;
    }
    if (most == i) continue;
    swapRows(s + i, s + most, 1);
    swapRows(w + i * n, w + most * n, n);
    swapRows(turned + i * n, turned + most * n, n);
  }
}

}  // namespace

// A tall matrix T (big x small) is Q R, and R = J^T S Z with J the rotations that make the rows of R orthogonal. So
// T = (Q J^T) S Z. A wide matrix is the transpose of a tall one.
void svd(Ctx& ctx, Out<Real> u, Out<Real> s, Out<Real> vh, In<Real> a, int64_t batch, int64_t m, int64_t n, bool full) {
  const bool tall = m >= n, vectors = u.p || vh.p;  // one of them may be empty
  const int64_t big = tall ? m : n, small = tall ? n : m, cols = full ? big : small;
  const int64_t uSize = m * (tall ? cols : small), vSize = n * (tall ? small : cols);
  Failures failures;
  parallelFor(batch, itemsPerTask(10 * big * small * (small + cols)), [&](int64_t begin, int64_t end) {
    const int64_t square = small * small;
    const Scratch<double> t(big * (small + 2 * cols) + 4 * square + 4 * small);
    double *q = t + big * small, *basis = q + big * cols, *w = basis + big * cols, *turned = w + square,
           *work = turned + square, *tau = work + 2 * square, *lengths = tau + small, *sigma = lengths + small;
    for (int64_t item = begin; item < end; item++) {
      if (tall) {
        loadTransposed(t, a, item * m * n, m, n);
      } else {
        load(t, a, item * m * n, m * n);
      }
      const bool finite = allFinite(t, m * n);
      const double factor = safeScale(largest(t, m * n));
      scale(t, m * n, factor);
      householder(t, big, small, tau);
      for (int64_t i = 0; i < small; i++) {
        for (int64_t j = 0; j < small; j++) {
          w[i * small + j] = i <= j ? t[j * big + i] : 0;
          turned[i * small + j] = i == j ? 1 : 0;
        }
      }
      if (vectors) reflect(q, cols, t, tau, big, small);
      if (!finite || !orthogonalise(w, vectors ? turned : nullptr, lengths, small)) {
        failures.note(item);
        storeZeros(s, item * small, small);
        if (vectors) storeZeros(u, item * uSize, uSize), storeZeros(vh, item * vSize, vSize);
        continue;
      }
      normalise(w, sigma, work, small);
      sortDescending(sigma, w, turned, small);
      scale(sigma, small, 1 / factor);
      store(s, item * small, sigma, small);
      if (!vectors) continue;
      for (int64_t j = 0; j < cols; j++) {
        double* column = basis + j * big;
        for (int64_t i = 0; i < big; i++) column[i] = j < small ? 0 : q[j * big + i];
        for (int64_t i = 0; j < small && i < small; i++) axpy(column, turned[j * small + i], q + i * big, big);
      }
      if (tall) {
        storeTransposed(u, item * uSize, basis, m, cols);
        store(vh, item * vSize, w, vSize);
      } else {
        storeTransposed(u, item * uSize, w, m, m);
        store(vh, item * vSize, basis, vSize);
      }
    }
  });
  failures.report(ctx, Why::notConverged);
}

}  // namespace ng::NG_ISA
