// Optimizer steps on the GPU: one launch for up to kSegments parameters.
#include "../cuda/device.h"
#include "optim_steps.h"

namespace ng::NG_ISA {
namespace {

constexpr int kSegments = 32;

// The lists of one parameter: itself, its gradient, the optimizer's state.
template <class T>
struct Segments {
  struct {
    T* list[5];
    int64_t n;
  } s[kSegments];
  int count;
};

template <class T, bool Momentum, bool Nesterov>
__global__ void sgdKernel(Segments<T> all, SgdStep<T, Momentum, Nesterov> step) {
  for (int k = 0; k < all.count; k++) {
    const auto& s = all.s[k];
    for (int64_t i = threadOfGrid(); i < s.n; i += threadsOfGrid()) step(i, s.list[0], s.list[1], s.list[2]);
  }
}

template <class T, bool Amsgrad>
__global__ void adamKernel(Segments<T> all, AdamStep<T, Amsgrad> step) {
  for (int k = 0; k < all.count; k++) {
    const auto& s = all.s[k];
    for (int64_t i = threadOfGrid(); i < s.n; i += threadsOfGrid())
      step(i, s.list[0], s.list[1], s.list[2], s.list[3], s.list[4]);
  }
}

// body(segments, threads) for groups of parameters of dtype T; lists may be empty.
template <class T, int N, class F>
void forSegments(const BufList* const (&lists)[N], const IntList& sizes, DType t, F&& body) {
  const BufList& params = *lists[0];
  for (int64_t i = 0; i < params.n;) {
    Segments<T> group{};
    int64_t longest = 0;
    for (; i < params.n && group.count < kSegments; i++) {
      if (params[i].t != t) continue;
      auto& s = group.s[group.count++];
      s.n = sizes[i];
      if (s.n > longest) longest = s.n;
      for (int k = 0; k < N; k++) s.list[k] = lists[k]->n > 0 ? (*lists[k])[i].template as<T>() : nullptr;
    }
    body(group, cover(longest));
  }
}

template <class F>
void withFloating(F&& f) {
  f(Tag<float>{}, DType::f32);
  f(Tag<double>{}, DType::f64);
}

}  // namespace

void sgd(Ctx& c, BufList param, BufList grad, BufList momentum, IntList sizes, double lr, double mu, double dampening,
         double weightDecay, bool nesterov, bool maximize, bool first) {
  const SgdScalars s{lr, mu, dampening, weightDecay, maximize, first};
  withFloating([&](auto tag, DType t) {
    using T = typename decltype(tag)::type;
    forSegments<T>({&param, &grad, &momentum}, sizes, t, [&](const Segments<T>& group, Launch l) {
      if (momentum.n == 0) {
        launch(c, "sgd", l, sgdKernel<T, false, false>, group, SgdStep<T, false, false>(s));
      } else if (nesterov) {
        launch(c, "sgd", l, sgdKernel<T, true, true>, group, SgdStep<T, true, true>(s));
      } else {
        launch(c, "sgd", l, sgdKernel<T, true, false>, group, SgdStep<T, true, false>(s));
      }
    });
  });
}

void adam(Ctx& c, BufList param, BufList grad, BufList m, BufList v, BufList vMax, IntList sizes, double lr,
          double beta1, double beta2, double eps, double weightDecay, bool decoupled, bool maximize, double step) {
  const AdamScalars s = adamScalars(lr, beta1, beta2, eps, weightDecay, decoupled, maximize, step);
  withFloating([&](auto tag, DType t) {
    using T = typename decltype(tag)::type;
    forSegments<T>({&param, &grad, &m, &v, &vMax}, sizes, t, [&](const Segments<T>& group, Launch l) {
      if (vMax.n == 0) {
        launch(c, "adam", l, adamKernel<T, false>, group, AdamStep<T, false>(s));
      } else {
        launch(c, "adam", l, adamKernel<T, true>, group, AdamStep<T, true>(s));
      }
    });
  });
}

}  // namespace ng::NG_ISA
