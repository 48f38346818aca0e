// Optimizer steps: one pass over all parameters of a group. The segments count as one long vector, so that many small
// parameters cost one loop and a large one is spread over the threads.
#include "../kernels.h"
#include "../runtime/parallel.h"
#include "optim_steps.h"

namespace ng::NG_ISA {
namespace {

constexpr int64_t kGrain = 16384;  // elements per task

// body(segment, from, to): the parts of segments that lie in each task.
template <class F>
void forSegments(const IntList& sizes, F&& body) {
  int64_t total = 0;
  for (int64_t s = 0; s < sizes.n; s++) total += sizes[s];
  parallelFor(total, kGrain, [&](int64_t b, int64_t e) {
    int64_t start = 0;
    for (int64_t s = 0; s < sizes.n && start < e; start += sizes[s], s++) {
      const int64_t from = b > start ? b - start : 0, to = e - start < sizes[s] ? e - start : sizes[s];
      if (from < to) body(s, from, to);
    }
  });
}

template <class T, bool Momentum, bool Nesterov>
void sgdRange(T* __restrict p, const T* __restrict grad, T* __restrict buffer, int64_t n, const SgdScalars& s) {
  const SgdStep<T, Momentum, Nesterov> step(s);
  for (int64_t i = 0; i < n; i++) step(i, p, grad, buffer);
}

template <class T, bool Amsgrad>
void adamRange(T* __restrict p, const T* __restrict grad, T* __restrict m, T* __restrict v, T* __restrict vMax,
               int64_t n, const AdamScalars& s) {
  const AdamStep<T, Amsgrad> step(s);
  for (int64_t i = 0; i < n; i++) step(i, p, grad, m, v, vMax);
}

// float32 or float64.
template <class F>
void withFloating(DType t, F&& f) {
  if (t == DType::f64) {
    f(Tag<double>{});
  } else {
    f(Tag<float>{});
  }
}

}  // namespace

void sgd(Ctx&, BufList param, BufList grad, BufList momentum, IntList sizes, double lr, double mu, double dampening,
         double weightDecay, bool nesterov, bool maximize, bool first) {
  const SgdScalars scalars{lr, mu, dampening, weightDecay, maximize, first};
  forSegments(sizes, [&](int64_t s, int64_t from, int64_t to) {
    withFloating(param[s].t, [&](auto tag) {
      using T = typename decltype(tag)::type;
      T* p = param[s].as<T>() + from;
      const T* g = grad[s].as<T>() + from;
      if (momentum.n == 0) return sgdRange<T, false, false>(p, g, nullptr, to - from, scalars);
      T* buffer = momentum[s].as<T>() + from;
      (nesterov ? sgdRange<T, true, true> : sgdRange<T, true, false>)(p, g, buffer, to - from, scalars);
    });
  });
}

void adam(Ctx&, BufList param, BufList grad, BufList m, BufList v, BufList vMax, IntList sizes, double lr, double beta1,
          double beta2, double eps, double weightDecay, bool decoupled, bool maximize, double step) {
  const AdamScalars scalars = adamScalars(lr, beta1, beta2, eps, weightDecay, decoupled, maximize, step);
  forSegments(sizes, [&](int64_t s, int64_t from, int64_t to) {
    withFloating(param[s].t, [&](auto tag) {
      using T = typename decltype(tag)::type;
      T *p = param[s].as<T>() + from, *mi = m[s].as<T>() + from, *vi = v[s].as<T>() + from;
      const T* g = grad[s].as<T>() + from;
      if (vMax.n == 0) return adamRange<T, false>(p, g, mi, vi, nullptr, to - from, scalars);
      adamRange<T, true>(p, g, mi, vi, vMax[s].as<T>() + from, to - from, scalars);
    });
  });
}

}  // namespace ng::NG_ISA
