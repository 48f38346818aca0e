// Pointwise part of recurrent layers: one time step of n rows, forward and backward. The matrix products around it are
// the matmul kernel's. Gates lie side by side in a row, in PyTorch's order; all buffers are contiguous.
#include "kernels.h"
#include "ops/kit/apart.h"
#include "ops/kit/cast.h"
#include "recurrent_step.h"
#include "runtime/parallel.h"

namespace ng::NG_ISA {
namespace {

constexpr int64_t kGrain = 2048;  // state elements per task: about ten microseconds of exponentials

template <class F>
void forRows(int64_t n, int64_t hidden, F&& row) {
  parallelFor(n, hidden < kGrain ? kGrain / (hidden + 1) : 1, [&](int64_t b, int64_t e) {
    for (int64_t r = b; r < e; r++) row(r);
  });
}

template <class T>
void lstmRow(T* __restrict i, T* __restrict f, T* __restrict g, T* __restrict o, const T* __restrict c,
             T* __restrict cNext, T* __restrict h, int64_t hidden) {
  for (int64_t j = 0; j < hidden; j++) {
    const Lstm<T> v = lstm(i[j], f[j], g[j], o[j], c[j]);
    i[j] = v.i;
    f[j] = v.f;
    g[j] = v.g;
    o[j] = v.o;
    cNext[j] = v.c;
    h[j] = v.h;
  }
}

template <class T>
void lstmGradRow(T* __restrict d, const T* __restrict dh, T* __restrict dc, const T* __restrict dy,
                 const T* __restrict gates, const T* __restrict c, const T* __restrict cNext, int64_t hidden) {
  const T *i = gates, *f = gates + hidden, *g = gates + 2 * hidden, *o = gates + 3 * hidden;
  T *di = d, *df = d + hidden, *dg = d + 2 * hidden, *dO = d + 3 * hidden;
  NG_APART
  for (int64_t j = 0; j < hidden; j++) {
    const LstmGrad<T> v = lstmGrad(i[j], f[j], g[j], o[j], c[j], cNext[j], dh[j] + dy[j], dc[j]);
    di[j] = v.i;
    df[j] = v.f;
    dg[j] = v.g;
    dO[j] = v.o;
    dc[j] = v.c;
  }
}

template <class T>
void gruRow(T* __restrict r, T* __restrict z, T* __restrict n, T* __restrict q, const T* __restrict h,
            T* __restrict hNext, const T* __restrict hr, const T* __restrict hz, const T* __restrict hn,
            int64_t hidden) {
  for (int64_t j = 0; j < hidden; j++) {
    const T qv = hn[j];
    const Gru<T> v = gru(r[j] + hr[j], z[j] + hz[j], n[j], qv, h[j]);
    r[j] = v.r;
    z[j] = v.z;
    n[j] = v.n;
    q[j] = qv;
    hNext[j] = v.h;
  }
}

template <class T>
void gruGradRow(T* __restrict d, T* __restrict dHidden, T* __restrict dh, const T* __restrict dy,
                const T* __restrict gates, const T* __restrict q, const T* __restrict h, int64_t hidden) {
  const T *r = gates, *z = gates + hidden, *n = gates + 2 * hidden;
  NG_APART
  for (int64_t j = 0; j < hidden; j++) {
    const GruGrad<T> v = gruGrad(r[j], z[j], n[j], q[j], h[j], dh[j] + dy[j]);
    d[j] = dHidden[j] = v.r;
    d[hidden + j] = dHidden[hidden + j] = v.z;
    d[2 * hidden + j] = v.n;
    dHidden[2 * hidden + j] = v.q;
    dh[j] = v.h;
  }
}

}  // namespace

void lstmStep(Ctx&, InOut<Real> gates, In<Real> c, Out<Real> cNext, Out<Real> h, int64_t n, int64_t hidden) {
  withDtype(gates, [&]<class T>(Tag<T>) {
    forRows(n, hidden, [&](int64_t r) {
      T* g = gates.as<T>() + r * 4 * hidden;
      const int64_t at = r * hidden;
      lstmRow(g, g + hidden, g + 2 * hidden, g + 3 * hidden, c.as<const T>() + at, cNext.as<T>() + at, h.as<T>() + at,
              hidden);
    });
  });
}

void lstmStepGrad(Ctx&, Out<Real> dGates, In<Real> dh, InOut<Real> dc, In<Real> dy, In<Real> gates, In<Real> c,
                  In<Real> cNext, int64_t n, int64_t hidden) {
  withDtype(gates, [&]<class T>(Tag<T>) {
    forRows(n, hidden, [&](int64_t r) {
      const int64_t at = r * hidden;
      lstmGradRow(dGates.as<T>() + 4 * at, dh.as<const T>() + at, dc.as<T>() + at, dy.as<const T>() + at,
                  gates.as<const T>() + 4 * at, c.as<const T>() + at, cNext.as<const T>() + at, hidden);
    });
  });
}

void gruStep(Ctx&, InOut<Real> gates, Out<Real> q, In<Real> h, Out<Real> hNext, In<Real> hGates, int64_t n,
             int64_t hidden) {
  withDtype(gates, [&]<class T>(Tag<T>) {
    forRows(n, hidden, [&](int64_t r) {
      T* g = gates.as<T>() + r * 3 * hidden;
      const T* s = hGates.as<const T>() + r * 3 * hidden;
      const int64_t at = r * hidden;
      gruRow(g, g + hidden, g + 2 * hidden, q.as<T>() + at, h.as<const T>() + at, hNext.as<T>() + at, s, s + hidden,
             s + 2 * hidden, hidden);
    });
  });
}

void gruStepGrad(Ctx&, Out<Real> dGates, Out<Real> dHGates, InOut<Real> dh, In<Real> dy, In<Real> gates, In<Real> q,
                 In<Real> h, int64_t n, int64_t hidden) {
  withDtype(gates, [&]<class T>(Tag<T>) {
    forRows(n, hidden, [&](int64_t r) {
      const int64_t at = r * hidden;
      gruGradRow(dGates.as<T>() + 3 * at, dHGates.as<T>() + 3 * at, dh.as<T>() + at, dy.as<const T>() + at,
                 gates.as<const T>() + 3 * at, q.as<const T>() + at, h.as<const T>() + at, hidden);
    });
  });
}

}  // namespace ng::NG_ISA
