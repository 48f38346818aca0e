// One element's step of each optimizer, for the CPU and CUDA. Formulas and their order are PyTorch's
// (torch/optim/*.py), Lion's and LAMB's those of their papers.
//
// The fields of a formula are the constants of a call, in the order in which lib/optim passes them; what does not
// depend on the element is computed there, in float64. `rate` may besides differ between parameters. p is the
// parameter, x its gradient, a, b, c are the states; what a formula does not name may be null.
#pragma once
#include "ops/kit/cast.h"
#include "ops/kit/opcodes.h"
#include "runtime/buffer.h"

namespace ng::NG_ISA {

template <class T>
NG_FN T root(T x) {
  if constexpr (kSame<T, float>) {
    return __builtin_sqrtf(x);
  } else {
    return __builtin_sqrt(x);
  }
}

// sign: -1 to ascend; l2: weight decay that is part of the gradient; shrink: 1 - the decay that is not.
template <class T>
struct Sgd {
  T sign, l2, rate;
  NG_FN_MEMBER void operator()(int64_t i, T* p, const T* x, T*, T*, T*) const {
    p[i] -= rate * (sign * x[i] + l2 * p[i]);
  }
};

// The step is own g + ahead m: 0 and 1, or with Nesterov's variant 1 and mu.
template <class T>
struct Momentum {
  T sign, l2, mu, keep, own, ahead, rate;
  NG_FN_MEMBER void operator()(int64_t i, T* p, const T* x, T* a, T*, T*) const {
    const T g = sign * x[i] + l2 * p[i], m = mu * a[i] + keep * g;
    a[i] = m;
    p[i] -= rate * (own * g + ahead * m);
  }
};

// Adam, AdamW (Loshchilov and Hutter 2019), NAdam (Dozat 2016: own and ahead), RAdam (Liu et al. 2020: while it is
// plain momentum, eps is 1 and invRoot2 is 0). c: the largest v so far.
template <class T, bool Amsgrad>
struct Adam {
  T sign, l2, shrink, w1, b2, w2, own, ahead, eps, invRoot2, rate;
  NG_FN_MEMBER void operator()(int64_t i, T* p, const T* x, T* a, T* b, T* c) const {
    const T g = sign * x[i] + l2 * p[i];
    const T m = a[i] + w1 * (g - a[i]), v = b2 * b[i] + w2 * g * g;
    a[i] = m;
    b[i] = v;
    T d = v;
    if constexpr (Amsgrad) {
      d = c[i] > v ? c[i] : v;
      c[i] = d;
    }
    p[i] = p[i] * shrink - rate * ((own * g + ahead * m) / (root(d) * invRoot2 + eps));
  }
};

// Kingma and Ba 2015, section 7.1.
template <class T>
struct Adamax {
  T sign, l2, w1, b2, eps, rate;
  NG_FN_MEMBER void operator()(int64_t i, T* p, const T* x, T* a, T* b, T*) const {
    const T g = sign * x[i] + l2 * p[i], size = (g < 0 ? -g : g) + eps, before = b2 * b[i];
    const T m = a[i] + w1 * (g - a[i]), top = before > size ? before : size;
    a[i] = m;
    b[i] = top;
    p[i] -= rate * (m / top);
  }
};

// You et al. 2020, algorithm 2, up to where the length of the whole step is needed: c becomes the step.
template <class T>
struct Lamb {
  T sign, w1, b2, w2, inv1, invRoot2, eps, decay;
  NG_FN_MEMBER void operator()(int64_t i, T* p, const T* x, T* a, T* b, T* c) const {
    const T g = sign * x[i], m = a[i] + w1 * (g - a[i]), v = b2 * b[i] + w2 * g * g;
    a[i] = m;
    b[i] = v;
    c[i] = m * inv1 / (root(v) * invRoot2 + eps) + decay * p[i];
  }
};

// Hinton's lecture 6e of 2012; centered: Graves 2013. a: mean of squares; then, of the two, the momentum and the mean.
template <class T, bool WithMomentum, bool Centered>
struct RMSprop {
  T sign, l2, alpha, w, eps, mu, rate;
  NG_FN_MEMBER void operator()(int64_t i, T* p, const T* x, T* a, T* b, T* c) const {
    const T g = sign * x[i] + l2 * p[i], square = alpha * a[i] + w * g * g;
    a[i] = square;
    T d = square;
    if constexpr (Centered) {
      T* mean = WithMomentum ? c : b;
      const T m = mean[i] + w * (g - mean[i]);
      mean[i] = m;
      d -= m * m;
    }
    T step = g / (root(d) + eps);
    if constexpr (WithMomentum) {
      step += mu * b[i];
      b[i] = step;
    }
    p[i] -= rate * step;
  }
};

// Duchi, Hazan and Singer 2011.
template <class T>
struct Adagrad {
  T sign, l2, eps, rate;
  NG_FN_MEMBER void operator()(int64_t i, T* p, const T* x, T* a, T*, T*) const {
    const T g = sign * x[i] + l2 * p[i], sum = a[i] + g * g;
    a[i] = sum;
    p[i] -= rate * (g / (root(sum) + eps));
  }
};

// Zeiler 2012. a: mean of squared gradients, b: of squared steps.
template <class T>
struct Adadelta {
  T sign, l2, rho, w, eps, rate;
  NG_FN_MEMBER void operator()(int64_t i, T* p, const T* x, T* a, T* b, T*) const {
    const T g = sign * x[i] + l2 * p[i], square = rho * a[i] + w * g * g;
    const T step = root(b[i] + eps) / root(square + eps) * g;
    a[i] = square;
    b[i] = rho * b[i] + w * step * step;
    p[i] -= rate * step;
  }
};

template <class T>
NG_FN T signOf(T x) {
  return x > 0 ? T(1) : x < 0 ? T(-1) : x;
}

// Chen et al. 2023, program 1.
template <class T>
struct Lion {
  T sign, shrink, b1, w1, w2, rate;
  NG_FN_MEMBER void operator()(int64_t i, T* p, const T* x, T* a, T*, T*) const {
    const T g = sign * x[i], m = a[i];
    a[i] = m + w2 * (g - m);
    p[i] = p[i] * shrink - rate * signOf(b1 * m + w1 * g);
  }
};

// Riedmiller and Braun 1993. a: the last gradient used, b: the size of the step.
template <class T>
struct Rprop {
  T sign, slower, faster, least, most;
  NG_FN_MEMBER void operator()(int64_t i, T* p, const T* x, T* a, T* b, T*) const {
    const T g = sign * x[i], turn = g * a[i];
    T size = b[i] * (turn < 0 ? slower : turn > 0 ? faster : T(1));
    size = size < least ? least : size;
    size = size > most ? most : size;
    const T used = turn < 0 ? T(0) : g;
    a[i] = used;
    b[i] = size;
    p[i] -= signOf(used) * size;
  }
};

// Polyak and Juditsky 1992. a: the mean of the parameters.
template <class T>
struct Asgd {
  T sign, l2, shrink, weight, rate;
  NG_FN_MEMBER void operator()(int64_t i, T* p, const T* x, T* a, T*, T*) const {
    const T g = sign * x[i] + l2 * p[i], next = p[i] * shrink - rate * g;
    p[i] = next;
    // Weight 1 takes the value as it is, which the difference would round.
    a[i] = weight == 1 ? next : a[i] + weight * (next - a[i]);
  }
};

// Moving averages: p goes from itself towards x.
template <class T>
struct Lerp {
  T rate;
  NG_FN_MEMBER void operator()(int64_t i, T* p, const T* x, T*, T*, T*) const { p[i] += rate * (x[i] - p[i]); }
};

template <class T>
struct Scale {
  T rate;
  NG_FN_MEMBER void operator()(int64_t i, T* p, const T*, T*, T*, T*) const { p[i] *= rate; }
};

// What was computed elsewhere takes the place of p.
template <class T>
struct Assign {
  T unused;
  NG_FN_MEMBER void operator()(int64_t i, T* p, const T* x, T*, T*, T*) const { p[i] = x[i]; }
};

// How many constants a formula in type T has.
template <class Step, class T>
inline constexpr int kConstants = static_cast<int>(sizeof(Step) / sizeof(T));

template <class Step, class T>
NG_FN Step withConstants(const double* constants) {
  struct {
    T v[kConstants<Step, T>];
  } fields;
  for (int i = 0; i < kConstants<Step, T>; i++) fields.v[i] = static_cast<T>(constants[i]);
  return __builtin_bit_cast(Step, fields);
}

// Calls f(Tag<Step>) with the formula of that number in type T.
template <class T, class F>
void withStep(int64_t op, F&& f) {
  switch (static_cast<OptimStep>(op)) {
#define X(name, ...)    \
  case OptimStep::name: \
    return f(Tag<__VA_ARGS__>{});
#include "optim.def"
    case OptimStep::count:
      return;
  }
}

// The formula for a parameter with a rate of its own.
template <class Step>
NG_FN Step atRate(Step step, const double* rates, int64_t parameter) {
  if constexpr (requires { step.rate; }) {
    if (rates != nullptr) step.rate = static_cast<decltype(step.rate)>(step.rate * rates[parameter]);
  }
  return step;
}

}  // namespace ng::NG_ISA
