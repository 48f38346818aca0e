// fill, copy and iota of the CUDA library, emulated on the host, against the CPU.
#include "emulated.h"

namespace ng::test {

TEST(cuda_fill) {
  Gpu gpu;
  for (DType t : kTypes) {
    for (int64_t offset : {0, 1, 3}) {
      for (int64_t n : {0, 1, 7, 1000, 70000}) {
        Array a(t, n + 8), b(t, n + 8);
        gpu->fill(gpu, a.buf(offset), dims({n}), dims({1}), 3);
        kernels().fill(ctx(), b.buf(offset), dims({n}), dims({1}), 3);
        sameBytes(a, b, "fill");
      }
    }
    Array a(t, 600), b(t, 600);
    gpu->fill(gpu, a.buf(), dims({4, 5, 6}), dims({120, 2, 20}), 1);
    kernels().fill(ctx(), b.buf(), dims({4, 5, 6}), dims({120, 2, 20}), 1);
    sameBytes(a, b, "strided fill");
  }
  CHECK(gpu.error().empty());
}

TEST(cuda_copy) {
  Gpu gpu;
  const struct {
    Dims d, so, sa;
  } shapes[] = {{dims({5000}), dims({1}), dims({1})},
                {dims({3}), dims({1}), dims({0})},
                {dims({70, 45}), dims({45, 1}), dims({1, 70})},
                {dims({3, 40, 33}), dims({1320, 33, 1}), dims({1320, 1, 40})},
                {dims({5, 6, 7}), dims({84, 14, 2}), dims({1, 5, 30})},
                {dims({10, 0}), dims({1, 1}), dims({1, 1})},
                {dims({4, 9}), dims({9, 1}), dims({0, 1})},
                {dims({6}), dims({1}), dims({-1})}};
  for (DType to : kTypes) {
    for (DType from : kTypes) {
      for (const auto& s : shapes) {
        Array x(from, 5000), a(to, 5000), b(to, 5000);
        x.random(0, 90);
        gpu->copy(gpu, a.buf(), x.buf(7), s.d, s.so, s.sa);
        kernels().copy(ctx(), b.buf(), x.buf(7), s.d, s.so, s.sa);
        sameBytes(a, b, "copy");
      }
    }
  }
  CHECK(gpu.error().empty());
}

TEST(cuda_copy_half) {
  Gpu gpu;
  Array x(DType::f32, 4096), back(DType::f32, 4096);
  x.random(-1e5, 1e5);
  for (DType half : {DType::bf16, DType::f16}) {
    Array a(half, 4096), b(half, 4096);
    gpu->copy(gpu, a.buf(), x.buf(), dims({4096}), dims({1}), dims({1}));
    kernels().copy(ctx(), b.buf(), x.buf(), dims({4096}), dims({1}), dims({1}));
    sameBytes(a, b, "to half");
    Array c(DType::f32, 4096), d(DType::f32, 4096);
    gpu->copy(gpu, c.buf(), a.buf(), dims({4096}), dims({1}), dims({1}));
    kernels().copy(ctx(), d.buf(), a.buf(), dims({4096}), dims({1}), dims({1}));
    sameBytes(c, d, "from half");
  }
}

TEST(cuda_iota) {
  Gpu gpu;
  for (DType t : kTypes) {
    Array a(t, 1000), b(t, 1000);
    gpu->iota(gpu, a.buf(), 1000, 0, t == DType::f32 ? 0.25 : 0.125);
    kernels().iota(ctx(), b.buf(), 1000, 0, t == DType::f32 ? 0.25 : 0.125);
    sameBytes(a, b, "iota");
  }
}

}  // namespace ng::test
