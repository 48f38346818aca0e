// indexSelect and gather on the GPU. An index out of range gives zeros and is reported.
#include "cuda/kit/device.h"
#include "ops/kit/bounds.h"

namespace ng::NG_ISA {
namespace {

struct Index {
  Buf b;
  __device__ int64_t operator[](int64_t i) const {
    return b.t == DType::i32 ? static_cast<const int32_t*>(b.p)[i] : static_cast<const int64_t*>(b.p)[i];
  }
};

// U: a unit of 1 to 16 bytes, `inner` of them per row.
template <class U>
__global__ void indexSelectKernel(U* out, const U* a, Index index, int64_t units, int64_t axisLen, int64_t count,
                                  int64_t inner, Reporter to) {
  for (int64_t u = threadOfGrid(); u < units; u += threadsOfGrid()) {
    const int64_t row = u / inner, at = row % count, i = index[at];
    if (inside(i, axisLen)) {
      out[u] = a[(row / count * axisLen + i) * inner + u % inner];
    } else {
      out[u] = U{};
      report(to, Why::badIndex, at, i, axisLen);
    }
  }
}

// Operand 0 of the loop is the index, operand 1 is a without its axis.
template <class U>
__global__ void gatherKernel(U* out, const U* a, Index index, Strided<2> s, int64_t axisStep, int64_t axisLen,
                             Reporter to) {
  for (int64_t u = threadOfGrid(); u < s.numel; u += threadsOfGrid()) {
    int64_t off[2];
    s.offsets(u, off);
    const int64_t i = index[off[0]];
    if (inside(i, axisLen)) {
      out[u] = a[off[1] + i * axisStep];
    } else {
      out[u] = U{};
      report(to, Why::badIndex, off[0], i, axisLen);
    }
  }
}

}  // namespace

void indexSelect(Ctx& c, Out<Any> out, In<Any> a, In<Indices> index, int64_t outer, int64_t axisLen, int64_t count,
                 int64_t inner) {
  const int64_t bytes = inner * static_cast<int64_t>(sizeOf(out.t));
  const Reporter to = streamOf(c).reporter();
  const auto with = [&]<class U>(Tag<U>) {
    const int64_t n = bytes / static_cast<int64_t>(sizeof(U)), units = outer * count * n;
    launch(c, "indexSelect", cover(units), indexSelectKernel<U>, out.as<U>(), a.as<const U>(), Index{index}, units,
           axisLen, count, n, to);
  };
  const auto fits = [&](int64_t size) {
    return bytes % size == 0 && aligned(out.p, static_cast<size_t>(size)) && aligned(a.p, static_cast<size_t>(size));
  };
  if (fits(16)) return with(Tag<Vec<uint32_t, 4>>{});
  if (fits(4)) return with(Tag<uint32_t>{});
  with(Tag<uint8_t>{});
}

void gather(Ctx& c, Out<Any> out, In<Any> a, In<Indices> index, Dims dims, Dims si, Dims sa, int64_t axis,
            int64_t axisLen) {
  const int64_t axisStep = sa[static_cast<int>(axis)];
  sa.d[axis] = 0;
  const Strided<2> s(coalesce(makeLoop<2>(dims, {&si, &sa})));
  const Reporter to = streamOf(c).reporter();
  withWidth(out.t, [&]<class U>(Tag<U>) {
    launch(c, "gather", cover(s.numel), gatherKernel<U>, out.as<U>(), a.as<const U>(), Index{index}, s, axisStep,
           axisLen, to);
  });
}

}  // namespace ng::NG_ISA
