// The matmul kernel on the GPU: from the row-major problem of kernels.h to cuBLAS's column-major one. A row-major
// C[m, n] is a column-major C'[n, m] = B' A', so B is the left operand, and a transposed view costs nothing.
#include "cuda/gemm.h"
#include "cuda/kit/device.h"

namespace ng::NG_ISA {
namespace {

// A row-major matrix [rows, cols] as cuBLAS sees its transpose: leading dimension, and whether it must be flipped.
struct Operand {
  int64_t ld = 0;
  bool flip = false;

  // False when neither dimension is contiguous.
  bool fit(int64_t rows, int64_t cols, int64_t row, int64_t col) {
    if (col == 1 || cols == 1) {
      ld = rows == 1 ? cols : row;
      if (ld >= cols) return true;
    }
    if (row == 1 || rows == 1) {
      ld = cols == 1 ? rows : col;
      flip = true;
      return ld >= rows;
    }
    return false;
  }
};

// out = bias[column] + beta out
template <class T>
__global__ void biasKernel(T* out, const T* bias, int64_t numel, int64_t n, T beta) {
  for (int64_t i = threadOfGrid(); i < numel; i += threadsOfGrid()) {
    const T b = bias ? bias[i % n] : T(0);
    out[i] = beta != T(0) ? static_cast<T>(b + beta * out[i]) : b;
  }
}

// Whole numbers, which cuBLAS does not multiply: one thread per result.
template <class T>
__global__ void wholeKernel(T* out, const T* a, const T* b, const T* bias, int64_t m, int64_t n, int64_t k,
                            Strided<2> batch, int64_t aRow, int64_t aCol, int64_t bRow, int64_t bCol, T beta) {
  const int64_t numel = batch.numel * m * n;
  for (int64_t u = threadOfGrid(); u < numel; u += threadsOfGrid()) {
    int64_t off[2];
    batch.offsets(u / (m * n), off);
    const int64_t i = u / n % m, j = u % n;
    const T *x = a + off[0] + i * aRow, *y = b + off[1] + j * bCol;
    T v = bias ? bias[j] : T(0);
    if (beta != T(0)) v = static_cast<T>(v + beta * out[u]);
    for (int64_t l = 0; l < k; l++) v = static_cast<T>(v + x[l * aCol] * y[l * bRow]);
    out[u] = v;
  }
}

struct Problem {
  Buf out, a, b, bias;
  Dims batch, aBatch, bBatch;
  int64_t m, n, k, aRow, aCol, bRow, bCol;
  double beta;
};

template <class T>
void addBias(Ctx& c, const Problem& p) {
  const int64_t numel = p.batch.numel() * p.m * p.n;
  launch(c, "matmul", cover(numel), biasKernel<T>, p.out.as<T>(), p.bias.as<const T>(), numel, p.n,
         static_cast<T>(p.beta));
}

template <class T>
void whole(Ctx& c, const Problem& p) {
  const Strided<2> batch(coalesce(makeLoop<2>(p.batch, {&p.aBatch, &p.bBatch})));
  launch(c, "matmul", cover(batch.numel * p.m * p.n), wholeKernel<T>, p.out.as<T>(), p.a.as<const T>(),
         p.b.as<const T>(), p.bias.as<const T>(), p.m, p.n, p.k, batch, p.aRow, p.aCol, p.bRow, p.bCol,
         static_cast<T>(p.beta));
}

// Contiguous copies of a matrix per batch, where cuBLAS cannot read it in place. `at`: bytes into the workspace.
void makeDense(Ctx& c, Buf& b, const Dims& batch, Dims& strides, int64_t rows, int64_t cols, int64_t& row, int64_t& col,
               char* to) {
  Dims dims = batch, from = strides, dense = batch;
  dims.d[dims.n++] = rows, from.d[from.n++] = row;
  dims.d[dims.n++] = cols, from.d[from.n++] = col;
  dense.n = dims.n;
  for (int64_t i = dims.n - 1, step = 1; i >= 0; step *= dims[static_cast<int>(i)], i--) dense.d[i] = step;
  const Buf out{to, b.t};
  copy(c, out, b, dims, dense, from);
  b = out;
  for (int i = 0; i < strides.n; i++) strides.d[i] = dense[i];
  row = cols, col = 1;
}

// Every batch: those along the innermost dimension in one call.
template <class T>
void multiply(Ctx& c, Problem& p, const Operand& left, const Operand& right) {
  Dims outBatch = p.batch;
  for (int64_t i = p.batch.n - 1, step = p.m * p.n; i >= 0; step *= p.batch[static_cast<int>(i)], i--)
    outBatch.d[i] = step;
  const Loop<3> l = coalesce(makeLoop<3>(p.batch, {&p.aBatch, &p.bBatch, &outBatch}));
  const int last = l.n - 1;
  const auto biasApart = [&] {
    addBias<T>(c, p);
    p.bias.p = nullptr;
    p.beta = 1;
  };
  // cuBLASLt adds a bias in float32 only. With one call for everything it can still be added apart when that fails.
  if (p.bias.p != nullptr && (!kSame<T, float> || l.n > 1)) biasApart();
  Gemm g;
  std::memset(&g, 0, sizeof(g));  // compared bytewise
  g.m = p.n, g.n = p.m, g.k = p.k;
  g.lda = left.ld, g.ldb = right.ld, g.ldc = p.n;
  g.strideA = l.s[1][last], g.strideB = l.s[0][last], g.strideC = l.s[2][last];
  g.count = static_cast<int32_t>(l.d[last]);
  g.dtype = p.out.t;
  g.transA = left.flip, g.transB = right.flip;
  const auto size = static_cast<int64_t>(sizeOf(p.out.t));
  const auto at = [size](const Buf& b, int64_t offset) { return static_cast<char*>(b.p) + offset * size; };
  Solved solved = Solved::yes;
  const auto solve = [&] {
    g.bias = p.bias.p != nullptr;
    g.beta = p.beta;
    forRuns(l, 0, l.numel, [&](const int64_t* off, int64_t) {
      if (solved == Solved::yes)
        solved = streamOf(c).gemm().run(g, at(p.b, off[1]), at(p.a, off[0]), p.bias.p, at(p.out, off[2]));
    });
  };
  solve();
  if (solved != Solved::withoutBias) return;
  biasApart();
  solved = Solved::yes;
  solve();
}

template <class T>
void product(Ctx& c, Problem p) {
  if (p.k == 0) return addBias<T>(c, p);
  Operand left, right;
  const bool fitB = left.fit(p.k, p.n, p.bRow, p.bCol), fitA = right.fit(p.m, p.k, p.aRow, p.aCol);
  const int64_t count = p.batch.numel(), sizeA = fitA ? 0 : count * p.m * p.k, sizeB = fitB ? 0 : count * p.k * p.n;
  if (!fitA || !fitB) {
    auto* space = static_cast<char*>(streamOf(c).workspace(static_cast<size_t>(sizeA + sizeB) * sizeof(T)));
    if (space == nullptr) return;  // the stream has recorded it
    if (!fitA) {
      makeDense(c, p.a, p.batch, p.aBatch, p.m, p.k, p.aRow, p.aCol, space);
      right = {p.k, false};
    }
    if (!fitB) {
      makeDense(c, p.b, p.batch, p.bBatch, p.k, p.n, p.bRow, p.bCol, space + sizeA * static_cast<int64_t>(sizeof(T)));
      left = {p.n, false};
    }
  }
  multiply<T>(c, p, left, right);
}

}  // namespace

void matmul(Ctx& c, InOut<Number> out, In<Number> a, In<Number> b, In<Number> bias, Dims batch, Dims aBatch,
            Dims bBatch, int64_t m, int64_t n, int64_t k, int64_t aRow, int64_t aCol, int64_t bRow, int64_t bCol,
            double beta) {
  if (batch.numel() * m * n == 0) return;
  const Problem p{out, a, b, bias, batch, aBatch, bBatch, m, n, k, aRow, aCol, bRow, bCol, beta};
  withDtype(out, [&]<class T>(Tag<T>) {
    if constexpr (kFloating<T>) {
      product<T>(c, p);
    } else {
      whole<T>(c, p);
    }
  });
}

}  // namespace ng::NG_ISA
