// Elementwise kernels: broadcasting and strides here, the loops themselves in unary_loops.cpp and binary_loops.cpp.
#include "elementwise.h"

#include <cstring>

#include "elementwise_ops.h"
#include "ops/kit/cast.h"

namespace ng::NG_ISA {
namespace {

template <class E>
void gatherAs(E* to, const E* from, int64_t stride, int64_t n) {
  if (stride == 0) {
    const E v = *from;
    for (int64_t i = 0; i < n; i++) to[i] = v;
  } else if (stride == 1) {
    std::memcpy(to, from, static_cast<size_t>(n) * sizeof(E));
  } else {
    for (int64_t i = 0; i < n; i++) to[i] = from[i * stride];
  }
}
template <class E>
void scatterAs(E* to, const E* from, int64_t stride, int64_t n) {
  for (int64_t i = 0; i < n; i++) to[i * stride] = from[i];
}

// Elements `from + off, from + off + stride, ...` of `size` bytes each, to a dense buffer at element `at`.
void gather(void* to, int64_t at, const Buf& from, int64_t off, int64_t stride, int64_t n) {
  withWidth(from.t, [&]<class E>(Tag<E>) { gatherAs(static_cast<E*>(to) + at, from.as<E>() + off, stride, n); });
}
void scatterOut(const Buf& to, int64_t off, int64_t stride, const void* from, int64_t at, int64_t n) {
  withWidth(to.t, [&]<class E>(Tag<E>) { scatterAs(to.as<E>() + off, static_cast<const E*>(from) + at, stride, n); });
}

template <int N>
bool dense(const Loop<N>& l, int k) {
  int64_t want = 1;
  for (int i = l.n - 1; i >= 0; i--) {
    if (l.d[i] != 1 && l.s[k][i] != want) return false;
    want *= l.d[i];
  }
  return true;
}

void* elementAt(const Buf& b, int64_t i) { return static_cast<char*>(b.p) + i * static_cast<int64_t>(sizeOf(b.t)); }

// Walks `dims` in blocks: body(out, inputs, n) with everything contiguous. operands[0] is the result.
template <int N, class F>
void forBlocks(const Buf (&operands)[N], const Dims& dims, const Dims* const (&strides)[N], F&& body) {
  const Loop<N> l = coalesce(makeLoop(dims, strides));
  if (l.numel == 0) return;
  bool direct[N];
  bool all = true;
  for (int k = 0; k < N; k++) all &= direct[k] = dense(l, k);
  parallelFor(l.numel, kGrain, [&](int64_t begin, int64_t end) {
    alignas(64) unsigned char buffers[N][kBlock * 8];
    for (int64_t b = begin; b < end; b += kBlock) {
      const int64_t n = end - b < kBlock ? end - b : kBlock;
      void* p[N];
      for (int k = 0; k < N; k++) p[k] = direct[k] ? elementAt(operands[k], b) : buffers[k];
      if (!all) {
        int64_t at = 0;
        forRuns(l, b, b + n, [&](const int64_t* off, int64_t count) {
          for (int k = 1; k < N; k++) {
            if (!direct[k]) gather(buffers[k], at, operands[k], off[k], l.s[k][l.n - 1], count);
          }
          at += count;
        });
      }
      body(p, n);
      if (!direct[0]) {
        int64_t at = 0;
        forRuns(l, b, b + n, [&](const int64_t* off, int64_t count) {
          scatterOut(operands[0], off[0], l.s[0][l.n - 1], buffers[0], at, count);
          at += count;
        });
      }
    }
  });
}

bool real(DType t) { return t == DType::f32 || t == DType::f64; }
bool divides(int64_t op, DType t) { return dividesWhole(static_cast<BinaryOp>(op), real(t)); }
bool hasZero(const void* p, size_t size, int64_t n) {
  const auto* bytes = static_cast<const unsigned char*>(p);
  static const unsigned char zeros[8] = {};
  for (int64_t i = 0; i < n; i++) {
    if (std::memcmp(bytes + i * static_cast<int64_t>(size), zeros, size) == 0) return true;
  }
  return false;
}

template <class T>
void repeat(void* to, T v, int64_t n) {
  for (int64_t i = 0; i < n; i++) static_cast<T*>(to)[i] = v;
}
void storeScalar(void* to, DType t, double v, int64_t n) {
  switch (t) {
    case DType::f32:
      return repeat(to, scalarAs<float>(v), n);
    case DType::f64:
      return repeat(to, v, n);
    case DType::i32:
      return repeat(to, scalarAs<int32_t>(v), n);
    case DType::i64:
      return repeat(to, scalarAs<int64_t>(v), n);
    case DType::u8:
      return repeat(to, scalarAs<uint8_t>(v), n);
    default:
      return repeat(to, scalarAs<bool>(v), n);
  }
}

}  // namespace

void unary(Ctx& c, int64_t op, Out<Full> out, In<Full> a, Dims dims, Dims so, Dims sa, double p, double q) {
  const UnaryLoop loop = unaryLoop(op, a.t);
  if (loop == nullptr) return c.fail(Why::undefinedDtype);
  forBlocks({out, a}, dims, {&so, &sa}, [&](void* const* b, int64_t n) { loop(b[0], b[1], n, p, q); });
}

void binary(Ctx& c, int64_t op, Out<Full> out, In<Full> a, In<Full> b, Dims dims, Dims so, Dims sa, Dims sb, double p,
            double q) {
  const BinaryLoop loop = binaryLoop(op, a.t);
  if (loop == nullptr) return c.fail(Why::undefinedDtype);
  const bool check = divides(op, a.t);
  forBlocks({out, a, b}, dims, {&so, &sa, &sb}, [&](void* const* v, int64_t n) {
    if (check && hasZero(v[2], sizeOf(b.t), n)) c.fail(Why::zeroDivisor);
    loop(v[0], v[1], v[2], n, p, q);
  });
}

void binaryScalar(Ctx& c, int64_t op, Out<Full> out, In<Full> a, double s, bool reversed, Dims dims, Dims so, Dims sa,
                  double p, double q) {
  BinaryLoop loop = binaryLoop(op, a.t);
  if (loop == nullptr) return c.fail(Why::undefinedDtype);
  const bool power = static_cast<BinaryOp>(op) == BinaryOp::pow && !reversed && real(a.t);
  const UnaryLoop instead = power ? unaryLoop(static_cast<int64_t>(powerAs(s)), a.t) : nullptr;
  alignas(64) unsigned char constant[kBlock * 8];
  storeScalar(constant, a.t, s, kBlock);
  const bool check = divides(op, a.t);
  forBlocks({out, a}, dims, {&so, &sa}, [&](void* const* v, int64_t n) {
    if (instead) return instead(v[0], v[1], n, 0, 0);
    if (check && hasZero(reversed ? v[1] : constant, sizeOf(a.t), n)) c.fail(Why::zeroDivisor);
    reversed ? loop(v[0], constant, v[1], n, p, q) : loop(v[0], v[1], constant, n, p, q);
  });
}

void where(Ctx&, Out<Any> out, In<Truth> c, In<Any> a, In<Any> b, Dims dims, Dims so, Dims sc, Dims sa, Dims sb) {
  forBlocks({out, c, a, b}, dims, {&so, &sc, &sa, &sb}, [&](void* const* v, int64_t n) {
    withWidth(out.t, [&]<class E>(Tag<E>) {
      E* o = static_cast<E*>(v[0]);
      const auto* test = static_cast<const uint8_t*>(v[1]);
      const E *x = static_cast<const E*>(v[2]), *y = static_cast<const E*>(v[3]);
      for (int64_t i = 0; i < n; i++) o[i] = test[i] ? x[i] : y[i];
    });
  });
}

}  // namespace ng::NG_ISA
