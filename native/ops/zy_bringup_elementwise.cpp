// Temporary: slow elementwise kernels until the real ones land (branch elem).
#include <cmath>
#include "../kernels.h"
#include "elementwise_list.h"
namespace ng::NG_ISA {
static double load(Buf b, int64_t i) {
  switch (b.t) {
    case DType::f32: return b.as<float>()[i];
    case DType::f64: return b.as<double>()[i];
    case DType::i32: return b.as<int32_t>()[i];
    case DType::i64: return (double)b.as<int64_t>()[i];
    default: return b.as<uint8_t>()[i];
  }
}
static void store(Buf b, int64_t i, double v) {
  switch (b.t) {
    case DType::f32: b.as<float>()[i] = (float)v; break;
    case DType::f64: b.as<double>()[i] = v; break;
    case DType::i32: b.as<int32_t>()[i] = (int32_t)v; break;
    case DType::i64: b.as<int64_t>()[i] = (int64_t)v; break;
    case DType::boolean: b.as<uint8_t>()[i] = v != 0; break;
    default: b.as<uint8_t>()[i] = (uint8_t)v;
  }
}
#define E(x) e_##x,
enum U { NG_UNARY_OPS(E) };
#undef E
#define E(x) b_##x,
enum B { NG_BINARY_OPS(E) };
#undef E
static double clip(double x, double lo, double hi) { return x != x ? x : x < lo ? lo : x > hi ? hi : x; }
static double sigm(double x) { return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)); }
static double softp(double x) { return fmax(x, 0) + log1p(exp(-fabs(x))); }
static double digam(double x) {
  if (x == 0) return copysign(INFINITY, -x);
  if (x < 0) return x == floor(x) ? NAN : digam(1 - x) - M_PI / tan(M_PI * x);
  double r = 0;
  for (; x < 10; x++) r -= 1 / x;
  double f = 1 / (x * x);
  return r + log(x) - 0.5 / x - f * (1.0 / 12 - f * (1.0 / 120 - f * (1.0 / 252 - f * (1.0 / 240 - f * (1.0 / 132)))));
}
static const double kSeluA = 1.6732632423543772, kSeluS = 1.0507009873554805;
static double un(int64_t op, double x, double p0, double p1) {
  using namespace std;
  switch (op) {
    case e_neg: return -x; case e_abs: return fabs(x); case e_sign: return x > 0 ? 1 : x < 0 ? -1 : x; case e_square: return x * x;
    case e_sqrt: return sqrt(x); case e_rsqrt: return 1 / sqrt(x); case e_reciprocal: return 1 / x; case e_exp: return exp(x);
    case e_exp2: return exp2(x); case e_expm1: return expm1(x); case e_log: return log(x); case e_log2: return log2(x); case e_log10: return log10(x);
    case e_log1p: return log1p(x); case e_sin: return sin(x); case e_cos: return cos(x); case e_tan: return tan(x); case e_asin: return asin(x);
    case e_acos: return acos(x); case e_atan: return atan(x); case e_sinh: return sinh(x); case e_cosh: return cosh(x); case e_tanh: return tanh(x);
    case e_asinh: return asinh(x); case e_acosh: return acosh(x); case e_atanh: return atanh(x); case e_erf: return erf(x); case e_erfc: return erfc(x);
    case e_lgamma: return lgamma(x); case e_digamma: return digam(x);
    case e_floor: return floor(x); case e_ceil: return ceil(x); case e_round: return nearbyint(x); case e_trunc: return trunc(x); case e_frac: return x - trunc(x);
    case e_isnan: return x != x; case e_isinf: return fabs(x) == INFINITY; case e_isfinite: return x == x && fabs(x) != INFINITY;
    case e_logicalNot: return x == 0; case e_bitwiseNot: return (double)~(int64_t)x; case e_clamp: return clip(x, p0, p1);
    case e_sigmoid: return sigm(x); case e_relu: return x != x ? x : x > 0 ? x : 0; case e_silu: return x * sigm(x); case e_mish: return x * tanh(softp(x));
    case e_gelu: return 0.5 * x * erfc(-x * M_SQRT1_2); case e_geluTanh: return x * sigm(2 * 0.7978845608028654 * (x + 0.044715 * x * x * x));
    case e_selu: return kSeluS * (x > 0 ? x : kSeluA * expm1(x)); case e_logSigmoid: return -softp(-x); case e_softsign: return x / (1 + fabs(x));
    case e_hardsigmoid: return clip(x + 3, 0, 6) / 6; case e_hardswish: return x * clip(x + 3, 0, 6) / 6;
    case e_leakyRelu: return x > 0 ? x : x * p0; case e_elu: return x > 0 ? x : p0 * expm1(x); case e_celu: return x > 0 ? x : p0 * expm1(x / p0);
    case e_softplus: return x * p0 > p1 ? x : softp(x * p0) / p0; case e_threshold: return x > p0 ? x : p1;
    case e_softshrink: return x > p0 ? x - p0 : x < -p0 ? x + p0 : x != x ? x : 0; case e_hardshrink: return x >= -p0 && x <= p0 ? 0 : x;
  }
  return 0;
}
static double bin(int64_t op, double x, double y, double p0, double p1) {
  using namespace std;
  double s, t;
  switch (op) {
    case b_add: return x + y; case b_sub: return x - y; case b_mul: return x * y; case b_div: return x / y; case b_floorDivide: return floor(x / y);
    case b_remainder: return x - y * floor(x / y); case b_fmod: return fmod(x, y); case b_pow: return pow(x, y);
    case b_maximum: return x != x || y != y ? NAN : x > y ? x : y; case b_minimum: return x != x || y != y ? NAN : x < y ? x : y;
    case b_fmax: return fmax(x, y); case b_fmin: return fmin(x, y); case b_atan2: return atan2(x, y); case b_hypot: return hypot(x, y);
    case b_copysign: return copysign(x, y); case b_xlogy: return y != y ? y : x == 0 ? 0 : x * log(y);
    case b_eq: return x == y; case b_ne: return x != y; case b_lt: return x < y; case b_le: return x <= y; case b_gt: return x > y; case b_ge: return x >= y;
    case b_logicalAnd: return x != 0 && y != 0; case b_logicalOr: return x != 0 || y != 0; case b_logicalXor: return (x != 0) != (y != 0);
    case b_bitwiseAnd: return (double)((int64_t)x & (int64_t)y); case b_bitwiseOr: return (double)((int64_t)x | (int64_t)y);
    case b_bitwiseXor: return (double)((int64_t)x ^ (int64_t)y); case b_leftShift: return (double)((int64_t)x << (int64_t)y);
    case b_rightShift: return (double)((int64_t)x >> (int64_t)y);
    case b_reluGrad: return y > 0 ? x : 0; case b_sigmoidGrad: return x * y * (1 - y); case b_tanhGrad: return x * (1 - y * y);
    case b_siluGrad: s = sigm(y); return x * s * (1 + y * (1 - s));
    case b_mishGrad: t = tanh(softp(y)); return x * (t + y * (1 - t * t) * sigm(y));
    case b_geluGrad: return x * (0.5 * erfc(-y * M_SQRT1_2) + y * exp(-0.5 * y * y) * 0.3989422804014327);
    case b_geluTanhGrad: s = sigm(2 * 0.7978845608028654 * (y + 0.044715 * y * y * y));
      return fabs(y) > 50 ? x * (y > 0) : x * (s + y * s * (1 - s) * 2 * 0.7978845608028654 * (1 + 3 * 0.044715 * y * y));
    case b_seluGrad: return x * kSeluS * (y > 0 ? 1 : kSeluA * exp(y)); case b_logSigmoidGrad: return x * sigm(-y);
    case b_softsignGrad: s = 1 + fabs(y); return x / (s * s); case b_hardsigmoidGrad: return y > -3 && y < 3 ? x / 6 : 0;
    case b_hardswishGrad: return y <= -3 ? 0 : y < 3 ? x * (y / 3 + 0.5) : x; case b_leakyReluGrad: return y > 0 ? x : x * p0;
    case b_eluGrad: return y > 0 ? x : x * p0 * exp(y); case b_celuGrad: return y > 0 ? x : x * exp(y / p0);
    case b_softplusGrad: return y * p0 > p1 ? x : x * sigm(y * p0); case b_thresholdGrad: return y > p0 ? x : 0;
    case b_clampGrad: return y >= p0 && y <= p1 ? x : 0; case b_hardtanhGrad: return y > p0 && y < p1 ? x : 0; case b_shrinkGrad: return fabs(y) > p0 ? x : 0;
  }
  return 0;
}
template <class F>
static void each(Dims d, F f) {
  int64_t n = d.numel(), ix[kMaxDims] = {};
  for (int64_t i = 0; i < n; i++) {
    f(ix);
    for (int k = d.n - 1; k >= 0; k--) {
      if (++ix[k] < d[k]) break;
      ix[k] = 0;
    }
  }
}
static int64_t off(const int64_t* ix, const Dims& s) {
  int64_t o = 0;
  for (int k = 0; k < s.n; k++) o += ix[k] * s[k];
  return o;
}
__attribute__((weak)) void unary(Ctx&, int64_t op, Buf out, Buf a, Dims d, Dims so, Dims sa, double p0, double p1) {
  each(d, [&](const int64_t* ix) { store(out, off(ix, so), un(op, load(a, off(ix, sa)), p0, p1)); });
}
__attribute__((weak)) void binary(Ctx&, int64_t op, Buf out, Buf a, Buf b, Dims d, Dims so, Dims sa, Dims sb, double p0, double p1) {
  each(d, [&](const int64_t* ix) { store(out, off(ix, so), bin(op, load(a, off(ix, sa)), load(b, off(ix, sb)), p0, p1)); });
}
__attribute__((weak)) void binaryScalar(Ctx&, int64_t op, Buf out, Buf a, double s, bool rev, Dims d, Dims so, Dims sa, double p0, double p1) {
  each(d, [&](const int64_t* ix) { double x = load(a, off(ix, sa)); store(out, off(ix, so), rev ? bin(op, s, x, p0, p1) : bin(op, x, s, p0, p1)); });
}
__attribute__((weak)) void where(Ctx&, Buf out, Buf c, Buf a, Buf b, Dims d, Dims so, Dims sc, Dims sa, Dims sb) {
  each(d, [&](const int64_t* ix) { store(out, off(ix, so), load(c, off(ix, sc)) != 0 ? load(a, off(ix, sa)) : load(b, off(ix, sb))); });
}
__attribute__((weak)) void matmul(Ctx&, Buf out, Buf a, Buf b, Buf bias, Dims batch, Dims ab, Dims bb, int64_t m, int64_t n, int64_t k, int64_t ar, int64_t ac, int64_t br, int64_t bc, double beta) {
  int64_t o = 0;
  each(batch, [&](const int64_t* ix) {
    int64_t oa = off(ix, ab), ob = off(ix, bb);
    for (int64_t i = 0; i < m; i++)
      for (int64_t j = 0; j < n; j++, o++) {
        double s = beta != 0 ? beta * load(out, o) : 0;
        if (bias.p) s += load(bias, j);
        for (int64_t q = 0; q < k; q++) s += load(a, oa + i * ar + q * ac) * load(b, ob + q * br + j * bc);
        store(out, o, s);
      }
  });
}
}  // namespace ng::NG_ISA
