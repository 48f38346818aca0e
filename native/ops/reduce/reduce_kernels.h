// The inner loops of the reductions, one set of functions per (operation, element type). reduce.cpp walks the shapes.
#pragma once
#include <cstring>
#include <utility>

#include "ops/kit/coalesce.h"
#include "ops/kit/vec.h"
#include "reduce_ops.h"

namespace ng::NG_ISA {

inline constexpr int64_t kRowBlock = 1024, kColRows = 32, kCols = 512;

// `totals` are running results of type Total, one per output; [b, e) are positions of the reduced shape r.
struct ReduceFns {
  int64_t totalBytes;
  void (*init)(void* totals, int64_t n);
  // For n <= kCols outputs whose elements lie `step` apart: one output after the other, or all of them row by row.
  void (*rows)(void* totals, const void* a, int64_t n, int64_t step, const Loop<1>& r, int64_t b, int64_t e);
  void (*cols)(void* totals, const void* a, int64_t n, int64_t step, const Loop<1>& r, int64_t b, int64_t e);
  void (*join)(void* into, const void* from, int64_t n);
  void (*store)(const Buf& out, int64_t at, int64_t step, const void* totals, int64_t n, double scale);
};

template <class V, size_t... I>
inline auto lowHalf(V v, std::index_sequence<I...>) {
  return __builtin_shufflevector(v, v, I...);
}
template <class V, size_t... I>
inline auto highHalf(V v, std::index_sequence<I...>) {
  return __builtin_shufflevector(v, v, (I + sizeof...(I))...);
}

// The lanes of a vector meet in halves.
template <class Op, int L, class V>
inline typename Op::Lane foldLanes(V v) {
  if constexpr (L == 2) {
    return Op::merge(v[0], v[1]);
  } else {
    using Half = std::make_index_sequence<L / 2>;
    return foldLanes<Op, L / 2>(Op::merge(lowHalf(v, Half{}), highHalf(v, Half{})));
  }
}

// Contiguous x, n <= kRowBlock.
template <class Op>
inline typename Op::Lane reduceBlock(const typename Op::In* x, int64_t n) {
  using In = typename Op::In;
  using Lane = typename Op::Lane;
  if constexpr (Op::kLanes) {
    using V = typename VecOf<Lane>::type;
    constexpr int L = kVecBytes / sizeof(Lane);
    const auto get = [](const In* from) {
      typename VecOf<In, L * sizeof(In)>::type v;
      std::memcpy(&v, from, sizeof(v));
      return Op::map(__builtin_convertvector(v, V));
    };
    V a0 = V{} + Op::kId, a1 = a0, a2 = a0, a3 = a0;
    int64_t i = 0;
    for (; i + 4 * L <= n; i += 4 * L) {
      a0 = Op::merge(a0, get(x + i));
      a1 = Op::merge(a1, get(x + i + L));
      a2 = Op::merge(a2, get(x + i + 2 * L));
      a3 = Op::merge(a3, get(x + i + 3 * L));
    }
    for (; i + L <= n; i += L) a1 = Op::merge(a1, get(x + i));
    if (i < n) {
      In tail[L];
      for (int l = 0; l < L; l++) tail[l] = static_cast<In>(Op::kId);
      for (int l = 0; l < n - i; l++) tail[l] = x[i + l];
      a2 = Op::merge(a2, get(tail));
    }
    return foldLanes<Op, L>(Op::merge(Op::merge(a0, a1), Op::merge(a2, a3)));
  } else {
    Lane all = Op::kId;
    for (int64_t i = 0; i < n; i++) {
      all = Op::merge(all, static_cast<Lane>(Op::map(static_cast<typename Op::Arg>(x[i]))));
    }
    return all;
  }
}

// Elements `step` apart as In side by side. A function of its own, since the conversion of 16-bit floats is much code.
template <class T>
__attribute__((noinline)) void gatherRow(InOf<T>* to, const T* x, int64_t n, int64_t step) {
  if (step == 1) {
    for (int64_t k = 0; k < n; k++) to[k] = load(x[k]);
  } else {
    for (int64_t k = 0; k < n; k++) to[k] = load(x[k * step]);
  }
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
      gatherRow(buffer, x + i * step, n, step);
      body(static_cast<const In*>(buffer), n, position);
      position += n;
    }
  });
}

// Apart from the operations, which share it: a conversion to every output type is much code.
template <class Total, bool kScaled>
void storeTotals(const Buf& out, int64_t at, int64_t step, const void* totals, int64_t n, double scale) {
  const Total* t = static_cast<const Total*>(totals);
  withDtype<Any>(out.t, [&]<class O>(Tag<O>) {
    O* o = out.as<O>() + at;
    if constexpr (kScaled && (kFloating<O> || kHalf<O>)) {
      for (int64_t i = 0; i < n; i++) o[i * step] = castTo<O>(static_cast<double>(t[i]) * scale);
    } else {
      for (int64_t i = 0; i < n; i++) o[i * step] = castTo<O>(t[i]);
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

  static void rows(void* totals, const void* a, int64_t n, int64_t step, const Loop<1>& r, int64_t b, int64_t e) {
    for (int64_t c = 0; c < n; c++) {
      Total t = static_cast<Total*>(totals)[c];
      forBlocks<T>(static_cast<const T*>(a) + c * step, r, b, e, [&](const In* x, int64_t count, int64_t) {
        t = Op::merge(t, static_cast<Total>(reduceBlock<Op>(x, count)));
      });
      static_cast<Total*>(totals)[c] = t;
    }
  }

  static Lane enter(In x) { return static_cast<Lane>(Op::map(static_cast<typename Op::Arg>(x))); }

  static void addRows(Lane* __restrict acc, const T* x, int64_t rowStep, int64_t rows, int64_t n, int64_t step) {
    if constexpr (kHalf<T>) {
      In row[kCols];
      for (int64_t i = 0; i < rows; i++) {
        gatherRow(row, x + i * rowStep, n, step);
        for (int64_t c = 0; c < n; c++) acc[c] = Op::merge(acc[c], enter(row[c]));
      }
    } else {
      addPlainRows(acc, reinterpret_cast<const In*>(x), rowStep, rows, n, step);
    }
  }

  static void addPlainRows(Lane* __restrict acc, const In* x, int64_t rowStep, int64_t rows, int64_t n, int64_t step) {
    int64_t i = 0;
    if (step == 1) {
      for (; i + 4 <= rows; i += 4) {
        const In *x0 = x + i * rowStep, *x1 = x0 + rowStep, *x2 = x1 + rowStep, *x3 = x2 + rowStep;
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

  static constexpr ReduceFns fns{sizeof(Total), init, rows, cols, join, storeTotals<Total, Op::kScaled>};
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

  static void init(void* totals, int64_t n) {
    for (int64_t k = 0; k < n; k++) static_cast<Total*>(totals)[k] = {Op::kId, -1};
  }

  // Where the block's extreme m is found first, 32 elements at a time.
  static int64_t find(const In* x, int64_t n, In m) {
    const auto hit = [m](In y) { return (y == m) | (y != y); };
    int64_t i = 0;
    for (; i + 32 <= n; i += 32) {
      int32_t any = 0;
      for (int l = 0; l < 32; l++) any |= hit(x[i + l]);
      if (any) break;
    }
    while (!hit(x[i])) i++;
    return i;
  }

  static void rows(void* totals, const void* a, int64_t n, int64_t step, const Loop<1>& r, int64_t b, int64_t e) {
    for (int64_t c = 0; c < n; c++) {
      Total t = static_cast<Total*>(totals)[c];
      forBlocks<T>(static_cast<const T*>(a) + c * step, r, b, e, [&](const In* x, int64_t count, int64_t position) {
        const In m = reduceBlock<Op>(x, count);
        if (t.i < 0 || better<Max>(m, t.v)) t = {m, position + find(x, count, m)};
      });
      static_cast<Total*>(totals)[c] = t;
    }
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
      In row[kCols];
      for (int64_t i = 0; i < count; i++, position++) {
        gatherRow(row, x + i * rowStep, n, step);
        for (int64_t c = 0; c < n; c++) {
          const In y = row[c];
          const bool take = (index[c] < 0) | better<Max>(y, v[c]);
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
      if (t[i].i < 0 || (f[i].i >= 0 && better<Max>(f[i].v, t[i].v))) t[i] = f[i];
    }
  }

  static void store(const Buf& out, int64_t at, int64_t step, const void* totals, int64_t n, double) {
    for (int64_t i = 0; i < n; i++) out.as<int64_t>()[at + i * step] = static_cast<const Total*>(totals)[i].i;
  }

  static constexpr ReduceFns fns{sizeof(Total), init, rows, cols, join, store};
};

}  // namespace ng::NG_ISA
