// The inner loops of the reductions, one set of functions per (operation, element type). reduce.cpp walks the shapes.
#pragma once
#include <cstring>

#include "coalesce.h"
#include "reduce_ops.h"

namespace ng::NG_ISA {

inline constexpr int64_t kRowBlock = 1024, kColRows = 32, kCols = 512;

// `totals` are running results of type Total, one per output; [b, e) are positions of the reduced shape r.
struct ReduceFns {
  int64_t totalBytes;
  void (*init)(void* totals, int64_t n);
  void (*row)(void* total, const void* a, const Loop<1>& r, int64_t b, int64_t e);
  // n <= kCols outputs whose elements lie `step` apart.
  void (*cols)(void* totals, const void* a, int64_t n, int64_t step, const Loop<1>& r, int64_t b, int64_t e);
  void (*join)(void* into, const void* from, int64_t n);
  void (*store)(const Buf& out, int64_t at, int64_t step, const void* totals, int64_t n, double scale);
};

// Contiguous x, n <= kRowBlock.
template <class Op>
inline typename Op::Lane reduceBlock(const typename Op::In* x, int64_t n) {
  using In = typename Op::In;
  using Lane = typename Op::Lane;
  Lane rest = Op::kId;
  int64_t i = 0;
  if constexpr (Op::kLanes) {
    using V = typename VecOf<Lane>::type;
    constexpr int L = kVecBytes / sizeof(Lane);
    const auto get = [x](int64_t at) {
      typename VecOf<In, L * sizeof(In)>::type v;
      std::memcpy(&v, x + at, sizeof(v));
      return Op::map(__builtin_convertvector(v, V));
    };
    if (n >= L) {
      V a0 = get(0), a1 = V{} + Op::kId, a2 = a1, a3 = a1;
      i = L;
      for (; i + 4 * L <= n; i += 4 * L) {
        a0 = Op::merge(a0, get(i));
        a1 = Op::merge(a1, get(i + L));
        a2 = Op::merge(a2, get(i + 2 * L));
        a3 = Op::merge(a3, get(i + 3 * L));
      }
      for (; i + L <= n; i += L) a1 = Op::merge(a1, get(i));
      const V all = Op::merge(Op::merge(a0, a1), Op::merge(a2, a3));
      Lane s[L];
      std::memcpy(s, &all, sizeof(s));
      for (int w = L / 2; w >= 1; w /= 2) {
        for (int l = 0; l < w; l++) s[l] = Op::merge(s[l], s[l + w]);
      }
      rest = s[0];
    }
  }
  for (; i < n; i++) rest = Op::merge(rest, static_cast<Lane>(Op::map(static_cast<typename Op::Arg>(x[i]))));
  return rest;
}

// body(x, count, position) for contiguous pieces of at most kRowBlock elements, brought together when strided or
// 16-bit.
template <class T, class F>
inline void forBlocks(const void* a, const Loop<1>& r, int64_t b, int64_t e, F&& body) {
  using In = InOf<T>;
  const int64_t step = r.s[0][r.n - 1];
  In buffer[kRowBlock];
  int64_t position = b;
  forRuns(r, b, e, [&](const int64_t* off, int64_t count) {
    const T* x = static_cast<const T*>(a) + off[0];
    for (int64_t i = 0; i < count; i += kRowBlock) {
      const int64_t n = count - i < kRowBlock ? count - i : kRowBlock;
      if constexpr (!kHalf<T>) {
        if (step == 1) {
          body(x + i, n, position);
          position += n;
          continue;
        }
      }
      for (int64_t k = 0; k < n; k++) buffer[k] = load(x[(i + k) * step]);
      body(static_cast<const In*>(buffer), n, position);
      position += n;
    }
  });
}

template <class T, class Op>
struct ValueReduction {
  using In = typename Op::In;
  using Lane = typename Op::Lane;
  using Total = typename Op::Total;

  static void init(void* totals, int64_t n) {
    for (int64_t i = 0; i < n; i++) static_cast<Total*>(totals)[i] = Op::kId;
  }

  static void row(void* total, const void* a, const Loop<1>& r, int64_t b, int64_t e) {
    Total t = *static_cast<Total*>(total);
    forBlocks<T>(a, r, b, e,
                 [&](const In* x, int64_t n, int64_t) { t = Op::merge(t, static_cast<Total>(reduceBlock<Op>(x, n))); });
    *static_cast<Total*>(total) = t;
  }

  static Lane enter(T x) { return static_cast<Lane>(Op::map(static_cast<typename Op::Arg>(load(x)))); }

  static void addRows(Lane* __restrict acc, const T* x, int64_t rowStep, int64_t rows, int64_t n, int64_t step) {
    int64_t i = 0;
    if (step == 1) {
      for (; i + 4 <= rows; i += 4) {
        const T *x0 = x + i * rowStep, *x1 = x0 + rowStep, *x2 = x1 + rowStep, *x3 = x2 + rowStep;
        for (int64_t c = 0; c < n; c++) {
          acc[c] = Op::merge(acc[c],
                             Op::merge(Op::merge(enter(x0[c]), enter(x1[c])), Op::merge(enter(x2[c]), enter(x3[c]))));
        }
      }
      for (; i < rows; i++) {
        for (int64_t c = 0; c < n; c++) acc[c] = Op::merge(acc[c], enter(x[i * rowStep + c]));
      }
    }
    for (; i < rows; i++) {
      for (int64_t c = 0; c < n; c++) acc[c] = Op::merge(acc[c], enter(x[i * rowStep + c * step]));
    }
  }

  static void cols(void* totals, const void* a, int64_t n, int64_t step, const Loop<1>& r, int64_t b, int64_t e) {
    Lane acc[kCols];
    Total* __restrict t = static_cast<Total*>(totals);
    const int64_t rowStep = r.s[0][r.n - 1];
    forRuns(r, b, e, [&](const int64_t* off, int64_t count) {
      const T* x = static_cast<const T*>(a) + off[0];
      for (int64_t i = 0; i < count; i += kColRows) {
        for (int64_t c = 0; c < n; c++) acc[c] = Op::kId;
        addRows(acc, x + i * rowStep, rowStep, count - i < kColRows ? count - i : kColRows, n, step);
        for (int64_t c = 0; c < n; c++) t[c] = Op::merge(t[c], static_cast<Total>(acc[c]));
      }
    });
  }

  static void join(void* into, const void* from, int64_t n) {
    Total* t = static_cast<Total*>(into);
    for (int64_t i = 0; i < n; i++) t[i] = Op::merge(t[i], static_cast<const Total*>(from)[i]);
  }

  static void store(const Buf& out, int64_t at, int64_t step, const void* totals, int64_t n, double scale) {
    const Total* t = static_cast<const Total*>(totals);
    withType(out.t, [&](auto tag) {
      using O = typename decltype(tag)::type;
      O* o = out.as<O>() + at;
      if constexpr (Op::kScaled && (kFloating<O> || kHalf<O>)) {
        for (int64_t i = 0; i < n; i++) o[i * step] = castTo<O>(static_cast<double>(t[i]) * scale);
      } else {
        for (int64_t i = 0; i < n; i++) o[i * step] = castTo<O>(t[i]);
      }
    });
  }

  static constexpr ReduceFns fns{sizeof(Total), init, row, cols, join, store};
};

// argmax, argmin. A total without an element yet has index -1. The first of equals wins, and NaN beats all.
template <class T, bool Max>
struct ArgReduction {
  using In = InOf<T>;
  using Op = ExtremeOp<T, Max>;
  struct Total {
    In v;
    int64_t i;
  };

  static bool better(In x, In than) {
    if constexpr (kFloating<In>) {
      return (Max ? x > than : x < than) | ((x != x) & (than == than));
    } else {
      return Max ? x > than : x < than;
    }
  }

  static void init(void* totals, int64_t n) {
    for (int64_t k = 0; k < n; k++) static_cast<Total*>(totals)[k] = {Op::kId, -1};
  }

  static void row(void* total, const void* a, const Loop<1>& r, int64_t b, int64_t e) {
    Total t = *static_cast<Total*>(total);
    forBlocks<T>(a, r, b, e, [&](const In* x, int64_t n, int64_t position) {
      const In m = reduceBlock<Op>(x, n);
      if (t.i >= 0 && !better(m, t.v)) return;
      int64_t at = 0;
      while (!(x[at] == m) && !(x[at] != x[at])) at++;
      t = {m, position + at};
    });
    *static_cast<Total*>(total) = t;
  }

  static void cols(void* totals, const void* a, int64_t n, int64_t step, const Loop<1>& r, int64_t b, int64_t e) {
    In v[kCols];
    int64_t index[kCols];
    Total* t = static_cast<Total*>(totals);
    for (int64_t c = 0; c < n; c++) v[c] = t[c].v, index[c] = t[c].i;
    const int64_t rowStep = r.s[0][r.n - 1];
    int64_t position = b;
    forRuns(r, b, e, [&](const int64_t* off, int64_t count) {
      const T* x = static_cast<const T*>(a) + off[0];
      for (int64_t i = 0; i < count; i++, position++) {
        const T* row = x + i * rowStep;
        for (int64_t c = 0; c < n; c++) {
          const In y = load(row[c * step]);
          const bool take = (index[c] < 0) | better(y, v[c]);
          v[c] = take ? y : v[c];
          index[c] = take ? position : index[c];
        }
      }
    });
    for (int64_t c = 0; c < n; c++) t[c] = {v[c], index[c]};
  }

  static void join(void* into, const void* from, int64_t n) {
    Total* t = static_cast<Total*>(into);
    const Total* f = static_cast<const Total*>(from);
    for (int64_t i = 0; i < n; i++) {
      if (t[i].i < 0 || (f[i].i >= 0 && better(f[i].v, t[i].v))) t[i] = f[i];
    }
  }

  static void store(const Buf& out, int64_t at, int64_t step, const void* totals, int64_t n, double) {
    for (int64_t i = 0; i < n; i++) out.as<int64_t>()[at + i * step] = static_cast<const Total*>(totals)[i].i;
  }

  static constexpr ReduceFns fns{sizeof(Total), init, row, cols, join, store};
};

}  // namespace ng::NG_ISA
