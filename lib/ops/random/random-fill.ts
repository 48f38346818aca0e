/** @file How random numbers are drawn and written; lib/ops/random/random.ts and distributions.ts say what is drawn. */
import { checkInPlace, trackInPlace } from '../../core/autograd';
import { deviceIndex } from '../../core/device';
import { defaultDType, dtypeSize, isFloat } from '../../core/dtype';
import { ArgumentError, DTypeError } from '../../core/errors';
import { Generator, type RngState } from '../../core/random';
import { currentGenerator } from '../../core/random-state';
import { describe, type Shape } from '../../core/shape';
import { empty, needTensor, type Tensor } from '../../core/tensor';
import { kernel, written } from '../../native';
import { checkPlainShape, tensorSpec, type TensorOptions } from '../tensors/create';
import { readArguments } from '../../core/arguments';
import { generator, shape as shapeParam } from '../../core/params';
import { runCopy } from '../kit/launch';

const uniformKernel = kernel('uniform');
const normalKernel = kernel('normal');

/** Where random numbers come from. */
export interface RandomOptions {
  /** Default: the generator in use, which `manualSeed` seeds; see `ng.withGenerator`. */
  generator?: Generator | null | undefined;
}
/** As what a random tensor is created. */
export type RandomTensorOptions = TensorOptions & RandomOptions;

/** The specs of both. */
export const randomSpec = { generator: generator.orNull() };
export const randomTensorSpec = { ...tensorSpec, ...randomSpec };

export const take = (options: RandomOptions | undefined, elements: number): RngState => {
  const g = options?.generator ?? currentGenerator();
  if (!(g instanceof Generator)) throw new ArgumentError(`[random] expected a Generator, got ${describe(g)}`);
  return g.take(elements);
};

const sizeSpec = { size: shapeParam, ...randomTensorSpec };

/** A new tensor of floating-point numbers, filled by `fill`; `args` give its size and what else it is. */
export function created(
  op: string,
  args: readonly unknown[],
  fill: (t: Tensor, options: RandomTensorOptions) => void,
): Tensor {
  checkPlainShape(op, args);
  const o = readArguments<RandomTensorOptions & { size: Shape }>(op, sizeSpec, args);
  const dtype = o.dtype ?? defaultDType();
  if (!isFloat(dtype)) throw new DTypeError(`[${op}] gives floating-point numbers, not ${dtype}; see randint`);
  const t = empty(o.size, dtype, deviceIndex(o.device));
  fill(t, o);
  if (o.requiresGrad) t.requiresGrad = true;
  return t;
}

/** Fills a contiguous tensor. The kernels write float32 and float64; 16-bit floats are rounded from float32. */
function filling(t: Tensor, fill: (wide: Tensor) => void): void {
  if (dtypeSize(t.dtype) !== 2) return fill(t);
  const wide = empty(t.shape, 'float32', t.storage.device);
  fill(wide);
  runCopy(t, wide);
}

export function fillUniform(t: Tensor, lo: number, hi: number, options?: RandomOptions): void {
  const { seed, offset } = take(options, t.numel);
  filling(t, (w) => uniformKernel(written(w), w.numel, lo, hi, seed, offset));
}

export function fillNormal(t: Tensor, mean: number, std: number, options?: RandomOptions): void {
  const { seed, offset } = take(options, t.numel);
  filling(t, (w) => normalKernel(written(w), w.numel, mean, std, seed, offset));
}

/** Overwrites t with what `fill` writes into a contiguous tensor. */
export function overwrite(op: string, t: Tensor, fill: (dense: Tensor) => void): Tensor {
  needTensor(op, t);
  checkInPlace(op, t, [t]);
  if (t.isContiguous()) fill(t);
  else {
    const dense = empty(t.shape, t.dtype, t.storage.device);
    fill(dense);
    runCopy(t, dense);
  }
  t.storage.version++;
  trackInPlace(op, t, [t], [], () => [null]);
  return t;
}

export function needFloat(op: string, t: Tensor): void {
  needTensor(op, t);
  if (!isFloat(t.dtype)) throw new DTypeError(`[${op}] needs a floating-point tensor, got ${t.dtype}`);
}
