/** @file Batch and instance normalisation. */
import { noGrad } from '../../core/autograd';
import { isHalf } from '../../core/dtype';
import { ArgumentError, ShapeError } from '../../core/errors';
import { describe, numel, showShape } from '../../core/shape';
import { empty, shapeOf, type Tensor } from '../../core/tensor';
import { kernel, written } from '../../native';
import { type Arguments, readArguments, type WithRequired } from '../../core/arguments';
import { boolean, tensor } from '../../core/params';
import { add, mul, sub } from '../elementwise/arithmetic';
import { cast } from '../tensors/cast';
import { denseOf, like } from '../kit/launch';
import { rsqrt } from '../elementwise/math';
import { defineOp } from '../kit/op';
import { mean } from '../reduce/reduce';
import { checkInput, checkPart, learned, type Maybe, normalizeRows } from './row-norm';
import { joins, runLerp } from '../kit/segments';
import { reshape } from '../shape/views';

const batchKernel = kernel('batchNorm');
const batchGradKernel = kernel('batchNormGrad');

interface BatchInputs {
  x: Tensor;
  weight: Maybe;
  bias: Maybe;
  /** The statistics to use, both or none; none: those of x. Constants of the gradient. */
  average: Maybe;
  variance: Maybe;
}

// x [n, c, ...] per channel.
const normalizeChannels = defineOp<
  BatchInputs,
  { eps: number },
  { ownAverage?: Tensor | undefined; ownVariance?: Tensor | undefined }
>({
  name: 'batchNorm',
  inputs: ['x', 'weight', 'bias', 'average', 'variance'],
  composite({ x, weight, bias, average, variance }, { eps }) {
    const wide = (t: Tensor): Tensor =>
      reshape(
        t,
        shapeOf(x).map((d, i) => (i === 1 ? d : 1)),
      );
    const axes = shapeOf(x).flatMap((_, i) => (i === 1 ? [] : [i]));
    const centred = sub(x, average ? wide(average) : mean(x, axes, { keepdim: true }));
    const spread = variance ? wide(variance) : mean(mul(centred, centred), axes, { keepdim: true });
    let y = mul(centred, rsqrt(add(spread, eps)));
    if (weight) y = mul(y, wide(weight));
    return bias ? add(y, wide(bias)) : y;
  },
  fused: {
    kernel: 'batchNorm',
    forward({ x, weight, bias, average, variance }, { eps }) {
      const { storage, dtype } = x;
      const out = like(x);
      const [n, c, s] = sizes(x);
      if (average) {
        batchKernel(written(out), null, null, x, weight, bias, average, variance, n, c, s, eps);
        return { out, kept: {} };
      }
      const [ownAverage, ownVariance] = [empty([c], dtype, storage.device), empty([c], dtype, storage.device)];
      const outputs = [written(out), written(ownAverage), written(ownVariance)] as const;
      batchKernel(...outputs, x, weight, bias, null, null, n, c, s, eps);
      return { out, kept: { ownAverage, ownVariance } };
    },
    gradient: {
      kernel: 'batchNormGrad',
      run(g, { x, weight, average, variance, ownAverage, ownVariance }, { eps }) {
        const { storage, dtype } = x;
        const [n, c, s] = sizes(x);
        const dx = like(x);
        const [dw, db] = [empty([c], dtype, storage.device), empty([c], dtype, storage.device)];
        const outputs = [written(dx), written(dw), written(db)] as const;
        const [m, v] = [average ?? ownAverage!, variance ?? ownVariance!];
        batchGradKernel(...outputs, g, x, m, v, weight, n, c, s, eps, average !== null);
        return { x: dx, weight: dw, bias: db };
      },
    },
  },
});

// Batch, channels, and elements of one channel in one example.
const sizes = (x: Tensor): [number, number, number] => [shapeOf(x)[0]!, shapeOf(x)[1]!, numel(shapeOf(x).slice(2))];

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
  const { weight, bias } = o;
  if (!o.training) return normalizeChannels({ x, weight, bias, average: runningMean, variance: runningVar }, o);
  const { out, kept } = normalizeChannels.keeping({ x, weight, bias, average: null, variance: null }, o);
  if (runningMean && runningVar) {
    const [average, variance] = kept ? [kept.ownAverage!, kept.ownVariance!] : statistics(x);
    move(runningMean, average, o.momentum);
    move(runningVar, mul(variance, count / (count - 1)), o.momentum);
  }
  return out;
}

// Mean and biased variance per channel.
const statistics = (x: Tensor): [Tensor, Tensor] =>
  noGrad(() => {
    const t = isHalf(x.dtype) ? cast(x, 'float32') : x;
    const axes = shapeOf(t).flatMap((_, i) => (i === 1 ? [] : [i]));
    const average = mean(t, axes, { keepdim: true });
    const centred = sub(t, average);
    return [reshape(average, [shapeOf(t)[1]!]), mean(mul(centred, centred), axes)];
  });

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
  return normalizeRows(
    { x, weight: o.weight, bias: o.bias },
    {
      rows: n * c,
      groups: c,
      channels: 1,
      inner: s,
      eps: o.eps,
      rms: false,
    },
    op,
  );
}
