// The table of contents of nodegrad's kernels: one line per kernel (name, parameters, meaning).
//
// A kernel is a plain synchronous function of buffers and numbers. It allocates no output and checks no shape (the
// TypeScript half did); it may use parallelFor and, for large workspaces, Scratch. Every backend (one CPU instruction
// set, or CUDA) fills one KernelTable with functions of exactly these signatures; a null entry means "not on this
// device", which the dispatcher turns into a clear error. The binding derives the JavaScript encoding of the
// arguments from these C++ types (binding/decode.h), so this is the only list of kernels there is.
//
// Conventions: `dims` is the iteration shape; strides are in elements and follow `dims`; "contiguous" = row-major
// without gaps. Opcodes are indices into the X-macro lists named beside them.
#pragma once
#include "runtime/buffer.h"
#include "runtime/ctx.h"

// clang-format off
#define NG_KERNELS(K)                                                                                                  \
  /* --- memory: ops/memory.cpp --- */                                                                                 \
  K(fill, (Ctx&, Buf out, Dims dims, Dims so, double value), "out = value, strided")                                   \
  K(copy, (Ctx&, Buf out, Buf a, Dims dims, Dims so, Dims sa), "out = cast(a), both strided")                          \
  K(iota, (Ctx&, Buf out, int64_t n, double start, double step), "out[i] = start + i * step, contiguous")              \
  /* --- elementwise: ops/elementwise.cpp; opcodes in ops/elementwise_list.h; p0, p1 are the op's parameters --- */    \
  K(unary, (Ctx&, int64_t op, Buf out, Buf a, Dims dims, Dims so, Dims sa, double p0, double p1), "out = op(a)")       \
  K(binary, (Ctx&, int64_t op, Buf out, Buf a, Buf b, Dims dims, Dims so, Dims sa, Dims sb, double p0, double p1),     \
    "out = op(a, b); a and b have one dtype, comparisons write bool")                                                  \
  K(binaryScalar, (Ctx&, int64_t op, Buf out, Buf a, double s, bool reversed, Dims dims, Dims so, Dims sa, double p0,  \
    double p1), "out = op(a, s), or op(s, a) when reversed")                                                           \
  K(where, (Ctx&, Buf out, Buf c, Buf a, Buf b, Dims dims, Dims so, Dims sc, Dims sa, Dims sb), "out = c ? a : b")     \
  /* --- reductions: ops/reduce.cpp; opcodes in ops/reduce_list.h --- */                                               \
  K(reduce, (Ctx&, int64_t op, Buf out, Buf a, Dims keep, Dims sKeep, Dims red, Dims sRed, double scale),              \
    "out[keep] = scale * op over red of a; out contiguous; argmax/argmin write the linear index over red as int64")    \
  K(scan, (Ctx&, int64_t op, Buf out, Buf a, int64_t outer, int64_t len, int64_t inner),                               \
    "cumulative op along the middle of contiguous [outer, len, inner]")                                                \
  /* --- matrix product: gemm/ --- */                                                                                  \
  K(matmul, (Ctx&, Buf out, Buf a, Buf b, Buf bias, Dims batch, Dims aBatch, Dims bBatch, int64_t m, int64_t n,        \
    int64_t k, int64_t aRow, int64_t aCol, int64_t bRow, int64_t bCol, double beta),                                   \
    "out[batch, m, n] = a @ b + bias[n] + beta * out; out contiguous; bias may be null; *Row, *Col are strides")       \
  /* --- rows: ops/softmax.cpp; x is contiguous [rows, cols] --- */                                                    \
  K(softmax, (Ctx&, Buf out, Buf x, int64_t rows, int64_t cols, bool log), "softmax or log-softmax of each row")       \
  K(softmaxGrad, (Ctx&, Buf out, Buf g, Buf y, int64_t rows, int64_t cols, bool log),                                  \
    "gradient from the saved result: y (g - sum g y), or g - exp(y) sum g")                                            \
  K(crossEntropy, (Ctx&, Buf loss, Buf lse, Buf x, Buf labels, Buf weight, int64_t rows, int64_t cols,                 \
    int64_t ignoreIndex, double smoothing),                                                                            \
    "per row, from logits and integer classes: lse = log sum exp x and the (smoothed, class-weighted) loss; "          \
    "weight may be null; a class out of range fails")                                                                  \
  K(crossEntropyGrad, (Ctx&, Buf out, Buf g, Buf x, Buf lse, Buf labels, Buf weight, int64_t rows, int64_t cols,       \
    int64_t ignoreIndex, double smoothing), "out = g[row] * d loss[row] / d x; g has one value per row")               \
  /* --- sequences: ops/ctc.cpp --- */                                                                                 \
  K(ctc, (Ctx&, Buf loss, Buf grad, Buf x, Buf targets, Buf work, IntList steps, IntList lengths, int64_t batch,       \
    int64_t classes, int64_t longest, int64_t most, int64_t blank, bool zeroInfinity),                                 \
    "x: log-probabilities [longest, batch, classes]; targets int64 [batch, most]; loss [batch]; grad like x, or null; "\
    "work float64 [batch, longest + 2, 2 most + 1]; a target out of range fails")                                      \
  /* --- convolution: ops/conv.cpp; x is [n, c, d, h, w], w is [o, c / groups, kd, kh, kw], contiguous; grid = output   \
     positions, then stride, padding (in front) and dilation, three numbers each --- */                                \
  K(conv, (Ctx&, Buf out, Buf x, Buf w, Buf bias, Dims xShape, Dims wShape, Dims grid, Dims stride, Dims padding,      \
    Dims dilation), "out[n, o, grid] = cross-correlation of x and w, + bias[o]; bias may be null")                     \
  K(convTranspose, (Ctx&, Buf out, Buf g, Buf w, Buf bias, Dims xShape, Dims wShape, Dims grid, Dims stride,           \
    Dims padding, Dims dilation), "out[xShape] = adjoint of conv in x, applied to g[n, o, grid], + bias[c]")           \
  K(convWeight, (Ctx&, Buf out, Buf g, Buf x, Dims xShape, Dims wShape, Dims grid, Dims stride, Dims padding,          \
    Dims dilation), "out[wShape] = adjoint of conv in w, applied to g[n, o, grid]")                                    \
  /* --- pooling: ops/pool.cpp; contiguous planes of d, h, w; adaptive: windows split the input evenly --- */          \
  K(maxPool, (Ctx&, Buf out, Buf indices, Buf x, int64_t planes, Dims size, Dims grid, Dims kernel, Dims stride,       \
    Dims padding, Dims dilation, bool adaptive), "maxima of windows, and their places in the plane as int64")          \
  K(avgPool, (Ctx&, Buf out, Buf x, int64_t planes, Dims size, Dims grid, Dims kernel, Dims stride, Dims padding,      \
    bool adaptive, bool includePad, double divisor), "means of windows; divisor 0: the number of elements")            \
  K(avgPoolGrad, (Ctx&, Buf out, Buf g, int64_t planes, Dims size, Dims grid, Dims kernel, Dims stride, Dims padding,  \
    bool adaptive, bool includePad, double divisor), "adjoint of avgPool")                                             \
  /* --- normalisation: ops/norm.cpp; weight and bias may be null; statistics have the dtype of x --- */               \
  K(batchNorm, (Ctx&, Buf out, Buf mean, Buf var, Buf x, Buf weight, Buf bias, int64_t n, int64_t c, int64_t s,        \
    double eps, bool given), "x [n, c, s] to mean 0, variance 1 per channel; given: mean and var are inputs")          \
  K(batchNormGrad, (Ctx&, Buf dx, Buf dw, Buf db, Buf g, Buf x, Buf mean, Buf var, Buf weight, int64_t n, int64_t c,   \
    int64_t s, double eps, bool given), "all three gradients; given: mean and var are constants")                      \
  K(rowNorm, (Ctx&, Buf out, Buf mean, Buf rstd, Buf x, Buf weight, Buf bias, int64_t rows, int64_t groups,            \
    int64_t channels, int64_t inner, double eps, bool rms),                                                            \
    "each row [channels, inner] to mean 0 (not rms), mean square 1; row r has channels (r % groups) * channels + ..")  \
  K(rowNormGrad, (Ctx&, Buf dx, Buf dw, Buf db, Buf g, Buf x, Buf mean, Buf rstd, Buf weight, int64_t rows,            \
    int64_t groups, int64_t channels, int64_t inner, bool rms), "all three gradients; dw and db may be null")          \
  /* --- indexing: ops/index.cpp; index is int64 or int32; an index out of range fails --- */                          \
  K(gather, (Ctx&, Buf out, Buf a, Buf index, Dims dims, Dims si, Dims sa, int64_t axis, int64_t axisLen),             \
    "out[i..] = a[.., index[i..] at axis, ..]; out contiguous over dims")                                              \
  K(scatter, (Ctx&, int64_t mode, Buf out, Buf src, Buf index, Dims dims, Dims so, Dims si, Dims ss, int64_t axis,     \
    int64_t axisLen), "out[.., index at axis, ..] (= 0, += 1, *= 2, max 3, min 4) src; sequential along axis")         \
  K(indexSelect, (Ctx&, Buf out, Buf a, Buf index, int64_t outer, int64_t axisLen, int64_t count, int64_t inner),      \
    "out[outer, count, inner] = a[outer, index, inner], contiguous; any dtype")                                        \
  K(indexAdd, (Ctx&, Buf out, Buf src, Buf index, int64_t outer, int64_t axisLen, int64_t count, int64_t inner),       \
    "out[outer, index, inner] += src[outer, count, inner], contiguous, in index order")                                \
  K(linearIndex, (Ctx&, Buf out, BufList index, Dims sizes, Dims mult, int64_t n),                                     \
    "out[i] = sum_j mult[j] * wrap(index[j][i], sizes[j]) as int64; negative indices wrap; out of range fails")        \
  K(nonzero, (Ctx&, Buf out, Buf count, Buf a, int64_t n), "positions of nonzero elements, ascending; count[0] = how many") \
  /* --- sorting: ops/sort.cpp; contiguous [outer, len, inner]; NaN sorts last, as in PyTorch --- */                   \
  K(sort, (Ctx&, Buf values, Buf indices, Buf a, int64_t outer, int64_t len, int64_t inner, bool descending),          \
    "stable; indices int64")                                                                                           \
  K(topk, (Ctx&, Buf values, Buf indices, Buf a, int64_t outer, int64_t len, int64_t inner, int64_t k, bool largest),  \
    "values and indices are [outer, k, inner], sorted")                                                                \
  /* --- linear algebra: ops/linalg_*.cpp; contiguous batches of row-major float32 or float64 matrices --- */           \
  K(linearSolve, (Ctx&, Buf out, Buf a, Buf b, int64_t batch, int64_t n, int64_t k),                                   \
    "a[n, n] out = b[n, k]; b null: the inverse (k = n); a singular matrix fails")                                     \
  K(determinant, (Ctx&, Buf det, Buf sign, Buf logAbs, Buf a, int64_t batch, int64_t n),                               \
    "determinant, its sign, the logarithm of its absolute value; each may be null")                                    \
  K(adjugate, (Ctx&, Buf out, Buf a, int64_t batch, int64_t n), "det(a) a^-1, also where a is singular")               \
  K(triangularSolve, (Ctx&, Buf out, Buf a, Buf b, int64_t batch, int64_t n, int64_t k, bool upper, bool unit),        \
    "a[n, n] out = b[n, k], reading one triangle of a (unit: ones on its diagonal)")                                   \
  K(cholesky, (Ctx&, Buf out, Buf a, int64_t batch, int64_t n),                                                        \
    "lower triangular, out out^T = a, from the lower triangle of a; fails unless positive definite")                   \
  K(qr, (Ctx&, Buf q, Buf r, Buf a, int64_t batch, int64_t m, int64_t n, bool complete),                               \
    "q[m, k] r[k, n] = a[m, n], k = min(m, n), or m when complete; signs as LAPACK's geqrf")                           \
  K(eigh, (Ctx&, Buf values, Buf vectors, Buf a, int64_t batch, int64_t n),                                            \
    "ascending eigenvalues, eigenvectors in columns (or null), from the lower triangle of a; NaN or infinity fails")   \
  K(luFactor, (Ctx&, Buf lu, Buf pivots, Buf a, int64_t batch, int64_t m, int64_t n, bool pivot, bool strict),          \
    "p a = l u: l (ones on its diagonal are implied) below, u on and above the diagonal of lu[m, n]; int32 pivots from " \
    "1: row i was exchanged with row pivots[i], in order; without pivot none is; strict: a zero pivot fails")          \
  K(eig, (Ctx&, Buf values, Buf vectors, Buf a, int64_t batch, int64_t n),                                             \
    "eigenvalues and eigenvectors (columns, or null) of real square matrices, as pairs; NaN or infinity fails")        \
  K(svd, (Ctx&, Buf u, Buf s, Buf vh, Buf a, int64_t batch, int64_t m, int64_t n, bool full),                          \
    "u s vh = a with s descending; full: square u and vh; u and vh both null: s only; NaN or infinity fails")          \
  /* --- Fourier transforms: ops/fft.cpp; along the last dimension of contiguous x; float32, float64 --- */            \
  K(fft, (Ctx&, Buf out, Buf x, int64_t lines, int64_t n, int64_t given, int64_t kept, int64_t from, bool toReal,      \
    bool inverse, double scale),                                                                                       \
    "out[l, k] = scale * sum over j < n of x[l, j] exp(-2 pi i j k / n) for k < kept; inverse: exp(+..); x is 0 from " \
    "given on; from 0: complex numbers as pairs; 1: real; 2: the first of conjugate pairs; toReal: real parts only")   \
  /* --- random numbers: ops/random.cpp; Philox keyed by seed, counted by element from offset --- */                   \
  K(uniform, (Ctx&, Buf out, int64_t n, double lo, double hi, int64_t seed, int64_t offset), "uniform in [lo, hi)")    \
  K(normal, (Ctx&, Buf out, int64_t n, double mean, double std, int64_t seed, int64_t offset), "Box-Muller")           \
  K(randint, (Ctx&, Buf out, int64_t n, int64_t lo, int64_t hi, int64_t seed, int64_t offset), "integers in [lo, hi)") \
  K(bernoulli, (Ctx&, Buf out, Buf p, int64_t n, int64_t seed, int64_t offset), "1 with probability p[i], else 0")     \
  K(dropout, (Ctx&, Buf out, Buf a, int64_t n, double p, int64_t seed, int64_t offset),                                \
    "out = a / (1 - p) where kept, else 0; the same seed and offset give the same mask (used again backward)")         \
  K(randperm, (Ctx&, Buf out, int64_t n, int64_t seed, int64_t offset), "a permutation of 0 .. n - 1, int64")          \
  K(multinomial, (Ctx&, Buf out, Buf p, int64_t rows, int64_t cols, int64_t draws, bool replacement, int64_t seed,     \
    int64_t offset), "class indices drawn by weight p[rows, cols]; out int64 [rows, draws]")                           \
  /* --- recurrent layers: ops/recurrent.cpp; one step of n rows; gates in PyTorch's order; float32, float64 --- */     \
  K(lstmStep, (Ctx&, Buf gates, Buf c, Buf cNext, Buf h, int64_t n, int64_t hidden),                                   \
    "gates[n, 4 hidden] (i, f, g, o) become activated in place; cNext = f c + i g, h = o tanh(cNext)")                 \
  K(lstmStepGrad, (Ctx&, Buf dGates, Buf dh, Buf dc, Buf dy, Buf gates, Buf c, Buf cNext, int64_t n, int64_t hidden),  \
    "from dh + dy and dc: gradients of the gates before activation; dc becomes that of c")                             \
  K(gruStep, (Ctx&, Buf gates, Buf q, Buf h, Buf hNext, Buf hGates, int64_t n, int64_t hidden),                        \
    "gates[n, 3 hidden] (r, z, n) from the input become activated in place with hGates, those from h; q = hGates' n")  \
  K(gruStepGrad, (Ctx&, Buf dGates, Buf dHGates, Buf dh, Buf dy, Buf gates, Buf q, Buf h, int64_t n, int64_t hidden),  \
    "from dh + dy: gradients of both kinds of gates; dh becomes the direct part of h's gradient")                      \
  /* --- attention: ops/attention.cpp; tensors [batch, heads, length, width], the last dimension contiguous; sizes = */ \
  /* batch, heads, key heads, rows, keys, width, value width; strides: three for each tensor in the order of the */    \
  /* parameters, then four of the mask, which is null, bool (true: visible) or added; float32, float64 --- */          \
  K(attention, (Ctx&, Buf out, Buf lse, Buf q, Buf k, Buf v, Buf mask, Dims sizes, IntList strides, double scale,      \
    bool causal), "out = softmax(scale q k^T + mask) v; lse[batch, heads, rows] contiguous, without strides")          \
  K(attentionGrad, (Ctx&, Buf dq, Buf dk, Buf dv, Buf g, Buf out, Buf q, Buf k, Buf v, Buf lse, Buf mask, Dims sizes,  \
    IntList strides, double scale, bool causal), "gradients of q, k, v from that of out")                              \
  K(poisson, (Ctx&, Buf out, Buf rates, int64_t n, int64_t seed, int64_t offset),                                      \
    "Poisson numbers with rates[n], float32 or float64; element i reads counters offset + 16 i .. + 15")               \
  /* --- optimizers: ops/optim.cpp; one pass over all segments of one parameter group --- */                           \
  K(optimStep, (Ctx&, int64_t op, BufList param, BufList grad, BufList state, IntList sizes, RealList constants,        \
    Buf rates), "one step of all parameters; opcodes and formulas: optim_list.h, optim_steps.h; grad may be empty; "   \
    "state: all first states, all second ones, ..; rates: a factor of each parameter's rate, float64, or null")        \
  K(sumSquares, (Ctx&, Buf out, BufList list, IntList sizes), "out[i] = sum of squares of list[i]; out is float64")
// clang-format on

namespace ng {

struct KernelTable {
#define K(name, params, doc) void(*name) params;
  NG_KERNELS(K)
#undef K
};

#define K(name, params, doc) name,
enum class KernelId : int32_t { NG_KERNELS(K) count };
#undef K

#ifdef NG_ISA  // the kernels themselves are compiled once per instruction set, each time in its own namespace
namespace NG_ISA {
#define K(name, params, doc) void name params;
NG_KERNELS(K)
#undef K
}  // namespace NG_ISA
#endif

}  // namespace ng
