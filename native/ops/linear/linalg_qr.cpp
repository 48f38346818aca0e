// Cholesky and Householder QR (Golub & Van Loan, Matrix Computations, 4.2 and 5.2). Batches of row-major matrices.
#include "linalg.h"

namespace ng::NG_ISA {

void householder(double* columns, int64_t m, int64_t n, double* tau) {
  const int64_t k = m < n ? m : n;
  for (int64_t j = 0; j < k; j++) {
    double* v = columns + j * m + j;
    const int64_t len = m - j;
    const double below = dot(v + 1, v + 1, len - 1);
    if (below == 0) {
      tau[j] = 0;
      continue;
    }
    const double alpha = v[0];
    const double norm = __builtin_sqrt(alpha * alpha + below);
    const double beta = alpha > 0 ? -norm : norm;
    tau[j] = (beta - alpha) / beta;
    for (int64_t i = 1; i < len; i++) v[i] /= alpha - beta;
    v[0] = 1;
    for (int64_t c = j + 1; c < n; c++) {
      double* x = columns + c * m + j;
      axpy(x, -tau[j] * dot(v, x, len), v, len);
    }
    v[0] = beta;
  }
}

void reflect(double* q, int64_t count, const double* columns, const double* tau, int64_t m, int64_t k) {
  for (int64_t c = 0; c < count; c++) {
    double* x = q + c * m;
    for (int64_t i = 0; i < m; i++) x[i] = i == c ? 1 : 0;
    // Later reflections leave this unit vector alone.
    for (int64_t j = c < k ? c : k - 1; j >= 0; j--) {
      const double* v = columns + j * m + j + 1;
      const int64_t len = m - j - 1;
      const double s = tau[j] * (x[j] + dot(v, x + j + 1, len));
      x[j] -= s;
      axpy(x + j + 1, -s, v, len);
    }
  }
}

void cholesky(Ctx& ctx, Out<Real> out, In<Real> a, int64_t batch, int64_t n) {
  Failures failures;
  parallelFor(batch, itemsPerTask(n * n * n / 3), [&](int64_t begin, int64_t end) {
    const Scratch<double> l(n * n);
    for (int64_t item = begin; item < end; item++) {
      load(l, a, item * n * n, n * n);
      int64_t bad = 0;
      for (int64_t i = 0; i < n && !bad; i++) {
        double* row = l + i * n;
        for (int64_t j = 0; j < i; j++) row[j] = (row[j] - dot(row, l + j * n, j)) / l[j * n + j];
        const double left = row[i] - dot(row, row, i);
        if (!(left > 0)) bad = i + 1;
        row[i] = __builtin_sqrt(left);
        for (int64_t j = i + 1; j < n; j++) row[j] = 0;
      }
      if (bad) {
        failures.note(item, bad);
        storeZeros(out, item * n * n, n * n);
      } else {
        store(out, item * n * n, l, n * n);
      }
    }
  });
  failures.report(ctx, Why::notPositiveDefinite);
}

void qr(Ctx& ctx, Out<Real> q, Out<Real> r, In<Real> a, int64_t batch, int64_t m, int64_t n, bool complete) {
  const int64_t k = m < n ? m : n;
  const int64_t cols = complete ? m : k;  // of Q, and rows of R
  parallelFor(batch, itemsPerTask(2 * m * k * (n + cols)), [&](int64_t begin, int64_t end) {
    const Scratch<double> c(m * n + m * cols + k);
    double *basis = c + m * n, *tau = basis + m * cols;
    for (int64_t item = begin; item < end; item++) {
      loadTransposed(c, a, item * m * n, m, n);
      const double s = safeScale(largest(c, m * n));
      scale(c, m * n, s);
      householder(c, m, n, tau);
      reflect(basis, cols, c, tau, m, k);
      storeTransposed(q, item * m * cols, basis, m, cols);
      for (int64_t i = 0; i < cols; i++) {
        for (int64_t j = 0; j < n; j++) storeOne(r, (item * cols + i) * n + j, i <= j ? c[j * m + i] / s : 0);
      }
    }
  });
}

}  // namespace ng::NG_ISA
