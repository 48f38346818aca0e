/** @file Batch, layer, group, instance and RMS normalisation. */
import { isGradEnabled, noGrad, track } from '../core/autograd';
import { isFloat } from '../core/dtype';
import { finfo } from '../core/limits';
import { ArgumentError, DTypeError, ShapeError } from '../core/errors';
import { describe, numel, sameShape, type Shape, showShape } from '../core/shape';
import { empty, needTensor, type Tensor } from '../core/tensor';
import { kernel } from '../native';
import { type Arguments, readArguments, type Spec } from '../core/arguments';
import { number } from '../core/params';
import { add, mul, sub } from './arithmetic';
import { cast } from './cast';
import { castOf, denseOf, sameDevice } from './launch';
import { rsqrt } from './math';
import { gradientOf } from './recompute';
import { mean } from './reduce';
import { reshape } from './views';

const rowSpec: Spec<NormOptions> = { weight: null, bias: null, eps: 1e-5 };
const rmsSpec: Spec<RmsNormOptions> = { weight: null, eps: null };

const batchKernel = kernel('batchNorm');
const batchGradKernel = kernel('batchNormGrad');
const rowKernel = kernel('rowNorm');
const rowGradKernel = kernel('rowNormGrad');

type Maybe = Tensor | null;
const cost = (x: Tensor): number => x.numel;
const isHalf = (x: Tensor): boolean => x.dtype === 'bfloat16' || x.dtype === 'float16';

/** Throws unless `x` can be normalised. */
export function checkInput(op: string, x: Tensor, least: number): void {
  needTensor(op, x);
  if (!isFloat(x.dtype)) throw new DTypeError(`[${op}] needs a floating-point tensor, got ${x.dtype}`);
  if (x.ndim < least) throw new ShapeError(`[${op}] input ${showShape(x.shape)} needs at least ${least} dimensions`);
}

// Weights and statistics: of one shape, of x's dtype, or float32 beside a 16-bit x.
function checkPart(op: string, name: string, t: Maybe, shape: Shape, x: Tensor): void {
  if (t === null) return;
  needTensor(op, t);
  sameDevice(op, x, t);
  if (!sameShape(t.shape, shape))
    throw new ShapeError(
      `[${op}] ${name} ${showShape(t.shape)} must have shape ${showShape(shape)} for input ${showShape(x.shape)}`,
    );
  if (t.dtype !== x.dtype && !(isHalf(x) && t.dtype === 'float32'))
    throw new DTypeError(`[${op}] input is ${x.dtype}, ${name} ${t.dtype}; they must be one floating-point dtype`);
}

const given = (list: readonly Maybe[]): Tensor[] => list.filter((t) => t !== null);
const wide = (t: Maybe): Maybe => (t && isHalf(t) ? cast(t, 'float32') : t);

// --- batch norm -----------------------------------------------------------------------------------------------------

interface Normed {
  y: Tensor;
  mean: Tensor;
  /** Biased. */
  var: Tensor;
}

// The same with differentiable ops, for second derivatives.
function batchAgain(x: Tensor, w: Maybe, b: Maybe, m: Maybe, v: Maybe, eps: number): Tensor {
  const axes = x.shape.map((_, i) => i).filter((i) => i !== 1);
  const wideShape = x.shape.map((d, i) => (i === 1 ? d : 1));
  const centred = sub(x, m ? reshape(m, wideShape) : mean(x, axes, { keepdim: true }));
  const variance = v ? reshape(v, wideShape) : mean(mul(centred, centred), axes, { keepdim: true });
  let y = mul(centred, rsqrt(add(variance, eps)));
  if (w) y = mul(y, reshape(w, wideShape));
  return b ? add(y, reshape(b, wideShape)) : y;
}

// x [n, c, ...] per channel, with its own statistics or those given.
function normalizeChannels(
  x: Tensor,
  w: Maybe,
  b: Maybe,
  stats: { mean: Tensor; var: Tensor } | null,
  eps: number,
): Normed {
  const [n, c] = x.shape as [number, number];
  const s = numel(x.shape.slice(2));
  const device = x.storage.device;
  const y = empty(x.shape, x.dtype, device);
  const fixed = stats !== null;
  const m = stats ? denseOf(castOf(stats.mean, x.dtype)) : empty([c], x.dtype, device);
  const v = stats ? denseOf(castOf(stats.var, x.dtype)) : empty([c], x.dtype, device);
  batchKernel(cost(x), y, m, v, denseOf(x), w && denseOf(w), b && denseOf(b), n, c, s, eps, fixed);
  const [hasW, hasB] = [w !== null, b !== null];
  track('batchNorm', y, given([x, w, b]), given([x, m, v, w, b]), ([g], saved, needs) => {
    const [sx, sm, sv] = saved as [Tensor, Tensor, Tensor];
    const sw = hasW ? saved[3]! : null;
    if (isGradEnabled()) {
      const again = (a: Tensor, ...rest: Tensor[]): Tensor[] => [
        batchAgain(
          a,
          hasW ? rest[0]! : null,
          hasB ? rest[hasW ? 1 : 0]! : null,
          fixed ? sm : null,
          fixed ? sv : null,
          eps,
        ),
      ];
      return gradientOf(again as (...t: Tensor[]) => Tensor[], [sx, ...saved.slice(3)], [g], needs);
    }
    const dx = empty(sx.shape, sx.dtype, sx.storage.device);
    const dw = empty([c], sx.dtype, sx.storage.device);
    const db = empty([c], sx.dtype, sx.storage.device);
    batchGradKernel(2 * cost(sx), dx, dw, db, denseOf(g!), denseOf(sx), sm, sv, sw && denseOf(sw), n, c, s, eps, fixed);
    return [dx, ...(hasW ? [dw] : []), ...(hasB ? [db] : [])];
  });
  return { y, mean: m, var: v };
}

/** Options of {@link batchNorm}, in PyTorch's order. */
export interface BatchNormOptions {
  weight: Maybe;
  bias: Maybe;
  /** Normalise with the statistics of the input and move the running ones. Default false. */
  training: boolean;
  /** How far the running statistics move. Default 0.1. */
  momentum: number;
  /** Added to the variance. Default 1e-5. */
  eps: number;
}

// running = (1 - momentum) running + momentum value
function move(running: Tensor, value: Tensor, momentum: number): void {
  noGrad(() => running.mul_(1 - momentum).add_(cast(mul(value, momentum), running.dtype)));
}

function checkCount(op: string, x: Tensor, count: number): void {
  if (count < 2)
    throw new ShapeError(`[${op}] training needs more than one value per channel, got input ${showShape(x.shape)}`);
}

/**
 * x [batch, channels, ...] with mean 0 and variance 1 per channel, then times weight plus bias (Ioffe and Szegedy
 * 2015). With `training` the running statistics, if there are any, are moved in place.
 */
export function batchNorm(
  x: Tensor,
  runningMean: Maybe,
  runningVar: Maybe,
  ...options: Arguments<BatchNormOptions>
): Tensor {
  const op = 'batchNorm';
  const defaults = { weight: null, bias: null, training: false, momentum: 0.1, eps: number({ above: 0 }).or(1e-5) };
  const o = readArguments<BatchNormOptions>(op, defaults, options);
  checkInput(op, x, 2);
  const c = x.shape[1]!;
  const parts = { runningMean, runningVar, weight: o.weight, bias: o.bias };
  for (const [name, t] of Object.entries(parts)) checkPart(op, name, t, [c], x);
  if ((runningMean === null) !== (runningVar === null) || (!o.training && runningMean === null))
    throw new ArgumentError(`[${op}] needs runningMean and runningVar unless training`);
  const count = c === 0 ? 0 : x.numel / c;
  if (o.training) checkCount(op, x, count);
  if (isHalf(x)) {
    const rest = { ...o, weight: wide(o.weight), bias: wide(o.bias) };
    return cast(batchNorm(cast(x, 'float32'), runningMean, runningVar, rest), x.dtype);
  }
  const fixed = !o.training && runningMean && runningVar ? { mean: runningMean, var: runningVar } : null;
  const r = normalizeChannels(x, o.weight, o.bias, fixed, o.eps);
  if (o.training && runningMean && runningVar) {
    move(runningMean, r.mean, o.momentum);
    move(runningVar, mul(r.var, count / (count - 1)), o.momentum);
  }
  return r.y;
}

/** Options of {@link instanceNorm}, in PyTorch's order. */
export interface InstanceNormOptions {
  runningMean: Maybe;
  runningVar: Maybe;
  weight: Maybe;
  bias: Maybe;
  /** Use the statistics of the input, not the running ones. Default true. */
  useInputStats: boolean;
  momentum: number;
  eps: number;
}

/** Each channel of each sample of x [batch, channels, ...] with mean 0 and variance 1 (Ulyanov et al. 2016). */
export function instanceNorm(x: Tensor, ...options: Arguments<InstanceNormOptions>): Tensor {
  const op = 'instanceNorm';
  const defaults = {
    runningMean: null,
    runningVar: null,
    weight: null,
    bias: null,
    useInputStats: true,
    momentum: 0.1,
    eps: 1e-5,
  };
  const o = readArguments<InstanceNormOptions>(op, defaults, options);
  checkInput(op, x, 3);
  const [n, c] = x.shape as [number, number];
  const { runningMean, runningVar } = o;
  if (!o.useInputStats) return batchNorm(x, runningMean, runningVar, { weight: o.weight, bias: o.bias, eps: o.eps });
  for (const name of ['runningMean', 'runningVar', 'weight', 'bias'] as const) checkPart(op, name, o[name], [c], x);
  const s = numel(x.shape.slice(2));
  if (s < 2) throw new ShapeError(`[${op}] needs more than one spatial element, got input ${showShape(x.shape)}`);
  if (runningMean && runningVar) {
    noGrad(() => {
      const flat = cast(reshape(x.detach(), [n, c, s]), runningMean.dtype);
      const m = mean(flat, -1, { keepdim: true });
      const d = sub(flat, m);
      move(runningMean, mean(reshape(m, [n, c]), 0), o.momentum);
      move(runningVar, mean(mul(mean(mul(d, d), -1), s / (s - 1)), 0), o.momentum);
    });
  }
  return normalizeRows(op, x, o.weight, o.bias, {
    rows: n * c,
    groups: c,
    channels: 1,
    inner: s,
    eps: o.eps,
    rms: false,
  });
}

// --- rows -----------------------------------------------------------------------------------------------------------

// Rows of [channels, inner]; row r has the channels from (r % groups) * channels on.
interface Rows {
  rows: number;
  groups: number;
  channels: number;
  inner: number;
  eps: number;
  rms: boolean;
}

// The same with differentiable ops, for second derivatives.
function rowsAgain(x: Tensor, w: Maybe, b: Maybe, r: Rows): Tensor {
  const a = reshape(x, [r.rows / r.groups, r.groups, r.channels, r.inner]);
  const centred = r.rms ? a : sub(a, mean(a, [2, 3], { keepdim: true }));
  let y = mul(centred, rsqrt(add(mean(mul(centred, centred), [2, 3], { keepdim: true }), r.eps)));
  if (w) y = mul(y, reshape(w, [r.groups, r.channels, 1]));
  if (b) y = add(y, reshape(b, [r.groups, r.channels, 1]));
  return reshape(y, x.shape);
}

function normalizeRows(op: string, x: Tensor, w: Maybe, b: Maybe, r: Rows): Tensor {
  if (isHalf(x)) return cast(normalizeRows(op, cast(x, 'float32'), wide(w), wide(b), r), x.dtype);
  const device = x.storage.device;
  const y = empty(x.shape, x.dtype, device);
  const m = empty([r.rows], x.dtype, device);
  const rstd = empty([r.rows], x.dtype, device);
  const { rows, groups, channels, inner } = r;
  rowKernel(
    cost(x),
    y,
    m,
    rstd,
    denseOf(x),
    w && denseOf(w),
    b && denseOf(b),
    rows,
    groups,
    channels,
    inner,
    r.eps,
    r.rms,
  );
  const [hasW, hasB] = [w !== null, b !== null];
  return track(op, y, given([x, w, b]), given([x, m, rstd, w, b]), ([g], saved, needs) => {
    const [sx, sm, sr] = saved as [Tensor, Tensor, Tensor];
    const sw = hasW ? saved[3]! : null;
    if (isGradEnabled()) {
      const again = (a: Tensor, ...rest: Tensor[]): Tensor[] => [
        rowsAgain(a, hasW ? rest[0]! : null, hasB ? rest[hasW ? 1 : 0]! : null, r),
      ];
      return gradientOf(again as (...t: Tensor[]) => Tensor[], [sx, ...saved.slice(3)], [g], needs);
    }
    const like = (t: Tensor): Tensor => empty(t.shape, t.dtype, t.storage.device);
    const dx = like(sx);
    const dw = sw && like(sw);
    const db = hasB ? like(saved[hasW ? 4 : 3]!) : null;
    rowGradKernel(
      2 * cost(sx),
      dx,
      dw,
      db,
      denseOf(g!),
      denseOf(sx),
      sm,
      sr,
      sw && denseOf(sw),
      rows,
      groups,
      channels,
      inner,
      r.rms,
    );
    return [dx, ...given([dw, db])];
  });
}

/** Options of {@link layerNorm} and {@link groupNorm}, in PyTorch's order. */
export interface NormOptions {
  weight: Maybe;
  bias: Maybe;
  /** Added to the variance. Default 1e-5. */
  eps: number;
}

function lastDims(op: string, x: Tensor, normalizedShape: number | Shape): number[] {
  const shape = typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape;
  if (!Array.isArray(shape) || shape.length === 0)
    throw new ArgumentError(`[${op}] normalizedShape must be a number or a shape, got ${describe(normalizedShape)}`);
  if (!sameShape(x.shape.slice(-shape.length), shape))
    throw new ShapeError(
      `[${op}] input ${showShape(x.shape)} does not end in the normalized shape ${showShape(shape)}`,
    );
  return shape as number[];
}

const over = (x: Tensor, shape: Shape, eps: number, rms: boolean): Rows => {
  const cols = numel(shape);
  return { rows: cols === 0 ? 0 : x.numel / cols, groups: 1, channels: cols, inner: 1, eps, rms };
};

/** The last dimensions with mean 0 and variance 1, times weight plus bias (Ba et al. 2016). */
export function layerNorm(x: Tensor, normalizedShape: number | Shape, ...options: Arguments<NormOptions>): Tensor {
  const op = 'layerNorm';
  const o = readArguments<NormOptions>(op, rowSpec, options);
  checkInput(op, x, 1);
  const shape = lastDims(op, x, normalizedShape);
  checkPart(op, 'weight', o.weight, shape, x);
  checkPart(op, 'bias', o.bias, shape, x);
  return normalizeRows(op, x, o.weight, o.bias, over(x, shape, o.eps, false));
}

/** Options of {@link rmsNorm}, in PyTorch's order. */
export interface RmsNormOptions {
  weight: Maybe;
  /** Added to the mean square. Default: the machine epsilon of the dtype. */
  eps: number | null;
}

/** The last dimensions divided by their root mean square, times weight (Zhang and Sennrich 2019). */
export function rmsNorm(x: Tensor, normalizedShape: number | Shape, ...options: Arguments<RmsNormOptions>): Tensor {
  const op = 'rmsNorm';
  const o = readArguments<RmsNormOptions>(op, rmsSpec, options);
  checkInput(op, x, 1);
  const shape = lastDims(op, x, normalizedShape);
  checkPart(op, 'weight', o.weight, shape, x);
  return normalizeRows(op, x, o.weight, null, over(x, shape, o.eps ?? finfo(x.dtype).eps, true));
}

/** Groups of channels of x [batch, channels, ...] with mean 0 and variance 1 (Wu and He 2018). */
export function groupNorm(x: Tensor, numGroups: number, ...options: Arguments<NormOptions>): Tensor {
  const op = 'groupNorm';
  const o = readArguments<NormOptions>(op, rowSpec, options);
  checkInput(op, x, 2);
  const [n, c] = x.shape as [number, number];
  if (!Number.isSafeInteger(numGroups) || numGroups < 1 || c % numGroups !== 0)
    throw new ShapeError(
      `[${op}] the channels of ${showShape(x.shape)} cannot be split into ${String(numGroups)} groups`,
    );
  checkPart(op, 'weight', o.weight, [c], x);
  checkPart(op, 'bias', o.bias, [c], x);
  const inner = numel(x.shape.slice(2));
  return normalizeRows(op, x, o.weight, o.bias, {
    rows: n * numGroups,
    groups: numGroups,
    channels: c / numGroups,
    inner,
    eps: o.eps,
    rms: false,
  });
}
