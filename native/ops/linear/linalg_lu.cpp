// Gaussian elimination: linear systems, determinants, adjugates, and triangular systems. Batches of row-major matrices.
#include "linalg.h"

namespace ng::NG_ISA {
namespace {

// Factors P a = L U in place with partial pivoting. Rows of `x` (n x k, may be null) are exchanged and eliminated
// along, so that afterwards U solution = x. Returns the sign of the permutation.
int eliminate(double* a, double* x, int64_t n, int64_t k) {
  int sign = 1;
  for (int64_t p = 0; p < n; p++) {
    int64_t best = p;
    for (int64_t i = p + 1; i < n; i++) {
      if (absOf(a[i * n + p]) > absOf(a[best * n + p])) best = i;
    }
    if (best != p) {
      swapRows(a + p * n, a + best * n, n);
      if (x) swapRows(x + p * k, x + best * k, k);
      sign = -sign;
    }
    const double pivot = a[p * n + p];
    if (pivot == 0) continue;
    for (int64_t i = p + 1; i < n; i++) {
      double* row = a + i * n;
      const double l = row[p] / pivot;
      row[p] = l;
      if (l == 0) continue;
      axpy(row + p + 1, -l, a + p * n + p + 1, n - p - 1);
      if (x) axpy(x + i * k, -l, x + p * k, k);
    }
  }
  return sign;
}

// The same for m x n matrices, with the rows that were exchanged, from 1. Returns the first zero pivot, from 1, or 0.
int64_t factorInto(double* a, int32_t* exchanged, int64_t m, int64_t n, bool pivot) {
  int64_t zero = 0;
  for (int64_t p = 0; p < m && p < n; p++) {
    int64_t best = p;
    for (int64_t i = p + 1; pivot && i < m; i++) {
      if (absOf(a[i * n + p]) > absOf(a[best * n + p])) best = i;
    }
    exchanged[p] = static_cast<int32_t>(best + 1);
    if (best != p) swapRows(a + p * n, a + best * n, n);
    const double u = a[p * n + p];
    if (u == 0) {
      zero = zero ? zero : p + 1;
      continue;
    }
    for (int64_t i = p + 1; i < m; i++) {
      const double l = a[i * n + p] /= u;
      axpy(a + i * n + p + 1, -l, a + p * n + p + 1, n - p - 1);
    }
  }
  return zero;
}

// The first pivot that is zero, counted from 1, or 0. A float32 matrix is not known well enough for a pivot that is no
// more than the rounding of the float64 subtractions that led to it: such a one counts as zero.
int64_t zeroPivot(const double* lu, int64_t n, bool single) {
  for (int64_t p = 0; p < n; p++) {
    double cancelled = 0;
    if (single) {
      for (int64_t i = 0; i < p; i++) cancelled += absOf(lu[p * n + i] * lu[i * n + p]);
    }
    if (absOf(lu[p * n + p]) <= 4 * kEpsilon * cancelled) return p + 1;
  }
  return 0;
}

// Solves a x = b for a triangular a; b is in x. A zero on the diagonal divides by zero, as in PyTorch.
void substitute(double* x, const double* a, int64_t n, int64_t k, bool upper, bool unit) {
  for (int64_t step = 0; step < n; step++) {
    const int64_t i = upper ? n - 1 - step : step;
    double* row = x + i * k;
    const int64_t from = upper ? i + 1 : 0, to = upper ? n : i;
    for (int64_t j = from; j < to; j++) axpy(row, -a[i * n + j], x + j * k, k);
    if (unit) continue;
    for (int64_t c = 0; c < k; c++) row[c] /= a[i * n + i];
  }
}

// m = adj(m), by P m Q = L U with complete pivoting: adj(m) = det(P) det(Q) Q adj(U) L^-1 P. Only the last pivot can
// be zero unless adj(m) is, and adj(U) is written so that nothing is divided by it: with U = [U1 u; 0 d], D = det(U1),
// adj(U) = D [d U1^-1, -U1^-1 u; 0, 1]. `work` has n * n doubles, `order` 2 n numbers.
void adjugateOf(double* m, double* work, int64_t* order, int64_t n) {
  int64_t *rows = order, *cols = order + n;
  for (int64_t i = 0; i < n; i++) rows[i] = cols[i] = i;
  double det = 1;
  for (int64_t p = 0; p + 1 < n; p++) {
    int64_t bestRow = p, bestCol = p;
    for (int64_t i = p; i < n; i++) {
      for (int64_t j = p; j < n; j++) {
        if (absOf(m[i * n + j]) > absOf(m[bestRow * n + bestCol])) bestRow = i, bestCol = j;
      }
    }
    if (bestRow != p) {
      swapRows(m + p * n, m + bestRow * n, n);
      const int64_t t = rows[p];
      rows[p] = rows[bestRow], rows[bestRow] = t;
      det = -det;
    }
    if (bestCol != p) {
      for (int64_t i = 0; i < n; i++) {
        const double t = m[i * n + p];
        m[i * n + p] = m[i * n + bestCol], m[i * n + bestCol] = t;
      }
      const int64_t t = cols[p];
      cols[p] = cols[bestCol], cols[bestCol] = t;
      det = -det;
    }
    const double pivot = m[p * n + p];
    det *= pivot;
    if (pivot == 0) {
      for (int64_t i = 0; i < n * n; i++) m[i] = 0;
      return;
    }
    for (int64_t i = p + 1; i < n; i++) {
      const double l = m[i * n + p] /= pivot;
      axpy(m + i * n + p + 1, -l, m + p * n + p + 1, n - p - 1);
    }
  }
  // work = adj(U): row i of U1^-1 from the rows below it, and beside it -U1^-1 u, the same recurrence with last
  // element 1.
  const double last = m[n * n - 1];
  for (int64_t i = n - 1; i >= 0; i--) {
    double* row = work + i * n;
    for (int64_t j = 0; j < n; j++) row[j] = i == j ? 1 : 0;
    if (i == n - 1) continue;
    for (int64_t j = i + 1; j < n; j++) axpy(row, -m[i * n + j], work + j * n, n);
    for (int64_t j = 0; j < n; j++) row[j] /= m[i * n + i];
  }
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++) work[i * n + j] *= j == n - 1 ? det : det * last;
  }
  // work L^-1, row by row from the right; then both permutations.
  for (int64_t r = 0; r < n; r++) {
    double* row = work + r * n;
    for (int64_t i = n - 1; i > 0; i--) axpy(row, -row[i], m + i * n, i);
  }
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++) m[cols[i] * n + rows[j]] = work[i * n + j];
  }
}

}  // namespace

void linearSolve(Ctx& ctx, Out<Real> out, In<Real> a, In<Real> b, int64_t batch, int64_t n, int64_t k) {
  Failures failures;
  parallelFor(batch, itemsPerTask(n * n * (n + k)), [&](int64_t begin, int64_t end) {
    const Scratch<double> lu(n * (n + k));
    double* x = lu + n * n;
    for (int64_t item = begin; item < end; item++) {
      load(lu, a, item * n * n, n * n);
      if (b.p) {
        load(x, b, item * n * k, n * k);
      } else {
        for (int64_t i = 0; i < n * n; i++) x[i] = i % (n + 1) == 0 ? 1 : 0;
      }
      eliminate(lu, x, n, k);
      if (const int64_t zero = zeroPivot(lu, n, a.t == DType::f32)) {
        failures.note(item, zero);
        storeZeros(out, item * n * k, n * k);
        continue;
      }
      substitute(x, lu, n, k, true, false);
      store(out, item * n * k, x, n * k);
    }
  });
  failures.report(ctx, Why::singular);
}

void determinant(Ctx& c, Out<Real> det, Out<Real> sign, Out<Real> logAbs, In<Real> a, int64_t batch, int64_t n) {
  parallelFor(batch, itemsPerTask(n * n * n), [&](int64_t begin, int64_t end) {
    const Scratch<double> lu(n * n);
    for (int64_t item = begin; item < end; item++) {
      load(lu, a, item * n * n, n * n);
      double s = eliminate(lu, nullptr, n, 0), product = s, sum = 0;
      for (int64_t i = 0; i < n; i++) {
        const double u = lu[i * n + i];
        product *= u;
        s = u > 0 ? s : u < 0 ? -s : u == 0 ? 0 : u;
        sum += __builtin_log(absOf(u));
      }
      if (det.p) storeOne(det, item, product);
      if (sign.p) storeOne(sign, item, s);
      if (logAbs.p) storeOne(logAbs, item, sum);
    }
  });
}

void luFactor(Ctx& ctx, Out<Real> lu, Out<Int32> pivots, In<Real> a, int64_t batch, int64_t m, int64_t n, bool pivot,
              bool strict) {
  const int64_t k = m < n ? m : n;
  Failures failures;
  parallelFor(batch, itemsPerTask(m * n * k), [&](int64_t begin, int64_t end) {
    const Scratch<double> x(m * n);
    for (int64_t item = begin; item < end; item++) {
      load(x, a, item * m * n, m * n);
      int32_t* exchanged = pivots.as<int32_t>() + item * k;
      const int64_t zero = factorInto(x, exchanged, m, n, pivot);
      if (strict && zero) failures.note(item, zero);
      store(lu, item * m * n, x, m * n);
    }
  });
  failures.report(ctx, Why::singular);
}

void adjugate(Ctx& c, Out<Real> out, In<Real> a, int64_t batch, int64_t n) {
  if (n == 0) return;
  parallelFor(batch, itemsPerTask(2 * n * n * n), [&](int64_t begin, int64_t end) {
    const Scratch<double> m(2 * n * n);
    const Scratch<int64_t> order(2 * n);
    for (int64_t item = begin; item < end; item++) {
      load(m, a, item * n * n, n * n);
      adjugateOf(m, m + n * n, order, n);
      store(out, item * n * n, m, n * n);
    }
  });
}

void triangularSolve(Ctx& c, Out<Real> out, In<Real> a, In<Real> b, int64_t batch, int64_t n, int64_t k, bool upper,
                     bool unit) {
  parallelFor(batch, itemsPerTask(n * n * k), [&](int64_t begin, int64_t end) {
    const Scratch<double> m(n * (n + k));
    double* x = m + n * n;
    for (int64_t item = begin; item < end; item++) {
      load(m, a, item * n * n, n * n);
      load(x, b, item * n * k, n * k);
      substitute(x, m, n, k, upper, unit);
      store(out, item * n * k, x, n * k);
    }
  });
}

}  // namespace ng::NG_ISA
