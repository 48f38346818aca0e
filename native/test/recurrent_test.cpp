// Steps of LSTM and GRU against their formulas in double.
#include "check.h"

using namespace ng;
using namespace ng::test;

namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

const int64_t kHidden[] = {1, 3, 16, 37, 2100};

template <class T>
void checkLstm(double tol) {
  for (const int64_t h : kHidden) {
    const int64_t n = 3, size = n * h;
    const auto pre = filled<T>(4 * size, 1, 2);
    auto gates = pre, c = filled<T>(size, 2, 2), dy = filled<T>(size, 3, 2), dh = filled<T>(size, 4, 2),
         dc = filled<T>(size, 5, 2);
    const auto dc0 = dc;
    std::vector<T> next(size), y(size), d(4 * size);
    kernels().lstmStep(ctx(), any(gates), any(c), any(next), any(y), n, h);
    kernels().lstmStepGrad(ctx(), any(d), any(dh), any(dc), any(dy), any(gates), any(c), any(next), n, h);
    for (int64_t p = 0; p < size; p++) {
      const int64_t at = p / h * 4 * h + p % h;
      const double i = sigmoid(pre[at]), f = sigmoid(pre[at + h]), g = std::tanh(pre[at + 2 * h]),
                   o = sigmoid(pre[at + 3 * h]), cn = f * c[p] + i * g, t = std::tanh(cn);
      CHECK_NEAR(gates[at], i, tol, tol);
      CHECK_NEAR(next[p], cn, tol, tol);
      CHECK_NEAR(y[p], o * t, tol, tol);
      const double up = double(dh[p]) + dy[p], down = dc0[p] + up * o * (1 - t * t);
      CHECK_NEAR(d[at], down * g * i * (1 - i), tol, 10 * tol);
      CHECK_NEAR(d[at + h], down * c[p] * f * (1 - f), tol, 10 * tol);
      CHECK_NEAR(d[at + 2 * h], down * i * (1 - g * g), tol, 10 * tol);
      CHECK_NEAR(d[at + 3 * h], up * t * o * (1 - o), tol, 10 * tol);
      CHECK_NEAR(dc[p], down * f, tol, 10 * tol);
    }
  }
}

template <class T>
void checkGru(double tol) {
  for (const int64_t h : kHidden) {
    const int64_t n = 3, size = n * h;
    const auto pre = filled<T>(3 * size, 1, 2);
    auto gates = pre, hidden = filled<T>(3 * size, 2, 2), state = filled<T>(size, 3, 2), dy = filled<T>(size, 4, 2),
         dh = filled<T>(size, 5, 2);
    const auto dh0 = dh;
    std::vector<T> q(size), y(size), d(3 * size), e(3 * size);
    kernels().gruStep(ctx(), any(gates), any(q), any(state), any(y), any(hidden), n, h);
    kernels().gruStepGrad(ctx(), any(d), any(e), any(dh), any(dy), any(gates), any(q), any(state), n, h);
    for (int64_t p = 0; p < size; p++) {
      const int64_t at = p / h * 3 * h + p % h;
      const double r = sigmoid(double(pre[at]) + hidden[at]), z = sigmoid(double(pre[at + h]) + hidden[at + h]),
                   s = hidden[at + 2 * h], m = std::tanh(pre[at + 2 * h] + r * s);
      CHECK_NEAR(y[p], m + z * (state[p] - m), tol, tol);
      const double up = double(dh0[p]) + dy[p], dn = up * (1 - z) * (1 - m * m);
      const double dz = up * (state[p] - m) * z * (1 - z), dr = dn * s * r * (1 - r);
      CHECK_NEAR(d[at], dr, tol, 10 * tol);
      CHECK_NEAR(d[at + h], dz, tol, 10 * tol);
      CHECK_NEAR(d[at + 2 * h], dn, tol, 10 * tol);
      CHECK_NEAR(e[at], dr, tol, 10 * tol);
      CHECK_NEAR(e[at + h], dz, tol, 10 * tol);
      CHECK_NEAR(e[at + 2 * h], dn * r, tol, 10 * tol);
      CHECK_NEAR(dh[p], up * z, tol, 10 * tol);
    }
  }
}

}  // namespace

TEST(lstm_step) {
  checkLstm<float>(2e-6);
  checkLstm<double>(1e-14);
}
TEST(gru_step) {
  checkGru<float>(2e-6);
  checkGru<double>(1e-14);
}
