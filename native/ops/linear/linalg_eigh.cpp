// Eigenvalues and eigenvectors of symmetric matrices: Householder tridiagonalisation and implicit QL, the procedures
// tred2 and tql2 of Bowdler, Martin, Reinsch and Wilkinson (Handbook for Automatic Computation II, 1971).
#include "linalg.h"

namespace ng::NG_ISA {
namespace {

// w[j * n + k], k >= j, holds the lower triangle a[k][j]. Afterwards d and e[1..] are the diagonal and the subdiagonal
// of the tridiagonal matrix, and the rows of w the columns of the orthogonal matrix that leads to it.
void tridiagonalise(double* w, double* d, double* e, int64_t n) {
  const auto at = [&](int64_t k, int64_t j) -> double& { return w[j * n + k]; };
  for (int64_t j = 0; j < n; j++) d[j] = at(n - 1, j);
  for (int64_t i = n - 1; i > 0; i--) {
    double sum = 0, h = 0;
    for (int64_t k = 0; k < i; k++) sum += absOf(d[k]);
    if (sum == 0) {
      e[i] = d[i - 1];
      for (int64_t j = 0; j < i; j++) {
        d[j] = at(i - 1, j);
        at(i, j) = at(j, i) = 0;
      }
    } else {
      for (int64_t k = 0; k < i; k++) d[k] /= sum;
      h = dot(d, d, i);
      const double f = d[i - 1], g = f > 0 ? -__builtin_sqrt(h) : __builtin_sqrt(h);
      e[i] = sum * g;
      h -= f * g;
      d[i - 1] = f - g;
      for (int64_t j = 0; j < i; j++) e[j] = 0;
      for (int64_t j = 0; j < i; j++) {
        const double* column = &at(j + 1, j);
        const int64_t rest = i - j - 1;
        at(j, i) = d[j];
        e[j] += at(j, j) * d[j] + dot(column, d + j + 1, rest);
        axpy(e + j + 1, d[j], column, rest);
      }
      for (int64_t j = 0; j < i; j++) e[j] /= h;
      axpy(e, -dot(e, d, i) / (h + h), d, i);
      for (int64_t j = 0; j < i; j++) {
        const double f = d[j], g = e[j];
        axpy(&at(j, j), -f, e + j, i - j);
        axpy(&at(j, j), -g, d + j, i - j);
        d[j] = at(i - 1, j);
        at(i, j) = 0;
      }
    }
    d[i] = h;
  }
  for (int64_t i = 0; i + 1 < n; i++) {
    at(n - 1, i) = at(i, i);
    at(i, i) = 1;
    double* next = &at(0, i + 1);
    if (const double h = d[i + 1]; h != 0) {
      for (int64_t k = 0; k <= i; k++) d[k] = next[k] / h;
      for (int64_t j = 0; j <= i; j++) axpy(&at(0, j), -dot(next, &at(0, j), i + 1), d, i + 1);
    }
    for (int64_t k = 0; k <= i; k++) next[k] = 0;
  }
  for (int64_t j = 0; j < n; j++) {
    d[j] = at(n - 1, j);
    at(n - 1, j) = 0;
  }
  at(n - 1, n - 1) = 1;
}

// Diagonalises the tridiagonal matrix; the rows of w (unless null) become eigenvectors. False if it does not converge.
bool implicitQl(double* w, double* d, double* e, int64_t n) {
  for (int64_t i = 1; i < n; i++) e[i - 1] = e[i];
  e[n - 1] = 0;
  double shift = 0, size = 0;
  for (int64_t l = 0; l < n; l++) {
    size = size > absOf(d[l]) + absOf(e[l]) ? size : absOf(d[l]) + absOf(e[l]);
    int64_t m = l;
    while (absOf(e[m]) > kEpsilon * size) m++;
    for (int sweep = 0; m > l; sweep++) {
      if (sweep == 100) return false;
      double g = d[l], p = (d[l + 1] - g) / (2 * e[l]);
      double r = p < 0 ? -__builtin_hypot(p, 1) : __builtin_hypot(p, 1);
      d[l] = e[l] / (p + r);
      d[l + 1] = e[l] * (p + r);
      const double next = d[l + 1], firstE = e[l + 1];
      double h = g - d[l];
      for (int64_t i = l + 2; i < n; i++) d[i] -= h;
      shift += h;
      p = d[m];
      double c = 1, c2 = 1, c3 = 1, s = 0, s2 = 0;
      for (int64_t i = m - 1; i >= l; i--) {
        c3 = c2, c2 = c, s2 = s;
        g = c * e[i];
        h = c * p;
        r = __builtin_hypot(p, e[i]);
        e[i + 1] = s * r;
        s = e[i] / r;
        c = p / r;
        p = c * d[i] - s * g;
        d[i + 1] = h + s * (c * g + s * d[i]);
        if (w) rotate(w + i * n, w + (i + 1) * n, c, s, n);
      }
      p = -s * s2 * c3 * firstE * e[l] / next;
      e[l] = s * p;
      d[l] = c * p;
      if (!(absOf(e[l]) > kEpsilon * size)) break;
    }
    d[l] += shift;
    e[l] = 0;
  }
  return true;
}

void sortAscending(double* d, double* w, int64_t n) {
  for (int64_t i = 0; i + 1 < n; i++) {
    int64_t least = i;
    for (int64_t j = i + 1; j < n; j++) {
      if (d[j] < d[least]) least = j;
    }
    if (least == i) continue;
    swapRows(d + i, d + least, 1);
    swapRows(w + i * n, w + least * n, n);
  }
}

}  // namespace

void eigh(Ctx& ctx, Out<Real> values, Out<Real> vectors, In<Real> a, int64_t batch, int64_t n) {
  if (n == 0) return;
  Failures failures;
  parallelFor(batch, itemsPerTask(9 * n * n * n), [&](int64_t begin, int64_t end) {
    const Scratch<double> w(n * n + 2 * n);
    double *d = w + n * n, *e = d + n;
    for (int64_t item = begin; item < end; item++) {
      loadTransposed(w, a, item * n * n, n, n);
      const bool finite = allFinite(w, n * n);
      const double s = safeScale(largest(w, n * n));
      scale(w, n * n, s);
      if (finite) tridiagonalise(w, d, e, n);
      if (!finite || !implicitQl(vectors.p ? w.get() : nullptr, d, e, n)) {
        failures.note(item);
        storeZeros(values, item * n, n);
        if (vectors.p) storeZeros(vectors, item * n * n, n * n);
        continue;
      }
      sortAscending(d, w, n);
      scale(d, n, 1 / s);
      store(values, item * n, d, n);
      if (vectors.p) storeTransposed(vectors, item * n * n, w, n, n);
    }
  });
  failures.report(ctx, Why::notConverged);
}

}  // namespace ng::NG_ISA
