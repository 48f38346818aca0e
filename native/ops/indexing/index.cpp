// Indexing by tensors. Every index is checked; one out of range is reported (the first in row-major order, whatever the
// number of threads), reads as zero and writes nothing.
#include <cstring>

#include "kernels.h"
#include "ops/kit/bounds.h"
#include "ops/kit/cast.h"
#include "ops/kit/coalesce.h"
#include "runtime/parallel.h"
#include "runtime/scratch.h"

namespace ng::NG_ISA {
namespace {

constexpr int64_t kGrain = 16384;  // elements per task

// An index buffer of either type.
struct Index {
  const void* p;
  bool wide;
  explicit Index(const Buf& b) : p(b.p), wide(b.t == DType::i64) {}
  int64_t operator[](int64_t i) const {
    return wide ? static_cast<const int64_t*>(p)[i] : static_cast<const int32_t*>(p)[i];
  }
};

enum class Mode : int64_t { set, add, mul, max, min };

// One element of scatter. 16-bit floats are combined in float32; bool adds as "or".
template <Mode M, class T>
T combine(T a, T b) {
  if constexpr (M == Mode::set) {
    return b;
  } else if constexpr (kHalf<T>) {
    return castTo<T>(combine<M>(toFloat(a), toFloat(b)));
  } else if constexpr (kSame<T, Bool>) {
    return Bool{static_cast<uint8_t>(M == Mode::add || M == Mode::max ? a.v | b.v : a.v & b.v)};
  } else if constexpr (M == Mode::add) {
    return static_cast<T>(a + b);
  } else if constexpr (M == Mode::mul) {
    return static_cast<T>(a * b);
  } else if constexpr (M == Mode::max) {
    return ((a > b) | (a != a)) ? a : b;
  } else {
    return ((a < b) | (a != a)) ? a : b;
  }
}

template <Mode M, class T>
void scatterLines(FirstBad& bad, const Buf& out, const Buf& src, const Index& index, const Loop<3>& lines,
                  int64_t count, const int64_t (&axisStep)[3], int64_t axisLen) {
  const int last = lines.n - 1;
  const int64_t so = lines.s[0][last], si = lines.s[1][last], ss = lines.s[2][last];
  parallelFor(lines.numel, kGrain / (count + 1), [&](int64_t b, int64_t e) {
    forRuns(lines, b, e, [&](const int64_t* off, int64_t n) {
      T* o = out.as<T>() + off[0];
      const T* s = src.as<const T>() + off[2];
      const auto one = [&](int64_t j, int64_t k) {
        const int64_t place = off[1] + j * si + k * axisStep[1], at = index[place];
        if (!inside(at, axisLen)) return bad.note(place);
        T& to = o[j * so + at * axisStep[0]];
        to = combine<M>(to, s[j * ss + k * axisStep[2]]);
      };
      // The inner loop is the one along which the index lies close together; each line is visited in order either way.
      if (axisStep[1] < si) {
        for (int64_t j = 0; j < n; j++) {
          for (int64_t k = 0; k < count; k++) one(j, k);
        }
      } else {
        for (int64_t k = 0; k < count; k++) {
          for (int64_t j = 0; j < n; j++) one(j, k);
        }
      }
    });
  });
}

template <class T>
void scatterOf(Mode mode, FirstBad& bad, const Buf& out, const Buf& src, const Index& index, const Loop<3>& lines,
               int64_t count, const int64_t (&axisStep)[3], int64_t axisLen) {
  switch (mode) {
    case Mode::set:
      return withWidth(out.t, [&]<class U>(Tag<U>) {
        scatterLines<Mode::set, U>(bad, out, src, index, lines, count, axisStep, axisLen);
      });
    case Mode::add:
      return scatterLines<Mode::add, T>(bad, out, src, index, lines, count, axisStep, axisLen);
    case Mode::mul:
      return scatterLines<Mode::mul, T>(bad, out, src, index, lines, count, axisStep, axisLen);
    case Mode::max:
      return scatterLines<Mode::max, T>(bad, out, src, index, lines, count, axisStep, axisLen);
    case Mode::min:
      return scatterLines<Mode::min, T>(bad, out, src, index, lines, count, axisStep, axisLen);
  }
}

}  // namespace

void gather(Ctx& c, Out<Any> out, In<Any> a, In<Indices> index, Dims dims, Dims si, Dims sa, int64_t axis,
            int64_t axisLen) {
  const int64_t axisStep = sa[static_cast<int>(axis)];
  sa.d[axis] = 0;  // the index replaces the position along the axis
  Dims so = dims;
  for (int64_t i = dims.n - 1, s = 1; i >= 0; s *= dims[static_cast<int>(i)], i--) so.d[i] = s;
  const Loop<3> l = coalesce(makeLoop<3>(dims, {&so, &si, &sa}));
  const int64_t stepI = l.s[1][l.n - 1], stepA = l.s[2][l.n - 1];
  const Index at(index);
  FirstBad bad;
  withWidth(out.t, [&]<class T>(Tag<T>) {
    parallelFor(l.numel, kGrain, [&](int64_t b, int64_t e) {
      forRuns(l, b, e, [&](const int64_t* off, int64_t n) {
        T* o = out.as<T>() + off[0];
        const T* x = a.as<const T>() + off[2];
        for (int64_t j = 0; j < n; j++) {
          const int64_t i = at[off[1] + j * stepI];
          if (inside(i, axisLen)) {
            o[j] = x[j * stepA + i * axisStep];
          } else {
            o[j] = 0;
            bad.note(off[1] + j * stepI);
          }
        }
      });
    });
  });
  if (bad.any()) c.fail(Why::badIndex, at[bad.position()], axisLen);
}

// Lines along the axis are independent of each other and run in parallel; along the axis, in order.
void scatter(Ctx& c, int64_t mode, InOut<Any> out, In<Any> src, In<Indices> index, Dims dims, Dims so, Dims si, Dims ss,
             int64_t axis, int64_t axisLen) {
  const int ax = static_cast<int>(axis);
  const int64_t count = dims[ax], axisStep[3] = {so[ax], si[ax], ss[ax]};
  dims.d[ax] = 1;
  const Loop<3> lines = coalesce(makeLoop<3>(dims, {&so, &si, &ss}));
  const Index at(index);
  FirstBad bad;
  withDtype(out, [&]<class T>(Tag<T>) {
    scatterOf<T>(static_cast<Mode>(mode), bad, out, src, at, lines, count, axisStep, axisLen);
  });
  if (bad.any()) c.fail(Why::badIndex, at[bad.position()], axisLen);
}

void indexSelect(Ctx& c, Out<Any> out, In<Any> a, In<Indices> index, int64_t outer, int64_t axisLen, int64_t count,
                 int64_t inner) {
  const Index at(index);
  FirstBad bad;
  withWidth(out.t, [&]<class T>(Tag<T>) {
    const size_t bytes = static_cast<size_t>(inner) * sizeof(T);
    parallelFor(outer * count, kGrain / (inner + 1), [&](int64_t b, int64_t e) {
      for (int64_t r = b; r < e; r++) {
        const int64_t i = at[r % count];
        T* o = out.as<T>() + r * inner;
        if (!inside(i, axisLen)) {
          std::memset(o, 0, bytes);
          bad.note(r % count);
        } else {
          const T* x = a.as<const T>() + (r / count * axisLen + i) * inner;
          if (inner == 1) {
            *o = *x;
          } else {
            std::memcpy(o, x, bytes);
          }
        }
      }
    });
  });
  if (bad.any()) c.fail(Why::badIndex, at[bad.position()], axisLen);
}

// Several sources may fall on one row, so the parallel tasks are (outer, block of columns), each in index order.
void indexAdd(Ctx& c, InOut<Any> out, In<Any> src, In<Indices> index, int64_t outer, int64_t axisLen, int64_t count,
              int64_t inner) {
  constexpr int64_t kBlock = 128;
  const Index at(index);
  FirstBad bad;
  const int64_t blocks = (inner + kBlock - 1) / kBlock, width = inner < kBlock ? inner : kBlock;
  withDtype(out, [&]<class T>(Tag<T>) {
    parallelFor(outer * blocks, kGrain / (count * width + 1), [&](int64_t b, int64_t e) {
      for (int64_t u = b; u < e; u++) {
        const int64_t c0 = u % blocks * kBlock, n = inner - c0 < kBlock ? inner - c0 : kBlock;
        for (int64_t k = 0; k < count; k++) {
          const int64_t i = at[k];
          if (!inside(i, axisLen)) {
            bad.note(k);
            continue;
          }
          T* __restrict o = out.as<T>() + (u / blocks * axisLen + i) * inner + c0;
          const T* __restrict x = src.as<const T>() + (u / blocks * count + k) * inner + c0;
          for (int64_t j = 0; j < n; j++) o[j] = combine<Mode::add>(o[j], x[j]);
        }
      }
    });
  });
  if (bad.any()) c.fail(Why::badIndex, at[bad.position()], axisLen);
}

void linearIndex(Ctx& c, Out<Int64> out, InList<Indices> index, Dims sizes, Dims mult, int64_t n) {
  FirstBad bad;
  parallelFor(n, kGrain, [&](int64_t b, int64_t e) {
    int64_t* o = out.as<int64_t>();
    for (int64_t i = b; i < e; i++) {
      int64_t sum = 0;
      for (int k = 0; k < sizes.n; k++) {
        int64_t at = Index(index[k])[i];
        at += at < 0 ? sizes[k] : 0;
        if (!inside(at, sizes[k])) {
          bad.note(i * sizes.n + k);
          at = 0;
        }
        sum += mult[k] * at;
      }
      o[i] = sum;
    }
  });
  if (bad.any()) {
    const int k = static_cast<int>(bad.position() % sizes.n);
    c.fail(Why::badIndex, Index(index[k])[bad.position() / sizes.n], sizes[k]);
  }
}

void nonzero(Ctx& c, Out<Int64> out, Out<Int64> count, In<Any> a, int64_t n) {
  // Each task counts, a prefix sum over the tasks places them, each task writes.
  const int64_t tasks = (n + kGrain - 1) / kGrain;
  const Scratch<int64_t> start(static_cast<size_t>(tasks) + 1);
  withDtype<Plain>(plain(a.t), [&]<class T>(Tag<T>) {
    const auto set = [](T x) {
      if constexpr (kHalf<T>) {
        return (x.v & 0x7fff) != 0;
      } else {
        return x != 0;
      }
    };
    const T* x = a.as<const T>();
    parallelFor(n, kGrain, [&](int64_t b, int64_t e) {
      int64_t m = 0;
      for (int64_t i = b; i < e; i++) m += set(x[i]);
      start[b / kGrain + 1] = m;
    });
    start[0] = 0;
    for (int64_t t = 0; t < tasks; t++) start[t + 1] += start[t];
    count.as<int64_t>()[0] = start[tasks];
    parallelFor(n, kGrain, [&](int64_t b, int64_t e) {
      int64_t* o = out.as<int64_t>() + start[b / kGrain];
      for (int64_t i = b; i < e; i++) {
        if (set(x[i])) *o++ = i;
      }
    });
  });
}

}  // namespace ng::NG_ISA
