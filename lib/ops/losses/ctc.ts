/** @file Connectionist temporal classification: sequences of labels against longer sequences of log-probabilities. */
import { isFloat } from '../../core/dtype';
import { boolean, either, integer, integers, tensor as tensorParam } from '../../core/params';
import { ArgumentError, AutogradError, DTypeError, ShapeError } from '../../core/errors';
import { describe, sameShape, showShape } from '../../core/shape';
import { empty, Tensor } from '../../core/tensor';
import { kernel, written } from '../../native';
import { readArguments, type WithRequired } from '../../core/arguments';
import { div, mul } from '../elementwise/arithmetic';
import { cast } from '../tensors/cast';
import { tensor, zeros } from '../tensors/create';
import { castOf, denseOf, runCopy } from '../kit/launch';
import { definePrimitive } from '../kit/primitive';
import { byMean, checkInputs, reduceLoss, type ReductionOptions } from './reduction';
import { mean } from '../reduce/reduce';
import { narrow, reshape, squeeze, unsqueeze } from '../shape/views';

const ctcKernel = kernel('ctc');

/** Options of {@link ctcLoss}. */
export interface CtcLossOptions extends ReductionOptions {
  /** The class that stands for no label. Default 0. */
  blank?: number | undefined;
  /** Examples whose target cannot be aligned (the loss is infinite) count as 0, with zero gradients. Default false. */
  zeroInfinity?: boolean | undefined;
}

/** How long each sequence of a batch is. */
export type Lengths = Tensor | readonly number[] | number;

/** What {@link ctcLoss} cannot do without, beside the probabilities. */
export interface CtcTargets {
  /** Labels [N, S], or all of them one after the other in a vector. */
  targets: Tensor;
  /** Of the sequences of probabilities, at most T. */
  inputLengths: Lengths;
  /** Of the label sequences. */
  targetLengths: Lengths;
}
const lengthsParam = either(tensorParam, integer(), integers);
export const ctcSpec = { blank: integer().or(0), reduction: byMean, zeroInfinity: boolean.or(false) };
const ctcLossSpec = { targets: tensorParam, inputLengths: lengthsParam, targetLengths: lengthsParam, ...ctcSpec };

function readLengths(name: string, lengths: Lengths, batch: number, most: number): number[] {
  const list = lengths instanceof Tensor ? Array.from(lengths.dataSync() as Float64Array, Number) : [lengths].flat();
  if (list.length !== batch)
    throw new ShapeError(`[ctcLoss] ${name} must have one value for each of ${batch} sequences, got ${list.length}`);
  for (const n of list)
    if (!Number.isInteger(n) || n < 0 || n > most)
      throw new ArgumentError(`[ctcLoss] ${name} must be integers from 0 to ${most}, got ${describe(n)}`);
  return list;
}

// Targets as contiguous int64 [batch, most]; those that come one after the other in a vector are spread to rows.
function padded(targets: Tensor, lengths: readonly number[], most: number): Tensor {
  const t = castOf(targets, 'int64');
  if (t.ndim === 2) return denseOf(t);
  const out = zeros([lengths.length, most], { dtype: 'int64', device: t.device });
  let from = 0;
  lengths.forEach((n, i) => {
    if (n > 0) runCopy(narrow(out.select(0, i), 0, 0, n), narrow(t, 0, from, n));
    from += n;
  });
  return out;
}

/**
 * The negative log-likelihood of label sequences, summed over all ways to align them (Graves et al. 2006). The gradient
 * is that of PyTorch: it is right where the input comes from `logSoftmax`.
 * @param logProbs - [T, N, C], or [T, C] for one sequence
 * @param args - targets, inputLengths, targetLengths, see {@link CtcTargets}; blank, reduction, zeroInfinity: in this
 *   order, or by name in one object
 */
export function ctcLoss(
  logProbs: Tensor,
  ...args: WithRequired<[targets: Tensor, inputLengths: Lengths, targetLengths: Lengths], CtcTargets, CtcLossOptions>
): Tensor {
  const options = readArguments<CtcTargets & Required<CtcLossOptions>>('ctcLoss', ctcLossSpec, args);
  const { targets, inputLengths, targetLengths } = options;
  checkInputs('ctcLoss', logProbs, targets);
  const { blank, zeroInfinity, reduction } = options;
  if (isFloat(targets.dtype) || targets.dtype === 'bool')
    throw new DTypeError(`[ctcLoss] targets must be integers, got ${targets.dtype}`);
  const single = logProbs.ndim === 2;
  if ((!single && logProbs.ndim !== 3) || targets.ndim < 1 || targets.ndim > 2)
    throw new ShapeError(
      `[ctcLoss] expected logProbs [T, N, C] and targets [N, S] or [sum of lengths], got ${showShape(logProbs.shape)} ` +
        `and ${showShape(targets.shape)}`,
    );
  const x = single ? unsqueeze(logProbs, 1) : logProbs;
  const [longest, batch, classes] = x.shape as [number, number, number];
  if (!Number.isInteger(blank) || blank < 0 || blank >= classes)
    throw new ArgumentError(`[ctcLoss] blank must be one of ${classes} classes, got ${describe(blank)}`);
  const steps = readLengths('inputLengths', inputLengths, batch, longest);
  const rows = targets.ndim === 2;
  const lengths = readLengths('targetLengths', targetLengths, batch, targets.shape[rows ? 1 : 0]!);
  const most = rows ? targets.shape[1]! : Math.max(0, ...lengths);
  const total = lengths.reduce((a, b) => a + b, 0);
  if (!sameShape(targets.shape, rows ? [batch, most] : [total]))
    throw new ShapeError(
      `[ctcLoss] targets ${showShape(targets.shape)} do not fit ${batch} sequences of ${total} labels in all`,
    );
  const wide = x.dtype === 'float32' || x.dtype === 'float64' ? x : cast(x, 'float32');
  const labels = padded(targets, lengths, most);
  const losses = alignments({ x: wide, labels }, { steps, lengths, blank, zeroInfinity });
  if (reduction !== 'mean') return reduceLoss('ctcLoss', single ? squeeze(losses, 0) : losses, reduction);
  const counts = lengths.map((n) => Math.max(n, 1));
  return mean(div(losses, tensor(counts, { dtype: losses.dtype, device: x.device })));
}

interface Alignment {
  steps: readonly number[];
  lengths: readonly number[];
  blank: number;
  zeroInfinity: boolean;
}

// The loss of each sequence. Its gradient is computed along with it: it needs the same sums.
const alignments = definePrimitive<{ x: Tensor; labels: Tensor }, Alignment, Tensor, { slope: Tensor | null }>({
  name: 'ctcLoss',
  inputs: ['x', 'labels'],
  forward({ x, labels }, { steps, lengths, blank, zeroInfinity }, recorded) {
    const [longest, batch, classes] = x.shape as [number, number, number];
    const most = labels.shape[1]!;
    const device = x.storage.device;
    const losses = empty([batch], x.dtype, device);
    const slope = recorded ? empty(x.shape, x.dtype, device) : null;
    const work = empty([batch, longest + 2, 2 * most + 1], 'float64', device);
    const outputs = [written(losses), written(slope)] as const;
    const sizes = [batch, classes, longest, most, blank] as const;
    ctcKernel(...outputs, denseOf(x), labels, written(work), steps, lengths, ...sizes, zeroInfinity);
    return { out: losses, kept: { slope } };
  },
  reads: ['x', 'slope'],
  derivative: (g, { x, slope }) => ({ x: scaledSlope({ g, x, slope: slope! }) }),
});

// It depends on x, though x is not read: a second derivative must not be taken for 0.
const scaledSlope = definePrimitive<{ g: Tensor; x: Tensor; slope: Tensor }>({
  name: 'ctcLossGrad',
  inputs: ['g', 'x', 'slope'],
  forward: ({ g, slope }) => mul(slope, reshape(g, [1, g.numel, 1])),
  derivative() {
    throw new AutogradError('[ctcLoss] has no second derivative');
  },
});
