// fill, copy (with cast and tiled transposition) and iota on the GPU.
#include "cuda/kit/device.h"
#include "ops/kit/cast.h"

namespace ng::NG_ISA {
namespace {

// The first n / V whole vectors are written as such, the rest by the first threads.
template <class U, int V>
__global__ void fillDense(U* out, int64_t n, U value) {
  Vec<U, V> v;
  for (int k = 0; k < V; k++) v.v[k] = value;
  auto* o = reinterpret_cast<Vec<U, V>*>(out);
  for (int64_t i = threadOfGrid(); i < n / V; i += threadsOfGrid()) o[i] = v;
  for (int64_t i = n / V * V + threadOfGrid(); i < n; i += threadsOfGrid()) out[i] = value;
}

template <class U>
__global__ void fillStrided(U* out, Strided<1> s, U value) {
  for (int64_t i = threadOfGrid(); i < s.numel; i += threadsOfGrid()) {
    int64_t off[1];
    s.offsets(i, off);
    out[off[0]] = value;
  }
}

template <class U, int V>
__global__ void copyDense(U* out, const U* a, int64_t n) {
  auto* o = reinterpret_cast<Vec<U, V>*>(out);
  const auto* x = reinterpret_cast<const Vec<U, V>*>(a);
  for (int64_t i = threadOfGrid(); i < n / V; i += threadsOfGrid()) o[i] = x[i];
  for (int64_t i = n / V * V + threadOfGrid(); i < n; i += threadsOfGrid()) out[i] = a[i];
}

template <class U>
__global__ void copyStrided(U* out, const U* a, Strided<2> s) {
  for (int64_t i = threadOfGrid(); i < s.numel; i += threadsOfGrid()) {
    int64_t off[2];
    s.offsets(i, off);
    out[off[0]] = a[off[1]];
  }
}

// The source's type is chosen inside the kernel: 8 kernels instead of 64.
template <class D, int V>
__global__ void castDense(D* out, const void* a, DType from, int64_t n) {
  withDtype<Any>(from, [&]<class S>(Tag<S>) {
    auto* o = reinterpret_cast<Vec<D, V>*>(out);
    const auto* x = static_cast<const Vec<S, V>*>(a);
    for (int64_t i = threadOfGrid(); i < n / V; i += threadsOfGrid()) {
      const Vec<S, V> from4 = x[i];
      Vec<D, V> to;
      for (int k = 0; k < V; k++) to.v[k] = castTo<D>(from4.v[k]);
      o[i] = to;
    }
    for (int64_t i = n / V * V + threadOfGrid(); i < n; i += threadsOfGrid())
      out[i] = castTo<D>(static_cast<const S*>(a)[i]);
  });
}

template <class D>
__global__ void castStrided(D* out, const void* a, DType from, Strided<2> s) {
  withDtype<Any>(from, [&]<class S>(Tag<S>) {
    for (int64_t i = threadOfGrid(); i < s.numel; i += threadsOfGrid()) {
      int64_t off[2];
      s.offsets(i, off);
      out[off[0]] = castTo<D>(static_cast<const S*>(a)[off[1]]);
    }
  });
}

// A transposition goes through a tile in shared memory, so that both sides are read and written along their contiguous
// dimension. The pitch is odd so that a column of the tile does not fall into one bank.
constexpr int kTile = 32, kTileRows = kThreads / kTile;

struct Transposition {
  int64_t rows, cols;        // of out, per matrix
  int64_t rowStep, colStep;  // of out along rows; of a along cols
  int64_t rowTiles, colTiles;
};

template <class U>
__global__ void copyTransposed(U* out, const U* a, Strided<2> outer, Transposition t) {
  __shared__ U tile[kTile][kTile + 1];
  const int64_t tiles = t.rowTiles * t.colTiles;
  const int lane = threadIdx.x % kTile, line = threadIdx.x / kTile;
  for (int64_t b = blockIdx.x; b < outer.numel * tiles; b += gridDim.x) {
    int64_t off[2];
    outer.offsets(b / tiles, off);
    const int64_t r0 = b % tiles / t.colTiles * kTile, c0 = b % t.colTiles * kTile;
    for (int j = line; j < kTile; j += kTileRows) {
      if (r0 + lane < t.rows && c0 + j < t.cols) tile[j][lane] = a[off[1] + r0 + lane + (c0 + j) * t.colStep];
    }
    __syncthreads();
    for (int i = line; i < kTile; i += kTileRows) {
      if (r0 + i < t.rows && c0 + lane < t.cols) out[off[0] + (r0 + i) * t.rowStep + c0 + lane] = tile[lane][i];
    }
    __syncthreads();
  }
}

template <class T>
__global__ void iotaKernel(T* out, int64_t n, double start, double step) {
  for (int64_t i = threadOfGrid(); i < n; i += threadsOfGrid())
    out[i] = castTo<T>(start + static_cast<double>(i) * step);
}

// l's innermost dimension has step 1 in out; dimension p has step 1 in a. Same dtype on both sides.
void transpose(Ctx& c, Buf out, Buf a, const Loop<2>& l, int p) {
  const int last = l.n - 1;
  Transposition t{l.d[p], l.d[last], l.s[0][p], l.s[1][last], 0, 0};
  t.rowTiles = (t.rows + kTile - 1) / kTile;
  t.colTiles = (t.cols + kTile - 1) / kTile;
  Loop<2> outer;
  for (int i = 0; i < last; i++) {
    if (i == p) continue;
    outer.d[outer.n] = l.d[i];
    outer.s[0][outer.n] = l.s[0][i], outer.s[1][outer.n++] = l.s[1][i];
  }
  outer = coalesce(outer);
  int64_t blocks = outer.numel * t.rowTiles * t.colTiles;
  if (blocks > kMaxBlocks) blocks = kMaxBlocks;
  withWidth(out.t, [&]<class U>(Tag<U>) {
    launch(c, "copy", {blocks, kThreads, true}, copyTransposed<U>, out.as<U>(), a.as<const U>(), Strided<2>(outer), t);
  });
}

}  // namespace

void fill(Ctx& c, Out<Any> out, Dims dims, Dims so, double value) {
  Loop<1> l = makeLoop<1>(dims, {&so});
  sortByStride(l);
  l = coalesce(l);
  uint64_t bits = 0;
  withDtype(out, [&]<class T>(Tag<T>) {
    const T v = castTo<T>(value);
    std::memcpy(&bits, &v, sizeof(T));
  });
  withWidth(out.t, [&]<class U>(Tag<U>) {
    const U v = static_cast<U>(bits);
    U* o = out.as<U>();
    if (l.n > 1 || l.s[0][0] != 1) return launch(c, "fill", cover(l.numel), fillStrided<U>, o, Strided<1>(l), v);
    constexpr int V = kVec<U>;
    launch(c, "fill", cover(l.numel, V), aligned(o, 16) ? fillDense<U, V> : fillDense<U, 1>, o, l.numel, v);
  });
}

void copy(Ctx& c, Out<Any> out, In<Any> a, Dims dims, Dims so, Dims sa) {
  Loop<2> l = makeLoop<2>(dims, {&so, &sa});
  sortByStride(l);
  l = coalesce(l);
  if (l.numel == 0) return;
  const int last = l.n - 1;
  const bool dense = l.n == 1 && l.s[0][0] == 1 && l.s[1][0] == 1;
  if (out.t != a.t) {
    return withDtype(out, [&]<class D>(Tag<D>) {
      D* o = out.as<D>();
      const bool wide = dense && aligned(o, 4 * sizeof(D)) && aligned(a.p, 4 * sizeOf(a.t));
      if (!wide) return launch(c, "copy", cover(l.numel), castStrided<D>, o, a.p, a.t, Strided<2>(l));
      launch(c, "copy", cover(l.numel, 4), castDense<D, 4>, o, a.p, a.t, l.numel);
    });
  }
  if (l.s[0][last] == 1 && l.s[1][last] != 1 && l.s[1][last] != 0 && l.d[last] > 1) {
    for (int p = 0; p < last; p++) {
      if (l.s[1][p] == 1) return transpose(c, out, a, l, p);
    }
  }
  withWidth(out.t, [&]<class U>(Tag<U>) {
    U* o = out.as<U>();
    const U* x = a.as<const U>();
    if (!dense) return launch(c, "copy", cover(l.numel), copyStrided<U>, o, x, Strided<2>(l));
    constexpr int V = kVec<U>;
    const bool wide = aligned(o, 16) && aligned(x, 16);
    launch(c, "copy", cover(l.numel, V), wide ? copyDense<U, V> : copyDense<U, 1>, o, x, l.numel);
  });
}

void iota(Ctx& c, Out<Any> out, int64_t n, double start, double step) {
  withDtype(out, [&]<class T>(Tag<T>) { launch(c, "iota", cover(n), iotaKernel<T>, out.as<T>(), n, start, step); });
}

}  // namespace ng::NG_ISA
