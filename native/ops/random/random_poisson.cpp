// Poisson numbers: by inversion for small rates, by transformed rejection (PTRS; Hoermann, The transformed rejection
// method for generating Poisson random variables, 1993) for large ones.
#include "kernels.h"
#include "ops/kit/bounds.h"
#include "random_words.h"
#include "runtime/parallel.h"
#include "runtime/philox.h"

namespace ng::NG_ISA {
namespace {

// Each element has a stretch of the sequence for itself, of this many counters (two float64 each): enough for 16
// attempts at acceptance rates above 0.7, so that what is returned after the last one hardly matters.
constexpr int64_t kCounters = 16;
constexpr double kLarge = 10;

double inverted(double rate, double u) {
  double p = m::exp(-rate), k = 0;
  for (; u > p && k < 200; k++) {
    u -= p;
    p *= rate / (k + 1);
  }
  return k;
}

double transformed(double rate, uint64_t seed, uint64_t counter) {
  const double b = 0.931 + 2.53 * m::sqrt(rate), a = -0.059 + 0.02483 * b;
  const double inverseAlpha = 1.1239 + 1.1328 / (b - 3.4), vr = 0.9277 - 3.6224 / (b - 2);
  const double logRate = m::log(rate);
  double k = 0;
  for (int64_t i = 0; i < kCounters; i++) {
    const Philox4 r = philoxAt(seed, counter + static_cast<uint64_t>(i));
    const double u = unit(r.w[0], r.w[1]) - 0.5, v = unit(r.w[2], r.w[3]) + 0x1p-54;
    const double us = 0.5 - m::abs(u) + 0x1p-54;
    k = m::floor((2 * a / us + b) * u + rate + 0.43);
    if (us >= 0.07 && v <= vr) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (m::log(v * inverseAlpha / (a / (us * us) + b)) <= k * logRate - rate - m::lgamma(k + 1)) return k;
  }
  return k < 0 ? 0 : k;
}

template <class T>
void poissonOf(FirstBad& bad, T* out, const T* rates, int64_t n, uint64_t seed, uint64_t offset) {
  parallelFor(n, 512, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const double rate = static_cast<double>(rates[i]);
      const uint64_t counter = offset + static_cast<uint64_t>(i * kCounters);
      double k = 0;
      if (!(rate >= 0 && rate <= 0x1p62)) {
        bad.note(i);
      } else if (rate >= kLarge) {
        k = transformed(rate, seed, counter);
      } else {
        const Philox4 r = philoxAt(seed, counter);
        k = inverted(rate, unit(r.w[0], r.w[1]));
      }
      out[i] = static_cast<T>(k);
    }
  });
}

}  // namespace

void poisson(Ctx& c, Out<Real> out, In<Real> rates, int64_t n, PerStep<int64_t> seed, PerStep<int64_t> offset) {
  FirstBad bad;
  const auto s = static_cast<uint64_t>(*seed), o = static_cast<uint64_t>(*offset);
  if (out.t == DType::f64) {
    poissonOf(bad, out.as<double>(), rates.as<const double>(), n, s, o);
  } else {
    poissonOf(bad, out.as<float>(), rates.as<const float>(), n, s, o);
  }
  if (bad.any()) c.fail(Why::badRate);
}

}  // namespace ng::NG_ISA
