/** @file Softmax and log-softmax over any axis. */
import { type DType, isFloat } from '../../core/dtype';
import { DTypeError } from '../../core/errors';
import { checkAxis, numel } from '../../core/shape';
import { addMethods, needTensor, shapeOf, type Tensor } from '../../core/tensor';
import { kernel, written } from '../../native';
import { div, log as ln, mul, neg, sub } from '../elementwise/arithmetic';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { axis as axisParam, dtype as dtypeParam } from '../../core/params';
import { cast } from '../tensors/cast';
import { amax } from '../reduce/extremes';
import { like } from '../kit/launch';
import { exp } from '../elementwise/math';
import { defineOp } from '../kit/op';
import { sum } from '../reduce/reduce';
import { reshape, transpose } from '../shape/views';

const softmaxKernel = kernel('softmax');
const gradKernel = kernel('softmaxGrad');

/** Options of {@link softmax}, {@link logSoftmax} and {@link softmin}. */
export interface SoftmaxOptions {
  /** Over which axis. Default the last. */
  dim?: number | undefined;
  /** Cast to this dtype first. */
  dtype?: DType | undefined;
}

interface SoftmaxSettings {
  log: boolean;
}

const rowsOf = (x: Tensor): [rows: number, cols: number] => {
  const shape = shapeOf(x);
  return [numel(shape.slice(0, -1)), shape[shape.length - 1]!];
};

// Over the last axis of a tensor with dimensions. Gradients read the result only.
const overRows = defineOp<{ x: Tensor }, SoftmaxSettings, { y: Tensor }>({
  name: 'softmax',
  inputs: ['x'],
  composite({ x }, { log }) {
    const lower = sub(x, amax(x.detach(), -1, { keepdim: true }));
    const total = sum(exp(lower), -1, { keepdim: true });
    return log ? sub(lower, ln(total)) : div(exp(lower), total);
  },
  fused: {
    kernel: 'softmax',
    forward({ x }, { log }) {
      const y = like(x);
      softmaxKernel(written(y), x, ...rowsOf(x), log);
      return { out: y, kept: { y } };
    },
    gradient: {
      kernel: 'softmaxGrad',
      run(g, { y }, { log }) {
        const dx = like(y);
        gradKernel(written(dx), g, y, ...rowsOf(y), log);
        return { x: dx };
      },
    },
    derivative: (g, { y }, { log }) => ({
      x: log
        ? sub(g, mul(exp(y), sum(g, -1, { keepdim: true })))
        : mul(y, sub(g, sum(mul(g, y), -1, { keepdim: true }))),
    }),
    reads: [],
  },
});

const spec: Spec<SoftmaxOptions> = { dim: axisParam.or(-1), dtype: dtypeParam.optional() };
type SoftmaxArguments = InOrderOrByName<[dim?: number, dtype?: DType], SoftmaxOptions>;

function along(name: string, t: Tensor, args: readonly unknown[], log: boolean): Tensor {
  needTensor(name, t);
  const { dim = -1, dtype } = readArguments(name, spec, args);
  const x = dtype ? cast(t, dtype) : t;
  if (!isFloat(x.dtype))
    throw new DTypeError(`[${name}] needs a floating-point tensor, got ${x.dtype}; pass { dtype: 'float32' }`);
  const a = checkAxis(name, dim, x.ndim);
  if (x.ndim === 0) return reshape(overRows({ x: reshape(x, [1]) }, { log }, name), []);
  if (a === x.ndim - 1) return overRows({ x }, { log }, name);
  return transpose(overRows({ x: transpose(x, a, -1) }, { log }, name), a, -1);
}

/** exp(x) divided by its sum over `axis` (default the last). */
export const softmax = (x: Tensor, ...args: SoftmaxArguments): Tensor => along('softmax', x, args, false);
/** The logarithm of {@link softmax}, without underflow. */
export const logSoftmax = (x: Tensor, ...args: SoftmaxArguments): Tensor => along('logSoftmax', x, args, true);
/** {@link softmax} of -x */
export const softmin = (x: Tensor, ...args: SoftmaxArguments): Tensor => along('softmin', neg(x), args, false);

addMethods({ softmax, logSoftmax });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<typeof import('./softmax'), 'softmax' | 'logSoftmax'> {}
}
