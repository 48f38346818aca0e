// One element's step of each optimizer, for the CPU and CUDA. Formulas and their order are PyTorch's
// (torch/optim/sgd.py, adam.py); what does not depend on the element is computed in float64.
#pragma once
#include <cmath>

#include "cast.h"

namespace ng::NG_ISA {

template <class T>
NG_FN T root(T x) {
  if constexpr (kSame<T, float>) {
    return __builtin_sqrtf(x);
  } else {
    return __builtin_sqrt(x);
  }
}

struct SgdScalars {
  double lr, mu, dampening, weightDecay;
  bool maximize, first;
};

template <class T, bool Momentum, bool Nesterov>
struct SgdStep {
  T sign, wd, lr, mu, keep;
  bool first;

  explicit SgdStep(const SgdScalars& s)
      : sign(s.maximize ? T(-1) : T(1)),
        wd(static_cast<T>(s.weightDecay)),
        lr(static_cast<T>(s.lr)),
        mu(static_cast<T>(s.mu)),
        keep(static_cast<T>(1 - s.dampening)),
        first(s.first) {}

  NG_FN_MEMBER void operator()(int64_t i, T* p, const T* grad, T* buffer) const {
    T g = sign * grad[i] + wd * p[i];
    if constexpr (Momentum) {
      const T m = first ? g : mu * buffer[i] + keep * g;
      buffer[i] = m;
      g = Nesterov ? g + mu * m : m;
    }
    p[i] -= lr * g;
  }
};

struct AdamScalars {
  double beta1, beta2, eps, l2, shrink, stepSize, invRoot2;
  bool maximize;
};

inline AdamScalars adamScalars(double lr, double beta1, double beta2, double eps, double weightDecay, bool decoupled,
                               bool maximize, double step) {
  const double correction1 = 1 - std::pow(beta1, step), correction2 = 1 - std::pow(beta2, step);
  return {beta1,
          beta2,
          eps,
          decoupled ? 0 : weightDecay,
          decoupled ? 1 - lr * weightDecay : 1,
          lr / correction1,
          1 / std::sqrt(correction2),
          maximize};
}

template <class T, bool Amsgrad>
struct AdamStep {
  T sign, l2, shrink, w1, b2, w2, eps, stepSize, invRoot2;

  explicit AdamStep(const AdamScalars& s)
      : sign(s.maximize ? T(-1) : T(1)),
        l2(static_cast<T>(s.l2)),
        shrink(static_cast<T>(s.shrink)),
        w1(static_cast<T>(1 - s.beta1)),
        b2(static_cast<T>(s.beta2)),
        w2(static_cast<T>(1 - s.beta2)),
        eps(static_cast<T>(s.eps)),
        stepSize(static_cast<T>(s.stepSize)),
        invRoot2(static_cast<T>(s.invRoot2)) {}

  NG_FN_MEMBER void operator()(int64_t i, T* p, const T* grad, T* m, T* v, T* vMax) const {
    const T g = sign * grad[i] + l2 * p[i];
    const T mi = m[i] + w1 * (g - m[i]), vi = b2 * v[i] + w2 * g * g;
    m[i] = mi;
    v[i] = vi;
    T d = vi;
    if constexpr (Amsgrad) {
      d = vMax[i] > vi ? vMax[i] : vi;
      vMax[i] = d;
    }
    p[i] = p[i] * shrink - stepSize * (mi / (root(d) * invRoot2 + eps));
  }
};

}  // namespace ng::NG_ISA
