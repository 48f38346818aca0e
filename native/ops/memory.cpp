// fill, copy (with cast and transposition) and iota.
#include <cstring>

#include "../kernels.h"
#include "../runtime/parallel.h"
#include "cast.h"
#include "coalesce.h"

namespace ng::NG_ISA {
namespace {

constexpr int64_t kGrain = 32768;  // elements per task

using RowFn = void (*)(void* out, int64_t so, const void* a, int64_t sa, int64_t n);

template <class D, class S>
void castRow(void* out, int64_t so, const void* a, int64_t sa, int64_t n) {
  D* __restrict o = static_cast<D*>(out);
  const S* __restrict x = static_cast<const S*>(a);
  if (so == 1 && sa == 1) {
    if constexpr (kSame<D, S>) {
      std::memcpy(o, x, n * sizeof(D));
    } else {
      for (int64_t i = 0; i < n; i++) o[i] = castTo<D>(x[i]);
    }
  } else if (so == 1 && sa == 0) {
    const D v = castTo<D>(x[0]);
    for (int64_t i = 0; i < n; i++) o[i] = v;
  } else {
    for (int64_t i = 0; i < n; i++) o[i * so] = castTo<D>(x[i * sa]);
  }
}

RowFn rowFn(DType to, DType from) {
  RowFn f = nullptr;
  withType(to, [&](auto d) {
    withType(from, [&](auto s) { f = &castRow<typename decltype(d)::type, typename decltype(s)::type>; });
  });
  return f;
}

// A transposition goes through a tile in L1: its rows are read along a's contiguous dimension and written along out's.
// The pitch is odd so that a column of the tile does not fall into one cache set.
constexpr int kTile = 32, kPitch = kTile + 1;

template <class U>
void writeTransposed(void* out, int64_t so, const void* tile, int64_t rows, int64_t cols) {
  U* __restrict o = static_cast<U*>(out);
  const U* __restrict t = static_cast<const U*>(tile);
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < cols; j++) o[i * so + j] = t[j * kPitch + i];
  }
}

// l's innermost dimension has step 1 in out; dimension `p` has step 1 in a.
void copyTransposed(Buf out, Buf a, Loop<2> l, int p, RowFn row) {
  const int last = l.n - 1;
  const int64_t cols = l.d[last], colStep = l.s[1][last], rows = l.d[p], rowStep = l.s[0][p];
  const size_t so = sizeOf(out.t), sa = sizeOf(a.t);
  const auto write = so == 1   ? &writeTransposed<uint8_t>
                     : so == 2 ? &writeTransposed<uint16_t>
                     : so == 4 ? &writeTransposed<uint32_t>
                               : &writeTransposed<uint64_t>;
  Loop<2> outer;
  for (int i = 0; i < last; i++) {
    if (i == p) continue;
    outer.d[outer.n] = l.d[i];
    outer.s[0][outer.n] = l.s[0][i], outer.s[1][outer.n++] = l.s[1][i];
  }
  outer = coalesce(outer);
  const int64_t rowTiles = (rows + kTile - 1) / kTile, colTiles = (cols + kTile - 1) / kTile;
  const int64_t tiles = rowTiles * colTiles;
  parallelFor(outer.numel * tiles, kGrain / (kTile * kTile), [&](int64_t b, int64_t e) {
    alignas(64) unsigned char tile[kTile * kPitch * 8];
    for (int64_t t = b; t < e; t++) {
      const int64_t r0 = t % tiles / colTiles * kTile, c0 = t % colTiles * kTile;
      const int64_t nr = rows - r0 < kTile ? rows - r0 : kTile, nc = cols - c0 < kTile ? cols - c0 : kTile;
      forRuns(outer, t / tiles, t / tiles + 1, [&](const int64_t* off, int64_t) {
        const char* x = a.as<const char>() + (off[1] + r0 + c0 * colStep) * static_cast<int64_t>(sa);
        for (int64_t j = 0; j < nc; j++) {
          row(tile + j * kPitch * so, 1, x + j * colStep * static_cast<int64_t>(sa), 1, nr);
        }
        write(out.as<char>() + (off[0] + r0 * rowStep + c0) * static_cast<int64_t>(so), rowStep, tile, nr, nc);
      });
    }
  });
}

}  // namespace

void fill(Ctx&, Buf out, Dims dims, Dims so, double value) {
  Loop<1> l = makeLoop<1>(dims, {&so});
  sortByStride(l);
  l = coalesce(l);
  withType(out.t, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T v = castTo<T>(value);
    const int64_t step = l.s[0][l.n - 1];
    parallelFor(l.numel, kGrain, [&](int64_t b, int64_t e) {
      forRuns(l, b, e, [&](const int64_t* off, int64_t n) {
        T* o = out.as<T>() + off[0];
        if (step == 1) {
          for (int64_t i = 0; i < n; i++) o[i] = v;
        } else {
          for (int64_t i = 0; i < n; i++) o[i * step] = v;
        }
      });
    });
  });
}

void copy(Ctx&, Buf out, Buf a, Dims dims, Dims so, Dims sa) {
  Loop<2> l = makeLoop<2>(dims, {&so, &sa});
  sortByStride(l);
  l = coalesce(l);
  if (l.numel == 0) return;
  const RowFn row = rowFn(out.t, a.t);
  const int last = l.n - 1;
  const int64_t stepO = l.s[0][last], stepA = l.s[1][last];
  if (stepO == 1 && stepA != 1 && stepA != 0 && l.d[last] > 1) {
    for (int p = 0; p < last; p++) {
      if (l.s[1][p] == 1) return copyTransposed(out, a, l, p, row);
    }
  }
  const int64_t bo = static_cast<int64_t>(sizeOf(out.t)), ba = static_cast<int64_t>(sizeOf(a.t));
  parallelFor(l.numel, kGrain, [&](int64_t b, int64_t e) {
    forRuns(l, b, e, [&](const int64_t* off, int64_t n) {
      row(out.as<char>() + off[0] * bo, stepO, a.as<const char>() + off[1] * ba, stepA, n);
    });
  });
}

void iota(Ctx&, Buf out, int64_t n, double start, double step) {
  withType(out.t, [&](auto tag) {
    using T = typename decltype(tag)::type;
    parallelFor(n, kGrain, [&](int64_t b, int64_t e) {
      T* o = out.as<T>();
      for (int64_t i = b; i < e; i++) o[i] = castTo<T>(start + static_cast<double>(i) * step);
    });
  });
}

}  // namespace ng::NG_ISA
