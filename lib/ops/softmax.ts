/** @file Softmax and log-softmax over any axis. */
import { isGradEnabled, track } from '../core/autograd';
import { type DType, isFloat } from '../core/dtype';
import { DTypeError } from '../core/errors';
import { checkAxis, numel } from '../core/shape';
import { addMethods, empty, type Method, needTensor, type Tensor } from '../core/tensor';
import { kernel, written } from '../native';
import { mul, neg, sub } from './arithmetic';
import { type InOrderOrByName, readArguments, type Spec } from '../core/arguments';
import { axis as axisParam, dtype as dtypeParam } from '../core/params';
import { cast } from './cast';
import { denseOf } from './launch';
import { exp } from './math';
import { sum } from './reduce';
import { reshape, transpose } from './views';

const softmaxKernel = kernel('softmax');
const gradKernel = kernel('softmaxGrad');

/** Options of {@link softmax}, {@link logSoftmax} and {@link softmin}. */
export interface SoftmaxOptions {
  /** Over which axis. Default the last. */
  dim?: number;
  /** Cast to this dtype first. */
  dtype?: DType;
}

// Over the last axis of a tensor with dimensions.
function overRows(name: string, x: Tensor, log: boolean): Tensor {
  const cols = x.shape[x.ndim - 1]!;
  const rows = numel(x.shape.slice(0, -1));
  const y = empty(x.shape, x.dtype, x.storage.device);
  softmaxKernel(written(y), denseOf(x), rows, cols, log);
  return track(name, y, [x], [y], ([g], [sy]) => {
    if (!isGradEnabled()) {
      const out = empty(sy!.shape, sy!.dtype, sy!.storage.device);
      gradKernel(written(out), denseOf(g!), sy!, rows, cols, log);
      return [out];
    }
    if (log) return [sub(g!, mul(exp(sy!), sum(g!, -1, { keepdim: true })))];
    return [mul(sy!, sub(g!, sum(mul(g!, sy!), -1, { keepdim: true })))];
  });
}

const spec: Spec<SoftmaxOptions> = { dim: axisParam.or(-1), dtype: dtypeParam.optional() };
type SoftmaxArguments = InOrderOrByName<[dim?: number, dtype?: DType], SoftmaxOptions>;

function along(name: string, t: Tensor, args: readonly unknown[], log: boolean): Tensor {
  needTensor(name, t);
  const { dim = -1, dtype } = readArguments(name, spec, args);
  const x = dtype ? cast(t, dtype) : t;
  if (!isFloat(x.dtype))
    throw new DTypeError(`[${name}] needs a floating-point tensor, got ${x.dtype}; pass { dtype: 'float32' }`);
  const a = checkAxis(name, dim, x.ndim);
  if (x.ndim === 0) return reshape(overRows(name, reshape(x, [1]), log), []);
  if (a === x.ndim - 1) return overRows(name, x, log);
  return transpose(overRows(name, transpose(x, a, -1), log), a, -1);
}

/** exp(x) divided by its sum over `axis` (default the last). */
export const softmax = (x: Tensor, ...args: SoftmaxArguments): Tensor => along('softmax', x, args, false);
/** The logarithm of {@link softmax}, without underflow. */
export const logSoftmax = (x: Tensor, ...args: SoftmaxArguments): Tensor => along('logSoftmax', x, args, true);
/** {@link softmax} of -x */
export const softmin = (x: Tensor, ...args: SoftmaxArguments): Tensor => along('softmin', neg(x), args, false);

addMethods({ softmax, logSoftmax });
declare module '../core/tensor' {
  interface Tensor {
    softmax: Method<typeof softmax>;
    logSoftmax: Method<typeof logSoftmax>;
  }
}
