// Binary elementwise operations on the GPU, of two tensors or of one and a number: one kernel per row of
// binary.def and dtype.
#include "cuda/kit/map.h"

namespace ng::NG_ISA {
namespace {

template <class Op>
inline constexpr bool kDivides = false;
template <>
inline constexpr bool kDivides<Binary_floorDivide> = true;
template <>
inline constexpr bool kDivides<Binary_remainder> = true;
template <>
inline constexpr bool kDivides<Binary_fmod> = true;

// A null operand is `scalar` everywhere.
template <class Op, class T>
__global__ void binaryKernel(ResultOf<Op, T>* out, const T* a, const T* b, T scalar, Strided<3> s, bool dense, T p, T q,
                             Reporter to) {
  using R = ResultOf<Op, T>;
  constexpr int V = kWide<T>;
  const auto apply = [&](T x, T y, int64_t at) {
    if constexpr (kDivides<Op> && !isReal<T>) {
      if (y == T(0)) report(to, Why::zeroDivisor, at);
    }
    return static_cast<R>(Op::apply(x, y, p, q));
  };
  int64_t done = 0;
  if (dense) {
    done = s.numel / V * V;
    Vec<T, V> x, y;
    for (int k = 0; k < V; k++) x.v[k] = y.v[k] = scalar;
    for (int64_t i = threadOfGrid(); i < s.numel / V; i += threadsOfGrid()) {
      if (a) x = reinterpret_cast<const Vec<T, V>*>(a)[i];
      if (b) y = reinterpret_cast<const Vec<T, V>*>(b)[i];
      Vec<R, V> r;
      for (int k = 0; k < V; k++) r.v[k] = apply(x.v[k], y.v[k], i * V + k);
      reinterpret_cast<Vec<R, V>*>(out)[i] = r;
    }
  }
  for (int64_t i = done + threadOfGrid(); i < s.numel; i += threadsOfGrid()) {
    int64_t off[3];
    s.offsets(i, off);
    out[off[0]] = apply(a ? a[off[1]] : scalar, b ? b[off[2]] : scalar, i);
  }
}

struct Operands {
  Buf out, a, b;
  double scalar;
  Loop<3> l;
  double p, q;
};

template <class Op>
bool run(Ctx& c, DType t, const Operands& v) {
  return withDefined<Op>(c, t, [&](auto tag) {
    using T = typename decltype(tag)::type;
    auto* o = v.out.as<ResultOf<Op, T>>();
    const T *x = v.a.as<const T>(), *y = v.b.as<const T>();
    const bool dense = isDense(v.l) && wide(o) && wide(x) && wide(y);
    Reporter to{};
    if constexpr (kDivides<Op> && !isReal<T>) to = streamOf(c).reporter();
    launch(c, "elementwise", cover(v.l.numel, dense ? kWide<T> : 1), binaryKernel<Op, T>, o, x, y,
           scalarAs<T>(v.scalar), Strided<3>(v.l), dense, static_cast<T>(v.p), static_cast<T>(v.q), to);
  });
}

// False: the operation is not defined for t, which has been reported.
bool dispatch(Ctx& c, int64_t op, DType t, Operands v) {
  sortByStride(v.l);
  v.l = coalesce(v.l);
  switch (static_cast<BinaryOp>(op)) {
#define X(name, ...)   \
  case BinaryOp::name: \
    return run<Binary_##name>(c, t, v);
#include "binary.def"
    default:
      return true;
  }
}

}  // namespace

void binary(Ctx& c, int64_t op, Out<Full> out, In<Full> a, In<Full> b, Dims dims, Dims so, Dims sa, Dims sb, double p,
            double q) {
  const bool defined = dispatch(c, op, a.t, {out, a, b, 0, makeLoop<3>(dims, {&so, &sa, &sb}), p, q});
  if (!defined && out.p != a.p) fill(c, out, dims, so, 0);
}

void binaryScalar(Ctx& c, int64_t op, Out<Full> out, In<Full> a, double s, bool reversed, Dims dims, Dims so, Dims sa,
                  double p, double q) {
  const bool real = a.t == DType::f32 || a.t == DType::f64;
  if (real && static_cast<BinaryOp>(op) == BinaryOp::pow && !reversed && powerAs(s) != UnaryOp::count)
    return unary(c, static_cast<int64_t>(powerAs(s)), out, a, dims, so, sa, 0, 0);
  const Buf none{nullptr, a.t};
  const Loop<3> l = makeLoop<3>(dims, {&so, &sa, &sa});
  const bool defined = dispatch(c, op, a.t, {out, reversed ? none : a, reversed ? a : none, s, l, p, q});
  if (!defined && out.p != a.p) fill(c, out, dims, so, 0);
}

}  // namespace ng::NG_ISA
