// Temporary: a slow matrix product until native/gemm/ has landed.
#include <cmath>
#include "../kernels.h"
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
