/** @file Batch and instance normalisation. */
import { isGradEnabled, noGrad, track } from '../core/autograd';
import { ArgumentError, ShapeError } from '../core/errors';
import { describe, numel, showShape } from '../core/shape';
import { empty, type Tensor } from '../core/tensor';
import { kernel, written } from '../native';
import { type Arguments, readArguments, type WithRequired } from '../core/arguments';
import { boolean, tensor } from '../core/params';
import { add, mul, sub } from './arithmetic';
import { cast } from './cast';
import { castOf, denseOf } from './launch';
import { rsqrt } from './math';
import { gradientOf } from './recompute';
import { mean } from './reduce';
import { checkInput, checkPart, given, isHalf, learned, type Maybe, normalizeRows, wide } from './rowNorm';
import { joins, runLerp } from './segments';
import { reshape } from './views';

const batchKernel = kernel('batchNorm');
const batchGradKernel = kernel('batchNormGrad');

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
  batchKernel(written(y), written(m), written(v), denseOf(x), w && denseOf(w), b && denseOf(b), n, c, s, eps, fixed);
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
    batchGradKernel(
      written(dx),
      written(dw),
      written(db),
      denseOf(g!),
      denseOf(sx),
      sm,
      sv,
      sw && denseOf(sw),
      n,
      c,
      s,
      eps,
      fixed,
    );
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

// running = (1 - momentum) running + momentum value. Statistics are state: those of a failed call do not spoil them.
function move(running: Tensor, value: Tensor, momentum: number): void {
  noGrad(() => {
    const v = denseOf(cast(value, running.dtype));
    if (joins(running)(running)) runLerp([running], [v], momentum);
    else running.mul_(1 - momentum).add_(mul(v, momentum));
  });
}

function checkCount(op: string, x: Tensor, count: number): void {
  if (count < 2)
    throw new ShapeError(`[${op}] training needs more than one value per channel, got input ${showShape(x.shape)}`);
}

/** The running statistics of {@link batchNorm}; null for none. */
export interface RunningStatistics {
  runningMean: Maybe;
  runningVar: Maybe;
}

const batchSpec = {
  ...{ runningMean: tensor.nullable(), runningVar: tensor.nullable(), ...learned },
  ...{ training: false, momentum: 0.1, eps: 1e-5 },
};

/**
 * x [batch, channels, ...] with mean 0 and variance 1 per channel, then times weight plus bias (Ioffe and Szegedy
 * 2015). With `training` the running statistics, if there are any, are moved in place.
 * @param args - runningMean, runningVar, weight, bias, training, momentum, eps: in this order, or by name in one object
 */
export const batchNorm = (
  x: Tensor,
  ...args: WithRequired<[runningMean: Maybe, runningVar: Maybe], RunningStatistics, BatchNormOptions>
): Tensor => batchNormed(x, readArguments('batchNorm', batchSpec, args));

/** {@link batchNorm} with arguments that were read. */
export function batchNormed(x: Tensor, o: RunningStatistics & BatchNormOptions): Tensor {
  const op = 'batchNorm';
  const { runningMean, runningVar } = o;
  checkInput(op, x, 2);
  const c = x.shape[1]!;
  const parts = { runningMean, runningVar, weight: o.weight, bias: o.bias };
  for (const [name, t] of Object.entries(parts)) checkPart(op, name, t, [c], x);
  if ((runningMean === null) !== (runningVar === null) || (!o.training && runningMean === null))
    throw new ArgumentError(`[${op}] needs runningMean and runningVar unless training`);
  const count = c === 0 ? 0 : x.numel / c;
  if (o.training) {
    checkCount(op, x, count);
    if (!(o.eps > 0)) throw new ArgumentError(`[${op}] eps must be positive in training, got ${describe(o.eps)}`);
  }
  if (isHalf(x)) {
    const rest = { ...o, weight: wide(o.weight), bias: wide(o.bias) };
    return cast(batchNormed(cast(x, 'float32'), rest), x.dtype);
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

const instanceSpec = {
  ...{ runningMean: tensor.orNull(), runningVar: tensor.orNull(), ...learned },
  ...{ useInputStats: boolean.or(true), momentum: 0.1, eps: 1e-5 },
};

/** Each channel of each sample of x [batch, channels, ...] with mean 0 and variance 1 (Ulyanov et al. 2016). */
export const instanceNorm = (x: Tensor, ...args: Arguments<InstanceNormOptions>): Tensor =>
  instanceNormed(x, readArguments('instanceNorm', instanceSpec, args));

/** {@link instanceNorm} with arguments that were read. */
export function instanceNormed(x: Tensor, o: InstanceNormOptions): Tensor {
  const op = 'instanceNorm';
  checkInput(op, x, 3);
  const [n, c] = x.shape as [number, number];
  const { runningMean, runningVar } = o;
  if (!o.useInputStats) return batchNormed(x, { ...o, training: false });
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
