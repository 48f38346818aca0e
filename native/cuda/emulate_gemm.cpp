// The matrix product of the emulation: cuBLAS's definition, word for word.
#include "gemm.h"

namespace ng::cuda {
namespace {

template <class T>
void product(const Gemm& g, const T* a, const T* b, const T* bias, T* c) {
  for (int32_t z = 0; z < g.count; z++, a += g.strideA, b += g.strideB, c += g.strideC) {
    for (int64_t j = 0; j < g.n; j++) {
      for (int64_t i = 0; i < g.m; i++) {
        double sum = 0;
        for (int64_t l = 0; l < g.k; l++) {
          const T x = g.transA ? a[l + i * g.lda] : a[i + l * g.lda];
          const T y = g.transB ? b[j + l * g.ldb] : b[l + j * g.ldb];
          sum += static_cast<double>(x) * static_cast<double>(y);
        }
        T& to = c[i + j * g.ldc];
        if (g.beta != 0) sum += g.beta * static_cast<double>(to);
        if (g.bias) sum += static_cast<double>(bias[i]);
        to = static_cast<T>(sum);
      }
    }
  }
}

class PlainPlans final : public GemmPlans {
 public:
  Solved run(const Gemm& g, const void* a, const void* b, const void* bias, void* c) override {
    if (g.dtype == DType::f64) {
      product(g, static_cast<const double*>(a), static_cast<const double*>(b), static_cast<const double*>(bias),
              static_cast<double*>(c));
    } else {
      product(g, static_cast<const float*>(a), static_cast<const float*>(b), static_cast<const float*>(bias),
              static_cast<float*>(c));
    }
    return Solved::yes;
  }
};

}  // namespace

bool gemmAvailable(const char**) { return true; }

GemmPlansPtr makeGemmPlans(CudaStream&, const char**) {
  return {new PlainPlans, [](GemmPlans* p) { delete p; }};
}

}  // namespace ng::cuda
