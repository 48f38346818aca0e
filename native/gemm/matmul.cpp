// The matmul kernel: batches, broadcast, and the few shapes that a blocked product does not suit.
#include "gemm.h"
#include "kernels.h"
#include "ops/kit/cast.h"

namespace ng::NG_ISA {
namespace {

struct Shape {
  int64_t m, n, k, aRow, aCol, bRow, bCol;
};

// Any element type, no blocking: integers, and the oracle of the tests.
template <class T>
void plain(const Shape& s, const T* a, const T* b, const T* bias, double beta, T* c) {
  parallelFor(s.m, 1 + 65536 / (s.n * s.k + 1), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      for (int64_t j = 0; j < s.n; j++) {
        T v = bias ? bias[j] : T(0);
        if (beta != 0) v = static_cast<T>(v + static_cast<T>(beta) * c[i * s.n + j]);
        for (int64_t p = 0; p < s.k; p++)
          v = static_cast<T>(v + a[i * s.aRow + p * s.aCol] * b[p * s.bRow + j * s.bCol]);
        c[i * s.n + j] = v;
      }
    }
  });
}

// A dot product in fixed lanes.
template <class T>
T dot(const T* x, const T* y, int64_t k) {
  using Vec = typename Tile<T>::Vec;
  constexpr int L = Tile<T>::kLanes;
  Vec s[4] = {};
  int64_t p = 0;
  for (; p + 4 * L <= k; p += 4 * L) {
    for (int u = 0; u < 4; u++) {
      s[u] += *reinterpret_cast<const Vec*>(x + p + u * L) * *reinterpret_cast<const Vec*>(y + p + u * L);
    }
  }
  s[0] = (s[0] + s[1]) + (s[2] + s[3]);
  T r = T(0);
  for (int l = 0; l < L; l++) r += s[0][l];
  for (; p < k; p++) r += x[p] * y[p];
  return r;
}

// One row times a matrix, where packing would cost more than the product. Returns false if the layout does not suit.
template <class T>
bool vectorMatrix(const Shape& s, const T* a, const T* b, const T* bias, T beta, T* c) {
  if (s.aCol != 1 && s.k != 1) return false;
  if (s.bRow == 1) {  // columns of B are contiguous: dot products
    parallelFor(s.n, 1 + 32768 / (s.k + 1), [&](int64_t begin, int64_t end) {
      for (int64_t j = begin; j < end; j++) {
        T v = dot(a, b + j * s.bCol, s.k) + (bias ? bias[j] : T(0));
        c[j] = beta != T(0) ? v + beta * c[j] : v;
      }
    });
    return true;
  }
  if (s.bCol != 1) return false;
  parallelFor(s.n, 512, [&](int64_t begin, int64_t end) {  // rows of B are contiguous: a sum of scaled rows
    for (int64_t j = begin; j < end; j++) {
      const T v = bias ? bias[j] : T(0);
      c[j] = beta != T(0) ? v + beta * c[j] : v;
    }
    for (int64_t p = 0; p < s.k; p++) {
      const T f = a[p];
      const T* row = b + p * s.bRow;
      for (int64_t j = begin; j < end; j++) c[j] += f * row[j];
    }
  });
  return true;
}

template <class T>
void one(const Shape& s, const T* a, const T* b, const T* bias, T beta, T* c, bool parallel) {
  if (s.m == 1 && s.k > 0 && vectorMatrix(s, a, b, bias, beta, c)) return;
  if (s.n == 1 && s.k > 0 && bias == nullptr) {
    // A matrix times a column is the transposed problem: the column as a row, A as the matrix.
    const Shape t{1, s.m, s.k, s.bCol, s.bRow, s.aCol, s.aRow};
    if (vectorMatrix(t, b, a, bias, beta, c)) return;
  }
  gemm(Product<T>{s.m, s.n, s.k, c, s.n, bias, beta}, a, s.aRow, s.aCol, b, s.bRow, s.bCol, parallel);
}

template <class T>
void batched(const Shape& s, const T* a, const T* b, const T* bias, double beta, T* c, const Dims& batch,
             const Dims& aBatch, const Dims& bBatch) {
  const int64_t count = batch.numel();
  const auto offset = [&](int64_t i, const Dims& strides) {
    int64_t o = 0;
    for (int d = batch.n - 1; d >= 0; d--) {
      o += i % batch[d] * strides[d];
      i /= batch[d];
    }
    return o;
  };
  const double flops = 2.0 * s.m * s.n * s.k;
  const auto run = [&](int64_t i, bool parallel) {
    const T* ai = a + offset(i, aBatch);
    const T* bi = b + offset(i, bBatch);
    T* ci = c + i * s.m * s.n;
    if constexpr (std::is_floating_point_v<T>) {
      one<T>(s, ai, bi, bias, static_cast<T>(beta), ci, parallel);
    } else {
      plain<T>(s, ai, bi, bias, beta, ci);
    }
  };
  // Many small products: one per task. Few large ones: each is spread by itself.
  if (count > 1 && flops < 4e7) {
    const int64_t grain = 1 + static_cast<int64_t>(2e5 / (flops + 1));
    parallelFor(count, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) run(i, false);
    });
    return;
  }
  for (int64_t i = 0; i < count; i++) run(i, true);
}

}  // namespace

void matmul(Ctx&, InOut<Number> out, In<Number> a, In<Number> b, In<Number> bias, Dims batch, Dims aBatch, Dims bBatch,
            int64_t m, int64_t n, int64_t k, int64_t aRow, int64_t aCol, int64_t bRow, int64_t bCol, double beta) {
  const Shape s{m, n, k, aRow, aCol, bRow, bCol};
  withDtype(out, [&]<class T>(Tag<T>) {
    batched<T>(s, a.as<T>(), b.as<T>(), bias.as<T>(), beta, out.as<T>(), batch, aBatch, bBatch);
  });
}

}  // namespace ng::NG_ISA
