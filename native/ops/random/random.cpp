// Random numbers. Every element is a function of (seed, offset, its position) alone: Note [Random words].
#include "kernels.h"
#include "ops/kit/bounds.h"
#include "ops/kit/cast.h"
#include "random_words.h"
#include "runtime/parallel.h"
#include "runtime/philox.h"

namespace ng::NG_ISA {
namespace {

constexpr int kWords = 256;              // made at a time: enough to fill vectors, and in L1
constexpr int64_t kGrain = 32 * kWords;  // words per task

// Not inlined: compilers vectorise it on its own only.
__attribute__((noinline)) void makeWords(uint64_t seed, uint64_t counter, uint32_t* __restrict words) {
  for (int i = 0; i < kWords / 4; i++) {
    const Philox4 r = philoxAt(seed, counter + static_cast<uint64_t>(i));
    words[4 * i] = r.w[0], words[4 * i + 1] = r.w[1], words[4 * i + 2] = r.w[2], words[4 * i + 3] = r.w[3];
  }
}

// body(first, count, words) for runs of elements that take W words each. `words` always holds kWords of them, and
// loops go over all, so that an element's bits do not depend on where its run ends.
template <int W, class F>
void forWords(int64_t n, PerStep<int64_t> seed, PerStep<int64_t> offset, F&& body) {
  constexpr int64_t run = kWords / W;
  const auto key = static_cast<uint64_t>(*seed);
  const int64_t start = *offset;
  parallelFor(n, kGrain / W, [&](int64_t begin, int64_t end) {
    alignas(64) uint32_t words[kWords];
    for (int64_t i = begin; i < end; i += run) {
      makeWords(key, static_cast<uint64_t>(start + i / 4 * W), words);
      body(i, end - i < run ? end - i : run, static_cast<const uint32_t*>(words));
    }
  });
}

template <class T>
void put(T* to, const T* from, int64_t n) {
  __builtin_memcpy(to, from, static_cast<size_t>(n) * sizeof(T));
}

}  // namespace

void uniform(Ctx& c, Out<Real> out, int64_t n, double lo, double hi, PerStep<int64_t> seed, PerStep<int64_t> offset) {
  withDtype(out, [&]<class T>(Tag<T>) {
    constexpr int W = sizeof(T) / 4, run = kWords / W;
    const T a = static_cast<T>(lo), b = static_cast<T>(hi);
    forWords<W>(n, seed, offset, [&](int64_t first, int64_t count, const uint32_t* w) {
      T r[run];
      for (int i = 0; i < run; i++) {
        if constexpr (W == 1) {
          r[i] = between(unit(w[i]), a, b);
        } else {
          r[i] = between(unit(w[2 * i], w[2 * i + 1]), a, b);
        }
      }
      put(out.as<T>() + first, r, count);
    });
  });
}

void normal(Ctx& c, Out<Real> out, int64_t n, double mean, double std, PerStep<int64_t> seed, PerStep<int64_t> offset) {
  withDtype(out, [&]<class T>(Tag<T>) {
    constexpr int W = sizeof(T) / 4, run = kWords / W;
    const T mu = static_cast<T>(mean), sigma = static_cast<T>(std);
    forWords<W>(n, seed, offset, [&](int64_t first, int64_t count, const uint32_t* w) {
      T r[run];
      for (int i = 0; i < run / 2; i++) {
        Pair<T> z;
        if constexpr (W == 1) {
          z = boxMuller(w[2 * i], w[2 * i + 1]);
        } else {
          z = boxMuller(w[4 * i], w[4 * i + 1], w[4 * i + 2], w[4 * i + 3]);
        }
        r[2 * i] = m::fma(z.a, sigma, mu);
        r[2 * i + 1] = m::fma(z.b, sigma, mu);
      }
      put(out.as<T>() + first, r, count);
    });
  });
}

void randint(Ctx&, Out<Any> out, int64_t n, int64_t lo, int64_t hi, PerStep<int64_t> seed, PerStep<int64_t> offset) {
  const uint64_t range = static_cast<uint64_t>(hi) - static_cast<uint64_t>(lo);
  withDtype(out, [&]<class T>(Tag<T>) {
    forWords<2>(n, seed, offset, [&](int64_t first, int64_t count, const uint32_t* w) {
      constexpr int run = kWords / 2;
      uint64_t r[run];
      if (range >> 32 == 0) {
        const auto narrow = static_cast<uint32_t>(range);
        for (int i = 0; i < run; i++) r[i] = below(w[2 * i], w[2 * i + 1], narrow);
      } else {
        for (int i = 0; i < run; i++) r[i] = belowWide(w[2 * i], w[2 * i + 1], range);
      }
      T* o = out.as<T>() + first;
      for (int64_t i = 0; i < count; i++) o[i] = castTo<T>(static_cast<int64_t>(static_cast<uint64_t>(lo) + r[i]));
    });
  });
}

void bernoulli(Ctx& c, Out<Any> out, In<Real> p, int64_t n, PerStep<int64_t> seed, PerStep<int64_t> offset) {
  FirstBad bad;
  withDtype(out, [&]<class T>(Tag<T>) {
    withDtype(p, [&]<class P>(Tag<P>) {
      forWords<1>(n, seed, offset, [&](int64_t first, int64_t count, const uint32_t* w) {
        T* o = out.as<T>() + first;
        const P* x = p.as<P>() + first;
        bool wrong = false;
        for (int64_t i = 0; i < count; i++) {
          const double q = static_cast<double>(x[i]);
          wrong |= !(q >= 0 && q <= 1);
          o[i] = castTo<T>(static_cast<int32_t>(static_cast<double>(w[i]) * 0x1p-32 < q));
        }
        if (wrong) bad.note(first);
      });
    });
  });
  if (bad.any()) c.fail(Why::badProbability);
}

void dropout(Ctx&, Out<Floating> out, In<Floating> a, int64_t n, double p, PerStep<int64_t> seed,
             PerStep<int64_t> offset) {
  const DropoutRule rule(p);
  withDtype(out, [&]<class T>(Tag<T>) {
    forWords<1>(n, seed, offset, [&](int64_t first, int64_t count, const uint32_t* w) {
      T* o = out.as<T>() + first;
      const T* x = a.as<T>() + first;
      T kept[kWords];
      for (int64_t i = 0; i < count; i++) kept[i] = rule.scaled(x[i]);
      for (int64_t i = 0; i < count; i++) o[i] = rule.dropped(w[i]) ? T{} : kept[i];
    });
  });
}

}  // namespace ng::NG_ISA
