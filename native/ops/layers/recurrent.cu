// Pointwise part of recurrent layers on the GPU: a thread per element of the state.
#include "cuda/kit/device.h"
#include "recurrent_step.h"

namespace ng::NG_ISA {
namespace {

template <class T>
__global__ void lstmKernel(T* gates, const T* c, T* cNext, T* h, int64_t size, int64_t hidden) {
  for (int64_t p = threadOfGrid(); p < size; p += threadsOfGrid()) {
    T* g = gates + p / hidden * 4 * hidden + p % hidden;
    const Lstm<T> v = lstm(g[0], g[hidden], g[2 * hidden], g[3 * hidden], c[p]);
    g[0] = v.i;
    g[hidden] = v.f;
    g[2 * hidden] = v.g;
    g[3 * hidden] = v.o;
    cNext[p] = v.c;
    h[p] = v.h;
  }
}

template <class T>
__global__ void lstmGradKernel(T* dGates, const T* dh, T* dc, const T* dy, const T* gates, const T* c, const T* cNext,
                               int64_t size, int64_t hidden) {
  for (int64_t p = threadOfGrid(); p < size; p += threadsOfGrid()) {
    const int64_t at = p / hidden * 4 * hidden + p % hidden;
    const T* g = gates + at;
    T* d = dGates + at;
    const LstmGrad<T> v = lstmGrad(g[0], g[hidden], g[2 * hidden], g[3 * hidden], c[p], cNext[p], dh[p] + dy[p], dc[p]);
    d[0] = v.i;
    d[hidden] = v.f;
    d[2 * hidden] = v.g;
    d[3 * hidden] = v.o;
    dc[p] = v.c;
  }
}

template <class T>
__global__ void gruKernel(T* gates, T* q, const T* h, T* hNext, const T* hGates, int64_t size, int64_t hidden) {
  for (int64_t p = threadOfGrid(); p < size; p += threadsOfGrid()) {
    const int64_t at = p / hidden * 3 * hidden + p % hidden;
    T* g = gates + at;
    const T* s = hGates + at;
    const T qv = s[2 * hidden];
    const Gru<T> v = gru(g[0] + s[0], g[hidden] + s[hidden], g[2 * hidden], qv, h[p]);
    g[0] = v.r;
    g[hidden] = v.z;
    g[2 * hidden] = v.n;
    q[p] = qv;
    hNext[p] = v.h;
  }
}

template <class T>
__global__ void gruGradKernel(T* dGates, T* dHGates, T* dh, const T* dy, const T* gates, const T* q, const T* h,
                              int64_t size, int64_t hidden) {
  for (int64_t p = threadOfGrid(); p < size; p += threadsOfGrid()) {
    const int64_t at = p / hidden * 3 * hidden + p % hidden;
    const T* g = gates + at;
    T *d = dGates + at, *e = dHGates + at;
    const GruGrad<T> v = gruGrad(g[0], g[hidden], g[2 * hidden], q[p], h[p], dh[p] + dy[p]);
    d[0] = e[0] = v.r;
    d[hidden] = e[hidden] = v.z;
    d[2 * hidden] = v.n;
    e[2 * hidden] = v.q;
    dh[p] = v.h;
  }
}

}  // namespace

void lstmStep(Ctx& ctx, InOut<Real> gates, In<Real> c, Out<Real> cNext, Out<Real> h, int64_t n, int64_t hidden) {
  withDtype(gates, [&]<class T>(Tag<T>) {
    launch(ctx, "lstmStep", cover(n * hidden), lstmKernel<T>, gates.as<T>(), c.as<const T>(), cNext.as<T>(), h.as<T>(),
           n * hidden, hidden);
  });
}

void lstmStepGrad(Ctx& ctx, Out<Real> dGates, In<Real> dh, InOut<Real> dc, In<Real> dy, In<Real> gates, In<Real> c,
                  In<Real> cNext, int64_t n, int64_t hidden) {
  withDtype(gates, [&]<class T>(Tag<T>) {
    launch(ctx, "lstmStepGrad", cover(n * hidden), lstmGradKernel<T>, dGates.as<T>(), dh.as<const T>(), dc.as<T>(),
           dy.as<const T>(), gates.as<const T>(), c.as<const T>(), cNext.as<const T>(), n * hidden, hidden);
  });
}

void gruStep(Ctx& ctx, InOut<Real> gates, Out<Real> q, In<Real> h, Out<Real> hNext, In<Real> hGates, int64_t n,
             int64_t hidden) {
  withDtype(gates, [&]<class T>(Tag<T>) {
    launch(ctx, "gruStep", cover(n * hidden), gruKernel<T>, gates.as<T>(), q.as<T>(), h.as<const T>(), hNext.as<T>(),
           hGates.as<const T>(), n * hidden, hidden);
  });
}

void gruStepGrad(Ctx& ctx, Out<Real> dGates, Out<Real> dHGates, InOut<Real> dh, In<Real> dy, In<Real> gates, In<Real> q,
                 In<Real> h, int64_t n, int64_t hidden) {
  withDtype(gates, [&]<class T>(Tag<T>) {
    launch(ctx, "gruStepGrad", cover(n * hidden), gruGradKernel<T>, dGates.as<T>(), dHGates.as<T>(), dh.as<T>(),
           dy.as<const T>(), gates.as<const T>(), q.as<const T>(), h.as<const T>(), n * hidden, hidden);
  });
}

}  // namespace ng::NG_ISA
