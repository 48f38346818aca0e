// Scalar mathematics for elementwise kernels, written once for all backends: branch-free for float, so that compilers
// vectorise loops over it; double goes to the C library, whose accuracy gradient checks rely on.
//
// Sources: polynomials of exp, log, erfc, sin, cos from S. Moshier's Cephes (single precision); erf after N. Juffa; the
// rest is derived beside each function. Multiply-adds that accuracy depends on are written with fma, so that every
// loop, its tail and CUDA round alike. Errors are bounded over the whole range of float by native/test/math_test.cpp.
#pragma once
#include <math.h>
#include <stdint.h>

#include "runtime/fn.h"

#if defined(NG_ISA)
namespace ng::NG_ISA::m {
#else
namespace ng::m {
#endif

NG_FN float asFloat(uint32_t i) { return __builtin_bit_cast(float, i); }
NG_FN uint32_t bitsOf(float x) { return __builtin_bit_cast(uint32_t, x); }
NG_FN double asDouble(uint64_t i) { return __builtin_bit_cast(double, i); }
NG_FN uint64_t bitsOf(double x) { return __builtin_bit_cast(uint64_t, x); }

template <class T>
NG_FN T infinity() {
  return static_cast<T>(__builtin_inf());
}
template <class T>
NG_FN T notANumber() {
  return static_cast<T>(__builtin_nan(""));
}

NG_FN float fma(float a, float b, float c) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__CUDACC__)
  return ::fmaf(a, b, c);
#else
  return a * b + c;
#endif
}
NG_FN double fma(double a, double b, double c) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__CUDACC__)
  return ::fma(a, b, c);
#else
  return a * b + c;
#endif
}
// c[0] x^(n-1) + c[1] x^(n-2) + ... + c[n-1]
template <class T, class... C>
NG_FN T poly(T x, T c0, C... rest) {
  T p = c0;
  ((p = fma(p, x, static_cast<T>(rest))), ...);
  return p;
}

NG_FN float abs(float x) { return ::fabsf(x); }
NG_FN double abs(double x) { return ::fabs(x); }
NG_FN float sqrt(float x) { return ::sqrtf(x); }
NG_FN double sqrt(double x) { return ::sqrt(x); }
NG_FN float copysign(float x, float y) { return ::copysignf(x, y); }
NG_FN double copysign(double x, double y) { return ::copysign(x, y); }

// p 2^e in two factors, so that the result may be denormal or infinite.
NG_FN float scaled(float p, int32_t e) {
  const int32_t half = e >> 1;
  return p * asFloat(static_cast<uint32_t>(half + 127) << 23) * asFloat(static_cast<uint32_t>(e - half + 127) << 23);
}
// Adding 1.5 2^23 rounds to an integer and leaves it in the low bits. It also does so where there is no instruction to
// round.
struct Rounded {
  float f;
  int32_t i;
};
NG_FN Rounded rounded(float x) {
  const float t = x + 12582912.0f;
  return {t - 12582912.0f, static_cast<int32_t>(bitsOf(t) - 0x4b400000u)};
}
NG_FN float rounded(float x, int32_t& i) {
  const Rounded r = rounded(x);
  i = r.i;
  return r.f;
}
// (exp(r) - 1 - r) / r^2 for |r| <= ln 2 / 2
NG_FN float expTail(float r) {
  return poly(r, 1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f,
              5.0000001201e-1f);
}
// exp(x) = 2^n exp(r): the remainder r of x by ln 2, in two steps (Cody & Waite).
NG_FN float reduceByLn2(float x, int32_t& n) {
  const float f = rounded(x * 1.44269504f, n);
  return fma(f, 2.12194440e-4f, fma(f, -0.693359375f, x));
}

NG_FN float exp(float x) {
  x = x < -104.0f ? -104.0f : x;
  x = x > 89.0f ? 89.0f : x;
  int32_t n;
  const float r = reduceByLn2(x, n);
  return scaled(fma(expTail(r), r * r, r) + 1.0f, n);
}
NG_FN double exp(double x) { return ::exp(x); }

NG_FN float exp2(float x) {
  x = x < -151.0f ? -151.0f : x;
  x = x > 129.0f ? 129.0f : x;
  int32_t n;
  const float r = (x - rounded(x, n)) * 0.693147181f;
  return scaled(fma(expTail(r), r * r, r) + 1.0f, n);
}
NG_FN double exp2(double x) { return ::exp2(x); }

NG_FN float expm1(float x0) {
  // 2^n (exp(r) - 1) + (2^n - 1), with half of 2^n because 2^128 is too large
  float x = x0 < -18.0f ? -18.0f : x0;
  x = x > 89.0f ? 89.0f : x;
  int32_t n;
  const float r = reduceByLn2(x, n);
  const float half = asFloat(static_cast<uint32_t>(n + 126) << 23);
  const float y = 2.0f * fma(half, fma(expTail(r), r * r, r), half - 0.5f);
  return x0 == 0.0f ? x0 : y;
}
NG_FN double expm1(double x) { return ::expm1(x); }

// x = m 2^e with m in [sqrt(1/2), sqrt(2)); gives e and log(m). x > 0.
NG_FN float logOfMantissa(float x0, float& e) {
  const bool tiny = x0 < 0x1p-126f;
  const float x = tiny ? x0 * 0x1p25f : x0;
  const uint32_t shifted = bitsOf(x) - 0x3f3504f3u;
  e = static_cast<float>((static_cast<int32_t>(shifted) >> 23) - (tiny ? 25 : 0));
  const float f = asFloat((shifted & 0x007fffffu) + 0x3f3504f3u) - 1.0f, z = f * f;
  const float p = poly(f, 7.0376836292e-2f, -1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f,
                       -1.6668057665e-1f, 2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f);
  return fma(fma(f, p, -0.5f), z, f);
}
// What logarithms of any base share outside (0, inf).
NG_FN float logEdges(float x, float y) {
  y = x == 0.0f ? -infinity<float>() : y;
  y = x < 0.0f ? notANumber<float>() : y;
  return x < infinity<float>() ? y : x;  // +inf and NaN stay what they are
}
NG_FN float log(float x) {
  float e;
  const float l = logOfMantissa(x, e);
  return logEdges(x, fma(e, 0.693359375f, fma(e, -2.12194440e-4f, l)));
}
NG_FN double log(double x) { return ::log(x); }
NG_FN float log2(float x) {
  float e;
  const float l = logOfMantissa(x, e);
  // log2(e) = 1 + 0.4427: exact products with the large part
  return logEdges(x, fma(l, 0.442695041f, l) + e);
}
NG_FN double log2(double x) { return ::log2(x); }
NG_FN float log10(float x) {
  float e;
  const float l = logOfMantissa(x, e);
  return logEdges(x, fma(e, 0.301025391f, fma(e, 4.60503907e-6f, l * 0.434294482f)));
}
NG_FN double log10(double x) { return ::log10(x); }

NG_FN float log1p(float x) {
  // u + d = 1 + x exactly (Knuth's sum), log(u + d) = log(u) + d / u
  const float u = 1.0f + x, b = u - x;
  const float d = (x - (u - b)) + (1.0f - b);
  const float y = log(u) + (u > 0.0f && u < infinity<float>() ? d / u : 0.0f);
  return x == 0.0f ? x : y;
}
NG_FN double log1p(double x) { return ::log1p(x); }

NG_FN float tanh(float x) {
  const float a = abs(x), t = expm1(2.0f * (a > 10.0f ? 10.0f : a));
  return copysign(t / (t + 2.0f), x);
}
NG_FN double tanh(double x) { return ::tanh(x); }

NG_FN float erf(float x) {
  float a = abs(x);
  a = a > 4.0f ? 4.0f : a;
  const float s = a * a;
  float r = fma(-1.72853470e-5f, a, 3.83197126e-4f);
  r = fma(r, s, fma(-3.88396438e-3f, a, 2.42546219e-2f));
  r = poly(a, r, -1.06777877e-1f, -6.34846687e-1f, -1.28717512e-1f);
  const float far = 1.0f - exp(fma(r, a, -a));
  const float near =
      poly(s, -5.96761703e-4f, 4.99119423e-3f, -2.67681349e-2f, 1.12819925e-1f, -3.76125336e-1f, 1.28379166e-1f);
  return a > 0.927734375f ? copysign(far, x) : fma(near, x, x);
}
NG_FN double erf(double x) { return ::erf(x); }

NG_FN float erfcFrom1(float x) {  // x >= 1
  const float q = 1.0f / x, y = q * q;
  // exp(-x^2) = exp(-s) (1 - d): d is what rounding x^2 to s lost, which matters when s is large
  const float s = x * x, hi = asFloat(bitsOf(x) & 0xfffff000u);
  const float d = (hi * hi - s) + (x - hi) * (x + hi), e0 = exp(-s);
  const float e = fma(-d, e0, e0);
  const float p = poly(y, 2.326819970068386e-2f, -1.387039388740657e-1f, 3.687424674597105e-1f, -5.824733027278666e-1f,
                       6.210004621745983e-1f, -4.944515323274145e-1f, 3.404879937665872e-1f, -2.741127028184656e-1f,
                       5.638259427386472e-1f);
  const float r = poly(y, -1.047766399936249e+1f, 1.297719955372516e+1f, -7.495518717768503e+0f, 2.921019019210786e+0f,
                       -1.015265279202700e+0f, 4.218463358204948e-1f, -2.820767439740514e-1f, 5.641895067754075e-1f);
  return e * q * (x < 2.0f ? p : r);
}
NG_FN float erfc(float x) {
  float a = abs(x);
  a = a > 11.0f ? 11.0f : a;
  const float t = erfcFrom1(a < 1.0f ? 1.0f : a), far = x < 0.0f ? 2.0f - t : t;
  const float near = poly(x * x, 7.853861353153693e-5f, -8.010193625184903e-4f, 5.188327685732524e-3f,
                          -2.685381193529856e-2f, 1.128358514861418e-1f, -3.761262582423300e-1f, 1.128379165726710e+0f);
  return a < 1.0f ? 1.0f - x * near : a == a ? far : x;
}
NG_FN double erfc(double x) { return ::erfc(x); }

// Sine and cosine of r + q pi/2, |r| <= pi/4.
NG_FN void sinCosOf(float r, int32_t q, float& s, float& c) {
  const float z = r * r;
  const float sr = fma(poly(z, -1.9515295891e-4f, 8.3321608736e-3f, -1.6666654611e-1f) * z, r, r);
  const float cr =
      fma(poly(z, 2.443315711809948e-5f, -1.388731625493765e-3f, 4.166664568298827e-2f), z * z, fma(-0.5f, z, 1.0f));
  const bool odd = q & 1;
  const uint32_t sFlip = static_cast<uint32_t>(q & 2) << 30, cFlip = static_cast<uint32_t>((q + 1) & 2) << 30;
  s = asFloat(bitsOf(odd ? cr : sr) ^ sFlip);
  c = asFloat(bitsOf(odd ? sr : cr) ^ cFlip);
}
// Sine and cosine of t quarter turns.
NG_FN void sinCosQuarters(float t, float& s, float& c) {
  const Rounded n = rounded(t);
  sinCosOf((t - n.f) * 1.57079633f, n.i, s, c);
}
// Up to this the remainder by pi/2 is exact enough in double; 33 bits of pi/2 times n < 2^20 is exact (fdlibm).
inline constexpr float kTrigLimit = 1e6f;
NG_FN void sinCosNear(float x, float& s, float& c) {
  const double t = static_cast<double>(x) * 0.63661977236758134308 + 6755399441055744.0;  // 1.5 2^52
  const double n = t - 6755399441055744.0;
  const double r = fma(n, -6.07710050650619224932e-11, fma(n, -1.57079632673412561417, static_cast<double>(x)));
  sinCosOf(static_cast<float>(r), static_cast<int32_t>(static_cast<uint32_t>(bitsOf(t))), s, c);
}
NG_FN float sinNear(float x) {
  float s, c;
  sinCosNear(x, s, c);
  return x == 0.0f ? x : s;
}
NG_FN float cosNear(float x) {
  float s, c;
  sinCosNear(x, s, c);
  return c;
}
NG_FN float sin(float x) { return abs(x) <= kTrigLimit ? sinNear(x) : ::sinf(x); }
NG_FN double sin(double x) { return ::sin(x); }
NG_FN float cos(float x) { return abs(x) <= kTrigLimit ? cosNear(x) : ::cosf(x); }
NG_FN double cos(double x) { return ::cos(x); }

// x^y = 2^(y log2 x) in double, where a relative error of 2^-34 in the logarithm is enough for every float result.
NG_FN double log2Wide(double x) {                              // x > 0, normal
  const uint64_t shifted = bitsOf(x) - 0x3fe6a09e667f3bcdull;  // sqrt(1/2)
  const double e = asDouble((shifted >> 52) + 0x4338000000000000ull) - 6755399441055744.0;
  const double f = asDouble((shifted & 0x000fffffffffffffull) + 0x3fe6a09e667f3bcdull);
  const double s = (f - 1) / (f + 1), z = s * s;  // log(f) = 2 atanh(s), |s| < 0.172
  const double p = poly(z, 1.0 / 13, 1.0 / 11, 1.0 / 9, 1.0 / 7, 1.0 / 5, 1.0 / 3, 1.0);
  const double exponent = e >= 2048 ? e - 4096 : e;  // the shift was unsigned
  return fma(s * p, 2.8853900817779268147, exponent);
}
NG_FN double exp2Wide(double t) {  // |t| <= 1000
  const double k = t + 6755399441055744.0, r = (t - (k - 6755399441055744.0)) * 0.69314718055994530942;
  const double p = poly(r, 1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1.0, 1.0);
  return asDouble(bitsOf(p) + (bitsOf(k) << 52));
}
NG_FN float pow(float x, float y) {
  const float a = abs(x), b = abs(y), inf = infinity<float>();
  // Whole numbers from 2^23 on need no test, from 2^24 on all are even.
  const bool whole = b >= 8388608.0f || (b + 8388608.0f) - 8388608.0f == b;
  const float h = b * 0.5f;
  const bool odd = whole && b < 16777216.0f && (h + 8388608.0f) - 8388608.0f != h;
  double t = log2Wide(static_cast<double>(a)) * static_cast<double>(y);
  t = t < -300 ? -300 : t;
  t = t > 300 ? 300 : t;
  float r = static_cast<float>(exp2Wide(t));
  // |x| = 0 or inf: 0 or inf, by the sign of y
  r = a == 0.0f ? (y < 0.0f ? inf : 0.0f) : r;
  r = a == inf ? (y < 0.0f ? 0.0f : inf) : r;
  r = asFloat(bitsOf(r) | (odd ? bitsOf(x) & 0x80000000u : 0u));
  r = x < 0.0f && a < inf && !whole ? notANumber<float>() : r;
  r = x == x && y == y ? r : notANumber<float>();
  r = a == 1.0f && b == inf ? 1.0f : r;
  return x == 1.0f || y == 0.0f ? 1.0f : r;
}
NG_FN double pow(double x, double y) { return ::pow(x, y); }

// Plain C library functions, by overload.
#define NG_LIBM(name)                                \
  NG_FN float name(float x) { return ::name##f(x); } \
  NG_FN double name(double x) { return ::name(x); }
#define NG_LIBM2(name)                                           \
  NG_FN float name(float x, float y) { return ::name##f(x, y); } \
  NG_FN double name(double x, double y) { return ::name(x, y); }
// clang-format off
NG_LIBM(floor) NG_LIBM(ceil) NG_LIBM(trunc) NG_LIBM(rint)
NG_LIBM(tan) NG_LIBM(asin) NG_LIBM(acos) NG_LIBM(atan) NG_LIBM(sinh) NG_LIBM(cosh) NG_LIBM(asinh) NG_LIBM(acosh)
NG_LIBM(atanh) NG_LIBM2(fmod) NG_LIBM2(atan2) NG_LIBM2(hypot)
// clang-format on
#undef NG_LIBM
#undef NG_LIBM2

// The plain lgamma writes the global signgam, which threads would race for.
#if defined(__CUDACC__) || !(defined(__linux__) || defined(__APPLE__))
        NG_FN double lgamma(double x) {
  return ::lgamma(x);
}
#else
        NG_FN double lgamma(double x) {
  int sign;
  return ::lgamma_r(x, &sign);
}
#endif
NG_FN float lgamma(float x) { return static_cast<float>(lgamma(static_cast<double>(x))); }

// The derivative of log gamma: recurrence up to x >= 10, then the asymptotic series; reflection for x < 0.
NG_FN double digamma(double x) {
  if (x != x || x == -infinity<double>()) return notANumber<double>();
  if (x == infinity<double>()) return x;
  if (x == 0) return copysign(infinity<double>(), -x);
  double r = 0;
  if (x < 0) {
    const double part = x - ::trunc(x);
    if (part == 0) return notANumber<double>();
    r = -3.14159265358979323846 / ::tan(3.14159265358979323846 * part);
    x = 1 - x;
  }
  for (; x < 10; x += 1) r -= 1 / x;
  const double i = 1 / x, z = i * i;
  return r + ::log(x) - 0.5 * i -
         z * (1.0 / 12 - z * (1.0 / 120 - z * (1.0 / 252 - z * (1.0 / 240 - z * (1.0 / 132 - z * (691.0 / 32760))))));
}
NG_FN float digamma(float x) { return static_cast<float>(digamma(static_cast<double>(x))); }

// 1 / (1 + exp(-x)), accurate also where it is tiny
template <class T>
NG_FN T sigmoid(T x) {
  const T e = exp(-abs(x));
  return (x < T(0) ? e : T(1)) / (T(1) + e);
}
// log(1 + exp(x)) without overflow
template <class T>
NG_FN T log1pexp(T x) {
  return (x > T(0) ? x : T(0)) + log1p(exp(-abs(x)));
}
// Standard normal distribution and density, for GELU.
template <class T>
NG_FN T normalCdf(T x) {
  return T(0.5) * erfc(x * T(-0.70710678118654752440));
}
template <class T>
NG_FN T normalPdf(T x) {
  return exp(T(-0.5) * x * x) * T(0.39894228040143267794);
}

}  // namespace ng
