// Random numbers on the GPU: the same words (Note [Random words]) and the same formulas as on the CPU. A thread makes
// the four words of one counter and the elements that take them.
#include "cuda/kit/device.h"
#include "random_words.h"

namespace ng::NG_ISA {
namespace {

// make(first element, how many exist, four words, result): an element takes W words, so it makes up to 4 / W.
template <int W, class T, class Make>
__global__ void randomKernel(T* out, int64_t n, PerStep<int64_t> seed, PerStep<int64_t> offset, Make make) {
  constexpr int N = 4 / W;
  for (int64_t i = threadOfGrid(); i * N < n; i += threadsOfGrid()) {
    const Philox4 r = philoxAt(static_cast<uint64_t>(*seed), static_cast<uint64_t>(*offset + i));
    const int64_t first = i * N;
    const int count = n - first < N ? static_cast<int>(n - first) : N;
    T v[N];
    make(first, count, r.w, v);
    for (int k = 0; k < count; k++) out[first + k] = v[k];
  }
}

template <int W, class T, class Make>
void generate(Ctx& c, const char* op, const Buf& out, int64_t n, PerStep<int64_t> seed, PerStep<int64_t> offset,
              const Make& make) {
  launch(c, op, cover(n, 4 / W), randomKernel<W, T, Make>, out.as<T>(), n, seed, offset, make);
}

template <class T>
inline constexpr int kWords = sizeof(T) / 4;  // of one floating element

template <class T>
struct Uniform {
  T lo, hi;
  __device__ void operator()(int64_t, int, const uint32_t* w, T* v) const {
    if constexpr (kWords<T> == 1) {
      for (int k = 0; k < 4; k++) v[k] = between(unit(w[k]), lo, hi);
    } else {
      for (int k = 0; k < 2; k++) v[k] = between(unit(w[2 * k], w[2 * k + 1]), lo, hi);
    }
  }
};

template <class T>
struct Normal {
  T mean, std;
  __device__ void two(Pair<T> z, T* v) const {
    v[0] = m::fma(z.a, std, mean);
    v[1] = m::fma(z.b, std, mean);
  }
  __device__ void operator()(int64_t, int, const uint32_t* w, T* v) const {
    if constexpr (kWords<T> == 1) {
      two(boxMuller(w[0], w[1]), v);
      two(boxMuller(w[2], w[3]), v + 2);
    } else {
      two(boxMuller(w[0], w[1], w[2], w[3]), v);
    }
  }
};

template <class T>
struct Randint {
  int64_t lo;
  uint64_t range;
  __device__ void operator()(int64_t, int, const uint32_t* w, T* v) const {
    for (int k = 0; k < 2; k++) {
      const uint64_t r = range >> 32 == 0 ? below(w[2 * k], w[2 * k + 1], static_cast<uint32_t>(range))
                                          : belowWide(w[2 * k], w[2 * k + 1], range);
      v[k] = castTo<T>(static_cast<int64_t>(static_cast<uint64_t>(lo) + r));
    }
  }
};

template <class T>
struct Bernoulli {
  Buf p;
  Reporter to;
  __device__ void operator()(int64_t first, int count, const uint32_t* w, T* v) const {
    for (int k = 0; k < count; k++) {
      const double q = p.t == DType::f64 ? static_cast<const double*>(p.p)[first + k]
                                         : static_cast<double>(static_cast<const float*>(p.p)[first + k]);
      const bool good = q >= 0 && q <= 1;
      if (!good) report(to, Why::badProbability, first + k);
      v[k] = castTo<T>(static_cast<int32_t>(good && static_cast<double>(w[k]) * 0x1p-32 < q));
    }
  }
};

template <class T>
struct Dropout {
  const T* x;
  DropoutRule rule;
  __device__ void operator()(int64_t first, int count, const uint32_t* w, T* v) const {
    for (int k = 0; k < count; k++) v[k] = rule.dropped(w[k]) ? T{} : rule.scaled(x[first + k]);
  }
};

}  // namespace

void uniform(Ctx& c, Out<Real> out, int64_t n, double lo, double hi, PerStep<int64_t> seed, PerStep<int64_t> offset) {
  withDtype(out, [&]<class T>(Tag<T>) {
    generate<kWords<T>, T>(c, "uniform", out, n, seed, offset, Uniform<T>{static_cast<T>(lo), static_cast<T>(hi)});
  });
}

void normal(Ctx& c, Out<Real> out, int64_t n, double mean, double std, PerStep<int64_t> seed, PerStep<int64_t> offset) {
  withDtype(out, [&]<class T>(Tag<T>) {
    generate<kWords<T>, T>(c, "normal", out, n, seed, offset, Normal<T>{static_cast<T>(mean), static_cast<T>(std)});
  });
}

void randint(Ctx& c, Out<Any> out, int64_t n, int64_t lo, int64_t hi, PerStep<int64_t> seed, PerStep<int64_t> offset) {
  const uint64_t range = static_cast<uint64_t>(hi) - static_cast<uint64_t>(lo);
  withDtype(out, [&]<class T>(Tag<T>) { generate<2, T>(c, "randint", out, n, seed, offset, Randint<T>{lo, range}); });
}

void bernoulli(Ctx& c, Out<Any> out, In<Real> p, int64_t n, PerStep<int64_t> seed, PerStep<int64_t> offset) {
  const Reporter to = streamOf(c).reporter();
  withDtype(out, [&]<class T>(Tag<T>) { generate<1, T>(c, "bernoulli", out, n, seed, offset, Bernoulli<T>{p, to}); });
}

void dropout(Ctx& c, Out<Floating> out, In<Floating> a, int64_t n, double p, PerStep<int64_t> seed,
             PerStep<int64_t> offset) {
  withDtype(out, [&]<class T>(Tag<T>) {
    generate<1, T>(c, "dropout", out, n, seed, offset, Dropout<T>{a.as<const T>(), DropoutRule(p)});
  });
}

}  // namespace ng::NG_ISA
