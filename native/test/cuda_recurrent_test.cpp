// Steps of recurrent layers by the CUDA library, emulated on the host, against the CPU.
#include "emulated.h"

namespace ng::test {
namespace {

struct Two {
  Array cpu, gpu;
  Two(DType t, int64_t n, double lo, double hi) : cpu(t, n), gpu(t, n) {
    cpu.random(lo, hi);
    gpu.bytes = cpu.bytes;
  }
  Buf operator[](int i) { return (i == 0 ? cpu : gpu).buf(); }
};

template <class F>
void both(Gpu& gpu, F&& run) {
  run(kernels(), ctx(), 0);
  run(*gpu.operator->(), static_cast<Ctx&>(gpu), 1);
  CHECK(gpu.error().empty());
}

}  // namespace

TEST(cuda_recurrent) {
  Gpu gpu;
  for (DType t : {DType::f32, DType::f64}) {
    const double tol = t == DType::f32 ? 4e-6 : 1e-14;
    for (const auto& sizes : {std::pair<int64_t, int64_t>{1, 1}, {5, 37}, {3, 300}, {0, 8}}) {
      const int64_t n = sizes.first, hidden = sizes.second, size = n * hidden;
      Two gates(t, 4 * size, -3, 3), c(t, size, -2, 2), next(t, size, 0, 1), h(t, size, 0, 1), d(t, 4 * size, 0, 1),
          dh(t, size, -1, 1), dc(t, size, -1, 1), dy(t, size, -1, 1);
      both(gpu, [&](const KernelTable& k, Ctx& x, int i) {
        k.lstmStep(x, gates[i], c[i], next[i], h[i], n, hidden);
        k.lstmStepGrad(x, d[i], dh[i], dc[i], dy[i], gates[i], c[i], next[i], n, hidden);
      });
      for (Two* v : {&gates, &next, &h, &d, &dc}) close(v->gpu, v->cpu, tol, tol, "lstm");
      Two three(t, 3 * size, -3, 3), other(t, 3 * size, -3, 3), q(t, size, 0, 1), e(t, 3 * size, 0, 1),
          f(t, 3 * size, 0, 1);
      both(gpu, [&](const KernelTable& k, Ctx& x, int i) {
        k.gruStep(x, three[i], q[i], c[i], h[i], other[i], n, hidden);
        k.gruStepGrad(x, e[i], f[i], dh[i], dy[i], three[i], q[i], c[i], n, hidden);
      });
      for (Two* v : {&three, &q, &h, &e, &f, &dh}) close(v->gpu, v->cpu, tol, tol, "gru");
    }
  }
}

}  // namespace ng::test
