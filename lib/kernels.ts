/** @file The kernels as TypeScript calls them. Made by scripts/kernel-types.mjs from native/kernels.def. */
import type { BufferArg, Written } from './native';

/** One function per kernel: the parameters of its C++ signature, whose meaning native/kernels.def gives. */
export interface Kernels {
  /** out = value, strided */
  fill: (out: Written | null, dims: readonly number[], so: readonly number[], value: number) => void;
  /** out = cast(a), both strided */
  copy: (out: Written | null, a: BufferArg | null, dims: readonly number[], so: readonly number[],
    sa: readonly number[]) => void;
  /** out[i] = start + i * step, contiguous */
  iota: (out: Written | null, n: number, start: number, step: number) => void;
  /** out = op(a) */
  unary: (op: number, out: Written | null, a: BufferArg | null, dims: readonly number[], so: readonly number[],
    sa: readonly number[], p0: number, p1: number) => void;
  /** out = op(a, b); a and b have one dtype, comparisons write bool */
  binary: (op: number, out: Written | null, a: BufferArg | null, b: BufferArg | null, dims: readonly number[],
    so: readonly number[], sa: readonly number[], sb: readonly number[], p0: number, p1: number) => void;
  /** out = op(a, s), or op(s, a) when reversed */
  binaryScalar: (op: number, out: Written | null, a: BufferArg | null, s: number, reversed: boolean,
    dims: readonly number[], so: readonly number[], sa: readonly number[], p0: number, p1: number) => void;
  /** out = c ? a : b */
  where: (out: Written | null, c: BufferArg | null, a: BufferArg | null, b: BufferArg | null, dims: readonly number[],
    so: readonly number[], sc: readonly number[], sa: readonly number[], sb: readonly number[]) => void;
  /** out[keep] = scale * op over red of a; out contiguous; argmax/argmin write the linear index over red as int64 */
  reduce: (op: number, out: Written | null, a: BufferArg | null, keep: readonly number[], sKeep: readonly number[],
    red: readonly number[], sRed: readonly number[], scale: number) => void;
  /** cumulative op along the middle of contiguous [outer, len, inner] */
  scan: (op: number, out: Written | null, a: BufferArg | null, outer: number, len: number, inner: number) => void;
  /** out[batch, m, n] = a @ b + bias[n] + beta * out; out contiguous; bias may be null; *Row, *Col are strides */
  matmul: (out: Written | null, a: BufferArg | null, b: BufferArg | null, bias: BufferArg | null,
    batch: readonly number[], aBatch: readonly number[], bBatch: readonly number[], m: number, n: number, k: number,
    aRow: number, aCol: number, bRow: number, bCol: number, beta: number) => void;
  /** softmax or log-softmax of each row */
  softmax: (out: Written | null, x: BufferArg | null, rows: number, cols: number, log: boolean) => void;
  /** gradient from the saved result: y (g - sum g y), or g - exp(y) sum g */
  softmaxGrad: (out: Written | null, g: BufferArg | null, y: BufferArg | null, rows: number, cols: number,
    log: boolean) => void;
  /** out[n, o, grid] = cross-correlation of x and w, + bias[o]; bias may be null */
  conv: (out: Written | null, x: BufferArg | null, w: BufferArg | null, bias: BufferArg | null,
    xShape: readonly number[], wShape: readonly number[], grid: readonly number[], stride: readonly number[],
    padding: readonly number[], dilation: readonly number[]) => void;
  /** out[xShape] = adjoint of conv in x, applied to g[n, o, grid], + bias[c] */
  convTranspose: (out: Written | null, g: BufferArg | null, w: BufferArg | null, bias: BufferArg | null,
    xShape: readonly number[], wShape: readonly number[], grid: readonly number[], stride: readonly number[],
    padding: readonly number[], dilation: readonly number[]) => void;
  /** out[wShape] = adjoint of conv in w, applied to g[n, o, grid] */
  convWeight: (out: Written | null, g: BufferArg | null, x: BufferArg | null, xShape: readonly number[],
    wShape: readonly number[], grid: readonly number[], stride: readonly number[], padding: readonly number[],
    dilation: readonly number[]) => void;
  /** maxima of windows, and their places in the plane as int64 */
  maxPool: (out: Written | null, indices: Written | null, x: BufferArg | null, planes: number, size: readonly number[],
    grid: readonly number[], kernel: readonly number[], stride: readonly number[], padding: readonly number[],
    dilation: readonly number[], adaptive: boolean) => void;
  /** means of windows; divisor 0: the number of elements */
  avgPool: (out: Written | null, x: BufferArg | null, planes: number, size: readonly number[], grid: readonly number[],
    kernel: readonly number[], stride: readonly number[], padding: readonly number[], adaptive: boolean,
    includePad: boolean, divisor: number) => void;
  /** adjoint of avgPool */
  avgPoolGrad: (out: Written | null, g: BufferArg | null, planes: number, size: readonly number[],
    grid: readonly number[], kernel: readonly number[], stride: readonly number[], padding: readonly number[],
    adaptive: boolean, includePad: boolean, divisor: number) => void;
  /** x [n, c, s] to mean 0, variance 1 per channel: by its own mean and var, which are written, or by those given, and then mean and var may be null */
  batchNorm: (out: Written | null, mean: Written | null, var_: Written | null, x: BufferArg | null,
    weight: BufferArg | null, bias: BufferArg | null, givenMean: BufferArg | null, givenVar: BufferArg | null,
    n: number, c: number, s: number, eps: number) => void;
  /** all three gradients; given: mean and var are constants */
  batchNormGrad: (dx: Written | null, dw: Written | null, db: Written | null, g: BufferArg | null, x: BufferArg | null,
    mean: BufferArg | null, var_: BufferArg | null, weight: BufferArg | null, n: number, c: number, s: number,
    eps: number, given: boolean) => void;
  /** each row [channels, inner] to mean 0 (not rms), mean square 1; row r has channels (r % groups) * channels + .. */
  rowNorm: (out: Written | null, mean: Written | null, rstd: Written | null, x: BufferArg | null,
    weight: BufferArg | null, bias: BufferArg | null, rows: number, groups: number, channels: number, inner: number,
    eps: number, rms: boolean) => void;
  /** all three gradients; dw and db may be null */
  rowNormGrad: (dx: Written | null, dw: Written | null, db: Written | null, g: BufferArg | null, x: BufferArg | null,
    mean: BufferArg | null, rstd: BufferArg | null, weight: BufferArg | null, rows: number, groups: number,
    channels: number, inner: number, rms: boolean) => void;
  /** per row, from logits and integer classes: lse = log sum exp x and the (smoothed, class-weighted) loss; weight may be null; a class out of range fails */
  crossEntropy: (loss: Written | null, lse: Written | null, x: BufferArg | null, labels: BufferArg | null,
    weight: BufferArg | null, rows: number, cols: number, ignoreIndex: number, smoothing: number) => void;
  /** out = g[row] * d loss[row] / d x; g has one value per row */
  crossEntropyGrad: (out: Written | null, g: BufferArg | null, x: BufferArg | null, lse: BufferArg | null,
    labels: BufferArg | null, weight: BufferArg | null, rows: number, cols: number, ignoreIndex: number,
    smoothing: number) => void;
  /** out = p; a value that is not in [0, 1] fails */
  probabilities: (out: Written | null, p: BufferArg | null, n: number) => void;
  /** x: log-probabilities [longest, batch, classes]; targets int64 [batch, most]; loss [batch]; grad like x, or null; work float64 [batch, longest + 2, 2 most + 1]; a target out of range fails */
  ctc: (loss: Written | null, grad: Written | null, x: BufferArg | null, targets: BufferArg | null,
    work: Written | null, steps: readonly number[], lengths: readonly number[], batch: number, classes: number,
    longest: number, most: number, blank: number, zeroInfinity: boolean) => void;
  /** out[i..] = a[.., index[i..] at axis, ..]; out contiguous over dims */
  gather: (out: Written | null, a: BufferArg | null, index: BufferArg | null, dims: readonly number[],
    si: readonly number[], sa: readonly number[], axis: number, axisLen: number) => void;
  /** out[.., index at axis, ..] (= 0, += 1, *= 2, max 3, min 4) src; sequential along axis */
  scatter: (mode: number, out: Written | null, src: BufferArg | null, index: BufferArg | null, dims: readonly number[],
    so: readonly number[], si: readonly number[], ss: readonly number[], axis: number, axisLen: number) => void;
  /** out[outer, count, inner] = a[outer, index, inner], contiguous; any dtype */
  indexSelect: (out: Written | null, a: BufferArg | null, index: BufferArg | null, outer: number, axisLen: number,
    count: number, inner: number) => void;
  /** out[outer, index, inner] += src[outer, count, inner], contiguous, in index order */
  indexAdd: (out: Written | null, src: BufferArg | null, index: BufferArg | null, outer: number, axisLen: number,
    count: number, inner: number) => void;
  /** out[i] = sum_j mult[j] * wrap(index[j][i], sizes[j]) as int64; negative indices wrap; out of range fails */
  linearIndex: (out: Written | null, index: readonly BufferArg[], sizes: readonly number[], mult: readonly number[],
    n: number) => void;
  /** positions of nonzero elements, ascending; count[0] = how many */
  nonzero: (out: Written | null, count: Written | null, a: BufferArg | null, n: number) => void;
  /** stable; indices int64 */
  sort: (values: Written | null, indices: Written | null, a: BufferArg | null, outer: number, len: number,
    inner: number, descending: boolean) => void;
  /** values and indices are [outer, k, inner], sorted */
  topk: (values: Written | null, indices: Written | null, a: BufferArg | null, outer: number, len: number,
    inner: number, k: number, largest: boolean) => void;
  /** a[n, n] out = b[n, k]; b null: the inverse (k = n); a singular matrix fails */
  linearSolve: (out: Written | null, a: BufferArg | null, b: BufferArg | null, batch: number, n: number,
    k: number) => void;
  /** determinant, its sign, the logarithm of its absolute value; each may be null */
  determinant: (det: Written | null, sign: Written | null, logAbs: Written | null, a: BufferArg | null, batch: number,
    n: number) => void;
  /** det(a) a^-1, also where a is singular */
  adjugate: (out: Written | null, a: BufferArg | null, batch: number, n: number) => void;
  /** a[n, n] out = b[n, k], reading one triangle of a (unit: ones on its diagonal) */
  triangularSolve: (out: Written | null, a: BufferArg | null, b: BufferArg | null, batch: number, n: number, k: number,
    upper: boolean, unit: boolean) => void;
  /** lower triangular, out out^T = a, from the lower triangle of a; fails unless positive definite */
  cholesky: (out: Written | null, a: BufferArg | null, batch: number, n: number) => void;
  /** q[m, k] r[k, n] = a[m, n], k = min(m, n), or m when complete; signs as LAPACK's geqrf */
  qr: (q: Written | null, r: Written | null, a: BufferArg | null, batch: number, m: number, n: number,
    complete: boolean) => void;
  /** ascending eigenvalues, eigenvectors in columns (or null), from the lower triangle of a; NaN or infinity fails */
  eigh: (values: Written | null, vectors: Written | null, a: BufferArg | null, batch: number, n: number) => void;
  /** p a = l u: l (ones on its diagonal are implied) below, u on and above the diagonal of lu[m, n]; int32 pivots from 1: row i was exchanged with row pivots[i], in order; without pivot none is; strict: a zero pivot fails */
  luFactor: (lu: Written | null, pivots: Written | null, a: BufferArg | null, batch: number, m: number, n: number,
    pivot: boolean, strict: boolean) => void;
  /** eigenvalues and eigenvectors (columns, or null) of real square matrices, as pairs; NaN or infinity fails */
  eig: (values: Written | null, vectors: Written | null, a: BufferArg | null, batch: number, n: number) => void;
  /** u s vh = a with s descending; full: square u and vh; u and vh both null: s only; NaN or infinity fails */
  svd: (u: Written | null, s: Written | null, vh: Written | null, a: BufferArg | null, batch: number, m: number,
    n: number, full: boolean) => void;
  /** out[l, k] = scale * sum over j < n of x[l, j] exp(-2 pi i j k / n) for k < kept; inverse: exp(+..); x is 0 from given on; from 0: complex numbers as pairs; 1: real; 2: the first of conjugate pairs; toReal: real parts only */
  fft: (out: Written | null, x: BufferArg | null, lines: number, n: number, given: number, kept: number, from: number,
    toReal: boolean, inverse: boolean, scale: number) => void;
  /** uniform in [lo, hi) */
  uniform: (out: Written | null, n: number, lo: number, hi: number, seed: number, offset: number) => void;
  /** Box-Muller */
  normal: (out: Written | null, n: number, mean: number, std: number, seed: number, offset: number) => void;
  /** integers in [lo, hi) */
  randint: (out: Written | null, n: number, lo: number, hi: number, seed: number, offset: number) => void;
  /** 1 with probability p[i], else 0 */
  bernoulli: (out: Written | null, p: BufferArg | null, n: number, seed: number, offset: number) => void;
  /** out = a / (1 - p) where kept, else 0; the same seed and offset give the same mask (used again backward) */
  dropout: (out: Written | null, a: BufferArg | null, n: number, p: number, seed: number, offset: number) => void;
  /** a permutation of 0 .. n - 1, int64 */
  randperm: (out: Written | null, n: number, seed: number, offset: number) => void;
  /** class indices drawn by weight p[rows, cols]; out int64 [rows, draws] */
  multinomial: (out: Written | null, p: BufferArg | null, rows: number, cols: number, draws: number,
    replacement: boolean, seed: number, offset: number) => void;
  /** Poisson numbers with rates[n], float32 or float64; element i reads counters offset + 16 i .. + 15 */
  poisson: (out: Written | null, rates: BufferArg | null, n: number, seed: number, offset: number) => void;
  /** gates[n, 4 hidden] (i, f, g, o) become activated in place; cNext = f c + i g, h = o tanh(cNext) */
  lstmStep: (gates: Written | null, c: BufferArg | null, cNext: Written | null, h: Written | null, n: number,
    hidden: number) => void;
  /** from dh + dy and dc: gradients of the gates before activation; dc becomes that of c */
  lstmStepGrad: (dGates: Written | null, dh: BufferArg | null, dc: Written | null, dy: BufferArg | null,
    gates: BufferArg | null, c: BufferArg | null, cNext: BufferArg | null, n: number, hidden: number) => void;
  /** gates[n, 3 hidden] (r, z, n) from the input become activated in place with hGates, those from h; q = hGates' n */
  gruStep: (gates: Written | null, q: Written | null, h: BufferArg | null, hNext: Written | null,
    hGates: BufferArg | null, n: number, hidden: number) => void;
  /** from dh + dy: gradients of both kinds of gates; dh becomes the direct part of h's gradient */
  gruStepGrad: (dGates: Written | null, dHGates: Written | null, dh: Written | null, dy: BufferArg | null,
    gates: BufferArg | null, q: BufferArg | null, h: BufferArg | null, n: number, hidden: number) => void;
  /** out = softmax(scale q k^T + mask) v; lse[batch, heads, rows] contiguous, without strides */
  attention: (out: Written | null, lse: Written | null, q: BufferArg | null, k: BufferArg | null, v: BufferArg | null,
    mask: BufferArg | null, sizes: readonly number[], strides: readonly number[], scale: number,
    causal: boolean) => void;
  /** gradients of q, k, v from that of out */
  attentionGrad: (dq: Written | null, dk: Written | null, dv: Written | null, g: BufferArg | null,
    out: BufferArg | null, q: BufferArg | null, k: BufferArg | null, v: BufferArg | null, lse: BufferArg | null,
    mask: BufferArg | null, sizes: readonly number[], strides: readonly number[], scale: number,
    causal: boolean) => void;
  /** the pixel (column, row) of out[n, c, to] shows x at (m0 column + m1 row + m2, m3 column + m4 row + m5), matrix [n, 6] in pixels, or fill[c] outside of x; bilinear: sum of the weights inside * value + the rest * fill; else the nearest */
  warp: (out: Written | null, x: BufferArg | null, matrix: BufferArg | null, fill: BufferArg | null, n: number,
    c: number, from: readonly number[], to: readonly number[], bilinear: boolean) => void;
  /** out[n, c, to] = the box (top, left, height, width) of each image, boxes [n, 4], resized bilinearly with antialias */
  resizedCrop: (out: Written | null, x: BufferArg | null, boxes: BufferArg | null, n: number, c: number,
    from: readonly number[], to: readonly number[]) => void;
  /** brightness, contrast, saturation, hue of x[n, c, pixels], c 1 or 3: factors [n, 4], each image in its order [n, 4]; values are cut to [0, 1] */
  colorJitter: (out: Written | null, x: BufferArg | null, factors: BufferArg | null, order: BufferArg | null,
    n: number, c: number, pixels: number) => void;
  /** one step of all parameters; opcodes and formulas: optim.def, optim_steps.h; grad may be empty; state: all first states, all second ones, ..; rates: a factor of each parameter's rate, or null; guard: see together, or null */
  optimStep: (op: number, param: readonly Written[], grad: readonly BufferArg[], state: readonly Written[],
    sizes: readonly number[], constants: readonly number[], rates: BufferArg | null, guard: BufferArg | null) => void;
  /** list[i] *= rates[i] */
  scaleAll: (list: readonly Written[], sizes: readonly number[], rates: BufferArg | null) => void;
  /** writes nothing: guard carries a mark if one of list does, so that the calls of one step can stand or fall together */
  together: (guard: Written | null, list: readonly BufferArg[]) => void;
  /** out[i] = sum of squares of list[i]; out is float64 */
  sumSquares: (out: Written | null, list: readonly BufferArg[], sizes: readonly number[]) => void;
}
