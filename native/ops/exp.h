// exp as straight-line code without branches or tables, so that loops over it vectorise.
//
// Cody and Waite: x = n ln2 + r with |r| <= ln2 / 2, a polynomial for exp(r), then two scalings by about 2^(n/2) so
// that subnormal results and overflow come out right. Adding `magic` (1.5 * 2^mantissa) rounds to an integer and leaves
// it in the low bits. The coefficients are Taylor's; the remainder is below half an ulp.
#pragma once
#include <cstdint>

namespace ng::NG_ISA {

inline float expOf(float x) {
  x = x < -105.0f ? -105.0f : x;
  x = x > 89.0f ? 89.0f : x;
  const float magic = 12582912.0f, t = x * 1.44269504f + magic, n = t - magic;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r * r + r + 1.0f;
  const int32_t whole = __builtin_bit_cast(int32_t, t) - 0x4b400000, half = whole >> 1;
  return p * __builtin_bit_cast(float, (half + 127) << 23) * __builtin_bit_cast(float, (whole - half + 127) << 23);
}

inline double expOf(double x) {
  x = x < -746.0 ? -746.0 : x;
  x = x > 710.0 ? 710.0 : x;
  const double magic = 6755399441055744.0, t = x * 1.4426950408889634 + magic, n = t - magic;
  const double r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
  double p = 1.0 / 6227020800;
  p = p * r + 1.0 / 479001600;
  p = p * r + 1.0 / 39916800;
  p = p * r + 1.0 / 3628800;
  p = p * r + 1.0 / 362880;
  p = p * r + 1.0 / 40320;
  p = p * r + 1.0 / 5040;
  p = p * r + 1.0 / 720;
  p = p * r + 1.0 / 120;
  p = p * r + 1.0 / 24;
  p = p * r + 1.0 / 6;
  p = p * r + 0.5;
  p = p * r * r + r + 1.0;
  const double h = n * 0.5 + magic;
  const int64_t base = __builtin_bit_cast(int64_t, magic);
  const int64_t whole = __builtin_bit_cast(int64_t, t) - base, half = __builtin_bit_cast(int64_t, h) - base;
  return p * __builtin_bit_cast(double, (half + 1023) << 52) * __builtin_bit_cast(double, (whole - half + 1023) << 52);
}

}  // namespace ng::NG_ISA
