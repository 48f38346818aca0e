// Unary elementwise operations on the GPU: one kernel per row of unary.def and dtype.
#include "cuda/kit/map.h"

namespace ng::NG_ISA {
namespace {

template <class Op, class T>
__global__ void unaryKernel(ResultOf<Op, T>* out, const T* a, Strided<2> s, bool dense, T p, T q) {
  using R = ResultOf<Op, T>;
  constexpr int V = kWide<T>;
  int64_t done = 0;
  if (dense) {
    done = s.numel / V * V;
    for (int64_t i = threadOfGrid(); i < s.numel / V; i += threadsOfGrid()) {
      const Vec<T, V> x = reinterpret_cast<const Vec<T, V>*>(a)[i];
      Vec<R, V> y;
      for (int k = 0; k < V; k++) y.v[k] = static_cast<R>(Op::apply(x.v[k], p, q));
      reinterpret_cast<Vec<R, V>*>(out)[i] = y;
    }
  }
  for (int64_t i = done + threadOfGrid(); i < s.numel; i += threadsOfGrid()) {
    int64_t off[2];
    s.offsets(i, off);
    out[off[0]] = static_cast<R>(Op::apply(a[off[1]], p, q));
  }
}

template <class Op>
bool run(Ctx& c, const Buf& out, const Buf& a, const Loop<2>& l, double p, double q) {
  return withDefined<Op>(c, a.t, [&](auto tag) {
    using T = typename decltype(tag)::type;
    auto* o = out.as<ResultOf<Op, T>>();
    const T* x = a.as<const T>();
    const bool dense = isDense(l) && wide(o) && wide(x);
    launch(c, "elementwise", cover(l.numel, dense ? kWide<T> : 1), unaryKernel<Op, T>, o, x, Strided<2>(l), dense,
           static_cast<T>(p), static_cast<T>(q));
  });
}

}  // namespace

void unary(Ctx& c, int64_t op, Out<Full> out, In<Full> a, Dims dims, Dims so, Dims sa, double p, double q) {
  Loop<2> l = makeLoop<2>(dims, {&so, &sa});
  sortByStride(l);
  l = coalesce(l);
  bool defined = true;
  switch (static_cast<UnaryOp>(op)) {
#define X(name, ...)                                 \
  case UnaryOp::name:                                \
    defined = run<Unary_##name>(c, out, a, l, p, q); \
    break;
#include "unary.def"
    default:
      break;
  }
  if (!defined && out.p != a.p) fill(c, out, dims, so, 0);
}

}  // namespace ng::NG_ISA
