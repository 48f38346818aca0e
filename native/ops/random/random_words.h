// From random words to numbers: one definition for the CPU and CUDA. Words are uint32.
//
// Note [Random words] A call with `offset` reads the words of its seed's sequence from word 4 offset on. An element
// takes one word (float32 uniform and normal, bernoulli, dropout) or two (float64 uniform and normal, randint,
// randperm, multinomial), in order. So a call over n elements ends before offset + n / 2 + 1; multinomial counts rows x
// draws elements, or rows x classes when it draws without replacement.
#pragma once
#include "ops/kit/cast.h"
#include "ops/kit/math.h"
#include "runtime/ctx.h"
#include "runtime/philox.h"

namespace ng::NG_ISA {

NG_FN uint64_t joined(uint32_t hi, uint32_t lo) { return static_cast<uint64_t>(hi) << 32 | lo; }

// [0, 1): 24 bits of one word, 53 of two
NG_FN float unit(uint32_t w) { return static_cast<float>(static_cast<int32_t>(w >> 8)) * 0x1p-24f; }
NG_FN double unit(uint32_t hi, uint32_t lo) {
  return static_cast<double>(static_cast<int64_t>(joined(hi, lo) >> 11)) * 0x1p-53;
}

// Multiplication may round up to hi, which [lo, hi) does not contain.
template <class T>
NG_FN T between(T u, T lo, T hi) {
  const T x = lo + u * (hi - lo);
  return x < hi ? x : lo;
}

// An integer below `range` from 64 random bits: the high part of their product (Lemire 2019, without rejection: the
// bias is below range / 2^64). The short form gives the same for a range below 2^32 and vectorises.
NG_FN uint64_t below(uint32_t hi, uint32_t lo, uint32_t range) {
  const uint64_t r = range;
  return (hi * r + (lo * r >> 32)) >> 32;
}
NG_FN uint64_t belowWide(uint32_t hi, uint32_t lo, uint64_t range) {
  return static_cast<uint64_t>(static_cast<unsigned __int128>(joined(hi, lo)) * range >> 64);
}

// An element is dropped when its word is below the threshold; with p = 1 no 32-bit threshold drops them all.
struct DropoutRule {
  double scale;
  uint32_t threshold;
  bool none;

  explicit DropoutRule(double p) : scale(p < 1 ? 1 / (1 - p) : 0), none(p >= 1) {
    const double limit = p * 4294967296.0;
    threshold = static_cast<uint32_t>(limit < 4294967295.0 ? limit : 4294967295.0);
  }
  NG_FN_MEMBER bool dropped(uint32_t word) const { return none || word < threshold; }
  template <class T>
  NG_FN_MEMBER T scaled(T x) const {
    if constexpr (kSame<T, double>) {
      return x * scale;
    } else {
      return castTo<T>(castTo<float>(x) * static_cast<float>(scale));
    }
  }
};

template <class T>
struct Pair {
  T a, b;
};

// Two standard normal numbers (Box & Muller 1958). The radius is sqrt(-2 log u) with u in (0, 1], so it is finite: 31
// bits reach 6.7 standard deviations, 53 bits 8.6.
NG_FN Pair<float> boxMuller(uint32_t w0, uint32_t w1) {
  const float u = static_cast<float>(static_cast<int32_t>(w0 >> 1)) * 0x1p-31f + 0x1p-32f;
  const float r = m::sqrt(-2.0f * m::log(u));
  float s, c;
  m::sinCosQuarters(static_cast<float>(static_cast<int32_t>(w1)) * 0x1p-30f, s, c);
  return {r * c, r * s};
}
NG_FN Pair<double> boxMuller(uint32_t w0, uint32_t w1, uint32_t w2, uint32_t w3) {
  const double u = unit(w0, w1) + 0x1p-54, angle = 6.283185307179586477 * unit(w2, w3);
  const double r = m::sqrt(-2.0 * m::log(u));
  return {r * m::cos(angle), r * m::sin(angle)};
}

}  // namespace ng::NG_ISA
