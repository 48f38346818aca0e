// A choice between two tensors by a third on the GPU.
#include "cuda/kit/device.h"
#include "ops/kit/cast.h"

namespace ng::NG_ISA {
namespace {

template <class U>
__global__ void whereKernel(U* out, const uint8_t* c, const U* a, const U* b, Strided<4> s) {
  for (int64_t i = threadOfGrid(); i < s.numel; i += threadsOfGrid()) {
    int64_t off[4];
    s.offsets(i, off);
    out[off[0]] = c[off[1]] ? a[off[2]] : b[off[3]];
  }
}

}  // namespace

void where(Ctx& ctx, Out<Any> out, In<Truth> c, In<Any> a, In<Any> b, Dims dims, Dims so, Dims sc, Dims sa, Dims sb) {
  Loop<4> l = makeLoop<4>(dims, {&so, &sc, &sa, &sb});
  sortByStride(l);
  l = coalesce(l);
  withWidth(out.t, [&]<class U>(Tag<U>) {
    launch(ctx, "where", cover(l.numel), whereKernel<U>, out.as<U>(), c.as<const uint8_t>(), a.as<const U>(),
           b.as<const U>(), Strided<4>(l));
  });
}

}  // namespace ng::NG_ISA
