// Factorisations are checked by what they promise: products, orthogonality, order.
#include <cstdint>
#include <limits>

#include "check.h"

using namespace ng;
using namespace ng::test;

namespace {

struct Random {
  uint64_t state = 12345;
  double operator()() {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state >> 11) / 4503599627370496.0 - 1;  // [-1, 1)
  }
};

using Values = std::vector<double>;

Values random(int64_t n, Random& r) {
  Values v(static_cast<size_t>(n));
  for (double& x : v) x = r();
  return v;
}

// a[m, k] b[k, n]
Values product(const double* a, const double* b, int64_t m, int64_t k, int64_t n) {
  Values c(static_cast<size_t>(m * n));
  for (int64_t i = 0; i < m; i++) {
    for (int64_t p = 0; p < k; p++) {
      for (int64_t j = 0; j < n; j++) c[i * n + j] += a[i * k + p] * b[p * n + j];
    }
  }
  return c;
}

Values transposed(const double* a, int64_t m, int64_t n) {
  Values t(static_cast<size_t>(m * n));
  for (int64_t i = 0; i < m; i++) {
    for (int64_t j = 0; j < n; j++) t[j * m + i] = a[i * n + j];
  }
  return t;
}

void checkSame(const Values& got, const double* want, double tolerance) {
  for (size_t i = 0; i < got.size(); i++) CHECK_NEAR(got[i], want[i], tolerance, 0);
}

void checkOrthonormalColumns(const double* q, int64_t m, int64_t k) {
  const Values gram = product(transposed(q, m, k).data(), q, k, m, k);
  for (int64_t i = 0; i < k * k; i++) CHECK_NEAR(gram[i], i % (k + 1) == 0, 2e-13, 0);
}

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST(linalg_solve_and_inverse) {
  Random r;
  for (int64_t n : {1, 2, 5, 24, 70}) {
    const int64_t batch = 3, k = 4;
    Values a = random(batch * n * n, r), b = random(batch * n * k, r), x(b.size()), inverse(a.size());
    kernels().linearSolve(ctx(), f64(x), f64(a), f64(b), batch, n, k);
    kernels().linearSolve(ctx(), f64(inverse), f64(a), Buf{nullptr, DType::f64}, batch, n, n);
    for (int64_t i = 0; i < batch; i++) {
      const double* m = a.data() + i * n * n;
      checkSame(product(m, x.data() + i * n * k, n, n, k), b.data() + i * n * k, 1e-9);
      const Values one = product(m, inverse.data() + i * n * n, n, n, n);
      for (int64_t j = 0; j < n * n; j++) CHECK_NEAR(one[j], j % (n + 1) == 0, 1e-9, 0);
    }
  }
  Values singular = {1, 0, 0, 1, 1, 2, 2, 4}, out(8);
  kernels().linearSolve(ctx(), f64(out), f64(singular), Buf{nullptr, DType::f64}, 2, 2, 2);
  CHECK(lastFailure == Fail::numeric);
  CHECK(lastMessage == "the matrix of batch item 1 is singular: its pivot 2 is zero");
  CHECK(out[0] == 1 && out[4] == 0);
  // Rank 2, but its last pivot is a rounding error; float32 cannot tell, so it counts as singular.
  lastFailure = Fail::none;
  std::vector<float> nearly = {1, 2, 3, 4, 5, 6, 7, 8, 9}, result(9);
  kernels().linearSolve(ctx(), f32(result), f32(nearly), Buf{nullptr, DType::f32}, 1, 3, 3);
  CHECK(lastFailure == Fail::numeric);
  lastFailure = Fail::none;
  std::vector<float> tiny = {1, 0, 0, 1e-30f}, tinyInverse(4);
  kernels().linearSolve(ctx(), f32(tinyInverse), f32(tiny), Buf{nullptr, DType::f32}, 1, 2, 2);
  CHECK(lastFailure == Fail::none);
  CHECK_NEAR(tinyInverse[3], 1e30, 0, 1e-6);
}

TEST(linalg_determinant_and_adjugate) {
  Values a = {2, 1, 0, -1, 3, 2, 4, 0, -2}, det(1), sign(1), log(1), adj(9);
  kernels().determinant(ctx(), f64(det), f64(sign), f64(log), f64(a), 1, 3);
  CHECK_NEAR(det[0], -6, 1e-14, 0);
  CHECK_NEAR(log[0], std::log(6.0), 1e-14, 0);
  CHECK(sign[0] == -1);
  Random r;
  for (int64_t n : {1, 2, 3, 6}) {
    for (int64_t rank = n; rank >= 0 && rank >= n - 2; rank--) {
      // A product of n x rank and rank x n, whose cofactors are determinants of minors.
      const Values left = random(n * rank, r), right = random(rank * n, r);
      Values m = product(left.data(), right.data(), n, rank, n), out(m.size());
      kernels().adjugate(ctx(), f64(out), f64(m), 1, n);
      for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < n; j++) {
          Values minor;
          for (int64_t p = 0; p < n; p++) {
            for (int64_t q = 0; q < n; q++) {
              if (p != j && q != i) minor.push_back(m[p * n + q]);
            }
          }
          if (minor.empty()) minor.push_back(0);
          kernels().determinant(ctx(), f64(det), Buf{nullptr, DType::f64}, Buf{nullptr, DType::f64}, f64(minor), 1,
                                n - 1);
          CHECK_NEAR(out[i * n + j], (i + j) % 2 ? -det[0] : det[0], 1e-13, 1e-11);
        }
      }
    }
  }
  Values zero(4), s(1), l(1);
  kernels().determinant(ctx(), f64(det), f64(s), f64(l), f64(zero), 1, 2);
  CHECK(det[0] == 0 && s[0] == 0 && l[0] == -std::numeric_limits<double>::infinity());
}

TEST(linalg_triangular_solve) {
  Random r;
  const int64_t n = 7, k = 3;
  for (bool upper : {false, true}) {
    for (bool unit : {false, true}) {
      Values a = random(n * n, r), b = random(n * k, r), x(b.size());
      for (int64_t i = 0; i < n; i++) a[i * n + i] += 3;
      kernels().triangularSolve(ctx(), f64(x), f64(a), f64(b), 1, n, k, upper, unit);
      for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < n; j++) {
          if (upper ? j < i : j > i) a[i * n + j] = 0;
          if (unit && i == j) a[i * n + j] = 1;
        }
      }
      checkSame(product(a.data(), x.data(), n, n, k), b.data(), 1e-12);
    }
  }
}

TEST(linalg_cholesky) {
  Random r;
  for (int64_t n : {1, 4, 33}) {
    const Values b = random(n * n, r);
    Values a = product(b.data(), transposed(b.data(), n, n).data(), n, n, n), l(a.size());
    for (int64_t i = 0; i < n; i++) a[i * n + i] += 0.1;
    kernels().cholesky(ctx(), f64(l), f64(a), 1, n);
    checkSame(product(l.data(), transposed(l.data(), n, n).data(), n, n, n), a.data(), 1e-12);
    for (int64_t i = 0; i < n; i++) {
      CHECK(l[i * n + i] > 0);
      for (int64_t j = i + 1; j < n; j++) CHECK(l[i * n + j] == 0);
    }
  }
  lastFailure = Fail::none;
  Values bad = {1, 0, 0, 1, 4, 2, 2, 1, 1, 0, 0, -1}, out(12);
  kernels().cholesky(ctx(), f64(out), f64(bad), 3, 2);
  CHECK(lastFailure == Fail::numeric);
  CHECK(lastMessage.find("batch item 1 is not positive definite: its leading minor of order 2") != std::string::npos);
}

TEST(linalg_qr) {
  Random r;
  const int64_t shapes[][2] = {{1, 1}, {4, 4}, {9, 3}, {3, 9}, {40, 17}, {0, 3}, {3, 0}};
  for (const auto& [m, n] : shapes) {
    for (bool complete : {false, true}) {
      const int64_t cols = complete ? m : m < n ? m : n;
      Values a = random(2 * m * n, r), q(2 * m * cols), t(2 * cols * n);
      if (n > 1) {
        for (int64_t i = 0; i < m; i++) a[i * n + 1] = a[i * n];  // dependent columns
      }
      kernels().qr(ctx(), f64(q), f64(t), f64(a), 2, m, n, complete);
      for (int64_t item = 0; item < 2; item++) {
        const double *qi = q.data() + item * m * cols, *ri = t.data() + item * cols * n;
        checkSame(product(qi, ri, m, cols, n), a.data() + item * m * n, 1e-13);
        checkOrthonormalColumns(qi, m, cols);
        for (int64_t i = 0; i < cols; i++) {
          for (int64_t j = 0; j < i && j < n; j++) CHECK(ri[i * n + j] == 0);
        }
      }
    }
  }
}

TEST(linalg_eigh) {
  Random r;
  for (int64_t n : {1, 2, 3, 10, 45}) {
    for (int kind = 0; kind < 3; kind++) {
      Values a = random(n * n, r), w(n), v(n * n), only(n);
      for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < i; j++) a[j * n + i] = a[i * n + j] = kind == 1 ? 0 : a[i * n + j];
        if (kind == 2) a[i * n + i] *= 1e-200;
      }
      if (kind == 2) {
        for (double& x : a) x *= 1e200;
      }
      kernels().eigh(ctx(), f64(w), f64(v), f64(a), 1, n);
      kernels().eigh(ctx(), f64(only), Buf{nullptr, DType::f64}, f64(a), 1, n);
      checkSame(only, w.data(), kind == 2 ? 1e187 : 1e-13);
      checkOrthonormalColumns(v.data(), n, n);
      const Values av = product(a.data(), v.data(), n, n, n);
      for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < n; j++) CHECK_NEAR(av[i * n + j], v[i * n + j] * w[j], kind == 2 ? 1e188 : 1e-12, 0);
        CHECK(i == 0 || w[i - 1] <= w[i]);
      }
    }
  }
  lastFailure = Fail::none;
  Values bad = {1, kNaN, kNaN, 1}, w(2), v(4);
  kernels().eigh(ctx(), f64(w), f64(v), f64(bad), 1, 2);
  CHECK(lastFailure == Fail::numeric);
}

TEST(linalg_svd) {
  Random r;
  const int64_t shapes[][2] = {{1, 1}, {5, 5}, {12, 4}, {4, 12}, {30, 30}, {0, 2}, {3, 0}};
  for (const auto& [m, n] : shapes) {
    for (bool full : {false, true}) {
      for (int kind = 0; kind < 3; kind++) {  // random, rank 1, zero
        const int64_t small = m < n ? m : n, uc = full ? m : small, vr = full ? n : small;
        Values a = random(m * n, r), u(m * uc), s(small), vh(vr * n), only(small);
        for (int64_t i = 0; i < m * n; i++) a[i] = kind == 2 ? 0 : kind == 1 ? a[i / n * n] * a[i % n] : a[i];
        kernels().svd(ctx(), f64(u), f64(s), f64(vh), f64(a), 1, m, n, full);
        const Buf none{nullptr, DType::f64};
        kernels().svd(ctx(), none, f64(only), none, f64(a), 1, m, n, false);
        checkSame(only, s.data(), 1e-13);
        checkOrthonormalColumns(u.data(), m, uc);
        checkOrthonormalColumns(transposed(vh.data(), vr, n).data(), n, vr);
        Values us(m * small);
        for (int64_t i = 0; i < m * small; i++) us[i] = u[i / small * uc + i % small] * s[i % small];
        checkSame(product(us.data(), vh.data(), m, small, n), a.data(), 1e-13);
        for (int64_t i = 0; i < small; i++) CHECK(s[i] >= 0 && (i == 0 || s[i - 1] >= s[i]));
      }
    }
  }
  // Small singular values to full relative precision: rows scaled by powers of ten.
  Values graded = {1, 2, 0, 3e-12, -1e-12, 0, 0, 0, 5e-25}, s(3), u(9), vh(9);
  kernels().svd(ctx(), f64(u), f64(s), f64(vh), f64(graded), 1, 3, 3, true);
  CHECK_NEAR(s[2], 5e-25, 0, 1e-14);
  CHECK_NEAR(s[0] * s[1], 7e-12, 0, 1e-14);
  lastFailure = Fail::none;
  Values bad = {1, std::numeric_limits<double>::infinity(), 0, 1};
  kernels().svd(ctx(), f64(u), f64(s), f64(vh), f64(bad), 1, 2, 2, true);
  CHECK(lastFailure == Fail::numeric);
  lastFailure = Fail::none;
}
