// Values that are handed on if they are what an op needs, on the GPU.
#include "cuda/kit/device.h"
#include "ops/kit/cast.h"

namespace ng::NG_ISA {
namespace {

template <class T>
__global__ void probabilitiesKernel(T* out, const T* p, int64_t n, Reporter to) {
  for (int64_t i = threadOfGrid(); i < n; i += threadsOfGrid()) {
    const auto v = castTo<double>(p[i]);
    if (!(v >= 0 && v <= 1)) report(to, Why::badProbability, i);
    out[i] = p[i];
  }
}

}  // namespace

void probabilities(Ctx& c, Out<Floating> out, In<Floating> p, int64_t n) {
  withDtype(p, [&]<class T>(Tag<T>) {
    launch(c, "probabilities", cover(n), probabilitiesKernel<T>, out.as<T>(), p.as<const T>(), n,
           streamOf(c).reporter());
  });
}

}  // namespace ng::NG_ISA
