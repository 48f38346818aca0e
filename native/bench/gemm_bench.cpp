// How near the matrix product comes to what one core can do: GFLOP/s of square products, against a loop of fused
// multiply-adds in registers of the same instruction set, measured in turns within one run.
//   gemm_bench [threads]      NODEGRAD_ISA chooses the instruction set
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "test/check.h"

using namespace ng;
using namespace ng::test;

namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

// GFLOP/s of independent accumulators that stay in registers: 2 flops per lane and multiply-add.
#define PEAK(name, target_, bytes, accumulators)                                               \
  target_ double name() {                                                                      \
    typedef float V __attribute__((vector_size(bytes)));                                       \
    V acc[accumulators];                                                                       \
    for (int i = 0; i < accumulators; i++) acc[i] = V{} + static_cast<float>(i);               \
    V a = V{} + 0.999999f, b = V{} + 1e-7f;                                                    \
    asm volatile("" : "+x"(a), "+x"(b));                                                       \
    const int rounds = 2000000;                                                                \
    const double start = now();                                                                \
    for (int r = 0; r < rounds; r++) {                                                         \
      _Pragma("GCC unroll 32") for (int i = 0; i < accumulators; i++) acc[i] = acc[i] * a + b; \
    }                                                                                          \
    const double seconds = now() - start;                                                      \
    for (int i = 0; i < accumulators; i++) asm volatile("" ::"m"(acc[i]));                     \
    return 2.0 * (bytes / 4) * accumulators * rounds / seconds / 1e9;                          \
  }
PEAK(peakPortable, , 16, 12)
#if defined(__x86_64__)
PEAK(peakAvx2, __attribute__((target("avx2,fma"))), 32, 12)
PEAK(peakAvx512, __attribute__((target("avx512f"))), 64, 24)
#endif

double peakOf(const char* isa) {
#if defined(__x86_64__)
  if (std::strcmp(isa, "avx512") == 0) return peakAvx512();
  if (std::strcmp(isa, "avx2") == 0) return peakAvx2();
#endif
  (void)isa;
  return peakPortable();
}

double product(int64_t m, int64_t n, int64_t k, bool transposed) {
  std::vector<float> a(m * k), b(k * n), c(m * n);
  for (size_t i = 0; i < a.size(); i++) a[i] = static_cast<float>(i % 13) - 6;
  for (size_t i = 0; i < b.size(); i++) b[i] = static_cast<float>(i % 7) - 3;
  const double flops = 2.0 * m * n * k;
  const int times = static_cast<int>(std::max(1.0, 2e8 / flops));
  const double start = now();
  for (int t = 0; t < times; t++) {
    kernels().matmul(ctx(), f32(c), f32(a), f32(b), {nullptr, DType::f32}, dims({}), dims({}), dims({}), m, n, k, k, 1,
                     transposed ? 1 : n, transposed ? k : 1, 0);
  }
  return flops * times / (now() - start) / 1e9;
}

}  // namespace

int main(int argc, char** argv) {
  const char* isa = isaName();
  setNumThreads(argc > 1 ? std::atoi(argv[1]) : 1);
  const struct {
    int64_t m, n, k;
    bool transposed;
  } shapes[] = {{512, 512, 512, false}, {512, 512, 512, true},  {1024, 1024, 1024, false}, {256, 256, 256, false},
                {64, 64, 64, false},    {64, 128, 784, true},   {64, 10, 128, true},       {128, 784, 64, false},
                {64, 784, 128, false},  {2048, 768, 768, true}, {16, 4096, 4096, true}};
  std::printf("%s, %d threads; a core's fused multiply-adds: the median of turns\n", isa, numThreads());
  for (const auto& s : shapes) {
    std::vector<double> peak, ours;
    product(s.m, s.n, s.k, s.transposed);
    for (int turn = 0; turn < 15; turn++) {
      peak.push_back(peakOf(isa));
      ours.push_back(product(s.m, s.n, s.k, s.transposed));
    }
    const double p = median(peak), o = median(ours);
    std::printf("%5lld x %5lld x %5lld %s  %7.1f GFLOP/s  %5.1f %% of %.1f\n", static_cast<long long>(s.m),
                static_cast<long long>(s.n), static_cast<long long>(s.k), s.transposed ? "NT" : "NN", o, 100 * o / p,
                p);
  }
}
