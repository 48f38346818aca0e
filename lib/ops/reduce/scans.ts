/** @file Running sums, products and extremes along one axis. */
import { type DType, isFloat } from '../../core/dtype';
import { checkAxis, numel } from '../../core/shape';
import { addMethods, empty, needTensor, type Tensor } from '../../core/tensor';
import { kernel, opcode, written } from '../../native';
import { div, eq, ge, log, mul, neg, sub } from '../elementwise/arithmetic';
import { logicalAnd, logicalOr } from '../elementwise/binary';
import { cast } from '../tensors/cast';
import { arange, eye } from '../tensors/create';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { axis as axisParam, dtype as dtypeParam } from '../../core/params';
import { pick } from './chosen';
import { inPlaceOf } from '../kit/in-place';
import { castOf, denseOf } from '../kit/launch';
import { definePrimitive } from '../kit/primitive';
import { exp, isnan } from '../elementwise/math';
import type { ValuesAndIndices } from '../kit/named';
import { sum } from './reduce';
import { expand, reshape, slice, transpose, unsqueeze } from '../shape/views';
import { where } from '../elementwise/where';

const scanKernel = kernel('scan');
const codes = {
  sum: opcode('scan', 'sum'),
  prod: opcode('scan', 'prod'),
  max: opcode('scan', 'max'),
  min: opcode('scan', 'min'),
  logsumexp: opcode('scan', 'logsumexp'),
};

// Untracked; a 0-dim tensor is its own scan.
function runScan(op: keyof typeof codes, t: Tensor, axis: number): Tensor {
  const wide = !isFloat(t.dtype) && (op === 'sum' || op === 'prod');
  const out = empty(t.shape, wide ? 'int64' : t.dtype, t.storage.device);
  scanKernel(
    codes[op],
    written(out),
    denseOf(t),
    numel(t.shape.slice(0, axis)),
    t.shape[axis] ?? 1,
    numel(t.shape.slice(axis + 1)),
  );
  return out;
}

// Positions 0, 1, ... along an axis, as a tensor that broadcasts.
const positions = (t: Tensor, axis: number): Tensor =>
  reshape(
    arange(t.shape[axis] ?? 1, { dtype: 'int64', device: t.device }),
    t.shape.map((_, i) => (i === axis ? -1 : 1)),
  );

const backwards = (t: Tensor, axis: number): Tensor =>
  t.ndim === 0 || t.shape[axis] === 0 ? t : slice(t, axis, t.shape[axis]! - 1, t.shape[axis]!, -1);
// Running sums from the end.
const suffixSums = (t: Tensor, axis: number): Tensor => backwards(cumsum(backwards(t, axis), axis), axis);

// Each line as a square matrix, row i for the derivative with respect to element i, column k for the result k: the axis
// becomes the last two. Quadratic, for derivatives of derivatives only.
function squares(t: Tensor, axis: number): Tensor {
  const rows = transpose(t.ndim === 0 ? reshape(t, [1]) : t, axis, -1);
  const n = rows.shape[rows.ndim - 1]!;
  return expand(unsqueeze(rows, -2), [...rows.shape.slice(0, -1), n, n]);
}
const fromSquares = (sums: Tensor, t: Tensor, axis: number): Tensor => reshape(transpose(sums, axis, -1), t.shape);

// [i, k]: whether element i takes part in result k.
function reaches(t: Tensor, axis: number): Tensor {
  const p = arange(t.shape[axis] ?? 1, { device: t.device });
  return ge(unsqueeze(p, 0), unsqueeze(p, 1));
}

/** An axis by name. */
export interface AxisOption {
  dim: number;
}
const axisSpec: Spec<AxisOption> = { dim: axisParam };
type AxisArguments = InOrderOrByName<[dim: number], AxisOption>;

// The axis that is given by position or by name, resolved.
const axisOf = (op: string, t: Tensor, args: AxisArguments): number =>
  checkAxis(op, readArguments(op, axisSpec, args).dim, t.ndim);

/** Arguments of {@link cumsum} and {@link cumprod}. */
export interface ScanOptions extends AxisOption {
  /** Compute in this dtype. */
  dtype?: DType | undefined;
}

const scanSpec: Spec<ScanOptions> = { dim: axisParam, dtype: dtypeParam.optional() };
type ScanArguments = InOrderOrByName<[dim: number, dtype?: DType], ScanOptions>;

function input(op: string, t: Tensor, args: ScanArguments): [Tensor, number, DType | undefined] {
  needTensor(op, t);
  const { dim, dtype } = readArguments(op, scanSpec, args);
  return [dtype ? cast(t, dtype) : t, checkAxis(op, dim, t.ndim), dtype];
}

/** Running sums along an axis. Integers and bool are summed as int64. */
export function cumsum(t: Tensor, ...args: ScanArguments): Tensor {
  const [x, a, dtype] = input('cumsum', t, args);
  const y = sums({ x }, { axis: a });
  return dtype ? castOf(y, dtype) : y;
}

const sums = definePrimitive<{ x: Tensor }, { axis: number }>({
  name: 'cumsum',
  inputs: ['x'],
  forward: ({ x }, { axis }) => runScan('sum', x, axis),
  derivative: (g, _, { axis }) => ({ x: suffixSums(g, axis) }),
});

/** Running products along an axis. The gradient is right also where factors are 0. */
export function cumprod(t: Tensor, ...args: ScanArguments): Tensor {
  const [x, a, dtype] = input('cumprod', t, args);
  const y = products({ x }, { axis: a });
  return dtype ? castOf(y, dtype) : y;
}

const products = definePrimitive<{ x: Tensor }, { axis: number }>({
  name: 'cumprod',
  inputs: ['x'],
  forward: ({ x }, { axis }) => runScan('prod', x, axis),
  reads: ['x'],
  derivative: (g, { x }, { axis }) => ({ x: cumprodGradAgain(g, x, axis) }),
  gradient: { run: (g, { x }, { axis }) => ({ x: cumprodGrad(g, x, axis) }) },
});

// dL/dx_i = sum_{k >= i} g_k prod_{j <= k, j != i} x_j. Before the line's first zero: suffix sums of g y, over x. At that
// zero: suffix sums of g and the products without it. After it: 0.
function cumprodGrad(g: Tensor, x: Tensor, axis: number): Tensor {
  const zero = eq(x, 0);
  const seen = cumsum(zero, axis);
  const first = logicalAnd(zero, eq(seen, 1));
  const without = cumprod(where(first, 1, x), axis);
  const before = div(suffixSums(mul(g, cumprod(x, axis)), axis), where(zero, 1, x));
  return where(eq(seen, 0), before, where(first, suffixSums(mul(g, without), axis), 0));
}

// The same so that it can be differentiated again: the products are written out, one row for each i.
function cumprodGradAgain(g: Tensor, x: Tensor, axis: number): Tensor {
  const n = x.shape[axis] ?? 1;
  const products = cumprod(where(eye(n, { dtype: 'bool', device: x.device }), 1, squares(x, axis)), -1);
  return fromSquares(sum(mul(squares(g, axis), where(reaches(x, axis), products, 0)), -1), x, axis);
}

function cumulativeExtreme(name: 'cummax' | 'cummin', t: Tensor, args: AxisArguments): ValuesAndIndices {
  needTensor(name, t);
  const a = axisOf(name, t, args);
  const x = t.detach();
  const values = runScan(name === 'cummax' ? 'max' : 'min', x, a);
  // The last position so far at which the element is the extreme of its prefix.
  const record = logicalOr(eq(x, values), isnan(x));
  const indices = runScan('max', where(record, positions(x, a), 0), a);
  return pick(t, a, indices, true);
}

/** Running maxima along an axis and the positions of the latest of them. */
export const cummax = (t: Tensor, ...args: AxisArguments): ValuesAndIndices => cumulativeExtreme('cummax', t, args);
/** Running minima along an axis and the positions of the latest of them. */
export const cummin = (t: Tensor, ...args: AxisArguments): ValuesAndIndices => cumulativeExtreme('cummin', t, args);

/** log of running sums of exponentials along an axis, without overflow. */
export function logcumsumexp(t: Tensor, ...args: AxisArguments): Tensor {
  needTensor('logcumsumexp', t);
  const a = axisOf('logcumsumexp', t, args);
  const x = isFloat(t.dtype) ? t : cast(t, 'float32');
  return logsOfSums({ x }, { axis: a });
}

const logsOfSums = definePrimitive<{ x: Tensor }, { axis: number }, Tensor, { y: Tensor }>({
  name: 'logcumsumexp',
  inputs: ['x'],
  forward({ x }, { axis }) {
    const y = runScan('logsumexp', x, axis);
    return { out: y, kept: { y } };
  },
  reads: ['x', 'y'],
  // sum_{k >= i} g_k exp(x_i - y_k), written out
  derivative(g, { x, y }, { axis: a }) {
    const slope = exp(where(reaches(x, a), sub(transpose(squares(x, a), -1, -2), squares(y, a)), -Infinity));
    return { x: fromSquares(sum(mul(squares(g, a), slope), -1), x, a) };
  },
  gradient: {
    // exp(x_i + log sum_{k >= i} exp(log g_k - y_k)) for positive and for negative g
    run(g, { x, y }, { axis: a }) {
      const part = (h: Tensor): Tensor =>
        exp(x.add(backwards(runScan('logsumexp', backwards(sub(log(h), y), a), a), a)));
      return { x: sub(part(g.clampMin(0)), part(neg(g).clampMin(0))) };
    },
  },
});

const methods = {
  ...{ cumsum, cumprod, cummax, cummin, logcumsumexp },
  cumsum_: inPlaceOf('cumsum_', cumsum),
  cumprod_: inPlaceOf('cumprod_', cumprod),
};
addMethods(methods);
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<
    typeof import('./scans'),
    'cumsum' | 'cumprod' | 'cummax' | 'cummin' | 'logcumsumexp'
  > {
    /** {@link cumsum} in place. */
    cumsum_: Method<typeof cumsum>;
    /** {@link cumprod} in place. */
    cumprod_: Method<typeof cumprod>;
  }
}
