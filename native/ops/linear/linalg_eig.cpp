// Eigenvalues and eigenvectors of general real matrices: reduction to Hessenberg form and the QR algorithm with double
// shifts, the procedures orthes and hqr2 of Martin, Peters and Wilkinson (Handbook for Automatic Computation II, 1971).
#include "linalg.h"

namespace ng::NG_ISA {
namespace {

struct Complex {
  double re, im;
};

// (a + i b) / (c + i d), without overflow (Smith).
Complex quotient(double a, double b, double c, double d) {
  if (absOf(c) > absOf(d)) {
    const double r = d / c, t = c + r * d;
    return {(a + r * b) / t, (b - r * a) / t};
  }
  const double r = c / d, t = d + r * c;
  return {(r * a + b) / t, (r * b - a) / t};
}

// A matrix on its way to triangular form: h, and in v the orthogonal matrix that led there. Both are n x n.
struct Reduction {
  double *h, *v, *re, *im, *work;
  int64_t n;

  double& H(int64_t i, int64_t j) const { return h[i * n + j]; }
  double& V(int64_t i, int64_t j) const { return v[i * n + j]; }

  void toHessenberg() const;
  bool iterate() const;
  void backSubstitute(double norm) const;
  void realVector(int64_t at, double norm) const;
  void complexVector(int64_t at, double norm) const;

 private:
  void sweep(int64_t low, int64_t start, int64_t end, double p, double q, double r) const;
  void splitPair(int64_t end, double shift) const;
};

void Reduction::toHessenberg() const {
  double* order = work;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++) V(i, j) = i == j;
  }
  for (int64_t m = 1; m + 1 < n; m++) {
    double scaleOf = 0;
    for (int64_t i = m; i < n; i++) scaleOf += absOf(H(i, m - 1));
    order[m] = 0;
    if (scaleOf == 0) continue;
    double sum = 0;
    for (int64_t i = n - 1; i >= m; i--) {
      order[i] = H(i, m - 1) / scaleOf;
      sum += order[i] * order[i];
    }
    const double g = order[m] > 0 ? -__builtin_sqrt(sum) : __builtin_sqrt(sum);
    sum -= order[m] * g;
    order[m] -= g;
    for (int64_t j = m; j < n; j++) {
      double f = 0;
      for (int64_t i = n - 1; i >= m; i--) f += order[i] * H(i, j);
      for (int64_t i = m; i < n; i++) H(i, j) -= f / sum * order[i];
    }
    for (int64_t i = 0; i < n; i++) axpy(&H(i, m), -dot(order + m, &H(i, m), n - m) / sum, order + m, n - m);
    for (int64_t i = 0; i < n; i++) axpy(&V(i, m), -dot(order + m, &V(i, m), n - m) / sum, order + m, n - m);
    H(m, m - 1) = scaleOf * g;
    for (int64_t i = m + 1; i < n; i++) H(i, m - 1) = 0;
  }
}

// One double step of QR on rows and columns start..end; the first reflection is of (p, q, r).
void Reduction::sweep(int64_t low, int64_t start, int64_t end, double p, double q, double r) const {
  for (int64_t k = start; k < end; k++) {
    const bool last = k == end - 1;
    double x = 1;
    if (k != start) {
      p = H(k, k - 1), q = H(k + 1, k - 1), r = last ? 0 : H(k + 2, k - 1);
      x = absOf(p) + absOf(q) + absOf(r);
      if (x == 0) continue;
      p /= x, q /= x, r /= x;
    }
    double s = __builtin_sqrt(p * p + q * q + r * r);
    if (p < 0) s = -s;
    if (s == 0) continue;
    if (k != start) {
      H(k, k - 1) = -s * x;
    } else if (low != start) {
      H(k, k - 1) = -H(k, k - 1);
    }
    p += s;
    const double fx = p / s, fy = q / s, fz = r / s;
    q /= p, r /= p;
    for (int64_t j = k; j < n; j++) {
      const double t = H(k, j) + q * H(k + 1, j) + (last ? 0 : r * H(k + 2, j));
      if (!last) H(k + 2, j) -= t * fz;
      H(k, j) -= t * fx;
      H(k + 1, j) -= t * fy;
    }
    const auto right = [&](double* row) {
      const double t = fx * row[k] + fy * row[k + 1] + (last ? 0 : fz * row[k + 2]);
      if (!last) row[k + 2] -= t * r;
      row[k] -= t;
      row[k + 1] -= t * q;
    };
    for (int64_t i = 0; i <= (end < k + 3 ? end : k + 3); i++) right(&H(i, 0));
    for (int64_t i = 0; i < n; i++) right(&V(i, 0));
  }
}

// The block of rows end - 1 and end has two eigenvalues: real ones make it triangular.
void Reduction::splitPair(int64_t end, double shift) const {
  const double w = H(end, end - 1) * H(end - 1, end);
  double p = (H(end - 1, end - 1) - H(end, end)) / 2, q = p * p + w;
  double z = __builtin_sqrt(absOf(q));
  H(end, end) += shift;
  H(end - 1, end - 1) += shift;
  const double x = H(end, end);
  if (q < 0) {
    re[end - 1] = re[end] = x + p;
    im[end - 1] = z, im[end] = -z;
    return;
  }
  z = p >= 0 ? p + z : p - z;
  re[end - 1] = x + z;
  re[end] = z != 0 ? x - w / z : re[end - 1];
  im[end - 1] = im[end] = 0;
  const double corner = H(end, end - 1), size = absOf(corner) + absOf(z);
  p = corner / size, q = z / size;
  const double r = __builtin_sqrt(p * p + q * q);
  p /= r, q /= r;
  for (int64_t j = end - 1; j < n; j++) {
    const double t = H(end - 1, j);
    H(end - 1, j) = q * t + p * H(end, j);
    H(end, j) = q * H(end, j) - p * t;
  }
  const auto right = [&](double* row) {
    const double t = row[end - 1];
    row[end - 1] = q * t + p * row[end];
    row[end] = q * row[end] - p * t;
  };
  for (int64_t i = 0; i <= end; i++) right(&H(i, 0));
  for (int64_t i = 0; i < n; i++) right(&V(i, 0));
}

// Eigenvalues into re and im, eigenvectors (real and imaginary parts of a pair in its two columns) into v.
bool Reduction::iterate() const {
  double norm = 0, shift = 0;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = i > 0 ? i - 1 : 0; j < n; j++) norm += absOf(H(i, j));
  }
  int steps = 0;
  for (int64_t end = n - 1; end >= 0;) {
    int64_t low = end;
    for (; low > 0; low--) {
      const double s = absOf(H(low - 1, low - 1)) + absOf(H(low, low));
      if (absOf(H(low, low - 1)) <= kEpsilon * (s == 0 ? norm : s)) break;
    }
    if (low == end) {
      re[end] = H(end, end) += shift;
      im[end] = 0;
      end--, steps = 0;
      continue;
    }
    if (low == end - 1) {
      splitPair(end, shift);
      end -= 2, steps = 0;
      continue;
    }
    double x = H(end, end), y = H(end - 1, end - 1), w = H(end, end - 1) * H(end - 1, end);
    if (steps == 100) return false;
    if (steps % 10 == 9) {  // an exceptional shift, where the usual one goes in circles
      shift += x;
      for (int64_t i = 0; i <= end; i++) H(i, i) -= x;
      const double s = absOf(H(end, end - 1)) + absOf(H(end - 1, end - 2));
      x = y = 0.75 * s;
      w = -0.4375 * s * s;
    }
    steps++;
    double p = 0, q = 0, r = 0;
    int64_t start = end - 2;
    for (;; start--) {
      const double z = H(start, start), rx = x - z, ry = y - z;
      p = (rx * ry - w) / H(start + 1, start) + H(start, start + 1);
      q = H(start + 1, start + 1) - z - rx - ry;
      r = H(start + 2, start + 1);
      const double s = absOf(p) + absOf(q) + absOf(r);
      p /= s, q /= s, r /= s;
      if (start == low) break;
      const double near = absOf(H(start - 1, start - 1)) + absOf(z) + absOf(H(start + 1, start + 1));
      if (absOf(H(start, start - 1)) * (absOf(q) + absOf(r)) < kEpsilon * (absOf(p) * near)) break;
    }
    for (int64_t i = start + 2; i <= end; i++) {
      H(i, i - 2) = 0;
      if (i > start + 2) H(i, i - 3) = 0;
    }
    sweep(low, start, end, p, q, r);
  }
  if (norm > 0) backSubstitute(norm);
  return true;
}

// The vector of the real eigenvalue `at` of the triangular matrix, in column `at` of h.
void Reduction::realVector(int64_t at, double norm) const {
  const double p = re[at];
  int64_t low = at;
  H(at, at) = 1;
  double z = 0, s = 0;
  for (int64_t i = at - 1; i >= 0; i--) {
    const double w = H(i, i) - p;
    double r = 0;
    for (int64_t j = low; j <= at; j++) r += H(i, j) * H(j, at);
    if (im[i] < 0) {
      z = w, s = r;
      continue;
    }
    low = i;
    if (im[i] == 0) {
      H(i, at) = -r / (w != 0 ? w : kEpsilon * norm);
    } else {
      const double x = H(i, i + 1), y = H(i + 1, i);
      const double q = (re[i] - p) * (re[i] - p) + im[i] * im[i], t = (x * s - z * r) / q;
      H(i, at) = t;
      H(i + 1, at) = absOf(x) > absOf(z) ? (-r - w * t) / x : (-s - y * t) / z;
    }
    const double t = absOf(H(i, at));
    if (kEpsilon * t * t > 1) {
      for (int64_t j = i; j <= at; j++) H(j, at) /= t;
    }
  }
}

// The vector of the pair of eigenvalues at - 1 and at: real and imaginary parts in these columns of h.
void Reduction::complexVector(int64_t at, double norm) const {
  const double p = re[at], q = im[at];
  int64_t low = at - 1;
  const auto put = [&](int64_t i, Complex c) { H(i, at - 1) = c.re, H(i, at) = c.im; };
  if (absOf(H(at, at - 1)) > absOf(H(at - 1, at))) {
    put(at - 1, {q / H(at, at - 1), -(H(at, at) - p) / H(at, at - 1)});
  } else {
    put(at - 1, quotient(0, -H(at - 1, at), H(at - 1, at - 1) - p, q));
  }
  put(at, {0, 1});
  double z = 0, r = 0, s = 0;
  for (int64_t i = at - 2; i >= 0; i--) {
    double ra = 0, sa = 0;
    for (int64_t j = low; j <= at; j++) {
      ra += H(i, j) * H(j, at - 1);
      sa += H(i, j) * H(j, at);
    }
    const double w = H(i, i) - p;
    if (im[i] < 0) {
      z = w, r = ra, s = sa;
      continue;
    }
    low = i;
    if (im[i] == 0) {
      put(i, quotient(-ra, -sa, w, q));
    } else {
      const double x = H(i, i + 1), y = H(i + 1, i);
      double vr = (re[i] - p) * (re[i] - p) + im[i] * im[i] - q * q;
      const double vi = (re[i] - p) * 2 * q;
      if (vr == 0 && vi == 0) vr = kEpsilon * norm * (absOf(w) + absOf(q) + absOf(x) + absOf(y) + absOf(z));
      put(i, quotient(x * r - z * ra + q * sa, x * s - z * sa - q * ra, vr, vi));
      if (absOf(x) > absOf(z) + absOf(q)) {
        put(i + 1, {(-ra - w * H(i, at - 1) + q * H(i, at)) / x, (-sa - w * H(i, at) - q * H(i, at - 1)) / x});
      } else {
        put(i + 1, quotient(-r - y * H(i, at - 1), -s - y * H(i, at), z, q));
      }
    }
    const double t = absOf(H(i, at - 1)) > absOf(H(i, at)) ? absOf(H(i, at - 1)) : absOf(H(i, at));
    if (kEpsilon * t * t > 1) {
      for (int64_t j = i; j <= at; j++) put(j, {H(j, at - 1) / t, H(j, at) / t});
    }
  }
}

void Reduction::backSubstitute(double norm) const {
  for (int64_t at = n - 1; at >= 0; at--) {
    if (im[at] == 0) {
      realVector(at, norm);
    } else if (im[at] < 0) {
      complexVector(at, norm);
    }
  }
  // Back to the matrix as it was: v h, from the last column, whose predecessors are still needed.
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = n - 1; j >= 0; j--) {
      double z = 0;
      for (int64_t k = 0; k <= j; k++) z += V(i, k) * H(k, j);
      V(i, j) = z;
    }
  }
}

// Vectors of length 1; a complex one is turned so that its largest number is real, as LAPACK's geev does.
void storeVectors(const Buf& out, int64_t at, const Reduction& t) {
  const int64_t n = t.n;
  for (int64_t j = 0; j < n; j++) {
    const bool pair = t.im[j] != 0;
    double sum = 0, most = -1;
    Complex turn = {1, 0};
    for (int64_t i = 0; i < n; i++) {
      const Complex c = {t.V(i, j), pair ? t.V(i, j + 1) : 0};
      const double size = c.re * c.re + c.im * c.im;
      sum += size;
      if (size > most) most = size, turn = {c.re, -c.im};
    }
    const double length = sum > 0 ? __builtin_sqrt(sum) : 1;
    const double size = pair && most > 0 ? __builtin_sqrt(most) * length : length;
    if (!pair) turn = {1, 0};
    for (int64_t i = 0; i < n; i++) {
      const Complex c = {t.V(i, j), pair ? t.V(i, j + 1) : 0};
      const Complex v = {(c.re * turn.re - c.im * turn.im) / size, (c.re * turn.im + c.im * turn.re) / size};
      const int64_t place = at + 2 * (i * n + j);
      storeOne(out, place, v.re);
      storeOne(out, place + 1, v.im);
      if (!pair) continue;
      storeOne(out, place + 2, v.re);
      storeOne(out, place + 3, -v.im);
    }
    if (pair) j++;
  }
}

}  // namespace

void eig(Ctx& ctx, Out<Real> values, Out<Real> vectors, In<Real> a, int64_t batch, int64_t n) {
  if (n == 0) return;
  Failures failures;
  parallelFor(batch, itemsPerTask(25 * n * n * n), [&](int64_t begin, int64_t end) {
    const Scratch<double> h(2 * n * n + 3 * n);
    double* v = h + n * n;
    const Reduction t = {h, v, v + n * n, v + n * n + n, v + n * n + 2 * n, n};
    for (int64_t item = begin; item < end; item++) {
      load(h, a, item * n * n, n * n);
      const bool finite = allFinite(h, n * n);
      const double s = safeScale(largest(h, n * n));
      scale(h, n * n, s);
      if (finite) t.toHessenberg();
      if (!finite || !t.iterate()) {
        failures.note(item);
        storeZeros(values, item * n * 2, n * 2);
        if (vectors.p) storeZeros(vectors, item * n * n * 2, n * n * 2);
        continue;
      }
      for (int64_t i = 0; i < n; i++) {
        storeOne(values, 2 * (item * n + i), t.re[i] / s);
        storeOne(values, 2 * (item * n + i) + 1, t.im[i] / s);
      }
      if (vectors.p) storeVectors(vectors, item * n * n * 2, t);
    }
  });
  failures.report(ctx, Why::notConverged);
}

}  // namespace ng::NG_ISA
