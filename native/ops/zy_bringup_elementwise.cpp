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
static double un(int64_t op, double x) {
  using namespace std;
  switch (op) {
    case e_neg: return -x; case e_abs: return fabs(x); case e_sign: return x > 0 ? 1 : x < 0 ? -1 : x; case e_square: return x * x;
    case e_sqrt: return sqrt(x); case e_rsqrt: return 1 / sqrt(x); case e_reciprocal: return 1 / x; case e_exp: return exp(x);
    case e_exp2: return exp2(x); case e_expm1: return expm1(x); case e_log: return log(x); case e_log2: return log2(x); case e_log10: return log10(x);
    case e_log1p: return log1p(x); case e_sin: return sin(x); case e_cos: return cos(x); case e_tan: return tan(x); case e_asin: return asin(x);
    case e_acos: return acos(x); case e_atan: return atan(x); case e_sinh: return sinh(x); case e_cosh: return cosh(x); case e_tanh: return tanh(x);
    case e_asinh: return asinh(x); case e_acosh: return acosh(x); case e_atanh: return atanh(x); case e_erf: return erf(x); case e_erfc: return erfc(x);
    case e_sigmoid: return 1 / (1 + exp(-x)); case e_relu: return x != x ? x : x > 0 ? x : 0; case e_floor: return floor(x); case e_ceil: return ceil(x);
    case e_round: return nearbyint(x); case e_trunc: return trunc(x); case e_isnan: return x != x; case e_isinf: return fabs(x) == INFINITY;
    case e_isfinite: return x == x && fabs(x) != INFINITY; case e_logicalNot: return x == 0;
  }
  return 0;
}
static double bin(int64_t op, double x, double y) {
  using namespace std;
  switch (op) {
    case b_add: return x + y; case b_sub: return x - y; case b_mul: return x * y; case b_div: return x / y; case b_floorDivide: return floor(x / y);
    case b_remainder: return x - y * floor(x / y); case b_fmod: return fmod(x, y); case b_pow: return pow(x, y);
    case b_maximum: return x != x || y != y ? NAN : x > y ? x : y; case b_minimum: return x != x || y != y ? NAN : x < y ? x : y;
    case b_eq: return x == y; case b_ne: return x != y; case b_lt: return x < y; case b_le: return x <= y; case b_gt: return x > y; case b_ge: return x >= y;
    case b_logicalAnd: return x != 0 && y != 0; case b_logicalOr: return x != 0 || y != 0; case b_logicalXor: return (x != 0) != (y != 0);
    case b_reluGrad: return y > 0 ? x : 0; case b_sigmoidGrad: return x * y * (1 - y); case b_tanhGrad: return x * (1 - y * y);
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
__attribute__((weak)) void unary(Ctx&, int64_t op, Buf out, Buf a, Dims d, Dims so, Dims sa, double, double) {
  each(d, [&](const int64_t* ix) { store(out, off(ix, so), un(op, load(a, off(ix, sa)))); });
}
__attribute__((weak)) void binary(Ctx&, int64_t op, Buf out, Buf a, Buf b, Dims d, Dims so, Dims sa, Dims sb, double, double) {
  each(d, [&](const int64_t* ix) { store(out, off(ix, so), bin(op, load(a, off(ix, sa)), load(b, off(ix, sb)))); });
}
__attribute__((weak)) void binaryScalar(Ctx&, int64_t op, Buf out, Buf a, double s, bool rev, Dims d, Dims so, Dims sa, double, double) {
  each(d, [&](const int64_t* ix) { double x = load(a, off(ix, sa)); store(out, off(ix, so), rev ? bin(op, s, x) : bin(op, x, s)); });
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
