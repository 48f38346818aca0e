// Scalar mathematics for elementwise kernels, written once for all backends: branch-free for float, so that compilers
// vectorise loops over it; double goes to the C library, whose accuracy gradient checks rely on.
//
// Sources: exp, log, erf, erfc, tanh after S. Moshier's Cephes (single precision), rearranged without branches.
// Errors are bounded by native/test/math_test.cpp over the whole range of float.
#pragma once
#include <math.h>
#include <stdint.h>

#if defined(__CUDACC__)
#define NG_FN static __host__ __device__ __forceinline__
#else
#define NG_FN static inline __attribute__((always_inline))
#endif

#if defined(NG_ISA)
namespace ng::NG_ISA::m {
#else
namespace ng::m {
#endif

NG_FN float asFloat(int32_t i) { return __builtin_bit_cast(float, i); }
NG_FN int32_t asInt(float x) { return __builtin_bit_cast(int32_t, x); }

NG_FN float abs(float x) { return __builtin_fabsf(x); }
NG_FN double abs(double x) { return __builtin_fabs(x); }
NG_FN float sqrt(float x) { return __builtin_sqrtf(x); }
NG_FN double sqrt(double x) { return __builtin_sqrt(x); }
NG_FN float floor(float x) { return __builtin_floorf(x); }
NG_FN double floor(double x) { return __builtin_floor(x); }

NG_FN float exp(float x0) {
  // exp(x) = 2^n exp(r), |r| <= ln 2 / 2; 2^n in two factors, so that the result may be denormal or infinite.
  float x = x0 < -104.0f ? -104.0f : x0;
  x = x > 89.0f ? 89.0f : x;
  const float n = (x * 1.44269504f + 12582912.0f) - 12582912.0f;  // rounds to an integer
  float r = x - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  const int32_t e = static_cast<int32_t>(n), half = e >> 1;
  return p * asFloat((half + 127) << 23) * asFloat((e - half + 127) << 23);
}
NG_FN double exp(double x) { return ::exp(x); }

NG_FN float log(float x0) {
  const bool tiny = x0 < 1.17549435e-38f;
  const float x = tiny ? x0 * 33554432.0f : x0;  // denormals: times 2^25
  const int32_t bits = asInt(x);
  // x = m 2^e with m in [sqrt(1/2), sqrt(2))
  const int32_t shifted = bits - 0x3f3504f3;
  const int32_t e = (shifted >> 23) - (tiny ? 25 : 0);
  const float f = asFloat((shifted & 0x007fffff) + 0x3f3504f3) - 1.0f;
  const float k = static_cast<float>(e), z = f * f;
  float p = 7.0376836292e-2f;
  p = p * f + -1.1514610310e-1f;
  p = p * f + 1.1676998740e-1f;
  p = p * f + -1.2420140846e-1f;
  p = p * f + 1.4249322787e-1f;
  p = p * f + -1.6668057665e-1f;
  p = p * f + 2.0000714765e-1f;
  p = p * f + -2.4999993993e-1f;
  p = p * f + 3.3333331174e-1f;
  float y = f * z * p + k * -2.12194440e-4f - 0.5f * z;
  y = f + y + k * 0.693359375f;
  y = x0 == 0.0f ? -__builtin_inff() : y;
  y = x0 < 0.0f ? __builtin_nanf("") : y;
  // +inf and NaN stay what they are
  return x0 < __builtin_inff() ? y : x0;
}
NG_FN double log(double x) { return ::log(x); }

NG_FN float log1p(float x) {
  // log(1 + x) corrected for the rounding of 1 + x (Kahan)
  const float u = 1.0f + x;
  const float d = u - 1.0f;
  const float y = log(u) * (x / d);
  const float small = d == 0.0f ? x : y;
  return u < __builtin_inff() ? small : u;
}
NG_FN double log1p(double x) { return ::log1p(x); }

NG_FN float expm1(float x) {
  // Near 0 a polynomial of (exp(x) - 1 - x) / x^2, elsewhere the plain difference.
  float p = 2.4801587e-5f;
  p = p * x + 1.9841270e-4f;
  p = p * x + 1.3888889e-3f;
  p = p * x + 8.3333333e-3f;
  p = p * x + 4.1666667e-2f;
  p = p * x + 1.6666667e-1f;
  p = p * x + 0.5f;
  const float near = p * (x * x) + x;
  return abs(x) < 0.5f ? near : exp(x) - 1.0f;
}
NG_FN double expm1(double x) { return ::expm1(x); }

NG_FN float tanh(float x) {
  const float z = x * x;
  float p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z + -5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z + -3.33332819422e-1f;
  const float near = p * z * x + x;
  const float a = abs(x);
  const float far = 1.0f - 2.0f / (exp(2.0f * a) + 1.0f);
  const float y = a < 0.625f ? near : __builtin_copysignf(far, x);
  return x == x ? y : x;
}
NG_FN double tanh(double x) { return ::tanh(x); }

NG_FN float erfcPositive(float x) {  // x >= 1
  const float q = 1.0f / x, y = q * q;
  // exp(-x^2) with the low part of the square, which matters when x^2 is large
  const float hi = asFloat(asInt(x) & static_cast<int32_t>(0xfffff000));
  const float e = exp(-hi * hi) * exp((hi - x) * (hi + x));
  float p = 2.326819970068386e-2f;
  p = p * y + -1.387039388740657e-1f;
  p = p * y + 3.687424674597105e-1f;
  p = p * y + -5.824733027278666e-1f;
  p = p * y + 6.210004621745983e-1f;
  p = p * y + -4.944515323274145e-1f;
  p = p * y + 3.404879937665872e-1f;
  p = p * y + -2.741127028184656e-1f;
  p = p * y + 5.638259427386472e-1f;
  float r = -1.047766399936249e+1f;
  r = r * y + 1.297719955372516e+1f;
  r = r * y + -7.495518717768503e+0f;
  r = r * y + 2.921019019210786e+0f;
  r = r * y + -1.015265279202700e+0f;
  r = r * y + 4.218463358204948e-1f;
  r = r * y + -2.820767439740514e-1f;
  r = r * y + 5.641895067754075e-1f;
  const float v = e * q * (x < 2.0f ? p : r);
  return x > 11.0f ? 0.0f : v;
}
NG_FN float erfNear(float x) {  // |x| <= 1
  const float z = x * x;
  float p = 7.853861353153693e-5f;
  p = p * z + -8.010193625184903e-4f;
  p = p * z + 5.188327685732524e-3f;
  p = p * z + -2.685381193529856e-2f;
  p = p * z + 1.128358514861418e-1f;
  p = p * z + -3.761262582423300e-1f;
  p = p * z + 1.128379165726710e+0f;
  return x * p;
}
NG_FN float erf(float x) {
  const float a = abs(x);
  const float far = 1.0f - erfcPositive(a < 1.0f ? 1.0f : a);
  const float y = a < 1.0f ? erfNear(x) : __builtin_copysignf(far, x);
  return x == x ? y : x;
}
NG_FN double erf(double x) { return ::erf(x); }
NG_FN float erfc(float x) {
  const float a = abs(x);
  const float t = erfcPositive(a < 1.0f ? 1.0f : a);
  const float far = x < 0.0f ? 2.0f - t : t;
  const float y = a < 1.0f ? 1.0f - erfNear(x) : far;
  return x == x ? y : x;
}
NG_FN double erfc(double x) { return ::erfc(x); }

// Plain C library functions, by overload.
#define NG_LIBM(name)                                \
  NG_FN float name(float x) { return ::name##f(x); } \
  NG_FN double name(double x) { return ::name(x); }
NG_LIBM(exp2)
NG_LIBM(log2) NG_LIBM(log10) NG_LIBM(sin) NG_LIBM(cos) NG_LIBM(tan) NG_LIBM(asin) NG_LIBM(acos) NG_LIBM(atan)
    NG_LIBM(sinh) NG_LIBM(cosh) NG_LIBM(asinh) NG_LIBM(acosh) NG_LIBM(atanh) NG_LIBM(ceil) NG_LIBM(trunc) NG_LIBM(rint)
        NG_LIBM(lgamma)
#undef NG_LIBM
            NG_FN float pow(float x, float y) {
  return ::powf(x, y);
}
NG_FN double pow(double x, double y) { return ::pow(x, y); }
NG_FN float fmod(float x, float y) { return ::fmodf(x, y); }
NG_FN double fmod(double x, double y) { return ::fmod(x, y); }
NG_FN float atan2(float x, float y) { return ::atan2f(x, y); }
NG_FN double atan2(double x, double y) { return ::atan2(x, y); }
NG_FN float hypot(float x, float y) { return ::hypotf(x, y); }
NG_FN double hypot(double x, double y) { return ::hypot(x, y); }
NG_FN float copysign(float x, float y) { return __builtin_copysignf(x, y); }
NG_FN double copysign(double x, double y) { return __builtin_copysign(x, y); }

template <class T>
NG_FN T sigmoid(T x) {
  return T(1) / (T(1) + exp(-x));
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
// The derivative of log gamma: recurrence up to x >= 6, then the asymptotic series; reflection for x < 0.
NG_FN double digamma(double x) {
  if (x != x || x == -__builtin_inf()) return __builtin_nan("");
  if (x == 0) return __builtin_copysign(__builtin_inf(), -x);
  double r = 0;
  if (x < 0) {
    if (::floor(x) == x) return __builtin_nan("");
    r = -3.14159265358979323846 / ::tan(3.14159265358979323846 * x);
    x = 1 - x;
  }
  for (; x < 10; x += 1) r -= 1 / x;
  const double i = 1 / x, z = i * i;
  return r + ::log(x) - 0.5 * i -
         z * (1.0 / 12 - z * (1.0 / 120 - z * (1.0 / 252 - z * (1.0 / 240 - z * (1.0 / 132 - z * (691.0 / 32760))))));
}
NG_FN float digamma(float x) { return static_cast<float>(digamma(static_cast<double>(x))); }

}  // namespace ng
