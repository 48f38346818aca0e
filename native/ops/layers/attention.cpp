// Attention without the matrix of scores: out = softmax(scale q k^T + mask) v, tile by tile, with a running maximum and
// sum per row (Milakov & Gimelshein 2018; Dao et al. 2022, FlashAttention). The backward pass computes the scores again
// from the saved log-sum-exp of each row. Products of tiles use the packed loops of gemm/.
//
// The work of one (batch, head, tile of rows) is one task forward; backward, one (batch, key head) is one task, because
// its rows share the gradients of keys and values.
#include "gemm/gemm.h"
#include "kernels.h"
#include "ops/kit/cast.h"
#include "ops/kit/math.h"
#include "runtime/parallel.h"
#include "runtime/scratch.h"

namespace ng::NG_ISA {
namespace {

constexpr int64_t kRows = 8 * kTileRows;  // query rows per tile: whole panels of the micro-kernel
constexpr int64_t kKeys = 192;            // keys per tile: scores of a tile stay in L2

// A tensor [batch, heads, length, width] whose last dimension is contiguous.
template <class T>
struct View {
  T* p;
  int64_t batch, head, row;
  View(Buf b, const int64_t* s) : p(b.as<T>()), batch(s[0]), head(s[1]), row(s[2]) {}
  T* at(int64_t b, int64_t h, int64_t i) const { return p + b * batch + h * head + i * row; }
};

struct Problem {
  int64_t batch, heads, keyHeads, rows, keys, width, valueWidth;
  double scale;
  bool causal;
  int64_t group() const { return heads / keyHeads; }
  // How many keys the rows before `end` may see.
  int64_t seen(int64_t end) const { return causal && end < keys ? end : keys; }
};

template <class T>
void multiply(int64_t m, int64_t n, int64_t k, T* c, int64_t ldc, T beta, const T* a, int64_t aRow, int64_t aCol,
              const T* b, int64_t bRow, int64_t bCol) {
  gemm(Product<T>{m, n, k, c, ldc, nullptr, beta}, a, aRow, aCol, b, bRow, bCol, false);
}

inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

// Adds the mask to, or hides, scores s[m, n] of rows from i0 and keys from j0. `masked` scores are -inf.
template <class T>
void maskTile(T* s, int64_t m, int64_t n, int64_t i0, int64_t j0, const Problem& p, const Buf& mask, const int64_t* sm,
              int64_t b, int64_t h) {
  const T scale = static_cast<T>(p.scale), hidden = -m::infinity<T>();
  for (int64_t i = 0; i < m; i++) {
    T* row = s + i * kKeys;
    for (int64_t j = 0; j < n; j++) row[j] *= scale;
    if (mask.p != nullptr) {
      const int64_t base = b * sm[0] + h * sm[1] + (i0 + i) * sm[2] + j0 * sm[3], step = sm[3];
      if (mask.t == DType::boolean) {
        const uint8_t* keep = mask.as<const uint8_t>() + base;
        for (int64_t j = 0; j < n; j++) row[j] = keep[j * step] ? row[j] : hidden;
      } else {
        const T* bias = mask.as<const T>() + base;
        for (int64_t j = 0; j < n; j++) row[j] += bias[j * step];
      }
    }
    if (p.causal) {
      for (int64_t j = i0 + i - j0 + 1 < 0 ? 0 : i0 + i - j0 + 1; j < n; j++) row[j] = hidden;
    }
  }
}

template <class T>
T maxOf(const T* x, int64_t n) {
  T lanes[16];
  for (int l = 0; l < 16; l++) lanes[l] = -m::infinity<T>();
  int64_t j = 0;
  for (; j + 16 <= n; j += 16) {
    for (int l = 0; l < 16; l++) lanes[l] = x[j + l] > lanes[l] ? x[j + l] : lanes[l];
  }
  for (; j < n; j++) lanes[0] = x[j] > lanes[0] ? x[j] : lanes[0];
  for (int l = 1; l < 16; l++) lanes[0] = lanes[l] > lanes[0] ? lanes[l] : lanes[0];
  return lanes[0];
}

// x = exp(x - shift), and the sum of the results.
template <class T>
T expSum(T* x, int64_t n, T shift) {
  T lanes[16] = {};
  int64_t j = 0;
  for (; j + 16 <= n; j += 16) {
    for (int l = 0; l < 16; l++) {
      x[j + l] = m::exp(x[j + l] - shift);
      lanes[l] += x[j + l];
    }
  }
  for (; j < n; j++) {
    x[j] = m::exp(x[j] - shift);
    lanes[0] += x[j];
  }
  for (int l = 1; l < 16; l++) lanes[0] += lanes[l];
  return lanes[0];
}

// One tile of rows of one head.
template <class T>
void forwardTile(const Problem& p, View<T> out, T* lse, View<const T> q, View<const T> k, View<const T> v,
                 const Buf& mask, const int64_t* sm, int64_t b, int64_t h, int64_t i0) {
  const int64_t m = least(kRows, p.rows - i0), kh = h / p.group(), end = p.seen(i0 + m);
  const Scratch<T> s(kRows * kKeys);
  T top[kRows], total[kRows];
  for (int64_t i = 0; i < m; i++) {
    top[i] = -m::infinity<T>();
    total[i] = T(0);
    T* o = out.at(b, h, i0 + i);
    for (int64_t c = 0; c < p.valueWidth; c++) o[c] = T(0);
  }
  for (int64_t j0 = 0; j0 < end; j0 += kKeys) {
    const int64_t n = least(kKeys, end - j0);
    multiply<T>(m, n, p.width, s, kKeys, T(0), q.at(b, h, i0), q.row, 1, k.at(b, kh, j0), 1, k.row);
    maskTile(s.get(), m, n, i0, j0, p, mask, sm, b, h);
    for (int64_t i = 0; i < m; i++) {
      T* row = s + i * kKeys;
      const T high = maxOf(row, n), now = high > top[i] ? high : top[i];
      if (now == -m::infinity<T>()) {  // nothing is visible yet: exp(-inf - 0) = 0
        total[i] += expSum(row, n, T(0));
        continue;
      }
      const T shrink = m::exp(top[i] - now);
      total[i] = total[i] * shrink + expSum(row, n, now);
      if (now != top[i] && j0 > 0) {
        T* o = out.at(b, h, i0 + i);
        for (int64_t c = 0; c < p.valueWidth; c++) o[c] *= shrink;
      }
      top[i] = now;
    }
    multiply<T>(m, p.valueWidth, n, out.at(b, h, i0), out.row, T(1), s, kKeys, 1, v.at(b, kh, j0), v.row, 1);
  }
  for (int64_t i = 0; i < m; i++) {
    // A row that sees no key is 0, as in PyTorch.
    const bool blind = total[i] == T(0);
    const T f = blind ? T(0) : T(1) / total[i];
    T* o = out.at(b, h, i0 + i);
    for (int64_t c = 0; c < p.valueWidth; c++) o[c] *= f;
    lse[(b * p.heads + h) * p.rows + i0 + i] = blind ? m::infinity<T>() : top[i] + m::log(total[i]);
  }
}

template <class T>
struct Grads {
  View<T> dq, dk, dv;
  View<const T> g, out, q, k, v;
  const T* lse;
};

template <class T>
void clear(const View<T>& t, int64_t b, int64_t h, int64_t rows, int64_t width) {
  for (int64_t i = 0; i < rows; i++) {
    T* row = t.at(b, h, i);
    for (int64_t c = 0; c < width; c++) row[c] = T(0);
  }
}

// With probabilities w = exp(s - lse), dw = g v^T and d = rowsum(g out):  ds = w (dw - d).
template <class T>
void backwardTile(const Problem& p, const Grads<T>& t, const Buf& mask, const int64_t* sm, int64_t b, int64_t h,
                  int64_t kh, int64_t i0, int64_t m, const T* delta) {
  const Scratch<T> w(kRows * kKeys);
  const Scratch<T> ds(kRows * kKeys);
  const T* lse = t.lse + (b * p.heads + h) * p.rows + i0;
  const T scale = static_cast<T>(p.scale);
  const int64_t end = p.seen(i0 + m);
  for (int64_t j0 = 0; j0 < end; j0 += kKeys) {
    const int64_t n = least(kKeys, end - j0);
    multiply<T>(m, n, p.width, w, kKeys, T(0), t.q.at(b, h, i0), t.q.row, 1, t.k.at(b, kh, j0), 1, t.k.row);
    maskTile(w.get(), m, n, i0, j0, p, mask, sm, b, h);
    multiply<T>(m, n, p.valueWidth, ds, kKeys, T(0), t.g.at(b, h, i0), t.g.row, 1, t.v.at(b, kh, j0), 1, t.v.row);
    for (int64_t i = 0; i < m; i++) {
      T *wi = w + i * kKeys, *di = ds + i * kKeys;
      const T shift = lse[i], d = delta[i];
      for (int64_t j = 0; j < n; j++) {
        wi[j] = m::exp(wi[j] - shift);
        di[j] = wi[j] * (di[j] - d) * scale;
      }
    }
    multiply<T>(n, p.valueWidth, m, t.dv.at(b, kh, j0), t.dv.row, T(1), w, 1, kKeys, t.g.at(b, h, i0), t.g.row, 1);
    multiply<T>(m, p.width, n, t.dq.at(b, h, i0), t.dq.row, T(1), ds, kKeys, 1, t.k.at(b, kh, j0), t.k.row, 1);
    multiply<T>(n, p.width, m, t.dk.at(b, kh, j0), t.dk.row, T(1), ds, 1, kKeys, t.q.at(b, h, i0), t.q.row, 1);
  }
}

template <class T>
void backwardHead(const Problem& p, const Grads<T>& t, const Buf& mask, const int64_t* sm, int64_t b, int64_t kh) {
  clear(t.dk, b, kh, p.keys, p.width);
  clear(t.dv, b, kh, p.keys, p.valueWidth);
  T delta[kRows];
  for (int64_t h = kh * p.group(); h < (kh + 1) * p.group(); h++) {
    clear(t.dq, b, h, p.rows, p.width);
    for (int64_t i0 = 0; i0 < p.rows; i0 += kRows) {
      const int64_t m = least(kRows, p.rows - i0);
      for (int64_t i = 0; i < m; i++) {
        const T *g = t.g.at(b, h, i0 + i), *o = t.out.at(b, h, i0 + i);
        T sum = T(0);
        for (int64_t c = 0; c < p.valueWidth; c++) sum += g[c] * o[c];
        delta[i] = sum;
      }
      backwardTile(p, t, mask, sm, b, h, kh, i0, m, delta);
    }
  }
}

Problem problemOf(const Dims& sizes, double scale, bool causal) {
  return {sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], sizes[5], sizes[6], scale, causal};
}

}  // namespace

void attention(Ctx& ctx, Out<Real> out, Out<Real> lse, In<Real> q, In<Real> k, In<Real> v, In<RealOrTruth> mask,
               Dims sizes, IntList strides, double scale, bool causal) {
  const Problem p = problemOf(sizes, scale, causal);
  const int64_t tiles = (p.rows + kRows - 1) / kRows;
  const int64_t* s = strides.d;
  withDtype(out, [&]<class T>(Tag<T>) {
    const View<T> to(out, s);
    const View<const T> qs(q, s + 3), ks(k, s + 6), vs(v, s + 9);
    parallelFor(p.batch * p.heads * tiles, 1, [&](int64_t begin, int64_t end) {
      for (int64_t task = begin; task < end; task++) {
        const int64_t head = task / tiles;
        forwardTile<T>(p, to, lse.as<T>(), qs, ks, vs, mask, s + 12, head / p.heads, head % p.heads,
                       task % tiles * kRows);
      }
    });
  });
}

void attentionGrad(Ctx& ctx, Out<Real> dq, Out<Real> dk, Out<Real> dv, In<Real> g, In<Real> out, In<Real> q, In<Real> k,
                   In<Real> v, In<Real> lse, In<RealOrTruth> mask, Dims sizes, IntList strides, double scale,
                   bool causal) {
  const Problem p = problemOf(sizes, scale, causal);
  const int64_t* s = strides.d;
  withDtype(out, [&]<class T>(Tag<T>) {
    const Grads<T> t{{dq, s},     {dk, s + 3}, {dv, s + 6}, {g, s + 9},       {out, s + 12},
                     {q, s + 15}, {k, s + 18}, {v, s + 21}, lse.as<const T>()};
    parallelFor(p.batch * p.keyHeads, 1, [&](int64_t begin, int64_t end) {
      for (int64_t task = begin; task < end; task++) {
        backwardHead(p, t, mask, s + 24, task / p.keyHeads, task % p.keyHeads);
      }
    });
  });
}

}  // namespace ng::NG_ISA
